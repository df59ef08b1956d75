//! A JSON text as a flat list of its values, each a range of the text: nothing is copied, nothing is converted.

use std::borrow::Cow;

use crate::column::Digits;
use crate::scan::plain_length;

/// Levels of nesting beyond which a text is not parsed.
const MAX_DEPTH: usize = 1024;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    True,
    False,
    Number,
    /// A string with no escapes.
    Plain,
    /// A string with escapes.
    Escaped,
    Array,
    /// Its children are key, value, key, value, ….
    Object,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    kind: Kind,
    start: u32,
    end: u32,
    /// The node after this one and its children.
    next: u32,
}

/// Room for the nodes of one text after another.
#[derive(Debug, Default)]
pub(super) struct Tape {
    nodes: Vec<Node>,
}

/// A parsed JSON text. Values are named by their index; the whole is 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Document<'a> {
    text: &'a str,
    nodes: &'a [Node],
}

/// What a text begins with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beginning {
    /// A value, which ends here.
    Value(usize),
    /// The beginning of a value.
    Cut,
    /// No value, as shows here.
    Broken(usize),
}

/// The text is not one JSON value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotJson;

impl Tape {
    /// Parses `text`, which must be one JSON value as of RFC 8259 and at most 1,024 levels deep.
    pub(super) fn parse<'a>(&'a mut self, text: &'a str) -> Result<Document<'a>, NotJson> {
        if u32::try_from(text.len()).is_err() {
            return Err(NotJson);
        }
        self.nodes.clear();
        let mut parser = Parser { text, bytes: text.as_bytes(), at: 0, nodes: &mut self.nodes };
        parser.blanks();
        parser.value(0)?;
        parser.blanks();
        if parser.at < text.len() {
            return Err(NotJson);
        }
        Ok(Document { text, nodes: &self.nodes })
    }

    /// How far the JSON value reaches with which `text` begins.
    pub(super) fn begin(&mut self, text: &str) -> Beginning {
        if u32::try_from(text.len()).is_err() {
            return Beginning::Broken(0);
        }
        self.nodes.clear();
        let mut parser = Parser { text, bytes: text.as_bytes(), at: 0, nodes: &mut self.nodes };
        parser.blanks();
        match parser.value(0) {
            Ok(()) => Beginning::Value(parser.at),
            Err(NotJson) if parser.at >= text.len() => Beginning::Cut,
            Err(NotJson) => Beginning::Broken(parser.at),
        }
    }
}

impl<'a> Document<'a> {
    pub(super) fn kind(&self, node: usize) -> Kind {
        self.nodes[node].kind
    }

    /// The value as it stands in the text.
    pub(super) fn raw(&self, node: usize) -> &'a str {
        let node = self.nodes[node];
        &self.text[node.start as usize..node.end as usize]
    }

    /// The text of a string; `None` if its escapes are half a surrogate pair, which no text holds.
    pub(super) fn string(&self, node: usize) -> Option<Cow<'a, str>> {
        let raw = self.raw(node);
        let inner = &raw[1..raw.len() - 1];
        if self.kind(node) == Kind::Plain {
            return Some(Cow::Borrowed(inner));
        }
        let mut text = String::with_capacity(inner.len());
        unescape(inner, &mut text).map(|()| Cow::Owned(text))
    }

    /// The text of an object's key.
    pub(super) fn key(&self, node: usize) -> Cow<'a, str> {
        self.string(node).unwrap_or_else(|| Cow::Borrowed(self.raw(node)))
    }

    /// The elements of an array; the keys and values of an object in turn.
    pub(super) fn children(&self, node: usize) -> impl Iterator<Item = usize> + use<'a> {
        let nodes = self.nodes;
        let end = nodes[node].next as usize;
        let mut next = node + 1;
        std::iter::from_fn(move || {
            let child = next;
            (child < end).then(|| {
                next = nodes[child].next as usize;
                child
            })
        })
    }

    /// The entries of an object: key and value.
    pub(super) fn entries(&self, node: usize) -> impl Iterator<Item = (usize, usize)> + use<'a> {
        let mut children = self.children(node);
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }
}

