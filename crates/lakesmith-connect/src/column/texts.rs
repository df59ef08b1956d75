//! Texts being built, of which the last can be taken back.

use arrow::array::StringArray;
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};

use crate::error::ConnectError;

/// One text per row.
#[derive(Debug)]
pub(super) struct Texts {
    all: String,
    /// Where each text starts in `all`, and where the last one ends. Batches are closed long before 2 GiB.
    offsets: Vec<i32>,
}

impl Default for Texts {
    fn default() -> Texts {
        Texts { all: String::new(), offsets: vec![0] }
    }
}

impl Texts {
    /// Appends a text.
    #[inline]
    pub(super) fn push(&mut self, text: &str) {
        self.all.push_str(text);
        self.offsets.push(self.all.len() as i32);
    }

    /// Takes back what was appended after the first `rows` texts.
    pub(super) fn truncate(&mut self, rows: usize) {
        if let Some(end) = self.offsets.get(rows) {
            self.all.truncate(*end as usize);
            self.offsets.truncate(rows + 1);
        }
    }

    /// The array of the texts, which start again empty, with room for as many.
    pub(super) fn finish(&mut self, nulls: Option<NullBuffer>) -> Result<StringArray, ConnectError> {
        let mut empty = Texts { all: String::with_capacity(self.all.len()), offsets: Vec::with_capacity(self.offsets.len()) };
        empty.offsets.push(0);
        let Texts { all, offsets } = std::mem::replace(self, empty);
        Ok(StringArray::try_new(OffsetBuffer::new(offsets.into()), Buffer::from_vec(all.into_bytes()), nulls)?)
    }
}
