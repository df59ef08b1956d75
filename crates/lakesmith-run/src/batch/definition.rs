//! By which definition the rows of a table were computed.

use super::position;
use crate::error::RunError;
use crate::lake::Lake;
use crate::record::Record;
use crate::refresh;
use lakesmith_compile::{Definition, Flow, definition_number, redefined};
use lakesmith_engine::delta::{DeltaError, Snapshot};

/// The number of the definition that a flow's batches are computed by; bronze is as its source is.
pub(super) fn number(flow: &Flow) -> Option<i64> {
    let number = (!flow.definition.is_empty()).then(|| definition_number(&flow.definition));
    flow.fingerprint.or(number)
}

/// Says by which definition a batch was computed, and where it is another than before, what is different about it.
pub(super) async fn define(
    lake: &Lake,
    flow: &Flow,
    record: &mut Record,
    base: &Snapshot,
    whole: bool,
    formerly: Option<i64>,
) -> Result<(), RunError> {
    let first = base.txn(&position::definition(&flow.name)).await?.is_none();
    if flow.definition.is_empty() || !(first || formerly.is_some()) {
        return Ok(());
    }
    record.definition.clone_from(&flow.definition);
    // A table that is made anew has no rows of the former definition.
    if formerly.is_some() && !whole {
        let former = former_definition(lake, base).await?;
        record.drift.redefined = match former {
            Some(former) => redefined(&former, &flow.definition),
            None => vec!["its definition".to_owned()],
        };
    }
    Ok(())
}

/// Whether the key is another than the one by which the table was last computed, of a table that is not made anew anyway and
/// can be.
pub(crate) async fn rekeyed(lake: &Lake, flow: &Flow, base: &Snapshot) -> Result<bool, RunError> {
    const KEY: &str = "key";
    if flow.rebuilds || !refresh::can(flow) {
        return Ok(false);
    }
    let former = former_definition(lake, base).await?;
    Ok(former.is_some_and(|former| former.get(KEY) != flow.definition.get(KEY)))
}

/// How many commits are looked at for the definition before.
const COMMITS_BACK: i64 = 1000;

/// The definition of the newest batch that says its own.
pub(crate) async fn former_definition(lake: &Lake, base: &Snapshot) -> Result<Option<Definition>, RunError> {
    for version in (base.version().saturating_sub(COMMITS_BACK).max(0)..=base.version()).rev() {
        match lake.storage().commit_facts(base.table(), version).await {
            Ok(facts) => {
                if let Some(found) = facts.get("definition") {
                    return Ok(serde_json::from_value(found.clone()).ok());
                }
            }
            Err(DeltaError::Missing { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}
