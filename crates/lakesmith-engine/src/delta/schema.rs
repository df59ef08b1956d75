//! Arrow schemas and Delta schemas.
//!
//! A table's Arrow schema has one form: text is `Utf8`, timestamps are microseconds in UTC, list elements are named `element`.
//! Types that Delta lacks (unsigned integers, times, naive timestamps, which would raise the protocol) are refused by column.
//! Field metadata (`comment`, `lakesmith.source_name`) is kept both ways.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use delta_kernel::engine::arrow_conversion::{TryIntoArrow, TryIntoKernel};
use delta_kernel::schema::StructType;

use super::{DeltaError, TablePath};

/// Characters that Delta allows in no column name without column mapping.
const REFUSED: [char; 11] = [' ', ',', ';', '{', '}', '(', ')', '\n', '\t', '=', '\r'];

/// The form in which a table keeps this schema.
pub(super) fn normalise(table: &TablePath, schema: &Schema) -> Result<SchemaRef, DeltaError> {
    let fields = normalise_fields(table, "", schema.fields())?;
    Ok(Arc::new(Schema::new(fields)))
}

/// The schema as Delta's JSON. `schema` is normalised.
pub(super) fn to_json(table: &TablePath, schema: &Schema) -> Result<String, DeltaError> {
    let fail = |reason: String| schema_error(table, "*", reason);
    let kernel: StructType = schema.try_into_kernel().map_err(|e| fail(e.to_string()))?;
    serde_json::to_string(&kernel).map_err(|e| fail(e.to_string()))
}

/// The Arrow schema of a kernel schema, in our form.
pub(super) fn from_kernel(table: &TablePath, schema: &StructType) -> Result<SchemaRef, DeltaError> {
    let arrow: Schema = schema.try_into_arrow().map_err(|e| schema_error(table, "*", e.to_string()))?;
    Ok(Arc::new(arrow))
}

/// Partition columns must exist, hold values that a path can hold, and leave at least one column for the files.
pub(super) fn check_partitioning(table: &TablePath, schema: &Schema, partition_by: &[String]) -> Result<(), DeltaError> {
    for column in partition_by {
        let Ok(field) = schema.field_with_name(column) else {
            return Err(schema_error(table, column, "is to partition the table but is no column of it".to_owned()));
        };
        let fits = matches!(
            field.data_type(),
            DataType::Utf8
                | DataType::Boolean
                | DataType::Int8
                | DataType::Int16
                | DataType::Int32
                | DataType::Int64
                | DataType::Date32
                | DataType::Decimal128(..)
                | DataType::Timestamp(..)
        );
        if !fits {
            return Err(schema_error(table, column, format!("{} cannot partition a table", field.data_type())));
        }
    }
    if partition_by.len() == schema.fields().len() {
        return Err(schema_error(table, "*", "a table needs a column that does not partition it".to_owned()));
    }
    Ok(())
}

/// What `delta.dataSkippingNumIndexedCols` has to be for foreign writers to keep statistics of `stats_columns`:
/// they count leaf columns in schema order. `None` when Delta's default of 32 will do.
pub(super) fn indexed_columns(schema: &Schema, partition_by: &[String], stats_columns: &[String]) -> Option<usize> {
    let mut seen = 0;
    let mut needed = 0;
    for field in schema.fields().iter().filter(|f| !partition_by.contains(f.name())) {
        seen += leaves(field.data_type());
        if stats_columns.contains(field.name()) {
            needed = seen;
        }
    }
    (needed > 32).then_some(needed)
}

fn leaves(data_type: &DataType) -> usize {
    match data_type {
        DataType::Struct(fields) => fields.iter().map(|f| leaves(f.data_type())).sum(),
        _ => 1,
    }
}

fn normalise_fields(table: &TablePath, parent: &str, fields: &Fields) -> Result<Vec<FieldRef>, DeltaError> {
    let mut names = HashSet::new();
    fields
        .iter()
        .map(|field| {
            let column = dotted(parent, field.name());
            if field.name().is_empty() || field.name().contains(REFUSED) {
                return Err(schema_error(table, &column, "the name holds a character that Delta does not allow".to_owned()));
            }
            if !names.insert(field.name().to_lowercase()) {
                return Err(schema_error(table, &column, "two columns have this name, letter case aside".to_owned()));
            }
            let data_type = normalise_type(table, &column, field.data_type())?;
            Ok(Arc::new(Field::new(field.name(), data_type, field.is_nullable()).with_metadata(field.metadata().clone())))
        })
        .collect()
}

