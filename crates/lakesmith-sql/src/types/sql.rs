//! The type that a `CAST` names.

use super::{DataType, parse_type};
use crate::SqlError;
use sqlparser::ast;

/// The type a tree names. Prints the tree's type and reads it, since what the grammar takes for a type is more than Spark has.
pub(crate) fn from_sql(ty: &ast::DataType) -> Result<DataType, SqlError> {
    let text = match ty {
        ast::DataType::Timestamp(None, ast::TimezoneInfo::None) => "TIMESTAMP".to_owned(),
        ast::DataType::Custom(name, parameters) if parameters.is_empty() => name.to_string(),
        other => other.to_string(),
    };
    parse_type(&text).map_err(|error| {
        let error = SqlError { range: None, ..error };
        if error.message.ends_with("is not a type") {
            error
        } else {
            SqlError { message: format!("`{text}`: {}", error.message), ..error }
        }
    })
}

/// The tree's name for a type, for casts that are written into a query.
pub(crate) fn to_sql(ty: &DataType) -> ast::DataType {
    use ast::{ArrayElemTypeDef, ExactNumberInfo, StructBracketKind, TimezoneInfo};
    match ty {
        DataType::Boolean => ast::DataType::Boolean,
        DataType::TinyInt => ast::DataType::TinyInt(None),
        DataType::SmallInt => ast::DataType::SmallInt(None),
        DataType::Int => ast::DataType::Int(None),
        DataType::BigInt => ast::DataType::BigInt(None),
        DataType::Float => ast::DataType::Float(ExactNumberInfo::None),
        DataType::Double => ast::DataType::Double(ExactNumberInfo::None),
        DataType::Decimal { precision, scale } => {
            ast::DataType::Decimal(ExactNumberInfo::PrecisionAndScale(u64::from(*precision), i64::from(*scale)))
        }
        DataType::String => ast::DataType::String(None),
        DataType::Binary => ast::DataType::Binary(None),
        DataType::Date => ast::DataType::Date,
        DataType::Timestamp => ast::DataType::Timestamp(None, TimezoneInfo::None),
        DataType::Null => ast::DataType::Custom(ast::ObjectName::from(vec![ast::Ident::new("VOID")]), Vec::new()),
        DataType::Interval => ast::DataType::Interval { fields: None, precision: None },
        DataType::Array(element) => ast::DataType::Array(ArrayElemTypeDef::AngleBracket(Box::new(to_sql(element)))),
        DataType::Map(key, value) => ast::DataType::Map(Box::new(to_sql(key)), Box::new(to_sql(value))),
        DataType::Struct(fields) => {
            let field = |field: &super::Field| ast::StructField {
                field_name: Some(ast::Ident::with_quote('`', &field.name)),
                field_type: to_sql(&field.ty),
                options: None,
            };
            ast::DataType::Struct(fields.iter().map(field).collect(), StructBracketKind::AngleBrackets)
        }
    }
}
