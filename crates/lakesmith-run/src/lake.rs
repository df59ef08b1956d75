//! A project over a target's storage.

use crate::batch::position;
use crate::error::RunError;
use crate::files::{self, Arriving, Extent, Found};
use crate::inbox::Inboxes;
use crate::read;
use crate::receipts::Receipts;
use crate::relist;
use crate::world::World;
use arrow::datatypes::{Field, Schema, SchemaRef};
use chrono::{DateTime, Utc};
use lakesmith_compile::{Column, Columns, Flow, FlowKind, Plan, TableName, compile};
use lakesmith_connect::Pattern;
use lakesmith_engine::delta::{Snapshot, Storage, TablePath};
use lakesmith_engine::{Embedded, Engine, Settings, column};
use lakesmith_project::{Engine as WantedEngine, Listing, Memory, Project, Source, SourceTable};
use lakesmith_text::Diagnostics;
use std::collections::HashMap;
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
    /// Bytes that sorts and joins may hold; `defaults.memory` of the project if `None`.
    pub memory: Option<usize>,
    /// Whether everything in the sources is listed, also where recent dates or a queue would do.
    pub relist: bool,
    /// Where the process dies, for tests: the words of `LAKESMITH_ABORT_AT`.
    #[cfg(debug_assertions)]
    pub abort_at: Option<String>,
}

/// A project, a target's storage, an engine.
#[derive(Clone)]
pub struct Lake {
    project: Arc<Project>,
    plan: Arc<Plan>,
    faults: Diagnostics,
    engine: Arc<dyn Engine>,
    world: World,
    settings: Settings,
    /// Data columns of bronze tables, as sources give them.
    data: HashMap<TableName, SchemaRef>,
    /// Whether everything in the sources is listed.
    relist: bool,
    /// What queues told of.
    inboxes: Inboxes,
    /// Files that were found, beyond the batch that the table had then.
    found: Arc<Mutex<HashMap<TableName, (i64, Arriving)>>>,
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
        let engine: Arc<dyn Engine> = Arc::new(Embedded::new(world.storage.clone(), settings)?);
        let (plan, faults) = compile(&project, &Columns::new());
        Ok(Lake {
            project: Arc::new(project),
            plan: Arc::new(plan),
            faults,
            engine,
            world,
            settings,
            relist: options.relist,
            inboxes: Inboxes::default(),
            data: HashMap::new(),
            found: Arc::default(),
            newest: Arc::default(),
        })
    }

    /// Learns the columns of bronze tables and compiles the project with them.
    pub(crate) async fn learn(&mut self) -> Result<(), RunError> {
        let mut columns = Columns::new();
        for flow in self.plan.flows.clone() {
            let FlowKind::Bronze { .. } = flow.kind else { continue };
            // A source that cannot be asked now stops its own flow, when that runs; the others have their columns.
            match self.data_columns_of(&flow).await {
                Ok(Some(schema)) => {
                    columns.insert(flow.name.clone(), schema.fields().iter().map(|field| column(field)).collect());
                    self.data.insert(flow.name.clone(), schema);
                }
                Ok(None) => {}
                Err(error) => tracing::debug!(table = %flow.name, %error, "the columns of a source could not be learnt"),
            }
        }
        let (plan, faults) = compile(&self.project, &columns);
        self.plan = Arc::new(plan);
        self.faults = faults;
        Ok(())
    }

    /// The columns of a bronze table's source: those of the table, and of files that have just arrived.
    async fn data_columns_of(&self, flow: &Flow) -> Result<Option<SchemaRef>, RunError> {
        let held = self.world.storage.snapshot(&TablePath::new(&flow.target.path), None).await?;
        let mut schema = held.as_ref().map(|held| data_columns(&held.schema()));
        let last = match &held {
            Some(held) => held.txn(&position::batch(&flow.name)).await?.unwrap_or(0),
            None => 0,
        };
        let Some(arriving) = self.list(flow, held.is_some(), last, false).await? else { return Ok(schema) };
        if !arriving.files.is_empty() {
            let inferred = arriving.source.infer(&arriving.files, schema.as_deref()).await;
            schema = Some(inferred.map_err(files::failed(&flow.name))?.schema);
        }
        self.found(flow, last, arriving);
        Ok(schema)
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

    /// The columns that a bronze flow's source has.
    pub(crate) fn data_schema(&self, flow: &Flow) -> SchemaRef {
        self.data.get(&flow.name).cloned().unwrap_or_else(|| Arc::new(Schema::empty()))
    }

    /// The files that a bronze flow has not read. What was found before, and is not of a batch yet, is taken first; after that
    /// the source is listed again.
    pub(crate) async fn arriving(&self, flow: &Flow, last: i64) -> Result<Option<Arriving>, RunError> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner).remove(&flow.name);
        let arriving = match found {
            Some((upto, found)) if upto == last => Some(found),
            _ => self.list(flow, true, last, false).await?,
        };
        // Everything was listed and nothing of it is unread.
        if let Some(arriving) = arriving.as_ref().filter(|arriving| arriving.full && arriving.is_empty())
            && let Some((source, table)) = self.source_table(flow)
            && lists_a_part(source, table)
        {
            relist::note(self, &flow.name, &everything(source, table), arriving.listed).await?;
        }
        Ok(arriving)
    }

    /// The files of a batch that is computed again, among all that the source has.
    pub(crate) async fn arriving_again(&self, flow: &Flow, last: i64) -> Result<Option<Arriving>, RunError> {
        self.list(flow, true, last, true).await
    }

    /// Files that were found and are not of the batch `last`.
    pub(crate) fn found(&self, flow: &Flow, last: i64, arriving: Arriving) {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).insert(flow.name.clone(), (last, arriving));
    }

    fn source_table(&self, flow: &Flow) -> Option<(&Source, &SourceTable)> {
        let FlowKind::Bronze { source, table } = flow.kind else { return None };
        let source = self.project.sources.get(source)?;
        Some((source, source.tables.get(table)?))
    }

    async fn list(&self, flow: &Flow, exists: bool, last: i64, everything: bool) -> Result<Option<Arriving>, RunError> {
        let FlowKind::Bronze { source: at, table: nth } = flow.kind else { return Ok(None) };
        let Some((source, table)) = self.source_table(flow) else { return Ok(None) };
        let failed = files::failed(&flow.name);
        let landing = self.world.landing.of(&self.project, source).map_err(&failed)?;
        let pattern = Pattern::new(&table.path).map_err(&failed)?;
        let dated = pattern.has_dates();
        let seen = match exists {
            true => read::receipts(self, flow, last, Some(pattern)).await?,
            false => Receipts::new(None),
        };
        let listed = self.now();
        let part = exists && !everything && !self.relist && lists_a_part(source, table);
        let part = part && !relist::is_due(self, &flow.name, &self::everything(source, table), table.arrival.relist).await?;
        let Some((file_source, _)) = files::source(&self.project, (at, nth), &landing) else { return Ok(None) };
        let seen = Arc::new(seen);
        let wanted = files::wanted(table, &landing, &seen);
        let found = match &source.events {
            Some(events) if part => {
                let arrivals = self.inboxes.files(source, events, nth, &landing, &wanted).await;
                arrivals.map(|arrivals| Found { arrivals, full: false, listed })
            }
            _ => {
                let mut extent = Extent::default();
                if part {
                    let look_back = chrono::Duration::from_std(table.arrival.look_back).unwrap_or_default();
                    extent.since = seen.newest_date.filter(|_| dated).and_then(|newest| newest.checked_sub_signed(look_back));
                    extent.after = seen.last_name.clone().filter(|_| table.arrival.listing == Listing::Ordered);
                }
                files::list(&file_source, &landing, extent, wanted, listed).await
            }
        };
        Ok(Some(files::arriving(file_source, table, &landing, &seen, found.map_err(&failed)?).await))
    }
}

