//! One test: its runs one after the other, and after each a look at the tables.

use super::Shared;
use super::check::{expected_tables, needed, stood_in, table};
use super::compare::difference;
use super::given::{self, Moment, Stand};
use super::landing::Landing;
use super::report::{Finding, TestReport, TestStatus, What};
use super::stage::Stage;
use crate::error::RunError;
use crate::lake::{Compile, Lake, Options};
use crate::landing::Landings;
use crate::phase::Log;
use crate::report::{FlowReport, FlowStatus, Report};
use crate::world::World;
use arrow::array::{Array, BooleanArray, Int64Array};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::Schema;
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, TimeDelta, Utc};
use lakesmith_compile::{Columns, Flow, Plan, TableName};
use lakesmith_engine::delta::Storage;
use lakesmith_engine::{Embedded, EngineError, Settings, arrow_schema};
use lakesmith_project::{ByTable, Expected, Given, Project, TestBatch, TestRow, UnitTest};
use lakesmith_text::{Diagnostic, Diagnostics, FileId, Severity};
use object_store::path::Path;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

/// The time of a test that says none, in seconds: 2025-01-01, UTC.
const NOW: TimeDelta = TimeDelta::seconds(1_735_689_600);
/// Bytes that sorts and joins of a test may hold.
const MEMORY: usize = 64 << 20;
/// Threads of a test: the tests run side by side.
pub(super) const THREADS: usize = 1;

/// Runs a test of the project, by its place there.
pub(super) async fn run(project: &Project, shared: &Arc<Shared>, n: usize) -> Result<TestReport, RunError> {
    let clock = Instant::now();
    let test = &project.tests[n];
    let mut running = Running::new(shared, test)?;
    for batch in 0..test.batches.len() {
        if !running.batch(batch).await? {
            break;
        }
    }
    let (findings, faults) = (running.findings, running.faults);
    Ok(TestReport {
        test: test.name.value.clone(),
        path: project.sources_text.path(test.at.file).to_owned(),
        line: project.sources_text.position(test.at).0,
        status: match (faults.has_errors(), findings.is_empty()) {
            (true, _) => TestStatus::Faulty,
            (false, true) => TestStatus::Passed,
            (false, false) => TestStatus::Failed,
        },
        duration: clock.elapsed(),
        batches: test.batches.len(),
        findings,
        faults,
    })
}

struct Running<'a> {
    test: &'a UnitTest,
    shared: Arc<Shared>,
    stage: Stage,
    storage: Storage,
    landing: Landing,
    stand: Stand,
    findings: Vec<Finding>,
    faults: Diagnostics,
}

impl<'a> Running<'a> {
    fn new(shared: &Arc<Shared>, test: &'a UnitTest) -> Result<Self, RunError> {
        Ok(Running {
            test,
            shared: shared.clone(),
            stage: Stage::new(&shared.flows, test),
            storage: Storage::in_memory()?,
            landing: Landing::default(),
            stand: Stand::default(),
            findings: vec![],
            faults: Diagnostics::new(),
        })
    }

    /// One run and a look at the tables. Whether the test goes on.
    async fn batch(&mut self, n: usize) -> Result<bool, RunError> {
        let test = self.test;
        let batch = &test.batches[n];
        let now = now(test, n);
        for file in self.stage.files.iter().filter(|file| file.batch == n) {
            let path = Path::from_absolute_path(&file.path).map_err(object_store::Error::from)?;
            self.landing.deliver(&path, file.text.clone(), now).await?;
        }
        let mut lake = self.lake(now)?;
        lake.assume(self.stage.assumed.clone());
        lake.learn().await?;
        self.faults.extend(faults(&lake, test));
        if self.faults.has_errors() {
            return Ok(false);
        }
        self.give(lake.plan(), batch, now);
        if self.faults.has_errors() {
            return Ok(false);
        }
        let (plan, chosen) = (lake.plan().clone(), needed(lake.plan(), test));
        let stood_in = stood_in(&plan, test);
        lake.stand_in(self.stand.clone(), |flow| if stood_in.contains(&flow.name) { given::flow(flow) } else { flow.clone() });
        self.make_companions(&lake, &chosen).await?;
        let report = lake.execute(&chosen, Arc::new(|_| {})).await?;
        let failed = self.failed(&report, n);
        self.look(&lake, &plan, &report, &batch.expect, n).await?;
        if n + 1 == test.batches.len() {
            self.look(&lake, &plan, &report, &test.expect, n).await?;
        }
        Ok(!failed && !self.faults.has_errors())
    }

