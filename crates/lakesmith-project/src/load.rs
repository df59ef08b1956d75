//! From a folder to a project. The only place here that reads files.

use crate::check::check_file;
use crate::lakehouse::Target;
use crate::shape::Object;
use crate::yaml::{self, Node};
use crate::{
    Calendar, Lakehouse, Project, aggregate, collide, dimension, entity, fact, folder, lakehouse, scalar, source, stray,
    unit_test,
};
use lakesmith_text::{Diagnostic, Diagnostics, FileId, Sources, Span, Spanned, nearest};
use std::path::Path;

/// The file at a project's root.
const ROOT: &str = "lakehouse.yaml";

/// Reads the project in `dir` and says everything that is wrong with it.
///
/// It reads `lakehouse.yaml` and the YAML files under `sources/`, `silver/`, `gold/` and `tests/`. Of other YAML files at the root
/// and in folders that are called nearly so it says that they are not read, where they look like a project's. What a faulty file
/// still says is in the project; a project with errors is good for showing them, not for running.
pub fn load(dir: &Path) -> (Project, Diagnostics) {
    load_with(dir, &[])
}

/// Reads the project in `dir` as it would be with further files: each a path relative to the project, such as
/// `gold/dim_customer.yaml`, and its text. They stand in for files of the same paths.
pub fn load_with(dir: &Path, unsaved: &[(String, String)]) -> (Project, Diagnostics) {
    let mut loading = Loading { unsaved, sources: Sources::new(), diagnostics: Diagnostics::new() };
    let mut project = Project {
        root: dir.to_owned(),
        sources_text: Sources::new(),
        lakehouse: nameless(),
        sources: Vec::new(),
        entities: Vec::new(),
        dimensions: Vec::new(),
        facts: Vec::new(),
        aggregates: Vec::new(),
        tests: Vec::new(),
        incomplete: Vec::new(),
    };
    if dir.join(ROOT).is_file() {
        loading.project(dir, &mut project);
    } else {
        loading.diagnostics.push(
            Diagnostic::error("no-project", format!("there is no `{ROOT}` in `{}`", dir.display()))
                .help("go to the folder that holds it, or make a project with `lakesmith init`"),
        );
    }
    project.sources_text = loading.sources;
    (project, loading.diagnostics)
}

struct Loading<'a> {
    unsaved: &'a [(String, String)],
    sources: Sources,
    diagnostics: Diagnostics,
}

