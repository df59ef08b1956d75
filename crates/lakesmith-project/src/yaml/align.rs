//! Which bytes of the file each byte of a decoded scalar came from.
//!
//! The parser gives the decoded text and the place of the whole scalar. Reading both side by side finds the place of every
//! byte. Where the two cannot be brought together, the whole scalar stands for each of its bytes.

use lakesmith_text::Piece;
use serde_saphyr::granit_parser::ScalarStyle;

/// The pieces of `decoded`, which was written as `raw` (quotes included; a block from the line after its header) at byte `base` of the file.
pub(super) fn pieces(raw: &str, base: usize, style: ScalarStyle, decoded: &str) -> Vec<Piece> {
    let mut walk = Walk { raw, base, decoded, r: 0, d: 0, pieces: Vec::new() };
    let reached = match style {
        ScalarStyle::Literal | ScalarStyle::Folded => walk.block(),
        ScalarStyle::Plain => walk.flow(None),
        ScalarStyle::SingleQuoted => walk.flow(Some('\'')),
        ScalarStyle::DoubleQuoted => walk.flow(Some('"')),
    };
    if reached && walk.d == decoded.len() {
        walk.pieces
    } else {
        vec![Piece { text: 0..decoded.len(), file: base..base + raw.len() }]
    }
}

struct Walk<'a> {
    raw: &'a str,
    base: usize,
    decoded: &'a str,
    r: usize,
    d: usize,
    pieces: Vec<Piece>,
}

impl Walk<'_> {
    /// Plain and quoted scalars: escapes, and line breaks that are folded.
    fn flow(&mut self, quote: Option<char>) -> bool {
        if let Some(quote) = quote {
            if !self.raw.starts_with(quote) {
                return false;
            }
            self.r = 1;
        }
        while self.d < self.decoded.len() {
            let rest = &self.raw[self.r..];
            let escaped = quote == Some('"') && rest.starts_with('\\');
            let (written, breaks) = line_breaks(if escaped { &rest[1..] } else { rest });
            let step = if escaped && rest[1..].starts_with(['\n', '\r']) {
                (1 + written, breaks - 1)
            } else if escaped {
                (escape(rest), self.next_char())
            } else if breaks > 0 {
                (written, if breaks == 1 { 1 } else { breaks - 1 })
            } else if quote == Some('\'') && rest.starts_with("''") {
                (2, 1)
            } else {
                if !self.same(self.next_char()) {
                    return false;
                }
                continue;
            };
            if !self.take(step.0, step.1) {
                return false;
            }
        }
        true
    }

    /// Block scalars, from the line after their header: lines with their indentation cut off; `>` also joins lines.
    fn block(&mut self) -> bool {
        let body = self.raw;
        // The first line with something on it may begin with spaces of its own (`|2`).
        let first = |text: &str| text.lines().find(|line| !line.trim().is_empty()).map_or(0, indentation);
        let indent = first(body).saturating_sub(first(self.decoded));
        for line in body.split_inclusive('\n') {
            let content = line.trim_end_matches(['\n', '\r']);
            let cut = indentation(content).min(indent);
            self.r += cut;
            let length = content.len() - cut;
            if self.d == self.decoded.len() {
                return true;
            }
            let rest = &self.decoded[self.d..];
            let present = rest.len().min(rest.find('\n').unwrap_or(rest.len())).min(length);
            if !self.same(present) {
                return false;
            }
            // Spaces at the end that were cut off with the last line break.
            self.r += length - present;
            let written = line.len() - content.len();
            let joined = self.decoded[self.d..].starts_with(['\n', ' ']) && written > 0;
            if !self.take(written, usize::from(joined)) {
                return false;
            }
        }
        true
    }

    fn next_char(&self) -> usize {
        self.decoded[self.d..].chars().next().map_or(1, char::len_utf8)
    }

    /// Takes bytes that are the same on both sides.
    fn same(&mut self, length: usize) -> bool {
        let (from, to) = (self.raw.get(self.r..self.r + length), self.decoded.get(self.d..self.d + length));
        if from.is_none() || from != to {
            return false;
        }
        let (text, file) = (self.d..self.d + length, self.base + self.r..self.base + self.r + length);
        self.r += length;
        self.d += length;
        match self.pieces.last_mut() {
            Some(last) if last.text.len() == last.file.len() && last.file.end == file.start && last.text.end == text.start => {
                last.text.end = text.end;
                last.file.end = file.end;
            }
            _ if length > 0 => self.pieces.push(Piece { text, file }),
            _ => {}
        }
        true
    }

    /// Takes `written` bytes of the file for `decoded` bytes of the text.
    fn take(&mut self, written: usize, decoded: usize) -> bool {
        let (r, d) = (self.r + written, self.d + decoded);
        if self.raw.get(self.r..r).is_none() || self.decoded.get(self.d..d).is_none() {
            return false;
        }
        if decoded > 0 {
            self.pieces.push(Piece { text: self.d..d, file: self.base + self.r..self.base + r });
        }
        (self.r, self.d) = (r, d);
        true
    }
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// White space that holds line breaks: its length up to the next visible character, and how many breaks it holds.
fn line_breaks(text: &str) -> (usize, usize) {
    let length = text.len() - text.trim_start_matches([' ', '\t', '\r', '\n']).len();
    (length, text[..length].matches('\n').count())
}

/// How long the escape is that `text` begins with.
fn escape(text: &str) -> usize {
    match text[1..].chars().next() {
        Some('x') => 4,
        Some('u') => 6,
        Some('U') => 10,
        other => 1 + other.map_or(0, char::len_utf8),
    }
}
