//! How a table's files are written: from the project's words to what reads them.

use lakesmith_connect as connect;
use lakesmith_connect::{FileSource, Format};
use lakesmith_project::{Compression, CsvOptions, Encoding, ExcelOptions, FileFormat, Notation, PathStep, Sheet, SourceTable};

/// The format of a table's files; none of an existing table.
pub(crate) fn format(table: &SourceTable) -> Option<Format> {
    Some(match table.format.as_ref()? {
        FileFormat::Csv(options) => Format::Csv(csv(options)),
        FileFormat::Json(options) => {
            let step = |step: &PathStep| match step {
                PathStep::Field(name) => connect::PathStep::Field(name.clone()),
                PathStep::Elements => connect::PathStep::Elements,
            };
            Format::Json(connect::JsonOptions { rows_at: options.rows_at.iter().map(step).collect() })
        }
        FileFormat::Xml(options) => Format::Xml(connect::XmlOptions {
            row_tag: options.row_tag.value.clone(),
            attribute_prefix: options.attribute_prefix.clone(),
            value_tag: options.value_tag.clone(),
        }),
        FileFormat::FixedWidth(options) => {
            let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
            let field = |field: &lakesmith_project::FixedField| connect::FixedField {
                name: field.name.value.clone(),
                start: place(field.start),
                width: place(field.width),
            };
            Format::FixedWidth(connect::FixedWidthOptions {
                fields: options.fields.iter().map(field).collect(),
                trim: options.trim,
                skip_rows: options.skip_rows,
            })
        }
        FileFormat::Text(options) => Format::Text(connect::TextOptions { whole_file: options.whole_file }),
        FileFormat::Parquet => Format::Parquet,
        FileFormat::Avro => Format::Avro,
        FileFormat::Excel(options) => Format::Excel(excel(options)),
    })
}

/// Tells `source` how the bytes and the values of a table's files are written.
pub(crate) fn tell(source: &mut FileSource, table: &SourceTable) {
    source.charset = table.encoding.map(|encoding| match encoding {
        Encoding::Utf8 => connect::Charset::Utf8,
        Encoding::Latin1 => connect::Charset::Latin1,
        Encoding::Windows1252 => connect::Charset::Windows1252,
        Encoding::Utf16 => connect::Charset::Utf16Le,
    });
    source.compression = match table.compression {
        Compression::Auto => connect::Compression::Auto,
        Compression::None => connect::Compression::None,
        Compression::Gzip => connect::Compression::Gzip,
        Compression::Zstd => connect::Compression::Zstd,
        Compression::Zip => connect::Compression::Zip,
    };
    source.notation = notation(&table.notation);
}

fn csv(options: &CsvOptions) -> connect::CsvOptions {
    let byte = |character| u8::try_from(character).ok();
    connect::CsvOptions {
        delimiter: options.delimiter.clone(),
        row_delimiter: options.row_delimiter.clone(),
        quote: byte(options.quote).unwrap_or(b'"'),
        escape: options.escape.and_then(byte),
        header: options.header,
        null_value: options.null_value.as_ref().map(|text| text.value.clone()),
        comment: options.comment.and_then(byte),
        skip_rows: options.skip_rows,
    }
}

fn excel(options: &ExcelOptions) -> connect::ExcelOptions {
    connect::ExcelOptions {
        sheet: options.sheet.as_ref().map(|sheet| match sheet {
            Sheet::Name(name) => connect::Sheet::Name(name.clone()),
            Sheet::Number(number) => connect::Sheet::Number(usize::try_from(*number).unwrap_or(usize::MAX)),
        }),
        range: options.range.map(|range| connect::CellRange {
            first_row: range.first_row,
            last_row: range.last_row,
            first_column: range.first_column,
            last_column: range.last_column,
        }),
        header: options.header,
    }
}

fn notation(notation: &Notation) -> connect::Notation {
    // A pattern that cannot be read was told when the project was loaded.
    let pattern = |text: &lakesmith_text::Spanned<String>| text.value.parse().ok();
    connect::Notation {
        decimal: notation.decimal,
        thousands: notation.thousands,
        date: notation.date_format.as_ref().and_then(pattern),
        timestamp: notation.timestamp_format.as_ref().and_then(pattern),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;
    use object_store::memory::InMemory;
    use object_store::path::Path;
    use std::sync::Arc;

    fn source(table: &str) -> FileSource {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("sources")).unwrap();
        std::fs::write(folder.path().join("lakehouse.yaml"), "lakehouse: x\n").unwrap();
        let text = format!("source: s\ntype: files\npath: landing/\ntables:\n  t: {{ {table} }}\n");
        std::fs::write(folder.path().join("sources/s.yaml"), text).unwrap();
        let (project, diagnostics) = lakesmith_project::load(folder.path());
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let table = &project.sources[0].tables[0];
        let mut source = FileSource::new(Arc::new(InMemory::new()), Path::from("landing"), "*", format(table).unwrap());
        tell(&mut source, table);
        source
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let found = source("path: \"*.json\", json: { rows_at: \"$.a[*]\" }, encoding: iso-8859-1, compression: gzip");
        let rows_at = vec![connect::PathStep::Field("a".to_owned()), connect::PathStep::Elements];
        assert_eq!(found.format, Format::Json(connect::JsonOptions { rows_at }));
        assert_eq!((found.charset, found.compression), (Some(connect::Charset::Latin1), connect::Compression::Gzip));

        let found = source(
            "path: x, format: csv, csv: { delimiter: \"||\", skip_rows: 2, comment: \"#\", encoding: utf-16 }, decimal: \",\"",
        );
        let Format::Csv(csv) = found.format else { panic!("no CSV") };
        assert_eq!((csv.delimiter.as_str(), csv.skip_rows, csv.comment), ("||", 2, Some(b'#')));
        assert_eq!(found.charset, Some(connect::Charset::Utf16Le));
        assert_eq!((found.notation.decimal, found.notation.thousands), (Some(','), Some('.')));

        let found =
            source("path: x, format: fixed_width, fixed_width: { fields: [{ name: a, width: 3 }, { name: b, width: 2 }] }");
        let Format::FixedWidth(options) = found.format else { panic!("no fixed width") };
        assert_eq!(options.fields[1], connect::FixedField { name: "b".to_owned(), start: 4, width: 2 });
        assert_eq!(found.notation, connect::Notation::default());

        assert_eq!(source("path: \"*.parquet\"").format, Format::Parquet);
        assert_eq!(source("path: \"*.avro\"").format, Format::Avro);
        let found = source("path: \"*.xlsx\", excel: { sheet: 2, range: \"B3:D\", header: false }");
        let range = connect::CellRange { first_row: 2, first_column: 1, last_column: 3, ..connect::CellRange::ALL };
        let options = connect::ExcelOptions { sheet: Some(connect::Sheet::Number(2)), range: Some(range), header: false };
        assert_eq!(found.format, Format::Excel(options));
    }

    /// The project's check of patterns and their reader must agree.
    #[test]
    fn every_pattern_that_is_accepted_is_read() {
        for pattern in
            ["dd.MM.yyyy", "d MMM yy", "d MMMM u", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "MM/dd/yyyy hh:mm a", "yyyy''MM x Z"]
        {
            let found = source(&format!("path: \"*.csv\", date_format: \"{pattern}\", timestamp_format: \"{pattern}\""));
            assert!(found.notation.date.is_some() && found.notation.timestamp.is_some(), "{pattern}");
        }
    }
}
