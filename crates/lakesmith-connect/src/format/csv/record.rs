//! The records of a CSV text: where their fields are.

use std::ops::Range;

use super::CsvOptions;
use super::marks::{Mark, Marks, Narrow, OneByte};
use super::wide::Wide;

/// The records of a text, one after the other. The fields of the current one are ranges of the text.
#[derive(Debug)]
pub(super) struct Records<'t> {
    record: Record<'t>,
    marks: AnyMarks,
}

/// The current record.
#[derive(Debug)]
struct Record<'t> {
    text: &'t str,
    /// Whether no more text follows.
    last: bool,
    /// Where the current record starts, and where the next does.
    start: usize,
    at: usize,
    fields: Vec<Span>,
    /// Room for a field whose text is not a range of the file's.
    scratch: String,
    quotes: Quotes,
    /// At the beginning of lines that are passed over.
    comment: Option<u8>,
}

/// Delimiters are mostly of one byte, which are found faster.
#[derive(Debug)]
enum AnyMarks {
    Narrow(Narrow),
    Wide(Wide),
}

/// Does the same with whichever marks there are.
macro_rules! with_marks {
    ($self:expr, $marks:ident => $does:expr) => {
        match &mut $self.marks {
            AnyMarks::Narrow($marks) => $does,
            AnyMarks::Wide($marks) => $does,
        }
    };
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
        let marks = match OneByte::new(options) {
            Some(bytes) => AnyMarks::Narrow(Narrow::new(bytes, text.as_bytes())),
            None => AnyMarks::Wide(Wide::new(options)),
        };
        let (fields, scratch) = (Vec::new(), String::new());
        let (quotes, comment) = (Quotes::new(options), options.comment);
        Records { record: Record { text, last, start: 0, at: 0, fields, scratch, quotes, comment }, marks }
    }

    /// Where the current record is, with its line break.
    pub(super) fn range(&self) -> Range<usize> {
        self.record.start..self.record.at
    }

    /// Where the next record starts.
    pub(super) fn next_start(&self) -> usize {
        self.record.at
    }

    /// Passes over the next `lines` lines, whatever they hold. False if more text must follow before they are complete.
    pub(super) fn skip(&mut self, lines: u64) -> bool {
        with_marks!(self, marks => self.record.skip(lines, marks))
    }

    /// Reads the next record that is neither blank nor a comment.
    #[inline]
    pub(super) fn next(&mut self) -> Step {
        with_marks!(self, marks => self.record.next(marks))
    }

    /// The fields of the current record.
    pub(super) fn fields(&self) -> &[Span] {
        &self.record.fields
    }

    /// How many fields the current record has.
    pub(super) fn len(&self) -> usize {
        self.record.fields.len()
    }

    /// The text of a field, quotes resolved, and whether it is quoted; `None` if there is no such field.
    pub(super) fn field(&mut self, index: usize) -> Option<(&str, bool)> {
        let Record { text, fields, scratch, quotes, .. } = &mut self.record;
        let span = *fields.get(index)?;
        match span.kind {
            Kind::Plain => Some((span.of(text), false)),
            Kind::Quoted => Some((span.of(text), true)),
            Kind::Rough => {
                scratch.clear();
                quotes.resolve(span.of(text), scratch);
                Some((scratch.as_str(), true))
            }
        }
    }

    /// Appends to `out` the text of a rough field.
    pub(super) fn resolve(&self, span: Span, out: &mut String) {
        self.record.quotes.resolve(span.of(self.record.text), out);
    }
}

