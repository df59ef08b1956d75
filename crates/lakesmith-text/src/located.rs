//! A text that was written with escapes, folded lines or indentation, and still knows where each byte of it stands.

use crate::{FileId, Span};
use std::fmt;
use std::ops::Range;

/// A decoded text, such as an SQL expression in a quoted or a block scalar, with the place of each of its bytes.
/// Two are equal when their texts are.
#[derive(Debug, Clone)]
pub struct Located {
    text: String,
    span: Span,
    /// In order, without gaps in the decoded text.
    pieces: Vec<Piece>,
}

/// A stretch of decoded text and the bytes of the file it came from. Of equal length, byte stands for byte;
/// otherwise (an escape, a folded line break) the stretch is one indivisible whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Bytes of the decoded text.
    pub text: Range<usize>,
    /// Bytes of the file.
    pub file: Range<usize>,
}

impl Located {
    /// A decoded text whose `pieces` cover it from its first byte to its last; `span` is the whole scalar in the file.
    pub fn new(text: impl Into<String>, span: Span, pieces: Vec<Piece>) -> Self {
        Self { text: text.into(), span, pieces }
    }

    /// A text that stands in the file as it is, from `start` on.
    pub fn verbatim(text: impl Into<String>, file: FileId, start: u32) -> Self {
        let text = text.into();
        let end = start + text.len() as u32;
        let piece = Piece { text: 0..text.len(), file: start as usize..end as usize };
        Self { text, span: Span::new(file, start, end), pieces: vec![piece] }
    }

    /// The decoded text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The whole scalar as written, quotes included.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Where a range of bytes of [`Located::text`] was written. An empty range gives a point; a range beyond the text
    /// is cut to it; a text without pieces gives the whole scalar.
    pub fn at(&self, range: Range<usize>) -> Span {
        let Some(last) = self.pieces.last() else { return self.span };
        let start = match self.piece(range.start) {
            Some(piece) => piece.place(range.start).start,
            None => last.file.end,
        };
        let end = match range.end.min(last.text.end).checked_sub(1).and_then(|byte| self.piece(byte).zip(Some(byte))) {
            Some((piece, byte)) if range.end > range.start => piece.place(byte).end,
            _ => start,
        };
        Span::new(self.span.file, start as u32, end as u32)
    }

    fn piece(&self, byte: usize) -> Option<&Piece> {
        let index = self.pieces.partition_point(|piece| piece.text.end <= byte);
        self.pieces.get(index)
    }
}

impl Piece {
    /// The bytes of the file that the decoded byte at `byte` came from.
    fn place(&self, byte: usize) -> Range<usize> {
        if self.text.len() == self.file.len() {
            let at = self.file.start + (byte - self.text.start.min(byte));
            at..at + 1
        } else {
            self.file.clone()
        }
    }
}

impl PartialEq for Located {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Located {}

impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sources;

    #[test]
    fn each_byte_has_its_place() {
        let mut sources = Sources::new();
        // A double-quoted scalar: `a \" b` decodes to `a " b`.
        let file = sources.add("x.yaml", r#"check: "a \" b""#);
        let pieces =
            vec![Piece { text: 0..2, file: 8..10 }, Piece { text: 2..3, file: 10..12 }, Piece { text: 3..5, file: 12..14 }];
        let located = Located::new("a \" b", Span::new(file, 7, 15), pieces);
        assert_eq!(sources.slice(located.at(0..1)), "a");
        assert_eq!(sources.slice(located.at(2..3)), "\\\"");
        assert_eq!(sources.slice(located.at(2..5)), "\\\" b");
        assert_eq!(sources.slice(located.at(4..5)), "b");
        assert_eq!(located.at(5..5), Span::point(file, 14));
        assert_eq!(located.at(4..90), Span::new(file, 13, 14));
        assert_eq!(located.at(0..0), Span::point(file, 8));
    }
}
