//! Where the rows of a JSON document stand: the elements of the arrays that a path leads to.
//!
//! The document is walked along the path, and nothing is kept of it but which arrays and objects of the path are open.
//! Where an element ends is told by its brackets and strings alone; whether it is JSON is for the decoder to say. An
//! element whose brackets do not match ends where the next line begins as the line of an element does, if there is such a
//! line: pretty-printed documents lose one row to a slip, not all that follow.

use std::ops::Range;

use super::PathStep;
use super::tape::unescape;
use crate::error::FileFault;
use crate::format::elements::Finder;
use crate::scan::plain_length;

/// Finds the rows of one file of JSON documents.
#[derive(Debug)]
pub(super) struct Documents {
    /// Ends with [`PathStep::Elements`].
    path: Vec<PathStep>,
    /// The arrays and objects of the path that are open, and which step their values take next.
    open: Vec<(Kind, usize)>,
    /// A value beside the path that is being passed over.
    beside: Option<Beside>,
    /// Whether the path led to anything.
    led_to_rows: bool,
    /// Whether there was anything.
    any: bool,
    /// What stands before the elements of the open array on their lines, once one began a line.
    indent: Option<String>,
    /// An element had no end: from then on none goes beyond the line of the next.
    slipped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Array,
    Object,
}

/// How far a value reaches.
#[derive(Debug, PartialEq, Eq)]
enum Extent {
    /// To here.
    End(usize),
    /// Beyond the text.
    Beyond,
    /// It cannot be told: the brackets do not match.
    Unclear,
}

/// What is done next.
enum Turn {
    /// The next value is looked at, from here.
    At(usize),
    /// The text does not suffice.
    Beyond,
}

impl Documents {
    /// The rows that `path` leads to. The elements of an array at its end are rows, and anything else there is one.
    pub(super) fn new(path: &[PathStep]) -> Documents {
        let mut path = path.to_vec();
        if path.last() != Some(&PathStep::Elements) {
            path.push(PathStep::Elements);
        }
        Documents { path, open: Vec::new(), beside: None, led_to_rows: false, any: false, indent: None, slipped: false }
    }

    /// The text ends before the document does.
    fn torn(&self, offset: u64) -> FileFault {
        damaged(offset, "the document is torn off")
    }

    /// One step of the walk from `at`.
    fn turn(&mut self, text: &str, at: usize, offset: u64, last: bool, found: &mut Vec<Range<usize>>) -> Result<Turn, FileFault> {
        let bytes = text.as_bytes();
        let start = skip_blanks(bytes, at);
        let Some(byte) = bytes.get(start) else { return Ok(Turn::Beyond) };
        self.any = true;
        match (self.open.last().copied(), byte) {
            (Some((Kind::Array, _)), b']') | (Some((Kind::Object, _)), b'}') => {
                self.open.pop();
                self.indent = None;
                Ok(Turn::At(start + 1))
            }
            (Some((Kind::Object, step)), b'"') => {
                let Extent::End(end) = string_end(bytes, start) else { return Ok(Turn::Beyond) };
                let colon = skip_blanks(bytes, end);
                match bytes.get(colon) {
                    None => return Ok(Turn::Beyond),
                    Some(b':') => {}
                    Some(_) => return Err(damaged(offset + colon as u64, "`:` was expected after a key")),
                }
                let value = skip_blanks(bytes, colon + 1);
                if value == bytes.len() {
                    return Ok(Turn::Beyond);
                }
                if !self.is_key(step, &text[start + 1..end - 1]) {
                    self.beside = Some(Beside::default());
                    return Ok(Turn::At(value));
                }
                self.value(text, at..value, step + 1, last, offset, found)
            }
            (Some((Kind::Object, _)), _) => Err(damaged(offset + start as u64, "a key or `}` was expected")),
            (Some((Kind::Array, step)), _) => self.value(text, at..start, step, last, offset, found),
            (None, _) => self.value(text, at..start, 0, last, offset, found),
        }
    }

