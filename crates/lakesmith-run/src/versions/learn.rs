//! What a run learns of a source's table when it begins: the version up to which it reads, and the columns.

use super::{Position, columns, failed, fingerprint, place, source};
use crate::batch::position;
use crate::drift::Learnt;
use crate::error::RunError;
use crate::lake::{Lake, data_columns};
use crate::versions::TableFault;
use arrow::datatypes::SchemaRef;
use lakesmith_compile::Flow;
use lakesmith_engine::delta::{ForeignTable, Snapshot};
use lakesmith_project::{ChangeCapture, Source, SourceTable};

/// What is learnt.
pub(crate) struct Learning {
    /// The table at the version up to which the run reads; `None` if it could not be asked.
    pub(crate) table: Option<ForeignTable>,
    /// The bronze table's data columns; `None` as long as nothing is known of them.
    pub(crate) learnt: Option<Learnt>,
}

/// The bronze table as it is.
struct Held {
    snapshot: Snapshot,
    data: SchemaRef,
    /// Its last batch.
    last: i64,
}

/// Asks a source's table for its columns. `None` for a flow that reads no table.
///
/// A storage that cannot say what the bronze table is like stops everything; a source that cannot be asked stops its own
/// flow, when that runs.
pub(crate) async fn learn(lake: &Lake, flow: &Flow) -> Result<Option<Learning>, RunError> {
    let Some((source, wanted)) = source(lake, flow) else { return Ok(None) };
    let held = held(lake, flow, wanted).await?;
    Ok(Some(match ask(lake, flow, source, wanted, held.as_ref()).await {
        Ok((table, learnt)) => Learning { table: Some(table), learnt: Some(learnt) },
        Err(error) => {
            tracing::debug!(table = %flow.name, %error, "a source's table could not be asked for its columns");
            Learning { table: None, learnt: held.map(|held| Learnt::first(held.data)) }
        }
    }))
}

/// The reason why a source's table told no columns when the run began: it is asked again. No error for a flow that reads
/// no table.
pub(crate) async fn ask_again(lake: &Lake, flow: &Flow) -> Result<(), RunError> {
    let Some((source, wanted)) = source(lake, flow) else { return Ok(()) };
    let held = held(lake, flow, wanted).await?;
    ask(lake, flow, source, wanted, held.as_ref()).await?;
    Err(failed(flow)(TableFault::Late))
}

async fn held(lake: &Lake, flow: &Flow, wanted: &SourceTable) -> Result<Option<Held>, RunError> {
    let Some(snapshot) = lake.snapshot(&flow.name).await? else { return Ok(None) };
    let last = snapshot.txn(&position::batch(&flow.name)).await?.unwrap_or(0);
    Ok(Some(Held { data: data_columns(&snapshot.schema(), wanted), snapshot, last }))
}

async fn ask(
    lake: &Lake,
    flow: &Flow,
    source: &Source,
    wanted: &SourceTable,
    held: Option<&Held>,
) -> Result<(ForeignTable, Learnt), RunError> {
    let table = place::open(lake, source, wanted, None).await.map_err(failed(flow))?;
    let position = match held {
        Some(held) => Position::of(flow, &held.snapshot).await?,
        None => None,
    };
    let mut schemas = vec![];
    if let Some(position) = position
        && wanted.change_capture != ChangeCapture::Full
        && position.table == fingerprint(table.id())
    {
        // A column that came and went since is in rows that are yet to be read. What is wrong with the commits is said
        // when they are.
        let commits = table.commits(position.version).await.unwrap_or_default();
        schemas.extend(commits.into_iter().filter_map(|commit| commit.schema));
    }
    schemas.push(table.schema());
    // A table that nothing was written to takes the columns that there are.
    let known = held.filter(|held| held.last > 0).map(|held| held.data.as_ref());
    let feed = wanted.change_capture == ChangeCapture::Cdc;
    Ok((table, columns::learn(wanted.schema_evolution, known, &schemas, feed)))
}
