//! CSV, RFC 4180: quotes, doubled quotes, line breaks within quotes, a header that names the columns.

mod chunk;
mod cut;
mod decode;
mod marks;
mod record;
mod sample;
mod wide;

use arrow::datatypes::Schema;

use super::lines::{Cutter, LineDecoder, LineFormat};
use super::shape::Shapes;
use record::Records;

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
        Box::new(cut::CsvCutter::new(self))
    }

    fn decoder(&self, schema: &Schema) -> Box<dyn LineDecoder> {
        Box::new(decode::CsvDecoder::new(self.clone(), schema))
    }
}

impl CsvOptions {
    /// The text of field `index`; `None` for NULL: no such field, nothing between the delimiters, or the null value.
    #[inline]
    fn value<'a>(&self, record: &'a mut Records<'_>, index: usize) -> Option<&'a str> {
        let (value, quoted) = record.field(index)?;
        let null = if value.is_empty() { !quoted } else { self.null_value.as_deref() == Some(value) };
        (!null).then_some(value)
    }

    /// What the columns of a file are called, in its order, by its first row. A blank name is `_c<position>`.
    fn names(&self, record: &mut Records<'_>) -> Vec<String> {
        let name = |index: usize, record: &mut Records<'_>| match record.field(index) {
            Some((name, _)) if self.header && !name.trim().is_empty() => name.to_owned(),
            _ => format!("_c{index}"),
        };
        (0..record.len()).map(|index| name(index, record)).collect()
    }
}