    fn lake(&self, now: DateTime<Utc>) -> Result<Lake, RunError> {
        let clock = Arc::new(move || now);
        let storage = self.storage.with_clock(clock.clone());
        let landing = Landings::given(Arc::new(self.landing.clone()));
        let world = World { storage, landing, clock, witness: Arc::new(Log), heartbeat: None };
        let settings = Settings { threads: THREADS, memory: MEMORY };
        let engine = Embedded::new(world.storage.clone(), settings)?.with_prepared(self.shared.prepared.clone());
        let (shared, variant) = (self.shared.clone(), self.stage.variant.clone());
        let compile: Compile = Arc::new(move |project: &Project, columns: &Columns| shared.compiled(&variant, project, columns));
        Ok(Lake::on(Arc::new(engine), settings, world, self.stage.project.clone(), compile, &Options::default()))
    }

    /// Makes batches of the rows that stand in for what flows would compute.
    fn give(&mut self, plan: &Plan, batch: &TestBatch, now: DateTime<Utc>) {
        for (name, given) in &batch.given {
            let (Some((flow, _)), Given::Rows(rows)) = (table(plan, name), given) else { continue };
            if flow.kind.is_bronze() || !flow.columns_known {
                continue;
            }
            let moment = Moment { now, stand: &self.stand };
            if let Some(rows) = given::batch(&self.stage.project, flow, rows, name.span, &moment, &mut self.faults) {
                self.stand.add(&flow.name, rows);
            }
        }
    }

    /// Tables beside a table that nothing has filled are read all the same.
    async fn make_companions(&self, lake: &Lake, chosen: &BTreeSet<TableName>) -> Result<(), RunError> {
        let flows = lake.plan().flows.iter().filter(|flow| chosen.contains(&flow.name) && flow.columns_known);
        for flow in flows {
            for companion in &flow.companions {
                lake.engine().ensure(companion).await?;
            }
        }
        Ok(())
    }

    /// Notes the flows that failed; whether there are any.
    fn failed(&mut self, report: &Report, n: usize) -> bool {
        let failed: Vec<&FlowReport> = report.flows.iter().filter(|flow| flow.status == FlowStatus::Failed).collect();
        self.findings.extend(failed.iter().map(|flow| Finding {
            table: flow.flow.to_string(),
            batch: n + 1,
            what: What::Failure { message: flow.error.clone().unwrap_or_default() },
            fault: flow.fault.clone(),
        }));
        !failed.is_empty()
    }

    /// Compares what tables hold with what is expected.
    async fn look(&mut self, lake: &Lake, plan: &Plan, report: &Report, expected: &Expected, n: usize) -> Result<(), RunError> {
        for (name, rows) in &expected.rows {
            let Some((flow, found)) = table(plan, name) else { continue };
            let key = if found.name == flow.name { given::identity(flow) } else { vec![] };
            let held = self.held(lake, flow, &found.name, rows).await?;
            self.compare(rows, &held, &key, name, n);
        }
        for (name, rows) in quarantined(&expected.quarantine) {
            let Some((flow, _)) = table(plan, &name) else { continue };
            let Some((_, quarantine)) = plan.table(&flow.name.companion("quarantine")) else { continue };
            let held = self.held(lake, flow, &quarantine.name, &rows).await?;
            self.compare(&rows, &held, &given::identity(flow), &format!("the quarantine of {name}"), n);
        }
        for (name, counts) in &expected.counts {
            let Some(flow) = table(plan, name).and_then(|(flow, _)| report.flows.iter().find(|found| found.flow == flow.name))
            else {
                continue;
            };
            for (count, wanted) in counts {
                let found = counted(flow, count);
                if found != *wanted {
                    let what = What::Count { count: count.value.clone(), expected: *wanted, found };
                    self.findings.push(Finding { table: name.value.clone(), batch: n + 1, what, fault: None });
                }
            }
        }
        Ok(())
    }

