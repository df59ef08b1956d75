//! What a run did, a row per flow.

use crate::amounts::time;
use crate::grid::Grid;
use crate::progress::{each, status};
use lakesmith_engine::Outcomes;
use lakesmith_run::{FlowReport, Report};
use serde_json::{Value, json};

/// The columns. Those in [`RARE`] are left out where no flow counts anything.
const COLUMNS: &[&str] = &[
    "flow",
    "status",
    "batches",
    "read",
    "inserted",
    "updated",
    "unchanged",
    "superseded",
    "quarantined",
    "dropped",
    "deleted",
    "removed",
    "also",
    "time",
];
const RARE: &[&str] = &["superseded", "dropped", "deleted", "removed", "also"];

/// The report as rows.
pub(super) fn grid(report: &Report) -> Result<Grid<'static>, serde_json::Error> {
    let rows: Vec<Value> = report.flows.iter().map(row).collect();
    let counted = |column: &&&str| !RARE.contains(*column) || rows.iter().any(|row| row[**column] != 0 && row[**column] != "");
    let columns: Vec<&str> = COLUMNS.iter().filter(counted).copied().collect();
    Grid::list(&columns, &rows)
}

fn row(flow: &FlowReport) -> Value {
    let also: Vec<String> = flow.counts.iter().filter(|(_, n)| **n > 0).map(|(what, n)| format!("{what}: {n}")).collect();
    let outcomes = &flow.outcomes;
    json!({
        "flow": flow.flow,
        "status": status(flow.status),
        "batches": numbers(&flow.batches),
        "read": outcomes.read,
        "inserted": outcomes.inserted,
        "updated": outcomes.updated,
        "unchanged": outcomes.unchanged,
        "superseded": outcomes.superseded,
        "quarantined": outcomes.quarantined,
        "dropped": outcomes.dropped,
        "deleted": outcomes.deleted,
        "removed": outcomes.removed,
        "also": also.join(", "),
        "time": time(flow.duration),
    })
}

/// The numbers of batches: `4`, or `4 to 9`.
fn numbers(batches: &[i64]) -> String {
    match batches {
        [] => String::new(),
        [one] => one.to_string(),
        [first, .., last] => format!("{first} to {last}"),
    }
}

/// That every row read has one outcome, in numbers.
///
/// # Errors
/// The flows for which that is not so, in words.
pub(in crate::commands) fn add_up(report: &Report) -> Result<String, String> {
    let wrong: Vec<String> =
        report.flows.iter().filter(|flow| !flow.outcomes.add_up()).map(|flow| flow.flow.to_string()).collect();
    if !wrong.is_empty() {
        return Err(format!("the outcomes do not add up for {}: not every row read has exactly one outcome", wrong.join(", ")));
    }
    let mut all = Outcomes::default();
    report.flows.iter().for_each(|flow| all += flow.outcomes);
    let parts: Vec<String> = each(&all).into_iter().filter(|(_, n)| *n > 0).map(|(word, n)| format!("{n} {word}")).collect();
    match parts.is_empty() {
        true => Ok("nothing was read".to_owned()),
        false => Ok(format!("the outcomes add up: {} read = {}", all.read, parts.join(" + "))),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use lakesmith_compile::TableName;
    use lakesmith_run::FlowStatus;
    use std::time::Duration;

    fn flow(name: &str, outcomes: Outcomes, counts: &[(&str, u64)]) -> FlowReport {
        FlowReport {
            flow: TableName::parse(name).unwrap(),
            status: FlowStatus::Updated,
            batches: vec![4, 5, 6],
            scanned: Default::default(),
            outcomes,
            counts: counts.iter().map(|(what, n)| ((*what).to_owned(), *n)).collect(),
            duration: Duration::from_millis(420),
            drift: Default::default(),
            notes: vec![],
            fault: None,
            error: None,
        }
    }

    fn report(flows: Vec<FlowReport>) -> Report {
        let started = "2025-01-01T00:00:00Z".parse().unwrap();
        Report { run_id: "run".to_owned(), started, duration: Duration::from_secs(1), flows }
    }

    #[test]
    fn a_row_per_flow_without_columns_that_count_nothing() {
        let outcomes = Outcomes { read: 5, inserted: 3, quarantined: 2, ..Outcomes::default() };
        let grid = grid(&report(vec![flow("gold.fact_sales", outcomes, &[("unknown customer_key", 12), ("files", 0)])])).unwrap();
        let heads: Vec<&str> = grid.heads.iter().map(|head| head.name.as_str()).collect();
        assert_eq!(
            heads,
            ["flow", "status", "batches", "read", "inserted", "updated", "unchanged", "quarantined", "also", "time"]
        );
        let cells = json!(["gold.fact_sales", "updated", "4 to 6", 5, 3, 0, 0, 2, "unknown customer_key: 12", "0.420 s"]);
        assert_eq!(Value::from(grid.row(0)), cells);
    }

    #[test]
    fn outcomes_add_up_or_the_flow_is_named() {
        let right = Outcomes { read: 5, inserted: 3, dropped: 2, ..Outcomes::default() };
        let wrong = Outcomes { read: 5, inserted: 3, ..Outcomes::default() };
        let both = report(vec![flow("gold.a", right, &[]), flow("gold.b", wrong, &[])]);
        let words = "the outcomes do not add up for gold.b: not every row read has exactly one outcome";
        assert_eq!(add_up(&both), Err(words.to_owned()));
        let good = report(vec![flow("gold.a", right, &[]), flow("gold.c", right, &[])]);
        assert_eq!(add_up(&good), Ok("the outcomes add up: 10 read = 6 inserted + 4 dropped".to_owned()));
        assert_eq!(add_up(&report(vec![])), Ok("nothing was read".to_owned()));
    }
}
