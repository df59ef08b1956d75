//! The engine in this process: DataFusion over Delta tables.

mod compute;
mod kept;
mod prepared;
mod relations;
mod replace;
pub(crate) mod rewrite;
mod table;
mod write;

use crate::delta::{Action, CommitInfo, Snapshot, Storage, TablePath};
use crate::error::EngineError;
use crate::work::{Computed, Engine, Output, Read, Rewriting, Rewritten, Rows, Work};
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{SendableRecordBatchStream, SessionState, TaskContext};
use futures::TryStreamExt;
use lakesmith_compile::Table;
use lakesmith_functions::{session_config, session_state};
pub use prepared::Prepared;
use relations::Relations;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, OnceLock};

/// What the engine may use of the machine.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Threads that compute side by side.
    pub threads: usize,
    /// Bytes that computing may hold before it spills: half of them sorts, joins and aggregations, half of them rows that
    /// several queries of a step read. All batches that run side by side share them.
    pub memory: usize,
}

/// DataFusion and the Delta log, in this process.
#[derive(Clone)]
pub struct Embedded {
    storage: Storage,
    runtime: Arc<RuntimeEnv>,
    settings: Settings,
    /// What kept rows may hold.
    budget: kept::Budget,
    /// What queries are planned with, made when the first one is.
    session: Arc<OnceLock<Arc<SessionState>>>,
    context: Arc<TaskContext>,
    prepared: Option<Arc<Prepared>>,
}

impl Embedded {
    /// An engine over a target's storage.
    pub fn new(storage: Storage, settings: Settings) -> Result<Self, EngineError> {
        let kept = settings.memory / 2;
        let pool = FairSpillPool::new(settings.memory - kept);
        let largest = NonZeroUsize::new(3).unwrap_or(NonZeroUsize::MIN);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(TrackConsumersPool::new(pool, largest)))
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::OsTmpDirectory))
            .build_arc()?;
        storage.register(&runtime);
        let context = context(&settings, &runtime);
        let budget = kept::Budget::new(kept);
        Ok(Embedded { storage, runtime, settings, budget, session: Arc::default(), context, prepared: None })
    }

    /// The same engine with plans that others have made, or are to find, for the same queries over other rows.
    pub fn with_prepared(self, prepared: Arc<Prepared>) -> Self {
        Embedded { prepared: Some(prepared), ..self }
    }

    /// The storage it works on.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// The session of this engine's queries. It is made once: it knows hundreds of functions.
    fn session(&self) -> Arc<SessionState> {
        let made = || Arc::new(session_state(session_config(self.settings.threads), self.runtime.clone()));
        self.session.get_or_init(made).clone()
    }
}

/// What plans run in. Whatever they call they have with them.
fn context(settings: &Settings, runtime: &Arc<RuntimeEnv>) -> Arc<TaskContext> {
    let config = session_config(settings.threads);
    let (scalars, lambdas, aggregates, windows) = (HashMap::new(), HashMap::new(), HashMap::new(), HashMap::new());
    let name = "lakesmith".to_owned();
    Arc::new(TaskContext::new(None, name, config, scalars, lambdas, aggregates, windows, runtime.clone()))
}

#[async_trait]
impl Engine for Embedded {
    async fn snapshot(&self, table: &TablePath) -> Result<Option<Snapshot>, EngineError> {
        Ok(self.storage.snapshot(table, None).await?)
    }

    async fn ensure(&self, table: &Table) -> Result<Snapshot, EngineError> {
        let path = TablePath::new(&table.path);
        match self.storage.snapshot(&path, None).await? {
            Some(snapshot) if table.change_data && !snapshot.keeps_change_data() => {
                Ok(self.storage.keep_change_data(snapshot).await?)
            }
            Some(snapshot) => Ok(snapshot),
            None => Ok(self.storage.create(&table::spec(table)).await?),
        }
    }

    async fn compute(&self, work: Work<'_>, landing: Option<SendableRecordBatchStream>) -> Result<Computed, EngineError> {
        compute::compute(self, work, landing).await
    }

    async fn append(&self, table: &Table, base: &Snapshot, rows: Vec<RecordBatch>) -> Result<Output, EngineError> {
        write::append(self, table, base, rows).await
    }

    async fn rewrite(&self, table: &Table, base: &Snapshot, rewriting: &Rewriting) -> Result<Rewritten, EngineError> {
        rewrite::rewrite(self, table, base, rewriting).await
    }

    async fn commit(
        &self,
        table: &TablePath,
        version: i64,
        actions: &[Action],
        info: &CommitInfo,
    ) -> Result<Snapshot, EngineError> {
        Ok(self.storage.commit(table, version, actions, info).await?)
    }

    async fn stream(&self, read: &Read) -> Result<SendableRecordBatchStream, EngineError> {
        let mut relations = Relations::new(self);
        relations.fix_now(read.now);
        for (name, snapshot) in &read.tables {
            let parts = [name.layer().as_str(), name.name()];
            relations.add_table(&self.storage, &parts, snapshot, None, None).await?;
            relations.add_alias(&parts, &[&read.lakehouse, parts[0], parts[1]]);
        }
        relations.stream(&read.sql).await
    }

    async fn query(&self, read: &Read) -> Result<Rows, EngineError> {
        let stream = self.stream(read).await?;
        let schema = stream.schema();
        Ok(Rows { schema, batches: stream.try_collect().await? })
    }
}
