//! Spark's types and Arrow's: what a Delta table can hold.

use crate::delta::comments::COMMENT;
use arrow::datatypes::{DataType as Arrow, Field as ArrowField, Fields, Schema as ArrowSchema, SchemaRef, TimeUnit};
use lakesmith_compile::Column;
use lakesmith_sql::{DataType, Field, Schema};
use std::collections::HashMap;
use std::sync::Arc;

/// Field metadata: what the source calls a column whose name Delta refuses.
pub(crate) const SOURCE_NAME: &str = "lakesmith.source_name";

/// The Arrow type in which a value of that Spark type is computed and stored; an instant is microseconds in UTC.
pub fn arrow_type(ty: &DataType) -> Arrow {
    match ty {
        DataType::Boolean => Arrow::Boolean,
        DataType::TinyInt => Arrow::Int8,
        DataType::SmallInt => Arrow::Int16,
        DataType::Int => Arrow::Int32,
        DataType::BigInt => Arrow::Int64,
        DataType::Float => Arrow::Float32,
        DataType::Double => Arrow::Float64,
        DataType::Decimal { precision, scale } => Arrow::Decimal128(*precision, *scale as i8),
        DataType::String | DataType::Null | DataType::Interval => Arrow::Utf8,
        DataType::Binary => Arrow::Binary,
        DataType::Date => Arrow::Date32,
        DataType::Timestamp => Arrow::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        DataType::Array(element) => Arrow::List(Arc::new(ArrowField::new("element", arrow_type(element), true))),
        DataType::Map(key, value) => {
            let entries = vec![ArrowField::new("key", arrow_type(key), false), ArrowField::new("value", arrow_type(value), true)];
            Arrow::Map(Arc::new(ArrowField::new("key_value", Arrow::Struct(entries.into()), false)), false)
        }
        DataType::Struct(fields) => {
            Arrow::Struct(fields.iter().map(|f| ArrowField::new(&f.name, arrow_type(&f.ty), true)).collect())
        }
    }
}

/// The Spark type of an Arrow type, for what engines and sources produce.
pub fn spark_type(ty: &Arrow) -> DataType {
    let fields = |fields: &Fields| {
        fields
            .iter()
            .map(|f| Field { name: f.name().clone(), ty: spark_type(f.data_type()), nullable: f.is_nullable() })
            .collect()
    };
    match ty {
        Arrow::Null => DataType::Null,
        Arrow::Boolean => DataType::Boolean,
        Arrow::Int8 => DataType::TinyInt,
        Arrow::Int16 | Arrow::UInt8 => DataType::SmallInt,
        Arrow::Int32 | Arrow::UInt16 => DataType::Int,
        Arrow::Int64 | Arrow::UInt32 | Arrow::UInt64 => DataType::BigInt,
        Arrow::Float16 | Arrow::Float32 => DataType::Float,
        Arrow::Float64 => DataType::Double,
        Arrow::Decimal128(precision, scale) | Arrow::Decimal256(precision, scale) => {
            DataType::decimal(*precision, (*scale).max(0) as u8)
        }
        Arrow::Date32 | Arrow::Date64 => DataType::Date,
        Arrow::Timestamp(..) => DataType::Timestamp,
        Arrow::Interval(_) | Arrow::Duration(_) => DataType::Interval,
        Arrow::Binary | Arrow::LargeBinary | Arrow::BinaryView | Arrow::FixedSizeBinary(_) => DataType::Binary,
        Arrow::List(element) | Arrow::LargeList(element) | Arrow::FixedSizeList(element, _) | Arrow::ListView(element) => {
            DataType::Array(Box::new(spark_type(element.data_type())))
        }
        Arrow::Struct(inner) => DataType::Struct(fields(inner)),
        Arrow::Map(entries, _) => match entries.data_type() {
            Arrow::Struct(inner) if inner.len() == 2 => {
                DataType::Map(Box::new(spark_type(inner[0].data_type())), Box::new(spark_type(inner[1].data_type())))
            }
            _ => DataType::String,
        },
        Arrow::Dictionary(_, value) => spark_type(value),
        _ => DataType::String,
    }
}

/// The schema that queries see of an Arrow schema.
pub(crate) fn spark_schema(schema: &ArrowSchema) -> Schema {
    Schema {
        fields: schema
            .fields()
            .iter()
            .map(|f| Field { name: f.name().clone(), ty: spark_type(f.data_type()), nullable: f.is_nullable() })
            .collect(),
    }
}

/// A compiled table's columns as Arrow, with comments and source names as metadata. Every column may be NULL.
pub fn arrow_schema(columns: &[Column]) -> SchemaRef {
    let field = |column: &Column| {
        let mut metadata = HashMap::new();
        metadata.extend(column.description.iter().map(|words| (COMMENT.to_owned(), words.clone())));
        metadata.extend(column.source_name.iter().map(|name| (SOURCE_NAME.to_owned(), name.clone())));
        ArrowField::new(&column.name, arrow_type(&column.ty), true).with_metadata(metadata)
    };
    Arc::new(ArrowSchema::new(columns.iter().map(field).collect::<Vec<_>>()))
}

/// A column as the compiler knows it, from a field of a table or of a source.
pub fn column(field: &ArrowField) -> Column {
    Column {
        name: field.name().clone(),
        ty: spark_type(field.data_type()),
        description: field.metadata().get(COMMENT).cloned(),
        source_name: field.metadata().get(SOURCE_NAME).cloned(),
    }
}
