//! Batches that change no row of their table: receipts of files that were passed over, rows that say what is there. Who
//! reads the table has nothing to do for them, and neither has who reads that one's table in turn.
//!
//! Such a batch is not told by looking at its commit each time, but by two numbers that it leaves in the log: its own, and
//! that of the last batch before it that did change something. A table whose newest batch is not the one that left them was
//! changed since.

use super::position;
use crate::error::RunError;
use crate::lake::Lake;
use crate::record::Record;
use lakesmith_compile::{Flow, TableName};
use lakesmith_engine::Output;
use lakesmith_engine::delta::{Action, Snapshot};

/// After so many batches that changed nothing a reader takes note of them, so that it never looks further back for what
/// changed than so many commits.
const MANY: i64 = 100;

/// What the commit of an output says of how it changes its table, for those who read it.
pub(super) async fn note(
    flow: &Flow,
    record: &Record,
    output: &Output,
    held: &Snapshot,
    is_target: bool,
) -> Result<Vec<Action>, RunError> {
    let at = record.now.timestamp_millis();
    if !is_target {
        // A companion that is only added to needs no more than its rows' batches.
        let replaced = output.takes_away().then(|| Action::txn(position::replaced(&flow.name), record.batch, at));
        return Ok(replaced.into_iter().collect());
    }
    let changes = |action: &Action| match action {
        Action::Add(add) => add.data_change,
        Action::Remove(remove) => remove.data_change,
        Action::Cdc(_) => true,
        Action::Metadata(_) | Action::Protocol(_) | Action::Txn(_) => false,
    };
    if output.actions.iter().any(changes) {
        return Ok(vec![]);
    }
    let before = last_change(flow, held, record.batch - 1).await?;
    Ok(vec![Action::txn(position::quiet(&flow.name), record.batch, at), Action::txn(position::changed(&flow.name), before, at)])
}

/// The last batch that changed a row of a flow's table, of which `last` is the newest.
async fn last_change(flow: &Flow, held: &Snapshot, last: i64) -> Result<i64, RunError> {
    if held.txn(&position::quiet(&flow.name)).await? != Some(last) {
        return Ok(last);
    }
    Ok(held.txn(&position::changed(&flow.name)).await?.unwrap_or(last))
}

/// Whether a table, target or companion of `owner`, may have changed since a reader read its batch `after`. `held`: the
/// owner's table, whose newest batch is `last`; `table`: the table itself.
pub(super) async fn moved(
    owner: &Flow,
    held: &Snapshot,
    last: i64,
    table: (&TableName, &Snapshot),
    after: i64,
) -> Result<bool, RunError> {
    if last <= after {
        return Ok(false);
    }
    // Who has read nothing yet begins, whatever there is: a dimension has its unknown member.
    if after == 0 || last - after > MANY {
        return Ok(true);
    }
    let (name, snapshot) = table;
    if *name == owner.name {
        return Ok(last_change(owner, held, last).await? > after);
    }
    // A companion has the batches that brought it rows. Of one that its table does not have yet, it is not known here which
    // was the last before.
    let own = snapshot.txn(&position::batch(&owner.name)).await?.unwrap_or(0);
    Ok(own > last || own > after)
}

impl Lake {
    /// Whether a table may have changed since its batch `after`.
    pub(crate) async fn has_news(&self, table: &TableName, after: i64) -> Result<bool, RunError> {
        let Some((owner, _)) = self.plan().table(table) else { return Ok(false) };
        let (Some(held), Some(snapshot)) = (self.snapshot(&owner.name).await?, self.snapshot(table).await?) else {
            return Ok(false);
        };
        let last = held.txn(&position::batch(&owner.name)).await?.unwrap_or(0);
        moved(owner, &held, last, (table, &snapshot), after).await
    }
}