impl Loading<'_> {
    fn project(&mut self, dir: &Path, project: &mut Project) {
        if let Some((node, _)) = self.tree(dir, ROOT) {
            check_file(&node, &lakehouse::KEYS, &mut self.diagnostics);
            project.lakehouse = lakehouse::read(&node, &mut self.diagnostics);
            if let Some(calendar) = &mut project.lakehouse.calendar {
                self.holidays(dir, calendar);
            }
        }
        for path in self.files(dir, "sources") {
            self.source(dir, &path, project);
        }
        for path in self.files(dir, "silver") {
            self.entity(dir, &path, project);
        }
        for path in self.files(dir, "gold") {
            self.gold(dir, &path, project);
        }
        for path in self.files(dir, "tests") {
            self.unit_tests(dir, &path, project);
        }
        stray::tell(dir, &mut self.sources, &mut self.diagnostics);
        collide::check(project, &mut self.diagnostics);
    }

    /// The holidays of the calendar's files.
    fn holidays(&mut self, dir: &Path, calendar: &mut Calendar) {
        for file in &calendar.holiday_files {
            let (text, fault) = folder::text(dir, &file.path);
            if let Some((fault, at)) = fault {
                let at =
                    if text.is_empty() { file.path.span } else { Span::point(self.sources.add(&*file.path.value, text), at) };
                self.diagnostics.push(fault.at(at));
                continue;
            }
            let id = self.sources.add(&*file.path.value, text);
            let text = self.sources.text(id);
            calendar.holidays.extend(lakehouse::ics::read(id, text, file.country.as_deref(), &mut self.diagnostics));
        }
    }

    fn source(&mut self, dir: &Path, path: &str, project: &mut Project) {
        let Some((node, _)) = self.tree(dir, path) else { return };
        check_file(&node, &source::KEYS, &mut self.diagnostics);
        let read = source::read(&node, &mut self.diagnostics);
        // Tables of the file that could not be read are known by name.
        if let Some(name) = text(&node, "source") {
            let tables = node.entries().iter().filter(|entry| entry.key.value == "tables");
            for entry in tables.flat_map(|entry| entry.value.entries()) {
                let there = read.iter().flat_map(|source| &source.tables).any(|table| table.name == entry.key);
                if !there {
                    project.incomplete.push(format!("bronze.{name}_{}", entry.key));
                }
            }
        }
        project.sources.extend(read);
    }

    fn entity(&mut self, dir: &Path, path: &str, project: &mut Project) {
        let parts: Vec<&str> = path.split('/').collect();
        let [_, domain, file] = parts[..] else {
            let Some((node, _)) = self.tree(dir, path) else { return };
            let at = node.entries().first().map_or(node.span, |entry| entry.key.span);
            self.diagnostics.push(
                Diagnostic::error("misplaced-file", "an entity lies in the folder of its domain")
                    .at(at)
                    .help("move the file to `silver/<domain>/<entity>.yaml`"),
            );
            return;
        };
        let name = file.rsplit_once('.').map_or(file, |(name, _)| name);
        let table = format!("silver.{domain}_{name}");
        let Some((node, file)) = self.tree(dir, path) else {
            project.incomplete.push(table);
            return;
        };
        for part in [domain, name] {
            if !scalar::is_name(part) {
                self.diagnostics.push(
                    Diagnostic::error("invalid-value", format!("`{part}` is no name, so that the file cannot name a table"))
                        .at(Span::point(file, 0))
                        .help("rename it: a name is made of letters, digits and `_`, and does not begin with a digit"),
                );
            }
        }
        check_file(&node, &entity::KEYS, &mut self.diagnostics);
        match entity::read(domain, name, &node, &mut self.diagnostics) {
            Some(entity) => project.entities.push(entity),
            None => project.incomplete.push(table),
        }
    }

    /// Which kind of gold table a file describes is told by the key that names it.
    fn gold(&mut self, dir: &Path, path: &str, project: &mut Project) {
        let Some((node, _)) = self.tree(dir, path) else { return project.incomplete.push(gold_table(path)) };
        let kinds: [(&str, &Object); 3] =
            [("dimension", &dimension::KEYS), ("fact", &fact::KEYS), ("aggregate", &aggregate::KEYS)];
        let found = kinds.iter().find(|(kind, _)| node.entries().iter().any(|entry| entry.key.value == *kind));
        let Some((kind, keys)) = found else {
            self.nameless_gold(&node);
            project.incomplete.push(gold_table(path));
            return;
        };
        check_file(&node, keys, &mut self.diagnostics);
        let read = match *kind {
            "dimension" => dimension::read(&node, &mut self.diagnostics).map(|read| project.dimensions.push(read)),
            "fact" => fact::read(&node, &mut self.diagnostics).map(|read| project.facts.push(read)),
            _ => aggregate::read(&node, &mut self.diagnostics).map(|read| project.aggregates.push(read)),
        };
        if let (None, Some(name)) = (read, text(&node, kind)) {
            project.incomplete.push(format!("gold.{name}"));
        }
    }

    /// A file holds one test, or several under `tests:`.
    fn unit_tests(&mut self, dir: &Path, path: &str, project: &mut Project) {
        let Some((node, _)) = self.tree(dir, path) else { return };
        let several = node.entries().iter().find(|entry| entry.key.value == "tests");
        check_file(&node, if several.is_some() { &unit_test::FILE } else { &unit_test::KEYS }, &mut self.diagnostics);
        let tests = several.map_or(std::slice::from_ref(&node), |entry| entry.value.items());
        for test in tests.iter().filter(|test| matches!(test.kind, yaml::Kind::Map(_))) {
            project.tests.extend(unit_test::read(test, &mut self.diagnostics));
        }
    }

    fn nameless_gold(&mut self, node: &Node) {
        let kinds = ["dimension", "fact", "aggregate"];
        let slip = node.entries().iter().find_map(|entry| Some((entry, nearest(&entry.key, kinds)?)));
        let at = node.entries().first().map_or(node.span, |entry| entry.key.span);
        let message = "a gold file needs one of the keys `dimension`, `fact` and `aggregate`";
        let diagnostic = Diagnostic::error("missing-key", message);
        self.diagnostics.push(match slip {
            Some((entry, near)) => diagnostic.at(entry.key.span).help(format!("did you mean `{near}`?")),
            None => diagnostic.at(at).help("the key says what the table is and names it: `dimension: dim_customer`"),
        });
    }

    /// A file as a tree; none if it cannot be read as one, which is then said.
    fn tree(&mut self, dir: &Path, path: &str) -> Option<(Node, FileId)> {
        let (text, fault) = match self.unsaved.iter().find(|(unsaved, _)| unsaved == path) {
            Some((_, text)) => (text.clone(), None),
            None => folder::text(dir, path),
        };
        let file = self.sources.add(path, text);
        if let Some((fault, at)) = fault {
            self.diagnostics.push(fault.at(Span::point(file, at)));
            return None;
        }
        let before = self.diagnostics.len();
        let node = yaml::parse(file, self.sources.text(file), &mut self.diagnostics);
        match node {
            Some(node) if matches!(node.kind, yaml::Kind::Map(_)) => Some((node, file)),
            Some(node) if !matches!(node.kind, yaml::Kind::Null(_)) => {
                self.diagnostics.push(
                    Diagnostic::error("wrong-type", "the file must be a map of `key: value`")
                        .at(node.span)
                        .label(format!("this is {}", node.described())),
                );
                None
            }
            _ => {
                if self.diagnostics.len() == before {
                    self.diagnostics.push(
                        Diagnostic::error("empty-file", "the file holds nothing")
                            .at(Span::point(file, 0))
                            .help("write what it should hold, or remove it"),
                    );
                }
                None
            }
        }
    }

    fn files(&mut self, dir: &Path, folder: &str) -> Vec<String> {
        let (mut paths, faults) = folder::yaml_files(dir, folder);
        self.diagnostics.extend(faults);
        let below = |path: &&String| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        paths.extend(self.unsaved.iter().map(|(path, _)| path).filter(below).cloned());
        paths.sort();
        paths.dedup();
        paths
    }
}

