//! Every read of the lake, through the gate.

use crate::batch::position;
use crate::error::RunError;
use crate::lake::Lake;
use crate::look::{FlowStanding, InputPosition, TableDescription, TableSummary, UnknownMembers, Version};
use crate::record;
use crate::versions;
use arrow::array::{Array, AsArray};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, Utc};
use lakesmith_compile::{Flow, INFERRED, Plan, Table, TableName, Write, counted_keys, inferred_members};
use lakesmith_engine::delta::Snapshot;
use lakesmith_engine::{LandingStream, Rows};
use lakesmith_govern::{Principal, Question, admit};
use lakesmith_sql::{SqlError, parse_query};
use lakesmith_text::nearest;
use std::collections::{BTreeMap, BTreeSet};

impl Lake {
    /// Answers a query over the tables of the project.
    pub async fn query(&self, sql: &str) -> Result<Rows, RunError> {
        let parsed = parse_query(sql).map_err(|error| RunError::from(lakesmith_engine::EngineError::from(error)))?;
        let mut tables = BTreeMap::new();
        for parts in parsed.relations() {
            if let Some((flow, table)) = self.named(&parts) {
                let snapshot = self.readable(flow, table).await?.ok_or_else(|| RunError::NotThereYet(flow.name.clone()))?;
                tables.insert(table.name.clone(), snapshot);
            } else if parts.len() > 1 {
                return Err(lakesmith_engine::EngineError::from(self.no_such_table(sql, &parts)).into());
            }
        }
        let question = Question { sql: sql.to_owned(), tables, lakehouse: self.plan().lakehouse.clone(), now: self.now() };
        Ok(self.engine().query(&admit(&Principal::Owner, question)).await?)
    }

    /// Every table of the project: targets and companions.
    pub async fn tables(&self) -> Result<Vec<TableSummary>, RunError> {
        let mut all = vec![];
        for (flow, table) in self.plan().tables() {
            all.push(self.summary(flow, table).await?);
        }
        Ok(all)
    }

    /// One table in full.
    pub async fn describe(&self, table: &str) -> Result<TableDescription, RunError> {
        let (flow, found) = self.find(table)?;
        let summary = self.summary(flow, found).await?;
        let target = self.snapshot(&flow.name).await?;
        let mut inputs = vec![];
        for input in &flow.inputs {
            let read_to = match &target {
                Some(target) => target.txn(&position::from(&flow.name, &input.table)).await?.unwrap_or(0),
                None => 0,
            };
            let has = if self.has_news(&input.table, read_to).await? { self.last_batch(&input.table).await? } else { read_to };
            inputs.push(InputPosition { table: input.table.clone(), read_to, has });
        }
        let held = self.snapshot(&found.name).await?;
        let columns = match &held {
            Some(held) => held.schema().fields().iter().map(|field| lakesmith_engine::column(field)).collect(),
            None => found.columns.clone(),
        };
        let key = match flow.step.as_ref().map(|step| &step.write) {
            Some(Write::ReplaceKeys(keyed) | Write::ReplaceAll(keyed)) if found.name == flow.name => keyed.identity.clone(),
            _ => vec![],
        };
        let (unknown_members, inferred_members) = match held {
            Some(held) if found.name == flow.name => self.members(flow, held).await?,
            _ => (vec![], None),
        };
        Ok(TableDescription {
            summary,
            unknown_members,
            inferred_members,
            flow: flow.name.clone(),
            path: found.path.clone(),
            inputs,
            columns,
            key,
            partition_by: found.partition_by.clone(),
            cluster_by: found.cluster_by.clone(),
        })
    }

