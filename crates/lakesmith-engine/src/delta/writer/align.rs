//! Rows as they come, brought to the table's schema.
//!
//! Columns are found by name, also within structs. A nullable column that is missing becomes NULL; a column too many is an error.
//! Values are cast as Arrow casts them, and a value that does not fit is an error.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, RecordBatch, RecordBatchOptions, StructArray, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, SchemaRef};

use super::super::{DeltaError, TablePath};

/// `batch` with exactly `schema`.
pub(super) fn align(table: &TablePath, batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, DeltaError> {
    let fail = |column: &str, reason: String| DeltaError::Rows { table: table.clone(), column: column.to_owned(), reason };
    if let Some(extra) = batch.schema_ref().fields().iter().find(|f| schema.index_of(f.name()).is_err()) {
        return Err(fail(extra.name(), "the table has no such column".to_owned()));
    }
    let columns = schema
        .fields()
        .iter()
        .map(|field| {
            let found = batch.column_by_name(field.name()).cloned();
            let found = found.unwrap_or_else(|| new_null_array(field.data_type(), batch.num_rows()));
            column(&found, field, false).map_err(|reason| fail(field.name(), reason))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options)
        .map_err(|_| fail("*", "the columns do not form the table's schema".to_owned()))
}

/// `inner`: within a struct or list, where a NULL parent may hide NULLs of a field that is not nullable.
fn column(array: &ArrayRef, field: &Field, inner: bool) -> Result<ArrayRef, String> {
    let aligned = value(array, field.data_type())?;
    if !inner && !field.is_nullable() && aligned.null_count() > 0 {
        return Err(format!("{} rows are NULL, but the column is NOT NULL", aligned.null_count()));
    }
    Ok(aligned)
}

fn value(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, String> {
    if array.data_type() == to {
        return Ok(array.clone());
    }
    match (array.data_type(), to) {
        (DataType::Struct(_), DataType::Struct(fields)) => {
            let from = array.as_struct();
            if let Some(extra) = from.column_names().into_iter().find(|name| fields.find(name).is_none()) {
                return Err(format!("the table has no field `{extra}` in it"));
            }
            let columns = fields
                .iter()
                .map(|field| {
                    let found = from.column_by_name(field.name()).cloned();
                    column(&found.unwrap_or_else(|| new_null_array(field.data_type(), from.len())), field, true)
                })
                .collect::<Result<Vec<_>, _>>()?;
            let made = StructArray::try_new_with_length(fields.clone(), columns, from.nulls().cloned(), from.len());
            Ok(Arc::new(made.map_err(|_| not_null())?))
        }
        (DataType::List(_), DataType::List(element)) => {
            let from = array.as_list::<i32>();
            let values = column(from.values(), element, true)?;
            let made = ListArray::try_new(element.clone(), from.offsets().clone(), values, from.nulls().cloned());
            Ok(Arc::new(made.map_err(|_| not_null())?))
        }
        (
            DataType::LargeList(element)
            | DataType::FixedSizeList(element, _)
            | DataType::ListView(element)
            | DataType::LargeListView(element),
            DataType::List(_),
        ) => value(&cast(array, &DataType::List(element.clone()))?, to),
        (DataType::Map(_, _), DataType::Map(entries, sorted)) => {
            let from = array.as_map();
            let DataType::Struct(pair) = entries.data_type() else {
                return Err(not_null());
            };
            let [key, item] = pair.as_ref() else {
                return Err(not_null());
            };
            let columns = vec![column(from.keys(), key, true)?, column(from.values(), item, true)?];
            let pairs = StructArray::try_new(pair.clone(), columns, None).map_err(|_| not_null())?;
            let made = MapArray::try_new(entries.clone(), from.offsets().clone(), pairs, from.nulls().cloned(), *sorted);
            Ok(Arc::new(made.map_err(|_| not_null())?))
        }
        _ => cast(array, to),
    }
}

fn not_null() -> String {
    "NULL within a field that is NOT NULL".to_owned()
}

/// Arrow's own message holds the value that failed: it is left out.
fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, String> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(array, to, &options).map_err(|_| format!("a value of type {} does not fit {to}", array.data_type()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use arrow::array::{Int32Array, Int64Array, StringArray, StringViewArray};
    use arrow::datatypes::{Fields, Schema};

    use super::*;

    fn schema(fields: Vec<Field>) -> SchemaRef {
        Arc::new(Schema::new(fields))
    }

    fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap()
    }

    #[test]
    fn columns_are_ordered_by_name_cast_and_filled() {
        let to = schema(vec![
            Field::new("a", DataType::Utf8, false),
            Field::new("b", DataType::Int64, true),
            Field::new("c", DataType::Int32, true),
        ]);
        let rows = batch(vec![
            ("b", Arc::new(Int32Array::from(vec![Some(1), None]))),
            ("a", Arc::new(StringViewArray::from(vec!["x", "y"]))),
        ]);
        let aligned = align(&"t".into(), &rows, &to).unwrap();
        assert_eq!(aligned.schema(), to);
        assert_eq!(aligned.column(0).as_string::<i32>(), &StringArray::from(vec!["x", "y"]));
        assert_eq!(aligned.column(1).as_ref(), &Int64Array::from(vec![Some(1), None]) as &dyn Array);
        assert_eq!(aligned.column(2).null_count(), 2);
    }

    #[test]
    fn structs_in_lists_are_aligned_by_name() {
        let from = Fields::from(vec![Field::new("y", DataType::Int32, true), Field::new("x", DataType::Utf8View, true)]);
        let rows: Vec<ArrayRef> = vec![Arc::new(Int32Array::from(vec![1, 2])), Arc::new(StringViewArray::from(vec!["p", "q"]))];
        let pairs = StructArray::new(from.clone(), rows, None);
        let item = Arc::new(Field::new("item", DataType::Struct(from), true));
        let list = ListArray::new(item, arrow::buffer::OffsetBuffer::from_lengths([2]), Arc::new(pairs), None);
        let to = DataType::Struct(Fields::from(vec![
            Field::new("x", DataType::Utf8, true),
            Field::new("y", DataType::Int64, true),
            Field::new("z", DataType::Int32, true),
        ]));
        let to = schema(vec![Field::new("lines", DataType::List(Arc::new(Field::new("element", to, true))), true)]);
        let aligned = align(&"t".into(), &batch(vec![("lines", Arc::new(list))]), &to).unwrap();
        let lines = aligned.column(0).as_list::<i32>().value(0);
        assert_eq!(lines.as_struct().column(0).as_string::<i32>().value(1), "q");
        assert_eq!(lines.as_struct().column(2).null_count(), 2);
    }

    #[test]
    fn what_does_not_fit_is_named_without_its_value() {
        let to = schema(vec![Field::new("a", DataType::Int32, false)]);
        let cases: Vec<(ArrayRef, &str)> = vec![
            (Arc::new(StringArray::from(vec!["secret"])), "does not fit Int32"),
            (Arc::new(Int64Array::from(vec![5_000_000_000])), "does not fit Int32"),
            (Arc::new(Int32Array::from(vec![None])), "NOT NULL"),
        ];
        for (array, expected) in cases {
            let error = align(&"t".into(), &batch(vec![("a", array)]), &to).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("column `a`"), "{error}");
            assert!(!error.contains("secret") && !error.contains("5000000000"), "{error}");
        }
        let extra = batch(vec![("a", Arc::new(Int32Array::from(vec![1]))), ("b", Arc::new(Int32Array::from(vec![1])))]);
        assert!(align(&"t".into(), &extra, &to).unwrap_err().to_string().contains("column `b`"));
    }
}
