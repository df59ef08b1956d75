//! Spark's type names and the Arrow types they stand for.
//!
//! Every type here can be stored in a Delta table at reader 1 / writer 2: no unsigned integers, and `TIMESTAMP` is an
//! instant in microseconds, UTC.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use datafusion::sql::sqlparser::ast;

use crate::error::PlanError;

/// Spark's `TIMESTAMP`: microseconds since 1970-01-01T00:00:00Z.
pub(crate) fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// A list whose elements may be null, as Spark's `ARRAY<element>`.
pub(crate) fn list(element: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(element, true)))
}

/// The Arrow type of a Spark SQL type, `decimal` being `DECIMAL(10,0)`.
///
/// Errors: [`PlanError::Unsupported`] for a type that Spark or Delta does not have.
pub fn arrow_type(sql: &ast::DataType) -> Result<DataType, PlanError> {
    use ast::DataType as Sql;
    Ok(match sql {
        Sql::Boolean | Sql::Bool => DataType::Boolean,
        Sql::TinyInt(_) => DataType::Int8,
        Sql::SmallInt(_) => DataType::Int16,
        Sql::Int(_) | Sql::Integer(_) => DataType::Int32,
        Sql::BigInt(_) => DataType::Int64,
        Sql::Float(_) | Sql::Real => DataType::Float32,
        Sql::Double(_) | Sql::DoublePrecision => DataType::Float64,
        Sql::String(_) | Sql::Text | Sql::Varchar(_) | Sql::Char(_) => DataType::Utf8,
        Sql::Binary(_) => DataType::Binary,
        Sql::Date => DataType::Date32,
        Sql::Timestamp(None, ast::TimezoneInfo::None) => timestamp(),
        Sql::Decimal(info) | Sql::Numeric(info) | Sql::Dec(info) => {
            let (precision, scale) = match info {
                ast::ExactNumberInfo::None => (10, 0),
                ast::ExactNumberInfo::Precision(p) => (*p as i64, 0),
                ast::ExactNumberInfo::PrecisionAndScale(p, s) => (*p as i64, *s),
            };
            if !(1..=38).contains(&precision) || !(0..=precision).contains(&scale) {
                return Err(PlanError::Unsupported(format!("the type {sql}")));
            }
            DataType::Decimal128(precision as u8, scale as i8)
        }
        Sql::Array(ast::ArrayElemTypeDef::AngleBracket(element)) => list(arrow_type(element)?),
        Sql::Struct(fields, _) => {
            let mut out = Vec::with_capacity(fields.len());
            for (i, field) in fields.iter().enumerate() {
                let name = field.field_name.as_ref().map_or_else(|| format!("col{}", i + 1), |n| n.value.clone());
                out.push(Field::new(name, arrow_type(&field.field_type)?, true));
            }
            DataType::Struct(Fields::from(out))
        }
        Sql::Custom(name, arguments) => custom(&name.to_string().to_ascii_lowercase(), arguments)
            .ok_or_else(|| PlanError::Unsupported(format!("the type {sql}")))?,
        Sql::Map(key, value) => map(arrow_type(key)?, arrow_type(value)?),
        other => return Err(PlanError::Unsupported(format!("the type {other}"))),
    })
}

fn custom(name: &str, arguments: &[String]) -> Option<DataType> {
    if !arguments.is_empty() {
        return None;
    }
    Some(match name {
        "byte" => DataType::Int8,
        "short" => DataType::Int16,
        "long" => DataType::Int64,
        "timestamp_ltz" => timestamp(),
        _ => return None,
    })
}

/// Spark's `MAP<key, value>`: keys are never null.
pub(crate) fn map(key: DataType, value: DataType) -> DataType {
    let entries = Fields::from(vec![Field::new("key", key, false), Field::new("value", value, true)]);
    DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries), false)), false)
}

/// What Spark's `typeof` calls a type, for instance `array<struct<a:int>>`.
pub fn spark_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Null => "void".into(),
        DataType::Boolean => "boolean".into(),
        DataType::Int8 => "tinyint".into(),
        DataType::Int16 => "smallint".into(),
        DataType::Int32 => "int".into(),
        DataType::Int64 => "bigint".into(),
        DataType::Float32 => "float".into(),
        DataType::Float64 => "double".into(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "string".into(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "binary".into(),
        DataType::Date32 => "date".into(),
        DataType::Timestamp(_, Some(_)) => "timestamp".into(),
        DataType::Timestamp(_, None) => "timestamp_ntz".into(),
        DataType::Decimal128(p, s) => format!("decimal({p},{s})"),
        DataType::Interval(_) | DataType::Duration(_) => "interval".into(),
        DataType::List(f) | DataType::LargeList(f) | DataType::ListView(f) | DataType::FixedSizeList(f, _) => {
            format!("array<{}>", spark_name(f.data_type()))
        }
        DataType::Struct(fields) => {
            let fields: Vec<_> = fields.iter().map(|f| format!("{}:{}", f.name(), spark_name(f.data_type()))).collect();
            format!("struct<{}>", fields.join(","))
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(kv) if kv.len() == 2 => {
                format!("map<{},{}>", spark_name(kv[0].data_type()), spark_name(kv[1].data_type()))
            }
            _ => "map".into(),
        },
        other => other.to_string().to_ascii_lowercase(),
    }
}

/// The type that values of both types are brought to, as in the branches of a CASE; `None` if there is none.
///
/// A string takes the other's type (ANSI), of lists, structs and maps the parts are brought together.
pub(crate) fn common(left: &DataType, right: &DataType) -> Option<DataType> {
    use DataType as T;
    let is_string = crate::operators::is_string;
    Some(match (left, right) {
        (l, r) if l == r => l.clone(),
        (T::Null, other) | (other, T::Null) => other.clone(),
        (l, r) if is_string(l) && is_string(r) => T::Utf8,
        (text, other) | (other, text) if is_string(text) => match other {
            t if t.is_integer() => T::Int64,
            t if t.is_numeric() => T::Float64,
            t if t.is_nested() => return None,
            t => t.clone(),
        },
        (T::Date32, T::Timestamp(_, _)) | (T::Timestamp(_, _), T::Date32 | T::Timestamp(_, _)) => timestamp(),
        (l, r) if l.is_numeric() && r.is_numeric() => {
            let decimal = |t: &T| matches!(t, T::Decimal128(_, _));
            if decimal(l) || decimal(r) {
                if l.is_floating() || r.is_floating() {
                    T::Float64
                } else {
                    crate::decimal::common(&crate::decimal::of_integer(l), &crate::decimal::of_integer(r))
                }
            } else {
                crate::operators::wider(l, r)
            }
        }
        (T::List(l), T::List(r)) => list(common(l.data_type(), r.data_type())?),
        (T::Struct(l), T::Struct(r)) if l.len() == r.len() => {
            let fields = l.iter().zip(r).map(|(l, r)| Some(Field::new(l.name(), common(l.data_type(), r.data_type())?, true)));
            T::Struct(fields.collect::<Option<Vec<_>>>()?.into())
        }
        (T::Map(l, _), T::Map(r, _)) => match (l.data_type(), r.data_type()) {
            (T::Struct(l), T::Struct(r)) if l.len() == 2 && r.len() == 2 => {
                map(common(l[0].data_type(), r[0].data_type())?, common(l[1].data_type(), r[1].data_type())?)
            }
            _ => return None,
        },
        _ => return None,
    })
}
