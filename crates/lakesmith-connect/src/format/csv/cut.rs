//! Where the records of a CSV text end, from its quotes alone: fields are left to those who read them.

use super::CsvOptions;
use super::record::Quotes;
use crate::error::FileFault;
use crate::format::lines::Cutter;

/// Finds where records end.
#[derive(Debug)]
pub(super) struct CsvCutter {
    delimiter: u8,
    quotes: Quotes,
    /// Line breaks before the current text.
    lines: u64,
}

impl CsvCutter {
    pub(super) fn new(options: &CsvOptions) -> CsvCutter {
        CsvCutter { delimiter: options.delimiter, quotes: Quotes::new(options), lines: 0 }
    }

    /// Where the last complete record of `bytes` ends, or the quote that does not close.
    fn last_end(&self, bytes: &[u8], last: bool) -> Result<usize, usize> {
        let mut end = 0;
        // From here on nothing is quoted.
        let mut from = 0;
        let mut looked = 0;
        while let Some(found) = memchr::memchr(self.quotes.quote, &bytes[looked..]) {
            let quote = looked + found;
            looked = quote + 1;
            // Only at the start of a field it opens.
            let before = quote.checked_sub(1).map(|before| bytes[before]);
            if !before.is_none_or(|byte| byte == self.delimiter || byte == b'\n' || byte == b'\r') {
                continue;
            }
            if let Some(line_break) = memchr::memrchr2(b'\n', b'\r', &bytes[from..quote]) {
                end = from + line_break + 1;
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
        // What follows a carriage return may be the other half of a line break.
        let rest = bytes[from..].strip_suffix(b"\r").unwrap_or(&bytes[from..]);
        Ok(memchr::memrchr2(b'\n', b'\r', rest).map_or(end, |line_break| from + line_break + 1))
    }
}

impl Cutter for CsvCutter {
    fn cut(&mut self, text: &str, last: bool) -> Result<usize, FileFault> {
        let bytes = text.as_bytes();
        let line_breaks = |bytes| memchr::memchr_iter(b'\n', bytes).count() as u64;
        match self.last_end(bytes, last) {
            Ok(end) => {
                self.lines += line_breaks(&bytes[..end]);
                Ok(end)
            }
            Err(open) => Err(FileFault::UnbalancedQuote { line: self.lines + line_breaks(&bytes[..open]) + 1 }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{Records, Step};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        /// Whoever reads the fields too finds the same end.
        #[test]
        fn ends_are_those_of_the_records(text in "[a,;\"'\\\\\r\nü]{0,40}", escape: bool, semicolon: bool, last: bool) {
            let mut options = CsvOptions { escape: escape.then_some(b'\\'), ..CsvOptions::default() };
            if semicolon {
                (options.delimiter, options.quote) = (b';', b'\'');
            }
            let mut records = Records::new(&options, &text, last);
            let expected = loop {
                match records.next() {
                    Step::Record(_) => {}
                    Step::Incomplete => break Ok(records.next_start()),
                    Step::Unbalanced(open) => break Err(open),
                }
            };
            prop_assert_eq!(CsvCutter::new(&options).last_end(text.as_bytes(), last), expected);
        }
    }
}
