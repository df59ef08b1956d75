//! Tables that are given: a flow whose rows come from the test in place of its inputs.
//!
//! The rows are committed batch by batch as the flow's own, with its batch numbers and with change data where a flow reads
//! former rows, so that those who read the table find what a real run leaves there. A row takes the place of one with the
//! same identity: the key, with the sequence where every state is kept.

use super::values::{column, no_column};
use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::compute::kernels::zip::zip;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Utc};
use lakesmith_compile::{Cte, Flow, FlowKind, Keyed, Step, Table, TableName, Write};
use lakesmith_engine::arrow_schema;
use lakesmith_project::{DimensionHistory, Project, TestRow, TestValue};
use lakesmith_text::{Diagnostics, Span, Spanned};
use std::collections::BTreeMap;

/// Rows that stand in for what flows would compute: of each table one batch after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stand {
    batches: BTreeMap<TableName, Vec<RecordBatch>>,
}

impl Stand {
    /// A further batch of a table.
    pub(super) fn add(&mut self, table: &TableName, rows: RecordBatch) {
        self.batches.entry(table.clone()).or_default().push(rows);
    }

    /// The rows of a flow's next batch, after its batch `last`.
    pub(crate) fn next(&self, flow: &TableName, last: i64) -> Option<RecordBatch> {
        self.batches.get(flow)?.get(usize::try_from(last).ok()?).cloned()
    }

    /// How many batches a table was given.
    pub(super) fn len(&self, table: &TableName) -> usize {
        self.batches.get(table).map_or(0, Vec::len)
    }

    /// How many rows a table was given.
    fn rows(&self, table: &TableName) -> usize {
        self.batches.get(table).into_iter().flatten().map(RecordBatch::num_rows).sum()
    }
}

/// The flow that fills a table with the rows that it is given.
pub(super) fn flow(flow: &Flow) -> Flow {
    let quoted = |name: &str| format!("`{}`", name.replace('`', "``"));
    let columns: Vec<String> = flow.target.names().map(quoted).collect();
    let identity = identity(flow);
    let mut with = vec![cte("batch", format!("SELECT *\nFROM `landing`.`{}`", flow.name.name()))];
    let write = match identity.is_empty() {
        true => Write::Append,
        false => {
            let keys: Vec<String> = identity.iter().map(|name| quoted(name)).collect();
            with.push(cte("keys", format!("SELECT DISTINCT {}\nFROM `batch`", keys.join(", "))));
            let stamps = vec!["_batch_id".to_owned()];
            Write::ReplaceKeys(Keyed { keys: identity.clone(), identity, surrogate: None, kept: vec![], stamps })
        }
    };
    let select = format!("SELECT {}, 1 AS `_new`, CAST(NULL AS STRING) AS `_outcome`\nFROM `batch`", columns.join(", "));
    let step = Step { with, select, write, companions: vec![], outcomes: None, checks: vec![], counts: vec![], places: vec![] };
    Flow { inputs: vec![], step: Some(step), first: None, rebuilds: false, fingerprint: None, ..flow.clone() }
}

fn cte(name: &str, sql: String) -> Cte {
    Cte { name: name.to_owned(), sql, kept: true }
}

/// The columns that make a row of a flow's table unique; none where rows are only added.
pub(super) fn identity(flow: &Flow) -> Vec<String> {
    match flow.step.as_ref().map(|step| &step.write) {
        Some(Write::ReplaceKeys(keyed) | Write::ReplaceAll(keyed)) => keyed.identity.clone(),
        Some(Write::Append) | None => vec![],
    }
}

/// When and where a batch of given rows comes from.
pub(super) struct Moment<'a> {
    pub(super) now: DateTime<Utc>,
    pub(super) stand: &'a Stand,
}

/// Given rows as the columns of the flow's table. Columns that are left out are NULL, lakesmith's own are filled in.
pub(super) fn batch(
    project: &Project,
    flow: &Flow,
    rows: &[TestRow],
    at: Span,
    moment: &Moment<'_>,
    faults: &mut Diagnostics,
) -> Option<RecordBatch> {
    let before = faults.len();
    unknown(&flow.target, &format!("`{}` has no column", flow.name), rows, faults);
    let schema = arrow_schema(&flow.target.columns);
    let fill = Fill { flow, surrogate: surrogate(project, flow), moment, rows: rows.len() };
    let mut columns: Vec<ArrayRef> = vec![];
    for field in schema.fields() {
        let given: Vec<Option<&Spanned<TestValue>>> = rows.iter().map(|row| row.get(field.name())).collect();
        let written = column(&given, field.data_type(), faults);
        columns.push(match fill.of(field.name(), at) {
            Some(filled) => {
                let filled = column(&filled.iter().map(Some).collect::<Vec<_>>(), field.data_type(), faults);
                let is_given: BooleanArray = given.iter().map(|value| Some(value.is_some())).collect();
                zip(&is_given, &written, &filled).ok()?
            }
            None => written,
        });
    }
    let ends = schema.index_of("effective_end_date").ok().zip(schema.index_of("is_current").ok());
    if let Some((end, current)) = ends.filter(|_| is_type2(flow)) {
        let open = open_ends(&columns[end]);
        let is_given: BooleanArray = rows.iter().map(|row| Some(row.get("is_current").is_some())).collect();
        columns[current] = zip(&is_given, &columns[current], &open).ok()?;
    }
    match before == faults.len() {
        true => RecordBatch::try_new(schema, columns).ok(),
        false => None,
    }
}

