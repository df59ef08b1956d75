//! The texts that spans point into.

use crate::{FileId, Span};
use std::sync::Arc;

/// Every text that was read, by [`FileId`]. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Arc<File>>,
}

#[derive(Debug)]
struct File {
    path: String,
    text: String,
    /// Offset of the first byte of each line.
    lines: Vec<u32>,
}

impl Sources {
    /// No texts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in a text. `path` is shown to the user: relative to the project, with `/` between its parts.
    /// Files should be added in the order in which their diagnostics are to be shown.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        let (path, text) = (path.into(), text.into());
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at as u32 + 1);
        let lines = std::iter::once(0).chain(starts).collect();
        self.files.push(Arc::new(File { path, text, lines }));
        FileId(self.files.len() as u32 - 1)
    }

    /// The path a file was added under.
    pub fn path(&self, file: FileId) -> &str {
        self.file(file).map_or("", |file| &file.path)
    }

    /// The whole text of a file.
    pub fn text(&self, file: FileId) -> &str {
        self.file(file).map_or("", |file| &file.text)
    }

    /// The text a span covers; empty if the span does not lie on the borders of characters.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.file).get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// All files in the order they were added.
    pub fn files(&self) -> impl Iterator<Item = FileId> + '_ {
        (0..self.files.len() as u32).map(FileId)
    }

    /// The file that was added under this path.
    pub fn find(&self, path: &str) -> Option<FileId> {
        self.files().find(|file| self.path(*file) == path)
    }

    /// Line and column of a span's start, both counted from 1, the column in characters.
    pub fn position(&self, span: Span) -> (usize, usize) {
        self.position_of(span.file, span.start)
    }

    /// Line and column of a span's end (just after its last character), counted like [`Sources::position`].
    pub fn end_position(&self, span: Span) -> (usize, usize) {
        self.position_of(span.file, span.end)
    }

    /// A span's start as people write it: `silver/sales/orders.yaml:9:18`.
    pub fn place(&self, span: Span) -> String {
        let (line, column) = self.position(span);
        format!("{}:{line}:{column}", self.path(span.file))
    }

    fn file(&self, file: FileId) -> Option<&File> {
        self.files.get(file.0 as usize).map(Arc::as_ref)
    }

    fn position_of(&self, file: FileId, offset: u32) -> (usize, usize) {
        let Some(file) = self.file(file) else { return (1, 1) };
        let line = file.lines.partition_point(|start| *start <= offset).max(1);
        let start = file.lines[line - 1] as usize;
        let end = (offset as usize).min(file.text.len());
        // The bytes of the line up to the offset that begin a character.
        let before = &file.text.as_bytes()[start.min(end)..end];
        let column = before.iter().filter(|byte| (**byte as i8) >= -0x40).count() + 1;
        (line, column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_end_at_the_line_feed() {
        let mut sources = Sources::new();
        let file = sources.add("a.yaml", "größe: 1\nkey: x\r\n\nend");
        let at = |start| sources.position(Span::point(file, start));
        assert_eq!(at(0), (1, 1));
        assert_eq!(at("größe".len() as u32), (1, 6));
        assert_eq!(at("größe: 1\n".len() as u32), (2, 1));
        assert_eq!(at("größe: 1\nkey: x\r\n".len() as u32), (3, 1));
        assert_eq!(at("größe: 1\nkey: x\r\n\nend".len() as u32), (4, 4));
        assert_eq!(at(9_999), (4, 4));
        assert_eq!(sources.place(Span::point(file, 0)), "a.yaml:1:1");
        assert_eq!(sources.find("a.yaml"), Some(file));
    }

    #[test]
    fn an_empty_text_has_one_position() {
        let mut sources = Sources::new();
        let file = sources.add("empty", "");
        assert_eq!(sources.position(Span::point(file, 0)), (1, 1));
    }
}
