//! What is particular to a source of files: how they are written, one module a format.

mod csv;
mod excel;
mod fixed_width;
mod json;
mod notation;
mod text;
mod xml;

use crate::choice::choice;
use crate::fields::Fields;
use crate::names::{conflict, no_effect};
use crate::shape::Object;
use lakesmith_text::{Diagnostic, Diagnostics};

pub use csv::CsvOptions;
pub use excel::{CellRange, ExcelOptions, Sheet};
pub use fixed_width::{FixedField, FixedWidthOptions};
pub use json::{JsonOptions, PathStep};
pub use notation::Notation;
pub use text::TextOptions;
pub use xml::XmlOptions;

pub(crate) use csv::CSV;
pub(crate) use excel::{EXCEL, range};
pub(crate) use fixed_width::FIXED_WIDTH;
pub(crate) use json::{JSON, path};
pub(crate) use notation::{notation, pattern};
pub(crate) use text::TEXT;
pub(crate) use xml::XML;

/// How files are written.
#[derive(Debug, Clone, PartialEq)]
pub enum FileFormat {
    /// Values with a delimiter between them, one record a line (a quoted value may hold line breaks).
    Csv(CsvOptions),
    /// JSON: one object a line (NDJSON), arrays of objects, or objects within documents.
    Json(JsonOptions),
    /// XML, whose rows are the elements of one name.
    Xml(XmlOptions),
    /// Lines whose fields stand at fixed places.
    FixedWidth(FixedWidthOptions),
    /// Plain text.
    Text(TextOptions),
    /// Parquet.
    Parquet,
    /// Avro object container files.
    Avro,
    /// A sheet of an Excel or OpenDocument spreadsheet.
    Excel(ExcelOptions),
}

/// How characters are written as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// ISO 8859-1.
    Latin1,
    /// Windows code page 1252.
    Windows1252,
    /// UTF-16 with a byte order mark, or little endian.
    Utf16,
}

/// What files are wrapped in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// What their first bytes tell.
    #[default]
    Auto,
    /// Nothing.
    None,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
    /// A zip archive.
    Zip,
}

/// The formats by the words they are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Json,
    Xml,
    FixedWidth,
    Text,
    Parquet,
    Avro,
    Excel,
}

choice! { Format:
    "csv" = Csv, "Values with a delimiter between them.";
    "json" = Json, "One JSON object a line (NDJSON), an array of objects, objects over several lines, or objects within documents.";
    "xml" = Xml, "XML, whose rows are the elements of one name.";
    "fixed_width" = FixedWidth, "Lines whose fields stand at fixed places.";
    "text" = Text, "Plain text: one column `value`, a row a line or a row a file.";
    "parquet" = Parquet, "Parquet: columns keep the types that the file gives them.";
    "avro" = Avro, "Avro object container files: columns keep the types that the file gives them.";
    "excel" = Excel, "A sheet of a spreadsheet: `.xlsx`, `.xlsm`, `.xlsb`, `.xls`, `.ods`.";
    later "orc", "delta";
}
choice! { pub Encoding:
    "utf-8" = Utf8, "UTF-8, with or without a byte order mark.";
    "iso-8859-1" = Latin1, "ISO 8859-1 (Latin 1).";
    "windows-1252" = Windows1252, "Windows code page 1252.";
    "utf-16" = Utf16, "UTF-16 with a byte order mark, or little endian.";
}
choice! { pub Compression:
    "auto" = Auto, "What the first bytes tell: gzip, Zstandard, and zip where the name ends in `.zip`.";
    "none" = None, "Nothing, whatever the first bytes look like.";
    "gzip" = Gzip, "gzip.";
    "zstd" = Zstd, "Zstandard.";
    "zip" = Zip, "A zip archive: its files one after the other, by name.";
}

