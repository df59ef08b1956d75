//! Character sets: how the characters of a text are written as bytes, and how that is told from the bytes.

use std::fmt::{Display, Formatter, Result};

/// A character set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, little endian unless a byte order mark says otherwise.
    Utf16Le,
    /// UTF-16, big endian unless a byte order mark says otherwise.
    Utf16Be,
    /// ISO 8859-1 (Latin 1).
    Latin1,
    /// Windows code page 1252, as the WHATWG Encoding Standard has it.
    Windows1252,
}

impl Display for Charset {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        out.write_str(match self {
            Charset::Utf8 => "UTF-8",
            Charset::Utf16Le => "UTF-16LE",
            Charset::Utf16Be => "UTF-16BE",
            Charset::Latin1 => "ISO-8859-1",
            Charset::Windows1252 => "windows-1252",
        })
    }
}

impl Charset {
    /// The character set that a text declares by this name, as in `encoding="ISO-8859-1"`.
    pub(crate) fn named(name: &str) -> Option<Charset> {
        match name.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" | "us-ascii" | "ascii" => Some(Charset::Utf8),
            "utf-16" | "utf-16le" => Some(Charset::Utf16Le),
            "utf-16be" => Some(Charset::Utf16Be),
            "iso-8859-1" | "iso_8859-1" | "latin1" | "latin-1" => Some(Charset::Latin1),
            "windows-1252" | "cp1252" => Some(Charset::Windows1252),
            _ => None,
        }
    }
}

/// How a text begins: its character set, if the bytes say so, and the length of the byte order mark.
pub(super) fn told(head: &[u8]) -> Option<(Charset, usize)> {
    match head {
        [0xEF, 0xBB, 0xBF, ..] => Some((Charset::Utf8, 3)),
        [0xFF, 0xFE, ..] => Some((Charset::Utf16Le, 2)),
        [0xFE, 0xFF, ..] => Some((Charset::Utf16Be, 2)),
        _ => without_mark(head).map(|charset| (charset, 0)),
    }
}

/// UTF-16 without a mark shows in the NULs that most texts then have in every other byte.
fn without_mark(head: &[u8]) -> Option<Charset> {
    let units = head.chunks_exact(2);
    let count = units.len();
    let (high_first, low_first) = units.fold((0, 0), |(be, le), unit| {
        (be + usize::from(unit[0] == 0 && unit[1] != 0), le + usize::from(unit[1] == 0 && unit[0] != 0))
    });
    let mostly = |found: usize| count >= 2 && found * 10 >= count * 7;
    match (mostly(low_first), mostly(high_first)) {
        (true, _) => Some(Charset::Utf16Le),
        (_, true) => Some(Charset::Utf16Be),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_tells_its_character_set() {
        for (head, expected) in [
            (&b"\xEF\xBB\xBFa,b"[..], Some((Charset::Utf8, 3))),
            (b"\xFF\xFEa\0", Some((Charset::Utf16Le, 2))),
            (b"\xFE\xFF\0a", Some((Charset::Utf16Be, 2))),
            (b"a\0,\0b\0\n\0", Some((Charset::Utf16Le, 0))),
            (b"\0a\0,\0b\0\n", Some((Charset::Utf16Be, 0))),
            (b"a,b\n", None),
            (b"", None),
            (b"a\0b\0\0\0\0\0\0\0\0\0", None),
        ] {
            assert_eq!(told(head), expected, "{head:?}");
        }
    }
}
