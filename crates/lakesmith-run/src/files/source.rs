//! A bronze table's source, as the project describes it.

use crate::error::RunError;
use crate::format::{format, tell};
use crate::landing::Landing;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use lakesmith_compile::TableName;
use lakesmith_connect::{FileSource, SOURCE_NAME};
use lakesmith_engine::arrow_type;
use lakesmith_project::{ChangeCapture, SourceTable};
use lakesmith_sql::{DataType as SparkType, parse_type};
use std::sync::Arc;

/// The field in which a change feed says what a row is, unless the project names another one.
const OPERATION: &str = "_operation";

/// The source of a bronze table, as the project describes it, where its files lie; none for one that reads no files.
pub(crate) fn source(table: &SourceTable, landing: &Landing) -> Option<FileSource> {
    let mut source = FileSource::new(landing.store.clone(), landing.root.clone(), &table.path.value, format(table)?);
    source.place = landing.place.clone();
    tell(&mut source, table);
    source.hints = hints(table);
    Some(source)
}

/// The types that are told: by `schema_hints`, and those of the columns that say what a row is and when it changed. These
/// are there also where the first files do not have them.
fn hints(table: &SourceTable) -> Vec<(String, DataType)> {
    let hint = |(name, ty): &(lakesmith_text::Spanned<String>, lakesmith_text::Spanned<String>)| {
        Some((name.value.clone(), arrow_type(&parse_type(&ty.value).ok()?)))
    };
    let mut hints: Vec<(String, DataType)> = table.schema_hints.iter().filter_map(hint).collect();
    let operation = match &table.operation {
        Some(operation) => Some(operation.column.text().trim().to_owned()),
        None => (table.change_capture == ChangeCapture::Cdc).then(|| OPERATION.to_owned()),
    };
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let operation = operation.map(|name| (name, DataType::Utf8));
    let timestamp = table.timestamp.as_ref().map(|timestamp| (timestamp.column.value.clone(), instant));
    for (name, ty) in operation.into_iter().chain(timestamp) {
        if !hints.iter().any(|(hinted, _)| *hinted == name) {
            hints.push((name, ty));
        }
    }
    hints
}

/// Whether files can be read into the types of `schema_hints`.
///
/// # Errors
/// [`RunError::UnreadableHint`] for the first one that they cannot.
pub(crate) fn readable(name: &TableName, table: &SourceTable) -> Result<(), RunError> {
    for (column, ty) in &table.schema_hints {
        let Ok(parsed) = parse_type(&ty.value) else { continue };
        if let Some(kind) = unread(&parsed) {
            let (table, column) = (name.clone(), column.value.clone());
            return Err(RunError::UnreadableHint { table, column, ty: parsed, kind, at: ty.span });
        }
    }
    Ok(())
}

/// What of a type no file is read into.
fn unread(ty: &SparkType) -> Option<&'static str> {
    match ty {
        SparkType::Map(..) => Some("MAP"),
        SparkType::Binary => Some("BINARY"),
        SparkType::Array(element) => unread(element),
        SparkType::Struct(fields) => fields.iter().find_map(|field| unread(&field.ty)),
        _ => None,
    }
}

/// A source's own field `_operation` has another name in a table whose operations are told by the project.
pub(crate) fn own_operation(schema: SchemaRef, table: &SourceTable) -> SchemaRef {
    if table.operation.is_none() || schema.field_with_name(OPERATION).is_err() {
        return schema;
    }
    let free = (2..).map(|n| format!("{OPERATION}_{n}")).find(|name| schema.field_with_name(name).is_err());
    let renamed = |field: &Field| match &free {
        Some(name) if field.name() == OPERATION => {
            let mut metadata = field.metadata().clone();
            metadata.entry(SOURCE_NAME.to_owned()).or_insert_with(|| OPERATION.to_owned());
            field.clone().with_name(name).with_metadata(metadata)
        }
        _ => field.clone(),
    };
    Arc::new(Schema::new(schema.fields().iter().map(|field| renamed(field)).collect::<Vec<_>>()))
}
