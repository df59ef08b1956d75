//! Rows in a box for people: types under the names, numbers to the right, cut to the terminal's width.
//!
//! ```text
//! ┌────────┬───────────┐
//! │     id │ name      │
//! │ BIGINT │ STRING    │
//! ├────────┼───────────┤
//! │      1 │ Ada       │
//! └────────┴───────────┘
//! ```

mod fit;

use crate::grid::{Grid, Head};
use crate::rows::words;
use comfy_table::{Attribute, Cell, CellAlignment, ContentArrangement, Table};
use fit::{Fit, cut, width};
use serde_json::Value;
use std::io::{self, Write};

/// Lines and corners, in the order that comfy-table reads them.
const LINES: &str = "││──├─┼┤│    ┬┴┌┐└┘";
/// A type does not widen its column beyond this.
const TYPE_WIDTH: usize = 18;
/// Stands for what is left out.
const MORE: &str = "…";

/// How the box looks.
#[derive(Clone, Debug)]
pub(super) struct Look {
    /// Whether NULL is dimmed.
    pub(super) color: bool,
    /// Columns of the terminal; none to cut nothing.
    pub(super) width: Option<usize>,
    /// Rows to show at most, the first and the last of them; 0 for all.
    pub(super) rows: usize,
}

/// A cell's text, and whether it is NULL.
type Shown = (String, bool);

pub(super) fn write(grid: &Grid, look: &Look, to: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<Option<Vec<Shown>>> = shown(grid.len, look.rows).into_iter().map(|row| Some(texts(grid, row?))).collect();
    let widths: Vec<usize> = grid.heads.iter().enumerate().map(|(n, head)| natural(n, head, &rows)).collect();
    let fit = Fit::new(&widths, look.width);

    let mut table = Table::new();
    table.load_preset(LINES).set_content_arrangement(ContentArrangement::Disabled);
    if look.color {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table.set_header(fit.columns().map(|column| match column {
        Some((n, width)) => aligned(Cell::new(title(&grid.heads[n], width)), &grid.heads[n]),
        None => Cell::new(MORE),
    }));
    for row in &rows {
        table.add_row(fit.columns().map(|column| match (row, column) {
            (Some(cells), Some((n, width))) => {
                let (text, null) = &cells[n];
                let cell = aligned(Cell::new(cut(text, width)), &grid.heads[n]);
                if *null { cell.add_attribute(Attribute::Dim) } else { cell }
            }
            (None, Some((n, _))) => aligned(Cell::new(MORE), &grid.heads[n]),
            (_, None) => Cell::new(MORE),
        }));
    }
    writeln!(to, "{table}")
}

/// The rows to show; none for the gap.
fn shown(len: usize, most: usize) -> Vec<Option<usize>> {
    if most == 0 || len <= most {
        return (0..len).map(Some).collect();
    }
    let first = most.div_ceil(2);
    let last = len - most / 2;
    (0..first).map(Some).chain([None]).chain((last..len).map(Some)).collect()
}

fn texts(grid: &Grid, row: usize) -> Vec<Shown> {
    grid.heads.iter().zip(grid.row(row)).map(|(head, cell)| text(head, &cell)).collect()
}

/// A cell in one line. In a list that the program made NULL is an empty cell, and an array its elements.
fn text(head: &Head, cell: &Value) -> Shown {
    match (cell, &head.ty) {
        (Value::Null, Some(_)) => ("NULL".to_owned(), true),
        (Value::Array(elements), None) => (elements.iter().map(words).collect::<Vec<_>>().join(", "), false),
        (cell, _) => (one_line(&words(cell)), false),
    }
}

/// Control characters written out: a value must neither break the box nor command the terminal.
fn one_line(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_owned();
    }
    text.chars().fold(String::with_capacity(text.len() + 8), |mut line, c| {
        if c.is_control() {
            line.extend(c.escape_default())
        } else {
            line.push(c)
        }
        line
    })
}

/// The width that a column would like.
fn natural(n: usize, head: &Head, rows: &[Option<Vec<Shown>>]) -> usize {
    let cells = rows.iter().flatten().map(|row| width(&row[n].0)).max().unwrap_or(0);
    let ty = head.ty.as_ref().map_or(0, |ty| width(ty).min(TYPE_WIDTH));
    cells.max(width(&one_line(&head.name))).max(ty)
}

fn title(head: &Head, width: usize) -> String {
    let name = cut(&one_line(&head.name), width);
    match &head.ty {
        Some(ty) => format!("{name}\n{}", cut(ty, width)),
        None => name,
    }
}

fn aligned(cell: Cell, head: &Head) -> Cell {
    if head.number { cell.set_alignment(CellAlignment::Right) } else { cell }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
