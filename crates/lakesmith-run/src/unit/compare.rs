//! Expected rows against those of a table, in whatever order they come.

use super::values;
use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, Schema};
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use lakesmith_project::{TestRow, TestValue};
use lakesmith_text::{Diagnostics, Spanned};
use serde::Serialize;

/// In which way a row is not as expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// It is expected and not there.
    Missing,
    /// It is there and not expected.
    Unexpected,
    /// It is there with other values.
    Changed,
}

/// A value of a row that differs; of a column that the row is not compared by both are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// What is expected, as text. NULL is `null`; a text that could be taken for another is in double quotes, with `\n` for a
    /// line break: an empty one, `null`, one with blanks at an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

impl Cell {
    /// Whether both are there and not the same.
    pub fn differs(&self) -> bool {
        self.expected.is_some() && self.found.is_some() && self.expected != self.found
    }
}

/// A row that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DifferentRow {
    /// In which way.
    pub mark: Mark,
    /// Its values, in the order of the columns.
    pub cells: Vec<Cell>,
}

/// How the rows of a table differ from those that are expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The columns that are compared: first those by which rows are told apart.
    pub columns: Vec<String>,
    /// The rows that differ.
    pub rows: Vec<DifferentRow>,
    /// How many rows are as expected.
    pub equal: usize,
}

impl Difference {
    /// How many rows differ in that way.
    pub fn count(&self, mark: Mark) -> usize {
        self.rows.iter().filter(|row| row.mark == mark).count()
    }
}

/// One side as text and as values: rows of the columns that are compared.
struct Side {
    columns: Vec<ArrayRef>,
    texts: Vec<Vec<String>>,
}

impl Side {
    fn new(columns: Vec<ArrayRef>) -> Side {
        let texts = columns.iter().map(texts).collect();
        Side { columns, texts }
    }

    fn text(&self, row: usize, column: usize) -> &str {
        self.texts.get(column).and_then(|texts| texts.get(row)).map_or("", String::as_str)
    }
}

