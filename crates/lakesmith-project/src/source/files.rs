//! What is particular to a source of files.

use crate::choice::{Choice, choice};
use crate::fields::Fields;
use crate::scalar;
use crate::shape::{Key, Object, Shape};
use crate::yaml::Node;
use lakesmith_text::Spanned;

/// How files are written.
#[derive(Debug, Clone, PartialEq)]
pub enum FileFormat {
    /// Values with a delimiter between them, one record a line (a quoted value may hold line breaks).
    Csv(CsvOptions),
    /// One JSON object a line (NDJSON).
    Json,
}

/// How a CSV file is written. The default is RFC 4180 in UTF-8 with a header.
#[derive(Debug, Clone, PartialEq)]
pub struct CsvOptions {
    /// Between two values.
    pub delimiter: char,
    /// Around a value that holds a delimiter, a quote or a line break.
    pub quote: char,
    /// Before a quote inside a quoted value; without it a quote is written twice.
    pub escape: Option<char>,
    /// Whether the first record names the columns; else they are `_c0`, `_c1`, ….
    pub header: bool,
    /// How characters are written as bytes.
    pub encoding: Encoding,
    /// The unquoted text that means NULL, beside the empty one.
    pub null_value: Option<Spanned<String>>,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { delimiter: ',', quote: '"', escape: None, header: true, encoding: Encoding::Utf8, null_value: None }
    }
}

/// How characters are written as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    Utf8,
    /// ISO 8859-1.
    Latin1,
    /// Windows code page 1252.
    Windows1252,
    /// UTF-16 with a byte order mark, or little endian.
    Utf16,
}

/// The formats by the words they are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Json,
}

choice! { Format:
    "csv" = Csv, "Values with a delimiter between them.";
    "json" = Json, "One JSON object a line (NDJSON).";
    later "parquet", "avro", "orc", "xml", "delta", "excel", "text";
}
choice! { pub Encoding:
    "utf-8" = Utf8, "UTF-8, with or without a byte order mark.";
    "iso-8859-1" = Latin1, "ISO 8859-1 (Latin 1).";
    "windows-1252" = Windows1252, "Windows code page 1252.";
    "utf-16" = Utf16, "UTF-16 with a byte order mark, or little endian.";
}

/// `csv:`
pub(crate) const CSV: Object = Object {
    name: "`csv`",
    may_be_empty: true,
    keys: &[
        Key::defaulted("delimiter", Shape::Char, "\",\"", "Between two values; `\\t` is a tab."),
        Key::defaulted("quote", Shape::Char, "'\"'", "Around a value that holds a delimiter, a quote or a line break."),
        Key::optional("escape", Shape::Char, "Before a quote inside a quoted value. Left out: a quote is written twice."),
        Key::defaulted(
            "header",
            Shape::Bool,
            "true",
            "Whether the first record names the columns; else they are `_c0`, `_c1`, ….",
        ),
        Key::defaulted("encoding", Shape::Choice(&Encoding::WORDS), "utf-8", "How characters are written as bytes."),
        Key::optional("null_value", Shape::Verbatim, "The unquoted text that means NULL, beside the empty one."),
    ],
};

impl Format {
    /// The format that the ending of a path tells: `orders/*.csv`, `orders/*.json.gz`.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        let path = path.to_ascii_lowercase();
        let path = path.trim_end_matches(".gz").trim_end_matches(".zst");
        match path.rsplit_once('.')?.1 {
            "csv" | "tsv" => Some(Format::Csv),
            "json" | "jsonl" | "ndjson" => Some(Format::Json),
            _ => None,
        }
    }
}

/// The options under `csv:`; `path` tells the delimiter of `.tsv` files.
pub(crate) fn csv(fields: Option<Fields<'_>>, path: &str) -> CsvOptions {
    let mut options = CsvOptions::default();
    if path.to_ascii_lowercase().contains(".tsv") {
        options.delimiter = '\t';
    }
    let Some(fields) = fields else { return options };
    let character = |key| fields.parsed(key, scalar::character).map(|c| c.value);
    options.delimiter = character("delimiter").unwrap_or(options.delimiter);
    options.quote = character("quote").unwrap_or(options.quote);
    options.escape = character("escape");
    options.header = fields.bool("header").unwrap_or(options.header);
    options.encoding = fields.choice("encoding").unwrap_or_default();
    options.null_value = fields.get("null_value").and_then(Node::verbatim);
    options
}
