//! `fixed_width:`

use crate::fields::Fields;
use crate::names::distinct;
use crate::shape::{Key, Object, Shape};
use lakesmith_text::{Diagnostics, Spanned};

/// How a file of fixed-width fields is written.
#[derive(Debug, Clone, PartialEq)]
pub struct FixedWidthOptions {
    /// Its fields.
    pub fields: Vec<FixedField>,
    /// Whether blanks around a value are left out.
    pub trim: bool,
    /// Lines at the top of a file that are passed over.
    pub skip_rows: u64,
}

/// A field at a fixed place of each line.
#[derive(Debug, Clone, PartialEq)]
pub struct FixedField {
    /// What it is called.
    pub name: Spanned<String>,
    /// Its first character, counted from 1.
    pub start: u64,
    /// Its characters.
    pub width: u64,
}

pub(crate) const FIXED_WIDTH: Object = Object {
    name: "`fixed_width`",
    may_be_empty: false,
    keys: &[
        Key::required("fields", Shape::List(&Shape::Object(&FIELD)), "The fields of a line."),
        Key::defaulted("trim", Shape::Bool, "true", "Whether blanks around a value are left out. A blank value is NULL."),
        Key::defaulted("skip_rows", Shape::Whole(0), "0", "Lines at the top of each file that are passed over."),
    ],
};

/// One of `fields:`
const FIELD: Object = Object {
    name: "a field",
    may_be_empty: false,
    keys: &[
        Key::required("name", Shape::Text, "What it is called."),
        Key::optional("start", Shape::Whole(1), "Its first character, counted from 1. Left out: the one after the field before."),
        Key::required("width", Shape::Whole(1), "Its characters (not bytes)."),
    ],
};

/// The options under `fixed_width:`.
pub(super) fn fixed_width(options: Fields<'_>, diagnostics: &mut Diagnostics) -> FixedWidthOptions {
    let mut fields: Vec<FixedField> = Vec::new();
    for item in options.items("fields", &FIELD) {
        let next = fields.last().map_or(1, |field| field.start.saturating_add(field.width));
        if let (Some(name), Some(width)) = (item.text("name"), item.whole("width")) {
            fields.push(FixedField { name, start: item.whole("start").unwrap_or(next), width });
        }
    }
    distinct(fields.iter().map(|field| &field.name), "the field", diagnostics);
    let skip_rows = options.whole("skip_rows").unwrap_or_default();
    FixedWidthOptions { fields, trim: options.bool("trim").unwrap_or(true), skip_rows }
}
