//! Columns that change with somebody's consent: `lakesmith schema accept`.
//!
//! A table is written again under its new columns and committed once, by compare-and-swap. Its rows keep their batch, so that
//! no flow reads them again. Where values of bronze move from `_rescued_data` into their column, their rows say more than
//! before: they become a batch of their flow, recorded like every other, so that silver reads them again. That is not done
//! where reading a row twice would count it twice, or bring back what a later snapshot lacks: see [`reads_again`].

mod bronze;

use crate::batch::{self, TRIES, position};
use crate::drift::{Drift, command};
use crate::error::RunError;
use crate::lake::Lake;
use crate::read;
use crate::record::{self, Record};
use lakesmith_compile::{Change, ChangeKind, Column, Definition, Flow, FlowKind, Step, Table, TableName, Takes, Write, changes};
use lakesmith_engine::delta::{CommitError, CommitInfo, Snapshot, TablePath};
use lakesmith_engine::{EngineError, Outcomes, Rewriting, Rewritten, column};
use lakesmith_project::{ChangeCapture, History};
use lakesmith_sql::DataType;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a commit that changes columns is called.
pub(crate) const OPERATION: &str = "REPLACE COLUMNS";
/// What is accepted.
#[derive(Clone, Debug, Default)]
pub struct Acceptance {
    /// The table, and behind a further dot the column or a field within it: `bronze.shop_orders.amount`.
    pub what: String,
    /// The type that the column is to have; else the one that hints or files say.
    pub ty: Option<DataType>,
    /// Columns that take the values of others: former name, new name.
    pub renamed: Vec<(String, String)>,
    /// Whether values that the new types do not hold may be lost.
    pub lossy: bool,
}

/// What became of it.
#[derive(Clone, Debug, Serialize)]
pub struct Accepted {
    /// The table.
    pub table: TableName,
    /// The version that has the new columns.
    pub version: i64,
    /// What is different about them.
    pub changes: Vec<Change>,
    /// Rows into whose columns values moved from `_rescued_data`.
    pub moved: u64,
    /// The batch that these rows belong to now, if silver is to read them again.
    pub batch: Option<i64>,
    /// Values that the new types did not hold, by column.
    pub lost: BTreeMap<String, u64>,
}

/// The columns that a table is to have.
struct Wanted {
    table: Table,
    changes: Vec<Change>,
    /// Paths of columns that take values out of `_rescued_data`.
    moved: Vec<Vec<String>>,
}

impl Lake {
    /// Gives a table the columns that were asked for, or those that the project has for it, in one commit.
    ///
    /// # Errors
    /// [`RunError::Unacceptable`] for what cannot be, with the reason; nothing is committed then.
    pub async fn accept(&self, acceptance: &Acceptance) -> Result<Accepted, RunError> {
        if self.faults().has_errors() {
            return Err(RunError::Project(self.faults().clone()));
        }
        let (flow, path) = self.target_of(&acceptance.what)?;
        let bronze = flow.kind.is_bronze();
        if !bronze && (path.is_some() || acceptance.ty.is_some()) {
            let help = format!("edit the project, then say `lakesmith schema accept {}`", flow.name);
            return Err(refused(format!("the columns of `{}` are those that the project declares", flow.name), help));
        }
        if bronze && !acceptance.renamed.is_empty() {
            let help = "a bronze column is called as its source calls it; rename it in silver, with `from:`".to_owned();
            return Err(refused(format!("`{}` is a table of bronze", flow.name), help));
        }
        let mut said: Option<Vec<Change>> = None;
        for _ in 0..TRIES {
            let held = self.engine().ensure(&flow.target).await?;
            let last = held.txn(&position::batch(&flow.name)).await?.unwrap_or(0);
            if !flow.companions.is_empty()
                && let Some(record) = record::latest(self.storage(), &flow.name, last + 1).await?
            {
                batch::finish(self, flow, record).await?;
                continue;
            }
            let wanted = match bronze {
                true => bronze::wanted(self, flow, &held, path.as_deref(), acceptance.ty.as_ref())?,
                false => declared(&flow.target, &held, &acceptance.renamed)?,
            };
            if wanted.changes.is_empty() {
                // What was committed with an unknown outcome is there.
                if let Some(changes) = said {
                    let accepted = Accepted { changes, ..nothing(flow, &held) };
                    return Ok(accepted);
                }
                let reason = format!("the columns of `{}` are already as they are to be", acceptance.what);
                return Err(refused(reason, "nothing was written; `lakesmith plan` shows what is to be accepted".to_owned()));
            }
            said.get_or_insert_with(|| wanted.changes.clone());
            if !bronze {
                for companion in &flow.companions {
                    companion_follows(self, companion).await?;
                }
            }
            if let Some(accepted) = self.replace(flow, &held, last, &wanted, acceptance).await? {
                return Ok(accepted);
            }
        }
        Err(RunError::Contended { flow: flow.name.clone(), tries: TRIES })
    }