    /// Whether a key of the open object is the one on the path.
    fn is_key(&self, step: usize, raw: &str) -> bool {
        let Some(PathStep::Field(name)) = self.path.get(step) else { return false };
        if !raw.contains('\\') {
            return raw == name;
        }
        let mut key = String::with_capacity(raw.len());
        unescape(raw, &mut key).is_some() && key == *name
    }

    /// The value that begins at the end of `before`, which is what stands before it since the last one. `step` is the
    /// one it takes.
    fn value(
        &mut self,
        text: &str,
        before: Range<usize>,
        mut step: usize,
        last: bool,
        offset: u64,
        found: &mut Vec<Range<usize>>,
    ) -> Result<Turn, FileFault> {
        let start = before.end;
        let mut single = false;
        while let Some(next) = self.path.get(step) {
            let (kind, opens) = match next {
                PathStep::Elements => (Kind::Array, b'['),
                PathStep::Field(_) => (Kind::Object, b'{'),
            };
            if text.as_bytes()[start] == opens {
                // The fields of an object compare with the step that led into it.
                let within = if kind == Kind::Array { step + 1 } else { step };
                self.open.push((kind, within));
                self.indent = None;
                self.led_to_rows |= step + 1 == self.path.len();
                return Ok(Turn::At(start + 1));
            }
            if kind == Kind::Object {
                // The path leads on, and there is nothing to lead into: what is there is a row that does not fit.
                single = true;
                break;
            }
            // A single value counts as an array of one.
            (step, single) = (step + 1, true);
        }
        self.row(text, before, single, last, offset, found)
    }

    fn row(
        &mut self,
        text: &str,
        before: Range<usize>,
        single: bool,
        last: bool,
        offset: u64,
        found: &mut Vec<Range<usize>>,
    ) -> Result<Turn, FileFault> {
        let (bytes, start) = (text.as_bytes(), before.end);
        let line = before.start + text[before.clone()].rfind('\n').map_or(0, |newline| newline + 1);
        let begins_line = (line > before.start || (offset == 0 && line == 0)) && text[line..start].trim().is_empty();
        if self.indent.is_none() && begins_line && bytes[start] == b'{' {
            self.indent = Some(format!("\n{}{{", &text[line..start]));
        }
        let line_of_next = |indent: &Option<String>| Some(start + text[start..].find(indent.as_ref()?.as_str())?);
        let limit = if self.slipped { line_of_next(&self.indent) } else { None };
        let end = match extent(&bytes[..limit.unwrap_or(bytes.len())], start, last) {
            Extent::End(end) => end,
            Extent::Beyond if limit.is_none() && !last => return Ok(Turn::Beyond),
            other => match limit.or_else(|| line_of_next(&self.indent)) {
                Some(next) => {
                    self.slipped = true;
                    next
                }
                None if other == Extent::Beyond || (!last && self.indent.is_some()) => return Ok(Turn::Beyond),
                None => return Err(damaged(offset + start as u64, "an element has no end")),
            },
        };
        self.led_to_rows = true;
        let row = text[start..end].trim_end_matches([' ', '\t', '\r', '\n', ',']);
        if !(single && row == "null") {
            found.push(start..start + row.len());
        }
        Ok(Turn::At(end))
    }
}

impl Finder for Documents {
    fn find(&mut self, text: &str, at: u64, last: bool, found: &mut Vec<Range<usize>>) -> Result<usize, FileFault> {
        let mut done = 0;
        loop {
            if let Some(beside) = &mut self.beside {
                match beside.pass(text.as_bytes(), done) {
                    Some(end) => (done, self.beside) = (end, None),
                    None if last => return Err(self.torn(at + text.len() as u64)),
                    None => return Ok(text.len()),
                }
            }
            match self.turn(text, done, at, last, found)? {
                Turn::At(next) => done = next,
                Turn::Beyond if !last => return Ok(done),
                Turn::Beyond => break,
            }
        }
        if !self.open.is_empty() || skip_blanks(text.as_bytes(), done) < text.len() {
            return Err(self.torn(at + text.len() as u64));
        }
        if self.any && !self.led_to_rows {
            return Err(FileFault::NotOfFormat(format!("there is no `{}` in the file", PathStep::show(&self.path))));
        }
        Ok(text.len())
    }
}

