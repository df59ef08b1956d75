//! The records of a CSV text: where their fields are.

use std::ops::Range;

use super::CsvOptions;
use crate::scan::{BLOCK, any_of};

/// The records of a text, one after the other. The fields of the current one are ranges of the text.
#[derive(Debug)]
pub(super) struct Records<'t> {
    text: &'t str,
    /// Whether no more text follows.
    last: bool,
    /// Where the current record starts, and where the next does.
    start: usize,
    at: usize,
    fields: Vec<Field>,
    /// Room for a field whose text is not a range of the file's.
    scratch: String,
    delimiter: u8,
    quotes: Quotes,
    /// A block of the text, and which of its bytes end a field that is not quoted.
    block: usize,
    ends: u64,
}

/// Where a field is, and how it is written: the start, and the length above the two bits of its [`Kind`]. A text is much
/// shorter than a GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    start: u32,
    length_and_kind: u32,
}

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    /// The range is within the quotes.
    Quoted,
    /// The range starts at the opening quote; there are doubled or escaped quotes, or text after the closing one.
    Rough,
    /// The range is not of the file's text, but of what rough fields were resolved to.
    Resolved,
}

impl Field {
    /// Nothing between two delimiters.
    pub(super) const NOTHING: Field = Field { start: 0, length_and_kind: 0 };

    #[inline]
    pub(super) fn new(range: Range<usize>, kind: Kind) -> Field {
        Field { start: range.start as u32, length_and_kind: (range.len() as u32) << 2 | kind as u32 }
    }

    #[inline]
    pub(super) fn is(self, kind: Kind) -> bool {
        self.length_and_kind & 3 == kind as u32
    }

    /// Of the text that it is a range of.
    #[inline]
    pub(super) fn of(self, text: &str) -> &str {
        let start = self.start as usize;
        text.get(start..start + (self.length_and_kind >> 2) as usize).unwrap_or_default()
    }
}

/// How far a record could be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A record, which ends here (after its line break).
    Record(usize),
    /// The text ends, maybe within a record.
    Incomplete,
    /// The last text ends within a quote, which opened here.
    Unbalanced(usize),
}

/// What quotes fields, and what takes a quote literally.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quotes {
    pub(super) quote: u8,
    pub(super) escape: Option<u8>,
}

impl Quotes {
    pub(super) fn new(options: &CsvOptions) -> Quotes {
        Quotes { quote: options.quote, escape: options.escape.filter(|escape| *escape != options.quote) }
    }

    /// Where the quote that opened before `at` closes, and whether there are doubled or escaped ones within.
    #[inline]
    pub(super) fn closing(&self, bytes: &[u8], mut at: usize) -> Option<(usize, bool)> {
        let mut rough = false;
        loop {
            let rest = bytes.get(at..)?;
            at += match self.escape {
                None => memchr::memchr(self.quote, rest)?,
                Some(escape) => memchr::memchr2(self.quote, escape, rest)?,
            };
            if bytes[at] == self.quote && bytes.get(at + 1) != Some(&self.quote) {
                return Some((at, rough));
            }
            // A doubled quote, or an escape and what it escapes.
            rough = true;
            bytes.get(at + 1)?;
            at += 2;
        }
    }

    /// Appends to `out` the text of a field that starts with its opening quote.
    fn resolve(&self, raw: &str, out: &mut String) {
        let (quote, escape) = (char::from(self.quote), self.escape.map(char::from));
        let mut within = true;
        let mut characters = raw.chars().skip(1).peekable();
        while let Some(character) = characters.next() {
            let next = characters.peek().copied();
            if !within {
                out.push(character);
            } else if character == quote && next != Some(quote) {
                within = false;
            } else if character == quote || (Some(character) == escape && (next == Some(quote) || next == escape)) {
                out.extend(characters.next());
            } else {
                out.push(character);
            }
        }
    }
}

