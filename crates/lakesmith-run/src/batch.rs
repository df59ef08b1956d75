//! How a batch runs: plan, compute, record, commit.
//!
//! ```text
//! snapshot of the target ── txn(flow) = b, positions of the inputs
//!        │  a record b+1? ───────────────────────────────┐
//!        │  nothing moved? done                          │
//!     compute: data files of every output                │
//!        │                                               │
//!     record: put if absent, from here it binds ─────────┤
//!        │                                               ▼
//!     commit: companions, then the target, each by compare-and-swap with txn(flow, b+1)
//! ```
//!
//! A crash before the record leaves files that no table knows; the next run plans again. A crash after it leaves a
//! record that the next run finishes.

mod commit;
mod definition;
mod land;
mod quiet;

pub(crate) use definition::{former_definition, rekeyed};

use crate::accept;
use crate::arrived::{Arrived, Told};
use crate::drift::{self, Drift, Watch};
use crate::error::RunError;
use crate::files;
use crate::heartbeat::Heartbeat;
use crate::lake::Lake;
use crate::phase::Phase;
use crate::record::{self, Record, RecordedInput};
use crate::refresh::{self, Again};
use crate::report::Event;
use crate::versions;
use crate::words;
use commit::{Committed, commit};
use definition::define;
use lakesmith_compile::{Definition, Flow, Input, Step, Table, first_day, parameter, period_number};
use lakesmith_engine::delta::{Snapshot, TablePath};
use lakesmith_engine::{Computed, Outcomes, Pinned, Scanned, Work};
use lakesmith_project::SchemaEvolution;
use land::{beyond_the_sample, land, landing_columns, leaves_out, stops};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How often a batch is planned again because another runner got ahead.
pub(crate) const TRIES: usize = 20;

/// What a flow committed.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) batches: Vec<i64>,
    pub(crate) outcomes: Outcomes,
    pub(crate) counts: BTreeMap<String, u64>,
    pub(crate) scanned: Scanned,
    pub(crate) drift: Drift,
}

/// Runs a flow until its inputs hold nothing new.
pub(crate) async fn run(
    lake: &Lake,
    flow: &Flow,
    heartbeat: &Heartbeat,
    events: &(dyn Fn(Event) + Send + Sync),
) -> Result<Done, RunError> {
    let mut done = Done::default();
    if !flow.columns_known {
        // Nothing has arrived for it yet; or its source cannot be asked, which it says now.
        lake.arriving(flow, 0).await?;
        versions::ask_again(lake, flow).await?;
        return Ok(done);
    }
    // The batch that was lost to another runner, and how often. Where the other one commits, there is progress.
    let mut lost = (0, 0);
    // One batch reads again what it is asked to; those before it and after it read what is new.
    let mut again = lake.asked_again(flow);
    loop {
        let Some(planned) = plan(lake, flow, again).await? else { return Ok(done) };
        heartbeat.work().await;
        let finished = match planned {
            Planned::Recorded(record) => {
                lake.reached(Phase::Found, &flow.name, record.batch, record.attempt).await;
                if heartbeat.wait(lake, flow, &record, events).await? {
                    continue;
                }
                finish(lake, flow, *record).await?
            }
            Planned::New(batch) => {
                let number = batch.number;
                match new(lake, flow, heartbeat.run_id(), *batch).await? {
                    Made::Batch(record) => {
                        again = None;
                        *record
                    }
                    Made::Nothing => continue,
                    Made::Lost => {
                        lost = if lost.0 == number { (number, lost.1 + 1) } else { (number, 1) };
                        if lost.1 == TRIES {
                            return Err(RunError::Contended { flow: flow.name.clone(), tries: lost.1 });
                        }
                        continue;
                    }
                }
            }
        };
        events(Event::Committed { flow: flow.name.clone(), batch: finished.batch, outcomes: finished.outcomes });
        done.batches.push(finished.batch);
        done.outcomes += finished.outcomes;
        done.scanned += finished.scanned;
        for (name, count) in finished.counts {
            *done.counts.entry(name).or_default() += count;
        }
        done.drift.extend(finished.drift);
    }
}

enum Planned {
    /// A batch that is computed and recorded, and not committed everywhere.
    Recorded(Box<Record>),
    /// What the inputs gained.
    New(Box<Batch>),
}

