//! A project over a target's storage.

mod arrivals;
mod memory;

use crate::batch::position;
use crate::drift::{self, Learnt, learn};
use crate::error::RunError;
use crate::files::{self, Arriving, Notes, Reports, Tried};
use crate::inbox::Inboxes;
use crate::read;
use crate::refresh::{Again, Asked};
use crate::unit::Stand;
use crate::versions::{self, Learning};
use crate::world::World;
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Utc};
use lakesmith_compile::{Change, Column, Columns, Flow, FlowKind, Plan, TableName, compile};
use lakesmith_connect::Inferred;
use lakesmith_engine::delta::{ForeignTable, Snapshot, Storage, TablePath};
use lakesmith_engine::{Embedded, Engine, Settings, column};
use lakesmith_project::{Engine as WantedEngine, Memory, Project, SchemaEvolution, SourceTable};
use lakesmith_text::{Diagnostic, Diagnostics};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// Batches of a first load hold about so many bytes of source files.
const MAX_BATCH: u64 = 10 << 30;
/// The share of the machine's memory that sorts and joins may hold.
const MEMORY_SHARE: f64 = 0.5;

/// How a lake is opened.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The target; the project's default one if `None`.
    pub target: Option<String>,
    /// Threads that compute side by side; all of the machine's if `None`.
    pub threads: Option<usize>,
    /// Bytes that computing may hold; `defaults.memory` of the project if `None`.
    pub memory: Option<usize>,
    /// Whether files that could not be read are read again.
    pub retry_files: bool,
    /// Whether everything in the sources is listed, also where recent dates, ordered names or a queue would do.
    pub relist: bool,
    /// What queues told of, where one run follows another.
    pub inboxes: Inboxes,
    /// Where the process dies, for tests: the words of `LAKESMITH_ABORT_AT`.
    #[cfg(debug_assertions)]
    pub abort_at: Option<String>,
}

/// What makes the plan of a project and says its faults.
pub(crate) type Compile = Arc<dyn Fn(&Project, &Columns) -> (Arc<Plan>, Diagnostics) + Send + Sync>;

/// A project, a target's storage, an engine.
#[derive(Clone)]
pub struct Lake {
    project: Arc<Project>,
    compile: Compile,
    plan: Arc<Plan>,
    faults: Diagnostics,
    engine: Arc<dyn Engine>,
    world: World,
    settings: Settings,
    /// Data columns of bronze tables, as sources give them and the tables take them.
    learnt: HashMap<TableName, Learnt>,
    /// Existing tables that are sources, each at the version that this run reads up to.
    foreign: HashMap<TableName, ForeignTable>,
    /// Files found while the columns were learnt, beyond the batch that the table had then.
    found: Arc<Mutex<HashMap<TableName, (i64, Arriving)>>>,
    /// What this run has tried of each bronze table's files, and what its last listing told beside those that are read.
    files: Arc<Mutex<HashMap<TableName, (Tried, Notes)>>>,
    retry_files: bool,
    relist: bool,
    /// Whether tables are filled, and not only looked at.
    fills: bool,
    inboxes: Inboxes,
    /// What the next run reads again.
    asked: Arc<Asked>,
    /// Of a test: the columns of bronze tables that nothing is given to.
    assumed: BTreeMap<TableName, SchemaRef>,
    /// Of a test: rows that stand in for what flows would compute.
    stand: Option<Arc<Stand>>,
    /// The newest snapshot of tables that this run has written.
    newest: Arc<Mutex<HashMap<TableName, Snapshot>>>,
}

impl Lake {
    /// Opens a target's storage and learns which columns its sources have: from the tables, and from files that have
    /// just arrived. Faults of the project are in [`Lake::faults`].
    pub async fn open(project: Project, options: &Options) -> Result<Lake, RunError> {
        let mut lake = Lake::look(project, options)?;
        lake.learn().await?;
        Ok(lake)
    }

    /// Opens a target's storage to fill its tables: like [`Lake::open`], once it is sure that the storage can hold tables.
    pub async fn open_to_fill(project: Project, options: &Options) -> Result<Lake, RunError> {
        let mut lake = Lake::look(project, options)?;
        lake.fills = true;
        lake.storage().prove().await?;
        lake.learn().await?;
        Ok(lake)
    }

