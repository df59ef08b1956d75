//! One batch of one flow: run its step, write what it gives.

use super::kept::Kept;
use super::relations::Relations;
use super::replace::Goal;
use super::{Embedded, replace, table, write};
use crate::delta::{Snapshot, change_provider};
use crate::error::EngineError;
use crate::work::{Computed, Outcomes, Scanned, Work};
use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use chrono::{DateTime, Utc};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::streaming::PartitionStream;
use lakesmith_compile::{Step, Table, Write, parameter};
use lakesmith_sql::Literal;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

/// The name of the kept rows of a step.
pub(super) const RESULT: &str = "result";

pub(super) async fn compute(
    engine: &Embedded,
    work: Work<'_>,
    landing: Option<SendableRecordBatchStream>,
) -> Result<Computed, EngineError> {
    let step = work.step;
    table::grown(&work.flow.target, &work.target).await?;
    let mut relations = relations(engine, &work).await?;
    if let Some(stream) = landing {
        let schema = stream.schema();
        let once = Arc::new(Once { schema: schema.clone(), stream: Mutex::new(Some(stream)) });
        relations.add(&["landing", work.flow.name.name()], Arc::new(StreamingTable::try_new(schema, vec![once])?));
    }
    if matches!(step.write, Write::Append) && step.with.is_empty() && step.checks.is_empty() {
        let (output, rows) =
            write::stream(engine, &work.flow.target, &work.target, relations.plan(&step.select).await?, relations.context())
                .await?;
        let outcomes = Outcomes { read: rows, inserted: rows, ..Outcomes::default() };
        return Ok(Computed {
            outputs: vec![output],
            outcomes,
            key_mark: work.key_mark,
            counts: BTreeMap::new(),
            scanned: scanned(&relations),
        });
    }
    match run(engine, &work, &mut relations).await {
        Err(EngineError::Compute { reason, at: None }) => {
            let at = culprit(&relations, step).await;
            Err(EngineError::Compute { reason, at })
        }
        other => other,
    }
}

async fn run(engine: &Embedded, work: &Work<'_>, relations: &mut Relations) -> Result<Computed, EngineError> {
    let step = work.step;
    let mut outcomes = Outcomes::default();
    let mut pending: Vec<String> = vec![];
    for cte in &step.with {
        if !cte.kept {
            pending.push(format!("`{}` AS (\n{}\n)", cte.name, cte.sql));
            continue;
        }
        let kept = relations.keep(&cte.name, &with(&pending, &cte.sql)).await?;
        match cte.name.as_str() {
            "batch" => outcomes.read = kept.rows() as u64,
            "keys" => replace::narrow(engine, relations, work).await?,
            parameter::SPAN => span(relations, &kept)?,
            _ => {}
        }
    }
    let result = relations.keep(RESULT, &with(&pending, &step.select)).await?;
    if let Some(sql) = &step.outcomes {
        let kept = relations.rows(sql).await?;
        count_outcomes(&kept, &mut outcomes)?;
    }
    check(relations, step).await?;
    let mut counts = BTreeMap::new();
    for counted in &step.counts {
        counts.insert(counted.name.clone(), relations.number(&counted.sql).await?);
    }

    let mut outputs = vec![];
    for companion in &step.companions {
        let Some((table, held)) = beside(work).find(|(table, _)| table.name == companion.table) else { continue };
        if let Some(replaces) = companion.replaces.as_ref()
            && !held.files().await?.is_empty()
        {
            let output = replace::beside(engine, relations, work, (table, held), &companion.select, replaces).await?;
            outputs.extend((!output.actions.is_empty()).then_some(output));
            continue;
        }
        let rows = relations.plan(&companion.select).await?;
        let (output, rows) = write::stream(engine, table, held, rows, relations.context()).await?;
        if rows > 0 {
            outputs.push(output);
        }
    }
    let from_batch = step.with.iter().any(|cte| cte.name == "batch");
    let (target, key_mark) = replace::write(engine, relations, work, &Goal::target(work), &result, &mut outcomes).await?;
    if !from_batch {
        outcomes.read = outcomes.inserted + outcomes.updated + outcomes.unchanged;
    }
    outputs.push(target);
    Ok(Computed { outputs, outcomes, key_mark, counts, scanned: scanned(relations) })
}

/// What was read of tables so far.
fn scanned(relations: &Relations) -> Scanned {
    let counts = relations.counts();
    Scanned { files: counts.opened() as u64, bytes: counts.bytes() }
}

/// The times between which the rows of a batch lie become parameters: as literals they tell which files hold such.
fn span(relations: &mut Relations, kept: &Kept) -> Result<(), EngineError> {
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    for name in [parameter::FIRST_TIME, parameter::LAST_TIME] {
        relations.set(name, Literal::Null);
    }
    for batch in kept.batches() {
        let batch = batch?;
        for (column, name) in batch.columns().iter().zip([parameter::FIRST_TIME, parameter::LAST_TIME]) {
            let times = arrow::compute::cast(column, &instant)?;
            let times = times.as_primitive::<TimestampMicrosecondType>();
            let time = times.iter().next().flatten().and_then(DateTime::from_timestamp_micros);
            relations.set(name, time.map_or(Literal::Null, |time| Literal::Timestamp(timestamp(time))));
        }
    }
    Ok(())
}

fn timestamp(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S%.6fZ").to_string()
}

fn with(pending: &[String], sql: &str) -> String {
    match pending.is_empty() {
        true => sql.to_owned(),
        false => format!("WITH {}\n{sql}", pending.join(",\n")),
    }
}

