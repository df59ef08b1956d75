//! Running a query on a few tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, RecordBatch};
use datafusion::arrow::datatypes::Schema;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::execution::SessionState;
use datafusion::execution::context::SessionContext;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::sql::sqlparser::ast::{Query, Statement};
use datafusion::sql::sqlparser::dialect::SparkSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;
use lakesmith_functions::{Tables, plan, session_config, session_state, spark_name};

/// Tables by their dotted names.
#[derive(Default)]
pub(crate) struct InMemory(pub(crate) BTreeMap<String, Arc<MemTable>>);

impl Tables for InMemory {
    fn table(&self, parts: &[String]) -> Option<Arc<dyn TableProvider>> {
        self.0.get(&parts.join(".")).map(|t| t.clone() as Arc<dyn TableProvider>)
    }
}

/// What a query answers: column names and types, rows as Spark prints them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) columns: Vec<(String, String)>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// Runs a query that is in its definite form; the error is the message of planning or running it.
pub(crate) fn run(sql: &str, tables: &InMemory) -> Result<Answer, String> {
    run_ast(&parsed(sql)?, tables)
}

fn parsed(sql: &str) -> Result<Query, String> {
    let mut statements = Parser::parse_sql(&SparkSqlDialect, sql).map_err(|e| format!("does not parse: {e}"))?;
    match statements.pop() {
        Some(Statement::Query(query)) if statements.is_empty() => Ok(*query),
        _ => Err("is not one query".into()),
    }
}

fn state() -> SessionState {
    session_state(session_config(2), Arc::new(RuntimeEnv::default()))
}

/// The optimised plan of a query, as text.
pub(crate) fn optimized(sql: &str, tables: &InMemory) -> Result<String, String> {
    let state = state();
    let plan = plan(&state, &parsed(sql)?, tables).map_err(|e| e.to_string())?;
    state.optimize(&plan).map(|p| p.display_indent().to_string()).map_err(|e| e.to_string())
}

/// Runs a query.
pub(crate) fn run_ast(query: &Query, tables: &InMemory) -> Result<Answer, String> {
    let state = state();
    let plan = plan(&state, query, tables).map_err(|e| e.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (schema, batches) = runtime.block_on(async {
        let frame = SessionContext::new_with_state(state).execute_logical_plan(plan).await.map_err(|e| e.to_string())?;
        let schema: Arc<Schema> = frame.schema().inner().clone();
        let batches = frame.collect().await.map_err(|e| e.to_string())?;
        Ok::<_, String>((schema, batches))
    })?;
    // What comes out has the types that were planned.
    for batch in &batches {
        for (planned, found) in schema.fields().iter().zip(batch.schema().fields()) {
            assert_eq!(spark_name(planned.data_type()), spark_name(found.data_type()), "{}", planned.name());
        }
    }
    let columns = schema.fields().iter().map(|f| (f.name().clone(), spark_name(f.data_type()))).collect();
    let rows = batches.iter().flat_map(rows).collect();
    Ok(Answer { columns, rows })
}

fn rows(batch: &RecordBatch) -> Vec<Vec<String>> {
    let columns: Vec<Vec<String>> = batch.columns().iter().map(texts).collect();
    (0..batch.num_rows()).map(|row| columns.iter().map(|c| c[row].clone()).collect()).collect()
}

fn texts(column: &ArrayRef) -> Vec<String> {
    let printed = lakesmith_functions::print(column).unwrap();
    (0..column.len()).map(|i| if printed.is_null(i) { "NULL".into() } else { printed.value(i).to_owned() }).collect()
}
