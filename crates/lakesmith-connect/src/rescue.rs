//! What of a row did not fit its columns, as one JSON object.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;

use crate::scan::plain_length;

/// Where in a row a value stands. Built on the stack while decoding; only a rescue writes it out.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    /// A column.
    Column(&'a str),
    /// A field of a struct.
    Field(&'a Place<'a>, &'a str),
    /// An element of a list.
    Element(&'a Place<'a>, usize),
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Column(name) => out.write_str(name),
            Place::Field(parent, name) => write!(out, "{parent}.{name}"),
            Place::Element(parent, index) => write!(out, "{parent}[{index}]"),
        }
    }
}

/// The rescued values of the current row: `{"place": value, …}`.
#[derive(Debug, Default)]
pub(crate) struct Rescue {
    /// The keys of the row, each with the number from which one more of it is looked for.
    keys: HashMap<String, u32>,
    json: String,
}

impl Rescue {
    /// Keeps a value that is JSON already, as it stands in the file.
    pub(crate) fn keep_json(&mut self, key: &str, json: &str) {
        self.key(key);
        self.json.push_str(json);
    }

    /// Keeps a text, as a JSON string.
    pub(crate) fn keep_text(&mut self, key: &str, text: &str) {
        self.key(key);
        push_json_string(&mut self.json, text);
    }

    /// Keeps several texts, as a JSON array of strings.
    pub(crate) fn keep_texts<'a>(&mut self, key: &str, texts: impl Iterator<Item = &'a str>) {
        self.key(key);
        self.json.push('[');
        for (index, text) in texts.enumerate() {
            if index > 0 {
                self.json.push(',');
            }
            push_json_string(&mut self.json, text);
        }
        self.json.push(']');
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.json.is_empty()
    }

    /// The object of this row; the next row starts empty.
    pub(crate) fn take(&mut self) -> String {
        self.keys.clear();
        let mut json = std::mem::take(&mut self.json);
        json.push('}');
        json
    }

    /// Starts an entry. A key that the row already has becomes `key#2`, `key#3`, …: no value hides another.
    fn key(&mut self, key: &str) {
        let mut unique = Cow::Borrowed(key);
        if let Some(first) = self.keys.get(key) {
            let mut number = *first;
            loop {
                unique = Cow::Owned(format!("{key}#{number}"));
                number += 1;
                if !self.keys.contains_key(unique.as_ref()) {
                    break;
                }
            }
            self.keys.insert(key.to_owned(), number);
        }
        self.json.push(if self.json.is_empty() { '{' } else { ',' });
        push_json_string(&mut self.json, &unique);
        self.json.push(':');
        self.keys.insert(unique.into_owned(), 2);
    }
}

/// Appends `text` as a JSON string, with quotes.
pub(crate) fn push_json_string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    loop {
        let plain = plain_length(rest.as_bytes(), 0);
        out.push_str(&rest[..plain]);
        let Some(special) = rest.as_bytes().get(plain) else { break };
        match special {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            control => {
                let _ = write!(out, "\\u{control:04x}");
            }
        }
        rest = &rest[plain + 1..];
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_becomes_one_json_object() {
        let mut rescue = Rescue::default();
        assert!(rescue.is_empty());
        rescue.keep_json("n", "1e400");
        rescue.keep_text("t", "a\"b\\c\n\u{1}ü");
        rescue.keep_texts("_extra", ["x", ""].into_iter());
        assert_eq!(rescue.take(), r#"{"n":1e400,"t":"a\"b\\c\n\u0001ü","_extra":["x",""]}"#);
        assert!(rescue.is_empty());
    }

    #[test]
    fn equal_keys_are_numbered() {
        let mut rescue = Rescue::default();
        for value in ["1", "2", "3"] {
            rescue.keep_json("a", value);
        }
        assert_eq!(rescue.take(), r#"{"a":1,"a#2":2,"a#3":3}"#);
        for (key, value) in [("a#2", "1"), ("a", "2"), ("a", "3"), ("a#2", "4")] {
            rescue.keep_json(key, value);
        }
        assert_eq!(rescue.take(), r##"{"a#2":1,"a":2,"a#3":3,"a#2#2":4}"##);
    }

    #[test]
    fn places_read_as_paths() {
        let lines = Place::Column("Lines");
        let line = Place::Element(&lines, 2);
        assert_eq!(Place::Field(&line, "Qty").to_string(), "Lines[2].Qty");
    }
}