impl<'t> Records<'t> {
    /// The records of `text`. `last` means that no more text follows.
    pub(super) fn new(options: &CsvOptions, text: &'t str, last: bool) -> Records<'t> {
        let mut records = Records {
            text,
            last,
            start: 0,
            at: 0,
            fields: Vec::new(),
            scratch: String::new(),
            delimiter: options.delimiter,
            quotes: Quotes::new(options),
            block: 0,
            ends: 0,
        };
        records.look_at(0);
        records
    }

    /// Where the current record is, with its line break.
    pub(super) fn range(&self) -> Range<usize> {
        self.start..self.at
    }

    /// Where the next record starts.
    pub(super) fn next_start(&self) -> usize {
        self.at
    }

    /// Reads the next record that is not blank.
    pub(super) fn next(&mut self) -> Step {
        let mut fields = std::mem::take(&mut self.fields);
        fields.clear();
        let step = self.next_into(&mut fields);
        self.fields = fields;
        step
    }

    /// Reads the next record that is not blank, and adds its fields to `fields`.
    #[inline]
    pub(super) fn next_into(&mut self, fields: &mut Vec<Field>) -> Step {
        let first = fields.len();
        while self.at < self.text.len() {
            match self.read(fields) {
                Step::Record(end) => (self.start, self.at) = (self.at, end),
                other => {
                    fields.truncate(first);
                    return other;
                }
            }
            match fields.get(first..) {
                Some([only]) if only.is(Kind::Plain) && only.of(self.text).is_empty() => fields.truncate(first),
                _ => return Step::Record(self.at),
            }
        }
        Step::Incomplete
    }

    /// Reads the record that starts at `at`, before the end of the text.
    #[inline]
    fn read(&mut self, fields: &mut Vec<Field>) -> Step {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        loop {
            let start = at;
            let field = if bytes.get(at) == Some(&self.quotes.quote) {
                let Some((close, rough)) = self.quotes.closing(bytes, at + 1) else {
                    return if self.last { Step::Unbalanced(start) } else { Step::Incomplete };
                };
                at = self.field_end(close + 1);
                if rough || at > close + 1 {
                    Field::new(start..at, Kind::Rough)
                } else {
                    Field::new(start + 1..close, Kind::Quoted)
                }
            } else {
                at = self.field_end(at);
                Field::new(start..at, Kind::Plain)
            };
            fields.push(field);
            match bytes.get(at) {
                Some(byte) if *byte == self.delimiter => at += 1,
                Some(b'\n') => return Step::Record(at + 1),
                // A carriage return.
                Some(_) => match bytes.get(at + 1) {
                    Some(b'\n') => return Step::Record(at + 2),
                    // What follows may be the other half of a line break.
                    None if !self.last => return Step::Incomplete,
                    _ => return Step::Record(at + 1),
                },
                None => return if self.last { Step::Record(at) } else { Step::Incomplete },
            }
        }
    }

    /// Where the field that is not quoted from `from` on ends: at a delimiter, a line break or the end of the text.
    #[inline(always)]
    fn field_end(&mut self, mut from: usize) -> usize {
        loop {
            let within = from - self.block;
            if within < BLOCK {
                let ends = self.ends >> within;
                if ends != 0 {
                    return from + ends.trailing_zeros() as usize;
                }
                from = self.block + BLOCK;
            }
            if from >= self.text.len() {
                return self.text.len();
            }
            self.look_at(from);
        }
    }

    #[inline]
    fn look_at(&mut self, from: usize) {
        let wanted = [self.delimiter, b'\n', b'\r'];
        let rest = &self.text.as_bytes()[from..];
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

    /// How many fields the current record has.
    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    /// The text of a field, quotes resolved, and whether it is quoted; `None` if there is no such field.
    pub(super) fn field(&mut self, index: usize) -> Option<(&str, bool)> {
        let field = *self.fields.get(index)?;
        let raw = field.of(self.text);
        if !field.is(Kind::Rough) {
            return Some((raw, field.is(Kind::Quoted)));
        }
        self.scratch.clear();
        self.quotes.resolve(raw, &mut self.scratch);
        Some((&self.scratch, true))
    }

    /// Resolves a rough field: its text is added to `out`, and it becomes a range of that.
    pub(super) fn resolve(&self, field: &mut Field, out: &mut String) {
        let start = out.len();
        self.quotes.resolve(field.of(self.text), out);
        *field = Field::new(start..out.len(), Kind::Resolved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn records(text: &str, options: &CsvOptions) -> Vec<Vec<String>> {
        let (mut records, mut all) = (Records::new(options, text, true), Vec::new());
        while records.at < text.len() {
            match records.next() {
                Step::Record(_) => {}
                Step::Incomplete => break,
                step => return vec![vec![format!("{step:?}")]],
            }
            all.push((0..records.len()).map(|i| records.field(i).unwrap_or_default().0.to_owned()).collect());
        }
        all
    }

    #[test]
    fn fields_as_written() {
        let options = CsvOptions::default();
        let escaped = CsvOptions { escape: Some(b'\\'), ..CsvOptions::default() };
        let semicolon = CsvOptions { delimiter: b';', quote: b'\'', ..CsvOptions::default() };
        let cases: &[(&CsvOptions, &str, &[&[&str]])] = &[
            (&options, "a,b\nc,d\n", &[&["a", "b"], &["c", "d"]]),
            (&options, "a,b\r\nc,\r\n,", &[&["a", "b"], &["c", ""], &["", ""]]),
            (&options, "a\rb\r", &[&["a"], &["b"]]),
            (&options, "\"a,\"\"b\"\"\nc\",d", &[&["a,\"b\"\nc", "d"]]),
            (&options, "a\"b,\"c\"d,e", &[&["a\"b", "cd", "e"]]),
            (&options, "\"a\\\",b", &[&["a\\", "b"]]),
            (&options, "\"\"\"\",\"\"", &[&["\"", ""]]),
            (&options, "a,\"b\nc", &[&["Unbalanced(2)"]]),
            (&escaped, r#""a\"b\\c\d""ü\ü",x\y"#, &[&[r#"a"b\c\d"ü\ü"#, r"x\y"]]),
            (&escaped, r#""a\""#, &[&["Unbalanced(0)"]]),
            (&semicolon, "'a;b';c,d", &[&["a;b", "c,d"]]),
        ];
        for (options, text, expected) in cases {
            assert_eq!(&records(text, options), expected, "{text:?}");
        }
    }

    proptest! {
        /// Where a text is cut must not matter: a record is either whole or incomplete.
        #[test]
        fn a_cut_text_gives_the_same_records(text in "[a,\"\\\\\r\nü]{0,24}", escape: bool) {
            let options = CsvOptions { escape: escape.then_some(b'\\'), ..CsvOptions::default() };
            let mut records = Records::new(&options, &text, true);
            let mut ends = Vec::new();
            while let (start, Step::Record(end)) = (records.at, records.next()) {
                ends.push((start, end));
            }
            for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
                for (start, end) in &ends {
                    let mut records = Records::new(&options, &text[..cut], false);
                    records.at = *start;
                    if let Step::Record(early) = records.next() {
                        prop_assert_eq!(early, *end);
                    }
                }
            }
        }

        #[test]
        fn written_fields_come_back(fields in proptest::collection::vec("[a,\"\r\nü]{0,6}", 1..5)) {
            let quoted: Vec<String> = fields.iter().map(|f| format!("\"{}\"", f.replace('"', "\"\""))).collect();
            prop_assert_eq!(records(&(quoted.join(",") + "\n"), &CsvOptions::default()), vec![fields]);
        }
    }
}
