//! What the columns of a CSV file look like.

use super::CsvOptions;
use super::record::{Records, Step};
use crate::format::shape::{MAX_COLUMNS, Shape, Shapes};

/// Adds up to `limit` rows of `text` to `shapes`; returns how many. Without `complete`, `text` is the beginning of a
/// file and its last row may be cut. Fields beyond the header are passed over: they have no name. A header of too many
/// columns says nothing: the file will not be read.
pub(super) fn sample(options: &CsvOptions, text: &str, complete: bool, limit: u64, shapes: &mut Shapes) -> u64 {
    let mut records = Records::new(options, text, complete);
    let mut columns: Vec<Option<usize>> = Vec::new();
    let (mut rows, mut named) = (0, false);
    if !records.skip(options.skip_rows) {
        return 0;
    }
    while rows < limit
        && let Step::Record(_) = records.next()
    {
        let is_header = options.header && !named;
        if is_header && records.len() > MAX_COLUMNS {
            break;
        }
        if is_header || (!options.header && records.len() > columns.len()) {
            let names = options.names(&mut records);
            columns = shapes.fields(&names.iter().map(String::as_str).collect::<Vec<_>>());
            named = true;
        }
        if is_header {
            continue;
        }
        for (index, column) in columns.iter().enumerate() {
            if let (Some(column), Some(value)) = (column, options.value(&mut records, index)) {
                let shape = Shape::of_text(value, &shapes.notation);
                shapes.shape_mut(*column).see(shape);
            }
        }
        rows += 1;
    }
    rows
}
