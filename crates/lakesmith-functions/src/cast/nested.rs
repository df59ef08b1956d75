//! Structs by position, lists and maps by their elements.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;

use super::{OnError, failure};

pub(super) fn cast(array: &ArrayRef, to: &DataType, on_error: OnError) -> Result<ArrayRef> {
    match to {
        DataType::List(field) => {
            let (_, offsets, values, nulls) = array.as_list::<i32>().clone().into_parts();
            let values = super::cast(&values, field.data_type(), on_error)?;
            Ok(Arc::new(ListArray::try_new(field.clone(), offsets, values, nulls)?))
        }
        DataType::Map(field, sorted) => {
            let (_, offsets, entries, nulls, _) = array.as_map().clone().into_parts();
            let entries = super::cast(&(Arc::new(entries) as ArrayRef), field.data_type(), on_error)?;
            Ok(Arc::new(MapArray::try_new(field.clone(), offsets, entries.as_struct().clone(), nulls, *sorted)?))
        }
        DataType::Struct(fields) => {
            let (_, columns, nulls) = array.as_struct().clone().into_parts();
            if columns.len() != fields.len() {
                return Err(failure(array.data_type(), to));
            }
            let columns = columns
                .iter()
                .zip(fields)
                .map(|(column, field)| super::cast(column, field.data_type(), on_error))
                .collect::<Result<Vec<_>>>()?;
            Ok(Arc::new(StructArray::try_new_with_length(fields.clone(), columns, nulls, array.len())?))
        }
        _ => Err(failure(array.data_type(), to)),
    }
}