fn damaged(offset: u64, reason: &str) -> FileFault {
    FileFault::Damaged { what: "JSON", offset, reason: reason.to_owned() }
}

/// Blanks, and the commas between values: whether one is missing or too many says nothing of the rows.
fn skip_blanks(bytes: &[u8], at: usize) -> usize {
    let blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',');
    at + bytes[at..].iter().take_while(blank).count()
}

/// The end of the string that begins at `start`. A line break in it cannot be: a quote is missing.
fn string_end(bytes: &[u8], start: usize) -> Extent {
    let mut at = start + 1;
    loop {
        at += plain_length(bytes, at);
        match bytes.get(at) {
            None => return Extent::Beyond,
            Some(b'"') => return Extent::End(at + 1),
            Some(b'\\') => at += 2,
            Some(b'\n') => return Extent::Unclear,
            Some(_) => at += 1,
        }
    }
}

/// How far the value that begins at `start` reaches.
fn extent(bytes: &[u8], start: usize, last: bool) -> Extent {
    match bytes[start] {
        b'{' | b'[' => nested_extent(bytes, start),
        b'"' => string_end(bytes, start),
        b']' | b'}' | b':' => Extent::End(start + 1),
        _ => {
            let ends = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b'[' | b']' | b'{' | b'}' | b'"');
            match bytes[start..].iter().position(ends) {
                Some(length) => Extent::End(start + length),
                None if last => Extent::End(bytes.len()),
                None => Extent::Beyond,
            }
        }
    }
}

fn nested_extent(bytes: &[u8], start: usize) -> Extent {
    let mut open: Vec<u8> = Vec::new();
    // The last byte that is no blank.
    let mut before = b':';
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => match string_end(bytes, at) {
                Extent::End(end) => at = end - 1,
                other => return other,
            },
            b'{' | b'[' => {
                // Where a key must stand: a bracket is missing before.
                if open.last() == Some(&b'{') && matches!(before, b',' | b'{') {
                    return Extent::Unclear;
                }
                open.push(byte);
            }
            b'}' | b']' => {
                if open.pop() != Some(if byte == b'}' { b'{' } else { b'[' }) {
                    return Extent::Unclear;
                }
                if open.is_empty() {
                    return Extent::End(at + 1);
                }
            }
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
        at += 1;
    }
    Extent::Beyond
}

/// A value beside the path, of any size: only its brackets are counted.
#[derive(Debug, Default)]
struct Beside {
    depth: usize,
    begun: bool,
    in_string: bool,
    escaped: bool,
}

impl Beside {
    /// The end of the value, if it comes in these bytes; it goes on with the next ones otherwise.
    fn pass(&mut self, bytes: &[u8], from: usize) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate().skip(from) {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                if !self.in_string && self.depth == 0 {
                    return Some(at + 1);
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                // The object around it ends.
                b'}' | b']' if self.depth == 0 => return Some(at),
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                b',' | b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 && self.begun => return Some(at),
                _ => {}
            }
            self.begun = true;
        }
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::format::elements::rows_found;
    use proptest::prelude::*;

    /// The rows, however the text is handed over: all at once, or so many bytes more each time.
    fn rows(text: &str, path: &[PathStep], at_once: usize) -> Result<Vec<String>, FileFault> {
        rows_found(&mut Documents::new(path), text, at_once)
    }

    fn path(text: &str) -> Vec<PathStep> {
        let step = |step: &str| if step == "*" { PathStep::Elements } else { PathStep::Field(step.to_owned()) };
        text.split_whitespace().map(step).collect()
    }

