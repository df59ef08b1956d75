//! A page: the files of a project, and commands with what they print. Files are written where they stand between the
//! commands, so that a page can show a second delivery.

use std::fs;
use std::path::Path;
use std::process::Output;
use tempfile::TempDir;

/// What opens a block of commands.
const CONSOLE: &str = "console";
/// What opens one of which only the exit code is shown, in the book nothing, because it prints what changes from day to day or what
/// is of no interest.
const EXIT: &str = "exit";

/// A page, block by block.
pub(crate) struct Page {
    parts: Vec<Part>,
}

enum Part {
    /// Text as it stands, fences included.
    Text(String),
    /// A file of the project: path, content.
    File(String, String),
    /// What opens its block, a command line without `lakesmith`.
    Command(String, String),
}

impl Page {
    /// A page: files fenced as ```` ```yaml path ````, commands as ```` ```console ````, opened by `$ lakesmith …`, or as ```` ```exit ````.
    pub(crate) fn parse(page: &str) -> Self {
        let mut parts = Vec::new();
        for (n, block) in page.split("```").enumerate() {
            let (header, body) = block.split_once('\n').unwrap_or((block, ""));
            parts.push(match (n % 2, header.split_once(' ')) {
                (1, None) if [CONSOLE, EXIT].contains(&header) => {
                    let line = body.lines().next().and_then(|line| line.strip_prefix("$ lakesmith"));
                    let line = line.expect("a block of commands opens with `$ lakesmith`").trim();
                    Part::Command(header.to_owned(), line.to_owned())
                }
                (1, Some(("yaml" | "csv" | "json" | "sql" | "ics", path))) => {
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
        self.run_in(folder.path(), said)
    }

    /// A page of the book, in a folder that is there: its commands print what they print on standard output; with `2>&1`
    /// behind them also what they say.
    pub(crate) fn run_in_project(&self, project: &Path) -> String {
        self.run_in(project, |line, project| {
            let (line, all) = line.strip_suffix(" 2>&1").map_or((line, false), |line| (line, true));
            let output = printed(line, project);
            let said = if all { output.stderr } else { vec![] };
            weightless(&undated(&[said, output.stdout].map(|bytes| timeless(&String::from_utf8(bytes).unwrap())).concat()))
        })
    }

    fn run_in(&self, folder: &Path, said: impl Fn(&str, &Path) -> String) -> String {
        let blocks: Vec<String> = self
            .parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::File(header, file) => {
                    let (path, content) = file.split_once('\n').unwrap();
                    let place = folder.join(path);
                    fs::create_dir_all(place.parent().unwrap()).unwrap();
                    fs::write(place, content).unwrap();
                    format!("{header}{content}")
                }
                Part::Command(header, line) => {
                    let said = said(line, folder);
                    let shown = match header.as_str() {
                        EXIT => said
                            .lines()
                            .next()
                            .filter(|line| line.starts_with("exit code"))
                            .map(|line| format!("{line}\n"))
                            .unwrap_or_default(),
                        _ => said,
                    };
                    format!("{header}\n$ lakesmith {line}\n{shown}")
                }
            })
            .collect();
        blocks.join("```")
    }
}

/// What a command prints, in the words of a page.
fn said(line: &str, folder: &Path) -> String {
    let output = printed(line, folder);
    let mut said = format!("exit code {}\n", output.status.code().unwrap());
    for (name, bytes) in [("stdout", output.stdout), ("stderr", output.stderr)] {
        let text = String::from_utf8(bytes).unwrap().replace(&folder.canonicalize().unwrap().display().to_string(), "DIR");
        if !text.is_empty() {
            said += &format!("--- {name}\n{}", timeless(&unhurried(&text)));
        }
    }
    said
}

fn printed(line: &str, folder: &Path) -> Output {
    // Which thread reads which file decides how many files are written.
    super::lakesmith().current_dir(folder).env("LAKESMITH_THREADS", "1").args(arguments(line)).output().unwrap()
}

/// The text with every `"duration_seconds"` of JSON as 0.
fn unhurried(text: &str) -> String {
    let mut pieces = text.split("\"duration_seconds\": ");
    let first = pieces.next().unwrap_or_default().to_owned();
    let rest = pieces.map(|piece| piece.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.'));
    rest.fold(first, |text, piece| text + "\"duration_seconds\": 0" + piece)
}

/// The text with every instant of this century as the same one.
fn undated(text: &str) -> String {
    let like = |text: &str| {
        let digits = text.char_indices().all(|(at, c)| match at {
            4 | 7 => c == '-',
            10 => c == 'T',
            13 | 16 => c == ':',
            19 => c == '.',
            26 => c == 'Z',
            _ => c.is_ascii_digit(),
        });
        digits && text.starts_with("20")
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if rest.get(..27).is_some_and(like) { 27 } else { c.len_utf8() };
        out += if length == 27 { "2026-05-31T12:00:00.000000Z" } else { &rest[..length] };
        rest = &rest[length..];
    }
    out
}

/// The text with every size of a table as 1024 bytes: how small files become by compression is not always the same.
fn weightless(text: &str) -> String {
    let mut sizes: Vec<usize> = vec![];
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let cells: Vec<&str> = line.split('│').collect();
        let at = |name: &str| cells.iter().position(|cell| cell.trim() == name);
        if at("files").or(at("files_added")).is_some() {
            sizes = ["size_bytes", "bytes_added"].into_iter().filter_map(at).collect();
        }
        let cell =
            |(n, cell): (usize, &&str)| match sizes.contains(&n) && cell.trim().len() > 2 && cell.trim().parse::<u64>().is_ok() {
                true => format!("{:>width$} ", 1024, width = cell.len() - 1),
                false => (*cell).to_owned(),
            };
        match (cells.len(), line.strip_prefix("holds ").and_then(|rest| rest.rsplit_once(", "))) {
            (1, Some((rows, size))) if size.ends_with(" bytes\n") => out += &format!("holds {rows}, 1024 bytes\n"),
            (1, _) => out += line,
            _ => out += &cells.iter().enumerate().map(cell).collect::<Vec<_>>().join("│"),
        }
    }
    out
}

/// The text with every duration below ten seconds as `0.000 s`, as wide as it was in a box.
fn timeless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(end) = rest.find(" s") {
        let number = rest[..end]
            .rfind(|c: char| !c.is_ascii_digit() && c != '.')
            .map_or(0, |at| at + rest[at..].chars().next().unwrap().len_utf8());
        let (before, after) = (&rest[..number], &rest[end + 2..]);
        let duration = rest[number..end].contains('.') && !after.starts_with(char::is_alphanumeric);
        if duration {
            // `1.2 s` is padded to the width of `0.064 s`.
            let padded = "0.000".len().saturating_sub(end - number);
            out += before;
            out += "0.000 s";
            rest = match after.strip_prefix(&" ".repeat(padded)) {
                Some(unpadded) if rest.contains('│') => unpadded,
                _ => after,
            };
        } else {
            out += &rest[..end + 2];
            rest = after;
        }
    }
    out + rest
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
