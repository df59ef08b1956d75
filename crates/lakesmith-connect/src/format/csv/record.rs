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
    delimiter: Vec<u8>,
    row_delimiter: Option<Vec<u8>>,
    /// What delimiters of fields and of records begin with.
    first_bytes: [u8; 3],
}

/// What ends a field.
#[derive(Debug, PartialEq, Eq)]
enum Mark {
    /// A delimiter of so many bytes.
    Delimiter(usize),
    /// The end of the record, of so many bytes.
    Break(usize),
    /// The end of the record, of which more may follow.
    HalfBreak,
}

/// The line break at `at`.
fn line_break(bytes: &[u8], at: usize) -> Mark {
    match (bytes[at], bytes.get(at + 1)) {
        (b'\r', Some(b'\n')) => Mark::Break(2),
        (b'\r', None) => Mark::HalfBreak,
        _ => Mark::Break(1),
    }
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
        let bytes = |text: &String| text.as_bytes().to_vec();
        let (delimiter, row_delimiter) = (bytes(&options.delimiter), options.row_delimiter.as_ref().map(bytes));
        let first = |bytes: &[u8]| bytes.first().copied().unwrap_or(b'\n');
        let first_bytes = match &row_delimiter {
            None => [first(&delimiter), b'\n', b'\r'],
            Some(row) => [first(&delimiter), first(row), first(row)],
        };
        Record { quote: options.quote, escape, delimiter, row_delimiter, first_bytes, ..Record::default() }
    }

    /// What stands at `at`, if it ends a field.
    fn mark(&self, bytes: &[u8], at: usize) -> Option<Mark> {
        let rest = &bytes[at..];
        match &self.row_delimiter {
            Some(row) if rest.starts_with(row) => Some(Mark::Break(row.len())),
            None if matches!(rest.first(), Some(b'\n' | b'\r')) => Some(line_break(bytes, at)),
            _ => rest.starts_with(&self.delimiter).then_some(Mark::Delimiter(self.delimiter.len())),
        }
    }

    /// Where the next mark stands, or the text ends. As a call of its own it takes longer than what it does.
    #[inline(always)]
    fn find_mark(&self, bytes: &[u8], at: usize) -> (usize, Option<Mark>) {
        if self.delimiter.len() > 1 || self.row_delimiter.is_some() {
            return self.find_long_mark(bytes, at);
        }
        let delimiter = self.first_bytes[0];
        let ends = |byte: &u8| *byte == delimiter || *byte == b'\n' || *byte == b'\r';
        let at = at + bytes[at..].iter().position(ends).unwrap_or(bytes.len() - at);
        match bytes.get(at) {
            None => (at, None),
            Some(byte) if *byte == delimiter => (at, Some(Mark::Delimiter(1))),
            Some(_) => (at, Some(line_break(bytes, at))),
        }
    }

    fn find_long_mark(&self, bytes: &[u8], mut at: usize) -> (usize, Option<Mark>) {
        let [one, two, three] = self.first_bytes;
        loop {
            let first = bytes[at..].iter().position(|byte| *byte == one || *byte == two || *byte == three);
            at += first.unwrap_or(bytes.len() - at);
            if at == bytes.len() {
                return (at, None);
            }
            match self.mark(bytes, at) {
                None => at += 1,
                mark => return (at, mark),
            }
        }
    }

    /// The end of the line of `text` that begins at `at`, whatever it holds, if it is complete.
    pub(super) fn line_end(&self, text: &str, mut at: usize, last: bool) -> Option<usize> {
        loop {
            match self.find_mark(text.as_bytes(), at) {
                (found, Some(Mark::Delimiter(length))) => at = found + length,
                (found, Some(Mark::Break(length))) => return Some(found + length),
                (_, Some(Mark::HalfBreak) | None) => return last.then_some(text.len()),
            }
        }
    }

    /// Reads the record of `text` that starts at `at`, before the end of the text. `last` means that no more text
    /// follows.
    pub(super) fn read(&mut self, text: &str, at: usize, last: bool) -> Step {
        self.fields.clear();
        let bytes = text.as_bytes();
        let mut at = at;
        loop {
            let start = at;
            let (end, mark) = if bytes.get(at) == Some(&self.quote) {
                let Some((close, rough)) = self.closing_quote(bytes, at + 1) else {
                    return if last { Step::Unbalanced(start) } else { Step::Incomplete };
                };
                let (end, mark) = self.find_mark(bytes, close + 1);
                let span = if rough || end > close + 1 {
                    Span { start, end, kind: Kind::Rough }
                } else {
                    Span { start: start + 1, end: close, kind: Kind::Quoted }
                };
                self.fields.push(span);
                (end, mark)
            } else {
                let (end, mark) = self.find_mark(bytes, at);
                self.fields.push(Span { start, end, kind: Kind::Plain });
                (end, mark)
            };
            match mark {
                Some(Mark::Delimiter(length)) => at = end + length,
                Some(Mark::Break(length)) => return Step::Record(end + length),
                None | Some(Mark::HalfBreak) => return if last { Step::Record(text.len()) } else { Step::Incomplete },
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
            match record.read(text, at, true) {
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
        let semicolon = CsvOptions { delimiter: ";".to_owned(), quote: b'\'', ..CsvOptions::default() };
        let long = CsvOptions { delimiter: "||".to_owned(), row_delimiter: Some("|~|".to_owned()), ..CsvOptions::default() };
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
        ];
        for (options, text, expected) in cases {
            assert_eq!(&records(text, options), expected, "{text:?}");
        }
    }

    proptest! {
        /// Where a text is cut must not matter: a record is either whole or incomplete.
        #[test]
        fn a_cut_text_gives_the_same_records(text in "[a,\"\\\\\r\nü]{0,24}", escape: bool, long: bool) {
            let (delimiter, row_delimiter) = if long { (",a", Some(",\n".to_owned())) } else { (",", None) };
            let escape = escape.then_some(b'\\');
            let options = CsvOptions { escape, delimiter: delimiter.to_owned(), row_delimiter, ..CsvOptions::default() };
            let mut record = Record::new(&options);
            let mut ends = Vec::new();
            let mut at = 0;
            while at < text.len() {
                let Step::Record(end) = record.read(&text, at, true) else { break };
                ends.push((at, end));
                at = end;
            }
            for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
                for (start, end) in &ends {
                    if *start < cut
                        && let Step::Record(early) = record.read(&text[..cut], *start, false)
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