fn normalise_type(table: &TablePath, column: &str, data_type: &DataType) -> Result<DataType, DeltaError> {
    Ok(match data_type {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Date32 => data_type.clone(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => DataType::Binary,
        DataType::Date64 => DataType::Date32,
        DataType::Timestamp(_, Some(_)) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        DataType::Decimal32(p, s) | DataType::Decimal64(p, s) | DataType::Decimal128(p, s) if *s >= 0 => {
            DataType::Decimal128(*p, *s)
        }
        DataType::Decimal256(p, s) if *p <= 38 && *s >= 0 => DataType::Decimal128(*p, *s),
        DataType::Dictionary(_, value) => normalise_type(table, column, value)?,
        DataType::RunEndEncoded(_, value) => normalise_type(table, column, value.data_type())?,
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::ListView(element)
        | DataType::LargeListView(element)
        | DataType::FixedSizeList(element, _) => {
            let inner = normalise_type(table, &dotted(column, "element"), element.data_type())?;
            DataType::List(Arc::new(Field::new("element", inner, element.is_nullable())))
        }
        DataType::Map(entries, _) => {
            let DataType::Struct(pair) = entries.data_type() else {
                return Err(schema_error(table, column, "a map without keys and values".to_owned()));
            };
            let [key, value] = pair.as_ref() else {
                return Err(schema_error(table, column, "a map without keys and values".to_owned()));
            };
            let key_type = normalise_type(table, &dotted(column, "key"), key.data_type())?;
            let value_type = normalise_type(table, &dotted(column, "value"), value.data_type())?;
            let pair =
                Fields::from(vec![Field::new("key", key_type, false), Field::new("value", value_type, value.is_nullable())]);
            DataType::Map(Arc::new(Field::new("key_value", DataType::Struct(pair), false)), false)
        }
        DataType::Struct(fields) => DataType::Struct(normalise_fields(table, column, fields)?.into()),
        DataType::Timestamp(_, None) => {
            return Err(schema_error(table, column, "a timestamp without time zone would shut out readers: use UTC".to_owned()));
        }
        other => {
            return Err(schema_error(table, column, format!("Delta has no type for {other}")));
        }
    })
}

fn dotted(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}

fn schema_error(table: &TablePath, column: &str, reason: String) -> DeltaError {
    DeltaError::Schema { table: table.clone(), column: column.to_owned(), reason }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn check(data_type: DataType) -> Result<DataType, String> {
        let schema = Schema::new(vec![Field::new("c", data_type, true)]);
        normalise(&"t".into(), &schema).map(|s| s.field(0).data_type().clone()).map_err(|e| e.to_string())
    }

    #[test]
    fn types_take_their_delta_form_or_are_refused_by_column() {
        let item = Arc::new(Field::new("item", DataType::Utf8View, true));
        let element = Arc::new(Field::new("element", DataType::Utf8, true));
        assert_eq!(check(DataType::LargeList(item)), Ok(DataType::List(element)));
        assert_eq!(check(DataType::Decimal64(10, 2)), Ok(DataType::Decimal128(10, 2)));
        let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        assert_eq!(check(DataType::Timestamp(TimeUnit::Nanosecond, Some("+00:00".into()))), Ok(utc));
        for refused in [DataType::UInt64, DataType::Timestamp(TimeUnit::Microsecond, None), DataType::Null] {
            assert!(check(refused).unwrap_err().contains("column `c`"));
        }
    }

    #[test]
    fn names_are_checked() {
        for names in [vec!["a b"], vec!["A", "a"], vec![""]] {
            let fields: Vec<Field> = names.iter().map(|n| Field::new(*n, DataType::Int32, true)).collect();
            assert!(normalise(&"t".into(), &Schema::new(fields)).is_err());
        }
    }

    #[test]
    fn the_schema_and_its_metadata_go_to_json_and_back() {
        let nested = DataType::Struct(Fields::from(vec![Field::new("x", DataType::Int32, false)]));
        let comment = [("comment".to_owned(), "the key".to_owned()), ("lakesmith.source_name".to_owned(), "Order ID".to_owned())];
        let schema = Schema::new(vec![
            Field::new("order_id", DataType::Utf8, false).with_metadata(comment.into()),
            Field::new("at", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
            Field::new("lines", DataType::List(Arc::new(Field::new("element", nested, true))), true),
            Field::new("amount", DataType::Decimal128(38, 6), true),
        ]);
        let json = to_json(&"t".into(), &schema).unwrap();
        let kernel: StructType = serde_json::from_str(&json).unwrap();
        assert_eq!(*from_kernel(&"t".into(), &kernel).unwrap(), schema);
    }

    #[test]
    fn columns_beyond_the_thirty_second_raise_the_count() {
        let fields: Vec<Field> = (0..40).map(|i| Field::new(format!("c{i}"), DataType::Int32, true)).collect();
        let schema = Schema::new(fields);
        assert_eq!(indexed_columns(&schema, &[], &["c3".to_owned()]), None);
        assert_eq!(indexed_columns(&schema, &[], &["c35".to_owned()]), Some(36));
        assert_eq!(indexed_columns(&schema, &["c0".to_owned()], &["c35".to_owned()]), Some(35));
    }
}