    /// Of a fact, its rows at member -1 by role; of a dimension from which members are inferred, how many are. One query.
    async fn members(&self, flow: &Flow, held: Snapshot) -> Result<(Vec<UnknownMembers>, Option<u64>), RunError> {
        let Some(step) = &flow.step else { return Ok((vec![], None)) };
        let has = |name: &str| held.schema().field_with_name(name).is_ok();
        let keys: Vec<&str> = counted_keys(step).filter(|key| has(key)).collect();
        let mut conditions: Vec<String> = keys.iter().map(|key| format!("`{key}` = -1")).collect();
        let surrogate = match &step.write {
            Write::ReplaceKeys(keyed) | Write::ReplaceAll(keyed) => keyed.surrogate.as_deref(),
            Write::Append => None,
        };
        let infers = step.counts.iter().any(|counted| counted.name == INFERRED);
        conditions.extend(surrogate.filter(|_| infers).map(inferred_members));
        if conditions.is_empty() {
            return Ok((vec![], None));
        }
        let counts: Vec<String> = conditions.iter().map(|condition| format!("count(CASE WHEN {condition} THEN 1 END)")).collect();
        let sql = format!("SELECT {} FROM {}", counts.join(", "), flow.name.quoted());
        let rows = of_companion(self, &flow.target, held, sql).await?;
        let count = |n: usize| -> u64 {
            let number = |batch: &arrow::record_batch::RecordBatch| batch.column(n).as_primitive::<Int64Type>().value(0);
            rows.batches.iter().find(|batch| batch.num_rows() > 0).map(number).and_then(|n| u64::try_from(n).ok()).unwrap_or(0)
        };
        let unknown = |(n, key): (usize, &&str)| UnknownMembers { key: (*key).to_owned(), facts: count(n) };
        Ok((keys.iter().enumerate().map(unknown).collect(), infers.then(|| count(keys.len()))))
    }

    /// The versions of a table, newest first.
    pub async fn history(&self, table: &str, limit: usize) -> Result<Vec<Version>, RunError> {
        let (flow, found) = self.find(table)?;
        if self.snapshot(&found.name).await?.is_none() {
            return Err(RunError::NotThereYet(flow.name.clone()));
        }
        Ok(self.storage().history(&self.path(&found.name)?, limit).await?)
    }

    /// What became of the files that a bronze table has read: its receipts, newest first, up to `limit` of them. `failed`:
    /// only files whose newest receipt has an error. One row a file and batch: `path` STRING, `status` STRING (`read`,
    /// `new_version`, `touched`, `older_snapshot`, `failed`), `batch` BIGINT, `read_at` TIMESTAMP, `size_bytes` BIGINT,
    /// `modified` TIMESTAMP, `rows` BIGINT, `rescued_rows` BIGINT, `same_as` STRING, `note`
    /// STRING, `error` STRING. Of a table that is filled from an existing one: one row a version.
    pub async fn files(&self, table: &str, failed: bool, limit: usize) -> Result<Rows, RunError> {
        let (flow, _) = self.find(table)?;
        if !flow.kind.is_bronze() {
            let from = flow.upstream().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let from = if from.is_empty() { "no table".to_owned() } else { from };
            return Err(RunError::NoFiles { table: flow.name.clone(), from });
        }
        let Some(receipts) = flow.companions.first() else { return Err(RunError::NotThereYet(flow.name.clone())) };
        let snapshot = self.readable(flow, receipts).await?.ok_or_else(|| RunError::NotThereYet(flow.name.clone()))?;
        let last = self.last_batch(&flow.name).await?;
        if versions::source(self, flow).is_some() {
            let sql = versions::receipts_query(&receipts.name, last, failed, limit);
            return of_companion(self, receipts, snapshot, sql).await;
        }
        // A table that was filled before files had a status has none until its next batch.
        let held = snapshot.schema();
        let or_null = |name: &str| match held.field_with_name(name) {
            Ok(_) => format!("`{name}`"),
            Err(_) => format!("CAST(NULL AS STRING) AS `{name}`"),
        };
        let filter = if failed { "\nWHERE _nth = 1 AND error IS NOT NULL" } else { "" };
        let sql = format!(
            "SELECT path, status, _batch_id AS batch, _read_at AS read_at, size AS size_bytes, modified, rows, rescued AS rescued_rows, same_as, note, error
FROM (
  SELECT path, {}, {}, {}, _batch_id, _read_at, size, modified, rows, rescued, error,
    row_number() OVER (PARTITION BY path ORDER BY _batch_id DESC) AS _nth
  FROM {}
  WHERE _batch_id <= {last}
){filter}
ORDER BY _batch_id DESC, modified DESC, path DESC
LIMIT {limit}",
            or_null("status"),
            or_null("same_as"),
            or_null("note"),
            receipts.name.quoted()
        );
        of_companion(self, receipts, snapshot, sql).await
    }

