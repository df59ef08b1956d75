//! What a run would change about the columns and the definition of tables. Nothing is written.

use crate::accept;
use crate::batch::{self, position};
use crate::drift::command;
use crate::error::RunError;
use crate::lake::Lake;
use crate::read;
use lakesmith_compile::{Change, ChangeKind, Flow, TableName, Takes, changes, definition_number, downstream, redefined};
use lakesmith_engine::column;
use lakesmith_engine::delta::Snapshot;
use lakesmith_project::SchemaEvolution;
use lakesmith_text::Diagnostic;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a run would change about one table.
#[derive(Clone, Debug, Serialize)]
pub struct Preview {
    /// The flow.
    pub flow: TableName,
    /// Whether its table is still to be created.
    pub creates: bool,
    /// Files that wait to be read, of a bronze flow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<usize>,
    /// Inputs that have batches it has not read.
    pub behind: Vec<TableName>,
    /// How its columns would change.
    pub changes: Vec<Change>,
    /// Columns that files or hints have otherwise than the table, which keeps its own: their values are rescued, left out, or
    /// stop the flow, as `schema_evolution` says.
    pub differs: Vec<Change>,
    /// Parts of its definition that its rows were not computed by.
    pub redefined: Vec<String>,
    /// Whether the whole table would be made anew, so that no row of the former definition is left.
    pub anew: bool,
    /// Why the flow would stop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stops: Option<String>,
    /// The command that accepts what stops it, or what it does not take in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept: Option<String>,
    /// Columns further down that are made of those that change: `silver.sales_orders.net`.
    pub downstream: Vec<String>,
    /// Whether its batches read what is new alone, by which keys, or why not; in words.
    pub incremental: String,
    /// The same in words, with the place in the project.
    #[serde(skip)]
    pub notes: Vec<Diagnostic>,
}

impl Preview {
    /// Whether a run would change anything about the table's columns or definition, or stop at them.
    pub fn is_quiet(&self) -> bool {
        self.changes.is_empty() && self.differs.is_empty() && self.redefined.is_empty() && !self.creates
    }
}

impl Lake {
    /// What a run of the selected flows would change about their tables' columns, from the tables, the project, and a sample
    /// of the files that wait.
    pub async fn preview(&self, selection: &BTreeSet<TableName>) -> Result<Vec<Preview>, RunError> {
        let mut all = vec![];
        for flow in self.plan().flows.iter().filter(|flow| selection.contains(&flow.name)) {
            all.push(self.preview_of(flow).await?);
        }
        Ok(all)
    }

    /// How a table's columns changed, by the versions that changed them; of the newest `limit` versions.
    pub async fn schema_changes(&self, table: &str, limit: usize) -> Result<BTreeMap<i64, Vec<Change>>, RunError> {
        let mut all = BTreeMap::new();
        for version in self.history(table, limit).await?.iter().filter(|version| version.metadata && version.version > 0) {
            let path = self.path(&read::name_of(self, table)?)?;
            let columns =
                |snapshot: &Snapshot| -> Vec<_> { snapshot.schema().fields().iter().map(|field| column(field)).collect() };
            // Where the version before is cleaned away, it is not known what changed.
            let Ok(before) = self.storage().snapshot_at(&path, version.version - 1).await else { continue };
            let after = self.storage().snapshot_at(&path, version.version).await?;
            let found = changes(&columns(&before), &columns(&after));
            if !found.is_empty() {
                all.insert(version.version, found);
            }
        }
        Ok(all)
    }

    async fn preview_of(&self, flow: &Flow) -> Result<Preview, RunError> {
        let held = self.snapshot(&flow.name).await?;
        let mut preview = Preview {
            flow: flow.name.clone(),
            creates: held.is_none() && flow.columns_known,
            files: None,
            behind: vec![],
            changes: vec![],
            differs: vec![],
            redefined: vec![],
            anew: false,
            stops: None,
            accept: None,
            downstream: vec![],
            incremental: flow.incremental(),
            notes: vec![],
        };
        if flow.kind.is_bronze() {
            self.preview_bronze(flow, &mut preview);
        }
        let Some(held) = held else { return Ok(preview) };
        for input in &flow.inputs {
            let read = held.txn(&position::from(&flow.name, &input.table)).await?.unwrap_or(0);
            if self.has_news(&input.table, read).await? {
                preview.behind.push(input.table.clone());
            }
        }
        let last = held.txn(&position::batch(&flow.name)).await?.unwrap_or(0);
        if !flow.kind.is_bronze() && last > 0 && flow.columns_known {
            preview.changes = accept::differences(&flow.target, &held);
            if preview.changes.iter().any(|change| change.takes() == Takes::Consent) {
                let accept = format!("lakesmith schema accept {}", flow.name);
                preview.stops = Some("its columns would lose values or types".to_owned());
                preview.accept = Some(accept);
            }
            self.preview_definition(flow, &held, &mut preview).await?;
        }
        let moving = preview.changes.iter().chain(&preview.differs).filter(|c| !matches!(c.kind, ChangeKind::Recased { .. }));
        let columns: BTreeSet<&str> = moving.filter_map(|change| change.column.split('.').next()).collect();
        let mut concerned: Vec<String> = vec![];
        for column in columns {
            let found =
                downstream(self.plan(), &flow.name, column).into_iter().map(|(table, column)| format!("{table}.{column}"));
            concerned.extend(found);
        }
        concerned.sort();
        concerned.dedup();
        preview.downstream = concerned;
        Ok(preview)
    }

    fn preview_bronze(&self, flow: &Flow, preview: &mut Preview) {
        preview.files = self.waiting(flow);
        let Some(learnt) = self.learnt(flow) else { return };
        preview.changes.clone_from(&learnt.added);
        preview.differs = learnt.refused.iter().chain(&learnt.unfit).chain(&learnt.hinted).cloned().collect();
        preview.notes = self.standing(flow);
        let stopping: Vec<Change> = learnt.refused.iter().chain(&learnt.unfit).cloned().collect();
        if !stopping.is_empty() {
            preview.accept = Some(accept::suggested(&flow.name, &stopping));
            if self.foreign(flow).is_some() && !learnt.unfit.is_empty() {
                preview.stops = Some("its source's table has types whose values the bronze table does not hold".to_owned());
            } else if self.policy(flow) == Some(SchemaEvolution::Fail) {
                preview.stops = Some("its source has other columns, and `schema_evolution` is `fail`".to_owned());
            }
        } else if let [hinted, ..] = learnt.hinted.as_slice() {
            preview.accept = Some(command(&flow.name, &hinted.column, None));
        }
    }

    async fn preview_definition(&self, flow: &Flow, held: &Snapshot, preview: &mut Preview) -> Result<(), RunError> {
        let Some(former) = held.txn(&position::definition(&flow.name)).await? else { return Ok(()) };
        if flow.definition.is_empty() || former == definition_number(&flow.definition) {
            return Ok(());
        }
        preview.redefined = match batch::former_definition(self, held).await? {
            Some(former) => redefined(&former, &flow.definition),
            None => vec!["its definition".to_owned()],
        };
        preview.anew = flow.rebuilds || batch::rekeyed(self, flow, held).await?;
        Ok(())
    }
}
