//! Spreadsheets: Excel's `.xlsx`, `.xlsm`, `.xlsb`, `.xls`, and OpenDocument's `.ods`. One sheet of a file is one table.
//!
//! A cell's value is what the program last computed. Numbers are BIGINT where all of a column are whole, else DOUBLE; cells
//! formatted as dates are DATE, TIMESTAMP (UTC) if any has a time; a time of day alone and a duration are text. An error such
//! as `#DIV/0!` is NULL, and kept in `_rescued_data`. The value of merged cells is in the first of them. Rows without a
//! value are passed over.

mod book;
mod cell;
mod parts;
mod sheet;

use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};

use super::shape::{MAX_COLUMNS, Shape, Shapes};
use super::typed::{Lost, Value, add_values, guarded};
use super::{FileFormat, FileReader, Piece, Stop, Target};
use crate::content::{Blob, Content, Wants};
use crate::error::{ConnectError, FileFault};
use crate::rows::{Decoded, ROWS_PER_BATCH};
use cell::Cell;
use sheet::Row;

pub use sheet::CellRange;

/// What faults name.
const EXCEL: &str = "spreadsheet";
/// Values that are held at once before they become columns.
const VALUES: usize = 1 << 20;
/// The most that a sheet may have, rows times columns: they are held until the file has been read.
const MAX_VALUES: u64 = 200_000_000;

/// Which part of a spreadsheet is the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExcelOptions {
    /// Its sheet. Default: the first that is not hidden.
    pub sheet: Option<Sheet>,
    /// Where in the sheet it is. Default: everywhere.
    pub range: Option<CellRange>,
    /// Whether its first row names the columns. Default true; otherwise they are `_c0`, `_c1`, ….
    pub header: bool,
}

/// A sheet of a spreadsheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sheet {
    /// By its name, in any case. A hidden one too.
    Name(String),
    /// By its number among those that are not hidden, from 1.
    Number(usize),
}

impl Default for ExcelOptions {
    fn default() -> Self {
        ExcelOptions { sheet: None, range: None, header: true }
    }
}

impl FileFormat for ExcelOptions {
    fn wants(&self) -> Wants {
        Wants::Blob
    }

    fn sample(&self, content: Content, limit: u64, shapes: &mut Shapes) -> Result<u64, FileFault> {
        let blob = blob(content)?;
        let sampled = guarded(EXCEL, || {
            let mut table = Table::new(self);
            let mut rows = 0;
            book::rows(&blob, self, &mut |row| {
                if rows == limit {
                    return Ok(false);
                }
                if table.take_header(&row)? {
                    shapes.fields(&table.names());
                    return Ok(true);
                }
                table.widen(&row)?;
                let places = shapes.fields(&table.names());
                for (column, cell) in &row.cells {
                    let place = table.place(*column).and_then(|place| *places.get(place)?);
                    if let (Some(place), Some(shape)) = (place, shape(cell)) {
                        shapes.shape_mut(place).see(shape);
                    }
                }
                rows += 1;
                Ok(true)
            })?;
            Ok(rows)
        });
        sampled.map_err(|stop: Stop| match stop {
            Stop::Fault(fault) => fault,
            Stop::Failed(error) => FileFault::Unreadable { reason: error.to_string() },
        })
    }

    fn open(&self, content: Content, target: Arc<Target>) -> Result<Box<dyn FileReader>, FileFault> {
        Ok(Box::new(ExcelReader { options: self.clone(), blob: Some(blob(content)?), target }))
    }
}

fn blob(content: Content) -> Result<Blob, FileFault> {
    match content {
        Content::Blob(blob) => Ok(blob),
        Content::Text(_) => Err(FileFault::Unsupported { what: "text where a spreadsheet is read".to_owned() }),
    }
}

/// A sheet is one piece: where its rows lie is known only once it has been unpacked.
struct ExcelReader {
    options: ExcelOptions,
    blob: Option<Blob>,
    target: Arc<Target>,
}

impl FileReader for ExcelReader {
    fn next(&mut self) -> Result<Option<Piece>, FileFault> {
        let Some(blob) = self.blob.take() else { return Ok(None) };
        let (options, target) = (self.options.clone(), self.target.clone());
        Ok(Some(Box::new(move || guarded(EXCEL, || decode(&blob, &options, &target)))))
    }
}

