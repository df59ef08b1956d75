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
    fields: Vec<Span>,
    /// Room for a field whose text is not a range of the file's.
    scratch: String,
    delimiter: u8,
    quotes: Quotes,
    /// A block of the text, and which of its bytes end a field that is not quoted.
    block: usize,
    ends: u64,
}

/// Where a field is. A piece of text is much shorter than 4 GiB.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) kind: Kind,
}

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    /// The range is within the quotes.
    Quoted,
    /// The range starts at the opening quote; there are doubled or escaped quotes, or text after the closing one.
    Rough,
}

impl Span {
    fn new(start: usize, end: usize, kind: Kind) -> Span {
        Span { start: start as u32, end: end as u32, kind }
    }

    /// Of the text that it is a range of.
    #[inline]
    pub(super) fn of<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
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
    #[inline]
    pub(super) fn next(&mut self) -> Step {
        while self.at < self.text.len() {
            match self.read() {
                Step::Record(end) => (self.start, self.at) = (self.at, end),
                other => return other,
            }
            if !self.is_blank() {
                return Step::Record(self.at);
            }
        }
        Step::Incomplete
    }

    /// Reads the record that starts at `at`, before the end of the text.
    #[inline]
    fn read(&mut self) -> Step {
        self.fields.clear();
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        loop {
            let start = at;
            let span = if bytes.get(at) == Some(&self.quotes.quote) {
                let Some((close, rough)) = self.quotes.closing(bytes, at + 1) else {
                    return if self.last { Step::Unbalanced(start) } else { Step::Incomplete };
                };
                at = self.field_end(close + 1);
                if rough || at > close + 1 {
                    Span::new(start, at, Kind::Rough)
                } else {
                    Span::new(start + 1, close, Kind::Quoted)
                }
            } else {
                at = self.field_end(at);
                Span::new(start, at, Kind::Plain)
            };
            self.fields.push(span);
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

    /// The fields of the current record.
    pub(super) fn fields(&self) -> &[Span] {
        &self.fields
    }

    /// How many fields the current record has.
    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is nothing on the line.
    fn is_blank(&self) -> bool {
        matches!(self.fields.as_slice(), [Span { start, end, kind: Kind::Plain }] if start == end)
    }

    /// The text of a field, quotes resolved, and whether it is quoted; `None` if there is no such field.
    pub(super) fn field(&mut self, index: usize) -> Option<(&str, bool)> {
        let span = *self.fields.get(index)?;
        match span.kind {
            Kind::Plain => Some((span.of(self.text), false)),
            Kind::Quoted => Some((span.of(self.text), true)),
            Kind::Rough => {
                self.scratch.clear();
                self.quotes.resolve(span.of(self.text), &mut self.scratch);
                Some((&self.scratch, true))
            }
        }
    }

    /// Appends to `out` the text of a rough field.
    pub(super) fn resolve(&self, span: Span, out: &mut String) {
        self.quotes.resolve(span.of(self.text), out);
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