    fn compare(&mut self, rows: &[TestRow], held: &RecordBatch, key: &[String], table: &str, n: usize) {
        let before = self.faults.len();
        // Which columns a bronze table has is known only now.
        let known: Vec<_> = held.schema().fields().iter().map(|field| lakesmith_engine::column(field)).collect();
        let names: Vec<&str> = known.iter().map(|column| column.name.as_str()).collect();
        for (name, _) in rows.iter().flat_map(|row| &row.cells) {
            if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                self.faults.push(super::values::no_column(&format!("`{table}` has no column"), name, &names));
            }
        }
        if before == self.faults.len()
            && let Some(difference) = difference(rows, held, key, &mut self.faults)
        {
            self.findings.push(Finding { table: table.to_owned(), batch: n + 1, what: What::Rows(difference), fault: None });
        }
    }

    /// The rows of a table; none of one that is not there. Member -1 of a dimension counts where a test names it.
    async fn held(&self, lake: &Lake, flow: &Flow, name: &TableName, rows: &[TestRow]) -> Result<RecordBatch, RunError> {
        let columns = || match lake.plan().table(name) {
            Some((_, table)) => arrow_schema(&table.columns),
            None => Arc::new(Schema::empty()),
        };
        let found = match lake.query(&format!("SELECT * FROM {}", name.quoted())).await {
            Ok(found) => found,
            Err(RunError::NotThereYet(_)) => return Ok(RecordBatch::new_empty(columns())),
            Err(error) => return Err(error),
        };
        let held = concat_batches(&found.schema, &found.batches).map_err(EngineError::from)?;
        let surrogate = given::surrogate(&self.stage.project, flow).filter(|_| *name == flow.name);
        let Some(keys) = surrogate.as_ref().and_then(|name| held.column_by_name(name)) else { return Ok(held) };
        let unknown = |row: &TestRow| surrogate.as_ref().and_then(|name| row.get(name)?.value.text()) == Some("-1");
        let Some(keys) = keys.as_any().downcast_ref::<Int64Array>().filter(|_| !rows.iter().any(unknown)) else {
            return Ok(held);
        };
        let known: BooleanArray = (0..keys.len()).map(|row| Some(keys.is_null(row) || keys.value(row) != -1)).collect();
        Ok(filter_record_batch(&held, &known).map_err(EngineError::from)?)
    }
}

/// The time of a run: its own, else a minute after the one before, else that of the test.
fn now(test: &UnitTest, n: usize) -> DateTime<Utc> {
    let told = (0..=n).rev().find_map(|n| Some((n, test.batches[n].now.as_ref()?.value)));
    let (since, begin) = told.unwrap_or((0, test.now.as_ref().map_or(DateTime::UNIX_EPOCH + NOW, |now| now.value)));
    begin + TimeDelta::minutes((n - since) as i64)
}

/// What is wrong with the flows that a test needs. The columns of others may not be what they are made for, since the test
/// gives them nothing.
fn faults(lake: &Lake, test: &UnitTest) -> Vec<Diagnostic> {
    let plan = lake.plan();
    let given = test.batches.iter().flat_map(|batch| &batch.given).map(|(name, _)| name);
    let incomplete = expected_tables(test).chain(given).any(|name| table(plan, name).is_none());
    let needed = needed(plan, test);
    let files: BTreeSet<FileId> = plan.flows.iter().filter(|flow| needed.contains(&flow.name)).map(|flow| flow.at.file).collect();
    let concerns = |fault: &&Diagnostic| incomplete || fault.span.is_none_or(|span| files.contains(&span.file));
    lake.faults().iter().filter(|fault| fault.severity == Severity::Error).filter(concerns).cloned().collect()
}

/// The rows of quarantines, with the words of tests as columns.
fn quarantined(expected: &ByTable<Vec<TestRow>>) -> ByTable<Vec<TestRow>> {
    let mut all = expected.clone();
    for (name, _) in all.iter_mut().flat_map(|(_, rows)| rows).flat_map(|row| &mut row.cells) {
        match name.value.as_str() {
            "reasons" => "_validation_errors".clone_into(&mut name.value),
            "rules" => "_failed_rules".clone_into(&mut name.value),
            _ => {}
        }
    }
    all
}

/// A count of a flow's run by its name; what a run does not count it has none of.
fn counted(flow: &FlowReport, count: &str) -> u64 {
    let outcomes = &flow.outcomes;
    match count {
        "read" => outcomes.read,
        "inserted" => outcomes.inserted,
        "updated" => outcomes.updated,
        "unchanged" => outcomes.unchanged,
        "superseded" => outcomes.superseded,
        "quarantined" => outcomes.quarantined,
        "dropped" => outcomes.dropped,
        "deleted" => outcomes.deleted,
        "removed" => outcomes.removed,
        other => flow.counts.get(other).copied().unwrap_or(0),
    }
}
