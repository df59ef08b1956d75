//! From `sources/*.yaml` as a tree to the model.

use super::files::{CSV, FileFormat, Format, csv};
use super::keys::{KEYS, TABLE};
use super::{ChangeCapture, Source, SourceKind, SourceTable};
use super::{arrival, connection};
use crate::fields::Fields;
use crate::location::{Cloud, Location, LocationFault};
use crate::names::{conflict, distinct, no_effect};
use crate::yaml::{Entry, Node};
use lakesmith_text::{Diagnostic, Diagnostics};

/// The source that a tree describes; none if what it is cannot be told.
pub(crate) fn read(node: &Node, diagnostics: &mut Diagnostics) -> Option<Source> {
    let fields = Fields::of_file(node, &KEYS);
    let entries = fields.entries("tables");
    distinct(entries.iter().map(|entry| &entry.key), "the table", diagnostics);
    let tables = entries.iter().filter_map(|entry| table(entry, diagnostics)).collect();
    let cloud = place(&fields, diagnostics);
    let connection = connection::read(&fields, cloud, fields.at, diagnostics);
    let events = arrival::events(&fields, cloud, diagnostics);
    Some(Source {
        name: fields.name("source")?,
        at: fields.at,
        kind: fields.choice::<SourceKind>("type")?,
        path: fields.text("path")?,
        connection,
        events,
        tables,
        description: fields.text("description"),
        owner: fields.text("owner"),
        tags: fields.texts("tags"),
    })
}

/// The cloud that a source's files lie in, if in one; says what is wrong with their place.
fn place(fields: &Fields<'_>, diagnostics: &mut Diagnostics) -> Option<Cloud> {
    let path = fields.text("path")?;
    match Location::parse(&path) {
        Ok(Location::Bucket(bucket)) => Some(bucket.cloud),
        Ok(Location::Folder(_)) => None,
        Err(fault) if fault.may_hold_a_secret() => {
            diagnostics.push(connection::plain("path", fields.at).help(fault.to_string()));
            None
        }
        Err(fault) => {
            let code = if fault == LocationFault::UnknownScheme { "unsupported" } else { "invalid-value" };
            diagnostics
                .push(Diagnostic::error(code, "this is no place that files are read from").at(path.span).help(fault.to_string()));
            None
        }
    }
}

fn table(entry: &Entry, diagnostics: &mut Diagnostics) -> Option<SourceTable> {
    let fields = Fields::new(&entry.value, &TABLE, entry.key.span);
    let path = fields.text("path")?;
    let change_capture = fields.choice("change_capture").unwrap_or_default();
    if change_capture != ChangeCapture::Full {
        for key in ["snapshot", "deletes", "max_delete_fraction"] {
            no_effect(&fields, key, "`change_capture: full`", diagnostics);
        }
    }
    let hints = fields.entries("schema_hints").iter();
    Some(SourceTable {
        name: entry.key.clone(),
        arrival: arrival::read(&fields, &path, diagnostics),
        format: format(&fields, &path, diagnostics)?,
        schema_hints: hints.filter_map(|hint| Some((hint.key.clone(), hint.value.text()?))).collect(),
        change_capture,
        schema_evolution: fields.choice("schema_evolution").unwrap_or_default(),
        on_change: fields.choice("on_change").unwrap_or_default(),
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
