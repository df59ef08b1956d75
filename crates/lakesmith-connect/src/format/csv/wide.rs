//! Delimiters and breaks of several bytes.

use super::CsvOptions;
use super::marks::{Mark, Marks};

/// Finds marks of any length.
#[derive(Debug)]
pub(super) struct Wide {
    delimiter: Vec<u8>,
    /// `None`: the line breaks of every system.
    row_delimiter: Option<Vec<u8>>,
    /// What delimiters of fields and of records begin with.
    first_bytes: [u8; 3],
}

impl Wide {
    pub(super) fn new(options: &CsvOptions) -> Wide {
        let delimiter = options.delimiter.as_bytes().to_vec();
        let row_delimiter = options.row_delimiter.as_deref().filter(|row| !row.is_empty()).map(|row| row.as_bytes().to_vec());
        let (one, two) = match row_delimiter.as_deref() {
            Some([first, ..]) => (*first, *first),
            _ => (b'\n', b'\r'),
        };
        let first_bytes = [delimiter.first().copied().unwrap_or(one), one, two];
        Wide { delimiter, row_delimiter, first_bytes }
    }

    /// What stands at `at`, if it ends a field. What could be both ends the record.
    fn find(&self, text: &[u8], at: usize) -> Option<Mark> {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let row_end = match (&self.row_delimiter, rest) {
            (Some(row), _) => rest.starts_with(row).then_some(Mark::Break(row.len())),
            (None, [b'\r']) => Some(Mark::End),
            (None, [b'\r', b'\n', ..]) => Some(Mark::Break(2)),
            (None, [b'\n' | b'\r', ..]) => Some(Mark::Break(1)),
            (None, _) => None,
        };
        let delimiter = || !self.delimiter.is_empty() && rest.starts_with(&self.delimiter);
        row_end.or_else(|| delimiter().then_some(Mark::Delimiter(self.delimiter.len())))
    }
}

impl Marks for Wide {
    fn field_end(&mut self, text: &[u8], mut from: usize) -> usize {
        let [one, two, three] = self.first_bytes;
        while let Some(found) = memchr::memchr3(one, two, three, &text[from..]) {
            from += found;
            if self.find(text, from).is_some() {
                return from;
            }
            from += 1;
        }
        text.len()
    }

    fn mark(&self, text: &[u8], at: usize) -> Mark {
        self.find(text, at).unwrap_or(Mark::End)
    }
}
