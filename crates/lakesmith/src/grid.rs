//! Rows and columns to be printed, wherever they come from.

use crate::rows::cell;
use arrow::datatypes::{DataType, Schema};
use arrow::record_batch::RecordBatch;
use lakesmith_engine::spark_type;
use serde::Serialize;
use serde_json::Value;

/// What stands over a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Its name.
    pub(crate) name: String,
    /// Its Spark type; none in a list that the program made itself.
    pub(crate) ty: Option<String>,
    /// Whether it holds numbers.
    pub(crate) number: bool,
}

/// Rows of cells. A row is made when it is asked for: a large result is never held twice.
pub(crate) struct Grid<'a> {
    /// The columns.
    pub(crate) heads: Vec<Head>,
    /// How many rows there are.
    pub(crate) len: usize,
    row: Box<dyn Fn(usize) -> Vec<Value> + 'a>,
}

impl<'a> Grid<'a> {
    /// The rows of a query.
    pub(crate) fn of(schema: &Schema, batches: &'a [RecordBatch]) -> Self {
        let head = |field: &arrow::datatypes::FieldRef| Head {
            name: field.name().clone(),
            ty: Some(spark_type(field.data_type()).to_string()),
            number: is_number(field.data_type()),
        };
        let mut len = 0;
        let mut ends = Vec::with_capacity(batches.len());
        for batch in batches {
            len += batch.num_rows();
            ends.push(len);
        }
        let row = move |row: usize| {
            let n = ends.partition_point(|end| *end <= row);
            let Some(batch) = batches.get(n) else { return Vec::new() };
            let row = row + batch.num_rows() - ends[n];
            batch.columns().iter().map(|column| cell(column, row)).collect()
        };
        Self { heads: schema.fields().iter().map(head).collect(), len, row: Box::new(row) }
    }

    /// A list of things: the fields `names` of each, in that order.
    ///
    /// # Errors
    /// When a thing cannot be written as JSON.
    pub(crate) fn list<T: Serialize>(names: &[&str], things: &[T]) -> Result<Grid<'static>, serde_json::Error> {
        let field = |thing: &mut Value, name: &&str| thing.get_mut(*name).map(Value::take).unwrap_or_default();
        let mut rows: Vec<Vec<Value>> = Vec::with_capacity(things.len());
        for thing in things {
            let mut thing = serde_json::to_value(thing)?;
            rows.push(names.iter().map(|name| field(&mut thing, name)).collect());
        }
        let heads = names.iter().enumerate().map(|(column, name)| {
            let mut values = rows.iter().map(|row| &row[column]).filter(|value| !value.is_null()).peekable();
            Head { name: (*name).to_owned(), ty: None, number: values.peek().is_some() && values.all(Value::is_number) }
        });
        let heads = heads.collect();
        let len = rows.len();
        Ok(Grid { heads, len, row: Box::new(move |row| rows.get(row).cloned().unwrap_or_default()) })
    }

    /// The cells of a row, counted from 0.
    pub(crate) fn row(&self, row: usize) -> Vec<Value> {
        (self.row)(row)
    }
}

fn is_number(ty: &DataType) -> bool {
    match ty {
        DataType::Dictionary(_, value) => is_number(value),
        ty => ty.is_numeric(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int64Array, StringArray};
    use serde_json::json;
    use std::sync::Arc;

    #[test]
    fn rows_are_found_across_batches() {
        let batch = |numbers: Vec<i64>| {
            let text: StringArray = numbers.iter().map(|n| Some(n.to_string())).collect();
            RecordBatch::try_from_iter([("n", Arc::new(Int64Array::from(numbers)) as ArrayRef), ("t", Arc::new(text))]).unwrap()
        };
        let batches = [batch(vec![1, 2]), batch(vec![]), batch(vec![3])];
        let grid = Grid::of(&batches[0].schema(), &batches);
        assert_eq!(grid.len, 3);
        let rows: Vec<_> = (0..3).map(|row| grid.row(row)).collect();
        assert_eq!(rows, [[json!(1), json!("1")], [json!(2), json!("2")], [json!(3), json!("3")]]);
        let heads: Vec<_> = grid.heads.iter().map(|head| (head.name.as_str(), head.ty.as_deref(), head.number)).collect();
        assert_eq!(heads, [("n", Some("BIGINT"), true), ("t", Some("STRING"), false)]);
    }

    #[test]
    fn a_list_has_the_fields_that_are_asked_for() {
        let things = [json!({ "b": 1, "a": ["x"], "c": null }), json!({ "b": null, "a": [], "c": null })];
        let grid = Grid::list(&["a", "b", "c", "d"], &things).unwrap();
        assert_eq!(grid.row(0), [json!(["x"]), json!(1), Value::Null, Value::Null]);
        assert_eq!(grid.heads.iter().map(|head| head.number).collect::<Vec<_>>(), [false, true, false, false]);
    }
}
