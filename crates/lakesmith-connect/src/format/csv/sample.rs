//! What the columns of a CSV file look like.

use super::CsvOptions;
use super::decode::Records;
use crate::format::shape::{Shape, Shapes};

/// Adds up to `limit` rows of `text` to `shapes`; returns how many. Without `complete`, `text` is the beginning of a
/// file and its last row may be cut. Fields beyond the header are passed over: they have no name.
pub(super) fn sample(options: &CsvOptions, text: &str, complete: bool, limit: u64, shapes: &mut Shapes) -> u64 {
    let mut records = Records::new(options, text);
    let mut columns: Vec<Option<usize>> = Vec::new();
    let (mut rows, mut named) = (0, false);
    if !records.skip(complete) {
        return 0;
    }
    while rows < limit
        && let Ok(Some(_)) = records.next(complete)
    {
        let record = &mut records.record;
        let is_header = options.header && !named;
        if is_header || (!options.header && record.len() > columns.len()) {
            let names = options.names(record, text);
            columns = shapes.fields(&names.iter().map(String::as_str).collect::<Vec<_>>());
            named = true;
        }
        if is_header {
            continue;
        }
        for (index, column) in columns.iter().enumerate() {
            if let (Some(column), Some(value)) = (column, options.value(record, text, index)) {
                let shape = Shape::of_text(value, &shapes.notation);
                shapes.shape_mut(*column).see(shape);
            }
        }
        rows += 1;
    }
    rows
}