    /// The flow of a table, and the column that is named behind it.
    fn target_of(&self, what: &str) -> Result<(&Flow, Option<String>), RunError> {
        let parts: Vec<&str> = what.split('.').collect();
        let own = parts.first().is_some_and(|first| first.eq_ignore_ascii_case(&self.plan().lakehouse));
        let start = usize::from(own && parts.len() > 2);
        let name = parts.iter().skip(start).take(2).copied().collect::<Vec<_>>().join(".");
        let flow = self.plan().flows.iter().find(|flow| flow.name.to_string().eq_ignore_ascii_case(&name));
        let flow = flow.ok_or_else(|| read::unknown(self.plan(), &name))?;
        let rest = parts.get(start + 2..).unwrap_or_default().join(".");
        Ok((flow, (!rest.is_empty()).then_some(rest)))
    }

    /// Writes a table again and commits it. `None`: somebody else got ahead.
    async fn replace(
        &self,
        flow: &Flow,
        held: &Snapshot,
        last: i64,
        wanted: &Wanted,
        acceptance: &Acceptance,
    ) -> Result<Option<Accepted>, RunError> {
        let renamed: BTreeMap<String, String> =
            acceptance.renamed.iter().map(|(from, to)| (to.clone(), from.clone())).chain(recased(&wanted.changes)).collect();
        let again = flow.kind.is_bronze() && reads_again(self, flow);
        let rewriting = Rewriting {
            name: flow.name.to_string(),
            changes: !flow.kind.is_bronze() && (!renamed.is_empty() || acceptance.lossy),
            renamed,
            moved: wanted.moved.clone(),
            batch: again.then_some(last + 1),
            now: self.now(),
        };
        let Rewritten { output, moved, lost } = self.engine().rewrite(&wanted.table, held, &rewriting).await?;
        if !lost.is_empty() && !acceptance.lossy {
            return Err(loses(flow, &wanted.changes, &lost));
        }
        let names: Vec<String> = wanted.changes.iter().map(|change| change.column.clone()).collect();
        let accepted = Accepted {
            table: flow.name.clone(),
            version: held.version() + 1,
            changes: wanted.changes.clone(),
            moved,
            batch: rewriting.batch.filter(|_| moved > 0),
            lost,
        };
        if accepted.batch.is_none() {
            let info = facts(&names, &wanted.changes);
            return Ok(self
                .replaced(flow, &output, held.version() + 1, &info)
                .await?
                .map(|version| Accepted { version, ..accepted }));
        }
        let mut tables = vec![wanted.table.clone()];
        tables.extend(flow.companions.iter().cloned());
        let record = Record {
            format_version: Record::rewriting(),
            run_id: batch::run_id(),
            flow: flow.name.clone(),
            batch: last + 1,
            attempt: 1,
            now: rewriting.now,
            inputs: vec![],
            source: None,
            fingerprint: None,
            scanned: Default::default(),
            outcomes: Outcomes::default(),
            counts: BTreeMap::new(),
            key_mark: 0,
            drift: Drift::default(),
            definition: Definition::new(),
            step: flow.step.clone().unwrap_or_else(empty_step),
            tables,
            again: None,
            accepted: names,
            outputs: vec![output],
        };
        if !record::put(self.storage(), &record).await? {
            return Ok(None);
        }
        let finished = batch::finish(self, flow, record).await?;
        if finished.accepted.is_empty() {
            return Ok(None);
        }
        let version = self.snapshot(&flow.name).await?.map_or(accepted.version, |snapshot| snapshot.version());
        Ok(Some(Accepted { version, ..accepted }))
    }