/// What became of a batch that was planned.
enum Made {
    /// It is committed.
    Batch(Box<Record>),
    /// Another runner got ahead.
    Lost,
    /// Its files changed while they were read: they wait, and there is no batch.
    Nothing,
}

/// A batch that is to be computed.
struct Batch {
    number: i64,
    target: Snapshot,
    inputs: Vec<Pinned>,
    arrived: Option<Arrived>,
    key_mark: i64,
    /// Whether the first step runs: there was no batch before, or the table is made anew.
    anew: bool,
    /// What is read again, because somebody asked for it.
    again: Option<Again>,
    /// The number of the definition that earlier batches were computed by, if it is another one.
    formerly: Option<i64>,
}

impl Batch {
    fn step<'a>(&self, flow: &'a Flow) -> Result<&'a Step, RunError> {
        let first = flow.first.as_ref().filter(|_| self.anew);
        let window = flow.window.as_ref().filter(|_| matches!(self.again, Some(Again::Since(_))));
        first.or(window).or(flow.step.as_ref()).ok_or_else(|| RunError::NotThereYet(flow.name.clone()))
    }
}

/// Names under which a flow keeps its positions in its table's log.
pub(crate) mod position {
    use lakesmith_compile::TableName;

    /// The number of the last batch.
    pub(crate) fn batch(flow: &TableName) -> String {
        flow.to_string()
    }

    /// The last batch of an input that was read.
    pub(crate) fn from(flow: &TableName, input: &TableName) -> String {
        format!("{flow}/from/{input}")
    }

    /// The version of an input at which it was read.
    pub(crate) fn at(flow: &TableName, input: &TableName) -> String {
        format!("{flow}/at/{input}")
    }

    /// The definition that a flow was last computed by.
    pub(crate) fn definition(flow: &TableName) -> String {
        format!("{flow}/from/definition")
    }

    /// The version of an existing table that was read, of a flow whose source it is.
    pub(crate) fn at_source(flow: &TableName) -> String {
        format!("{flow}/at/source")
    }

    /// Which table that was.
    pub(crate) fn from_source(flow: &TableName) -> String {
        format!("{flow}/from/source")
    }

    /// The period that a batch reached, of a table that goes on with time.
    pub(crate) fn period(flow: &TableName) -> String {
        format!("{flow}/from/period")
    }

    /// The last batch that changed no row of the table.
    pub(crate) fn quiet(flow: &TableName) -> String {
        format!("{flow}/quiet")
    }

    /// The last batch before it that did.
    pub(crate) fn changed(flow: &TableName) -> String {
        format!("{flow}/changed")
    }

    /// Of a companion: the last batch that took rows away.
    pub(crate) fn replaced(flow: &TableName) -> String {
        format!("{flow}/replaced")
    }

    /// The highest surrogate key given.
    pub(crate) fn keys(flow: &TableName) -> String {
        format!("{flow}/keys")
    }
}

