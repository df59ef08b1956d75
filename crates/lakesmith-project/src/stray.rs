//! Files of a project where it does not look for them: in a folder that is called nearly as one of its own, or at its root.

use crate::folder;
use crate::yaml::{self, Node};
use lakesmith_text::{Diagnostic, Diagnostics, Sources, Span, nearest};
use std::fs;
use std::path::Path;

/// The folders that a project has.
const FOLDERS: [&str; 4] = ["sources", "silver", "gold", "tests"];
/// The file at a project's root.
const ROOT: &str = "lakehouse.yaml";

/// Warns of files that look like a project's and are not read.
pub(crate) fn tell(root: &Path, sources: &mut Sources, diagnostics: &mut Diagnostics) {
    let Ok(entries) = fs::read_dir(root) else { return };
    let mut names: Vec<(String, bool)> = entries
        .flatten()
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path().is_dir())))
        .filter(|(name, _)| !name.starts_with('.'))
        .collect();
    names.sort();
    let there: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
    for (name, is_folder) in &names {
        match is_folder {
            true => folder(root, name, &there, sources, diagnostics),
            false => file(root, name, sources, diagnostics),
        }
    }
}

/// A folder whose name is a slip, at the first of its files.
fn folder(root: &Path, name: &str, there: &[&str], sources: &mut Sources, diagnostics: &mut Diagnostics) {
    let Some(near) = nearest(name, FOLDERS).filter(|_| !FOLDERS.contains(&name)) else { return };
    // Where upper and lower case are the same to the disk, the files have been read under the right name.
    if name.eq_ignore_ascii_case(near) && root.join(near).is_dir() && !there.contains(&near) {
        return;
    }
    let (paths, _) = folder::yaml_files(root, name);
    let Some(first) = paths.first() else { return };
    let at = Span::point(sources.add(first.as_str(), folder::text(root, first).0), 0);
    diagnostics.push(
        Diagnostic::warning("misplaced-file", format!("`{name}/` is no folder of a project: its files are not read"))
            .at(at)
            .help(format!("did you mean `{near}/`?")),
    );
}

/// A file at the root that looks like one of a folder.
fn file(root: &Path, name: &str, sources: &mut Sources, diagnostics: &mut Diagnostics) {
    if name == ROOT || !(name.ends_with(".yaml") || name.ends_with(".yml")) {
        return;
    }
    let (text, None) = folder::text(root, name) else { return };
    let Some(place) = place(&text) else { return };
    let at = Span::point(sources.add(name, text), 0);
    diagnostics.push(
        Diagnostic::warning("misplaced-file", format!("`{name}` looks like a file of `{place}`, and is not read here"))
            .at(at)
            .help(format!("move it to `{place}`")),
    );
}

/// The folder that a file belongs to by its keys.
fn place(text: &str) -> Option<&'static str> {
    let mut own = Sources::new();
    let file = own.add("", text);
    let node: Node = yaml::parse(file, text, &mut Diagnostics::new())?;
    let has = |key: &str| node.entries().iter().any(|entry| entry.key.value == key);
    if has("source") && has("tables") {
        Some("sources/")
    } else if (has("dimension") || has("fact") || has("aggregate")) && (has("from") || has("sql") || has("union")) {
        Some("gold/")
    } else if (has("from") || has("sql")) && has("columns") {
        Some("silver/<domain>/")
    } else if has("test") && has("expect") {
        Some("tests/")
    } else {
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn told(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let (mut sources, mut found) = (Sources::new(), Diagnostics::new());
        tell(folder.path(), &mut sources, &mut found);
        let told = |fault: &Diagnostic| format!("{} {}", sources.path(fault.span.unwrap().file), fault.help.as_deref().unwrap());
        found.iter().map(told).collect()
    }

    #[test]
    fn slips_in_names_of_folders_are_told() {
        let files = [
            ("golds/dim_x.yaml", "dimension: dim_x"),
            ("golds/dim_y.yaml", "dimension: dim_y"),
            ("source/shop.yaml", "source: shop"),
            ("test/a.yml", "test: a"),
        ];
        let expected = [
            "golds/dim_x.yaml did you mean `gold/`?",
            "source/shop.yaml did you mean `sources/`?",
            "test/a.yml did you mean `tests/`?",
        ];
        assert_eq!(told(&files), expected);
        // Nothing of a project is in these.
        assert!(
            told(&[("golds/a.csv", "a"), ("landing/a.yaml", "a: 1"), (".gold/a.yaml", "a: 1"), ("gold/a.yaml", "x")]).is_empty()
        );
    }

    #[test]
    fn files_at_the_root_are_told_by_their_keys() {
        let files = [
            ("lakehouse.yaml", "lakehouse: acme"),
            ("docker-compose.yaml", "services: {}"),
            ("dim_x.yaml", "dimension: dim_x\nfrom: silver.a_b"),
            ("orders.yml", "from: bronze.a_b\ncolumns: {}"),
            ("shop.yaml", "source: shop\ntables: {}"),
            ("t.yaml", "test: t\nexpect: {}"),
            ("broken.yaml", "a: [1"),
        ];
        let expected = [
            "dim_x.yaml move it to `gold/`",
            "orders.yml move it to `silver/<domain>/`",
            "shop.yaml move it to `sources/`",
            "t.yaml move it to `tests/`",
        ];
        assert_eq!(told(&files), expected);
    }
}
