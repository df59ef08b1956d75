//! Rows as text: a box for people, JSON and CSV for programs.

mod boxed;
mod csv;
mod json;

use crate::console::Console;
use crate::grid::Grid;
use clap::ValueEnum;
use std::io::{self, Write};

/// Rows that a box shows at most: of a longer result the first and the last half of that number.
pub(crate) const ROWS: usize = 40;

/// How rows are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A box that fits the terminal, for people
    #[default]
    Table,
    /// An array of objects
    Json,
    /// Lines of comma-separated values under a header
    Csv,
}

/// How a command prints findings, steps or a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum TextFormat {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// A box, for people
    #[default]
    Table,
    /// One object
    Json,
}

/// Prints rows on standard output; a box shows `rows` of them at most, 0 for all.
///
/// # Errors
/// What standard output gives.
pub(crate) fn print(grid: &Grid, format: Format, rows: usize, console: &Console) -> io::Result<()> {
    let mut out = console.out();
    match format {
        Format::Table => {
            let look = boxed::Look { color: console.color_out, width: console.width(), rows };
            boxed::write(grid, &look, &mut out)?;
        }
        Format::Json => json::write(grid, &mut out)?,
        Format::Csv => csv::write(grid, &mut out)?,
    }
    out.flush()
}