async fn plan(lake: &Lake, flow: &Flow, again: Option<Again>) -> Result<Option<Planned>, RunError> {
    let target = lake.engine().ensure(&flow.target).await?;
    let last = target.txn(&position::batch(&flow.name)).await?.unwrap_or(0);
    if !flow.companions.is_empty()
        && let Some(record) = record::latest(lake.storage(), &flow.name, last + 1).await?
    {
        return Ok(Some(Planned::Recorded(Box::new(record))));
    }
    let target = accept::follow(lake, flow, target, last).await?;
    let target = words::keep(lake, flow, target, last).await?;
    let former = target.txn(&position::definition(&flow.name)).await?;
    let formerly = definition::number(flow).and_then(|now| former.filter(|former| *former != now));
    let redefined = match flow.fingerprint {
        Some(definition) => former != Some(definition),
        None => flow.rebuilds && formerly.is_some(),
    };
    let passed = passed(lake, flow, &target).await?;
    // The first batch reads everything as it is.
    let again = again.filter(|_| last > 0);
    // Rows of another key are not those of this one.
    let rekeyed = formerly.is_some() && rekeyed(lake, flow, &target).await?;
    let again = if rekeyed { Some(Again::Whole) } else { again };
    let (mut inputs, mut moved, mut replaced) = (vec![], false, false);
    for input in &flow.inputs {
        let gained = gained(lake, flow, input, &target).await?;
        moved |= gained.moved;
        replaced |= gained.replaced;
        inputs.push(gained.pinned);
    }
    let arrived = Arrived::next(lake, flow, &target, last).await?;
    if arrived.is_none() && !redefined && !passed && !moved && again.is_none() {
        return Ok(None);
    }
    if arrived.is_some() {
        stops(lake, flow)?;
    }
    // Where it is not known what changed, or the definition did, the whole table is made anew.
    let whole = again == Some(Again::Whole);
    if whole {
        refresh::complete(lake, &inputs).await?;
    }
    let mut anew = redefined || replaced || last == 0;
    for (input, pinned) in flow.inputs.iter().zip(&mut inputs).filter(|(input, _)| input.changes) {
        let Some(since) = pinned.since.filter(|_| !whole) else { continue };
        match lake.storage().changes(pinned.snapshot.table(), since, pinned.snapshot.version()).await? {
            Some(changes) => pinned.changes = changes,
            None => {
                tracing::info!(flow = %flow.name, input = %input.table, "its changes are not kept that far back");
                pinned.since = None;
                anew = true;
            }
        }
    }
    if whole || (anew && flow.rebuilds) {
        for input in &mut inputs {
            (input.after, input.since, input.changes) = (0, None, vec![]);
        }
    }
    let anew = last == 0 || whole || (anew && flow.rebuilds);
    let key_mark = target.txn(&position::keys(&flow.name)).await?.unwrap_or(0);
    Ok(Some(Planned::New(Box::new(Batch { number: last + 1, target, inputs, arrived, key_mark, anew, again, formerly }))))
}

/// Whether a period has begun since the last batch, for a table that goes on with time; or it goes on since a fact was added.
async fn passed(lake: &Lake, flow: &Flow, target: &Snapshot) -> Result<bool, RunError> {
    let Some(now) = period_number(flow, lake.project(), lake.now()) else { return Ok(false) };
    Ok(target.txn(&position::period(&flow.name)).await?.is_none_or(|last| last < now))
}

/// What an input gained.
struct Gained {
    pinned: Pinned,
    /// Whether it may have changed.
    moved: bool,
    /// Whether it is a companion that lost rows, of which nothing tells.
    replaced: bool,
}

/// An input at its newest version, and what of it has not been read.
async fn gained(lake: &Lake, flow: &Flow, input: &Input, target: &Snapshot) -> Result<Gained, RunError> {
    let missing = || RunError::NotThereYet(input.table.clone());
    // A companion's rows count once its own table has their batch.
    let (owner, table) = lake.plan().table(&input.table).ok_or_else(missing)?;
    let held = lake.snapshot(&owner.name).await?.ok_or_else(missing)?;
    let mut upto = held.txn(&position::batch(&owner.name)).await?.unwrap_or(0);
    let snapshot = match owner.name == input.table {
        true => held.clone(),
        false => {
            let snapshot = lake.snapshot(&input.table).await?.ok_or_else(missing)?;
            before(lake, owner, table, snapshot, upto + 1).await?
        }
    };
    let after = target.txn(&position::from(&flow.name, &input.table)).await?;
    let since = match after {
        Some(_) => target.txn(&position::at(&flow.name, &input.table)).await?,
        None => None,
    };
    let after = after.unwrap_or(0);
    let moved = quiet::moved(owner, &held, upto, (&input.table, &snapshot), after).await?;
    let replaced = moved
        && owner.name != input.table
        && snapshot.txn(&position::replaced(&owner.name)).await?.is_some_and(|batch| batch > after);
    if input.each {
        upto = upto.min(after + 1);
    }
    let pinned = Pinned { table: input.table.clone(), snapshot, after, upto, since, changes: vec![] };
    Ok(Gained { pinned, moved, replaced })
}

