//! The columns of a Parquet file, and what its reader is asked for.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, TimeUnit};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::parquet_to_arrow_schema;
use parquet::basic::{ConvertedType, LogicalType, Type as Physical};
use parquet::errors::ParquetError;
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

use crate::content::Blob;
use crate::error::FileFault;
use crate::format::typed::UUID;

/// Reads the footer: what to read the rows with, and the columns with what Arrow's types do not tell of them.
pub(super) fn load(blob: &Blob) -> Result<Result<(ArrowReaderMetadata, Fields), FileFault>, ParquetError> {
    let plain = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = ArrowReaderMetadata::load(blob, plain.clone())?.metadata().clone();
    let descriptor = metadata.file_metadata().schema_descr();
    if let Some(column) = interval(descriptor) {
        return Ok(Err(FileFault::Unsupported { what: format!("the Parquet type INTERVAL of column `{column}`") }));
    }
    let schema = parquet_to_arrow_schema(descriptor, None)?;
    let mut leaves = Leaves { descriptor, next: 0 };
    let asked: Fields = schema.fields().iter().map(|field| leaves.asked(field)).collect();
    let mut leaves = Leaves { descriptor, next: 0 };
    let fields: Fields = asked.iter().map(|field| leaves.described(field)).collect();
    let asked = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(asked)));
    Ok(Ok((ArrowReaderMetadata::try_new(metadata.clone(), asked)?, fields)))
}

/// The path of a column of intervals: their reader takes months or days and drops the rest.
fn interval(descriptor: &SchemaDescriptor) -> Option<String> {
    let found = descriptor.columns().iter().find(|column| column.converted_type() == ConvertedType::INTERVAL)?;
    Some(found.path().string())
}

/// Walks over the fields of a schema in step with the columns that lie in the file.
struct Leaves<'a> {
    descriptor: &'a SchemaDescriptor,
    next: usize,
}

impl Leaves<'_> {
    /// INT96 in microseconds, which reach beyond the year 2262, and enums as the text they are.
    fn asked(&mut self, field: &FieldRef) -> FieldRef {
        self.changed(field, &|field, leaf| match (leaf.physical_type(), field.data_type()) {
            (Physical::INT96, _) => field.clone().with_data_type(DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))),
            (_, DataType::Binary) if leaf.converted_type() == ConvertedType::ENUM => field.clone().with_data_type(DataType::Utf8),
            _ => field.clone(),
        })
    }

    /// UUIDs as such.
    fn described(&mut self, field: &FieldRef) -> FieldRef {
        self.changed(field, &|field, leaf| match leaf.logical_type_ref() {
            Some(LogicalType::Uuid) => field.clone().with_metadata(HashMap::from([(UUID.to_owned(), String::new())])),
            _ => field.clone(),
        })
    }

    fn changed(&mut self, field: &FieldRef, change: &dyn Fn(&Field, &ColumnDescriptor) -> Field) -> FieldRef {
        let with = |data_type| Arc::new(field.as_ref().clone().with_data_type(data_type));
        match field.data_type() {
            DataType::Struct(fields) => with(DataType::Struct(fields.iter().map(|field| self.changed(field, change)).collect())),
            DataType::List(element) => with(DataType::List(self.changed(element, change))),
            DataType::Map(entries, sorted) => with(DataType::Map(self.changed(entries, change), *sorted)),
            _ => {
                let index = self.next;
                self.next += 1;
                if index < self.descriptor.num_columns() {
                    Arc::new(change(field, &self.descriptor.column(index)))
                } else {
                    field.clone()
                }
            }
        }
    }
}
