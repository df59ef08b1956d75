//! `csv:`

use super::Encoding;
use crate::choice::Choice;
use crate::fields::Fields;
use crate::scalar;
use crate::shape::{Key, Object, Shape};
use crate::yaml::Node;
use lakesmith_text::Spanned;

/// How a CSV file is written. The default is RFC 4180 with a header.
#[derive(Debug, Clone, PartialEq)]
pub struct CsvOptions {
    /// Between two values.
    pub delimiter: String,
    /// At the end of a record; without it a line break of any kind.
    pub row_delimiter: Option<String>,
    /// Around a value that holds a delimiter, a quote or a line break.
    pub quote: char,
    /// Before a quote inside a quoted value; without it a quote is written twice.
    pub escape: Option<char>,
    /// Whether the first record names the columns; else they are `_c0`, `_c1`, ….
    pub header: bool,
    /// The unquoted text that means NULL, beside the empty one.
    pub null_value: Option<Spanned<String>>,
    /// What lines begin with that are passed over.
    pub comment: Option<char>,
    /// Lines at the top of a file that are passed over, before the header.
    pub skip_rows: u64,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self {
            delimiter: ",".to_owned(),
            row_delimiter: None,
            quote: '"',
            escape: None,
            header: true,
            null_value: None,
            comment: None,
            skip_rows: 0,
        }
    }
}

pub(crate) const CSV: Object = Object {
    name: "`csv`",
    may_be_empty: true,
    keys: &[
        Key::defaulted("delimiter", Shape::Separator, "\",\"", "Between two values, such as `;` or `||`; `\\t` is a tab."),
        Key::optional(
            "row_delimiter",
            Shape::Separator,
            "At the end of a record, such as `|~|`; `\\n` is a line break. Left out: any line break.",
        ),
        Key::defaulted("quote", Shape::Char, "'\"'", "Around a value that holds a delimiter, a quote or a line break."),
        Key::optional("escape", Shape::Char, "Before a quote inside a quoted value. Left out: a quote is written twice."),
        Key::defaulted(
            "header",
            Shape::Bool,
            "true",
            "Whether the first record names the columns; else they are `_c0`, `_c1`, ….",
        ),
        Key::optional(
            "encoding",
            Shape::Choice(&Encoding::WORDS),
            "The same as the table's `encoding`, which stands for all formats.",
        ),
        Key::optional("null_value", Shape::Verbatim, "The unquoted text that means NULL, beside the empty one."),
        Key::optional("comment", Shape::Char, "What lines begin with that are passed over, such as `#`."),
        Key::defaulted(
            "skip_rows",
            Shape::Whole(0),
            "0",
            "Lines at the top of each file that are passed over, before the header.",
        ),
    ],
};

/// The options under `csv:`; `path` tells the delimiter of `.tsv` files.
pub(super) fn csv(fields: Option<Fields<'_>>, path: &str) -> CsvOptions {
    let mut options = CsvOptions::default();
    if path.to_ascii_lowercase().contains(".tsv") {
        options.delimiter = "\t".to_owned();
    }
    let Some(fields) = fields else { return options };
    let character = |key| fields.parsed(key, scalar::character).map(|c| c.value);
    let separator = |key| scalar::separator(&fields.get(key)?.text()?);
    options.delimiter = separator("delimiter").unwrap_or(options.delimiter);
    options.row_delimiter = separator("row_delimiter");
    options.quote = character("quote").unwrap_or(options.quote);
    options.escape = character("escape");
    options.header = fields.bool("header").unwrap_or(options.header);
    options.null_value = fields.get("null_value").and_then(Node::verbatim);
    options.comment = character("comment");
    options.skip_rows = fields.whole("skip_rows").unwrap_or_default();
    options
}
