//! Rows as comma-separated values: a header, then a line a row, quoted as RFC 4180 says; lines end in a line feed.
//!
//! NULL is nothing and an empty text is `""`, so that the two stay apart. Nested values are JSON.

use crate::grid::Grid;
use crate::rows::words;
use serde_json::Value;
use std::io::{self, Write};

pub(super) fn write(grid: &Grid, to: &mut dyn Write) -> io::Result<()> {
    let line = |to: &mut dyn Write, fields: Vec<String>| writeln!(to, "{}", fields.join(","));
    line(to, grid.heads.iter().map(|head| quoted(&head.name)).collect())?;
    for row in 0..grid.len {
        line(to, grid.row(row).iter().map(field).collect())?;
    }
    Ok(())
}

fn field(cell: &Value) -> String {
    match cell {
        Value::Null => String::new(),
        cell => quoted(&words(cell)),
    }
}

fn quoted(text: &str) -> String {
    if text.is_empty() || text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Decimal128Array, Int64Array, ListArray, StringArray};
    use arrow::datatypes::Int64Type;
    use arrow::record_batch::RecordBatch;
    use std::sync::Arc;

    #[test]
    fn fields_are_quoted_where_they_must_and_null_is_not_empty() {
        let id: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(2), Some(3), None]));
        let name: ArrayRef = Arc::new(StringArray::from(vec![Some("a,b"), Some("say \"hi\""), Some(""), None]));
        let note: ArrayRef = Arc::new(StringArray::from(vec!["two\nlines", "two\r\nlines", " kept ", "ü"]));
        let price: ArrayRef = Arc::new(Decimal128Array::from(vec![150, 0, -1, 7]).with_precision_and_scale(10, 2).unwrap());
        let tags: ArrayRef =
            Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1), Some(2)]), Some(vec![]), None, None]));
        let batches =
            [RecordBatch::try_from_iter([("id", id), ("the, name", name), ("note", note), ("price", price), ("tags", tags)])
                .unwrap()];
        let mut out = Vec::new();
        write(&Grid::of(&batches[0].schema(), &batches), &mut out).unwrap();
        let expected = "id,\"the, name\",note,price,tags\n\
                        1,\"a,b\",\"two\nlines\",1.50,\"[1,2]\"\n\
                        2,\"say \"\"hi\"\"\",\"two\r\nlines\",0.00,[]\n\
                        3,\"\", kept ,-0.01,\n\
                        ,,ü,0.07,\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
