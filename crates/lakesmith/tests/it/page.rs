//! A page: the files of a project, and commands with what they print.

use std::fs;
use tempfile::TempDir;

/// What opens a block of commands.
const CONSOLE: &str = "console";

/// A page, block by block.
pub(crate) struct Page {
    parts: Vec<Part>,
}

enum Part {
    /// Text as it stands, fences included.
    Text(String),
    /// A file of the project: path, content.
    File(String, String),
    /// A command line without `lakesmith`.
    Command(String),
}

impl Page {
    /// A page: files fenced as ```` ```yaml path ````, commands as ```` ```console ````, opened by `$ lakesmith …`.
    pub(crate) fn parse(page: &str) -> Self {
        let mut parts = Vec::new();
        for (n, block) in page.split("```").enumerate() {
            let (header, body) = block.split_once('\n').unwrap_or((block, ""));
            parts.push(match (n % 2, header.split_once(' ')) {
                (1, None) if header == CONSOLE => {
                    let line = body.lines().next().and_then(|line| line.strip_prefix("$ lakesmith"));
                    Part::Command(line.expect("a console block opens with `$ lakesmith`").trim().to_owned())
                }
                (1, Some(("yaml" | "csv" | "json" | "sql", path))) => {
                    Part::File(format!("{header}\n"), format!("{path}\n{body}"))
                }
                _ => Part::Text(block.to_owned()),
            });
        }
        Self { parts }
    }

    /// The page with what the commands print now.
    pub(crate) fn run(&self) -> String {
        let folder = TempDir::new().unwrap();
        for part in &self.parts {
            let Part::File(_, file) = part else { continue };
            let (path, content) = file.split_once('\n').unwrap();
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let blocks: Vec<String> = self
            .parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::File(header, file) => format!("{header}{}", file.split_once('\n').unwrap().1),
                Part::Command(line) => format!("{CONSOLE}\n$ lakesmith {line}\n{}", said(line, &folder)),
            })
            .collect();
        blocks.join("```")
    }
}

/// What a command prints, in the words of a page.
fn said(line: &str, folder: &TempDir) -> String {
    let output = super::lakesmith().current_dir(folder).args(arguments(line)).output().unwrap();
    let mut said = format!("exit code {}\n", output.status.code().unwrap());
    for (name, bytes) in [("stdout", output.stdout), ("stderr", output.stderr)] {
        let text = String::from_utf8(bytes).unwrap().replace(&folder.path().canonicalize().unwrap().display().to_string(), "DIR");
        if !text.is_empty() {
            said += &format!("--- {name}\n{text}");
        }
    }
    said
}

/// Words, of which some stand in double quotes.
fn arguments(line: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (n, part) in line.split('"').enumerate() {
        match n % 2 {
            0 => all.extend(part.split_whitespace().map(str::to_owned)),
            _ => all.push(part.to_owned()),
        }
    }
    all
}
