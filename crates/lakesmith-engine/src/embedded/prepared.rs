//! Plans of queries that run again and again over other rows, as those of unit tests do: each is made once.
//!
//! A plan is made over *places* instead of tables. A place has the columns of a table and nothing else of it: no rows, no
//! files, no statistics, so that a plan does not depend on which run asked for it first. To run, a copy of the plan gets
//! the tables of its own run put into the places, each scanned with the columns and the filters that the plan asks for.
//! The copy shares expressions and properties with the plan that is kept, and none of what an execution changes.
//!
//! A plan is found again by its query's text, the values of its parameters and the columns of the tables that it names.
//! One with an operator that is not known to be copied without its state is never kept.

use super::relations::{Name, Relations, key, physical};
use crate::error::EngineError;
use crate::types::spark_schema;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SendableRecordBatchStream, SessionState, TaskContext};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
    ReplaceChildrenOptions,
};
use lakesmith_functions::{Tables, session_config, session_state};
use lakesmith_sql::{Literal, Schema, Schemas};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// So many plans are kept; beyond it all are made anew.
const PLANS: usize = 2000;
/// So many plans of one text are kept: others have other columns, or were made at another time.
const PLANS_OF_ONE: usize = 8;

/// Operators whose copy over other children, see [`copy`], begins anew.
const COPIED: [&str; 20] = [
    "AggregateExec",
    "BoundedWindowAggExec",
    "CoalesceBatchesExec",
    "CoalescePartitionsExec",
    "CooperativeExec",
    "CrossJoinExec",
    "EmptyExec",
    "FilterExec",
    "GlobalLimitExec",
    "HashJoinExec",
    "LocalLimitExec",
    "NestedLoopJoinExec",
    "PlaceholderRowExec",
    "PlaceExec",
    "ProjectionExec",
    "SortExec",
    "SortPreservingMergeExec",
    "UnionExec",
    "UnnestExec",
    "WindowAggExec",
];

/// Plans that are kept for engines that run the same queries over tables of the same columns.
pub struct Prepared {
    state: SessionState,
    plans: Mutex<Plans>,
    made: AtomicUsize,
}

#[derive(Default)]
struct Plans {
    by_text: HashMap<String, Vec<Arc<Template>>>,
    count: usize,
}

/// A plan over places.
struct Template {
    /// The parameters that the text names.
    parameters: BTreeMap<String, Literal>,
    /// What each name meant that was looked for: the columns of a table, or nothing.
    tables: BTreeMap<Name, Option<SchemaRef>>,
    /// `None`: the plan cannot be copied.
    plan: Option<Arc<dyn ExecutionPlan>>,
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").field("made", &self.made()).finish_non_exhaustive()
    }
}

impl Prepared {
    /// No plans yet, for engines that compute with so many threads side by side.
    pub fn new(threads: usize) -> Self {
        let mut config = session_config(threads);
        // Such a filter is filled while a plan runs, and its copies would share it.
        let optimizer = &mut config.options_mut().optimizer;
        optimizer.enable_dynamic_filter_pushdown = false;
        optimizer.enable_topk_dynamic_filter_pushdown = false;
        optimizer.enable_join_dynamic_filter_pushdown = false;
        optimizer.enable_aggregate_dynamic_filter_pushdown = false;
        let state = session_state(config, Arc::new(RuntimeEnv::default()));
        Prepared { state, plans: Mutex::default(), made: AtomicUsize::new(0) }
    }

    /// How many plans were made until now.
    pub fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }

    /// A query as what runs over the tables of `relations`.
    pub(super) async fn plan(&self, relations: &Relations, sql: &str) -> Result<Arc<dyn ExecutionPlan>, EngineError> {
        let template = match self.find(relations, sql) {
            Some(template) => template,
            None => self.make(relations, sql).await?,
        };
        match &template.plan {
            Some(plan) => self.filled(plan, relations).await,
            None => relations.planned(sql).await,
        }
    }

    fn find(&self, relations: &Relations, sql: &str) -> Option<Arc<Template>> {
        let plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        plans.by_text.get(sql)?.iter().find(|template| template.fits(relations)).cloned()
    }

    async fn make(&self, relations: &Relations, sql: &str) -> Result<Arc<Template>, EngineError> {
        let places = Places { relations, seen: Mutex::default() };
        let plan = physical(&self.state, &relations.logical(sql, &self.state, &places)?).await?;
        self.made.fetch_add(1, Ordering::Relaxed);
        let template = Arc::new(Template {
            parameters: named(sql, relations.parameters()),
            tables: places.seen.into_inner().unwrap_or_else(PoisonError::into_inner),
            plan: is_copied(&plan).then_some(plan),
        });
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if plans.count >= PLANS {
            *plans = Plans::default();
        }
        let of_text = plans.by_text.entry(sql.to_owned()).or_default();
        of_text.push(template.clone());
        match of_text.len() > PLANS_OF_ONE {
            true => _ = of_text.remove(0),
            false => plans.count += 1,
        }
        Ok(template)
    }

    /// A copy of a plan with tables in its places.
    async fn filled(&self, plan: &Arc<dyn ExecutionPlan>, relations: &Relations) -> Result<Arc<dyn ExecutionPlan>, EngineError> {
        let mut places = vec![];
        collect(plan, &mut places);
        let mut scans: Vec<Arc<dyn ExecutionPlan>> = vec![];
        for place in &places {
            let Some(place) = place.downcast_ref::<PlaceExec>() else { continue };
            let missing = || DataFusionError::Internal(format!("no table is in the place of {}", place.name.join(".")));
            let table = relations.named(&place.name).ok_or_else(missing)?;
            let scan = table.scan(&self.state, place.projection.as_ref(), &place.filters, place.limit).await?;
            scans.push(match scan.output_partitioning().partition_count() {
                0 => Arc::new(EmptyExec::new(scan.schema())),
                1 => scan,
                _ => Arc::new(CoalescePartitionsExec::new(scan)),
            });
        }
        Ok(copy(plan, &mut scans.into_iter())?)
    }
}

