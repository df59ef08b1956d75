//! CSV, RFC 4180: quotes, doubled quotes, line breaks within quotes, a header that names the columns.

mod decode;
mod record;
mod sample;

pub(crate) use decode::{CsvChecker, CsvDecoder};
pub(crate) use sample::sample;

use super::CsvOptions;
use record::Record;

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
