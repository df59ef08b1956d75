//! Flows side by side: each starts when those it reads are done.

use crate::batch;
use crate::drift::{self, Drift};
use crate::error::RunError;
use crate::heartbeat::Heartbeat;
use crate::lake::Lake;
use crate::read;
use crate::report::{Event, FlowReport, FlowStatus, Report};
use lakesmith_compile::{Flow, Layer, TableName};
use lakesmith_engine::{Outcomes, Scanned, without_values};
use lakesmith_text::Diagnostic;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::{Id, JoinError, JoinSet};

/// Whoever shows what happens.
type Events = Arc<dyn Fn(Event) + Send + Sync>;

impl Lake {
    /// Runs the selected flows. A flow that fails stops those that read it; the others go on. Flows of monitoring are told of
    /// when they fail, and when nothing else was asked for.
    pub async fn execute(&mut self, selection: &BTreeSet<TableName>, events: Events) -> Result<Report, RunError> {
        if self.faults().has_errors() {
            return Err(RunError::Project(self.faults().clone()));
        }
        self.storage().prove().await?;
        let (run_id, started, clock) = (batch::run_id(), self.now(), Instant::now());
        let heartbeat = Arc::new(Heartbeat::new(self.world(), run_id.clone()));
        let plan = self.plan().clone();
        let flows: Vec<&Flow> = plan.all().filter(|flow| selection.contains(&flow.name)).collect();
        let others = plan.flows.iter().any(|flow| selection.contains(&flow.name));
        let quiet = |flow: &TableName| others && flow.layer() == Layer::Monitoring;
        let tells = |report: &FlowReport| !quiet(&report.flow) || stops(report.status);
        let mut waiting: Vec<Flow> = flows.iter().map(|flow| (*flow).clone()).collect();
        let mut running = JoinSet::new();
        let mut tasks: HashMap<Id, Flow> = HashMap::new();
        let mut ended: HashMap<TableName, FlowReport> = HashMap::new();
        loop {
            let mut index = 0;
            while index < waiting.len() {
                let flow = &waiting[index];
                let open = |name: &TableName| selection.contains(name) && !ended.contains_key(name);
                let failed = flow.upstream().find(|name| ended.get(name).is_some_and(|report| stops(report.status)));
                if let Some(report) = failed.map(|failed| skipped(flow, failed)) {
                    events(Event::Finished(Box::new(report.clone())));
                    let flow = waiting.remove(index);
                    ended.insert(flow.name, report);
                    index = 0;
                } else if running.len() < self.threads() && !flow.upstream().any(open) {
                    let flow = waiting.remove(index);
                    let events: Events = if quiet(&flow.name) { Arc::new(|_: Event| {}) } else { events.clone() };
                    events(Event::Started { flow: flow.name.clone() });
                    let task = running.spawn(one(self.clone(), flow.clone(), heartbeat.clone(), events));
                    tasks.insert(task.id(), flow);
                } else {
                    index += 1;
                }
            }
            let report = match running.join_next_with_id().await {
                None => break,
                Some(Ok((_, report))) => report,
                Some(Err(error)) => {
                    let Some(flow) = tasks.remove(&error.id()) else { continue };
                    heartbeat.give_up(&flow.name).await;
                    stopped(&flow, error)
                }
            };
            if tells(&report) {
                events(Event::Finished(Box::new(report.clone())));
            }
            ended.insert(report.flow.clone(), report);
        }
        heartbeat.end().await;
        let flows = flows.iter().filter_map(|flow| ended.remove(&flow.name)).filter(tells).collect();
        Ok(Report { run_id, started, duration: clock.elapsed(), flows })
    }
}

fn stops(status: FlowStatus) -> bool {
    matches!(status, FlowStatus::Failed | FlowStatus::Skipped)
}

async fn one(lake: Lake, flow: Flow, heartbeat: Arc<Heartbeat>, events: Events) -> FlowReport {
    let clock = Instant::now();
    let result = batch::run(&lake, &flow, &heartbeat, events.as_ref()).await;
    let mut told = told_of_files(&lake, &flow);
    let report = FlowReport {
        flow: flow.name.clone(),
        status: FlowStatus::UpToDate,
        batches: vec![],
        outcomes: Outcomes::default(),
        scanned: Scanned::default(),
        counts: BTreeMap::new(),
        duration: clock.elapsed(),
        drift: Drift::default(),
        notes: lake.standing(&flow),
        fault: None,
        error: None,
    };
    match result {
        Ok(done) => FlowReport {
            fault: {
                told.splice(0..0, failed_files(&lake, &flow, &done).await);
                (!told.is_empty()).then(|| told.remove(0))
            },
            status: if done.batches.is_empty() { FlowStatus::UpToDate } else { FlowStatus::Updated },
            batches: done.batches,
            outcomes: done.outcomes,
            scanned: done.scanned,
            counts: done.counts.into_iter().chain(lake.notes(&flow).counts()).collect(),
            notes: drift::notes(&flow, &done.drift, lake.policy(&flow)).into_iter().chain(report.notes).chain(told).collect(),
            drift: done.drift,
            ..report
        },
        Err(error) => {
            heartbeat.give_up(&flow.name).await;
            let mut fault = error.diagnostic();
            // An error of the engine that no expression is known for concerns the table.
            if fault.code == "step-failed" && fault.span.is_none() {
                fault = fault.at(flow.at);
            }
            // Whether anything has arrived is not known of a source that could not be read.
            told.retain(|told| told.code != "no-files");
            let notes = report.notes.into_iter().chain(told).collect();
            FlowReport { status: FlowStatus::Failed, error: Some(fault.message.clone()), fault: Some(fault), notes, ..report }
        }
    }
}

