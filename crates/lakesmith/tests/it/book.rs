//! The book: what its pages show is what is printed, and every command has a page.

use crate::examples::{self, REPOSITORY};
use crate::lakesmith;
use crate::page::Page;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A file of the book.
fn place(page: &str) -> PathBuf {
    Path::new(REPOSITORY).join("docs/src").join(page)
}

/// Runs a page's commands in a project, and compares what it shows with what they print.
fn shows_what_is_printed(page: &str, project: &TempDir) {
    let update = std::env::var_os("UPDATE").is_some();
    let place = place(page);
    let expected = fs::read_to_string(&place).unwrap();
    let said = Page::parse(&expected).run_in_project(project.path());
    if update {
        fs::write(&place, &said).unwrap();
    }
    assert!(said == expected || update, "{page}\n-- expected\n{expected}\n-- said\n{said}");
}

/// The chapters that lead through a project.
#[test]
fn the_book_shows_what_is_printed() {
    for (page, project) in [
        ("start.md", TempDir::new().unwrap()),
        ("concepts/every-format.md", examples::example("files", |_| true)),
        ("concepts/drift.md", TempDir::new().unwrap()),
        ("concepts/several-inputs.md", TempDir::new().unwrap()),
        ("concepts/refresh.md", TempDir::new().unwrap()),
        ("concepts/model.md", TempDir::new().unwrap()),
        ("demo.md", TempDir::new().unwrap()),
    ] {
        shows_what_is_printed(page, &project);
    }
}

/// What there is to be told of: the commands that `lakesmith --help` lists.
fn commands() -> BTreeSet<String> {
    let output = lakesmith().arg("cli-reference").output().unwrap();
    let reference = String::from_utf8(output.stdout).unwrap();
    let names = reference.lines().filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`'));
    names.filter(|name| !name.contains(' ')).map(str::to_owned).collect()
}

#[test]
fn every_command_has_a_page() {
    let pages: BTreeSet<String> = fs::read_dir(place("commands"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(pages, commands(), "docs/src/commands/ has a page per command, called like it");
    let summary = fs::read_to_string(place("SUMMARY.md")).unwrap();
    for name in commands() {
        let page = fs::read_to_string(place(&format!("commands/{name}.md"))).unwrap();
        assert!(page.starts_with(&format!("# `lakesmith {name}`\n")), "{name}: the first line says which command it is");
        assert!(page.contains(&format!("](../reference/cli.md#{name})")), "{name}: the page leads to the options");
        assert!(page.contains("```console\n$ lakesmith "), "{name}: the page has examples");
        assert!(summary.contains(&format!("(commands/{name}.md)")), "{name}: SUMMARY.md leads to the page");
    }
}

/// Each in the project that `lakesmith init` writes; its own page in an empty folder.
#[test]
fn the_pages_of_commands_show_what_is_printed() {
    for name in commands() {
        let folder = TempDir::new().unwrap();
        if name != "init" {
            let output = lakesmith().current_dir(folder.path()).arg("init").output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        shows_what_is_printed(&format!("commands/{name}.md"), &folder);
    }
}
