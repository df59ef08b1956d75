//! Bytes of any character set as UTF-8 text, piece by piece.
//!
//! A byte that is no character is not guessed at: the text has U+FFFD in its place and remembers the byte, so that the
//! row that holds it can be kept as it was. Only where the whole file so far was ASCII and what follows is no UTF-8
//! either is it read as windows-1252, and that is said.

use std::io::Read;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::charset::{Charset, told};
use super::fault;
use crate::error::FileFault;
use crate::rescue::Rescue;

/// Bytes that are asked of the reader at once.
const CHUNK: usize = 256 << 10;
/// Bytes for which room is made in advance.
const MOST_RESERVED: usize = 4 << 20;
/// Bytes by which the character set is told.
const HEAD: usize = 1024;
/// Bytes after the first that is no UTF-8 that are looked at before the file is taken for windows-1252.
const LOOK_AHEAD: usize = 64 << 10;
/// So many NULs in a row are no text: the file is binary, or was preallocated and not written to the end.
const NULS: usize = 512;
/// The key under which `_rescued_data` keeps a row that holds bytes which are no characters.
const INVALID_BYTES: &str = "_invalid_bytes";

/// Some text of a file.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct TextPiece {
    pub(crate) text: String,
    /// The U+FFFD that stand for bytes: where they are in the text, and the bytes. In order.
    bad: Vec<(usize, u8)>,
}

impl TextPiece {
    /// Takes the first `length` bytes away, as a piece of their own.
    pub(crate) fn take(&mut self, length: usize) -> TextPiece {
        let rest = self.text.split_off(length);
        let text = std::mem::replace(&mut self.text, rest);
        let first_left = self.bad.partition_point(|(at, _)| *at < length);
        let left = self.bad.split_off(first_left).into_iter().map(|(at, byte)| (at - length, byte)).collect();
        TextPiece { text, bad: std::mem::replace(&mut self.bad, left) }
    }

    /// Whether all of its bytes are characters.
    pub(crate) fn is_clean(&self) -> bool {
        self.bad.is_empty()
    }

    /// Keeps a row as it was, if some of its bytes are no characters: these are written as `\xE9`.
    pub(crate) fn rescue_bytes(&self, row: Range<usize>, rescue: &mut Rescue) {
        if self.bad.is_empty() {
            return;
        }
        let from = self.bad.partition_point(|(at, _)| *at < row.start);
        let to = self.bad.partition_point(|(at, _)| *at < row.end);
        if from < to {
            let (mut kept, mut done) = (String::new(), row.start);
            for (at, byte) in &self.bad[from..to] {
                kept.push_str(&self.text[done..*at]);
                kept.push_str(&format!("\\x{byte:02X}"));
                done = at + char::REPLACEMENT_CHARACTER.len_utf8();
            }
            kept.push_str(self.text[done..row.end].trim_end_matches(['\r', '\n']));
            rescue.keep_text(INVALID_BYTES, &kept);
        }
    }

    /// The text without the lines that hold bytes which are no characters: they tell nothing about its columns.
    pub(crate) fn clean_lines(self) -> String {
        if self.bad.is_empty() {
            return self.text;
        }
        let mut at = 0;
        let clean = |line: &&str| {
            let from = self.bad.partition_point(|(place, _)| *place < at);
            at += line.len();
            self.bad.get(from).is_none_or(|(place, _)| *place >= at)
        };
        self.text.split_inclusive('\n').filter(clean).collect()
    }

    fn push_bad(&mut self, byte: u8) {
        self.bad.push((self.text.len(), byte));
        self.text.push(char::REPLACEMENT_CHARACTER);
    }
}

impl From<String> for TextPiece {
    fn from(text: String) -> Self {
        TextPiece { text, bad: Vec::new() }
    }
}

/// What was found out about a file that its receipt should say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    pub(crate) fn add(&self, note: String) {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The text of a file, in its order.
pub(crate) struct TextStream {
    reader: Box<dyn Read + Send>,
    charset: Option<Charset>,
    declared: bool,
    /// Whether no more bytes than these will ever come: the end of the file, not of a sample of it.
    pub(crate) complete: bool,
    raw: Vec<u8>,
    ended: bool,
    /// Bytes before `raw`.
    offset: u64,
    /// Whether a character beyond ASCII has been seen.
    beyond_ascii: bool,
    nuls: usize,
    notes: Notes,
}

impl std::fmt::Debug for TextStream {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("TextStream").field("charset", &self.charset).field("offset", &self.offset).finish_non_exhaustive()
    }
}