impl Record<'_> {
    #[inline]
    fn next(&mut self, marks: &mut impl Marks) -> Step {
        while self.at < self.text.len() {
            if self.comment.is_some() && self.text.as_bytes().get(self.at).copied() == self.comment {
                if !self.pass_line(marks) {
                    break;
                }
                continue;
            }
            match self.read(marks) {
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
    fn read(&mut self, marks: &mut impl Marks) -> Step {
        self.fields.clear();
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        loop {
            let start = at;
            let span = if bytes.get(at) == Some(&self.quotes.quote) {
                let Some((close, rough)) = self.quotes.closing(bytes, at + 1) else {
                    return if self.last { Step::Unbalanced(start) } else { Step::Incomplete };
                };
                at = marks.field_end(bytes, close + 1);
                if rough || at > close + 1 {
                    Span::new(start, at, Kind::Rough)
                } else {
                    Span::new(start + 1, close, Kind::Quoted)
                }
            } else {
                at = marks.field_end(bytes, at);
                Span::new(start, at, Kind::Plain)
            };
            self.fields.push(span);
            match marks.mark(bytes, at) {
                Mark::Delimiter(length) => at += length,
                Mark::Break(length) => return Step::Record(at + length),
                Mark::End => return if self.last { Step::Record(bytes.len()) } else { Step::Incomplete },
            }
        }
    }

    fn skip(&mut self, lines: u64, marks: &mut impl Marks) -> bool {
        for _ in 0..lines {
            if self.at == self.text.len() {
                return self.last;
            }
            if !self.pass_line(marks) {
                return false;
            }
        }
        true
    }

    /// Passes over the line that starts at `at`, whatever it holds. False if it is not complete.
    fn pass_line(&mut self, marks: &mut impl Marks) -> bool {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        loop {
            at = marks.field_end(bytes, at);
            match marks.mark(bytes, at) {
                Mark::Delimiter(length) => at += length,
                Mark::Break(length) => {
                    self.at = at + length;
                    return true;
                }
                Mark::End if self.last => {
                    self.at = bytes.len();
                    return true;
                }
                Mark::End => return false,
            }
        }
    }

    /// Whether there is nothing on the line.
    fn is_blank(&self) -> bool {
        matches!(self.fields.as_slice(), [Span { start, end, kind: Kind::Plain }] if start == end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The fields of each record of a whole text, by a reader for marks of any length if it is to be `wide`.
    fn records(text: &str, options: &CsvOptions, wide: bool) -> Vec<Vec<String>> {
        let mut records = Records::new(options, text, true);
        if wide {
            records.marks = AnyMarks::Wide(Wide::new(options));
        }
        let mut all = Vec::new();
        loop {
            match records.next() {
                Step::Record(_) => {}
                Step::Incomplete => return all,
                step => return vec![vec![format!("{step:?}")]],
            }
            all.push((0..records.len()).map(|i| records.field(i).unwrap_or_default().0.to_owned()).collect());
        }
    }

    #[test]
    fn fields_as_written() {
        let options = CsvOptions::default();
        let escaped = CsvOptions { escape: Some(b'\\'), ..CsvOptions::default() };
        let semicolon = CsvOptions { delimiter: ";".to_owned(), quote: b'\'', ..CsvOptions::default() };
        let long = CsvOptions { delimiter: "||".to_owned(), row_delimiter: Some("|~|".to_owned()), ..CsvOptions::default() };
        let rows = CsvOptions { row_delimiter: Some(";".to_owned()), ..CsvOptions::default() };
        let commented = CsvOptions { comment: Some(b'#'), ..CsvOptions::default() };
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
            (&long, "a|b||\"c||\"||d\n|~|e||f|~", &[&["a|b", "c||", "d\n"], &["e", "f|~"]]),
            (&rows, "a,b\n;\r,\"c;\"", &[&["a", "b\n"], &["\r", "c;"]]),
            (&commented, "#a,\"b\nc,#d\n#", &[&["c", "#d"]]),
        ];
        for (options, text, expected) in cases {
            for wide in [false, true] {
                assert_eq!(&records(text, options, wide), expected, "{text:?}");
            }
        }
    }

    proptest! {
        /// Where a text is cut must not matter: a record is either whole or incomplete.
        #[test]
        fn a_cut_text_gives_the_same_records(text in "[a,\"\\\\\r\nü#]{0,24}", escape: bool, comment: bool, long: bool) {
            let mut options = options(escape, comment, false);
            if long {
                (options.delimiter, options.row_delimiter) = (",a".to_owned(), Some(",\n".to_owned()));
            }
            let mut records = Records::new(&options, &text, true);
            let mut ends = Vec::new();
            while let (start, Step::Record(end)) = (records.next_start(), records.next()) {
                ends.push((start, end));
            }
            for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
                for (start, end) in &ends {
                    let mut records = Records::new(&options, &text[..cut], false);
                    records.record.at = *start;
                    if let Step::Record(early) = records.next() {
                        prop_assert_eq!(early, *end);
                    }
                }
            }
        }

        #[test]
        fn marks_of_one_byte_are_read_as_those_of_any_length(
            text in "[ab,;\"'\\\\\r\nü#]{0,150}",
            escape: bool,
            comment: bool,
            semicolons: bool,
            last: bool,
            skipped in 0..3_u64,
        ) {
            let options = options(escape, comment, semicolons);
            let mut narrow = Records::new(&options, &text, last);
            let mut wide = Records::new(&options, &text, last);
            wide.marks = AnyMarks::Wide(Wide::new(&options));
            prop_assert_eq!(narrow.skip(skipped), wide.skip(skipped));
            loop {
                let step = narrow.next();
                prop_assert_eq!(&step, &wide.next());
                prop_assert_eq!((narrow.range(), narrow.len()), (wide.range(), wide.len()));
                (0..narrow.len()).try_for_each(|field| {
                    prop_assert_eq!(narrow.field(field), wide.field(field));
                    Ok(())
                })?;
                if !matches!(step, Step::Record(_)) {
                    break;
                }
            }
        }

        #[test]
        fn written_fields_come_back(fields in proptest::collection::vec("[a,\"\r\nü]{0,6}", 1..5), wide: bool) {
            let quoted: Vec<String> = fields.iter().map(|f| format!("\"{}\"", f.replace('"', "\"\""))).collect();
            prop_assert_eq!(records(&(quoted.join(",") + "\n"), &CsvOptions::default(), wide), vec![fields]);
        }
    }

    /// Options of some kinds; with `semicolons`, these end records.
    fn options(escape: bool, comment: bool, semicolons: bool) -> CsvOptions {
        let (escape, comment) = (escape.then_some(b'\\'), comment.then_some(b'#'));
        CsvOptions { escape, comment, row_delimiter: semicolons.then(|| ";".to_owned()), ..CsvOptions::default() }
    }
}