    #[test]
    fn rows_are_where_the_path_leads() {
        for (text, steps, expected) in [
            (r#"[{"a":1}, {"a":[2]} ]"#, "*", &[r#"{"a":1}"#, r#"{"a":[2]}"#][..]),
            (r#"{"a":1}{"a":2} {"a":3}"#, "", &[r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#]),
            (r#"[] [1,"x]",null]"#, "", &["1", r#""x]""#, "null"]),
            (r#"{"x":[{"data":[9]}],"data":[{"a":1},{"a":2}],"y":"]"}"#, "data *", &[r#"{"a":1}"#, r#"{"a":2}"#]),
            (r#"{"data":{"a":1}} {"data":null} {"data":[]} {}"#, "data *", &[r#"{"a":1}"#]),
            (r#"{"r":[{"s":[1,2],"n":{"s":[0]}},{"s":3},{}]}"#, "r * s *", &["1", "2", "3"]),
            (r#"{"r":[{"s":1}, 7]}"#, "r * s *", &["1", "7"]),
            ("{\"d\\u0061ta\":[1]}", "data", &["1"]),
            ("[[1],[2,3]]", "* *", &["1", "2", "3"]),
            ("[1}2:3]", "", &["1", "}", "2:3"]),
        ] {
            assert_eq!(rows(text, &path(steps), usize::MAX >> 1).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_slip_in_a_line_costs_one_row() {
        let text = "[\n  {\"a\": \"x},\n  {\"a\": 2},\n  {\"a\": 3,\n  {\"a\": 4]},\n  {\"a\": {\n    \"b\": 5}}\n]";
        let expected = ["{\"a\": \"x}", "{\"a\": 2}", "{\"a\": 3", "{\"a\": 4]}", "{\"a\": {\n    \"b\": 5}}"];
        for at_once in 1..30 {
            assert_eq!(rows(text, &[], at_once).unwrap(), expected);
        }
        let text = "[\n  {\"a\": [1,\n  {\"a\": 2},\n  {\"a\": [3,\n  {\"a\": 4}\n]";
        assert_eq!(rows(text, &[], 7).unwrap(), ["{\"a\": [1", "{\"a\": 2}", "{\"a\": [3", "{\"a\": 4}"]);
    }

    #[test]
    fn what_is_torn_is_damaged() {
        for text in ["[{\"a\":1},", "[{\"a\":1}, {\"a\"", "{\"a\":", "{\"a\":\"x", "[1, {\"a\":\"x},{\"a\":2}]", "["] {
            assert!(matches!(rows(text, &[], 1000), Err(FileFault::Damaged { what: "JSON", .. })), "{text}");
        }
        for text in ["{\"data\"", "{\"data\":[1]", "{\"x\":[[", "{\"x\":\"", "{data:1}", "{\"data\" 1}"] {
            assert!(matches!(rows(text, &path("data"), 1000), Err(FileFault::Damaged { .. })), "{text}");
        }
        let missing = rows("{\"x\":1}", &path("data *"), 1000).unwrap_err();
        assert_eq!(missing, FileFault::NotOfFormat("there is no `$.data[*]` in the file".to_owned()));
        assert_eq!(rows(" \n", &path("data *"), 1000), Ok(Vec::new()));
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_rows(text in "([\\[\\]{},:]|\"a\"|\"x\"|1|null|\n \\{|\\\\|\"|ü| ){0,30}", steps in "(a |\\* ){0,3}", at_once in 1..9_usize) {
            let path = path(&steps);
            let whole = rows(&text, &path, usize::MAX >> 1);
            let cut = rows(&text, &path, at_once);
            prop_assert_eq!(whole.is_ok(), cut.is_ok(), "{:?} {:?}", whole, cut);
            if whole.is_ok() {
                prop_assert_eq!(whole, cut);
            }
        }

        #[test]
        fn written_arrays_come_back(rows_in in proptest::collection::vec("\\PC{0,8}", 0..6), pretty: bool, at_once in 1..9_usize) {
            let values: Vec<serde_json::Value> = rows_in.iter().map(|text| serde_json::json!({ text: [text, { "a": text }] })).collect();
            let text = if pretty { serde_json::to_string_pretty(&values) } else { serde_json::to_string(&values) }.unwrap();
            let found = rows(&text, &[], at_once).unwrap();
            let back: Vec<serde_json::Value> = found.iter().map(|row| serde_json::from_str(row).unwrap()).collect();
            prop_assert_eq!(back, values);
        }
    }
}