    /// Opens a target's storage to look at its tables. Sources are not asked.
    pub fn look(project: Project, options: &Options) -> Result<Lake, RunError> {
        let target = match &options.target {
            None => project.lakehouse.default_target(),
            Some(name) => {
                let known: Vec<&str> = project.lakehouse.targets.iter().map(|target| target.name.value.as_str()).collect();
                let unknown = || RunError::UnknownTarget { name: name.clone(), known: known.join(", ") };
                Some(project.lakehouse.target(name).ok_or_else(unknown)?)
            }
        };
        if let Some(target) = target
            && let WantedEngine::Spark(_) = &target.engine
        {
            return Err(RunError::UnsupportedEngine { target: target.name.value.clone(), engine: "Spark".to_owned() });
        }
        let location = target.map_or(".lake", |target| target.storage.value.as_str());
        let world = World::of(Storage::open(location, &project.root)?);
        #[cfg(debug_assertions)]
        let world = match &options.abort_at {
            Some(words) => crate::failpoint::armed(world, words)?,
            None => world,
        };
        Lake::over(world, project, options)
    }

    /// The same over a world that is given.
    pub(crate) fn over(world: World, project: Project, options: &Options) -> Result<Lake, RunError> {
        let settings = settings(&project, options);
        let engine = Arc::new(Embedded::new(world.storage.clone(), settings)?);
        let compile: Compile = Arc::new(|project: &Project, columns: &Columns| {
            let (plan, faults) = compile(project, columns);
            (Arc::new(plan), faults)
        });
        Ok(Lake::on(engine, settings, world, Arc::new(project), compile, options))
    }

    /// The same on an engine and with a compiler that are given.
    pub(crate) fn on(
        engine: Arc<dyn Engine>,
        settings: Settings,
        world: World,
        project: Arc<Project>,
        compile: Compile,
        options: &Options,
    ) -> Lake {
        let (plan, faults) = compile(&project, &Columns::new());
        Lake {
            project,
            compile,
            plan,
            faults,
            engine,
            world,
            settings,
            learnt: HashMap::new(),
            foreign: HashMap::new(),
            found: Arc::default(),
            files: Arc::default(),
            retry_files: options.retry_files,
            relist: options.relist,
            fills: false,
            inboxes: options.inboxes.clone(),
            asked: Arc::default(),
            assumed: BTreeMap::new(),
            stand: None,
            newest: Arc::default(),
        }
    }

    /// Learns the columns of bronze tables and compiles the project with them.
    pub(crate) async fn learn(&mut self) -> Result<(), RunError> {
        let mut columns = Columns::new();
        let plan = self.plan.clone();
        for flow in plan.flows.iter().filter(|flow| flow.kind.is_bronze()) {
            let learnt = match versions::learn(self, flow).await? {
                Some(Learning { table, learnt }) => {
                    self.foreign.extend(table.map(|table| (flow.name.clone(), table)));
                    learnt
                }
                None => self.data_columns_of(flow).await?,
            };
            let assumed = || self.assumed.get(&flow.name).cloned().map(Learnt::first);
            if let Some(learnt) = learnt.or_else(assumed) {
                columns.insert(flow.name.clone(), learnt.schema.fields().iter().map(|field| column(field)).collect());
                self.learnt.insert(flow.name.clone(), learnt);
            }
        }
        (self.plan, self.faults) = (self.compile)(&self.project, &columns);
        Ok(())
    }

    /// The columns of a bronze table's source: those of the table, and of files that have just arrived.
    ///
    /// A storage that cannot say what the table is like stops everything: what follows would take a table that is there
    /// for one that has never had a row. A source that cannot be asked stops its own flow, when that runs.
    async fn data_columns_of(&self, flow: &Flow) -> Result<Option<Learnt>, RunError> {
        let held = self.world.storage.snapshot(&TablePath::new(&flow.target.path), None).await?;
        let Some(table) = self.source_table(flow) else { return Ok(None) };
        let columns = held.as_ref().map(|held| data_columns(&held.schema(), table));
        let last = match &held {
            Some(held) => held.txn(&position::batch(&flow.name)).await?.unwrap_or(0),
            None => 0,
        };
        let first = columns.clone().map(Learnt::first);
        // A table that nothing was written to takes the columns that there are.
        let known = columns.filter(|columns| last > 0 && !columns.fields().is_empty());
        let inferred = match self.arrived_columns(flow, held.is_some(), last, known.as_deref()).await {
            Ok(inferred) => inferred,
            Err(error) => {
                tracing::debug!(table = %flow.name, %error, "what arrived for a source could not be seen");
                None
            }
        };
        Ok(match known {
            Some(known) => Some(learn(table, &known, inferred)),
            None => inferred.map(|inferred| Learnt::first(inferred.schema)).or(first),
        })
    }