impl Format {
    /// Its word, which is also the key of its options.
    fn key(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Json => "json",
            Format::Xml => "xml",
            Format::FixedWidth => "fixed_width",
            Format::Text => "text",
            Format::Parquet => "parquet",
            Format::Avro => "avro",
            Format::Excel => "excel",
        }
    }

    /// The format that the ending of a path tells: `orders/*.csv`, `orders/*.json.gz`.
    fn of_path(path: &str) -> Option<Self> {
        let path = path.to_ascii_lowercase();
        let path = path.trim_end_matches(".gz").trim_end_matches(".zst").trim_end_matches(".zip");
        match path.rsplit_once('.')?.1 {
            "csv" | "tsv" => Some(Format::Csv),
            "json" | "jsonl" | "ndjson" => Some(Format::Json),
            "xml" => Some(Format::Xml),
            "parquet" => Some(Format::Parquet),
            "avro" => Some(Format::Avro),
            "xlsx" | "xlsm" | "xlsb" | "xls" | "ods" => Some(Format::Excel),
            _ => None,
        }
    }
}

/// The keys that belong to one format each.
const OF_FORMATS: [&str; 6] = ["csv", "json", "xml", "fixed_width", "text", "excel"];

/// How the files of a table are written; none if that cannot be told.
pub(crate) fn format(fields: &Fields<'_>, path: &str, diagnostics: &mut Diagnostics) -> Option<FileFormat> {
    let format = match fields.has("format") {
        true => fields.choice("format")?,
        false => match Format::of_path(path) {
            Some(format) => format,
            None => {
                diagnostics.push(
                    Diagnostic::error("missing-key", "a source table needs the key `format` where its path does not tell it")
                        .at(fields.place("path"))
                        .help("say it, such as `format: csv` or `format: json`"),
                );
                return None;
            }
        },
    };
    misplaced(fields, format, diagnostics);
    if matches!(format, Format::Parquet | Format::Avro | Format::Excel) {
        no_effect(fields, "encoding", "files of text", diagnostics);
    }
    Some(match format {
        Format::Csv => FileFormat::Csv(csv::csv(fields.object("csv", &CSV), path)),
        Format::Json => FileFormat::Json(json::json(fields.object("json", &JSON))),
        Format::Xml => FileFormat::Xml(xml::xml(needed(fields, format, "xml", &XML, "`xml: { row_tag: order }`", diagnostics)?)?),
        Format::FixedWidth => {
            let example = "`fixed_width: { fields: [{ name: id, width: 8 }] }`";
            let options = needed(fields, format, "fixed_width", &FIXED_WIDTH, example, diagnostics)?;
            FileFormat::FixedWidth(fixed_width::fixed_width(options, diagnostics))
        }
        Format::Text => FileFormat::Text(text::text(fields.object("text", &TEXT))),
        Format::Parquet => FileFormat::Parquet,
        Format::Avro => FileFormat::Avro,
        Format::Excel => FileFormat::Excel(excel::excel(fields.object("excel", &EXCEL))),
    })
}

/// Says which keys belong to other formats.
fn misplaced(fields: &Fields<'_>, format: Format, diagnostics: &mut Diagnostics) {
    for key in OF_FORMATS.iter().filter(|key| **key != format.key()) {
        if fields.has("format") {
            conflict(fields, "format", key, &format!("`{key}` belongs to `format: {key}`"), diagnostics);
        } else {
            let reason = format!("`format: {key}`, and this path ends as {} does", format.key());
            no_effect(fields, key, &reason, diagnostics);
        }
    }
}

/// The options that a format cannot do without.
fn needed<'a>(
    fields: &Fields<'a>,
    format: Format,
    key: &'static str,
    object: &'static Object,
    example: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Fields<'a>> {
    if !fields.present(key) {
        diagnostics.push(
            Diagnostic::error("missing-key", format!("a source table of `format: {}` needs the key `{key}`", format.key()))
                .at(fields.place(if fields.has("format") { "format" } else { "path" }))
                .help(format!("such as {example}")),
        );
    }
    fields.object(key, object)
}
