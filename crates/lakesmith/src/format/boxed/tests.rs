use super::*;
use arrow::array::{ArrayRef, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use serde_json::json;
use std::sync::Arc;

fn draw(grid: &Grid, look: &Look) -> String {
    let mut out = Vec::new();
    write(grid, look, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn plain(rows: usize) -> Look {
    Look { color: false, width: None, rows }
}

fn people() -> RecordBatch {
    let id: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(200), None]));
    let name: ArrayRef = Arc::new(StringArray::from(vec![Some("Ada"), None, Some("two\nlines\u{1b}[31m")]));
    RecordBatch::try_from_iter([("id", id), ("name", name)]).unwrap()
}

#[test]
fn types_stand_under_names_and_numbers_to_the_right() {
    let batches = [people()];
    let expected = "\
┌────────┬──────────────────────┐
│     id │ name                 │
│ BIGINT │ STRING               │
├────────┼──────────────────────┤
│      1 │ Ada                  │
│    200 │ NULL                 │
│   NULL │ two\\nlines\\u{1b}[31m │
└────────┴──────────────────────┘
";
    assert_eq!(draw(&Grid::of(&batches[0].schema(), &batches), &plain(0)), expected);
}

#[test]
fn only_null_is_coloured() {
    let batches = [people()];
    let grid = Grid::of(&batches[0].schema(), &batches);
    let drawn = draw(&grid, &Look { color: true, ..plain(0) });
    assert_eq!(drawn.matches("\u{1b}[2m").count(), 2, "{drawn:?}");
    let narrow = draw(&grid, &Look { width: Some(24), ..plain(0) });
    assert!(narrow.lines().all(|line| line.chars().count() <= 24), "{narrow}");
    assert!(narrow.contains("two\\nlines…"), "{narrow}");
}

#[test]
fn a_long_result_shows_its_ends() {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..100));
    let batches = [RecordBatch::try_from_iter([("n", numbers)]).unwrap()];
    let grid = Grid::of(&batches[0].schema(), &batches);
    let expected = "\
┌────────┐
│      n │
│ BIGINT │
├────────┤
│      0 │
│      1 │
│      2 │
│      … │
│     98 │
│     99 │
└────────┘
";
    assert_eq!(draw(&grid, &plain(5)), expected);
    assert_eq!(draw(&grid, &plain(0)).lines().count(), 105);
    assert_eq!(draw(&grid, &plain(100)).lines().count(), 105);
}

#[test]
fn a_list_has_no_types_and_no_null() {
    let things =
        [json!({ "flow": "gold.x", "behind": ["silver.a", "silver.b"], "batch": 3 }), json!({ "flow": "gold.y", "behind": [] })];
    let expected = "\
┌────────┬───────┬────────────────────┐
│ flow   │ batch │ behind             │
├────────┼───────┼────────────────────┤
│ gold.x │     3 │ silver.a, silver.b │
│ gold.y │       │                    │
└────────┴───────┴────────────────────┘
";
    assert_eq!(draw(&Grid::list(&["flow", "batch", "behind"], &things).unwrap(), &plain(0)), expected);
}