impl TextStream {
    /// The text of what `reader` gives, in `charset` or what the bytes tell. A sample is not `complete`.
    pub(crate) fn new(reader: Box<dyn Read + Send>, charset: Option<Charset>, complete: bool, notes: Notes) -> TextStream {
        TextStream {
            reader,
            charset,
            declared: charset.is_some(),
            complete,
            raw: Vec::new(),
            ended: false,
            offset: 0,
            beyond_ascii: false,
            nuls: 0,
            notes,
        }
    }

    /// The first bytes of the file after a byte order mark, up to [`HEAD`] or so; nothing of them is taken.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub(crate) fn peek(&mut self) -> Result<&[u8], FileFault> {
        if self.offset == 0 && self.raw.is_empty() {
            self.read()?;
            self.begin();
        }
        Ok(&self.raw[..self.raw.len().min(HEAD)])
    }

    /// Says what the file's report should say of it.
    pub(crate) fn note(&self, note: String) {
        self.notes.add(note);
    }

    /// Adds text to `piece` until it has at least `wanted` bytes. False at the end: then no more will come.
    ///
    /// # Errors
    /// What is wrong with the file from here on.
    pub(crate) fn fill(&mut self, piece: &mut TextPiece, wanted: usize) -> Result<bool, FileFault> {
        piece.text.reserve(wanted.min(MOST_RESERVED).saturating_sub(piece.text.len()));
        while piece.text.len() < wanted && !(self.ended && self.raw.is_empty()) {
            self.read()?;
            if self.offset == 0 && self.begin() {
                continue;
            }
            let from = piece.text.len();
            let consumed = self.decode(piece)?;
            self.offset += consumed as u64;
            self.raw.drain(..consumed);
            self.look_for_nuls(piece, from)?;
        }
        Ok(!(self.ended && self.raw.is_empty()))
    }

    /// Everything that is left.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub(crate) fn rest(&mut self) -> Result<TextPiece, FileFault> {
        let mut piece = TextPiece::default();
        self.fill(&mut piece, usize::MAX)?;
        Ok(piece)
    }

    /// Sets the character set that the text itself declares (as XML does), if the project declares none. Only before
    /// anything beyond ASCII was read.
    pub(crate) fn declare(&mut self, charset: Charset) {
        if !self.declared && !self.beyond_ascii && !matches!(self.charset, Some(Charset::Utf16Le | Charset::Utf16Be)) {
            (self.charset, self.declared) = (Some(charset), true);
        }
    }

    fn read(&mut self) -> Result<(), FileFault> {
        if self.ended {
            return Ok(());
        }
        let mut filled = self.raw.len();
        // The beginning is looked at as a whole.
        let wanted = if self.offset == 0 { HEAD } else { filled + 1 };
        self.raw.resize(filled + CHUNK, 0);
        while filled < wanted && !self.ended {
            match self.reader.read(&mut self.raw[filled..]) {
                Ok(0) => self.ended = true,
                Ok(length) => filled += length,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(fault(error)),
            }
        }
        self.raw.truncate(filled);
        Ok(())
    }

    /// Settles the character set by the beginning of the file; whether a byte order mark was taken.
    fn begin(&mut self) -> bool {
        let head = &self.raw[..self.raw.len().min(HEAD)];
        let found = told(head);
        let is_16 = |charset| matches!(charset, Charset::Utf16Le | Charset::Utf16Be);
        match (self.charset, found) {
            (_, Some((charset, mark))) if mark > 0 && (!self.declared || is_16(charset) || charset == Charset::Utf8) => {
                self.charset = Some(charset);
                self.declared = true;
                self.offset = mark as u64;
                self.raw.drain(..mark);
                return true;
            }
            (None, Some((charset, _))) => {
                self.notes.add(format!("read as {charset}, by its NUL bytes"));
                self.charset = Some(charset);
            }
            _ => {}
        }
        false
    }

    /// Decodes what is there; returns how many bytes that were.
    fn decode(&mut self, piece: &mut TextPiece) -> Result<usize, FileFault> {
        match self.charset {
            None | Some(Charset::Utf8) => Ok(self.utf8(piece)),
            Some(Charset::Utf16Le) => Ok(self.utf16(piece, u16::from_le_bytes)),
            Some(Charset::Utf16Be) => Ok(self.utf16(piece, u16::from_be_bytes)),
            Some(Charset::Latin1) => {
                piece.text.push_str(&encoding_rs::mem::decode_latin1(&self.raw));
                Ok(self.raw.len())
            }
            Some(Charset::Windows1252) => {
                piece.text.push_str(&encoding_rs::WINDOWS_1252.decode_without_bom_handling(&self.raw).0);
                Ok(self.raw.len())
            }
        }
    }

    fn utf8(&mut self, piece: &mut TextPiece) -> usize {
        let mut done = 0;
        loop {
            let error = match std::str::from_utf8(&self.raw[done..]) {
                Ok(text) => {
                    self.beyond_ascii |= !text.is_ascii();
                    piece.text.push_str(text);
                    return self.raw.len();
                }
                Err(error) => error,
            };
            let valid = done + error.valid_up_to();
            let text = String::from_utf8_lossy(&self.raw[done..valid]);
            self.beyond_ascii |= !text.is_ascii();
            piece.text.push_str(&text);
            match error.error_len() {
                // The other bytes of the character are still to come.
                None if !self.ended => return valid,
                _ if self.is_windows_1252(valid) => {
                    let at = self.offset + valid as u64;
                    self.notes.add(format!("read as windows-1252, since it is no UTF-8 at offset {at}"));
                    self.charset = Some(Charset::Windows1252);
                    return valid;
                }
                length => {
                    done = length.map_or(self.raw.len(), |length| valid + length);
                    self.raw[valid..done].iter().for_each(|byte| piece.push_bad(*byte));
                    // It was looked at, and is not looked at again for each byte.
                    self.beyond_ascii = true;
                }
            }
        }
    }

    /// Whether the file is taken for windows-1252: nothing declared, nothing but ASCII so far, and from `at` on, as far
    /// as can be seen, no character of UTF-8 either.
    fn is_windows_1252(&self, at: usize) -> bool {
        const UNUSED: [u8; 5] = [0x81, 0x8D, 0x8F, 0x90, 0x9D];
        if self.declared || self.beyond_ascii {
            return false;
        }
        let ahead = &self.raw[at..self.raw.len().min(at + LOOK_AHEAD)];
        let no_utf8 = ahead.utf8_chunks().all(|chunk| chunk.valid().is_ascii());
        no_utf8 && !ahead.iter().any(|byte| UNUSED.contains(byte))
    }

    fn utf16(&mut self, piece: &mut TextPiece, unit: fn([u8; 2]) -> u16) -> usize {
        let mut done = 0;
        let units: Vec<u16> = self.raw.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        let mut decoded = char::decode_utf16(units.iter().copied()).peekable();
        while let Some(character) = decoded.next() {
            match character {
                Ok(character) => {
                    piece.text.push(character);
                    done += 2 * character.len_utf16();
                }
                // The other half may still come.
                Err(_) if decoded.peek().is_none() && !self.ended => break,
                Err(_) => {
                    self.raw[done..done + 2].iter().for_each(|byte| piece.push_bad(*byte));
                    done += 2;
                }
            }
        }
        if self.ended && done + 1 == self.raw.len() {
            piece.push_bad(self.raw[done]);
            done += 1;
        }
        done
    }

    /// A NUL is a byte that is no character; many of them are no text.
    fn look_for_nuls(&mut self, piece: &mut TextPiece, from: usize) -> Result<(), FileFault> {
        if memchr::memchr(0, &piece.text.as_bytes()[from..]).is_none() {
            self.nuls = 0;
            return Ok(());
        }
        let added = piece.text.split_off(from);
        let bad = piece.bad.split_off(piece.bad.partition_point(|(at, _)| *at < from));
        let mut bad = bad.into_iter().peekable();
        for (at, character) in added.char_indices() {
            if character == '\0' {
                self.nuls += 1;
                if self.nuls == NULS {
                    return Err(FileFault::BinaryNul { offset: self.offset - (added.len() - at) as u64 });
                }
                piece.push_bad(0);
                continue;
            }
            self.nuls = 0;
            match bad.next_if(|(place, _)| *place == from + at) {
                Some((_, byte)) => piece.push_bad(byte),
                None => piece.text.push(character),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives few bytes at a time.
    struct Drop(Vec<u8>, usize);

    impl Read for Drop {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let length = self.1.min(self.0.len()).min(out.len());
            out[..length].copy_from_slice(&self.0[..length]);
            self.0.drain(..length);
            Ok(length)
        }
    }

    fn read(bytes: &[u8], charset: Option<Charset>) -> (TextPiece, Vec<String>) {
        let notes = Notes::default();
        let mut stream = TextStream::new(Box::new(Drop(bytes.to_vec(), 3)), charset, true, notes.clone());
        (stream.rest().unwrap(), notes.all())
    }

    fn rescued(piece: &TextPiece) -> String {
        let mut rescue = Rescue::default();
        piece.rescue_bytes(0..piece.text.len(), &mut rescue);
        if rescue.is_empty() { String::new() } else { rescue.take() }
    }

    #[test]
    fn every_character_set_is_text() {
        let text = "Größe, 5 €\n";
        let utf16 = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(unit).collect() };
        let with = |mark: &[u8], bytes: Vec<u8>| [mark, &bytes].concat();
        for (bytes, charset, note) in [
            (text.as_bytes().to_vec(), None, None),
            (with(b"\xEF\xBB\xBF", text.into()), None, None),
            (with(b"\xEF\xBB\xBF", text.into()), Some(Charset::Windows1252), None),
            (with(b"\xFF\xFE", utf16(u16::to_le_bytes)), None, None),
            (with(b"\xFE\xFF", utf16(u16::to_be_bytes)), Some(Charset::Utf16Le), None),
            (utf16(u16::to_le_bytes), Some(Charset::Utf16Le), None),
            (utf16(u16::to_be_bytes), None, Some("read as UTF-16BE, by its NUL bytes")),
            (b"Gr\xF6\xDFe, 5 \x80\n".to_vec(), Some(Charset::Windows1252), None),
            (b"Gr\xF6\xDFe, 5 \x80\n".to_vec(), None, Some("read as windows-1252, since it is no UTF-8 at offset 2")),
        ] {
            let (piece, notes) = read(&bytes, charset);
            assert_eq!((piece.text.as_str(), rescued(&piece)), (text, String::new()), "{bytes:?}");
            assert_eq!(notes, Vec::from_iter(note.map(str::to_owned)));
        }
        assert_eq!(read(b"\xA4\x80", Some(Charset::Latin1)).0.text, "\u{a4}\u{80}");
    }

    #[test]
    fn bytes_that_are_no_characters_are_kept() {
        let (piece, _) = read(b"\xC3\xBC,a\xE9b,c\n", None);
        assert_eq!(piece.text, "ü,a\u{FFFD}b,c\n");
        assert_eq!(rescued(&piece), r#"{"_invalid_bytes":"ü,a\\xE9b,c"}"#);
        let (piece, _) = read(b"a\0b\xE9", Some(Charset::Utf8));
        assert_eq!(rescued(&piece), r#"{"_invalid_bytes":"a\\x00b\\xE9"}"#);
        let (piece, _) = read(b"\xFF\xFEa\0\x00\xD8b\0c", None);
        assert_eq!(rescued(&piece), r#"{"_invalid_bytes":"a\\x00\\xD8b\\x63"}"#);
    }

    #[test]
    fn many_nuls_are_no_text() {
        let bytes = [b"a,b\n".as_slice(), &[0; 600]].concat();
        let mut stream = TextStream::new(Box::new(Drop(bytes, 100)), None, true, Notes::default());
        assert!(matches!(stream.rest(), Err(FileFault::BinaryNul { .. })));
    }

    #[test]
    fn a_piece_takes_its_bad_bytes_along() {
        let (mut piece, _) = read(b"\xC3\xBC\xFF\na\xFE\n", None);
        let first = piece.take("ü\u{FFFD}\n".len());
        assert_eq!(rescued(&first), r#"{"_invalid_bytes":"ü\\xFF"}"#);
        assert_eq!(rescued(&piece), r#"{"_invalid_bytes":"a\\xFE"}"#);
    }

    proptest! {
        #[test]
        fn any_utf16_comes_back(text in "\\PC{0,40}", little: bool, at_once in 1..9_usize) {
            let unit = if little { u16::to_le_bytes } else { u16::to_be_bytes };
            let bytes: Vec<u8> = text.encode_utf16().flat_map(unit).collect();
            let charset = if little { Charset::Utf16Le } else { Charset::Utf16Be };
            let mut stream = TextStream::new(Box::new(Drop(bytes, at_once)), Some(charset), true, Notes::default());
            let found = stream.rest().unwrap().text;
            prop_assert_eq!(found.trim_start_matches('\u{feff}'), text.trim_start_matches('\u{feff}'));
        }

        /// However few bytes come at once, the text is the same and every bad byte is kept.
        #[test]
        fn any_bytes_are_text(bytes in proptest::collection::vec(prop_oneof![Just(0xC3_u8), Just(0xBC), Just(0xE9), Just(b'a'), Just(b'\n'), Just(0)], 0..60), at_once in 1..9_usize) {
            let whole = TextStream::new(Box::new(std::io::Cursor::new(bytes.clone())), Some(Charset::Utf8), true, Notes::default()).rest().unwrap();
            let drops = TextStream::new(Box::new(Drop(bytes.clone(), at_once)), Some(Charset::Utf8), true, Notes::default()).rest().unwrap();
            prop_assert_eq!(&whole, &drops);
            let bad = whole.bad.len();
            prop_assert_eq!(whole.text.len() - bad * 2, bytes.len());
        }
    }
}
