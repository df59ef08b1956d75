//! Some records at once, so that each column can be given its values one after the other.

use std::ops::Range;

use super::record::{Field, Kind, Records, Step};

/// Records that are looked at together: they and their text should stay near the processor.
const RECORDS: usize = 512;
/// Fields, which may be many more where records are short and the header is long.
const FIELDS: usize = 64 << 10;
/// Bytes of text after which no more records are taken.
const BYTES: usize = 256 << 10;

/// The fields of some records, as many of each as the header has.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    width: usize,
    /// By record.
    fields: Vec<Field>,
    /// Where each record is.
    pub(super) records: Vec<Range<usize>>,
    /// The texts beyond the header, of the records that have such, by their number in the chunk.
    pub(super) extra: Vec<(usize, Vec<String>)>,
    /// The texts of fields that are no range of the file's.
    resolved: String,
}

impl Chunk {
    /// For files with so many columns.
    pub(super) fn new(width: usize) -> Chunk {
        Chunk { width, ..Chunk::default() }
    }

    /// Takes the next records of `text`, at most `most`. There are none at the end.
    pub(super) fn fill(&mut self, records: &mut Records<'_>, text: &str, most: usize) {
        self.fields.clear();
        self.records.clear();
        self.extra.clear();
        self.resolved.clear();
        let most = most.min(RECORDS).min(FIELDS / self.width.max(1)).max(1);
        let (mut bytes, width) = (0, self.width);
        while self.records.len() < most && bytes < BYTES {
            let first = self.fields.len();
            // What was cut has no quote that does not close.
            let Step::Record(_) = records.next_into(&mut self.fields) else { break };
            for field in self.fields[first..].iter_mut().filter(|field| field.is(Kind::Rough)) {
                records.resolve(field, &mut self.resolved);
            }
            if let Some(beyond) = self.fields.get(first + width..)
                && beyond.iter().any(|field| !self.text(text, *field).is_empty())
            {
                let extra = beyond.iter().map(|field| self.text(text, *field).to_owned()).collect();
                self.extra.push((self.records.len(), extra));
            }
            // A field that is not there is NULL, as one with nothing in it.
            self.fields.resize(first + width, Field::NOTHING);
            bytes += records.range().len();
            self.records.push(records.range());
        }
    }

    #[inline(always)]
    fn text<'a>(&'a self, text: &'a str, field: Field) -> &'a str {
        field.of(if field.is(Kind::Resolved) { &self.resolved } else { text })
    }

    /// Field `index` of a record of `text`; `None` for NULL: no such field, nothing between the delimiters, or `null`.
    #[inline(always)]
    pub(super) fn value<'a>(&'a self, text: &'a str, record: usize, index: usize, null: Option<&str>) -> Option<&'a str> {
        let field = *self.fields.get(record * self.width + index)?;
        let value = self.text(text, field);
        let is_null = if value.is_empty() { field.is(Kind::Plain) } else { null.is_some_and(|null| null == value) };
        (!is_null).then_some(value)
    }
}