impl Template {
    fn fits(&self, relations: &Relations) -> bool {
        let same = |schema: &Option<SchemaRef>, table: Option<&Arc<dyn TableProvider>>| match (schema, table) {
            (Some(schema), Some(table)) => *schema == table.schema(),
            (None, None) => true,
            _ => false,
        };
        self.parameters.iter().all(|(name, value)| relations.parameters().get(name) == Some(value))
            && self.tables.iter().all(|(name, schema)| same(schema, relations.named(name)))
    }
}

/// The parameters that a text may name; `now` has other names, too.
fn named(sql: &str, parameters: &BTreeMap<String, Literal>) -> BTreeMap<String, Literal> {
    let sql = sql.to_lowercase();
    let is_time = |name: &str| {
        name == lakesmith_compile::parameter::NOW && ["now", "current_", "curdate"].iter().any(|word| sql.contains(word))
    };
    let is_named = |name: &str| is_time(name) || sql.contains(&format!(":{}", name.to_lowercase()));
    parameters.iter().filter(|(name, _)| is_named(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Whether copies of a plan share nothing that an execution changes.
fn is_copied(plan: &Arc<dyn ExecutionPlan>) -> bool {
    COPIED.contains(&plan.name())
        && plan.downcast_ref::<SortExec>().is_none_or(|sort| sort.fetch().is_none())
        && plan.children().into_iter().all(is_copied)
}

fn collect<'a>(plan: &'a Arc<dyn ExecutionPlan>, places: &mut Vec<&'a Arc<dyn ExecutionPlan>>) {
    if plan.is::<PlaceExec>() {
        places.push(plan);
    }
    for child in plan.children() {
        collect(child, places);
    }
}

/// The plan with `scans` in its places, in the order of [`collect`].
fn copy(
    plan: &Arc<dyn ExecutionPlan>,
    scans: &mut impl Iterator<Item = Arc<dyn ExecutionPlan>>,
) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
    if let Some(place) = plan.downcast_ref::<PlaceExec>() {
        return Ok(Arc::new(PlaceExec { scan: scans.next(), ..place.clone() }));
    }
    let children = plan.children().into_iter().map(|child| copy(child, scans)).collect::<DataFusionResult<Vec<_>>>()?;
    if children.is_empty() {
        return Ok(plan.clone());
    }
    let copied = plan.clone().replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Keep))?;
    // A hash join keeps the side that it builds for all that share it, also for a copy over other children.
    match copied.is::<HashJoinExec>() {
        true => copied.reset_state(),
        false => Ok(copied),
    }
}

/// The tables of some relations as places.
struct Places<'a> {
    relations: &'a Relations,
    seen: Mutex<BTreeMap<Name, Option<SchemaRef>>>,
}

impl Places<'_> {
    fn look(&self, parts: &[String]) -> (Name, Option<&Arc<dyn TableProvider>>) {
        let name = key(&parts.iter().map(String::as_str).collect::<Vec<_>>());
        let table = self.relations.named(&name);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(name.clone(), table.map(|table| table.schema()));
        (name, table)
    }
}

impl Schemas for Places<'_> {
    fn table(&self, parts: &[String]) -> Option<Schema> {
        self.look(parts).1.map(|table| spark_schema(&table.schema()))
    }
}

impl Tables for Places<'_> {
    fn table(&self, parts: &[String]) -> Option<Arc<dyn TableProvider>> {
        let (name, table) = self.look(parts);
        table.map(|table| Arc::new(Place { name, schema: table.schema() }) as Arc<dyn TableProvider>)
    }
}

/// Where a table is put.
#[derive(Debug)]
struct Place {
    name: Name,
    schema: SchemaRef,
}

#[async_trait]
impl TableProvider for Place {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> DataFusionResult<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let schema = match projection {
            Some(columns) => Arc::new(self.schema.project(columns)?),
            None => self.schema.clone(),
        };
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Arc::new(PlaceExec {
            name: self.name.clone(),
            projection: projection.cloned(),
            filters: filters.to_vec(),
            limit,
            properties: Arc::new(properties.with_scheduling_type(SchedulingType::Cooperative)),
            scan: None,
        }))
    }
}

/// The rows of a place: those of the scan that is put there.
#[derive(Clone, Debug)]
struct PlaceExec {
    name: Name,
    projection: Option<Vec<usize>>,
    filters: Vec<Expr>,
    limit: Option<usize>,
    properties: Arc<PlanProperties>,
    scan: Option<Arc<dyn ExecutionPlan>>,
}

impl DisplayAs for PlaceExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlaceExec: {}", self.name.join("."))
    }
}

impl ExecutionPlan for PlaceExec {
    fn name(&self) -> &'static str {
        "PlaceExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> DataFusionResult<TreeNodeRecursion>,
    ) -> DataFusionResult<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> DataFusionResult<SendableRecordBatchStream> {
        match &self.scan {
            Some(scan) => scan.execute(partition, context),
            None => Err(DataFusionError::Internal(format!("no table is in the place of {}", self.name.join(".")))),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
