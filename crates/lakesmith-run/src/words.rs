//! What the project says of tables and columns is what the tables say of themselves, for whoever reads them without
//! lakesmith: a description that was changed is committed before the next batch of its flow is planned.
//!
//! Such a commit holds metadata alone. Readers of the table find neither a batch nor a changed row in it, so nothing is
//! computed because of it. A batch that another runner computed on the version before is computed again, as after any
//! change of metadata; that is why a batch that is recorded is finished first. Words are never a reason to stop: if they
//! cannot be committed the flow goes on, and the next run tries again.

#[cfg(test)]
mod tests;

use crate::error::RunError;
use crate::lake::Lake;
use lakesmith_compile::{Flow, Table};
use lakesmith_engine::EngineError;
use lakesmith_engine::delta::{Action, CommitInfo, Snapshot};
use std::collections::BTreeMap;

/// What the commit is called in a table's history.
pub(crate) const OPERATION: &str = "COMMENT";

/// Gives the tables of a flow the words that the project has for them, if its target has others. `last`: the last batch;
/// before the first one there is nothing to be kept true. Gives the target as it is then.
pub(crate) async fn keep(lake: &Lake, flow: &Flow, target: Snapshot, last: i64) -> Result<Snapshot, RunError> {
    if last == 0 || !flow.columns_known || wanted(flow, &flow.target, &target)?.is_none() {
        return Ok(target);
    }
    // The target comes last: as long as it differs, the companions are looked at.
    for companion in &flow.companions {
        if let Some(held) = lake.snapshot(&companion.name).await? {
            commit(lake, flow, companion, held).await?;
        }
    }
    commit(lake, flow, &flow.target, target).await
}

/// The metadata that a table is to have, where its words differ, and the columns concerned. A column that the project does
/// not have keeps its words; so does one of a source of which the source says nothing, since the project cannot say more.
fn wanted(flow: &Flow, table: &Table, held: &Snapshot) -> Result<Option<(Action, Vec<String>)>, RunError> {
    let of_source = |name: &str| flow.kind.is_bronze() && !name.starts_with('_');
    let comment = |name: &str| {
        let column = table.columns.iter().find(|column| column.name == name)?;
        let silent = column.description.is_none() && of_source(name);
        (!silent).then(|| column.description.clone())
    };
    let found = held.metadata().commented(held.table(), table.description.as_deref(), comment);
    let found = found.map_err(|error| RunError::from(EngineError::from(error)))?;
    Ok(found.map(|(metadata, columns)| (Action::Metadata(metadata), columns)))
}

async fn commit(lake: &Lake, flow: &Flow, table: &Table, held: Snapshot) -> Result<Snapshot, RunError> {
    let Some((metadata, columns)) = wanted(flow, table, &held)? else { return Ok(held) };
    let info = CommitInfo {
        operation: OPERATION.to_owned(),
        parameters: BTreeMap::from([("columns".to_owned(), serde_json::json!(columns).to_string())]),
        info: BTreeMap::from([("flow".to_owned(), serde_json::json!(flow.name))]),
    };
    match lake.engine().commit(held.table(), held.version() + 1, &[metadata], &info).await {
        Ok(snapshot) => {
            lake.remember(&table.name, snapshot.clone());
            Ok(snapshot)
        }
        // Somebody else was faster, or it is not known what became of it: what is planned on this version is looked at again
        // when it is committed, and the words by the next run.
        Err(error) => {
            tracing::debug!(table = %table.name, %error, "what the project says of the table could not be committed");
            Ok(held)
        }
    }
}
