//! `excel:`

use crate::Scalar;
use crate::fields::Fields;
use crate::shape::{Key, Object, Shape};

/// Which part of a spreadsheet is the table.
#[derive(Debug, Clone, PartialEq)]
pub struct ExcelOptions {
    /// Its sheet; else the first that is not hidden.
    pub sheet: Option<Sheet>,
    /// Where in the sheet it is; else everywhere.
    pub range: Option<CellRange>,
    /// Whether the first row names the columns; else they are `_c0`, `_c1`, ….
    pub header: bool,
}

/// A sheet of a spreadsheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sheet {
    /// By its name.
    Name(String),
    /// By its number among those that are not hidden, from 1.
    Number(u64),
}

/// A part of a sheet: rows and columns counted from 0, first and last included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct CellRange {
    pub first_row: u32,
    pub last_row: u32,
    pub first_column: u32,
    pub last_column: u32,
}

/// The last row and column of a sheet, counted from 0: 1048576 and `XFD`.
const LAST_ROW: u32 = 1_048_575;
const LAST_COLUMN: u32 = 16_383;

pub(crate) const EXCEL: Object = Object {
    name: "`excel`",
    may_be_empty: true,
    keys: &[
        Key::optional(
            "sheet",
            Shape::Literal,
            "The sheet that is read: its name, in any case, or its number from 1 among those that are not hidden (in quotes it \
             is a name). Left out: the first that is not hidden.",
        ),
        Key::optional(
            "range",
            Shape::CellRange,
            "Where in the sheet the table is: `A3:F200`, `A:F` for whole columns, `\"B2:\"` from there on, `\"3:\"` without the rows \
             above. Left out: everywhere.",
        ),
        Key::defaulted("header", Shape::Bool, "true", "Whether the first row names the columns; else they are `_c0`, `_c1`, …."),
    ],
};

/// The options under `excel:`.
pub(super) fn excel(fields: Option<Fields<'_>>) -> ExcelOptions {
    let Some(fields) = fields else { return ExcelOptions { sheet: None, range: None, header: true } };
    let sheet = fields.literal("sheet").map(|sheet| match sheet.value {
        Scalar::Number(number) => number.parse().map_or(Sheet::Name(number), Sheet::Number),
        Scalar::Text(name) => Sheet::Name(name),
        Scalar::Bool(value) => Sheet::Name(value.to_string()),
    });
    ExcelOptions {
        sheet,
        range: fields.parsed("range", range).map(|range| range.value),
        header: fields.bool("header").unwrap_or(true),
    }
}

/// `A3:F200`, `B2:`, `A:F`, `3:`, `3:200`.
pub(crate) fn range(text: &str) -> Option<CellRange> {
    let (first, last) = text.trim().split_once(':')?;
    let ((first_column, first_row), (last_column, last_row)) = (corner(first)?, corner(last)?);
    if first_column.is_none() && first_row.is_none() {
        return None;
    }
    let range = CellRange {
        first_row: first_row.unwrap_or(0),
        last_row: last_row.unwrap_or(LAST_ROW),
        first_column: first_column.unwrap_or(0),
        last_column: last_column.unwrap_or(LAST_COLUMN),
    };
    (range.first_row <= range.last_row && range.first_column <= range.last_column).then_some(range)
}

/// The column and the row of `B2`, each of which may be left out.
fn corner(text: &str) -> Option<(Option<u32>, Option<u32>)> {
    let text = text.trim().replace('$', "");
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (letters, digits) = text.split_at(letters);
    if letters.len() > 3 || digits.len() > 7 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let column = letters.bytes().fold(0, |column, letter| column * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1);
    let place = |number: u32, last: u32| number.checked_sub(1).filter(|place| *place <= last);
    let column = if letters.is_empty() { None } else { Some(place(column, LAST_COLUMN)?) };
    let row = if digits.is_empty() { None } else { Some(place(digits.parse().ok()?, LAST_ROW)?) };
    Some((column, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_a_spreadsheet() {
        let found = |text| range(text).map(|range| [range.first_row, range.last_row, range.first_column, range.last_column]);
        for (text, expected) in [
            ("A3:F200", [2, 199, 0, 5]),
            ("$b$2:", [1, LAST_ROW, 1, LAST_COLUMN]),
            ("A:AB", [0, LAST_ROW, 0, 27]),
            ("3:", [2, LAST_ROW, 0, LAST_COLUMN]),
            ("3:200", [2, 199, 0, LAST_COLUMN]),
            ("B2:D", [1, LAST_ROW, 1, 3]),
            ("A1:XFD1048576", [0, LAST_ROW, 0, LAST_COLUMN]),
        ] {
            assert_eq!(found(text), Some(expected), "{text}");
        }
        for text in ["", ":", ":F2", "A0:", "F:A", "B3:A1", "A3", "XFE:", "A1048577:", "Sheet1!A1:B2", "A1:B2:C3", "1A:", "ÄA:"]
        {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