/// Computes a batch, records it if the flow has companions, and commits it.
async fn new(lake: &Lake, flow: &Flow, run_id: &str, batch: Batch) -> Result<Made, RunError> {
    lake.reached(Phase::Planned, &flow.name, batch.number, 1).await;
    let step = batch.step(flow)?;
    let now = lake.now();
    let inputs: Vec<RecordedInput> = (batch.inputs.iter())
        .map(|input| RecordedInput {
            table: input.table.clone(),
            version: input.snapshot.version(),
            after: input.after,
            upto: input.upto,
            since: input.since,
        })
        .collect();
    let mut record = Record {
        format_version: Record::format(batch.number, batch.again, step),
        run_id: run_id.to_owned(),
        flow: flow.name.clone(),
        batch: batch.number,
        attempt: 1,
        now,
        inputs,
        source: batch.arrived.as_ref().and_then(Arrived::range),
        fingerprint: definition::number(flow),
        outcomes: Outcomes::default(),
        scanned: Scanned::default(),
        counts: BTreeMap::new(),
        key_mark: batch.key_mark,
        drift: Drift::default(),
        definition: Definition::new(),
        step: step.clone(),
        tables: tables(flow),
        again: batch.again,
        accepted: vec![],
        outputs: vec![],
    };
    let (whole, formerly) = (batch.anew, batch.formerly);
    let base = batch.target.clone();
    let (arrived, rest) = match batch.arrived.map(|arrived| arrived.split(lake.max_batch())) {
        Some((now, rest)) => (Some(now), rest),
        None => (None, None),
    };
    if let (Some(Arrived::Files(_)), Some(table)) = (&arrived, lake.source_table(flow)) {
        files::readable(&flow.name, table)?;
    }
    let Some((computed, drift)) = compute(lake, flow, &record, batch.target, batch.inputs, arrived).await? else {
        return Ok(Made::Nothing);
    };
    if rest.is_some() || lake.waits(flow) {
        lake.leaves(flow).await?;
    }
    record.take(computed, drift);
    define(lake, flow, &mut record, &base, whole, formerly).await?;
    if lake.policy(flow) == Some(SchemaEvolution::Fail) && record.batch > 1 && !record.drift.unknown.is_empty() {
        return Err(beyond_the_sample(flow, &record.drift));
    }
    lake.reached(Phase::FilesClosed, &flow.name, record.batch, record.attempt).await;
    if flow.companions.is_empty() {
        return match commit(lake, flow, &record, record.outputs.len() - 1).await? {
            Committed::Done => Ok(Made::Batch(Box::new(record))),
            Committed::Already | Committed::NotApplicable => Ok(Made::Lost),
        };
    }
    if !record::put(lake.storage(), &record).await? {
        return Ok(Made::Lost);
    }
    lake.reached(Phase::Recorded, &flow.name, record.batch, record.attempt).await;
    let finished = finish(lake, flow, record).await?;
    if let Some(rest) = rest {
        lake.take_next(flow, finished.batch, rest).await?;
    }
    Ok(Made::Batch(Box::new(finished)))
}

impl Record {
    fn take(&mut self, computed: Computed, drift: Drift) {
        self.drift = drift;
        self.outcomes = computed.outcomes;
        self.counts = computed.counts;
        self.scanned = computed.scanned;
        self.key_mark = computed.key_mark;
        self.outputs = computed.outputs;
    }
}

