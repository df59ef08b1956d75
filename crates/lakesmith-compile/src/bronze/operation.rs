//! What a row of a change feed is, told by a column of the source and the values that it has.

use crate::entity::rescued;
use crate::expression::{self, Compiled};
use crate::select::{literal, quote};
use crate::table::Column;
use lakesmith_project::Operation;
use lakesmith_sql::DataType;
use lakesmith_text::{Diagnostic, Diagnostics, Spanned};

/// `insert`, `update`, `delete`; NULL for a value that is not told: such a row is neither lost nor guessed at. Where only
/// deletes are told, any other row is a state of its key: `upsert`.
pub(super) fn value(operation: &Operation, data: &[Column], faults: &mut Diagnostics) -> Option<String> {
    let (sql, ty) = expression::source_column(&operation.column, data, None, faults)?;
    if matches!(ty, DataType::Array(_) | DataType::Map(..) | DataType::Struct(_) | DataType::Binary) {
        let fault = format!("`{}` is of type {ty}; what a row is must be told by a single value", operation.column.text());
        faults.push(Diagnostic::error("type-mismatch", fault).at(operation.column.span()));
        return None;
    }
    let text = format!("CAST({sql} AS STRING)");
    // A value that did not fit its column is still told by the rescued text.
    let text = match data.iter().find(|column| quote(&column.name) == sql) {
        Some(column) => rescued::column(Compiled { sql: text, ty: DataType::String, fails: None }, column).sql,
        None => text,
    };
    let branch = |values: &[Spanned<String>], word: &str| {
        let values: Vec<String> = values.iter().map(|value| literal(&value.value)).collect();
        (!values.is_empty()).then(|| format!(" WHEN {text} IN ({}) THEN '{word}'", values.join(", ")))
    };
    let branches: String = [(&operation.insert, "insert"), (&operation.update, "update"), (&operation.delete, "delete")]
        .into_iter()
        .filter_map(|(values, word)| branch(values, word))
        .collect();
    let rest = if operation.insert.is_empty() && operation.update.is_empty() { " ELSE 'upsert'" } else { "" };
    Some(match branches.is_empty() {
        true => "'upsert'".to_owned(),
        false => format!("CASE{branches}{rest} END"),
    })
}
