//! A new table: version 0, empty, put if absent.
//!
//! A table is created before any batch is written to it, so that two runners that both meet a missing table
//! cannot both write batch 1.

use std::collections::BTreeMap;

use arrow::datatypes::SchemaRef;
use uuid::Uuid;

use super::action::{Action, CommitInfo, Format, Metadata, Protocol};
use super::commit::{encode, put_commit};
use super::storage::{Storage, TablePath};
use super::{CommitError, DeltaError, Snapshot, protocol, schema};

/// What a table is to be.
#[derive(Debug, Clone)]
pub struct TableSpec {
    /// Where it lies in the storage.
    pub path: TablePath,
    /// Its name for readers: `bronze.shop_orders`.
    pub name: String,
    /// What it holds.
    pub description: Option<String>,
    /// All columns in order, those of `partition_by` too. Field metadata becomes Delta's (`comment`, `lakesmith.source_name`).
    pub schema: SchemaRef,
    /// Columns that partition the table, outermost first.
    pub partition_by: Vec<String>,
    /// Table properties; they win over our defaults.
    pub properties: BTreeMap<String, String>,
    /// Columns whose statistics every writer has to keep. Empty: the first 32, as Delta has it.
    pub stats_columns: Vec<String>,
}

impl TableSpec {
    /// Protocol and metadata of the new table.
    fn actions(&self, now: i64) -> Result<[Action; 2], DeltaError> {
        let arrow = schema::normalise(&self.path, &self.schema)?;
        schema::check_partitioning(&self.path, &arrow, &self.partition_by)?;
        let mut configuration = BTreeMap::from([
            ("delta.checkpointInterval".to_owned(), "20".to_owned()),
            ("delta.enableExpiredLogCleanup".to_owned(), "false".to_owned()),
        ]);
        if let Some(count) = schema::indexed_columns(&arrow, &self.partition_by, &self.stats_columns) {
            configuration.insert("delta.dataSkippingNumIndexedCols".to_owned(), count.to_string());
        }
        configuration.extend(self.properties.clone());
        for feature in ["delta.enableDeletionVectors", "delta.columnMapping.mode", "delta.enableRowTracking"] {
            if configuration.get(feature).is_some_and(|v| v != "false" && v != "none") {
                let (table, feature) = (self.path.clone(), feature.to_owned());
                return Err(DeltaError::UnsupportedFeature { table, feature, access: "created" });
            }
        }
        let change_data = configuration.get("delta.enableChangeDataFeed").is_some_and(|v| v == "true");
        let protocol = Protocol {
            min_reader_version: 1,
            min_writer_version: if change_data { 4 } else { 2 },
            reader_features: None,
            writer_features: None,
        };
        let metadata = Metadata {
            id: Uuid::new_v4().to_string(),
            name: Some(self.name.clone()),
            description: self.description.clone(),
            format: Format::default(),
            schema_string: schema::to_json(&self.path, &arrow)?,
            partition_columns: self.partition_by.clone(),
            configuration,
            created_time: Some(now),
        };
        let actions = [Action::Protocol(protocol.clone()), Action::Metadata(metadata.clone())];
        protocol::check_writable(&self.path, &protocol, &metadata, &actions)?;
        Ok(actions)
    }
}

impl Metadata {
    /// The same table with other columns: commit it with the first batch that needs them.
    /// Columns may be added last, nullable; what else changes is for the caller to answer.
    ///
    /// # Errors
    /// [`DeltaError::Schema`] for a type or a name that Delta does not have.
    pub fn with_schema(&self, table: &TablePath, schema: &SchemaRef, stats_columns: &[String]) -> Result<Self, DeltaError> {
        let arrow = schema::normalise(table, schema)?;
        schema::check_partitioning(table, &arrow, &self.partition_columns)?;
        let mut changed = self.clone();
        changed.schema_string = schema::to_json(table, &arrow)?;
        if let Some(count) = schema::indexed_columns(&arrow, &self.partition_columns, stats_columns) {
            changed.configuration.insert("delta.dataSkippingNumIndexedCols".to_owned(), count.to_string());
        }
        Ok(changed)
    }
}

impl Storage {
    /// The table, made empty if it is not there. An existing one is left as it is, whatever `spec` says.
    ///
    /// # Errors
    /// [`DeltaError::Schema`] or [`DeltaError::UnsupportedFeature`] for a table that cannot be; otherwise what the store gives.
    /// After an error the table may exist: call again.
    pub async fn create(&self, spec: &TableSpec) -> Result<Snapshot, DeltaError> {
        // Version 0 may have been cleaned away in an old table, so that a put of it would succeed: look first.
        if let Some(found) = self.snapshot(&spec.path, None).await? {
            return Ok(found);
        }
        let log = self.log(&spec.path)?;
        let now = log.now();
        let actions = spec.actions(now)?;
        let text = |value: serde_json::Value| value.to_string();
        let info = CommitInfo {
            operation: "CREATE TABLE".to_owned(),
            parameters: BTreeMap::from([
                ("isManaged".to_owned(), "false".to_owned()),
                ("partitionBy".to_owned(), text(spec.partition_by.clone().into())),
                ("properties".to_owned(), text(serde_json::json!(spec.properties))),
            ]),
            info: BTreeMap::new(),
        };
        let bytes = encode(0, &actions, &info, now).map_err(|e| DeltaError::Log {
            table: spec.path.clone(),
            version: 0,
            reason: e.to_string(),
        })?;
        match put_commit(&log, 0, bytes).await {
            Ok(()) | Err(CommitError::VersionExists { .. }) => {}
            Err(CommitError::Unknown { source, .. } | CommitError::Failed { source, .. }) => {
                return Err(*source);
            }
        }
        let missing = DeltaError::Missing { table: spec.path.clone(), version: None };
        self.snapshot(&spec.path, None).await?.ok_or(missing)
    }
}
