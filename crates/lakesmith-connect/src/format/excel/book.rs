//! A file of sheets, and the rows of one of them.

use std::io::BufReader;

use calamine::{Ods, Reader, Sheet as Described, SheetType, SheetVisible, Xls, Xlsb, Xlsx, open_workbook_from_rs};

use super::cell::Cell;
use super::parts::{check_parts, check_repeats};
use super::sheet::{CellRange, LAST_COLUMN, LAST_ROW, Row};
use super::{EXCEL, ExcelOptions, Sheet};
use crate::content::{Blob, fault};
use crate::error::FileFault;
use crate::format::Stop;

const ZIP: &[u8] = b"PK\x03\x04";
/// A compound file: `.xls`, and what is encrypted.
const COMPOUND: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0];

/// What takes rows one after the other; it says whether it wants more.
pub(super) type Each<'a> = &'a mut dyn FnMut(Row) -> Result<bool, Stop>;

/// Gives the rows of the table, from its header on.
pub(super) fn rows(blob: &Blob, options: &ExcelOptions, each: Each<'_>) -> Result<(), Stop> {
    let head = blob.slice(0, 4).map_err(fault)?;
    let input = || BufReader::with_capacity(1 << 16, blob.reader(0));
    let mut rows = Rows { range: options.range.unwrap_or(CellRange::ALL), row: 0, cells: Vec::new(), each };
    if head.as_ref() == COMPOUND {
        let mut book: Xls<_> = opened(open_workbook_from_rs(input()))?;
        let name = choose(book.sheets_metadata(), options)?;
        return held(book.worksheet_range(&name).map_err(damaged)?, &mut rows);
    }
    if head.as_ref() != ZIP {
        return Err(
            FileFault::NotOfFormat("not a spreadsheet: it begins neither as `.xlsx` nor as `.xls` does".to_owned()).into()
        );
    }
    let parts = check_parts(blob)?;
    let has = |name: &str| parts.iter().any(|part| part.eq_ignore_ascii_case(name));
    if has("content.xml") {
        check_repeats(blob)?;
        let mut book: Ods<_> = opened(open_workbook_from_rs(input()))?;
        let name = choose(book.sheets_metadata(), options)?;
        return held(book.worksheet_range(&name).map_err(damaged)?, &mut rows);
    }
    if has("xl/workbook.bin") {
        let mut book: Xlsb<_> = opened(open_workbook_from_rs(input()))?;
        let name = choose(book.sheets_metadata(), options)?;
        let mut cells = book.worksheet_cells_reader(&name).map_err(damaged)?;
        while let Some(cell) = cells.next_cell().map_err(damaged)? {
            if !rows.take(cell.get_position(), Cell::of_data_ref(cell.get_value()))? {
                return Ok(());
            }
        }
        return rows.end().map(drop);
    }
    let mut book: Xlsx<_> = opened(open_workbook_from_rs(input()))?;
    let name = choose(book.sheets_metadata(), options)?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(damaged)?;
    while let Some(cell) = cells.next_cell().map_err(damaged)? {
        if !rows.take(cell.get_position(), Cell::of_data_ref(cell.get_value()))? {
            return Ok(());
        }
    }
    rows.end().map(drop)
}

fn opened<T, E: std::fmt::Display>(book: Result<T, E>) -> Result<T, FileFault> {
    book.map_err(|error| {
        let text = error.to_string();
        if text.contains("password protected") {
            FileFault::Unsupported { what: "a spreadsheet that is protected by a password".to_owned() }
        } else {
            damaged(text)
        }
    })
}

pub(super) fn damaged(error: impl std::fmt::Display) -> FileFault {
    let reason = error.to_string().lines().next().unwrap_or_default().chars().take(200).collect();
    FileFault::Damaged { what: EXCEL, offset: 0, reason }
}

/// The name of the sheet that was asked for.
fn choose(sheets: &[Described], options: &ExcelOptions) -> Result<String, FileFault> {
    let is_table = |sheet: &&Described| sheet.typ == SheetType::WorkSheet;
    let mut visible = sheets.iter().filter(is_table).filter(|sheet| sheet.visible == SheetVisible::Visible);
    let (found, asked) = match &options.sheet {
        None => (visible.next(), "that is not hidden".to_owned()),
        Some(Sheet::Number(number)) => (number.checked_sub(1).and_then(|place| visible.nth(place)), format!("number {number}")),
        Some(Sheet::Name(name)) => {
            let mut tables = sheets.iter().filter(is_table);
            let found = tables.clone().find(|sheet| sheet.name == *name);
            (found.or_else(|| tables.find(|sheet| sheet.name.to_lowercase() == name.to_lowercase())), format!("`{name}`"))
        }
    };
    found.map(|sheet| sheet.name.clone()).ok_or_else(|| {
        let named: Vec<String> = sheets.iter().filter(is_table).take(50).map(|sheet| format!("`{}`", sheet.name)).collect();
        FileFault::NotOfFormat(format!("it has no sheet {asked}: its sheets are {}", named.join(", ")))
    })
}

/// The rows of a sheet that its reader holds as a whole.
fn held(range: calamine::Range<calamine::Data>, rows: &mut Rows<'_>) -> Result<(), Stop> {
    let (first_row, first_column) = range.start().unwrap_or_default();
    for (row, column, data) in range.used_cells() {
        let position = (first_row.saturating_add(row as u32), first_column.saturating_add(column as u32));
        if !rows.take(position, Cell::of_data(data))? {
            return Ok(());
        }
    }
    rows.end().map(drop)
}

/// Makes rows of cells that come in the order of the sheet.
struct Rows<'a> {
    range: CellRange,
    row: u32,
    cells: Vec<(u32, Cell)>,
    each: Each<'a>,
}

impl Rows<'_> {
    /// False if no more are wanted.
    fn take(&mut self, (row, column): (u32, u32), cell: Option<Cell>) -> Result<bool, Stop> {
        if row > LAST_ROW || column > LAST_COLUMN {
            return Err(damaged("a cell lies beyond row 1048576 or column XFD").into());
        }
        if row > self.range.last_row {
            return self.end();
        }
        let Some(cell) = cell.filter(|_| self.range.contains(row, column)) else { return Ok(true) };
        if row != self.row && !self.cells.is_empty() {
            if row < self.row {
                return Err(damaged("the rows of the sheet are not in their order").into());
            }
            if !self.end()? {
                return Ok(false);
            }
        }
        self.row = row;
        match self.cells.binary_search_by_key(&column, |(column, _)| *column) {
            Ok(place) => self.cells[place].1 = cell,
            Err(place) => self.cells.insert(place, (column, cell)),
        }
        Ok(true)
    }

    /// Hands out the row that was begun.
    fn end(&mut self) -> Result<bool, Stop> {
        let cells = std::mem::take(&mut self.cells);
        if cells.is_empty() { Ok(true) } else { (self.each)(Row { cells }) }
    }
}