    /// Commits a table that was written again. `None`: somebody else got ahead, or the outcome is unknown.
    async fn replaced(
        &self,
        flow: &Flow,
        output: &lakesmith_engine::Output,
        version: i64,
        info: &CommitInfo,
    ) -> Result<Option<i64>, RunError> {
        match self.engine().commit(&output.table, version, &output.actions, info).await {
            Ok(snapshot) => {
                if output.table.as_str() == flow.target.path {
                    self.remember(&flow.name, snapshot);
                }
                Ok(Some(version))
            }
            Err(EngineError::Commit(CommitError::VersionExists { .. } | CommitError::Unknown { .. })) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Before a batch: a table gets what costs nobody a value, and a change that may is refused until somebody accepts it.
/// Gives the table as the batch finds it.
pub(crate) async fn follow(lake: &Lake, flow: &Flow, held: Snapshot, last: i64) -> Result<Snapshot, RunError> {
    if flow.kind.is_bronze() || last == 0 || !flow.columns_known {
        return Ok(held);
    }
    let found = differences(&flow.target, &held);
    match found.iter().map(Change::takes).max() {
        None | Some(Takes::Nothing) => Ok(held),
        Some(Takes::Consent) => {
            let changes = found.into_iter().filter(|change| change.takes() == Takes::Consent).collect();
            Err(RunError::ColumnsChanged { table: flow.name.clone(), changes, at: flow.at })
        }
        Some(Takes::Rewriting) => {
            let acceptance = Acceptance { what: flow.name.to_string(), ..Acceptance::default() };
            let accepted = Box::pin(lake.accept(&acceptance)).await?;
            tracing::info!(flow = %flow.name, version = accepted.version, "a table was written again under wider columns");
            Ok(lake.engine().ensure(&flow.target).await?)
        }
    }
}

/// What differs between a table and the columns that the project has for it.
pub(crate) fn differences(table: &Table, held: &Snapshot) -> Vec<Change> {
    changes(&held_columns(held), &table.columns)
}

fn held_columns(held: &Snapshot) -> Vec<Column> {
    held.schema().fields().iter().map(|field| column(field)).collect()
}

/// The columns that the project declares; a renamed one counts as there.
fn declared(target: &Table, held: &Snapshot, renamed: &[(String, String)]) -> Result<Wanted, RunError> {
    let mut columns = held_columns(held);
    for (from, to) in renamed {
        let unknown = |name: &str, of: &str| {
            let reason = format!("`{name}` is no column of {of}");
            refused(reason, format!("`lakesmith describe {}` lists what the table has", target.name))
        };
        if !target.names().any(|name| name == to) {
            return Err(unknown(to, &format!("`{}` as the project has it", target.name)));
        }
        match columns.iter().position(|column| column.name == *from) {
            Some(at) => columns[at].name.clone_from(to),
            None if columns.iter().any(|column| column.name == *to) => {}
            None => return Err(unknown(from, &format!("the table `{}`", target.name))),
        }
    }
    let mut found = changes(&columns, &target.columns);
    for (from, to) in renamed.iter().filter(|(from, _)| held.schema().field_with_name(from).is_ok()) {
        found.push(Change { column: to.clone(), kind: ChangeKind::Recased { from: from.clone() } });
    }
    Ok(Wanted { table: target.clone(), changes: found, moved: vec![] })
}

/// A companion keeps the columns that it had; those that the project types otherwise are typed so.
async fn companion_follows(lake: &Lake, companion: &Table) -> Result<(), RunError> {
    for _ in 0..TRIES {
        let held = lake.engine().ensure(companion).await?;
        let found = differences(companion, &held);
        let retyped: Vec<&Change> =
            found.iter().filter(|change| !matches!(change.kind, ChangeKind::Added { .. } | ChangeKind::Removed { .. })).collect();
        if retyped.is_empty() {
            return Ok(());
        }
        let known = |name: &str| companion.names().any(|own| own.eq_ignore_ascii_case(name));
        let extra = held_columns(&held).into_iter().filter(|column| !known(&column.name));
        let table = Table { columns: companion.columns.iter().cloned().chain(extra).collect(), ..companion.clone() };
        let rewriting = Rewriting {
            name: companion.name.to_string(),
            renamed: recased(&found).collect(),
            moved: vec![],
            batch: None,
            changes: false,
            now: lake.now(),
        };
        // A row of the quarantine is kept as it was read, in `_raw`: a value that its new type does not hold is there.
        let Rewritten { output, .. } = lake.engine().rewrite(&table, &held, &rewriting).await?;
        let names: Vec<String> = retyped.iter().map(|change| change.column.clone()).collect();
        let info = facts(&names, &found);
        match lake.engine().commit(&TablePath::new(&companion.path), held.version() + 1, &output.actions, &info).await {
            Ok(snapshot) => lake.remember(&companion.name, snapshot),
            Err(EngineError::Commit(CommitError::VersionExists { .. } | CommitError::Unknown { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(RunError::Contended { flow: companion.name.clone(), tries: TRIES })
}

/// Top-level columns under another name: the new one, and the table's.
fn recased(changes: &[Change]) -> impl Iterator<Item = (String, String)> {
    changes.iter().filter_map(|change| match &change.kind {
        ChangeKind::Recased { from } if !change.column.contains('.') => Some((change.column.clone(), from.clone())),
        _ => None,
    })
}

/// Whether rows of a bronze table can be read again: by entities that weigh the rows of a key against each other. One that
/// only appends would have such a row twice, and one that follows snapshots what a later snapshot no longer had.
fn reads_again(lake: &Lake, flow: &Flow) -> bool {
    let readers: Vec<&Flow> =
        lake.plan().flows.iter().filter(|reader| reader.inputs.first().is_some_and(|input| input.table == flow.name)).collect();
    let weighs = |reader: &&Flow| matches!(reader.kind, FlowKind::Entity { history } if history != History::Append);
    let full = lake.source_table(flow).is_some_and(|table| table.change_capture == ChangeCapture::Full);
    !readers.is_empty() && readers.iter().all(weighs) && !full
}

fn facts(names: &[String], changes: &[Change]) -> CommitInfo {
    let info = BTreeMap::from([("accepted".to_owned(), serde_json::json!(names))]);
    let words: Vec<String> = changes.iter().map(ToString::to_string).collect();
    let parameters = BTreeMap::from([("columns".to_owned(), serde_json::json!(words).to_string())]);
    CommitInfo { operation: OPERATION.to_owned(), parameters, info }
}

fn nothing(flow: &Flow, held: &Snapshot) -> Accepted {
    let (table, version) = (flow.name.clone(), held.version());
    Accepted { table, version, changes: vec![], moved: 0, batch: None, lost: BTreeMap::new() }
}

fn empty_step() -> Step {
    Step {
        with: vec![],
        select: String::new(),
        write: Write::Append,
        companions: vec![],
        outcomes: None,
        checks: vec![],
        counts: vec![],
        places: vec![],
    }
}

pub(crate) fn refused(reason: String, help: String) -> RunError {
    RunError::Unacceptable { reason, help }
}

/// Values that the new types do not hold, by number.
fn loses(flow: &Flow, changes: &[Change], lost: &BTreeMap<String, u64>) -> RunError {
    let of = |column: &str| changes.iter().find(|change| change.column.split('.').next() == Some(column));
    let each = lost.iter().map(|(column, values)| {
        let change = of(column).map_or_else(|| format!("`{column}`"), ToString::to_string);
        format!("{values} of its values would not be the same ({change})")
    });
    let words = each.collect::<Vec<_>>().join(", ");
    let help = match flow.kind.is_bronze() {
        true => "nothing was written; bronze keeps every value: take a wider type, such as STRING".to_owned(),
        false => {
            "nothing was written; keep the type, give the new one another column, or add `--lossy` if they may be lost".to_owned()
        }
    };
    refused(format!("`{}` was not changed: {words}", flow.name), help)
}

/// The command that accepts changes of a bronze table.
pub(crate) fn suggested(table: &TableName, changes: &[Change]) -> String {
    match changes {
        [Change { column, kind: ChangeKind::Retyped { from, to } }] => command(table, column, Some(&meet(from, to))),
        _ if changes.iter().any(|change| matches!(change.kind, ChangeKind::Added { .. })) => {
            format!("lakesmith schema accept {table}")
        }
        [Change { column, kind: ChangeKind::Retyped { from, to } }, ..] => command(table, column, Some(&meet(from, to))),
        _ => format!("lakesmith schema accept {table}"),
    }
}

/// A type for values of both.
fn meet(from: &DataType, to: &DataType) -> DataType {
    match (from, to) {
        (DataType::BigInt, DataType::Double) => DataType::Double,
        _ if lakesmith_compile::widens(from, to) => to.clone(),
        _ => DataType::String,
    }
}
