//! Tables that other programs write, as a source reads them.
//!
//! Our own tables stay at reader version 1 and are scanned by [`provider`](super::provider). What others write may use
//! anything that Delta knows: column mapping, deletion vectors, timestamps without a zone, checkpoints of the second
//! version. The kernel reads their data files and makes rows of them; what it does not know, or what our tables have no
//! type for, is refused by its name. Nothing is ever written here.
//!
//! ```text
//! Storage::foreign ── a table at one version
//!       │ rows        all that it holds there
//!       │ commits     what each later commit did, from the log
//!       │ appended    the rows of files that commits added
//!       └ changes     the rows that commits inserted, updated and deleted, from change data
//! ```

mod changes;
mod commits;
mod fault;
mod fit;
mod rows;
mod types;

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use delta_kernel::snapshot::SnapshotRef;
use url::Url;

use super::snapshot::{has_log, to_version};
use super::storage::{Log, Storage, TablePath};
use super::{DeltaError, kernel};

pub use self::changes::OPERATION;
pub use self::commits::{AddedFile, ForeignCommit};
pub use self::fit::fit;
pub use self::rows::{ForeignRows, RowStream};

/// A table that another program writes, at one version. Cheap to clone.
#[derive(Clone)]
pub struct ForeignTable {
    inner: Arc<Inner>,
}

struct Inner {
    log: Log,
    version: i64,
    kernel: SnapshotRef,
    schema: SchemaRef,
}

impl fmt::Debug for ForeignTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForeignTable").field("table", self.table()).field("version", &self.version()).finish_non_exhaustive()
    }
}

impl Storage {
    /// A table to be read, whoever wrote it: at `version`, or at its newest one.
    ///
    /// # Errors
    /// [`DeltaError::Missing`] where no table lies; [`DeltaError::UnsupportedFeature`] for one that cannot be read right;
    /// otherwise what the store or the log gives.
    pub async fn foreign(&self, path: &TablePath, version: Option<i64>) -> Result<ForeignTable, DeltaError> {
        let log = self.log(path)?;
        let missing = || DeltaError::Missing { table: path.clone(), version };
        let at = match version {
            Some(version) => Some(u64::try_from(version).map_err(|_| missing())?),
            None => None,
        };
        let (engine, url) = (log.engine.clone(), log.url.clone());
        let loaded = kernel::blocking(&log, move || {
            let builder = delta_kernel::Snapshot::builder_for(url);
            match at {
                Some(version) => builder.at_version(version).build(engine.as_ref()),
                None => builder.build(engine.as_ref()),
            }
        });
        match loaded.await {
            Ok(kernel) => ForeignTable::new(log, kernel),
            Err(DeltaError::Kernel { .. }) if !has_log(&log).await? => {
                Err(DeltaError::Missing { table: path.clone(), version: None })
            }
            Err(error) => Err(fault::told(version, error)),
        }
    }
}

impl ForeignTable {
    fn new(log: Log, kernel: SnapshotRef) -> Result<Self, DeltaError> {
        let schema = types::schema(&log.table, &kernel.schema())?;
        Ok(Self { inner: Arc::new(Inner { version: to_version(kernel.version()), log, kernel, schema }) })
    }

    /// The table.
    pub fn table(&self) -> &TablePath {
        &self.inner.log.table
    }

    /// Where it lies; ends with `/`.
    pub fn url(&self) -> &Url {
        &self.inner.log.url
    }

    /// The version, from 0.
    pub fn version(&self) -> i64 {
        self.inner.version
    }

    /// The table's identity: one that is made anew at the same place has another.
    pub fn id(&self) -> &str {
        self.inner.kernel.table_configuration().metadata().id()
    }

    /// Its columns by their names in the table, in the types that our tables keep: text is Utf8; a timestamp is
    /// microseconds in UTC, one without a zone too. Every field may be NULL.
    pub fn schema(&self) -> SchemaRef {
        self.inner.schema.clone()
    }
}