    /// The columns that a bronze table's source shows with the files that have just arrived, if there are any.
    async fn arrived_columns(
        &self,
        flow: &Flow,
        exists: bool,
        last: i64,
        known: Option<&Schema>,
    ) -> Result<Option<Inferred>, RunError> {
        let (Some(table), Some(arriving)) = (self.source_table(flow), self.list(flow, exists, last, None).await?) else {
            return Ok(None);
        };
        let inferred = match arriving.files.is_empty() {
            true => None,
            false => {
                let inferred = arriving.source.infer(&arriving.files, known).await.map_err(files::failed(&flow.name))?;
                Some(Inferred { schema: files::own_operation(inferred.schema.clone(), table), ..inferred })
            }
        };
        self.found.lock().unwrap_or_else(PoisonError::into_inner).insert(flow.name.clone(), (last, arriving));
        Ok(inferred)
    }

    /// Of a test: takes these for the columns of bronze tables of which nothing is known.
    pub(crate) fn assume(&mut self, columns: BTreeMap<TableName, SchemaRef>) {
        self.assumed = columns;
    }

    /// Of a test: has `stand` fill tables in place of their flows, which `flow` makes of those of the plan. Whoever calls it
    /// has seen the faults of the project.
    pub(crate) fn stand_in(&mut self, stand: Stand, flow: impl Fn(&Flow) -> Flow) {
        let flows = self.plan.flows.iter().map(flow).collect();
        self.plan = Arc::new(Plan { flows, ..self.plan.as_ref().clone() });
        self.faults = Diagnostics::new();
        self.stand = Some(Arc::new(stand));
    }

    /// Of a test: the rows of the flow's next batch, after its batch `last`.
    pub(crate) fn stands_in(&self, flow: &Flow, last: i64) -> Option<RecordBatch> {
        self.stand.as_ref()?.next(&flow.name, last)
    }

    /// What the user wrote.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// Its flows in order.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What is wrong with it.
    pub fn faults(&self) -> &Diagnostics {
        &self.faults
    }

    pub(crate) fn engine(&self) -> &dyn Engine {
        self.engine.as_ref()
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    pub(crate) fn storage(&self) -> &Storage {
        &self.world.storage
    }

    /// The time of this machine.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.world.clock)()
    }

    pub(crate) fn threads(&self) -> usize {
        self.settings.threads
    }

    pub(crate) fn max_batch(&self) -> u64 {
        self.project.lakehouse.defaults.max_batch.as_ref().map_or(MAX_BATCH, |bytes| bytes.value.0)
    }

    /// Has runs read again what these flows have read.
    pub(crate) fn ask_again(&mut self, asked: Asked) {
        self.asked = Arc::new(asked);
    }

    /// What a flow is asked to read again.
    pub(crate) fn asked_again(&self, flow: &Flow) -> Option<Again> {
        self.asked.get(&flow.name).copied()
    }

    /// Where a table of the plan lies.
    pub(crate) fn path(&self, table: &TableName) -> Result<TablePath, RunError> {
        let (_, found) = self.plan.table(table).ok_or_else(|| read::unknown(&self.plan, &table.to_string()))?;
        Ok(TablePath::new(&found.path))
    }

    /// The newest version of a table of the plan.
    pub(crate) async fn snapshot(&self, table: &TableName) -> Result<Option<Snapshot>, RunError> {
        let path = self.path(table)?;
        let known = self.newest.lock().unwrap_or_else(PoisonError::into_inner).get(table).cloned();
        Ok(self.world.storage.snapshot(&path, known.as_ref()).await?)
    }

