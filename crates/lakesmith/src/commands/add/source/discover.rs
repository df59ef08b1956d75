//! Which tables a folder of files holds, by the names of folders and files.

use super::super::guess;
use super::apart::{self, is_dated, literal};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

/// Files that are looked at.
const FILES: usize = 100_000;
/// How deep folders are looked into.
const DEPTH: usize = 16;

/// A table that files seem to make up.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) name: String,
    /// The glob of its files, relative to the source's folder; of a Delta table its folder.
    pub(super) pattern: String,
    pub(super) kind: Kind,
    /// How many files there are.
    pub(super) files: usize,
    /// Their bytes.
    pub(super) bytes: u64,
}

/// What the ending of a file's name tells of its format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Csv,
    Json,
    Xml,
    Parquet,
    Avro,
    Excel,
    /// Text of which only the content tells more.
    Text,
    Delta,
}

impl Kind {
    /// The word for it in a project.
    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Csv => "csv",
            Kind::Json => "json",
            Kind::Xml => "xml",
            Kind::Parquet => "parquet",
            Kind::Avro => "avro",
            Kind::Excel => "excel",
            Kind::Text => "text",
            Kind::Delta => "delta",
        }
    }

    /// The format that a name or a pattern tells.
    pub(super) fn of(path: &str) -> Option<Kind> {
        let path = path.to_ascii_lowercase();
        // Of `*.{csv,csv.gz}` any ending tells it.
        let path = match path.strip_suffix('}').and_then(|open| open.rsplit(['{', ',']).next()) {
            Some(last) => format!("x.{last}"),
            None => path,
        };
        let (_, ending) = split(&path);
        let plain = ending.trim_end_matches(".gz").trim_end_matches(".zst").trim_end_matches(".zip");
        Some(match plain {
            "csv" | "tsv" => Kind::Csv,
            "json" | "jsonl" | "ndjson" => Kind::Json,
            "xml" => Kind::Xml,
            "parquet" => Kind::Parquet,
            "avro" => Kind::Avro,
            "xlsx" | "xlsm" | "xlsb" | "xls" | "ods" => Kind::Excel,
            // Of an archive alone the content tells what is in it.
            "txt" | "dat" | "log" | "psv" | "tbl" | "gz" | "zst" | "zip" => Kind::Text,
            _ => return None,
        })
    }
}

/// What lies in a folder.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Files by their paths relative to the folder, with their sizes.
    pub(super) files: Vec<(String, u64)>,
    /// Folders that hold a Delta table.
    pub(super) deltas: Vec<String>,
}

/// Lists a folder and what lies below it, without hidden files and folders.
pub(super) fn list(folder: &Path) -> io::Result<Contents> {
    let mut contents = Contents::default();
    walk(folder, "", 0, &mut contents)?;
    contents.files.sort();
    contents.deltas.sort();
    Ok(contents)
}

fn walk(folder: &Path, below: &str, depth: usize, contents: &mut Contents) -> io::Result<()> {
    if folder.join("_delta_log").is_dir() {
        contents.deltas.push(below.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let file_name = entry.file_name();
        let Some(name) = file_name.to_str().filter(|name| !name.starts_with(['.', '_'])) else { continue };
        let path = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
        // A link that leads nowhere is no file.
        let Ok(metadata) = fs::metadata(entry.path()) else { continue };
        if metadata.is_dir() && depth < DEPTH {
            walk(&entry.path(), &path, depth + 1, contents)?;
        } else if metadata.is_file() && contents.files.len() < FILES {
            contents.files.push((path, metadata.len()));
        }
    }
    Ok(())
}

/// The tables that files seem to make up, and the files that are left out.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub(super) found: Vec<Found>,
    /// Files of no known format.
    pub(super) unknown: Vec<String>,
    /// Files that no pattern tells from those of another table, the first of each table.
    pub(super) mixed: Vec<String>,
}

