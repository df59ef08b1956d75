//! The relations that a step's queries can name, and the way from Spark SQL to rows.

use super::kept::{Budget, Kept};
use super::{Embedded, table};
use crate::delta::{ScanCounts, ScanOptions, Snapshot, Storage, provider};
use crate::error::EngineError;
use crate::types::spark_schema;
use chrono::{DateTime, Utc};
use datafusion::catalog::TableProvider;
use datafusion::execution::{SendableRecordBatchStream, SessionState, TaskContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use lakesmith_compile::Table;
use lakesmith_functions::Tables;
use lakesmith_sql::{Literal, Query, Schema, Schemas, ast, bind, each_expression, parse_query, resolve};
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

/// The parts of a table's name, in lower case.
pub(super) type Name = Vec<String>;

/// Named tables, parameters and a session: what queries of one batch run in.
pub(super) struct Relations {
    engine: Embedded,
    tables: HashMap<Name, Arc<dyn TableProvider>>,
    /// The rows of tables that are kept, which count as long as the tables are there.
    kept: HashMap<Name, Kept>,
    parameters: BTreeMap<String, Literal>,
    budget: Budget,
    counts: Arc<ScanCounts>,
}

impl Relations {
    /// No relations yet, in a session of the engine. Kept rows share the engine's memory for such before they go to a file.
    pub(super) fn new(engine: &Embedded) -> Self {
        Relations {
            engine: engine.clone(),
            tables: HashMap::new(),
            kept: HashMap::new(),
            parameters: BTreeMap::new(),
            budget: engine.budget.clone(),
            counts: Arc::default(),
        }
    }

    /// What the tables' files are counted by.
    pub(super) fn counts(&self) -> &Arc<ScanCounts> {
        &self.counts
    }

    pub(super) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// What `current_timestamp()` and `:now` are.
    pub(super) fn fix_now(&mut self, now: DateTime<Utc>) {
        let text = now.format("%Y-%m-%d %H:%M:%S%.6fZ").to_string();
        self.set(lakesmith_compile::parameter::NOW, Literal::Timestamp(text));
    }

    pub(super) fn set(&mut self, name: impl Into<String>, value: Literal) {
        self.parameters.insert(name.into(), value);
    }

    /// A Delta table at a version; only some of its files, and with the column that names each row's file, if asked.
    pub(super) async fn add_table(
        &mut self,
        storage: &Storage,
        name: &[&str],
        snapshot: &Snapshot,
        files: Option<Vec<String>>,
        file_column: Option<&str>,
    ) -> Result<(), EngineError> {
        let counts = Some(self.counts.clone());
        let options = ScanOptions { files, file_column: file_column.map(str::to_owned), schema: None, counts };
        self.add(name, provider(storage, snapshot, options).await?);
        Ok(())
    }

    /// A table as the project has it: a column that the table does not have yet is NULL in every row, and so is a field of
    /// a struct. Where nothing was written to the table its columns may be of another type.
    pub(super) async fn add_grown(
        &mut self,
        storage: &Storage,
        table: &Table,
        snapshot: &Snapshot,
        files: Option<Vec<String>>,
    ) -> Result<(), EngineError> {
        let name = [table.name.layer().as_str(), table.name.name()];
        self.add_held(storage, &name, table, snapshot, files, None).await
    }

    /// The same under another name, with the column that names each row's file, if asked.
    pub(super) async fn add_held(
        &mut self,
        storage: &Storage,
        name: &[&str],
        table: &Table,
        snapshot: &Snapshot,
        files: Option<Vec<String>>,
        file_column: Option<&str>,
    ) -> Result<(), EngineError> {
        let schema = Some(table::read_schema(table, snapshot).await?);
        let counts = Some(self.counts.clone());
        let options = ScanOptions { files, file_column: file_column.map(str::to_owned), schema, counts };
        self.add(name, provider(storage, snapshot, options).await?);
        Ok(())
    }

    pub(super) fn add(&mut self, name: &[&str], table: Arc<dyn TableProvider>) {
        self.kept.remove(&key(name));
        self.tables.insert(key(name), table);
    }

    /// Kept rows as a table.
    pub(super) fn add_kept(&mut self, name: &[&str], kept: &Kept) -> Result<(), EngineError> {
        self.add(name, kept.provider()?);
        self.kept.insert(key(name), kept.clone());
        Ok(())
    }

    /// A second name of a table.
    pub(super) fn add_alias(&mut self, name: &[&str], alias: &[&str]) {
        if let Some(table) = self.tables.get(&key(name)).cloned() {
            self.tables.insert(key(alias), table);
        }
    }

    pub(super) fn context(&self) -> Arc<TaskContext> {
        self.engine.context.clone()
    }

    pub(super) fn parameters(&self) -> &BTreeMap<String, Literal> {
        &self.parameters
    }

    pub(super) fn named(&self, name: &Name) -> Option<&Arc<dyn TableProvider>> {
        self.tables.get(name)
    }

    /// From Spark SQL to what runs.
    pub(super) async fn plan(&self, sql: &str) -> Result<Arc<dyn ExecutionPlan>, EngineError> {
        match &self.engine.prepared {
            Some(prepared) => prepared.plan(self, sql).await,
            None => self.planned(sql).await,
        }
    }

    /// The same, planned for these rows.
    pub(super) async fn planned(&self, sql: &str) -> Result<Arc<dyn ExecutionPlan>, EngineError> {
        let state = self.engine.session();
        physical(&state, &self.logical(sql, &state, self)?).await
    }

    /// The plan of a query over `tables`, with these parameters.
    pub(super) fn logical<T: Schemas + Tables>(
        &self,
        sql: &str,
        state: &SessionState,
        tables: &T,
    ) -> Result<LogicalPlan, EngineError> {
        let query = batch_time(parse_query(sql)?);
        let query = bind(&query, &self.parameters)?;
        let resolved = resolve(&query, tables).map_err(EngineError::Sql)?;
        Ok(lakesmith_functions::plan(state, resolved.query.ast(), tables)?)
    }

    pub(super) async fn stream(&self, sql: &str) -> Result<SendableRecordBatchStream, EngineError> {
        Ok(execute_stream(self.plan(sql).await?, self.context())?)
    }

    /// All rows of a query, kept under a name for later ones.
    pub(super) async fn keep(&mut self, name: &str, sql: &str) -> Result<Kept, EngineError> {
        let kept = self.rows(sql).await?;
        self.add_kept(&[name], &kept)?;
        Ok(kept)
    }

    /// All rows of a query.
    pub(super) async fn rows(&self, sql: &str) -> Result<Kept, EngineError> {
        Kept::compute(self.plan(sql).await?, self.context(), &self.budget).await
    }

    /// The one BIGINT of a query.
    pub(super) async fn number(&self, sql: &str) -> Result<u64, EngineError> {
        for batch in self.rows(sql).await?.batches() {
            let column = arrow::compute::cast(batch?.column(0), &arrow::datatypes::DataType::Int64)?;
            let column = arrow::array::AsArray::as_primitive::<arrow::datatypes::Int64Type>(column.as_ref());
            if !column.is_empty() {
                return Ok(column.value(0).max(0) as u64);
            }
        }
        Ok(0)
    }
}

/// A plan as what runs.
pub(super) async fn physical(state: &SessionState, plan: &LogicalPlan) -> Result<Arc<dyn ExecutionPlan>, EngineError> {
    let plan = state.optimize(plan)?;
    Ok(state.query_planner().create_physical_plan(&plan, state).await?)
}

pub(super) fn key(name: &[&str]) -> Name {
    name.iter().map(|part| part.to_lowercase()).collect()
}

impl Schemas for Relations {
    fn table(&self, parts: &[String]) -> Option<Schema> {
        Tables::table(self, parts).map(|table| spark_schema(&table.schema()))
    }
}

impl Tables for Relations {
    fn table(&self, parts: &[String]) -> Option<Arc<dyn TableProvider>> {
        let name: Vec<&str> = parts.iter().map(String::as_str).collect();
        self.tables.get(&key(&name)).cloned()
    }
}

/// `current_timestamp()`, `now()` and `current_date()` are the batch's time: a batch that is computed again gives the
/// same rows.
fn batch_time(query: Query) -> Query {
    let now = format!(":{}", lakesmith_compile::parameter::NOW);
    let mut ast = query.into_ast();
    let _ = each_expression(&mut ast, &mut |expr| {
        let ast::Expr::Function(call) = expr else { return ControlFlow::Continue(()) };
        let sql = match call.name.to_string().to_lowercase().as_str() {
            "current_timestamp" | "now" => now.clone(),
            "current_date" | "curdate" => format!("CAST({now} AS DATE)"),
            _ => return ControlFlow::Continue(()),
        };
        if let Ok(parsed) = lakesmith_sql::parse_expr(&sql) {
            *expr = parsed.into_ast();
        }
        ControlFlow::Continue(())
    });
    Query::new(ast)
}
