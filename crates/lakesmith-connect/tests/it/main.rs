//! Case files: the bytes of files in; schema, rows and reports out. `tests/cases/README.md` describes them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod avro;
mod case;
mod endless;
mod excel;
mod files;
mod fuzz;
mod fuzz_typed;
mod hostile;
mod listing;
mod parquet;
mod tier;
mod typed;

use std::path::Path;

#[tokio::test]
async fn every_case_gives_what_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut pages: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    let (mut checked, mut failures) = (0, Vec::new());
    for page in pages.iter().filter(|page| !page.ends_with("README.md")) {
        for case in case::parse(&std::fs::read_to_string(page).unwrap()) {
            let name = format!("{}: {}", page.file_stem().unwrap().display(), case.name);
            if let Err(difference) = case::check(&case).await {
                failures.push(format!("## {name}\n{difference}"));
            }
            checked += 1;
        }
    }
    assert!(checked > 40, "only {checked} cases were found");
    assert!(failures.is_empty(), "{} of {checked} cases fail\n\n{}", failures.len(), failures.join("\n\n"));
}
