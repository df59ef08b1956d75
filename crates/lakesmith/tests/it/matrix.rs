//! The book's matrix of faults names tests that are there.

use crate::examples::REPOSITORY;
use std::fs;
use std::path::Path;

#[test]
fn every_test_of_the_fault_matrix_is_there() {
    let root = Path::new(REPOSITORY);
    let page = fs::read_to_string(root.join("docs/src/reliability/README.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.contains(": "));
    let named: Vec<&str> = rows.flat_map(|row| row.rsplit('|').nth(1).unwrap().split('`').skip(1).step_by(2)).collect();
    assert!(named.len() > 10, "{named:?}");
    let (mut source, mut folders) = (String::new(), vec![root.join("crates")]);
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                source += &fs::read_to_string(path).unwrap();
            }
        }
    }
    let missing: Vec<&&str> = named.iter().filter(|name| !source.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "the page names tests that are not there: {missing:?}");
}
