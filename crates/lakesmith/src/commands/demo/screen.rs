//! What the demo's screen is made of: titles, lines with a word before them, queries with their rows.

use crate::console::Console;
use crate::exit::Stop;
use crate::format::{self, Format};
use crate::grid::Grid;
use lakesmith_engine::Rows;
use std::io::Write;

/// Columns that the screen is laid out for.
const WIDTH: usize = 98;

/// Prints on standard output.
pub(super) struct Screen<'a> {
    console: &'a Console,
}

impl<'a> Screen<'a> {
    pub(super) fn new(console: &'a Console) -> Self {
        Self { console }
    }

    /// A line across the screen with words in it, after an empty one.
    pub(super) fn title(&self, words: &str) -> Result<(), Stop> {
        let rule = "─".repeat(WIDTH.saturating_sub(words.chars().count() + 4));
        self.print(&format!("\n── {} {rule}\n", self.bold(words)))
    }

    /// Words as they are, then a new line.
    pub(super) fn words(&self, words: &str) -> Result<(), Stop> {
        self.print(&format!("{words}\n"))
    }

    /// Lines of one matter: its word stands before the first.
    pub(super) fn lines(&self, matter: &str, lines: &[String]) -> Result<(), Stop> {
        let before = |n: usize| if n == 0 { matter } else { "" };
        let text = lines.iter().enumerate().map(|(n, line)| format!("{:<11} {line}\n", before(n)));
        self.print(&text.collect::<String>())
    }

    /// A query, set off from the words around it.
    pub(super) fn sql(&self, sql: &str) -> Result<(), Stop> {
        let lines: String = sql.lines().map(|line| format!("    {line}\n")).collect();
        self.print(&format!("\n{lines}"))
    }

    /// The rows of a query, as `lakesmith query` prints them.
    pub(super) fn rows(&self, rows: &Rows) -> Result<(), Stop> {
        Ok(format::print(&Grid::of(&rows.schema, &rows.batches), Format::Table, 0, self.console)?)
    }

    fn bold(&self, words: &str) -> String {
        if self.console.color_out { format!("\x1b[1m{words}\x1b[0m") } else { words.to_owned() }
    }

    fn print(&self, text: &str) -> Result<(), Stop> {
        let mut out = self.console.out();
        out.write_all(text.as_bytes())?;
        Ok(out.flush()?)
    }
}

/// `1,234,567`.
pub(super) fn grouped(digits: &str) -> String {
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    let separate = |n: usize| n > 0 && (whole.len() - n).is_multiple_of(3);
    let whole: String =
        whole.chars().enumerate().flat_map(|(n, digit)| separate(n).then_some(',').into_iter().chain([digit])).collect();
    format!("{sign}{whole}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_groups_of_three() {
        let all = ["0", "999", "1000", "-1234567", "12345.678"].map(grouped);
        assert_eq!(all, ["0", "999", "1,000", "-1,234,567", "12,345.678"]);
    }
}
