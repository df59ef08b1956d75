//! Delta's types as our tables keep them; those that they cannot keep are refused by name.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use delta_kernel::schema::{DataType as DeltaType, PrimitiveType, StructType};

use super::super::{DeltaError, TablePath};

/// The columns of a foreign table.
///
/// # Errors
/// [`DeltaError::UnsupportedFeature`] names the type and the column.
pub(super) fn schema(table: &TablePath, schema: &StructType) -> Result<SchemaRef, DeltaError> {
    fields(table, "", schema).map(|fields| Arc::new(Schema::new(fields)))
}

fn fields(table: &TablePath, parent: &str, schema: &StructType) -> Result<Fields, DeltaError> {
    let field = |field: &delta_kernel::schema::StructField| {
        let column = dotted(parent, field.name());
        Ok(Field::new(field.name(), arrow(table, &column, field.data_type())?, true))
    };
    schema.fields().map(field).collect()
}

fn arrow(table: &TablePath, column: &str, ty: &DeltaType) -> Result<DataType, DeltaError> {
    Ok(match ty {
        DeltaType::Primitive(primitive) => match primitive {
            PrimitiveType::String => DataType::Utf8,
            PrimitiveType::Long => DataType::Int64,
            PrimitiveType::Integer => DataType::Int32,
            PrimitiveType::Short => DataType::Int16,
            PrimitiveType::Byte => DataType::Int8,
            PrimitiveType::Float => DataType::Float32,
            PrimitiveType::Double => DataType::Float64,
            PrimitiveType::Boolean => DataType::Boolean,
            PrimitiveType::Binary => DataType::Binary,
            PrimitiveType::Date => DataType::Date32,
            PrimitiveType::Timestamp | PrimitiveType::TimestampNtz => utc(),
            PrimitiveType::Decimal(decimal) => {
                DataType::Decimal128(decimal.precision(), i8::try_from(decimal.scale()).unwrap_or(i8::MAX))
            }
            other => return Err(refused(table, column, &other.to_string())),
        },
        DeltaType::Array(array) => {
            let element = arrow(table, &dotted(column, "element"), array.element_type())?;
            DataType::List(Arc::new(Field::new("element", element, true)))
        }
        DeltaType::Map(map) => {
            let pair = Fields::from(vec![
                Field::new("key", arrow(table, &dotted(column, "key"), map.key_type())?, false),
                Field::new("value", arrow(table, &dotted(column, "value"), map.value_type())?, true),
            ]);
            DataType::Map(Arc::new(Field::new("key_value", DataType::Struct(pair), false)), false)
        }
        DeltaType::Struct(inner) => DataType::Struct(fields(table, column, inner)?),
        DeltaType::Variant(_) => return Err(refused(table, column, "variant")),
    })
}

/// How our tables keep an instant.
pub(super) fn utc() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn refused(table: &TablePath, column: &str, ty: &str) -> DeltaError {
    let feature = format!("the type `{ty}` (column `{column}`)");
    DeltaError::UnsupportedFeature { table: table.clone(), feature, access: "read" }
}

fn dotted(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(ty: &str) -> Result<DataType, String> {
        let json = format!(r#"{{"type":"struct","fields":[{{"name":"c","type":{ty},"nullable":false,"metadata":{{}}}}]}}"#);
        let parsed: StructType = serde_json::from_str(&json).map_err(|error| error.to_string())?;
        let schema = schema(&"t".into(), &parsed).map_err(|error| error.to_string())?;
        Ok(schema.field(0).data_type().clone())
    }

    #[test]
    fn every_type_that_we_keep_has_one_form() {
        assert_eq!(of(r#""timestamp_ntz""#), Ok(utc()));
        assert_eq!(of(r#""timestamp""#), Ok(utc()));
        assert_eq!(of(r#""decimal(38,10)""#), Ok(DataType::Decimal128(38, 10)));
        let list = of(r#"{"type":"array","elementType":"timestamp_ntz","containsNull":false}"#);
        assert_eq!(list, Ok(DataType::List(Arc::new(Field::new("element", utc(), true)))));
    }

    #[test]
    fn a_type_that_we_cannot_keep_is_refused_with_its_column() {
        let nested = r#"{"type":"array","elementType":"void","containsNull":true}"#;
        for (ty, named) in [
            (r#""void""#, "the type `void` (column `c`)"),
            (nested, "the type `void` (column `c.element`)"),
            (r#""variant""#, "the type `variant` (column `c`)"),
            (r#""interval day to second""#, "the type `interval day to second` (column `c`)"),
        ] {
            let said = of(ty).unwrap_err();
            assert!(said.contains(named), "{ty}: {said}");
        }
    }
}
