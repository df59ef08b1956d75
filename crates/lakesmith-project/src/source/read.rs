//! From `sources/*.yaml` as a tree to the model.

use super::capture::{marker, operation, timestamp};
use super::delta;
use super::files::{CSV, format, notation};
use super::keys::{KEYS, TABLE};
use super::{ChangeCapture, OnChange, Snapshot, Source, SourceKind, SourceTable, arrival, connection};
use crate::fields::Fields;
use crate::location::{Cloud, Location, LocationFault};
use crate::names::{distinct, no_effect};
use crate::yaml::{Entry, Node};
use lakesmith_text::{Diagnostic, Diagnostics};

/// The source that a tree describes; none if what it is cannot be told.
pub(crate) fn read(node: &Node, diagnostics: &mut Diagnostics) -> Option<Source> {
    let fields = Fields::of_file(node, &KEYS);
    let entries = fields.entries("tables");
    distinct(entries.iter().map(|entry| &entry.key), "the table", diagnostics);
    let kind = fields.choice::<SourceKind>("type");
    let told = fields.has("events");
    let tables = entries.iter().filter_map(|entry| table(entry, kind.unwrap_or(SourceKind::Files), told, diagnostics)).collect();
    let cloud = place(&fields, diagnostics);
    let connection = connection::read(&fields, cloud, fields.at, diagnostics);
    let events = arrival::events(&fields, cloud, diagnostics);
    Some(Source {
        name: fields.name("source")?,
        at: fields.at,
        kind: kind?,
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

/// `told`: a queue tells of the source's new files.
fn table(entry: &Entry, kind: SourceKind, told: bool, diagnostics: &mut Diagnostics) -> Option<SourceTable> {
    let fields = Fields::new(&entry.value, &TABLE, entry.key.span);
    let path = fields.text("path")?;
    let change_capture = fields.choice("change_capture").unwrap_or_default();
    if change_capture != ChangeCapture::Full {
        for key in ["snapshot", "marker", "deletes", "max_delete_fraction"] {
            no_effect(&fields, key, "`change_capture: full`", diagnostics);
        }
    }
    let (format, on_change) = match kind {
        SourceKind::Files => (Some(format(&fields, &path, diagnostics)?), OnChange::default()),
        SourceKind::Delta => {
            delta::check(&fields, change_capture, diagnostics);
            (None, delta::ON_CHANGE)
        }
    };
    let of_files = kind == SourceKind::Files;
    let hints = fields.entries("schema_hints").iter().filter(|_| of_files);
    let full = of_files && change_capture == ChangeCapture::Full;
    let snapshot = fields.choice("snapshot").filter(|_| full).unwrap_or_default();
    let arrival = arrival::read(&fields, &path, told, diagnostics);
    if snapshot != Snapshot::File {
        arrival::whole_folders(&fields, &path, arrival, told, diagnostics);
    }
    let of_csv = fields.object("csv", &CSV);
    if let Some(of_csv) = of_csv.filter(|of_csv| fields.has("encoding") && of_csv.has("encoding")) {
        diagnostics.push(
            Diagnostic::error("conflicting-keys", "`encoding` is there twice")
                .at(of_csv.place("encoding"))
                .related(fields.place("encoding"), "the table's `encoding` is here")
                .help("keep the table's"),
        );
    }
    Some(SourceTable {
        name: entry.key.clone(),
        arrival,
        notation: format.as_ref().map(|format| notation(&fields, format, diagnostics)).unwrap_or_default(),
        format,
        encoding: fields.choice("encoding").or_else(|| of_csv?.choice("encoding")),
        compression: fields.choice("compression").unwrap_or_default(),
        schema_hints: hints.filter_map(|hint| Some((hint.key.clone(), hint.value.text()?))).collect(),
        change_capture,
        operation: of_files.then(|| operation(&fields, change_capture, diagnostics)).flatten(),
        timestamp: of_files.then(|| timestamp(&fields, change_capture, diagnostics)).flatten(),
        schema_evolution: fields.choice("schema_evolution").unwrap_or_default(),
        on_change: fields.choice("on_change").unwrap_or(on_change),
        snapshot,
        marker: full.then(|| marker(&fields, snapshot, &path, diagnostics)).flatten(),
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