struct Parser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    nodes: &'t mut Vec<Node>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), NotJson> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{') => self.nested(Kind::Object, b'}', depth),
            Some(b'[') => self.nested(Kind::Array, b']', depth),
            Some(b't') => self.word(b"true", Kind::True),
            Some(b'f') => self.word(b"false", Kind::False),
            Some(b'n') => self.word(b"null", Kind::Null),
            _ => self.number(),
        }
    }

    fn push(&mut self, kind: Kind, start: usize) {
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(Node { kind, start: start as u32, end: self.at as u32, next });
    }

    fn word(&mut self, word: &[u8], kind: Kind) -> Result<(), NotJson> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(NotJson);
        }
        let start = self.at;
        self.at += word.len();
        self.push(kind, start);
        Ok(())
    }

    fn nested(&mut self, kind: Kind, close: u8, depth: usize) -> Result<(), NotJson> {
        if depth == MAX_DEPTH {
            return Err(NotJson);
        }
        let (node, start) = (self.nodes.len(), self.at);
        self.push(kind, start);
        self.at += 1;
        self.blanks();
        if self.peek() == Some(close) {
            self.at += 1;
        } else {
            loop {
                if kind == Kind::Object {
                    if self.peek() != Some(b'"') {
                        return Err(NotJson);
                    }
                    self.string()?;
                    self.blanks();
                    if self.peek() != Some(b':') {
                        return Err(NotJson);
                    }
                    self.at += 1;
                    self.blanks();
                }
                self.value(depth + 1)?;
                self.blanks();
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        self.blanks();
                    }
                    Some(byte) if byte == close => break,
                    _ => return Err(NotJson),
                }
            }
            self.at += 1;
        }
        self.nodes[node].end = self.at as u32;
        self.nodes[node].next = self.nodes.len() as u32;
        Ok(())
    }

    fn string(&mut self) -> Result<(), NotJson> {
        let start = self.at;
        let mut end = start + 1 + plain_length(self.bytes, start + 1);
        let mut kind = Kind::Plain;
        if self.bytes.get(end) != Some(&b'"') {
            kind = Kind::Escaped;
            end = string_end(self.bytes, end).map_err(|broken| self.broken(broken))?;
        }
        self.at = end + 1;
        self.push(kind, start);
        Ok(())
    }

    fn number(&mut self) -> Result<(), NotJson> {
        let start = self.at;
        let Some((_, end)) = Digits::find(self.text, start) else {
            let of_numbers = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
            return Err(self.broken(start + self.bytes[start..].iter().take_while(of_numbers).count()));
        };
        self.at = end;
        self.push(Kind::Number, start);
        Ok(())
    }

    /// No JSON, as shows at `at`.
    fn broken(&mut self, at: usize) -> NotJson {
        self.at = at;
        NotJson
    }
}

/// Where the string that goes on at `at` has its closing quote, if all its escapes are well formed.
///
/// # Errors
/// Where it is no string of JSON, or the end of the text if it is the beginning of one.
pub(super) fn string_end(bytes: &[u8], mut at: usize) -> Result<usize, usize> {
    loop {
        at += plain_length(bytes, at);
        at += match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'"'), _) => return Ok(at),
            (Some(b'\\'), Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')) => 2,
            (Some(b'\\'), Some(b'u')) => {
                let digits = bytes[at + 2..].iter().take(4).take_while(|byte| byte.is_ascii_hexdigit()).count();
                if digits < 4 {
                    return Err(at + 2 + digits);
                }
                6
            }
            (None, _) | (Some(b'\\'), None) => return Err(bytes.len()),
            _ => return Err(at),
        };
    }
}

/// Appends to `text` what stands between the quotes of a string, whose escapes are well formed; `None` if they are half a
/// surrogate pair.
pub(super) fn unescape(inner: &str, text: &mut String) -> Option<()> {
    let mut rest = inner;
    while let Some(backslash) = memchr::memchr(b'\\', rest.as_bytes()) {
        text.push_str(&rest[..backslash]);
        let escape = &rest[backslash + 1..];
        let mut length = 1;
        text.push(match escape.as_bytes().first()? {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let (character, longer) = unescape_unicode(escape)?;
                length = longer;
                character
            }
            literal => char::from(*literal),
        });
        rest = escape.get(length..)?;
    }
    text.push_str(rest);
    Some(())
}

