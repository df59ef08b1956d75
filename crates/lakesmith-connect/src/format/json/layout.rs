//! Whether a JSON file is lines, each a row, or documents in which rows are to be found. Its beginning tells.

use super::tape::{Beginning, Tape};

/// How rows stand in a JSON file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Each line is one, whatever it holds.
    Lines,
    /// They are found by their brackets.
    Documents,
}

impl Layout {
    /// Of the file that begins with `text`: documents if it begins with `[`, with an object of several lines, or with two
    /// objects on one line. One that is broken on its first line, or goes on with a line that begins with `{` where none can
    /// be, is a line that was torn.
    pub(super) fn of(text: &str) -> Layout {
        let text = text.trim_start_matches([' ', '\t', '\r', '\n']);
        match text.as_bytes().first() {
            Some(b'[') => return Layout::Documents,
            Some(b'{') => {}
            _ => return Layout::Lines,
        }
        let several_lines = match Tape::default().begin(text) {
            Beginning::Value(end) => {
                let next_is_object = text[end..].trim_start_matches([' ', '\t', ',']).starts_with('{');
                text[..end].contains('\n') || next_is_object
            }
            Beginning::Cut => text.trim_end().contains('\n'),
            Beginning::Broken(at) => match text[..floor(text, at)].rsplit_once('\n') {
                None => false,
                Some((_, before)) => !(before.trim().is_empty() && text.as_bytes().get(at) == Some(&b'{')),
            },
        };
        if several_lines { Layout::Documents } else { Layout::Lines }
    }
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_tells_the_layout() {
        for text in [
            "",
            "{\"a\":1}",
            " \n{\"a\":1}\n{\"a\":2}",
            "{\"a\":1} x\n",
            "{\"a\":NaN}\n{}",
            "{\"a\":1\n{\"a\":2}\n",
            "{\"a\":\"x\n{\"a\":2}\n",
            "{\"a\":\"ü\n",
            "{\"a\":1,",
            "{\"a\":1,\n",
            "nothing\n{",
            "{\n{\n}",
        ] {
            assert_eq!(Layout::of(text), Layout::Lines, "{text}");
        }
        for text in ["[", " \r\n[{\"a\":1}]", "{\n}", "{\"a\":1,\n\"b\"", "{\n \"a\": NaN,\n", "{}{}", "{}, {}"] {
            assert_eq!(Layout::of(text), Layout::Documents, "{text}");
        }
    }
}
