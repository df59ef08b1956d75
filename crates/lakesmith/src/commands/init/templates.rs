//! What `lakesmith init` writes.

use crate::examples::{File, JAFFLE, MINIMAL, RETAIL};
use clap::ValueEnum;

/// A project to begin with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Template {
    /// A bakery's orders: one source, one cleansed table, one dimension, one fact.
    #[default]
    Minimal,
    /// An online shop: customers with their history, products, orders with lines inside.
    Retail,
    /// A sandwich shop's year: seven exports in any order.
    Jaffle,
}

impl Template {
    /// Its files.
    pub(super) fn files(self) -> &'static [File] {
        match self {
            Template::Minimal => MINIMAL,
            Template::Retail => RETAIL,
            Template::Jaffle => JAFFLE,
        }
    }

    /// What to ask once it has run.
    pub(super) fn question(self) -> &'static str {
        match self {
            Template::Minimal => {
                "SELECT p.category, sum(f.amount) AS amount FROM gold.fact_sales f \
                 JOIN gold.dim_product p ON f.product_key = p.product_key GROUP BY p.category ORDER BY amount DESC"
            }
            Template::Retail => {
                "SELECT c.customer_segment, sum(f.total_amount) AS amount FROM gold.fact_sales f \
                 JOIN gold.dim_customer c ON f.customer_key = c.customer_key GROUP BY c.customer_segment ORDER BY amount DESC"
            }
            Template::Jaffle => {
                "SELECT s.store_name, sum(a.orders) AS orders, sum(a.revenue) AS revenue FROM gold.daily_store_sales a \
                 JOIN gold.dim_store s ON a.store_key = s.store_key GROUP BY s.store_name ORDER BY revenue DESC"
            }
        }
    }
}

/// The text of a `lakehouse.yaml` with another name of the lakehouse.
pub(super) fn named(bytes: &[u8], name: &str) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = |line: &str| match line.starts_with("lakehouse: ") {
        true => format!("lakehouse: {name}\n"),
        false => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lakehouse_gets_another_name() {
        assert_eq!(named(b"# about\nlakehouse: minimal\nx: 1\n", "shop"), "# about\nlakehouse: shop\nx: 1\n");
    }
}
