//! CSV, RFC 4180: quotes, doubled quotes, line breaks within quotes, a header that names the columns.

mod decode;
mod record;
mod sample;

use arrow::datatypes::Schema;

use super::lines::{Cutter, LineDecoder, LineFormat};
use super::shape::Shapes;
use record::Record;

/// How a CSV file is written. The default is RFC 4180 with a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvOptions {
    /// What stands between fields, of any length but none. Default `,`.
    pub delimiter: String,
    /// What ends a record. Default none: `\n`, `\r\n` or `\r`.
    pub row_delimiter: Option<String>,
    /// Byte around fields that hold a delimiter, a quote or a line break. Default `"`.
    pub quote: u8,
    /// Byte that takes the next quote (or itself) literally within quotes. Default none: quotes are doubled.
    pub escape: Option<u8>,
    /// Whether the first row names the columns. Default true; otherwise they are `_c0`, `_c1`, ….
    pub header: bool,
    /// Text that stands for NULL besides the empty unquoted field. Default none.
    pub null_value: Option<String>,
    /// Byte at the beginning of lines that are passed over. Default none.
    pub comment: Option<u8>,
    /// Lines at the top of the file that are passed over, before the header. Default 0.
    pub skip_rows: u64,
}

impl Default for CsvOptions {
    fn default() -> Self {
        CsvOptions {
            delimiter: ",".to_owned(),
            row_delimiter: None,
            quote: b'"',
            escape: None,
            header: true,
            null_value: None,
            comment: None,
            skip_rows: 0,
        }
    }
}

impl LineFormat for CsvOptions {
    fn sample_text(&self, text: &str, complete: bool, limit: u64, shapes: &mut Shapes) -> u64 {
        sample::sample(self, text, complete, limit, shapes)
    }

    fn cutter(&self) -> Box<dyn Cutter> {
        Box::new(decode::CsvCutter::new(self.clone()))
    }

    fn decoder(&self, schema: &Schema) -> Box<dyn LineDecoder> {
        Box::new(decode::CsvDecoder::new(self.clone(), schema))
    }
}

impl CsvOptions {
    /// The text of field `index`; `None` for NULL: no such field, nothing between the delimiters, or the null value.
    fn value<'a>(&self, record: &'a mut Record, text: &'a str, index: usize) -> Option<&'a str> {
        let quoted = record.is_quoted(index)?;
        let value = record.text(text, index)?;
        let null = (value.is_empty() && !quoted) || (self.null_value.as_deref() == Some(value) && !value.is_empty());
        (!null).then_some(value)
    }

    /// What the columns of a file are called, in its order, by its first row. A blank name is `_c<position>`.
    fn names(&self, record: &mut Record, text: &str) -> Vec<String> {
        let name = |index: usize, record: &mut Record| match record.text(text, index) {
            Some(name) if self.header && !name.trim().is_empty() => name.to_owned(),
            _ => format!("_c{index}"),
        };
        (0..record.len()).map(|index| name(index, record)).collect()
    }
}