/// Runs the step of a record and writes data files. `None`: there is nothing to record, because the files of the batch
/// changed while they were read; one that is recorded already (its attempt is a further one) is computed as they are.
async fn compute(
    lake: &Lake,
    flow: &Flow,
    record: &Record,
    target: Snapshot,
    inputs: Vec<Pinned>,
    arrived: Option<Arrived>,
) -> Result<Option<(Computed, Drift)>, RunError> {
    lake.reached(Phase::Computing, &flow.name, record.batch, record.attempt).await;
    // The columns are those that the record's step was made for, whatever the project or the source has by now.
    let made_for = as_recorded(flow, record, &target);
    let flow = &made_for;
    let mut companions = vec![];
    for beside in &record.step.companions {
        if let Some(table) = flow.companions.iter().find(|table| table.name == beside.table) {
            let held = lake.engine().ensure(table).await?;
            companions.push(before(lake, flow, table, held, record.batch).await?);
        }
    }
    let period_before = target.txn(&position::period(&flow.name)).await?.and_then(first_day);
    let held = target.clone();
    let work = Work {
        flow,
        step: &record.step,
        batch: record.batch,
        now: record.now,
        target,
        companions,
        inputs,
        key_mark: record.key_mark,
        ingested_since: record.again.and_then(Again::since),
        period_before,
    };
    let mut drift = Drift::default();
    let (mut computed, read) = match arrived {
        None => (lake.engine().compute(work, None).await?, None),
        Some(Arrived::Given(rows)) => {
            let rows = lakesmith_engine::stream(rows.schema(), futures::stream::iter([Ok(rows)]));
            (lake.engine().compute(work, Some(rows)).await?, None)
        }
        Some(Arrived::Files(batch)) => {
            let data = landing_columns(lake, flow);
            let (computed, reports, seen) = land(lake, flow, record, work, &batch, &data).await?;
            (computed, Some((Told::Files(reports, batch), data, seen)))
        }
        Some(Arrived::Versions(versions)) => {
            let data = landing_columns(lake, flow);
            let watch = Watch::new(&data, false, leaves_out(lake, flow, record));
            let (computed, reports) = versions.land(lake, work, &data, &watch).await?;
            (computed, Some((Told::Versions(reports), data, watch.seen())))
        }
    };
    if let (Some((told, data, seen)), Some(receipts)) = (read, flow.companions.first()) {
        if let Told::Files(reports, batch) = &told {
            lake.tried(flow, reports);
            if record.attempt == 1 && reports.nothing(batch.is_whole()) {
                lake.put_off(flow, batch.files.iter().map(|file| file.path.clone()));
                return Ok(None);
            }
        }
        let base = lake.engine().ensure(receipts).await?;
        let rows = told.receipts(lake, flow, receipts, record.now, record.batch).await?;
        let output = lake.engine().append(receipts, &base, vec![rows]).await?;
        computed.outputs.insert(0, output);
        computed.counts.extend(told.counts());
        computed.counts.remove("rescued rows");
        computed.counts.extend((seen.rescued > 0).then(|| ("rescued rows".to_owned(), seen.rescued)));
        drift = drift::since(lake, &held, record.batch, &seen, !leaves_out(lake, flow, record)).await?;
        if record.batch > 1 {
            let names: Vec<String> = data.fields().iter().map(|field| field.name().clone()).collect();
            drift.absent = drift::absent(&held, &seen, &names).await?;
            let columns: Vec<_> = held.schema().fields().iter().map(|field| lakesmith_engine::column(field)).collect();
            drift.added = lakesmith_compile::changes(&columns, &flow.target.columns);
            drift.added.retain(|change| change.takes() == lakesmith_compile::Takes::Nothing);
        }
    }
    balanced(flow, record.batch, &computed.outcomes)?;
    Ok(Some((computed, drift)))
}

/// Every row read has exactly one outcome, or nothing of the batch counts.
fn balanced(flow: &Flow, batch: i64, outcomes: &Outcomes) -> Result<(), RunError> {
    match outcomes.add_up() {
        true => Ok(()),
        false => Err(RunError::Unbalanced { flow: flow.name.clone(), batch, read: outcomes.read, ended: outcomes.ended() }),
    }
}

/// A companion without what the batch that is computed again has committed of it already.
async fn before(lake: &Lake, flow: &Flow, table: &Table, mut held: Snapshot, batch: i64) -> Result<Snapshot, RunError> {
    let path = TablePath::new(&table.path);
    while held.version() > 0 && held.txn(&position::batch(&flow.name)).await?.unwrap_or(0) >= batch {
        held = lake.storage().snapshot_at(&path, held.version() - 1).await?;
    }
    Ok(held)
}

/// A flow with the columns for which a record was computed. Where the table has been given another type since, with consent,
/// that type holds: rows of bronze are read into it, others are cast.
fn as_recorded(flow: &Flow, record: &Record, held: &Snapshot) -> Flow {
    let mut made_for = flow.clone();
    for table in std::iter::once(&mut made_for.target).chain(&mut made_for.companions) {
        if let Some(recorded) = record.table(&table.path) {
            table.columns.clone_from(&recorded.columns);
        }
    }
    if record.batch > 1 && (flow.kind.is_bronze() || record.attempt > 1) {
        for column in &mut made_for.target.columns {
            let known =
                held.schema().field_with_name(&column.name).ok().map(|field| lakesmith_engine::spark_type(field.data_type()));
            if let Some(known) = known.filter(|known| lakesmith_compile::grown(known, &column.ty).is_none()) {
                column.ty = known;
            }
        }
    }
    made_for
}

