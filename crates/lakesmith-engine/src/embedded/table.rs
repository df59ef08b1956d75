//! Compiled tables and Delta tables: creating one, and letting it grow with the project.

use crate::delta::{Action, Metadata, Snapshot, TablePath, TableSpec, change};
use crate::error::EngineError;
use crate::types::{arrow_schema, arrow_type, spark_type};
use arrow::datatypes::{Field, Schema, SchemaRef};
use lakesmith_compile::{Layer, Table};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Columns that carry statistics are at most so many; they always include `_batch_id`.
const STATS_COLUMNS: usize = 32;

/// What a new table is to be.
pub(super) fn spec(table: &Table) -> TableSpec {
    let mut properties = BTreeMap::new();
    if table.append_only && table.name.layer() == Layer::Bronze {
        properties.insert("delta.appendOnly".to_owned(), "true".to_owned());
    }
    if table.change_data {
        properties.extend(change::properties());
    }
    TableSpec {
        path: TablePath::new(&table.path),
        name: table.name.to_string(),
        description: table.description.clone(),
        schema: arrow_schema(&table.columns),
        partition_by: table.partition_by.clone(),
        properties,
        stats_columns: stats_columns(table),
    }
}

/// The columns whose statistics files keep: the first ones, and `_batch_id`, by which flows find what is new.
pub(super) fn stats_columns(table: &Table) -> Vec<String> {
    const BATCH: &str = "_batch_id";
    let plain = table.names().filter(|name| *name != BATCH && !table.partition_by.iter().any(|p| p == name));
    let batch = table.names().filter(|name| *name == BATCH);
    plain.take(STATS_COLUMNS - 1).chain(batch).map(str::to_owned).collect()
}

/// Whether the table is as it was made: its flow's first batch is yet to come, or has failed.
pub(super) async fn unused(held: &Snapshot) -> Result<bool, EngineError> {
    Ok(held.version() == 0 && held.files().await?.is_empty())
}

/// The table's schema with the project's new columns at its end, those of structs too, and the metadata action if there
/// are any. A table that
/// nothing was written to takes the project's columns as they are: who mends a first batch that failed may change a type.
pub(super) async fn grown(table: &Table, held: &Snapshot) -> Result<(SchemaRef, Option<Action>), EngineError> {
    let wanted = arrow_schema(&table.columns);
    let schema = held.schema();
    if unused(held).await? && held.partition_columns() == table.partition_by && !same(&schema, &wanted) {
        let metadata = held.metadata().with_schema(held.table(), &wanted, &stats_columns(table))?;
        return Ok((wanted, Some(Action::Metadata(metadata))));
    }
    let mut fields: Vec<Arc<Field>> = schema.fields().iter().cloned().collect();
    for field in wanted.fields() {
        let Some(known) = fields.iter_mut().find(|known| known.name() == field.name()) else {
            fields.push(field.clone());
            continue;
        };
        let (held, wanted) = (spark_type(known.data_type()), spark_type(field.data_type()));
        let Some(grown) = lakesmith_compile::grown(&held, &wanted) else {
            return Err(EngineError::TypeChanged {
                table: table.name.to_string(),
                column: field.name().clone(),
                held: held.to_string(),
                wanted: wanted.to_string(),
            });
        };
        if grown != held {
            *known = Arc::new(known.as_ref().clone().with_data_type(arrow_type(&grown)));
        }
    }
    if fields[..] == schema.fields()[..] {
        return Ok((schema, None));
    }
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    let metadata: Metadata = held.metadata().with_schema(held.table(), &schema, &stats_columns(table))?;
    Ok((schema, Some(Action::Metadata(metadata))))
}

/// The columns as which a table's rows are read to stand beside the project's: those of the table, with what the project
/// has beyond them; structs in the project's order.
pub(super) async fn read_schema(table: &Table, held: &Snapshot) -> Result<SchemaRef, EngineError> {
    let (schema, _) = grown(table, held).await?;
    let field = |field: &Arc<Field>| {
        let wanted = table.columns.iter().find(|column| column.name == *field.name());
        let read = wanted.and_then(|column| lakesmith_compile::read_as(&spark_type(field.data_type()), &column.ty));
        match read {
            Some(ty) => Arc::new(field.as_ref().clone().with_data_type(arrow_type(&ty))),
            None => field.clone(),
        }
    };
    Ok(Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>())))
}

fn same(held: &Schema, wanted: &Schema) -> bool {
    let types = |schema: &Schema| -> Vec<(String, String)> {
        schema.fields().iter().map(|field| (field.name().clone(), spark_type(field.data_type()).to_string())).collect()
    };
    types(held) == types(wanted)
}
