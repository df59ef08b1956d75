//! The project of the demo: `examples/demo` of this repository, byte by byte.

/// A file: its path in the project, and what it holds.
pub(super) type File = (&'static str, &'static [u8]);

macro_rules! files {
    ($($path:literal,)*) => {
        &[$(($path, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/demo/", $path)))),*]
    };
}

/// Its files.
#[rustfmt::skip] // one file a line
pub(super) const FILES: &[File] = files! {
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

    fn below(folder: &Path, root: &Path, paths: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            match entry.path() {
                _ if entry.file_name() == ".lake" || entry.file_name() == "landing" => {}
                path if path.is_dir() => below(&path, root, paths),
                path => paths.push(path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/")),
            }
        }
    }

    #[test]
    fn every_file_of_the_example_is_written() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/demo");
        let (mut there, mut listed) = (vec![], FILES.iter().map(|(path, _)| (*path).to_owned()).collect::<Vec<_>>());
        below(&root, &root, &mut there);
        there.sort();
        listed.sort();
        assert_eq!(listed, there);
    }
}
