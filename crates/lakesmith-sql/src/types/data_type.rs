//! The types, fields and schemas of Spark SQL.

use super::parse::parse_type;
use crate::{SqlError, quoted};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A Spark SQL type. Prints as Spark's DDL, and is that text in JSON and YAML.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // the names are Spark's own
pub enum DataType {
    Boolean,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Float,
    Double,
    /// `precision` digits (1 to 38), `scale` of them behind the point.
    Decimal {
        precision: u8,
        scale: u8,
    },
    String,
    Binary,
    Date,
    /// An instant, in microseconds UTC.
    Timestamp,
    /// The type of a bare `NULL`.
    Null,
    /// A span of months, or of days and microseconds. Never stored.
    Interval,
    Array(Box<DataType>),
    Map(Box<DataType>, Box<DataType>),
    Struct(Vec<Field>),
}

/// A named and typed column of a relation or field of a struct.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Field {
    /// The name as declared. Looked up without regard to case.
    pub name: String,
    /// The type.
    #[serde(rename = "type")]
    pub ty: DataType,
    /// Whether it may be NULL.
    #[serde(default = "yes")]
    pub nullable: bool,
}

/// The columns of a relation, in order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Schema {
    /// The columns.
    pub fields: Vec<Field>,
}

fn yes() -> bool {
    true
}

impl DataType {
    /// A decimal, cut to Spark's limit of 38 digits.
    pub fn decimal(precision: u8, scale: u8) -> Self {
        let precision = precision.clamp(1, 38);
        DataType::Decimal { precision, scale: scale.min(precision) }
    }

    /// `TINYINT`, `SMALLINT`, `INT`, `BIGINT`.
    pub fn is_integral(&self) -> bool {
        matches!(self, DataType::TinyInt | DataType::SmallInt | DataType::Int | DataType::BigInt)
    }

    /// Integral, decimal, `FLOAT` or `DOUBLE`.
    pub fn is_numeric(&self) -> bool {
        self.is_integral() || matches!(self, DataType::Float | DataType::Double | DataType::Decimal { .. })
    }

    /// Neither array, map nor struct.
    pub fn is_atomic(&self) -> bool {
        !matches!(self, DataType::Array(_) | DataType::Map(..) | DataType::Struct(_))
    }
}

impl Field {
    /// A field that may be NULL.
    pub fn new(name: impl Into<String>, ty: DataType) -> Self {
        Self { name: name.into(), ty, nullable: true }
    }
}

impl Schema {
    /// The schema with these columns.
    pub fn new(fields: Vec<Field>) -> Self {
        Self { fields }
    }

    /// Reads Spark's DDL: `OrderID STRING NOT NULL, Lines ARRAY<STRUCT<LineNo: BIGINT>>`.
    ///
    /// # Errors
    /// `sql-syntax` with the bytes of what is not understood.
    pub fn parse(ddl: &str) -> Result<Self, SqlError> {
        super::parse::parse_fields(ddl).map(Self::new)
    }

    /// The column of a name, without regard to case.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| same_name(&field.name, name))
    }
}

/// Whether two names are one to Spark.
pub(crate) fn same_name(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || a.to_lowercase() == b.to_lowercase()
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DataType::Boolean => f.write_str("BOOLEAN"),
            DataType::TinyInt => f.write_str("TINYINT"),
            DataType::SmallInt => f.write_str("SMALLINT"),
            DataType::Int => f.write_str("INT"),
            DataType::BigInt => f.write_str("BIGINT"),
            DataType::Float => f.write_str("FLOAT"),
            DataType::Double => f.write_str("DOUBLE"),
            DataType::Decimal { precision, scale } => write!(f, "DECIMAL({precision},{scale})"),
            DataType::String => f.write_str("STRING"),
            DataType::Binary => f.write_str("BINARY"),
            DataType::Date => f.write_str("DATE"),
            DataType::Timestamp => f.write_str("TIMESTAMP"),
            DataType::Null => f.write_str("VOID"),
            DataType::Interval => f.write_str("INTERVAL"),
            DataType::Array(element) => write!(f, "ARRAY<{element}>"),
            DataType::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            DataType::Struct(fields) => {
                f.write_str("STRUCT<")?;
                for (index, field) in fields.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{}: {}{}", ddl_name(&field.name), field.ty, not_null(field))?;
                }
                f.write_str(">")
            }
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", ddl_name(&self.name), self.ty, not_null(self))
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, field) in self.fields.iter().enumerate() {
            write!(f, "{}{field}", if index > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

fn not_null(field: &Field) -> &'static str {
    if field.nullable { "" } else { " NOT NULL" }
}

fn ddl_name(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && name.starts_with(|c: char| !c.is_ascii_digit());
    if plain { name.to_owned() } else { quoted(name) }
}

impl FromStr for DataType {
    type Err = SqlError;

    fn from_str(text: &str) -> Result<Self, SqlError> {
        parse_type(text)
    }
}

impl Serialize for DataType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DataType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_type(&text).map_err(serde::de::Error::custom)
    }
}