/// A table per folder that holds files of one format; of files in the folder itself one per beginning of their names. Each
/// file belongs to one table.
pub(super) fn tables(contents: &Contents, folder: &str) -> Sorted {
    let mut groups: BTreeMap<(Vec<String>, Kind, String), Group> = BTreeMap::new();
    let mut sorted = Sorted::default();
    for (path, size) in &contents.files {
        let Some(kind) = Kind::of(path) else {
            sorted.unknown.push(path.clone());
            continue;
        };
        let (parts, name): (Vec<String>, &str) = match path.rsplit_once('/') {
            Some((parts, name)) => (parts.split('/').map(str::to_owned).collect(), name),
            None => (vec![], path.as_str()),
        };
        let parts = without_dates(&parts);
        let (stem, ending) = split(name);
        // Files without a folder of their own are told apart by the beginnings of their names.
        let begins = if parts.iter().all(|part| part == "**") { beginning(stem) } else { "" };
        let begins = if begins == "part" { String::new() } else { begins.to_owned() };
        let group = groups.entry((parts, kind, begins)).or_default();
        group.files += 1;
        group.bytes += size;
        group.stems.push(stem.to_owned());
        group.paths.push(path.clone());
        if !group.endings.iter().any(|known| known == ending) {
            group.endings.push(ending.to_owned());
        }
    }
    merge(&mut groups);
    let begins: Vec<(Kind, String)> = groups.keys().map(|(_, kind, begins)| (*kind, begins.clone())).collect();
    let mut taken = vec![];
    for (key @ (parts, kind, begins_with), group) in &groups {
        let named: Vec<&str> = parts.iter().map(String::as_str).filter(|part| *part != "**").collect();
        let words = match (named.is_empty(), begins_with.is_empty()) {
            (false, _) => named.join("_"),
            (true, false) => begins_with.clone(),
            (true, true) => folder.rsplit('/').find(|part| !part.is_empty()).unwrap_or("files").to_owned(),
        };
        let name = Some(guess::name(&words)).filter(|name| !name.is_empty()).unwrap_or_else(|| "files".to_owned());
        let name = if taken.contains(&name) { format!("{name}_{}", kind.word()) } else { name };
        let mut others = begins.iter().filter(|(other, begins)| other == kind && begins != begins_with && !begins.is_empty());
        let ambiguous = named.is_empty() && others.any(|(_, begins)| begins.starts_with(begins_with.as_str()));
        let files = if named.is_empty() { group.pattern(begins_with, ambiguous) } else { "*".to_owned() };
        let folders: String =
            parts.iter().map(|part| format!("{}/", if part == "**" { part.clone() } else { literal(part) })).collect();
        let names = format!("{files}{}", group.ending());
        let others = groups.iter().filter(|(other, _)| *other != key).flat_map(|(_, other)| &other.paths).map(String::as_str);
        let Some(pattern) = apart::pattern(&format!("{folders}{names}"), &names, &group.paths, others) else {
            sorted.mixed.extend(group.paths.first().cloned());
            continue;
        };
        let name = guess::free(name, &mut taken);
        sorted.found.push(Found { name, pattern, kind: *kind, files: group.files, bytes: group.bytes });
    }
    sorted
}

/// Delta tables by their folders; `folder` may be one itself.
pub(super) fn deltas(contents: &Contents, folder: &str) -> Vec<Found> {
    let mut taken = vec![];
    let table = |path: &String| {
        let (words, pattern) = match path.is_empty() {
            true => (folder.rsplit('/').find(|part| !part.is_empty()).unwrap_or("table"), "."),
            false => (path.as_str(), path.as_str()),
        };
        let name = Some(guess::name(words)).filter(|name| !name.is_empty()).unwrap_or_else(|| "table".to_owned());
        let name = guess::free(name, &mut taken);
        Found { name, pattern: pattern.to_owned(), kind: Kind::Delta, files: 0, bytes: 0 }
    };
    contents.deltas.iter().map(table).collect()
}

/// Files that make up a table.
#[derive(Debug, Default)]
struct Group {
    files: usize,
    bytes: u64,
    paths: Vec<String>,
    /// The names without their endings.
    stems: Vec<String>,
    endings: Vec<String>,
}

impl Group {
    /// `.csv`, or `.{csv,csv.gz}`.
    fn ending(&self) -> String {
        match self.endings.as_slice() {
            [one] => format!(".{one}"),
            several => format!(".{{{}}}", several.join(",")),
        }
    }

    /// The glob of the names without their endings: of those that begin so, and where others do too, go on with a number.
    fn pattern(&self, begins: &str, ambiguous: bool) -> String {
        let rest = |stem: &String| stem.strip_prefix(begins).unwrap_or(stem).to_owned();
        let rests: Vec<String> = self.stems.iter().map(rest).collect();
        let begins = literal(begins);
        match (rests.iter().all(String::is_empty), ambiguous) {
            (true, _) => begins,
            (false, false) => format!("{begins}*"),
            (false, true) => {
                let marks = rests.iter().map(|rest| rest.chars().take_while(|c| !c.is_ascii_digit()).count()).max().unwrap_or(0);
                format!("{begins}{}[0-9]*", "?".repeat(marks))
            }
        }
    }
}

/// Where files lie in a folder and in folders of dates below it, they are one table.
fn merge(groups: &mut BTreeMap<(Vec<String>, Kind, String), Group>) {
    let deeper: Vec<_> = groups.keys().filter(|(parts, ..)| parts.last().is_some_and(|part| part == "**")).cloned().collect();
    for key in deeper {
        let (parts, kind, begins) = &key;
        let above = (parts[..parts.len() - 1].to_vec(), *kind, begins.clone());
        if let (Some(flat), Some(group)) = (groups.remove(&above), groups.get_mut(&key)) {
            group.files += flat.files;
            group.bytes += flat.bytes;
            group.stems.extend(flat.stems);
            group.paths.extend(flat.paths);
            let new: Vec<String> = flat.endings.into_iter().filter(|ending| !group.endings.contains(ending)).collect();
            group.endings.extend(new);
        }
    }
}

