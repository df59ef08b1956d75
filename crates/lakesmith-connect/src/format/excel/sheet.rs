//! Where in a sheet things are.

use super::cell::Cell;

/// Rows and columns of a sheet that has no more: 1 048 576 and 16 384.
pub(super) const LAST_ROW: u32 = 1_048_575;
pub(super) const LAST_COLUMN: u32 = 16_383;

/// A part of a sheet: rows and columns counted from 0, first and last included. `A3:F200` is rows 2 to 199 and columns 0
/// to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct CellRange {
    pub first_row: u32,
    pub last_row: u32,
    pub first_column: u32,
    pub last_column: u32,
}

impl CellRange {
    /// The whole sheet.
    pub const ALL: CellRange = CellRange { first_row: 0, last_row: LAST_ROW, first_column: 0, last_column: LAST_COLUMN };

    pub(super) fn contains(&self, row: u32, column: u32) -> bool {
        (self.first_row..=self.last_row).contains(&row) && (self.first_column..=self.last_column).contains(&column)
    }
}

/// The cells of a row that are not empty, in the order of their columns.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) cells: Vec<(u32, Cell)>,
}

/// What the sheet calls a column: `A`, …, `Z`, `AA`, ….
pub(super) fn letters(column: u32) -> String {
    let (mut rest, mut letters) = (column + 1, Vec::new());
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + (rest % 26) as u8));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_letters() {
        for (column, expected) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (LAST_COLUMN, "XFD")] {
            assert_eq!(letters(column), expected);
        }
    }
}