    pub(crate) fn remember(&self, table: &TableName, snapshot: Snapshot) {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).insert(table.clone(), snapshot);
    }

    /// What is known of a bronze flow's source.
    pub(crate) fn learnt(&self, flow: &Flow) -> Option<&Learnt> {
        self.learnt.get(&flow.name)
    }

    /// The existing table that a bronze flow reads, as it was when the columns were learnt.
    pub(crate) fn foreign(&self, flow: &Flow) -> Option<&ForeignTable> {
        self.foreign.get(&flow.name)
    }

    /// The columns that a bronze flow's source has.
    pub(crate) fn data_schema(&self, flow: &Flow) -> SchemaRef {
        self.learnt.get(&flow.name).map_or_else(|| Arc::new(Schema::empty()), |learnt| learnt.schema.clone())
    }

    /// The source's table that a bronze flow reads.
    pub(crate) fn source_table(&self, flow: &Flow) -> Option<&SourceTable> {
        let FlowKind::Bronze { source, table } = flow.kind else { return None };
        self.project.sources.get(source)?.tables.get(table)
    }

    /// What a bronze flow does with a column that was not there before.
    pub(crate) fn policy(&self, flow: &Flow) -> Option<SchemaEvolution> {
        self.source_table(flow).map(|table| table.schema_evolution)
    }

    /// What is to be known of a table's columns as long as nobody changes it.
    pub(crate) fn standing(&self, flow: &Flow) -> Vec<Diagnostic> {
        let hinted = self.learnt(flow).map(|learnt| learnt.hinted.as_slice()).unwrap_or_default();
        let note = |change: &Change| {
            let words = format!("`schema_hints` and {} do not agree: {change}", flow.name);
            let help = format!("the table keeps its type until you say `{}`", drift::command(&flow.name, &change.column, None));
            Diagnostic::warning("schema-drift", words).at(flow.at).help(help)
        };
        hinted.iter().map(note).collect()
    }

    /// How many files were found to wait for a bronze flow when its columns were learnt.
    pub(crate) fn waiting(&self, flow: &Flow) -> Option<usize> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.get(&flow.name).map(|(_, arriving)| arriving.files.len())
    }

    /// What was found when the columns were learnt is looked for again.
    pub(crate) fn forget_found(&self) {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Remembers what a batch found out about its files, so that this run tries none of them twice.
    pub(crate) fn tried(&self, flow: &Flow, reports: &Reports) {
        self.with_files(flow, |(tried, _)| {
            tried.waiting.extend(reports.waiting());
            tried.failed.extend(reports.failed());
        });
    }

    /// Whether files of a flow wait for the next run.
    pub(crate) fn waits(&self, flow: &Flow) -> bool {
        self.with_files(flow, |(tried, _)| !tried.waiting.is_empty())
    }

    /// The same for files that wait because one of their snapshot does.
    pub(crate) fn put_off(&self, flow: &Flow, files: impl IntoIterator<Item = String>) {
        self.with_files(flow, |(tried, _)| tried.waiting.extend(files));
    }

    /// What the last listing of a flow's source told beside the files that are read.
    pub(crate) fn notes(&self, flow: &Flow) -> Notes {
        self.with_files(flow, |(_, notes)| notes.clone())
    }

    fn with_files<T>(&self, flow: &Flow, of: impl FnOnce(&mut (Tried, Notes)) -> T) -> T {
        of(self.files.lock().unwrap_or_else(PoisonError::into_inner).entry(flow.name.clone()).or_default())
    }
}

/// A bronze table's own columns are those that lakesmith did not add.
pub(crate) fn data_columns(schema: &Schema, table: &SourceTable) -> SchemaRef {
    let columns = lakesmith_compile::added_columns(table);
    let added = |field: &Field| columns.iter().any(|column: &Column| column.name == *field.name());
    Arc::new(Schema::new(schema.fields().iter().filter(|field| !added(field)).cloned().collect::<Vec<_>>()))
}

fn settings(project: &Project, options: &Options) -> Settings {
    let threads = options.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(2, usize::from));
    let wanted = project.lakehouse.defaults.memory.as_ref().map(|memory| memory.value);
    let memory = options.memory.unwrap_or_else(|| match wanted {
        Some(Memory::Bytes(bytes)) => bytes.0 as usize,
        Some(Memory::Share(share)) => (memory::of_machine() as f64 * share) as usize,
        None => (memory::of_machine() as f64 * MEMORY_SHARE) as usize,
    });
    Settings { threads: threads.max(1), memory: memory.max(64 << 20) }
}