    /// Where each flow stands.
    pub async fn status(&self) -> Result<Vec<FlowStanding>, RunError> {
        let mut all = vec![];
        for flow in &self.plan().flows {
            let target = self.snapshot(&flow.name).await?;
            let (mut batch, mut behind, mut changed) = (0, vec![], None);
            if let Some(target) = &target {
                batch = target.txn(&position::batch(&flow.name)).await?.unwrap_or(0);
                changed = self
                    .storage()
                    .history(&self.path(&flow.name)?, 1)
                    .await?
                    .first()
                    .and_then(|entry| DateTime::from_timestamp_millis(entry.timestamp));
            }
            for input in &flow.inputs {
                let read = match &target {
                    Some(target) => target.txn(&position::from(&flow.name, &input.table)).await?.unwrap_or(0),
                    None => 0,
                };
                if self.has_news(&input.table, read).await? {
                    behind.push(input.table.clone());
                }
            }
            let unfinished = record::latest(self.storage(), &flow.name, batch + 1).await?.map(|record| record.batch);
            all.push(FlowStanding { flow: flow.name.clone(), batch, changed, behind, unfinished });
        }
        Ok(all)
    }

    pub(crate) async fn last_batch(&self, table: &TableName) -> Result<i64, RunError> {
        match self.snapshot(table).await? {
            Some(snapshot) => Ok(snapshot.txn(&position::batch(table)).await?.unwrap_or(0)),
            None => Ok(0),
        }
    }

    async fn summary(&self, flow: &Flow, table: &Table) -> Result<TableSummary, RunError> {
        let empty = TableSummary {
            table: table.name.clone(),
            exists: false,
            version: None,
            batches: None,
            rows: None,
            files: None,
            size_bytes: None,
            description: table.description.clone(),
        };
        let Some(snapshot) = self.readable(flow, table).await? else { return Ok(empty) };
        let files = snapshot.files().await?;
        Ok(TableSummary {
            exists: true,
            version: Some(snapshot.version()),
            batches: snapshot.txn(&position::batch(&flow.name)).await?,
            rows: files.iter().map(|file| file.num_records()).sum(),
            files: Some(files.len() as u64),
            size_bytes: Some(files.iter().map(|file| file.size.max(0) as u64).sum()),
            ..empty
        })
    }

    /// The version of a table that readers see: of a companion none whose batch the target does not have.
    async fn readable(&self, flow: &Flow, table: &Table) -> Result<Option<Snapshot>, RunError> {
        let Some(mut snapshot) = self.snapshot(&table.name).await? else { return Ok(None) };
        if table.name == flow.name {
            return Ok(Some(snapshot));
        }
        let last = self.last_batch(&flow.name).await?;
        while snapshot.version() > 0 && snapshot.txn(&position::batch(&flow.name)).await?.unwrap_or(0) > last {
            snapshot = self.storage().snapshot_at(&self.path(&table.name)?, snapshot.version() - 1).await?;
        }
        Ok(Some(snapshot))
    }

    /// A name with a dot is a table's, and there is none of that name: where it stands in the query, and the nearest.
    fn no_such_table(&self, sql: &str, parts: &[String]) -> SqlError {
        let name = parts.join(".");
        let message = format!("there is no table `{name}`");
        let at = sql.find(&name).map(|start| start..start + name.len());
        let names: Vec<String> = self.plan().tables().map(|(_, table)| table.name.to_string()).collect();
        let help = match nearest(&name, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`lakesmith tables` lists them all".to_owned(),
        };
        SqlError { code: "unknown-table", message, range: at, help: Some(help) }
    }

    fn find(&self, name: &str) -> Result<(&Flow, &Table), RunError> {
        let parts: Vec<String> = name.split('.').map(str::to_owned).collect();
        self.named(&parts).ok_or_else(|| unknown(self.plan(), name))
    }

    /// `layer.name` or `lakehouse.layer.name`, whatever the case.
    fn named(&self, parts: &[String]) -> Option<(&Flow, &Table)> {
        let parts = match parts {
            [lakehouse, rest @ ..] if rest.len() == 2 && lakehouse.eq_ignore_ascii_case(&self.plan().lakehouse) => rest,
            parts => parts,
        };
        let name = parts.join(".");
        self.plan().tables().find(|(_, table)| table.name.to_string().eq_ignore_ascii_case(&name))
    }
}

/// The name of a table as the plan has it.
pub(crate) fn name_of(lake: &Lake, table: &str) -> Result<TableName, RunError> {
    lake.find(table).map(|(_, found)| found.name.clone())
}