fn texts(column: &ArrayRef) -> Vec<String> {
    let options = FormatOptions::default().with_null("null");
    match ArrayFormatter::try_new(column, &options) {
        Ok(formatter) => {
            let is_text = matches!(column.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
            let text = |row: usize| {
                let text = formatter.value(row).to_string();
                if is_text && column.is_valid(row) { clear(text) } else { text }
            };
            (0..column.len()).map(text).collect()
        }
        Err(_) => vec![String::new(); column.len()],
    }
}

/// A text as nobody takes it for another: in quotes where its ends, its breaks or the want of it would not be seen.
fn clear(text: String) -> String {
    let quoted = format!("{text:?}");
    let seen = quoted.len() == text.len() + 2 && !text.is_empty() && text.trim() == text;
    if seen && !text.eq_ignore_ascii_case("null") { text } else { quoted }
}

/// The difference between expected rows and the rows of a table; none if there is none. `key` tells rows apart, for showing
/// which row has changed. What is wrong with the expected rows themselves is said.
pub(super) fn difference(
    expected: &[TestRow],
    found: &RecordBatch,
    key: &[String],
    faults: &mut Diagnostics,
) -> Option<Difference> {
    let columns = compared(expected, &found.schema(), key);
    let before = faults.len();
    let wanted: Vec<ArrayRef> = columns
        .iter()
        .map(|column| {
            let given: Vec<Option<&Spanned<TestValue>>> = expected.iter().map(|row| row.get(&column.name)).collect();
            values::column(&given, found.column(column.at).data_type(), faults)
        })
        .collect();
    if before != faults.len() {
        return None;
    }
    let listed: Vec<Vec<bool>> =
        expected.iter().map(|row| columns.iter().map(|column| row.get(&column.name).is_some()).collect()).collect();
    let rows = Rows {
        listed,
        expected: Side::new(wanted),
        found: Side::new(columns.iter().map(|column| found.column(column.at).clone()).collect()),
        count: found.num_rows(),
        keys: columns.iter().filter(|column| column.key).count(),
    };
    let (pairs, equal) = rows.matched();
    let different = rows.different(&pairs);
    let names = columns.into_iter().map(|column| column.name).collect();
    (!different.is_empty()).then_some(Difference { columns: names, rows: different, equal })
}

/// A column that is compared.
struct Compared {
    name: String,
    /// Its place in the table.
    at: usize,
    key: bool,
}

/// The columns that any expected row has, those of the key first; without any the key's own.
fn compared(expected: &[TestRow], schema: &Schema, key: &[String]) -> Vec<Compared> {
    let is_key = |name: &str| key.iter().any(|key| key.eq_ignore_ascii_case(name));
    let wanted = |name: &str| match expected.is_empty() {
        true => is_key(name) || (key.is_empty() && !name.starts_with('_')),
        false => expected.iter().any(|row| row.get(name).is_some()),
    };
    let fields = schema.fields().iter().enumerate().filter(|(_, field)| wanted(field.name()));
    let mut columns: Vec<Compared> =
        fields.map(|(at, field)| Compared { name: field.name().clone(), at, key: is_key(field.name()) }).collect();
    columns.sort_by_key(|column| !column.key);
    columns
}

struct Rows {
    /// Of each expected row, which of the columns it has.
    listed: Vec<Vec<bool>>,
    expected: Side,
    found: Side,
    count: usize,
    /// So many of the columns are the key's, the first ones.
    keys: usize,
}

impl Rows {
    fn same_cell(&self, wanted: usize, found: usize, column: usize) -> bool {
        if self.expected.text(wanted, column) != self.found.text(found, column) {
            return false;
        }
        // Texts that look alike may stand for different values: NULL and `null`.
        match (self.expected.columns.get(column), self.found.columns.get(column)) {
            (Some(one), Some(other)) => one.is_null(wanted) == other.is_null(found) && same(one, wanted, other, found),
            _ => false,
        }
    }

    fn same_row(&self, wanted: usize, found: usize) -> bool {
        let listed = self.listed[wanted].iter().enumerate().filter(|(_, listed)| **listed);
        listed.map(|(column, _)| column).all(|column| self.same_cell(wanted, found, column))
    }

    /// Which found row each expected one is, as many as can be at once, and how many that are. Rows that list different
    /// columns may compete for a row, which is then given to the one that has no other.
    fn matched(&self) -> (Vec<Option<usize>>, usize) {
        let mut owner: Vec<Option<usize>> = vec![None; self.count];
        for wanted in 0..self.listed.len() {
            self.place(wanted, &mut owner, &mut vec![false; self.count]);
        }
        let mut pairs = vec![None; self.listed.len()];
        for (found, wanted) in owner.iter().enumerate() {
            if let Some(wanted) = wanted {
                pairs[*wanted] = Some(found);
            }
        }
        let equal = pairs.iter().flatten().count();
        (pairs, equal)
    }

    fn place(&self, wanted: usize, owner: &mut [Option<usize>], tried: &mut [bool]) -> bool {
        for found in 0..self.count {
            if tried[found] || !self.same_row(wanted, found) {
                continue;
            }
            tried[found] = true;
            let free = match owner[found] {
                None => true,
                Some(other) => self.place(other, owner, tried),
            };
            if free {
                owner[found] = Some(wanted);
                return true;
            }
        }
        false
    }

    /// The rows without a partner. A missing and an unexpected one of the same key are one that changed.
    fn different(&self, pairs: &[Option<usize>]) -> Vec<DifferentRow> {
        let mut left: Vec<usize> = (0..self.count).filter(|found| !pairs.contains(&Some(*found))).collect();
        let mut rows = vec![];
        for wanted in (0..pairs.len()).filter(|wanted| pairs[*wanted].is_none()) {
            let partner = left.iter().position(|found| self.is_partner(wanted, *found)).map(|at| left.remove(at));
            let mark = if partner.is_some() { Mark::Changed } else { Mark::Missing };
            rows.push(DifferentRow { mark, cells: self.cells(Some(wanted), partner) });
        }
        let unexpected = left.into_iter().map(|found| (Mark::Unexpected, found));
        rows.extend(unexpected.map(|(mark, found)| DifferentRow { mark, cells: self.cells(None, Some(found)) }));
        rows
    }

    /// Whether a found row is the expected one with other values: of the same key, or, where rows have none, with more
    /// than half of the values.
    fn is_partner(&self, wanted: usize, found: usize) -> bool {
        let listed: Vec<usize> = (0..self.listed[wanted].len()).filter(|column| self.listed[wanted][*column]).collect();
        let keys: Vec<usize> = listed.iter().copied().filter(|column| *column < self.keys).collect();
        match keys.is_empty() {
            false => keys.iter().all(|column| self.same_cell(wanted, found, *column)),
            true => listed.iter().filter(|column| self.same_cell(wanted, found, **column)).count() * 2 > listed.len(),
        }
    }

    fn cells(&self, wanted: Option<usize>, found: Option<usize>) -> Vec<Cell> {
        let columns = self.expected.columns.len();
        let cell = |column: usize| Cell {
            expected: wanted.filter(|row| self.listed[*row][column]).map(|row| self.expected.text(row, column).to_owned()),
            found: found.map(|row| self.found.text(row, column).to_owned()),
        };
        (0..columns).map(cell).collect()
    }
}

/// Whether two values whose texts are the same are. Of nested values NULL looks like a text.
fn same(one: &ArrayRef, row: usize, other: &ArrayRef, found: usize) -> bool {
    !one.data_type().is_nested() || one.slice(row, 1).as_ref() == other.slice(found, 1).as_ref()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use arrow::array::{Int64Array, StringArray};
    use lakesmith_text::{Sources, Span};
    use std::sync::Arc;

    fn table(rows: &[(&str, Option<i64>)]) -> RecordBatch {
        let names: StringArray = rows.iter().map(|(name, _)| Some(*name)).collect();
        let numbers: Int64Array = rows.iter().map(|(_, number)| *number).collect();
        RecordBatch::try_from_iter_with_nullable([
            ("n", Arc::new(numbers) as ArrayRef, true),
            ("id", Arc::new(names) as ArrayRef, true),
        ])
        .unwrap()
    }

    fn row(cells: &[(&str, &str)]) -> TestRow {
        let at = Span::point(Sources::new().add("t", ""), 0);
        let value = |text: &str| match text {
            "NULL" => TestValue::Null,
            text => TestValue::Text(text.to_owned()),
        };
        let cell = |(name, text): &(&str, &str)| (Spanned::new((*name).to_owned(), at), Spanned::new(value(text), at));
        TestRow { at, cells: cells.iter().map(cell).collect() }
    }

    fn compare(expected: &[TestRow], found: &RecordBatch) -> Option<Difference> {
        let mut faults = Diagnostics::new();
        let difference = difference(expected, found, &["id".to_owned()], &mut faults);
        assert!(faults.is_empty(), "{faults:?}");
        difference
    }

    #[test]
    fn rows_are_the_same_in_any_order_and_by_the_columns_that_are_written() {
        let found = table(&[("a", Some(1)), ("a", Some(1)), ("b", None), ("c", Some(3))]);
        let all = [row(&[("id", "c")]), row(&[("id", "a"), ("n", "1")]), row(&[("n", "NULL"), ("id", "b")]), row(&[("ID", "a")])];
        assert_eq!(compare(&all, &found), None);
        // The first could take any row of `a`, and leaves the one that the second needs.
        let found = table(&[("a", Some(1)), ("a", Some(2))]);
        assert_eq!(compare(&[row(&[("id", "a")]), row(&[("id", "a"), ("n", "1")])], &found), None);
    }

    #[test]
    fn rows_of_one_key_have_changed_and_others_are_missing_or_unexpected() {
        let found = table(&[("a", Some(1)), ("b", Some(2)), ("d", Some(4))]);
        let expected = [row(&[("id", "a"), ("n", "1")]), row(&[("id", "b"), ("n", "3")]), row(&[("id", "c"), ("n", "NULL")])];
        let difference = compare(&expected, &found).unwrap();
        assert_eq!((difference.columns.join(" "), difference.equal), ("id n".to_owned(), 1));
        let cell = |expected: Option<&str>, found: Option<&str>| Cell {
            expected: expected.map(str::to_owned),
            found: found.map(str::to_owned),
        };
        let rows = [
            (Mark::Changed, vec![cell(Some("b"), Some("b")), cell(Some("3"), Some("2"))]),
            (Mark::Missing, vec![cell(Some("c"), None), cell(Some("null"), None)]),
            (Mark::Unexpected, vec![cell(None, Some("d")), cell(None, Some("4"))]),
        ];
        assert_eq!(difference.rows, rows.map(|(mark, cells)| DifferentRow { mark, cells }));
        assert!(difference.rows[0].cells[1].differs() && !difference.rows[0].cells[0].differs());
    }

    #[test]
    fn null_is_not_the_text_null() {
        let found = table(&[("null", None)]);
        assert_eq!(compare(&[row(&[("id", "null")])], &found), None);
        assert!(compare(&[row(&[("id", "NULL")])], &found).is_some());
    }

    #[test]
    fn texts_that_look_alike_are_told_apart() {
        let found = table(&[("null", None), ("", None), ("a ", None), ("a\nb", None), ("say \"a\"", None), ("plain text", None)]);
        let texts = texts(&found.column_by_name("id").unwrap().clone());
        assert_eq!(texts, ["\"null\"", "\"\"", "\"a \"", "\"a\\nb\"", "\"say \\\"a\\\"\"", "plain text"]);
        assert_eq!(super::texts(&found.column_by_name("n").unwrap().clone())[0], "null");
    }

    #[test]
    fn no_rows_are_expected_of_an_empty_table() {
        assert_eq!(compare(&[], &table(&[])), None);
        let difference = compare(&[], &table(&[("a", Some(1))])).unwrap();
        assert_eq!((difference.columns.clone(), difference.count(Mark::Unexpected)), (vec!["id".to_owned()], 1));
    }
}
