//! What a table holds and where it lies.

use crate::name::TableName;
use lakesmith_sql::{DataType, Field, Schema};
use serde::{Deserialize, Serialize};

/// One column of a table that lakesmith fills.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// The name in the table.
    pub name: String,
    /// The Spark type. Every column may be NULL: tables gain columns over time.
    pub ty: DataType,
    /// What the project says of it; becomes the column's comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What the source called it, where Delta refuses that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_name: Option<String>,
}

impl Column {
    /// A column that needs no words.
    pub fn new(name: impl Into<String>, ty: DataType) -> Self {
        Column { name: name.into(), ty, description: None, source_name: None }
    }

    /// With what the project says of it.
    pub fn described(mut self, description: Option<String>) -> Self {
        self.description = description;
        self
    }
}

/// A table: a flow's target or one of its companions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// The name readers use.
    pub name: TableName,
    /// The folder below the target's storage: `silver/sales/orders`.
    pub path: String,
    /// What one row is, in the project's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The columns in order, `_` columns last.
    pub columns: Vec<Column>,
    /// Columns whose values make folders.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partition_by: Vec<String>,
    /// Columns by which rows are sorted within the files of a batch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cluster_by: Vec<String>,
    /// Rows are only ever added.
    pub append_only: bool,
    /// Whether former rows are kept as change data, because a flow reads them.
    pub change_data: bool,
}

impl Table {
    /// The schema that queries over this table see.
    pub fn schema(&self) -> Schema {
        schema(&self.columns)
    }

    /// The names of all columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }
}

pub(crate) fn schema(columns: &[Column]) -> Schema {
    Schema { fields: columns.iter().map(|c| Field { name: c.name.clone(), ty: c.ty.clone(), nullable: true }).collect() }
}
