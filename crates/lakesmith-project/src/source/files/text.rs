//! `text:`

use crate::fields::Fields;
use crate::shape::{Key, Object, Shape};

/// How a text file becomes rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TextOptions {
    /// Whether the whole file is one row.
    pub whole_file: bool,
}

pub(crate) const TEXT: Object = Object {
    name: "`text`",
    may_be_empty: true,
    keys: &[Key::defaulted(
        "whole_file",
        Shape::Bool,
        "false",
        "Whether a whole file is one row (at most 256 MiB); else each line is one, empty ones too.",
    )],
};

/// The options under `text:`.
pub(super) fn text(fields: Option<Fields<'_>>) -> TextOptions {
    TextOptions { whole_file: fields.and_then(|fields| fields.bool("whole_file")).unwrap_or(false) }
}
