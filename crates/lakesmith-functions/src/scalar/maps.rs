//! Maps: the value of a key.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, UInt32Array, make_comparator};
use datafusion::arrow::compute::{SortOptions, take};
use datafusion::error::Result;

use super::Args;

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