/// The relations of a step: its inputs, its target, its parameters.
async fn relations(engine: &Embedded, work: &Work<'_>) -> Result<Relations, EngineError> {
    let mut relations = Relations::new(engine);
    relations.fix_now(work.now);
    relations.set(parameter::BATCH, Literal::BigInt(work.batch));
    if let Some(since) = work.ingested_since {
        relations.set(parameter::INGESTED_SINCE, Literal::Timestamp(timestamp(since)));
    }
    let period = work.period_before.map_or(Literal::Null, |day| Literal::Date(day.to_string()));
    relations.set(parameter::PERIOD_BEFORE, period);
    let mut held_beside = false;
    for companion in work.step.companions.iter().filter(|companion| companion.replaces.is_some()) {
        if let Some((_, held)) = beside(work).find(|(table, _)| table.name == companion.table) {
            held_beside |= !held.files().await?.is_empty();
        }
    }
    relations.set(parameter::BESIDE, Literal::Boolean(held_beside));
    for (n, input) in work.inputs.iter().enumerate() {
        relations.set(parameter::after(n + 1), Literal::BigInt(input.after));
        relations.set(parameter::upto(n + 1), Literal::BigInt(input.upto));
        relations.set(parameter::since(n + 1), Literal::BigInt(input.since.unwrap_or(-1)));
        let changes = change_provider(&engine.storage, &input.snapshot, &input.changes, relations.counts().clone())?;
        relations.add(&[&parameter::changes(n + 1)], changes);
        relations
            .add_table(&engine.storage, &[input.table.layer().as_str(), input.table.name()], &input.snapshot, None, None)
            .await?;
    }
    for (table, held) in beside(work) {
        relations.add_grown(&engine.storage, table, held, None).await?;
    }
    relations.add_grown(&engine.storage, &work.flow.target, &work.target, None).await?;
    Ok(relations)
}

/// The companions of a batch, each with its snapshot.
fn beside<'a>(work: &'a Work<'_>) -> impl Iterator<Item = (&'a Table, &'a Snapshot)> {
    let table = |held: &'a Snapshot| work.flow.companions.iter().find(|table| table.path == held.table().as_str());
    work.companions.iter().filter_map(move |held| Some((table(held)?, held)))
}

/// A stream as a table that is read once.
struct Once {
    schema: arrow::datatypes::SchemaRef,
    stream: Mutex<Option<SendableRecordBatchStream>>,
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Once")
    }
}

impl PartitionStream for Once {
    fn schema(&self) -> &arrow::datatypes::SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let taken = self.stream.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        taken.unwrap_or_else(|| Box::pin(datafusion::physical_plan::EmptyRecordBatchStream::new(self.schema.clone())))
    }
}

fn count_outcomes(kept: &Kept, outcomes: &mut Outcomes) -> Result<(), EngineError> {
    for batch in kept.batches() {
        let batch = batch?;
        let words = arrow::compute::cast(batch.column(0), &arrow::datatypes::DataType::Utf8)?;
        let (words, rows) = (words.as_string::<i32>(), batch.column(1).as_primitive::<Int64Type>());
        for row in 0..batch.num_rows() {
            let count = rows.value(row) as u64;
            match words.is_valid(row).then(|| words.value(row)) {
                Some("quarantined") => outcomes.quarantined += count,
                Some("dropped") => outcomes.dropped += count,
                _ => {}
            }
        }
    }
    Ok(())
}

/// What the select says became of rows that the target is not to hold.
pub(super) fn count_rest(kept: &Kept, outcomes: &mut Outcomes) -> Result<(), EngineError> {
    for batch in kept.batches() {
        let batch = batch?;
        let Some(words) = batch.column_by_name("_outcome") else { continue };
        let words = arrow::compute::cast(words, &arrow::datatypes::DataType::Utf8)?;
        for word in words.as_string::<i32>().iter().flatten() {
            match word {
                "superseded" => outcomes.superseded += 1,
                "unchanged" => outcomes.unchanged += 1,
                "deleted" => outcomes.deleted += 1,
                _ => {}
            }
        }
    }
    Ok(())
}

/// Whether a row of the step was read in this batch.
pub(super) fn is_new(batch: &arrow::record_batch::RecordBatch, row: usize) -> bool {
    let column = batch.column_by_name("_new").and_then(|column| column.as_primitive_opt::<Int32Type>().cloned());
    column.is_none_or(|column| column.is_valid(row) && column.value(row) == 1)
}

async fn check(relations: &Relations, step: &Step) -> Result<(), EngineError> {
    for check in &step.checks {
        let count = relations.number(&check.sql).await?;
        if count > 0 {
            return Err(EngineError::Check {
                code: check.code,
                message: check.message.replace("{count}", &count.to_string()),
                help: check.help.clone(),
                at: check.at,
            });
        }
    }
    Ok(())
}

/// The expression of the project that makes a step fail: the first that fails alone, over the rows it is computed on.
async fn culprit(relations: &Relations, step: &Step) -> Option<lakesmith_text::Span> {
    for place in &step.places {
        let Some(until) = step.with.iter().position(|cte| cte.name == place.over) else { continue };
        let pending: Vec<String> = step.with[..=until]
            .iter()
            .filter(|cte| !cte.kept)
            .map(|cte| format!("`{}` AS (\n{}\n)", cte.name, cte.sql))
            .collect();
        let sql = with(&pending, &format!("SELECT count({}) FROM `{}`", place.sql, place.over));
        match relations.number(&sql).await {
            Err(EngineError::Compute { .. }) => return Some(place.at),
            _ => continue,
        }
    }
    None
}
