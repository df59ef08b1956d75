//! Some records at once, so that each column can be given its values one after the other.

use std::ops::Range;

use super::record::{Kind, Records, Span, Step};

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
    /// By record. `None`: it has fewer fields.
    fields: Vec<Option<Field>>,
    /// Where each record is.
    pub(super) records: Vec<Range<usize>>,
    /// The texts beyond the header, of the records that have such, by their number in the chunk.
    pub(super) extra: Vec<(usize, Vec<String>)>,
    /// The texts of fields that are no range of the file's.
    resolved: String,
}

#[derive(Debug, Clone, Copy)]
struct Field {
    span: Span,
    /// In the resolved texts, not in the file's.
    resolved: bool,
}

impl Chunk {
    /// For files with so many columns.
    pub(super) fn new(width: usize) -> Chunk {
        Chunk { width, ..Chunk::default() }
    }

    /// Takes the next records, at most `most`. There are none at the end.
    pub(super) fn fill(&mut self, records: &mut Records<'_>, most: usize) {
        self.fields.clear();
        self.records.clear();
        self.extra.clear();
        self.resolved.clear();
        let most = most.min(RECORDS).min(FIELDS / self.width.max(1)).max(1);
        let mut bytes = 0;
        while self.records.len() < most && bytes < BYTES {
            // What was cut has no quote that does not close.
            let Step::Record(_) = records.next() else { break };
            let (range, width) = (records.range(), self.width);
            bytes += range.len();
            for span in records.fields().iter().take(width) {
                let field = if span.kind == Kind::Rough {
                    let start = self.resolved.len() as u32;
                    records.resolve(*span, &mut self.resolved);
                    Field { span: Span { start, end: self.resolved.len() as u32, kind: span.kind }, resolved: true }
                } else {
                    Field { span: *span, resolved: false }
                };
                self.fields.push(Some(field));
            }
            if records.len() > width {
                let extra: Vec<String> =
                    (width..records.len()).filter_map(|field| Some(records.field(field)?.0.to_owned())).collect();
                if extra.iter().any(|text| !text.is_empty()) {
                    self.extra.push((self.records.len(), extra));
                }
            }
            self.records.push(range);
            self.fields.resize(self.records.len() * width, None);
        }
    }

    /// Field `index` of a record of `text`; `None` for NULL: no such field, nothing between the delimiters, or `null`.
    #[inline(always)]
    pub(super) fn value<'a>(&'a self, text: &'a str, record: usize, index: usize, null: Option<&str>) -> Option<&'a str> {
        let field = (*self.fields.get(record * self.width + index)?)?;
        let value = field.span.of(if field.resolved { &self.resolved } else { text });
        let is_null = if value.is_empty() { field.span.kind == Kind::Plain } else { null == Some(value) };
        (!is_null).then_some(value)
    }
}
