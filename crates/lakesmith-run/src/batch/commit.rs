//! The last step of a batch: the recorded actions go into the tables' logs, each by compare-and-swap, with the positions.

use super::{TRIES, position, quiet};
use crate::accept;
use crate::error::RunError;
use crate::lake::Lake;
use crate::phase::Phase;
use crate::record::Record;
use lakesmith_compile::{Flow, Table, period_number};
use lakesmith_engine::delta::{Action, CommitError, CommitInfo, Snapshot};
use lakesmith_engine::{EngineError, Output};
use lakesmith_project::Project;
use std::collections::BTreeMap;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Committed {
    /// By us, now.
    Done,
    /// The table has the batch.
    Already,
    /// The table has moved in a way that the recorded actions do not allow.
    NotApplicable,
}

pub(super) async fn commit(lake: &Lake, flow: &Flow, record: &Record, at: usize) -> Result<Committed, RunError> {
    let Some(output) = record.outputs.get(at) else { return Ok(Committed::Already) };
    let is_target = output.table.as_str() == flow.target.path;
    let table = if is_target {
        &flow.target
    } else {
        flow.companions.iter().find(|t| t.path == output.table.as_str()).unwrap_or(&flow.target)
    };
    let info = info(flow, record, table, output);
    let mut error = None;
    for _ in 0..TRIES {
        let held = lake.engine().ensure(table).await?;
        if held.txn(&position::batch(&flow.name)).await?.unwrap_or(0) >= record.batch {
            return Ok(Committed::Already);
        }
        if !applies(lake, output, &held).await? {
            return Ok(Committed::NotApplicable);
        }
        let mut actions = with_positions(lake.project(), flow, record, output, is_target);
        actions.extend(quiet::note(flow, record, output, &held, is_target).await?);
        let version = held.version() + 1;
        lake.reached_commit(Phase::Committing, record, &table.name, version).await;
        match lake.engine().commit(&output.table, version, &actions, &info).await {
            Ok(snapshot) => {
                lake.remember(&table.name, snapshot);
                let phase = if is_target { Phase::TargetCommitted } else { Phase::CompanionCommitted };
                lake.reached_commit(phase, record, &table.name, version).await;
                return Ok(Committed::Done);
            }
            // Whatever happened, the log says what became of it: look again.
            Err(EngineError::Commit(failed @ (CommitError::VersionExists { .. } | CommitError::Unknown { .. }))) => {
                error = Some(failed)
            }
            Err(failed) => return Err(failed.into()),
        }
    }
    match error {
        Some(error) => Err(EngineError::from(error).into()),
        None => Err(RunError::Contended { flow: flow.name.clone(), tries: TRIES }),
    }
}

/// Appends apply unless the table's metadata or protocol changed since the version they were computed on; replacements,
/// also those that found nothing to replace, only if no commit since then added data or took away one of their files.
///
/// A table that was deleted and made anew is another table, whose files went with the former one.
async fn applies(lake: &Lake, output: &Output, held: &Snapshot) -> Result<bool, RunError> {
    if held.metadata().id != output.table_id {
        return Ok(false);
    }
    for version in output.base + 1..=held.version() {
        for action in lake.storage().commit_actions(&output.table, version).await? {
            let fits = match action {
                Action::Metadata(_) | Action::Protocol(_) => false,
                Action::Add(add) => !output.replaces || !add.data_change,
                Action::Remove(remove) => {
                    !output.actions.iter().any(|own| matches!(own, Action::Remove(r) if r.path == remove.path))
                }
                Action::Txn(_) | Action::Cdc(_) => true,
            };
            if !fits {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// The recorded actions, with the batch's number; on the target also how far its inputs are read.
fn with_positions(project: &Project, flow: &Flow, record: &Record, output: &Output, is_target: bool) -> Vec<Action> {
    let at = record.now.timestamp_millis();
    let mut actions = output.actions.clone();
    actions.push(Action::txn(position::batch(&flow.name), record.batch, at));
    if is_target {
        for input in &record.inputs {
            actions.push(Action::txn(position::from(&flow.name, &input.table), input.upto, at));
            actions.push(Action::txn(position::at(&flow.name, &input.table), input.version, at));
        }
        if let Some(range) = &record.source {
            actions.push(Action::txn(position::at_source(&flow.name), range.version, at));
            actions.push(Action::txn(position::from_source(&flow.name), range.fingerprint(), at));
        }
        actions.extend(record.fingerprint.map(|definition| Action::txn(position::definition(&flow.name), definition, at)));
        let period = period_number(flow, project, record.now);
        actions.extend(period.map(|period| Action::txn(position::period(&flow.name), period, at)));
        if record.key_mark > 0 {
            actions.push(Action::txn(position::keys(&flow.name), record.key_mark, at));
        }
    }
    actions
}

fn info(flow: &Flow, record: &Record, table: &Table, output: &Output) -> CommitInfo {
    let operation = match output.takes_away() {
        _ if !record.accepted.is_empty() => accept::OPERATION,
        true => "MERGE",
        false => "WRITE",
    };
    let mut info = BTreeMap::from([
        ("flow".to_owned(), serde_json::json!(flow.name)),
        ("batch".to_owned(), serde_json::json!(record.batch)),
        ("run_id".to_owned(), serde_json::json!(record.run_id)),
        ("rows".to_owned(), serde_json::json!(output.rows)),
    ]);
    if !flow.companions.is_empty() {
        info.insert("record".to_owned(), serde_json::json!(record.path()));
    }
    if table.name == flow.target.name {
        info.insert("outcomes".to_owned(), serde_json::json!(record.outcomes));
        if let Some(again) = record.again {
            info.insert("again".to_owned(), serde_json::json!(again));
        }
        if !record.drift.is_empty() {
            info.insert("drift".to_owned(), serde_json::json!(record.drift));
        }
        if !record.definition.is_empty() {
            info.insert("definition".to_owned(), serde_json::json!(record.definition));
        }
        if !record.accepted.is_empty() {
            info.insert("accepted".to_owned(), serde_json::json!(record.accepted));
        }
    }
    CommitInfo { operation: operation.to_owned(), parameters: BTreeMap::from([("mode".to_owned(), "Append".to_owned())]), info }
}
