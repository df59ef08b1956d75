//! Maps: the empty one, and the value of a key.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, MapArray, UInt32Array, make_comparator, new_empty_array};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::{SortOptions, take};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;

use super::{Args, SparkFunction};
use crate::types::map;

pub(super) fn functions() -> Vec<SparkFunction> {
    vec![SparkFunction::new("empty_map", (0, 0), |_, _| Ok(map(DataType::Null, DataType::Null)), empty)]
}

fn empty(args: &Args) -> Result<ArrayRef> {
    let DataType::Map(field, sorted) = args.returns else { return Err(args.wrong("makes a map")) };
    let entries = new_empty_array(field.data_type()).as_struct().clone();
    let offsets = OffsetBuffer::new_zeroed(args.rows);
    Ok(Arc::new(MapArray::try_new(field.clone(), offsets, entries, None, *sorted)?))
}

/// The value of the key in the second argument, NULL where the map has no such key.
pub(super) fn map_value(args: &Args) -> Result<ArrayRef> {
    let array = args.array(0)?;
    let map = array.as_map();
    let wanted = args.cast(1, map.keys().data_type())?;
    let compare = make_comparator(map.keys(), &wanted, SortOptions::default())?;
    let places: UInt32Array = (0..args.rows)
        .map(|row| {
            if map.is_null(row) || wanted.is_null(row) {
                return None;
            }
            let entries = map.value_offsets()[row] as usize..map.value_offsets()[row + 1] as usize;
            entries.into_iter().find(|i| compare(*i, row).is_eq()).map(|i| i as u32)
        })
        .collect();
    Ok(take(map.values(), &places, None)?)
}
