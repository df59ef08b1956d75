//! What `lakesmith init` writes: examples of this repository, byte by byte.

use clap::ValueEnum;

/// A file: its path in the project, and what it holds.
pub(super) type File = (&'static str, &'static [u8]);

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

/// Files of an example, by their paths in it.
macro_rules! example {
    ($example:literal: $($path:literal,)*) => {
        &[$(($path, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/", $example, "/", $path)))),*]
    };
}

#[rustfmt::skip] // one file a line
const MINIMAL: &[File] = example! { "minimal":
    "lakehouse.yaml",
    "README.md",
    "sources/bakery.yaml",
    "silver/sales/orders.yaml",
    "gold/dim_product.yaml",
    "gold/fact_sales.yaml",
    "landing/orders/2025-05-01.csv",
    "landing/orders/2025-05-02.csv",
    "tests/orders.yaml",
};

#[rustfmt::skip] // one file a line
const RETAIL: &[File] = example! { "retail":
    "lakehouse.yaml",
    "README.md",
    "sources/shop.yaml",
    "silver/sales/customers.yaml",
    "silver/sales/order_lines.yaml",
    "silver/sales/orders.yaml",
    "silver/sales/products.yaml",
    "gold/dim_customer.yaml",
    "gold/dim_product.yaml",
    "gold/fact_sales.yaml",
    "landing/customers/customers_d1_000.csv",
    "landing/customers/customers_d1_001.csv",
    "landing/customers/customers_d1_002.csv",
    "landing/customers/customers_d1_003.csv",
    "landing/customers/customers_d2_000.csv",
    "landing/orders/orders_d1_000.json",
    "landing/orders/orders_d1_001.json",
    "landing/orders/orders_d1_002.json",
    "landing/orders/orders_d1_003.json",
    "landing/orders/orders_d2_000.json",
    "landing/orders/orders_d2_001.json",
    "landing/orders/orders_d2_002.json",
    "landing/orders/orders_d2_003.json",
    "landing/orders/orders_d2_004.json",
    "landing/orders/orders_d2_005.json",
    "landing/orders/orders_d2_006.json",
    "landing/orders/orders_d2_007.json",
    "landing/products/products_d1_000.json",
    "landing/products/products_d2_000.json",
    "tests/customers.yaml",
    "tests/orders.yaml",
    "tests/sales.yaml",
};

#[rustfmt::skip] // one file a line
const JAFFLE: &[File] = example! { "jaffle":
    "lakehouse.yaml",
    "README.md",
    "sources/jaffle.yaml",
    "silver/menu/products.yaml",
    "silver/menu/supplies.yaml",
    "silver/sales/customers.yaml",
    "silver/sales/order_items.yaml",
    "silver/sales/orders.yaml",
    "silver/sales/stores.yaml",
    "silver/social/opinions.yaml",
    "silver/social/tweets.yaml",
    "gold/daily_store_sales.yaml",
    "gold/dim_customer.yaml",
    "gold/dim_opinion.yaml",
    "gold/dim_product.yaml",
    "gold/dim_store.yaml",
    "gold/fact_order_items.yaml",
    "gold/fact_orders.yaml",
    "gold/fact_recipes.yaml",
    "gold/fact_tweets.yaml",
    "gold/monthly_type_sales.yaml",
    "gold/product_costs.yaml",
    "landing/LICENSE",
    "landing/customers/2018-09.csv",
    "landing/customers/2018-10.csv",
    "landing/customers/2018-11.csv",
    "landing/customers/2018-12.csv",
    "landing/customers/2019-01.csv",
    "landing/customers/2019-02.csv",
    "landing/customers/2019-03.csv",
    "landing/customers/2019-04.csv",
    "landing/customers/2019-05.csv",
    "landing/customers/2019-06.csv",
    "landing/customers/2019-07.csv",
    "landing/customers/2019-08.csv",
    "landing/items/2018-09.csv.gz",
    "landing/items/2018-10.csv.gz",
    "landing/items/2018-11.csv.gz",
    "landing/items/2018-12.csv.gz",
    "landing/items/2019-01.csv.gz",
    "landing/items/2019-02.csv.gz",
    "landing/items/2019-03.csv.gz",
    "landing/items/2019-04.csv.gz",
    "landing/items/2019-05.csv.gz",
    "landing/items/2019-06.csv.gz",
    "landing/items/2019-07.csv.gz",
    "landing/items/2019-08.csv.gz",
    "landing/orders/2018-09.csv.gz",
    "landing/orders/2018-10.csv.gz",
    "landing/orders/2018-11.csv.gz",
    "landing/orders/2018-12.csv.gz",
    "landing/orders/2019-01.csv.gz",
    "landing/orders/2019-02.csv.gz",
    "landing/orders/2019-03.csv.gz",
    "landing/orders/2019-04.csv.gz",
    "landing/orders/2019-05.csv.gz",
    "landing/orders/2019-06.csv.gz",
    "landing/orders/2019-07.csv.gz",
    "landing/orders/2019-08.csv.gz",
    "landing/products/menu.csv",
    "landing/stores/stores.csv",
    "landing/supplies/recipes.csv",
    "landing/tweets/2018-09.csv.gz",
    "landing/tweets/2018-10.csv.gz",
    "landing/tweets/2018-11.csv.gz",
    "landing/tweets/2018-12.csv.gz",
    "landing/tweets/2019-01.csv.gz",
    "landing/tweets/2019-02.csv.gz",
    "landing/tweets/2019-03.csv.gz",
    "landing/tweets/2019-04.csv.gz",
    "landing/tweets/2019-05.csv.gz",
    "landing/tweets/2019-06.csv.gz",
    "landing/tweets/2019-07.csv.gz",
    "landing/tweets/2019-08.csv.gz",
    "expected/daily_store_sales.csv",
    "expected/monthly_type_sales.csv",
    "expected/mood_orders.csv",
    "expected/product_costs.csv",
    "make.py",
    "tests/menu.yaml",
    "tests/opinions.yaml",
    "tests/orders.yaml",
};

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    /// The paths of all files below a folder, without the tables of a run.
    fn below(folder: &Path, root: &Path, paths: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            match entry.path() {
                _ if entry.file_name() == ".lake" || entry.file_name() == "__pycache__" => {}
                path if path.is_dir() => below(&path, root, paths),
                path => paths.push(path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/")),
            }
        }
    }

    #[test]
    fn every_file_of_an_example_is_in_its_template() {
        for (template, example) in [(Template::Minimal, "minimal"), (Template::Retail, "retail"), (Template::Jaffle, "jaffle")] {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(example);
            let mut there = vec![];
            below(&root, &root, &mut there);
            there.sort();
            let mut listed: Vec<&str> = template.files().iter().map(|(path, _)| *path).collect();
            listed.sort_unstable();
            assert_eq!(listed, there, "{example}");
        }
    }

    #[test]
    fn a_lakehouse_gets_another_name() {
        assert_eq!(named(b"# about\nlakehouse: minimal\nx: 1\n", "shop"), "# about\nlakehouse: shop\nx: 1\n");
    }
}
