//! What a table's files hold of it, where that needs more than a word: the operations of a change feed, the timestamp of
//! overlapping extracts, the marker of a snapshot.

use super::pattern::varies;
use super::{ChangeCapture, Snapshot};
use crate::fields::Fields;
use crate::names::no_effect;
use crate::scalar;
use crate::shape::{Key, Object, Shape, TEXTS};
use lakesmith_text::{Diagnostic, Diagnostics, Located, Spanned};
use std::time::Duration;

/// Which column of a change feed says what a row is, and in which words.
///
/// Where neither `insert` nor `update` names a value, every row that is no delete is a state of its key.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// The column, by the source's name; a path with dots for a nested one.
    pub column: Located,
    /// Values of rows that are new.
    pub insert: Vec<Spanned<String>>,
    /// Values of rows that are new states of rows.
    pub update: Vec<Spanned<String>>,
    /// Values of rows that say that their key is gone.
    pub delete: Vec<Spanned<String>>,
}

/// The column by which an extract was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Timestamp {
    /// The column, by the source's name: it says when a row was last changed.
    pub column: Spanned<String>,
    /// How far an extract reaches back into what was taken before.
    pub overlap: Duration,
}

/// `operation:`
pub(crate) const OPERATION: Object = Object {
    name: "`operation`",
    may_be_empty: false,
    keys: &[
        Key::required(
            "column",
            Shape::Text,
            "The column that says what a row is, by its name in the source; `payload.op` for a nested one.",
        ),
        Key::optional("insert", TEXTS, "Its values for rows that are new, such as `[c, r]`."),
        Key::optional("update", TEXTS, "Its values for new states of rows, such as `[u]`."),
        Key::required(
            "delete",
            TEXTS,
            "Its values for rows that are gone, such as `[d]`. With neither `insert` nor `update`, every other row is a state \
             (`upsert`).",
        ),
    ],
};

/// `timestamp:`
pub(crate) const TIMESTAMP: Object = Object {
    name: "`timestamp`",
    may_be_empty: false,
    keys: &[
        Key::required(
            "column",
            Shape::Text,
            "The column that says when a row was last changed, by its name in the source. It is read as TIMESTAMP unless \
             `schema_hints` says DATE.",
        ),
        Key::defaulted(
            "overlap",
            Shape::Duration,
            "0 seconds",
            "How far each extract reaches back into the one before, such as `2 days`. A new row that is older still arrives, and \
             is counted as late.",
        ),
    ],
};

/// `operation:`, under `change_capture: cdc`.
pub(crate) fn operation(fields: &Fields<'_>, capture: ChangeCapture, diagnostics: &mut Diagnostics) -> Option<Operation> {
    if capture != ChangeCapture::Cdc {
        no_effect(fields, "operation", "`change_capture: cdc`", diagnostics);
        return None;
    }
    let inner = fields.object("operation", &OPERATION)?;
    let [insert, update, delete] = ["insert", "update", "delete"].map(|key| inner.texts(key));
    let mut seen: Vec<&Spanned<String>> = vec![];
    for value in insert.iter().chain(&update).chain(&delete) {
        match seen.iter().find(|first| first.value == value.value) {
            None => seen.push(value),
            Some(first) => diagnostics.push(
                Diagnostic::error("conflicting-keys", format!("`{value}` stands twice among the operations"))
                    .at(value.span)
                    .related(first.span, "first written here")
                    .help("a value means one operation: keep one of the two"),
            ),
        }
    }
    Some(Operation { column: inner.sql("column")?, insert, update, delete })
}

/// `timestamp:`, under `change_capture: timestamp`.
pub(crate) fn timestamp(fields: &Fields<'_>, capture: ChangeCapture, diagnostics: &mut Diagnostics) -> Option<Timestamp> {
    if capture != ChangeCapture::Timestamp {
        no_effect(fields, "timestamp", "`change_capture: timestamp`", diagnostics);
        return None;
    }
    if !fields.present("timestamp") {
        diagnostics.push(
            Diagnostic::error("missing-key", "`change_capture: timestamp` needs the key `timestamp`")
                .at(fields.place("change_capture"))
                .help("name the column: `timestamp: { column: modified_date, overlap: 2 days }`"),
        );
    }
    let inner = fields.object("timestamp", &TIMESTAMP)?;
    let overlap = inner.parsed("overlap", scalar::duration).map(|overlap| overlap.value).unwrap_or_default();
    Some(Timestamp { column: inner.text("column")?, overlap })
}

/// `marker:`, under `snapshot: marker`; and whether the path has folders that snapshots can be told by.
pub(crate) fn marker(
    fields: &Fields<'_>,
    snapshot: Snapshot,
    path: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) -> Option<Spanned<String>> {
    if snapshot == Snapshot::Folder && !varies(path) {
        diagnostics.push(
            Diagnostic::error("invalid-value", "`snapshot: folder` needs a path in which the folder varies")
                .at(path.span)
                .help("write `prices/*/*.csv` for folders such as `prices/2025-01-01/`; where each file is a whole snapshot, say `snapshot: file`"),
        );
    }
    if snapshot != Snapshot::Marker {
        no_effect(fields, "marker", "`snapshot: marker`", diagnostics);
        return None;
    }
    let marker = fields.text("marker");
    match &marker {
        None if !fields.present("marker") => diagnostics.push(
            Diagnostic::error("missing-key", "`snapshot: marker` needs the key `marker`")
                .at(fields.place("snapshot"))
                .help("name the file that says that a folder is complete: `marker: _SUCCESS`"),
        ),
        Some(marker) if marker.contains('/') => diagnostics.push(
            Diagnostic::error("invalid-value", "`marker` is the name of a file in the snapshot's own folder")
                .at(marker.span)
                .help("leave the folder out: `marker: _SUCCESS`"),
        ),
        _ => {}
    }
    marker
}
