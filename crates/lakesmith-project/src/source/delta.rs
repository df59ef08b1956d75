//! What is particular to a source of Delta tables.

use super::{ChangeCapture, OnChange};
use crate::fields::Fields;
use crate::names::no_effect;
use lakesmith_text::Diagnostics;

/// Keys that say how files are read: a Delta table says it itself.
const OF_FILES: [&str; 16] = [
    "format",
    "csv",
    "json",
    "xml",
    "fixed_width",
    "text",
    "excel",
    "encoding",
    "compression",
    "decimal",
    "thousands",
    "date_format",
    "timestamp_format",
    "schema_hints",
    "operation",
    "timestamp",
];

/// What happens with commits that rewrite rows, where no word is said: nothing may pass unnoticed.
pub(super) const ON_CHANGE: OnChange = OnChange::Error;

/// Says which keys of a table have no effect for a Delta table.
pub(super) fn check(fields: &Fields<'_>, change_capture: ChangeCapture, diagnostics: &mut Diagnostics) {
    for key in OF_FILES {
        no_effect(fields, key, "`type: files`", diagnostics);
    }
    if change_capture == ChangeCapture::Full {
        for key in ["snapshot", "marker"] {
            no_effect(fields, key, "`type: files`", diagnostics);
        }
    }
    if !matches!(change_capture, ChangeCapture::Incremental | ChangeCapture::Event) {
        no_effect(fields, "on_change", "`change_capture: incremental` of a Delta table", diagnostics);
    }
}