/// The target and the companions as they are now.
fn tables(flow: &Flow) -> Vec<Table> {
    std::iter::once(&flow.target).chain(&flow.companions).cloned().collect()
}

/// Commits what of a recorded batch is not committed yet.
pub(crate) async fn finish(lake: &Lake, flow: &Flow, mut record: Record) -> Result<Record, RunError> {
    let mut at = 0;
    let mut tries = 0;
    while at < record.outputs.len() {
        match commit(lake, flow, &record, at).await? {
            Committed::Done | Committed::Already => at += 1,
            Committed::NotApplicable => {
                tries += 1;
                if tries == TRIES {
                    return Err(RunError::Contended { flow: flow.name.clone(), tries });
                }
                record = again(lake, flow, &record).await?;
                // It may have other outputs than the one whose place it takes.
                at = 0;
            }
        }
    }
    Ok(record)
}

/// Computes again what a record holds and can no longer be applied, from the record's own inputs: the output itself at
/// its head, everything else at the versions that were read. A further record takes the first one's place.
async fn again(lake: &Lake, flow: &Flow, former: &Record) -> Result<Record, RunError> {
    let target = lake.engine().ensure(&flow.target).await?;
    let mut record = Record { attempt: former.attempt + 1, ..former.clone() };
    if !former.accepted.is_empty() {
        // The table has moved, and is not what it was when it was written again: nothing is, and whoever accepts the columns
        // says so once more.
        record.accepted.clear();
        for output in &mut record.outputs {
            (output.actions, output.rows) = (vec![], 0);
            (output.base, output.table_id) = (target.version(), target.metadata().id.clone());
        }
        return put_again(lake, flow, record).await;
    }
    let mut inputs = vec![];
    let mut anew = false;
    for (n, input) in record.inputs.iter_mut().enumerate() {
        let table = lake.path(&input.table)?;
        let snapshot = lake.storage().snapshot_at(&table, input.version).await?;
        let mut changes = vec![];
        if let Some(since) = input.since
            && reads_changes(&former.step, n + 1)
        {
            match lake.storage().changes(&table, since, input.version).await? {
                Some(found) => changes = found,
                None => (input.since, anew) = (None, true),
            }
        }
        let (after, upto, since) = (input.after, input.upto, input.since);
        inputs.push(Pinned { table: input.table.clone(), snapshot, after, upto, since, changes });
    }
    // The changes are gone, what the inputs held is not: the table is made anew from that.
    if anew
        && flow.rebuilds
        && let Some(first) = &flow.first
    {
        record.step = first.clone();
        record.format_version = Record::format(record.batch, record.again, first);
        record.tables = tables(flow);
        for (input, recorded) in inputs.iter_mut().zip(&mut record.inputs) {
            (input.after, input.since, input.changes) = (0, None, vec![]);
            (recorded.after, recorded.since) = (0, None);
        }
    }
    let arrived = Arrived::again(lake, flow, former).await?;
    if let Some((computed, drift)) = compute(lake, flow, &record, target, inputs, arrived).await? {
        record.take(computed, Drift { redefined: record.drift.redefined.clone(), ..drift });
    }
    lake.reached(Phase::FilesClosed, &flow.name, record.batch, record.attempt).await;
    put_again(lake, flow, record).await
}

/// Puts a further record of a batch, or gives the one that somebody else has put.
async fn put_again(lake: &Lake, flow: &Flow, record: Record) -> Result<Record, RunError> {
    match record::put(lake.storage(), &record).await? {
        true => {
            lake.reached(Phase::Recorded, &flow.name, record.batch, record.attempt).await;
            Ok(record)
        }
        // Someone else computed it again first: theirs binds.
        false => record::latest(lake.storage(), &flow.name, record.batch)
            .await?
            .ok_or_else(|| RunError::Contended { flow: flow.name.clone(), tries: 1 }),
    }
}

/// Whether a recorded step reads what changed in its n-th input: the project may say otherwise by now.
fn reads_changes(step: &Step, n: usize) -> bool {
    step.sql().contains(&format!("`{}`", parameter::changes(n)))
}

/// The identity of a run.
pub(crate) fn run_id() -> String {
    Uuid::new_v4().to_string()
}

#[cfg(test)]
#[path = "batch/tests.rs"]
pub(crate) mod tests;
