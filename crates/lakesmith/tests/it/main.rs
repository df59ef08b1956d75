//! Commands as pages: each file in `tests/cases/` holds the files of a project, one fenced block each, and commands with
//! what they print on standard output, on standard error, and their exit code.
//!
//! `UPDATE=1 cargo test -p lakesmith` writes what they print now into the pages. Read the difference.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod answers;
mod begin;
mod book;
mod contents;
mod contract2;
mod demo;
#[path = "../../../lakesmith-store/src/tests/double.rs"]
mod double;
mod edge;
mod edited;
mod examples;
mod failpoints;
mod floors;
mod followed;
mod foreign;
mod house;
mod jaffle;
mod joined;
mod killed;
mod landing;
mod matrix;
mod mended;
mod page;
mod racing;
mod readers;
mod receipts;
#[path = "../../../lakesmith-engine/src/delta/tests/servers.rs"]
mod servers;
mod storage;
mod tier;
mod unit;
mod watching;
mod words;
mod worlds;

use page::Page;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// The binary, without what the environment says to it.
fn lakesmith() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lakesmith"));
    let ours =
        |name: &str| name.starts_with("LAKESMITH_") || ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "RUST_LOG"].contains(&name);
    for (name, _) in std::env::vars().filter(|(name, _)| ours(name)) {
        command.env_remove(name);
    }
    command
}

/// Fails where other programs read a project's tables otherwise than lakesmith does, at any version.
fn read_alike(project: &Path) {
    readers::read_alike(&project.join(".lake"), Some((project, env!("CARGO_BIN_EXE_lakesmith"))));
}

#[test]
fn cases() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");
    let mut pages: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    assert!(pages.len() >= 7, "only {} cases", pages.len());
    let update = std::env::var_os("UPDATE").is_some();
    let mut failed = Vec::new();
    for path in pages {
        let expected = fs::read_to_string(&path).unwrap();
        let said = Page::parse(&expected).run();
        if said != expected {
            failed.push(format!("== {}\n-- expected\n{expected}\n-- said\n{said}", path.display()));
            if update {
                fs::write(&path, said).unwrap();
            }
        }
    }
    assert!(failed.is_empty() || update, "{}", failed.join("\n"));
}

#[test]
fn findings_as_json_have_their_places() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("lakehouse.yaml"), "lakehouse: acme\nnonsense: 1\n").unwrap();
    let output = lakesmith().current_dir(&folder).args(["validate", "--format", "json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let findings: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(findings[0]["code"], "unknown-key");
    assert_eq!((findings[0]["path"].as_str(), findings[0]["line"].as_u64()), (Some("lakehouse.yaml"), Some(2)));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn the_project_is_found_from_below_and_named_by_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("lakehouse.yaml"), "lakehouse: acme\n").unwrap();
    let below = folder.path().join("silver/sales");
    fs::create_dir_all(&below).unwrap();
    let said = |command: &mut Command| String::from_utf8(command.arg("validate").output().unwrap().stdout).unwrap();
    assert_eq!(said(lakesmith().current_dir(&below)), "0 flows, no faults\n");
    let elsewhere = tempfile::tempdir().unwrap();
    assert_eq!(said(lakesmith().current_dir(&elsewhere).env("LAKESMITH_PROJECT_DIR", folder.path())), "0 flows, no faults\n");
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("lakehouse.yaml"), "nonsense: 1\n").unwrap();
    let coloured = |color: &str| {
        let output = lakesmith().current_dir(&folder).args(["validate", "--color", color]).output().unwrap();
        output.stdout.contains(&0x1b)
    };
    assert_eq!(["auto", "always", "never"].map(coloured), [false, true, false]);
}

/// A pipe whose reader is gone is the end of the output, not an error.
#[test]
fn a_reader_may_leave_early() {
    let mut child = lakesmith().arg("reference").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
}

#[test]
fn schemas_are_json() {
    let output = lakesmith().arg("schema").output().unwrap();
    let all: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let one = lakesmith().args(["schema", "entity"]).output().unwrap();
    let entity: serde_json::Value = serde_json::from_slice(&one.stdout).unwrap();
    assert_eq!(all["entity"], entity);
    assert!(entity["properties"]["sequence_by"]["description"].is_string());
}

#[test]
fn every_code_has_a_page() {
    let said = |arguments: &[&str]| String::from_utf8(lakesmith().args(arguments).output().unwrap().stdout).unwrap();
    let codes = said(&["explain"]);
    assert!(codes.lines().any(|code| code == "unknown-key"), "{codes}");
    let page = said(&["explain", "unknown-key"]);
    assert!(page.starts_with("# unknown-key\n\n") && page.ends_with(".\n"), "{page}");
}
