//! What formats whose values have types share: the type that bronze gives a value of the file's, and values on their
//! way into columns of other types.
//!
//! Values move column by column. Where the types are equal nothing is done to them; where they differ, a value that is not
//! exactly one of the column's type is NULL there and kept in `_rescued_data` as JSON, as the formats of text do.

mod convert;
mod guard;
mod kind;
mod place;
mod plain;
mod value;

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::datatypes::Fields;
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use super::Target;
use crate::names::{Lookup, source_name};
use crate::rows::{Decoded, with_rescued};
use convert::{Context, convert, rescue_all};
use place::Origin;

pub(crate) use guard::guarded;
pub(crate) use kind::{observe, wider};
pub(crate) use place::Lost;
pub(crate) use value::{Value, array_of};

/// Metadata of a field whose 16 bytes are a UUID.
pub(crate) const UUID: &str = "lakesmith.uuid";

/// Adds `rows` rows of a file to `decoded`: `arrays` are the file's columns, described by `fields`. Columns are found by
/// their names, exact ones before those that differ in case; what no column takes is rescued, and so is `lost`.
///
/// # Errors
/// Arrow's, if the arrays are not what they say.
pub(crate) fn add_batch(
    fields: &Fields,
    arrays: &[ArrayRef],
    rows: usize,
    target: &Target,
    mut lost: Lost,
    decoded: &mut Decoded,
) -> Result<(), ArrowError> {
    let lookup = Lookup::new(target.schema.fields().iter().map(|field| source_name(field)));
    let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
    let mut columns: Vec<Option<ArrayRef>> = vec![None; target.schema.fields().len()];
    for ((field, array), column) in fields.iter().zip(arrays).zip(lookup.assign(&names)) {
        let origin = Origin::Column(field.name());
        match column {
            Some(column) => {
                let to = &target.schema.fields()[column];
                let context = Context::of_column(to, &target.hints);
                columns[column] = Some(convert(field, array, to.data_type(), &origin, &context, &mut lost)?);
            }
            None => rescue_all(field, array, &origin, &mut lost)?,
        }
    }
    finish(columns, rows, target, lost, decoded)
}

/// Adds `rows` rows of single values, column by column, as [`add_batch`] does. What a column's values are not is NULL.
pub(crate) fn add_values(
    names: &[&str],
    columns: &[Vec<Option<Value<'_>>>],
    rows: usize,
    target: &Target,
    mut lost: Lost,
    decoded: &mut Decoded,
) -> Result<(), ArrowError> {
    let lookup = Lookup::new(target.schema.fields().iter().map(|field| source_name(field)));
    let assigned = lookup.assign(names);
    let mut arrays: Vec<Option<ArrayRef>> = vec![None; target.schema.fields().len()];
    for ((name, values), column) in names.iter().zip(columns).zip(assigned) {
        let mut array = None;
        if let Some(column) = column {
            let to = &target.schema.fields()[column];
            let context = Context::of_column(to, &target.hints);
            array = array_of(values.iter().copied(), to.data_type(), context.lenient)?;
            arrays[column] = array.clone();
        }
        for (row, value) in values.iter().enumerate() {
            if let Some(value) = value
                && array.as_ref().is_none_or(|array| array.is_null(row))
            {
                let mut json = String::new();
                value.push_json(&mut json);
                lost.keep_in_column(row, name, json);
            }
        }
    }
    finish(arrays, rows, target, lost, decoded)
}

/// Adds the batch of `columns`; what the file does not have is NULL.
fn finish(
    columns: Vec<Option<ArrayRef>>,
    rows: usize,
    target: &Target,
    lost: Lost,
    decoded: &mut Decoded,
) -> Result<(), ArrowError> {
    let filled = columns.into_iter().zip(target.schema.fields());
    let mut columns: Vec<ArrayRef> =
        filled.map(|(column, field)| column.unwrap_or_else(|| new_null_array(field.data_type(), rows))).collect();
    let (rescued, rescued_rows) = lost.into_column(rows);
    columns.push(rescued);
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(with_rescued(&target.schema), columns, &options)?;
    decoded.rows += rows as u64;
    decoded.rescued_rows += rescued_rows;
    decoded.batches.push(batch);
    Ok(())
}
