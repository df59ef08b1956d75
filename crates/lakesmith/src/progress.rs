//! What is seen of a run while it runs: a moving line per flow on a terminal, one line per finished flow elsewhere.

use crate::amounts::time;
use crate::console::Console;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use lakesmith_compile::TableName;
use lakesmith_engine::Outcomes;
use lakesmith_run::{Event, FlowReport, FlowStatus, Process};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Shows the events of one run. They may come from any thread.
pub(crate) struct Progress {
    console: Console,
    /// On a terminal: where the lines move.
    screen: Option<MultiProgress>,
    running: Mutex<BTreeMap<TableName, Running>>,
}

/// One flow that runs.
struct Running {
    line: ProgressBar,
    outcomes: Outcomes,
}

impl Progress {
    /// Nothing is shown before the first event.
    pub(crate) fn new(console: &Console) -> Self {
        Self { console: console.clone(), screen: console.animated.then(MultiProgress::new), running: Mutex::default() }
    }

    /// Shows what happened.
    pub(crate) fn show(&self, event: Event) {
        match (&self.screen, event) {
            (None, Event::Finished(report)) => self.console.say(&finished(&report)),
            (None, Event::Waiting { flow, batch, runner }) => self.console.say(&waiting(&flow, batch, &runner)),
            (None, _) => {}
            (Some(screen), Event::Started { flow }) => self.start(screen, flow),
            (Some(_), Event::Waiting { flow, batch, runner }) => self.with(|running| {
                if let Some(running) = running.get_mut(&flow) {
                    running.line.set_message(waiting(&flow, batch, &runner));
                }
            }),
            (Some(_), Event::Committed { flow, batch, outcomes }) => self.with(|running| {
                if let Some(running) = running.get_mut(&flow) {
                    running.outcomes += outcomes;
                    running.line.set_message(format!("{flow}: batch {batch}, {}", counts(&running.outcomes)));
                }
            }),
            (Some(screen), Event::Finished(report)) => {
                if let Some(running) = self.with(|running| running.remove(&report.flow)) {
                    running.line.finish_and_clear();
                    screen.remove(&running.line);
                }
                // Where the terminal is gone there is nobody to tell.
                let _ = screen.println(finished(&report));
            }
        }
    }

    fn start(&self, screen: &MultiProgress, flow: TableName) {
        let line = screen.add(ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template("{spinner:.cyan} {wide_msg} {elapsed:.dim}") {
            line.set_style(style);
        }
        line.set_message(flow.to_string());
        line.enable_steady_tick(Duration::from_millis(120));
        self.with(|running| running.insert(flow, Running { line, outcomes: Outcomes::default() }));
    }

    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<TableName, Running>) -> T) -> T {
        act(&mut self.running.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Why a flow stands still.
fn waiting(flow: &TableName, batch: i64, runner: &Process) -> String {
    format!("{flow}: batch {batch} is with {runner}; waiting for it")
}

/// How a flow ended, as one word or two.
pub(crate) fn status(status: FlowStatus) -> &'static str {
    match status {
        FlowStatus::Updated => "updated",
        FlowStatus::UpToDate => "up to date",
        FlowStatus::Failed => "failed",
        FlowStatus::Skipped => "skipped",
    }
}

/// What became of rows: `120 read, 100 inserted, 20 unchanged`; nothing of what there is none of.
pub(crate) fn counts(outcomes: &Outcomes) -> String {
    let counts = each(outcomes).into_iter().chain([("removed", outcomes.removed)]).filter(|(_, n)| *n > 0);
    std::iter::once(format!("{} read", outcomes.read))
        .chain(counts.map(|(word, n)| format!("{n} {word}")))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The outcomes that a row read may have.
pub(crate) fn each(outcomes: &Outcomes) -> [(&'static str, u64); 7] {
    [
        ("inserted", outcomes.inserted),
        ("updated", outcomes.updated),
        ("unchanged", outcomes.unchanged),
        ("superseded", outcomes.superseded),
        ("quarantined", outcomes.quarantined),
        ("dropped", outcomes.dropped),
        ("deleted", outcomes.deleted),
    ]
}

/// Counts that somebody should see at once, not only in the report.
const TROUBLES: [&str; 6] =
    ["failed files", "waiting files", "waiting folders", "files with the same content", "rescued rows", "late rows"];

fn finished(report: &FlowReport) -> String {
    let (flow, status) = (&report.flow, status(report.status));
    let troubles = TROUBLES.iter().filter_map(|what| Some((what, report.counts.get(*what).filter(|n| **n > 0)?)));
    let troubles: String = troubles.map(|(what, n)| format!(", {what}: {n}")).collect();
    match report.status {
        FlowStatus::Updated => {
            let batches = match report.batches.len() {
                0 | 1 => String::new(),
                n => format!(" in {n} batches"),
            };
            format!("{status} {flow}: {}{batches}{troubles} ({})", counts(&report.outcomes), time(report.duration))
        }
        FlowStatus::UpToDate => format!("{status} {flow}{troubles} ({})", time(report.duration)),
        FlowStatus::Failed | FlowStatus::Skipped => format!("{status} {flow}"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_finished_flow_is_one_line() {
        let outcomes = Outcomes { read: 120, inserted: 100, quarantined: 20, removed: 3, ..Outcomes::default() };
        let mut report = FlowReport {
            flow: TableName::parse("silver.sales_orders").unwrap(),
            status: FlowStatus::Updated,
            batches: vec![4, 5],
            scanned: Default::default(),
            outcomes,
            counts: BTreeMap::new(),
            duration: Duration::from_millis(420),
            drift: Default::default(),
            notes: vec![],
            fault: None,
            error: None,
        };
        let line = "updated silver.sales_orders: 120 read, 100 inserted, 20 quarantined, 3 removed in 2 batches (0.420 s)";
        assert_eq!(finished(&report), line);
        report.counts = BTreeMap::from([("files".to_owned(), 9), ("failed files".to_owned(), 2)]);
        report.batches.clear();
        let line = "updated silver.sales_orders: 120 read, 100 inserted, 20 quarantined, 3 removed, failed files: 2 (0.420 s)";
        assert_eq!(finished(&report), line);
        report.status = FlowStatus::UpToDate;
        report.counts = BTreeMap::from([("waiting folders".to_owned(), 1)]);
        assert_eq!(finished(&report), "up to date silver.sales_orders, waiting folders: 1 (0.420 s)");
        report.counts.clear();
        assert_eq!(finished(&report), "up to date silver.sales_orders (0.420 s)");
        report.status = FlowStatus::Failed;
        assert_eq!(finished(&report), "failed silver.sales_orders");
    }
}
