//! From `sources/*.yaml` as a tree to the model.

use super::delta;
use super::files::{CSV, FileFormat, Format, csv};
use super::keys::{KEYS, TABLE};
use super::{ChangeCapture, OnChange, Source, SourceKind, SourceTable};
use crate::fields::Fields;
use crate::names::{conflict, distinct, no_effect};
use crate::yaml::{Entry, Node};
use lakesmith_text::{Diagnostic, Diagnostics};

/// The source that a tree describes; none if what it is cannot be told.
pub(crate) fn read(node: &Node, diagnostics: &mut Diagnostics) -> Option<Source> {
    let fields = Fields::of_file(node, &KEYS);
    let entries = fields.entries("tables");
    distinct(entries.iter().map(|entry| &entry.key), "the table", diagnostics);
    let kind = fields.choice::<SourceKind>("type");
    let tables = entries.iter().filter_map(|entry| table(entry, kind.unwrap_or(SourceKind::Files), diagnostics)).collect();
    Some(Source {
        name: fields.name("source")?,
        at: fields.at,
        kind: kind?,
        path: fields.text("path")?,
        tables,
        description: fields.text("description"),
        owner: fields.text("owner"),
        tags: fields.texts("tags"),
    })
}

fn table(entry: &Entry, kind: SourceKind, diagnostics: &mut Diagnostics) -> Option<SourceTable> {
    let fields = Fields::new(&entry.value, &TABLE, entry.key.span);
    let path = fields.text("path")?;
    let change_capture = fields.choice("change_capture").unwrap_or_default();
    if change_capture != ChangeCapture::Full {
        for key in ["snapshot", "deletes", "max_delete_fraction"] {
            no_effect(&fields, key, "`change_capture: full`", diagnostics);
        }
    }
    let format = match kind {
        SourceKind::Files => Some(format(&fields, &path, diagnostics)?),
        SourceKind::Delta => {
            delta::check(&fields, change_capture, diagnostics);
            None
        }
    };
    let otherwise = match kind {
        SourceKind::Files => OnChange::default(),
        SourceKind::Delta => delta::ON_CHANGE,
    };
    let hints = fields.entries("schema_hints").iter();
    Some(SourceTable {
        name: entry.key.clone(),
        format,
        schema_hints: hints.filter_map(|hint| Some((hint.key.clone(), hint.value.text()?))).collect(),
        change_capture,
        schema_evolution: fields.choice("schema_evolution").unwrap_or_default(),
        on_change: fields.choice("on_change").unwrap_or(otherwise),
        snapshot: fields.choice("snapshot").unwrap_or_default(),
        deletes: fields.choice("deletes").unwrap_or_default(),
        max_delete_fraction: fields.number("max_delete_fraction").unwrap_or(0.2),
        sensitivity: fields.texts("sensitivity"),
        description: fields.text("description"),
        owner: fields.text("owner"),
        tags: fields.texts("tags"),
        frequency: fields.text("frequency"),
        volume: fields.text("volume"),
        path,
    })
}

fn format(fields: &Fields<'_>, path: &str, diagnostics: &mut Diagnostics) -> Option<FileFormat> {
    let format = match fields.has("format") {
        true => fields.choice("format")?,
        false => match Format::of_path(path) {
            Some(format) => format,
            None => {
                diagnostics.push(
                    Diagnostic::error("missing-key", "a source table needs the key `format` where its path does not tell it")
                        .at(fields.place("path"))
                        .help("add `format: csv` or `format: json`"),
                );
                return None;
            }
        },
    };
    match format {
        Format::Csv => Some(FileFormat::Csv(csv(fields.object("csv", &CSV), path))),
        Format::Json => {
            conflict_with_csv(fields, diagnostics);
            Some(FileFormat::Json)
        }
    }
}

fn conflict_with_csv(fields: &Fields<'_>, diagnostics: &mut Diagnostics) {
    if fields.has("format") {
        conflict(fields, "format", "csv", "`csv` belongs to `format: csv`", diagnostics);
    } else {
        no_effect(fields, "csv", "CSV files, and this path ends as JSON does", diagnostics);
    }
}
