//! Rows that are what most are, straight into columns: no tape, no second look at a value.
//!
//! Whatever is not plain sailing (a key that no column takes or that comes twice, a value that does not fit, a row that is
//! no JSON) is [`Unusual`]: the columns are taken back to where they were, and the row is read the long way, which says
//! what becomes of it. So there is one place where that is decided, and what is read here is what is read there.

use super::tape;
use crate::column::{Column, Digits, Keys, Scalar};
use crate::scan::plain_length;

/// Levels of a value kept as its JSON text that are followed here.
const MAX_SKIPPED_LEVELS: usize = 64;

/// The row has to be read the long way.
#[derive(Debug)]
pub(super) struct Unusual;

/// Reads objects of a text.
#[derive(Debug)]
pub(super) struct Straight<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// Room for a string with escapes.
    unescaped: String,
}

impl<'t> Straight<'t> {
    pub(super) fn new(text: &'t str) -> Straight<'t> {
        Straight { text, bytes: text.as_bytes(), at: 0, unescaped: String::new() }
    }

    /// Reads the object that starts at `at` and is alone on its line, one value for each of `columns`; returns where the
    /// line ends, after its break.
    pub(super) fn line(&mut self, at: usize, keys: &mut Keys, columns: &mut [Column]) -> Result<usize, Unusual> {
        self.at = at;
        self.object(keys, columns)?;
        self.blanks();
        match self.peek() {
            Some(b'\n') => Ok(self.at + 1),
            None => Ok(self.at),
            _ => Err(Unusual),
        }
    }

    /// Reads the object that is the whole text, without line breaks, one value for each of `columns`.
    pub(super) fn whole(mut self, keys: &mut Keys, columns: &mut [Column]) -> Result<(), Unusual> {
        self.object(keys, columns)?;
        if self.at == self.bytes.len() { Ok(()) } else { Err(Unusual) }
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Passes blanks. A line break is none: it ends the line.
    #[inline]
    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    /// Passes `byte` and the blanks around it, if it is the next.
    #[inline]
    fn take(&mut self, byte: u8) -> bool {
        self.blanks();
        let found = self.peek() == Some(byte);
        if found {
            self.at += 1;
            self.blanks();
        }
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), Unusual> {
        if self.take(byte) { Ok(()) } else { Err(Unusual) }
    }

    fn object(&mut self, keys: &mut Keys, columns: &mut [Column]) -> Result<(), Unusual> {
        self.expect(b'{')?;
        keys.begin();
        let (mut last, mut count) = (None, 0);
        if !self.take(b'}') {
            loop {
                let field = self.key(keys, last)?;
                if !keys.give(last, field) {
                    return Err(Unusual);
                }
                self.value(columns.get_mut(field).ok_or(Unusual)?)?;
                (last, count) = (Some(field), count + 1);
                if !self.take(b',') {
                    break;
                }
            }
            self.expect_end(b'}')?;
        }
        if count < columns.len() {
            let missing = columns.iter_mut().enumerate().filter(|(index, _)| !keys.is_given(*index));
            missing.for_each(|(_, column)| column.append_null());
        }
        Ok(())
    }

    /// Passes `byte`, before which the blanks have been passed.
    #[inline]
    fn expect_end(&mut self, byte: u8) -> Result<(), Unusual> {
        if self.peek() != Some(byte) {
            return Err(Unusual);
        }
        self.at += 1;
        Ok(())
    }

    /// The field that the next key means; passes the key and its colon.
    #[inline]
    fn key(&mut self, keys: &Keys, last: Option<usize>) -> Result<usize, Unusual> {
        let expected = keys.next_after(last);
        if let Some(length) = self.bytes.get(self.at..).and_then(|rest| keys.starts(rest, expected)) {
            self.at += length;
            self.blanks();
            return Ok(expected);
        }
        let name = self.string()?;
        let (field, _) = keys.find(name, expected).ok_or(Unusual)?;
        self.expect(b':')?;
        Ok(field)
    }

    /// The next value, which is a string, if it has no escapes; passes it.
    #[inline]
    fn string(&mut self) -> Result<&'t str, Unusual> {
        if self.peek() != Some(b'"') {
            return Err(Unusual);
        }
        let start = self.at + 1;
        let end = start + plain_length(self.bytes, start);
        if self.bytes.get(end) != Some(&b'"') {
            return Err(Unusual);
        }
        self.at = end + 1;
        self.text.get(start..end).ok_or(Unusual)
    }

    #[inline]
    fn value(&mut self, column: &mut Column) -> Result<(), Unusual> {
        match (self.peek(), column) {
            (Some(b'n'), column) => {
                self.word("null")?;
                column.append_null();
                Ok(())
            }
            (_, Column::Scalar(scalar)) => self.scalar(scalar),
            (Some(b'['), Column::List(list)) => {
                self.expect(b'[')?;
                if !self.take(b']') {
                    loop {
                        self.value(&mut list.elements)?;
                        list.count_element();
                        if !self.take(b',') {
                            break;
                        }
                    }
                    self.expect_end(b']')?;
                }
                list.end(true);
                Ok(())
            }
            (Some(b'{'), Column::Struct(structure)) => {
                self.object(&mut structure.keys, &mut structure.children)?;
                structure.end();
                Ok(())
            }
            _ => Err(Unusual),
        }
    }

    #[inline]
    fn scalar(&mut self, scalar: &mut Scalar) -> Result<(), Unusual> {
        let fits = match self.peek() {
            Some(b'"') => {
                let start = self.at + 1;
                let end = start + plain_length(self.bytes, start);
                if self.bytes.get(end) == Some(&b'"') {
                    self.at = end + 1;
                    scalar.append_string(self.text.get(start..end).ok_or(Unusual)?)
                } else {
                    let end = tape::string_end(self.bytes, end).map_err(|_| Unusual)?;
                    self.at = end + 1;
                    self.unescaped.clear();
                    let inner = self.text.get(start..end).ok_or(Unusual)?;
                    tape::unescape(inner, &mut self.unescaped).ok_or(Unusual)?;
                    scalar.append_string(&self.unescaped)
                }
            }
            Some(b't') => {
                self.word("true")?;
                scalar.append_boolean(true)
            }
            Some(b'f') => {
                self.word("false")?;
                scalar.append_boolean(false)
            }
            Some(b'[' | b'{') => {
                let start = self.at;
                self.skip(0)?;
                scalar.append_nested(self.text.get(start..self.at).ok_or(Unusual)?)
            }
            _ => {
                let (number, end) = Digits::find(self.text, self.at).ok_or(Unusual)?;
                self.at = end;
                scalar.append_digits(&number)
            }
        };
        if fits { Ok(()) } else { Err(Unusual) }
    }

    fn word(&mut self, word: &str) -> Result<(), Unusual> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(Unusual);
        }
        self.at += word.len();
        Ok(())
    }

    /// Passes a value of any kind.
    fn skip(&mut self, level: usize) -> Result<(), Unusual> {
        match self.peek() {
            Some(b'"') => {
                self.at = tape::string_end(self.bytes, self.at + 1).map_err(|_| Unusual)? + 1;
                Ok(())
            }
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            Some(open @ (b'[' | b'{')) if level < MAX_SKIPPED_LEVELS => {
                // `]` and `}` come two after `[` and `{`.
                let close = open + 2;
                self.expect(open)?;
                if self.peek() == Some(close) {
                    self.at += 1;
                    return Ok(());
                }
                loop {
                    if open == b'{' {
                        if self.peek() != Some(b'"') {
                            return Err(Unusual);
                        }
                        self.skip(level)?;
                        self.expect(b':')?;
                    }
                    self.skip(level + 1)?;
                    if !self.take(b',') {
                        return self.expect_end(close);
                    }
                }
            }
            _ => {
                self.at = Digits::find(self.text, self.at).ok_or(Unusual)?.1;
                Ok(())
            }
        }
    }
}