/// How many files or folders a message names.
const NAMED_FILES: usize = 5;

/// What somebody should know of a source's files beside those that were read.
fn told_of_files(lake: &Lake, flow: &Flow) -> Vec<Diagnostic> {
    let notes = lake.notes(flow);
    let mut told = vec![];
    if !notes.waiting_folders.is_empty() {
        let (count, names) = (notes.waiting_folders.len(), named(notes.waiting_folders));
        let message = format!("{count} snapshots for `{}` wait because they are not whole yet: {names}", flow.name);
        let help = "a folder is whole once its `marker` is there, or, without one, once the next folder has begun; nothing of it is read before";
        told.push(Diagnostic::warning("snapshot-waits", message).at(flow.at).help(help));
    }
    if !notes.not_retried.is_empty() {
        let (count, names) = (notes.not_retried.len(), named(notes.not_retried));
        let message =
            format!("{count} of the failed files for `{}` cannot be read again because they are gone: {names}", flow.name);
        let help = "deliver them again under their names; their receipts stay as they are";
        told.push(Diagnostic::warning("not-retried", message).at(flow.at).help(help));
    }
    // Where others wait, something has arrived.
    if flow.kind.is_bronze() && !flow.columns_known && told.is_empty() {
        let message = format!("no file has arrived for `{}`", flow.name);
        let help = "put files where `path` of the source and `path` of the table say, or mend the pattern";
        told.push(Diagnostic::warning("no-files", message).at(flow.at).help(help));
    }
    told
}

/// The first names, and how many more there are.
fn named(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(NAMED_FILES);
    names.truncate(NAMED_FILES);
    names.extend((more > 0).then(|| format!("{more} more")));
    names.join("; ")
}

/// The files that could not be read, by name, with the reason of each.
async fn failed_files(lake: &Lake, flow: &Flow, done: &batch::Done) -> Option<Diagnostic> {
    let counted = ["failed files", "passed over files"].map(|what| done.counts.get(what).copied().unwrap_or_default());
    let count: u64 = counted.iter().sum();
    if count == 0 {
        return None;
    }
    let names = match read::failed_files(lake, flow, &done.batches).await {
        Ok(names) => named(names),
        Err(error) => format!("which ones is not known, because their receipts cannot be read: {error}"),
    };
    let message = format!("{count} of the files for `{}` could not be read: {names}", flow.name);
    let help = format!("the rows of the other files arrived; `lakesmith files {} --failed` keeps the reasons", flow.name);
    Some(Diagnostic::warning("failed-files", message).at(flow.at).help(help))
}

/// A flow whose task did not come to its end. What it said of itself may hold values of rows, which are taken out.
fn stopped(flow: &Flow, error: JoinError) -> FlowReport {
    let words = match error.try_into_panic() {
        Ok(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            text.map_or_else(|| "it did not say why".to_owned(), without_values)
        }
        Err(error) => error.to_string(),
    };
    let fault = Diagnostic::error("run-failed", format!("`{}` stopped at a fault of lakesmith: {words}", flow.name)).at(flow.at).help(
        "please report it with these words and what was delivered; the other flows went on, and the next run takes this one up again",
    );
    without_batch(flow, FlowStatus::Failed, fault)
}

fn skipped(flow: &Flow, upstream: &TableName) -> FlowReport {
    let fault = Diagnostic::warning("skipped", format!("`{}` did not run because `{upstream}` failed", flow.name));
    without_batch(flow, FlowStatus::Skipped, fault)
}

fn without_batch(flow: &Flow, status: FlowStatus, fault: Diagnostic) -> FlowReport {
    FlowReport {
        flow: flow.name.clone(),
        status,
        batches: vec![],
        outcomes: Outcomes::default(),
        scanned: Scanned::default(),
        counts: BTreeMap::new(),
        drift: Drift::default(),
        notes: vec![],
        duration: Duration::ZERO,
        error: Some(fault.message.clone()),
        fault: Some(fault),
    }
}
