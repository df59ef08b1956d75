//! Rows as one JSON array of objects, a row a line, the fields in the order of the columns.

use crate::grid::Grid;
use serde_json::to_string;
use std::io::{self, Write};

pub(super) fn write(grid: &Grid, to: &mut dyn Write) -> io::Result<()> {
    let names: Vec<String> = names(grid).iter().map(to_string).collect::<Result<_, _>>()?;
    write!(to, "[")?;
    for row in 0..grid.len {
        write!(to, "{}\n  {{", if row > 0 { "," } else { "" })?;
        for (n, (name, cell)) in names.iter().zip(grid.row(row)).enumerate() {
            write!(to, "{}{name}: ", if n > 0 { ", " } else { "" })?;
            serde_json::to_writer(&mut *to, &cell)?;
        }
        write!(to, "}}")?;
    }
    writeln!(to, "{}]", if grid.len > 0 { "\n" } else { "" })
}

/// The columns' names, each once: readers keep only one of two fields of the same name, so the second `a` is `a_1`.
fn names(grid: &Grid) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(grid.heads.len());
    for head in &grid.heads {
        let others =
            |name: &String| names.contains(name) || (*name != head.name && grid.heads.iter().any(|head| head.name == *name));
        let numbered = (1..).map(|n| format!("{}_{n}", head.name));
        names.extend(std::iter::once(head.name.clone()).chain(numbered).find(|name| !others(name)));
    }
    names
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int64Array, StringArray};
    use arrow::datatypes::{DataType, Field, Schema};
    use arrow::record_batch::RecordBatch;
    use std::sync::Arc;

    fn text(grid: &Grid) -> String {
        let mut out = Vec::new();
        write(grid, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_array_of_objects_in_the_order_of_the_columns() {
        let z: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
        let a: ArrayRef = Arc::new(StringArray::from(vec!["\"q\"\n", "ü"]));
        let batches = [RecordBatch::try_from_iter([("z", z), ("a \"b\"", a)]).unwrap()];
        let grid = Grid::of(&batches[0].schema(), &batches);
        assert_eq!(
            text(&grid),
            "[\n  {\"z\": 1, \"a \\\"b\\\"\": \"\\\"q\\\"\\n\"},\n  {\"z\": null, \"a \\\"b\\\"\": \"ü\"}\n]\n"
        );
        assert_eq!(text(&Grid::of(&batches[0].schema(), &[])), "[]\n");
    }

    #[test]
    fn no_field_hides_another() {
        let schema = Schema::new(["a", "a", "a_1", "a"].map(|name| Field::new(name, DataType::Int64, true)).to_vec());
        assert_eq!(names(&Grid::of(&schema, &[])), ["a", "a_2", "a_1", "a_3"]);
    }
}
