//! Where the records of a CSV text end, mostly from its quotes alone: fields are left to those who read them.

use super::CsvOptions;
use super::marks::OneByte;
use super::record::{Quotes, Records, Step};
use crate::error::FileFault;
use crate::format::lines::Cutter;

/// Finds where records end.
#[derive(Debug)]
pub(super) struct CsvCutter {
    options: CsvOptions,
    /// What the quotes alone tell the ends by; `None` where the fields must be looked at.
    by_quotes: Option<ByQuotes>,
    /// Line breaks before the current text.
    lines: u64,
    /// Whether the top of the file has been cut off.
    begun: bool,
}

impl CsvCutter {
    pub(super) fn new(options: &CsvOptions) -> CsvCutter {
        CsvCutter { options: options.clone(), by_quotes: ByQuotes::new(options), lines: 0, begun: false }
    }

    /// Where the last complete record of `text` ends, or the quote that does not close. At the top of the file, the header
    /// or the first record must be there, whole.
    fn last_end(&mut self, text: &str, last: bool) -> Result<usize, usize> {
        let mut records = Records::new(&self.options, text, last);
        let mut from = 0;
        if !self.begun {
            if !records.skip(self.options.skip_rows) {
                return Ok(0);
            }
            from = records.next_start();
            if !last && records.next() == Step::Incomplete {
                return Ok(0);
            }
            self.begun = true;
        }
        if let Some(by_quotes) = &self.by_quotes {
            let end = by_quotes.last_end(&text.as_bytes()[from..], last);
            return end.map(|end| from + end).map_err(|open| from + open);
        }
        loop {
            match records.next() {
                Step::Record(_) => {}
                Step::Incomplete => return Ok(records.next_start()),
                Step::Unbalanced(open) => return Err(open),
            }
        }
    }
}

impl Cutter for CsvCutter {
    fn cut(&mut self, text: &str, last: bool) -> Result<usize, FileFault> {
        let line_breaks = |text: &str| memchr::memchr_iter(b'\n', text.as_bytes()).count() as u64;
        match self.last_end(text, last) {
            Ok(end) => {
                self.lines += line_breaks(&text[..end]);
                Ok(end)
            }
            Err(open) => Err(FileFault::UnbalancedQuote { line: self.lines + line_breaks(&text[..open]) + 1 }),
        }
    }
}

/// Where every quote that begins a field opens it, and delimiters are of one byte, the rest need not be looked at.
#[derive(Debug)]
struct ByQuotes {
    quotes: Quotes,
    bytes: OneByte,
}

impl ByQuotes {
    /// `None` where there may be other quotes, in comments, or longer delimiters.
    fn new(options: &CsvOptions) -> Option<ByQuotes> {
        let bytes = OneByte::new(options).filter(|_| options.comment.is_none())?;
        Some(ByQuotes { quotes: Quotes::new(options), bytes })
    }

    /// Where the last complete record of `bytes`, which begin with one, ends; or the quote that does not close.
    fn last_end(&self, bytes: &[u8], last: bool) -> Result<usize, usize> {
        let OneByte { delimiter, breaks: [one, two], any_line_break } = self.bytes;
        let mut end = 0;
        // From here on nothing is quoted.
        let mut from = 0;
        let mut looked = 0;
        while let Some(found) = memchr::memchr(self.quotes.quote, &bytes[looked..]) {
            let quote = looked + found;
            looked = quote + 1;
            // Only at the start of a field it opens.
            let before = quote.checked_sub(1).map(|before| bytes[before]);
            if !before.is_none_or(|byte| byte == delimiter || byte == one || byte == two) {
                continue;
            }
            if let Some(record_end) = memchr::memrchr2(one, two, &bytes[from..quote]) {
                end = from + record_end + 1;
            }
            match self.quotes.closing(bytes, quote + 1) {
                Some((close, _)) => (from, looked) = (close + 1, close + 1),
                None if last => return Err(quote),
                None => return Ok(end),
            }
        }
        if last {
            return Ok(bytes.len());
        }
        let mut rest = &bytes[from..];
        if any_line_break {
            // What follows a carriage return may be the other half of a line break.
            rest = rest.strip_suffix(b"\r").unwrap_or(rest);
        }
        Ok(memchr::memrchr2(one, two, rest).map_or(end, |record_end| from + record_end + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        /// Whoever reads the fields too finds the same end.
        #[test]
        fn ends_are_those_of_the_records(
            text in "[a,;\"'\\\\\r\nü]{0,40}",
            escape: bool,
            semicolon: bool,
            row_delimiter in proptest::option::of("[a\r\n]"),
            last: bool,
        ) {
            let escape = escape.then_some(b'\\');
            let mut options = CsvOptions { escape, row_delimiter, ..CsvOptions::default() };
            if semicolon {
                (options.delimiter, options.quote) = (";".to_owned(), b'\'');
            }
            let mut records = Records::new(&options, &text, last);
            let expected = loop {
                match records.next() {
                    Step::Record(_) => {}
                    Step::Incomplete => break Ok(records.next_start()),
                    Step::Unbalanced(open) => break Err(open),
                }
            };
            prop_assert_eq!(ByQuotes::new(&options).map(|cutter| cutter.last_end(text.as_bytes(), last)), Some(expected));
        }

        /// A file that comes in any parts is cut where one that comes whole has records.
        #[test]
        fn parts_have_the_records_of_the_whole(
            text in "[a,\"\r\n#]{0,40}",
            comment: bool,
            long: bool,
            skip_rows in 0..3_u64,
            step in 1..9_usize,
        ) {
            let mut options = CsvOptions { comment: comment.then_some(b'#'), skip_rows, ..CsvOptions::default() };
            if long {
                (options.delimiter, options.row_delimiter) = (",a".to_owned(), Some(",\n".to_owned()));
            }
            let (mut cutter, mut at, mut parts) = (CsvCutter::new(&options), 0, Vec::new());
            let mut until = 0;
            while at < text.len() {
                until = (until + step).min(text.len());
                let Ok(length) = cutter.cut(&text[at..until], until == text.len()) else { return Ok(()) };
                if length > 0 {
                    parts.push(&text[at..at + length]);
                }
                at += length;
            }
            let mut whole = Records::new(&options, &text, true);
            whole.skip(skip_rows);
            for (number, part) in parts.into_iter().enumerate() {
                let mut records = Records::new(&options, part, true);
                if number == 0 {
                    prop_assert!(records.skip(skip_rows));
                }
                while let Step::Record(_) = records.next() {
                    prop_assert!(matches!(whole.next(), Step::Record(_)));
                    prop_assert_eq!(&text[whole.range()], &part[records.range()]);
                }
            }
            prop_assert_eq!(whole.next(), Step::Incomplete);
        }
    }
}