/// Says which columns of rows a table does not have.
pub(super) fn unknown(table: &Table, what: &str, rows: &[TestRow], faults: &mut Diagnostics) {
    let names: Vec<&str> = table.names().collect();
    for (name, _) in rows.iter().flat_map(|row| &row.cells) {
        if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            let shown: Vec<&str> = names.iter().copied().filter(|name| !name.starts_with('_')).collect();
            faults.push(no_column(what, name, if name.starts_with('_') { &names } else { &shown }));
        }
    }
}

fn is_type2(flow: &Flow) -> bool {
    matches!(flow.kind, FlowKind::Dimension { history: DimensionHistory::Type2 })
}

/// The column of a dimension that numbers its rows.
pub(super) fn surrogate(project: &Project, flow: &Flow) -> Option<String> {
    let dimension = project.dimensions.iter().find(|dimension| dimension.table() == flow.name.to_string())?;
    Some(dimension.surrogate_key.value.clone())
}

/// Whether a version is the open one.
fn open_ends(ends: &ArrayRef) -> BooleanArray {
    const OPEN: &str = "9999-12-31";
    let words = arrow::compute::cast(ends, &DataType::Utf8).ok();
    let words = words.as_ref().and_then(|words| words.as_any().downcast_ref::<arrow::array::StringArray>());
    (0..ends.len())
        .map(|row| Some(words.is_some_and(|words| words.is_valid(row) && words.value(row).starts_with(OPEN))))
        .collect()
}

/// What lakesmith's own columns hold where a test says nothing.
struct Fill<'a> {
    flow: &'a Flow,
    surrogate: Option<String>,
    moment: &'a Moment<'a>,
    rows: usize,
}

impl Fill<'_> {
    /// The values of a column; none for one that is then NULL.
    fn of(&self, column: &str, at: Span) -> Option<Vec<Spanned<TestValue>>> {
        let (stand, table) = (self.moment.stand, &self.flow.name);
        let number = |number: usize| TestValue::Number(number.to_string());
        let text = |text: &str| TestValue::Text(text.to_owned());
        let first = stand.rows(table);
        let same = |value: TestValue| vec![value; self.rows];
        let values: Vec<TestValue> = match column {
            "_batch_id" => same(number(stand.len(table) + 1)),
            "_ingestion_timestamp"
            | "_processing_timestamp"
            | "_created_timestamp"
            | "_updated_timestamp"
            | "_source_modified" => same(text(&self.moment.now.to_rfc3339_opts(chrono::SecondsFormat::Micros, true))),
            "_is_valid" => same(TestValue::Bool(true)),
            "_validation_errors" => same(TestValue::List(vec![])),
            "_source_system" => same(text("test")),
            "_source_file" => same(text(&format!("batch-{}", stand.len(table) + 1))),
            "_source_position" => (0..self.rows).map(number).collect(),
            "effective_start_date" if is_type2(self.flow) => same(text("1900-01-01")),
            "effective_end_date" if is_type2(self.flow) => same(text("9999-12-31")),
            name if self.surrogate.as_deref() == Some(name) => (0..self.rows).map(|row| number(first + row + 1)).collect(),
            _ => return None,
        };
        Some(values.into_iter().map(|value| Spanned::new(value, at)).collect())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use arrow::array::Int64Array;
    use lakesmith_text::Sources;

    #[test]
    fn the_open_version_is_the_current_one() {
        let mut faults = Diagnostics::new();
        let at = Span::point(Sources::new().add("t", ""), 0);
        let days = ["9999-12-31", "2025-01-01"].map(|day| Spanned::new(TestValue::Text(day.to_owned()), at));
        let days = days.iter().map(Some).collect::<Vec<_>>();
        let utc = DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, Some("UTC".into()));
        for ty in [DataType::Date32, utc] {
            let ends = column(&days, &ty, &mut faults);
            assert_eq!(open_ends(&ends), BooleanArray::from(vec![true, false]));
        }
        assert!(faults.is_empty());
    }

    #[test]
    fn batches_are_taken_in_order() {
        let table = TableName::parse("silver.sales_orders").unwrap();
        let rows =
            |n: i64| RecordBatch::try_from_iter([("n", std::sync::Arc::new(Int64Array::from(vec![n])) as ArrayRef)]).unwrap();
        let mut stand = Stand::default();
        stand.add(&table, rows(1));
        stand.add(&table, rows(2));
        assert_eq!(stand.next(&table, 1), Some(rows(2)));
        assert_eq!((stand.next(&table, 2), stand.len(&table), stand.rows(&table)), (None, 2, 2));
    }
}