fn decode(blob: &Blob, options: &ExcelOptions, target: &Target) -> Result<Decoded, Stop> {
    let (mut table, mut decoded, mut held) = (Table::new(options), Decoded::default(), Vec::new());
    book::rows(blob, options, &mut |row| {
        if !table.take_header(&row)? {
            table.widen(&row)?;
            held.push(row);
            let width = table.width.max(target.schema.fields().len()).max(1);
            if (decoded.rows + held.len() as u64).saturating_mul(width as u64) > MAX_VALUES {
                return Err(FileFault::Unsupported { what: format!("a sheet of more than {MAX_VALUES} values") }.into());
            }
            if held.len() == ROWS_PER_BATCH || held.len() * width >= VALUES {
                table.add(&held, target, &mut decoded)?;
                held.clear();
            }
        }
        Ok(true)
    })?;
    table.add(&held, target, &mut decoded)?;
    Ok(decoded)
}

/// The shape of a value; none for an error, which has none.
fn shape(cell: &Cell) -> Option<Shape> {
    Some(match cell.value()? {
        Value::Boolean(_) => Shape::Boolean,
        Value::Date(_) => Shape::Typed(DataType::Date32),
        Value::Timestamp(_) => Shape::Typed(DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))),
        Value::Integer(value) => Shape::of_number(&value.to_string()),
        Value::Double(_) => Shape::Number { fractional: true, wide: false },
        _ => Shape::Text,
    })
}

/// The columns of the table.
#[derive(Debug)]
struct Table {
    /// Whether the header has not been seen yet.
    header: bool,
    /// The sheet's column of the first.
    first: u32,
    names: Vec<String>,
    width: usize,
    /// Without a header there is a column wherever a value is.
    grows: bool,
}

impl Table {
    fn new(options: &ExcelOptions) -> Table {
        let first = options.range.map_or(0, |range| range.first_column);
        Table { header: options.header, first, names: Vec::new(), width: 0, grows: !options.header }
    }

    /// Takes the names of the columns from the first row. False if `row` is a row of values.
    fn take_header(&mut self, row: &Row) -> Result<bool, FileFault> {
        if !std::mem::replace(&mut self.header, false) {
            return Ok(false);
        }
        let (first, last) =
            (row.cells.first().map_or(0, |(column, _)| *column), row.cells.last().map_or(0, |(column, _)| *column));
        self.first = first;
        self.resize((last - first) as usize + 1)?;
        for (column, cell) in &row.cells {
            let name = cell.value().and_then(Value::text).unwrap_or_default();
            if !name.trim().is_empty() {
                self.names[(column - first) as usize] = name.into_owned();
            }
        }
        Ok(true)
    }

    fn widen(&mut self, row: &Row) -> Result<(), FileFault> {
        match row.cells.last() {
            Some((last, _)) if self.grows && *last >= self.first => self.resize((last - self.first) as usize + 1),
            _ => Ok(()),
        }
    }

    fn resize(&mut self, width: usize) -> Result<(), FileFault> {
        if width > MAX_COLUMNS {
            return Err(FileFault::TooManyColumns { found: width, most: MAX_COLUMNS });
        }
        self.names.extend((self.names.len()..width).map(|place| format!("_c{place}")));
        self.width = self.names.len();
        Ok(())
    }

    fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }

    /// The table's column for one of the sheet's.
    fn place(&self, column: u32) -> Option<usize> {
        let place = column.checked_sub(self.first)? as usize;
        (place < self.width).then_some(place)
    }

    fn add(&self, rows: &[Row], target: &Target, decoded: &mut Decoded) -> Result<(), Stop> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut columns = vec![vec![None; rows.len()]; self.width];
        let mut lost = Lost::default();
        for (index, row) in rows.iter().enumerate() {
            for (column, cell) in &row.cells {
                match (self.place(*column), cell.value()) {
                    (Some(place), Some(value)) => columns[place][index] = Some(value),
                    // Beside the table: under the letters that the sheet shows.
                    (place, _) => {
                        let name = place.map_or_else(|| sheet::letters(*column), |place| self.names[place].clone());
                        lost.keep_in_column(index, &name, cell.json());
                    }
                }
            }
        }
        add_values(&self.names(), &columns, rows.len(), target, lost, decoded).map_err(ConnectError::from)?;
        Ok(())
    }
}