/// Whether names of a table are left out of listings.
fn lists_a_part(source: &Source, table: &SourceTable) -> bool {
    let dated = Pattern::new(&table.path).is_ok_and(|pattern| pattern.has_dates());
    dated || table.arrival.listing == Listing::Ordered || source.events.is_some()
}

/// What a full listing of a table lists.
fn everything(source: &Source, table: &SourceTable) -> String {
    format!("{}/{}", source.path.trim_end_matches('/'), table.path.value)
}

/// A bronze table's own columns are those that lakesmith did not add.
fn data_columns(schema: &Schema) -> SchemaRef {
    let added = |field: &Field| lakesmith_compile::bronze_metadata().iter().any(|column: &Column| column.name == *field.name());
    Arc::new(Schema::new(schema.fields().iter().filter(|field| !added(field)).cloned().collect::<Vec<_>>()))
}

fn settings(project: &Project, options: &Options) -> Settings {
    let threads = options.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(2, usize::from));
    let wanted = project.lakehouse.defaults.memory.as_ref().map(|memory| memory.value);
    let memory = options.memory.unwrap_or_else(|| match wanted {
        Some(Memory::Bytes(bytes)) => bytes.0 as usize,
        Some(Memory::Share(share)) => (machine_memory() as f64 * share) as usize,
        None => (machine_memory() as f64 * MEMORY_SHARE) as usize,
    });
    Settings { threads: threads.max(1), memory: memory.max(64 << 20) }
}

/// Bytes of memory that this machine has, or 4 GiB where that is not known.
fn machine_memory() -> u64 {
    let kilobytes = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    });
    kilobytes.map_or(4 << 30, |kilobytes| kilobytes * 1024)
}
