//! A page that is a project.

use lakesmith_project::{Project, load};
use lakesmith_text::{Diagnostics, render};
use std::fs;
use tempfile::TempDir;

/// A project with what is said of it.
pub(crate) struct Case {
    /// The page up to the block of what is said.
    page: String,
    /// Path and content of each file.
    files: Vec<(String, Vec<u8>)>,
    /// What is said of the project.
    pub(crate) expected: String,
}

impl Case {
    /// A page: blocks fenced as ```` ```yaml path ```` (or `ics`), and one as ```` ```text ```` that closes it. In a block fenced as
    /// ```` ```bytes path ```` `\xNN` stands for a byte.
    pub(crate) fn parse(page: &str) -> Self {
        let (page, expected) = page.split_once("\n```text\n").expect("a page closes with a block of text");
        let expected = expected.trim_end().strip_suffix("```").expect("the last block is closed").to_owned();
        let mut files = Vec::new();
        for block in format!("\n{page}")
            .split("\n```")
            .filter(|block| ["yaml ", "ics ", "bytes "].iter().any(|kind| block.starts_with(kind)))
        {
            let (header, text) = block.split_once('\n').unwrap_or((block, ""));
            let (kind, path) = header.split_once(' ').unwrap();
            let text = if text.is_empty() { String::new() } else { format!("{text}\n") };
            files.push((path.to_owned(), if kind == "bytes" { bytes(&text) } else { text.into_bytes() }));
        }
        Self { page: page.to_owned(), files, expected }
    }

    /// The project in a folder of its own.
    pub(crate) fn load(&self) -> (Project, Diagnostics) {
        let folder = TempDir::new().unwrap();
        for (path, text) in &self.files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let (project, diagnostics) = load(folder.path());
        let hide = folder.path().display().to_string();
        let hidden = diagnostics.into_iter().map(|mut diagnostic| {
            diagnostic.message = diagnostic.message.replace(&hide, "DIR");
            diagnostic
        });
        (project, hidden.collect())
    }

    /// What is said of the project.
    pub(crate) fn check(&self) -> String {
        let (project, diagnostics) = self.load();
        for diagnostic in &diagnostics {
            assert!(lakesmith_text::explanation(diagnostic.code).is_some(), "no page for {}", diagnostic.code);
        }
        render(&diagnostics, &project.sources_text, false)
    }

    /// The page with another text of what is said.
    pub(crate) fn page(&self, said: &str) -> String {
        format!("{}\n```text\n{said}```\n", self.page)
    }
}

fn bytes(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    bytes
}
