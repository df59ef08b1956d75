//! What the columns of a CSV file look like.

use super::CsvOptions;
use super::record::{Record, Step};
use crate::format::shape::{Shape, Shapes};

/// Adds up to `limit` rows of `text` to `shapes`; returns how many. Without `complete`, `text` is the beginning of a
/// file and its last row may be cut. Fields beyond the header are passed over: they have no name.
pub(super) fn sample(options: &CsvOptions, text: &str, complete: bool, limit: u64, shapes: &mut Shapes) -> u64 {
    let mut record = Record::new(options);
    let mut columns: Vec<Option<usize>> = Vec::new();
    let (mut at, mut rows, mut named) = (0, 0, false);
    while at < text.len() && rows < limit {
        let Step::Record(end) = record.read(text, at, complete, options.delimiter) else {
            break;
        };
        at = end;
        if record.is_blank() {
            continue;
        }
        let is_header = options.header && !named;
        if is_header || (!options.header && record.len() > columns.len()) {
            let names = options.names(&mut record, text);
            columns = shapes.fields(&names.iter().map(String::as_str).collect::<Vec<_>>());
            named = true;
        }
        if is_header {
            continue;
        }
        for (index, column) in columns.iter().enumerate() {
            if let (Some(column), Some(value)) = (column, options.value(&mut record, text, index)) {
                shapes.shape_mut(*column).see(Shape::of_text(value));
            }
        }
        rows += 1;
    }
    rows
}