/// The table that a file of gold most likely fills, where nothing in it says so.
fn gold_table(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    format!("gold.{}", file.rsplit_once('.').map_or(file, |(name, _)| name))
}

/// The text of a key at the top of a file.
fn text(node: &Node, key: &str) -> Option<Spanned<String>> {
    node.entries().iter().find(|entry| entry.key.value == key).and_then(|entry| entry.value.text())
}

/// What stands for a `lakehouse.yaml` that is missing or has no name.
fn nameless() -> Lakehouse {
    let mut nowhere = Sources::new();
    let at = Span::point(nowhere.add(ROOT, ""), 0);
    Lakehouse {
        name: Spanned::new(String::new(), at),
        description: None,
        calendar: None,
        defaults: crate::Defaults::default(),
        targets: vec![Target::dev(at)],
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_read_as_with_files_that_are_not_there_yet() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(ROOT), "lakehouse: acme\n").unwrap();
        let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let source = "source: shop\ntype: files\npath: landing/\ntables: { orders: { path: \"*.csv\" } }\n";
        let (project, faults) = load_with(folder.path(), &[file("sources/shop.yaml", source)]);
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(project.sources[0].bronze_table(&project.sources[0].tables[0]), "bronze.shop_orders");
        assert!(load(folder.path()).0.sources.is_empty());
        // One that is there is another one for as long.
        let (project, faults) = load_with(folder.path(), &[file(ROOT, "lakehouse: other\n"), file("sources/x.yaml", "sourc: x")]);
        assert_eq!(project.lakehouse.name.value, "other");
        assert!(
            faults.iter().any(|fault| fault.span.is_some_and(|span| project.sources_text.path(span.file) == "sources/x.yaml"))
        );
    }
}
