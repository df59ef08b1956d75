//! Projects as pages: each file in `tests/cases/` holds the files of a project, one fenced block each, and what is said of it.
//!
//! `UPDATE=1 cargo test -p lakesmith-project` writes what is said now into the pages. Read the difference.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod case;
mod model;

use case::Case;

#[test]
fn cases() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");
    let mut pages: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    assert!(pages.len() >= 18, "only {} cases", pages.len());
    let update = std::env::var_os("UPDATE").is_some();
    let failed: Vec<String> = pages
        .iter()
        .filter_map(|page| {
            let case = Case::parse(&std::fs::read_to_string(page).unwrap());
            let said = case.check();
            if said == case.expected {
                return None;
            }
            if update {
                std::fs::write(page, case.page(&said)).unwrap();
            }
            Some(format!("== {}\n-- expected\n{}\n-- said\n{said}", page.display(), case.expected))
        })
        .collect();
    assert!(failed.is_empty() || update, "{}", failed.join("\n"));
}
