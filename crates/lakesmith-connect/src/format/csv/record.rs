//! One record of a CSV text: where its fields are.

use super::CsvOptions;

/// The fields of the current record, as ranges of the text.
#[derive(Debug, Default)]
pub(super) struct Record {
    fields: Vec<Span>,
    /// Room for a field whose text is not a range of the file's.
    scratch: String,
    quote: u8,
    escape: Option<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    /// The range is within the quotes.
    Quoted,
    /// The range starts at the opening quote; there are doubled or escaped quotes, or text after the closing one.
    Rough,
}

/// How far a record could be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A record, which ends here (after its line break).
    Record(usize),
    /// The text ends within a record.
    Incomplete,
    /// The last text ends within a quote, which opened here.
    Unbalanced(usize),
}

impl Record {
    pub(super) fn new(options: &CsvOptions) -> Record {
        let escape = options.escape.filter(|escape| *escape != options.quote);
        Record { quote: options.quote, escape, ..Record::default() }
    }

    /// Reads the record of `text` that starts at `at`, before the end of the text. `last` means that no more text
    /// follows.
    pub(super) fn read(&mut self, text: &str, at: usize, last: bool, delimiter: u8) -> Step {
        self.fields.clear();
        let bytes = text.as_bytes();
        let ends_field = |byte: &u8| *byte == delimiter || *byte == b'\n' || *byte == b'\r';
        let find_end = |from: usize| from + bytes[from..].iter().position(ends_field).unwrap_or(bytes.len() - from);
        let mut at = at;
        loop {
            let start = at;
            if bytes.get(at) == Some(&self.quote) {
                let Some((close, rough)) = self.closing_quote(bytes, at + 1) else {
                    return if last { Step::Unbalanced(start) } else { Step::Incomplete };
                };
                at = find_end(close + 1);
                let span = if rough || at > close + 1 {
                    Span { start, end: at, kind: Kind::Rough }
                } else {
                    Span { start: start + 1, end: close, kind: Kind::Quoted }
                };
                self.fields.push(span);
            } else {
                at = find_end(at);
                self.fields.push(Span { start, end: at, kind: Kind::Plain });
            }
            match (bytes.get(at), bytes.get(at + 1)) {
                (None, _) => {
                    return if last { Step::Record(at) } else { Step::Incomplete };
                }
                (Some(b'\n'), _) => return Step::Record(at + 1),
                (Some(b'\r'), Some(b'\n')) => return Step::Record(at + 2),
                // What follows may be the other half of a line break.
                (Some(b'\r'), None) if !last => return Step::Incomplete,
                (Some(b'\r'), _) => return Step::Record(at + 1),
                _ => at += 1,
            }
        }
    }

    /// Where the quote that opened before `at` closes, and whether there are doubled or escaped ones within.
    fn closing_quote(&self, bytes: &[u8], mut at: usize) -> Option<(usize, bool)> {
        let mut rough = false;
        loop {
            at += bytes[at..].iter().position(|byte| *byte == self.quote || Some(*byte) == self.escape)?;
            if bytes[at] == self.quote && bytes.get(at + 1) != Some(&self.quote) {
                return Some((at, rough));
            }
            // A doubled quote, or an escape and what it escapes.
            rough = true;
            bytes.get(at + 1)?;
            at += 2;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is nothing on the line.
    pub(super) fn is_blank(&self) -> bool {
        matches!(self.fields.as_slice(), [Span { start, end, kind: Kind::Plain }] if start == end)
    }

    /// Whether a field is quoted, if there is such a field.
    pub(super) fn is_quoted(&self, index: usize) -> Option<bool> {
        self.fields.get(index).map(|span| span.kind != Kind::Plain)
    }

    /// The text of a field of `text`, quotes resolved.
    pub(super) fn text<'a>(&'a mut self, text: &'a str, index: usize) -> Option<&'a str> {
        let span = *self.fields.get(index)?;
        let raw = &text[span.start..span.end];
        if span.kind != Kind::Rough {
            return Some(raw);
        }
        self.scratch.clear();
        let (quote, escape) = (char::from(self.quote), self.escape.map(char::from));
        let mut within = true;
        let mut characters = raw.chars().skip(1).peekable();
        while let Some(character) = characters.next() {
            let next = characters.peek().copied();
            if !within {
                self.scratch.push(character);
            } else if character == quote && next != Some(quote) {
                within = false;
            } else if character == quote || (Some(character) == escape && (next == Some(quote) || next == escape)) {
                self.scratch.extend(characters.next());
            } else {
                self.scratch.push(character);
            }
        }
        Some(&self.scratch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn records(text: &str, options: &CsvOptions) -> Vec<Vec<String>> {
        let mut record = Record::new(options);
        let (mut at, mut all) = (0, Vec::new());
        while at < text.len() {
            match record.read(text, at, true, options.delimiter) {
                Step::Record(end) => at = end,
                step => return vec![vec![format!("{step:?}")]],
            }
            all.push((0..record.len()).map(|i| record.text(text, i).unwrap_or_default().to_owned()).collect());
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
            let mut record = Record::new(&options);
            let mut ends = Vec::new();
            let mut at = 0;
            while at < text.len() {
                let Step::Record(end) = record.read(&text, at, true, b',') else { break };
                ends.push((at, end));
                at = end;
            }
            for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
                for (start, end) in &ends {
                    if *start < cut
                        && let Step::Record(early) = record.read(&text[..cut], *start, false, b',')
                    {
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
