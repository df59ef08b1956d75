//! What ends the fields of a CSV text: delimiters, and breaks between records.

use super::CsvOptions;
use crate::scan::{BLOCK, any_of};

/// What ends a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// A delimiter of so many bytes.
    Delimiter(usize),
    /// The end of the record, of so many bytes.
    Break(usize),
    /// The end of the text, or what may be half of a break there.
    End,
}

/// Finds what ends fields.
pub(super) trait Marks {
    /// Where the field that is not quoted from `from` on ends: at a mark.
    fn field_end(&mut self, text: &[u8], from: usize) -> usize;

    /// What stands at `at`, where a field ends.
    fn mark(&self, text: &[u8], at: usize) -> Mark;
}

/// Delimiters and breaks of one byte each, or the line breaks of every system.
#[derive(Debug, Clone, Copy)]
pub(super) struct OneByte {
    pub(super) delimiter: u8,
    pub(super) breaks: [u8; 2],
    /// Whether `\n`, `\r\n` and `\r` are breaks.
    pub(super) any_line_break: bool,
}

impl OneByte {
    /// `None` if one of them is longer.
    pub(super) fn new(options: &CsvOptions) -> Option<OneByte> {
        let [delimiter] = *options.delimiter.as_bytes() else { return None };
        let (breaks, any_line_break) = match options.row_delimiter.as_deref().map(str::as_bytes) {
            None => ([b'\n', b'\r'], true),
            Some([row]) => ([*row, *row], false),
            Some(_) => return None,
        };
        (!breaks.contains(&delimiter)).then_some(OneByte { delimiter, breaks, any_line_break })
    }
}

/// Finds marks of [`OneByte`], 64 bytes at a time.
#[derive(Debug)]
pub(super) struct Narrow {
    bytes: OneByte,
    /// A block of the text, and which of its bytes end a field that is not quoted.
    block: usize,
    ends: u64,
}

impl Narrow {
    pub(super) fn new(bytes: OneByte, text: &[u8]) -> Narrow {
        let mut marks = Narrow { bytes, block: 0, ends: 0 };
        marks.look_at(text, 0);
        marks
    }

    #[inline]
    fn look_at(&mut self, text: &[u8], from: usize) {
        let OneByte { delimiter, breaks: [one, two], .. } = self.bytes;
        let wanted = [delimiter, one, two];
        let rest = &text[from..];
        self.block = from;
        self.ends = match rest.first_chunk::<BLOCK>() {
            Some(block) => any_of(block, wanted),
            None => {
                let mut block = [0; BLOCK];
                block[..rest.len()].copy_from_slice(rest);
                any_of(&block, wanted) & ((1 << rest.len()) - 1)
            }
        };
    }
}

impl Marks for Narrow {
    #[inline(always)]
    fn field_end(&mut self, text: &[u8], mut from: usize) -> usize {
        loop {
            let within = from.wrapping_sub(self.block);
            if within < BLOCK {
                let ends = self.ends >> within;
                if ends != 0 {
                    return from + ends.trailing_zeros() as usize;
                }
                from = self.block + BLOCK;
            }
            if from >= text.len() {
                return text.len();
            }
            self.look_at(text, from);
        }
    }

    #[inline]
    fn mark(&self, text: &[u8], at: usize) -> Mark {
        match text.get(at) {
            None => Mark::End,
            Some(byte) if *byte == self.bytes.delimiter => Mark::Delimiter(1),
            Some(b'\r') if self.bytes.any_line_break => match text.get(at + 1) {
                None => Mark::End,
                Some(b'\n') => Mark::Break(2),
                Some(_) => Mark::Break(1),
            },
            Some(_) => Mark::Break(1),
        }
    }
}