/// The folders of a path, with `**` for those that are dates or partitions.
fn without_dates(parts: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = vec![];
    for part in parts {
        match is_dated(part) {
            true if kept.last().is_some_and(|last| last == "**") => {}
            true => kept.push("**".to_owned()),
            false => kept.push(part.clone()),
        }
    }
    kept
}

/// A file's name without its ending, and the ending: `csv`, `csv.gz`.
fn split(path: &str) -> (&str, &str) {
    let name = path.rsplit('/').next().unwrap_or(path);
    let wraps = [".gz", ".zst", ".zip"];
    let plain = wraps.iter().find_map(|wrap| name.strip_suffix(wrap)).unwrap_or(name);
    match plain.rsplit_once('.') {
        Some((stem, _)) => (&name[..stem.len()], &name[stem.len() + 1..]),
        None if plain.len() < name.len() => (plain, &name[plain.len() + 1..]),
        None => (name, ""),
    }
}

/// The beginning of a name that goes on with a date or a number: `orders` of `orders_2025-01-31`.
fn beginning(stem: &str) -> &str {
    match stem.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '_' | '.' | ' ')) {
        "" => "",
        begins if begins.len() < stem.len() && !stem.ends_with(|c: char| c.is_ascii_digit()) => stem,
        begins => begins,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposed(files: &[&str]) -> Vec<(String, String)> {
        let files = files.iter().map(|path| ((*path).to_owned(), 1)).collect();
        let Sorted { found, unknown, mixed } = tables(&Contents { files, deltas: vec![] }, "landing/");
        let left_out = unknown.into_iter().chain(mixed).map(|path| ("-".to_owned(), path));
        found.into_iter().map(|found| (found.name, found.pattern)).chain(left_out).collect()
    }

    #[test]
    fn a_table_per_folder_or_beginning() {
        for (files, expected) in [
            (&["orders/1.csv", "orders/2.csv", "LICENSE"][..], &[("orders", "orders/*.csv"), ("-", "LICENSE")][..]),
            (&["orders/2025/01/1.json", "orders/a.json"], &[("orders", "orders/**/*.json")]),
            (
                &["shop/orders/1.csv", "shop/items/1.csv"],
                &[("shop_items", "shop/items/*.csv"), ("shop_orders", "shop/orders/*.csv")],
            ),
            (&["day=1/x.parquet", "day=2/y.parquet"], &[("x", "**/x.parquet"), ("y", "**/y.parquet")]),
            (&["day=1/part-1.parquet", "day=2/part-1.parquet"], &[("landing", "**/*.parquet")]),
            (&["orders/1.csv", "orders/2.csv.gz"], &[("orders", "orders/*.{csv,csv.gz}")]),
            (&["orders/1.csv", "orders/1.json"], &[("orders", "orders/*.csv"), ("orders_json", "orders/*.json")]),
            (
                &["customers.csv", "orders_2025-01.csv", "orders_2025-02.csv"],
                &[("customers", "customers.csv"), ("orders", "orders*.csv")],
            ),
            (&["orders_1.csv", "orders_items_1.csv"], &[("orders", "orders?[0-9]*.csv"), ("orders_items", "orders_items*.csv")]),
            (&["2025-01.csv", "2025-02.csv"], &[("landing", "*.csv")]),
            (&["returns/2025-05.zip"], &[("returns", "returns/*.zip")]),
            (
                &["2025-01/orders.csv", "2025-02/orders.csv", "archive/orders.csv"],
                &[("orders", "[0-9]*/orders.csv"), ("archive", "archive/*.csv")],
            ),
            (&["2025/a.csv", "Straße/a.csv"], &[("a", "[0-9]*/a.csv"), ("strasse", "Straße/*.csv")]),
        ] {
            let expected: Vec<(String, String)> = expected.iter().map(|(n, p)| ((*n).to_owned(), (*p).to_owned())).collect();
            assert_eq!(proposed(files), expected, "{files:?}");
        }
    }

    #[test]
    fn names_tell_formats() {
        for (path, kind) in [
            ("a/b.csv.gz", Some(Kind::Csv)),
            ("*.{json,json.zst}", Some(Kind::Json)),
            ("A.CSV", Some(Kind::Csv)),
            ("b.ndjson.zst", Some(Kind::Json)),
            ("x.txt", Some(Kind::Text)),
            ("2025-05.zip", Some(Kind::Text)),
            ("x.csv.zip", Some(Kind::Csv)),
            ("README.md", None),
            ("LICENSE", None),
        ] {
            assert_eq!(Kind::of(path), kind, "{path}");
        }
    }
}