/// The character of `uXXXX` or `uXXXX\uXXXX`, and how long that is.
fn unescape_unicode(escape: &str) -> Option<(char, usize)> {
    let first = u32::from_str_radix(escape.get(1..5)?, 16).ok()?;
    if !(0xD800..0xE000).contains(&first) {
        return char::from_u32(first).map(|character| (character, 5));
    }
    let low = escape.get(5..11)?.strip_prefix("\\u")?;
    let low = u32::from_str_radix(low, 16).ok()?;
    if first >= 0xDC00 || !(0xDC00..0xE000).contains(&low) {
        return None;
    }
    char::from_u32(0x10000 + ((first - 0xD800) << 10) + (low - 0xDC00)).map(|character| (character, 11))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_ranges_of_the_text() {
        let mut tape = Tape::default();
        let document = tape.parse(r#" {"a": [1, -2.50e+3, null], "b\n": {"c": "x"}, "d": []} "#).unwrap();
        let entries: Vec<(String, &str)> =
            document.entries(0).map(|(key, value)| (document.key(key).into_owned(), document.raw(value))).collect();
        let expected = [("a", "[1, -2.50e+3, null]"), ("b\n", r#"{"c": "x"}"#), ("d", "[]")];
        assert_eq!(entries, expected.map(|(key, raw)| (key.to_owned(), raw)));
        let list = document.entries(0).next().unwrap().1;
        let elements: Vec<&str> = document.children(list).map(|element| document.raw(element)).collect();
        assert_eq!(elements, ["1", "-2.50e+3", "null"]);
    }

    #[test]
    fn what_is_no_json_is_refused() {
        let mut tape = Tape::default();
        for text in [
            "",
            "{",
            "{\"a\":1",
            "{\"a\":1,}",
            "[1,]",
            "{a:1}",
            "{'a':1}",
            "{\"a\" 1}",
            "{\"a\":1}}",
            "01",
            "-",
            "1.",
            ".5",
            "+1",
            "1e",
            "NaN",
            "Infinity",
            "-Infinity",
            "tru",
            "nulll",
            "\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\\u12",
            "\"a\tb\"",
            "[1 2]",
            "1 2",
            "{\"a\":1,\"b\"}",
        ] {
            assert_eq!(tape.parse(text).err(), Some(NotJson), "{text}");
        }
    }

    #[test]
    fn nesting_ends_at_1024() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let mut tape = Tape::default();
        assert!(tape.parse(&nested(1024)).is_ok());
        assert!(tape.parse(&nested(1025)).is_err());
        assert!(tape.parse(&"[".repeat(1_000_000)).is_err());
    }

    #[test]
    fn escapes_are_text() {
        let mut tape = Tape::default();
        let document = tape.parse(r#""\"\\\/\b\f\n\r\t\u00fc\ud83d\ude00x""#).unwrap();
        assert_eq!(document.string(0).unwrap(), "\"\\/\u{8}\u{c}\n\r\tü😀x");
        for half in [r#""\ud83d""#, r#""\ude00""#, r#""\ud83dx\ude00""#, r#""\ud83d\u0041""#] {
            assert_eq!(tape.parse(half).unwrap().string(0), None, "{half}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_another_parser(text in "[\\[\\]{}\",:0-9a-e.\\\\nultrfs ü-]{0,24}") {
            let mut tape = Tape::default();
            let ours = tape.parse(&text).is_ok();
            prop_assert_eq!(ours, serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok());
        }

        #[test]
        fn strings_come_back(text in "\\PC*|[\\x00-\\x7f]{0,40}") {
            let json = serde_json::to_string(&text).unwrap();
            let mut tape = Tape::default();
            prop_assert_eq!(tape.parse(&json).unwrap().string(0).unwrap(), text);
        }
    }
}
