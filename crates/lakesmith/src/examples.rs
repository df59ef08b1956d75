//! Projects that lakesmith writes for its users: the examples of this repository, byte by byte.

/// A file: its path in the project, and what it holds.
pub(crate) type File = (&'static str, &'static [u8]);

/// Files of an example, by their paths in it.
macro_rules! example {
    ($example:literal: $($path:literal,)*) => {
        &[$(($path, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/", $example, "/", $path)))),*]
    };
}

#[rustfmt::skip] // one file a line
pub(crate) const MINIMAL: &[File] = example! { "minimal":
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
pub(crate) const RETAIL: &[File] = example! { "retail":
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
pub(crate) const JAFFLE: &[File] = example! { "jaffle":
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

/// Without its landing folder, which a generator fills.
#[rustfmt::skip] // one file a line
pub(crate) const DEMO: &[File] = example! { "demo":
    ".gitignore",
    "README.md",
    "lakehouse.yaml",
    "sources/shop.yaml",
    "silver/sales/customers.yaml",
    "silver/sales/order_lines.yaml",
    "silver/sales/orders.yaml",
    "silver/sales/products.yaml",
    "gold/daily_sales.yaml",
    "gold/dim_customer.yaml",
    "gold/dim_product.yaml",
    "gold/fact_sales.yaml",
    "tests/customers.yaml",
    "tests/orders.yaml",
    "tests/sales.yaml",
};

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    /// Made by a run, by Python, or by the demo's generator.
    const MADE: [&str; 3] = [".lake", "__pycache__", "landing"];

    /// The paths of all files below a folder, without those that are made.
    fn below(folder: &Path, root: &Path, made: &[&str], paths: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            match entry.path() {
                _ if made.iter().any(|name| entry.file_name() == *name) => {}
                path if path.is_dir() => below(&path, root, made, paths),
                path => paths.push(path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/")),
            }
        }
    }

    #[test]
    fn every_file_of_an_example_is_listed() {
        for (example, files) in [("minimal", MINIMAL), ("retail", RETAIL), ("jaffle", JAFFLE), ("demo", DEMO)] {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(example);
            let made = if example == "demo" { &MADE[..] } else { &MADE[..2] };
            let mut there = vec![];
            below(&root, &root, made, &mut there);
            there.sort();
            let mut listed: Vec<&str> = files.iter().map(|(path, _)| *path).collect();
            listed.sort_unstable();
            assert_eq!(listed, there, "{example}");
        }
    }
}
