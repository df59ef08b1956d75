//! What is particular to a source of files.

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
