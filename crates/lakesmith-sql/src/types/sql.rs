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
        if error.message.ends_with("is not a type") { error } else { SqlError { message: format!("`{text}`: {}", error.message), ..error } }
    })
}