/// The table that is not there, and the nearest that is.
pub(crate) fn unknown(plan: &Plan, name: &str) -> RunError {
    let names: Vec<String> = plan.tables().map(|(_, table)| table.name.to_string()).collect();
    RunError::UnknownTable { name: name.to_owned(), near: nearest(name, names.iter().map(String::as_str)).map(str::to_owned) }
}

/// A question about a companion at a version, bounded by whoever asks.
pub(crate) async fn of_companion(lake: &Lake, table: &Table, snapshot: Snapshot, sql: String) -> Result<Rows, RunError> {
    let tables = BTreeMap::from([(table.name.clone(), snapshot)]);
    let question = Question { sql, tables, lakehouse: String::new(), now: lake.now() };
    Ok(lake.engine().query(&admit(&Principal::Owner, question)).await?)
}

/// The same, row by row as it is answered.
pub(crate) async fn stream_companion(
    lake: &Lake,
    table: &Table,
    snapshot: Snapshot,
    sql: String,
) -> Result<LandingStream, RunError> {
    let tables = BTreeMap::from([(table.name.clone(), snapshot)]);
    let question = Question { sql, tables, lakehouse: String::new(), now: lake.now() };
    Ok(lake.engine().stream(&admit(&Principal::Owner, question)).await?)
}

/// How many rows the receipts of a bronze table tell of, up to its batch `last`.
pub(crate) async fn rows_told(lake: &Lake, flow: &Flow, last: i64) -> Result<u64, RunError> {
    let Some(table) = flow.companions.first() else { return Ok(0) };
    let Some(snapshot) = lake.snapshot(&table.name).await? else { return Ok(0) };
    let sql = format!("SELECT coalesce(sum(rows), 0) FROM {} WHERE _batch_id <= {last}", table.name.quoted());
    let batches = of_companion(lake, table, snapshot, sql).await?.batches;
    let sum = batches.iter().find(|rows| rows.num_rows() > 0).map(|rows| rows.column(0).as_primitive::<Int64Type>().value(0));
    Ok(sum.unwrap_or(0).max(0) as u64)
}

/// The files whose receipts a batch has committed.
pub(crate) async fn taken(lake: &Lake, flow: &Flow, batch: i64) -> Result<BTreeSet<String>, RunError> {
    let Some(table) = flow.companions.first() else { return Ok(BTreeSet::new()) };
    let sql = format!("SELECT path FROM {} WHERE _batch_id = {batch}", table.name.quoted());
    Ok(texts(lake, table, sql).await?.into_iter().collect())
}

/// When the newest version arrived that a flow has read of an existing table, up to its batch `last`.
pub(crate) async fn last_arrival(lake: &Lake, flow: &Flow, last: i64) -> Result<Option<DateTime<Utc>>, RunError> {
    let Some(table) = flow.companions.first() else { return Ok(None) };
    let Some(snapshot) = lake.snapshot(&table.name).await? else { return Ok(None) };
    let sql = format!("SELECT max(modified) FROM {} WHERE _batch_id <= {last}", table.name.quoted());
    for rows in of_companion(lake, table, snapshot, sql).await?.batches {
        let modified = rows.column(0).as_primitive::<TimestampMicrosecondType>();
        if rows.num_rows() > 0 && modified.is_valid(0) {
            return Ok(DateTime::from_timestamp_micros(modified.value(0)));
        }
    }
    Ok(None)
}

/// The files that batches could not read, as `name: reason`.
pub(crate) async fn failed_files(lake: &Lake, flow: &Flow, batches: &[i64]) -> Result<Vec<String>, RunError> {
    let (Some(table), Some(first)) = (flow.companions.first(), batches.first()) else { return Ok(vec![]) };
    let name = table.name.quoted();
    let sql =
        format!("SELECT concat(path, ': ', error) FROM {name} WHERE error IS NOT NULL AND _batch_id >= {first} ORDER BY path");
    texts(lake, table, sql).await
}

/// The texts that a question about a companion gives.
async fn texts(lake: &Lake, table: &Table, sql: String) -> Result<Vec<String>, RunError> {
    let Some(snapshot) = lake.snapshot(&table.name).await? else { return Ok(vec![]) };
    let mut all = vec![];
    for rows in of_companion(lake, table, snapshot, sql).await?.batches {
        let texts = arrow::compute::cast(rows.column(0), &arrow::datatypes::DataType::Utf8)
            .map_err(lakesmith_engine::EngineError::from)?;
        all.extend(texts.as_string::<i32>().iter().flatten().map(str::to_owned));
    }
    Ok(all)
}
