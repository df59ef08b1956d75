//! Change data: the rows that a commit replaced or took away, beside those that it put in their place.
//!
//! A table that is read for its former rows has `delta.enableChangeDataFeed`. A commit that takes rows away then also
//! names files of change data, whose rows say in `_change_type` what they are: `delete`, `update_preimage`,
//! `update_postimage`, `insert`. A commit that only adds files needs none. Delta transaction log protocol, "Add CDC File".

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::catalog::TableProvider;

use super::action::{Action, Cdc, CommitInfo, Protocol};
use super::storage::{Storage, TablePath};
use super::{CommitError, DataFile, DeltaError, ScanCounts, Snapshot, scan};

/// The column of change data that says what became of a row.
pub const CHANGE_TYPE: &str = "_change_type";
/// The folder of change data within a table.
pub(super) const FOLDER: &str = "_change_data/";
const PROPERTY: &str = "delta.enableChangeDataFeed";
/// The lowest writer version that keeps change data.
const WRITER_VERSION: i32 = 4;

/// How often a table's properties are set again because another commit got ahead.
const TRIES: usize = 20;

impl Snapshot {
    /// Whether commits to this table keep change data.
    pub fn keeps_change_data(&self) -> bool {
        self.properties().get(PROPERTY).is_some_and(|value| value == "true")
    }
}

/// The properties of a table that keeps change data.
pub(crate) fn properties() -> [(String, String); 1] {
    [(PROPERTY.to_owned(), "true".to_owned())]
}

/// The columns of change data: the table's, and what became of the row.
pub(crate) fn schema(table: &Schema) -> SchemaRef {
    let mut fields: Vec<FieldRef> = table.fields().to_vec();
    fields.push(Arc::new(Field::new(CHANGE_TYPE, DataType::Utf8, true)));
    Arc::new(Schema::new(fields))
}

impl Storage {
    /// The files of change data of the commits after `since`, up to `upto`. `None` where they do not tell all: a commit
    /// took rows away without change data, or is no longer in the log.
    ///
    /// # Errors
    /// What the store gives, or [`DeltaError::Log`] for a damaged commit.
    pub async fn changes(&self, path: &TablePath, since: i64, upto: i64) -> Result<Option<Vec<Cdc>>, DeltaError> {
        let mut files = vec![];
        for version in since + 1..=upto {
            let actions = match self.commit_actions(path, version).await {
                Ok(actions) => actions,
                Err(DeltaError::Missing { .. }) => return Ok(None),
                Err(error) => return Err(error),
            };
            let before = files.len();
            let takes_away = actions.iter().any(|action| matches!(action, Action::Remove(remove) if remove.data_change));
            files.extend(actions.into_iter().filter_map(|action| match action {
                Action::Cdc(cdc) => Some(cdc),
                _ => None,
            }));
            if takes_away && files.len() == before {
                return Ok(None);
            }
        }
        Ok(Some(files))
    }

    /// Makes a table keep change data from its next commit on. What is given back keeps it.
    ///
    /// # Errors
    /// See [`CommitError`]; [`CommitError::VersionExists`] if others got ahead each time.
    pub async fn keep_change_data(&self, held: Snapshot) -> Result<Snapshot, CommitError> {
        let path = held.table().clone();
        let mut held = held;
        let mut lost = None;
        for _ in 0..TRIES {
            if held.keeps_change_data() {
                return Ok(held);
            }
            let mut metadata = held.metadata().clone();
            metadata.configuration.extend(properties());
            let mut actions = vec![Action::Metadata(metadata)];
            if held.protocol().min_writer_version < WRITER_VERSION {
                let protocol = Protocol { min_writer_version: WRITER_VERSION, ..held.protocol().clone() };
                actions.insert(0, Action::Protocol(protocol));
            }
            let info = CommitInfo {
                operation: "SET TBLPROPERTIES".to_owned(),
                parameters: BTreeMap::from([("properties".to_owned(), serde_json::json!({ PROPERTY: "true" }).to_string())]),
                info: BTreeMap::new(),
            };
            let version = held.version() + 1;
            held = match self.commit(&path, version, &actions, &info).await {
                Ok(snapshot) => return Ok(snapshot),
                Err(error @ CommitError::VersionExists { .. }) => {
                    lost = Some(error);
                    let failed = |source| CommitError::Failed { table: path.clone(), version, source: Box::new(source) };
                    let missing = DeltaError::Missing { table: path.clone(), version: None };
                    self.snapshot(&path, Some(&held)).await.map_err(failed)?.ok_or(missing).map_err(failed)?
                }
                Err(error) => return Err(error),
            };
        }
        match lost {
            Some(error) if !held.keeps_change_data() => Err(error),
            _ => Ok(held),
        }
    }
}

/// The rows of change data as a table of DataFusion: `snapshot`'s columns and `_change_type`.
///
/// # Errors
/// [`DeltaError::Log`] for a file that cannot be understood.
pub fn change_provider(
    storage: &Storage,
    snapshot: &Snapshot,
    files: &[Cdc],
    counts: Arc<ScanCounts>,
) -> Result<Arc<dyn TableProvider>, DeltaError> {
    let files = files.iter().map(|cdc| {
        Arc::new(DataFile::new(
            cdc.path.clone(),
            cdc.size,
            0,
            cdc.partition_values.clone(),
            None,
            cdc.tags.clone().unwrap_or_default(),
        ))
    });
    scan::over(
        storage,
        snapshot,
        &schema(&snapshot.schema()),
        files.collect(),
        scan::ScanOptions { counts: Some(counts), ..scan::ScanOptions::default() },
    )
}
