//! What can go wrong while a step or a query runs. No text of an error holds a value of a row.

use crate::delta::{CommitError, DeltaError};
use datafusion::error::DataFusionError;
use lakesmith_sql::SqlError;
use lakesmith_text::Span;
use thiserror::Error;

/// An error of the engine.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The log or the files of a table.
    #[error(transparent)]
    Delta(#[from] DeltaError),
    /// A commit that did not go through, or whose outcome is unknown.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// A query that is not Spark SQL as lakesmith knows it.
    #[error("{}", .0.first().map_or("the query is not valid", |error| error.message.as_str()))]
    Sql(Vec<SqlError>),
    /// The rows of a step do not keep a condition that must hold before anything is written.
    #[error("{message}")]
    Check {
        /// The diagnostic's code.
        code: &'static str,
        /// What is wrong, with the number of rows.
        message: String,
        /// What to do next.
        help: String,
        /// The line that asked for it.
        at: Option<Span>,
    },
    /// A computation failed: a cast, an overflow, memory.
    #[error("{reason}")]
    Compute {
        /// The engine's words, without values.
        reason: String,
        /// The expression that fails, if one was found.
        at: Option<Span>,
    },
    /// A column that has another type in the table than in the project.
    #[error("column `{column}` of `{table}` is {held} in the table and {wanted} in the project")]
    TypeChanged {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The table's type.
        held: String,
        /// The project's type.
        wanted: String,
    },
}

impl From<SqlError> for EngineError {
    fn from(error: SqlError) -> Self {
        EngineError::Sql(vec![error])
    }
}

impl From<DataFusionError> for EngineError {
    fn from(error: DataFusionError) -> Self {
        let message = error.strip_backtrace();
        EngineError::Compute { reason: own_words(&message).unwrap_or_else(|| without_values(&message)), at: None }
    }
}

impl From<arrow::error::ArrowError> for EngineError {
    fn from(error: arrow::error::ArrowError) -> Self {
        EngineError::Compute { reason: without_values(&error.to_string()), at: None }
    }
}

/// A part of a computation that did not come to its end; a panic's words may hold values.
impl From<tokio::task::JoinError> for EngineError {
    fn from(error: tokio::task::JoinError) -> Self {
        EngineError::Compute { reason: without_values(&error.to_string()), at: None }
    }
}

impl From<lakesmith_functions::PlanError> for EngineError {
    fn from(error: lakesmith_functions::PlanError) -> Self {
        EngineError::Compute { reason: error.to_string(), at: None }
    }
}

/// What one of our own functions says, `[DIVIDE_BY_ZERO] division by zero`, within what others wrapped around it. Our
/// functions put no values into their words.
fn own_words(message: &str) -> Option<String> {
    let code = |at: usize| {
        let inside = message[at + 1..].split_once(']')?.0;
        (inside.len() > 3 && inside.chars().all(|c| c.is_ascii_uppercase() || c == '_')).then_some(at)
    };
    let start = message.match_indices('[').find_map(|(at, _)| code(at))?;
    let words = &message[start..];
    let end = ["')", "\")", "\n"].iter().filter_map(|end| words.find(end)).min().unwrap_or(words.len());
    Some(words[..end].to_owned())
}

/// Takes values out of a message of others: what stands in quotes and free-standing numbers.
pub fn without_values(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let mut chars = message.chars().peekable();
    let mut word = false;
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' if !word => {
                out.push_str("'…'");
                for inner in chars.by_ref() {
                    if inner == c {
                        break;
                    }
                }
            }
            '0'..='9' if !word => {
                out.push('#');
                while chars.peek().is_some_and(|next| next.is_ascii_digit() || matches!(next, '.' | 'e' | 'E' | '_')) {
                    chars.next();
                }
            }
            c => {
                // A path, a version or a type's name stays as it is.
                word = c.is_alphanumeric() || c == '_' || (word && matches!(c, '-' | '.' | '/' | '='));
                out.push(c);
                continue;
            }
        }
        word = false;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::without_values;

    #[test]
    fn our_own_words_are_found_within_others() {
        let wrapped = "Parquet error: External: Compute error: Error evaluating filter predicate: Execution('[DIVIDE_BY_ZERO] division by zero')";
        assert_eq!(super::own_words(wrapped).as_deref(), Some("[DIVIDE_BY_ZERO] division by zero"));
        assert_eq!(super::own_words("list[Int32] is no [thing]"), None);
    }

    #[test]
    fn values_stay_out_of_messages() {
        let cases = [
            (
                "Cast error: Cannot cast string 'anna@example.com' to value of Int32 type",
                "Cast error: Cannot cast string '…' to value of Int32 type",
            ),
            ("Overflow happened on: 9223372036854775807 + 1", "Overflow happened on: # + #"),
            ("Divide by zero error", "Divide by zero error"),
            ("no file part-0001-a.parquet in gold/facts", "no file part-0001-a.parquet in gold/facts"),
            ("value \"it's\" of Decimal128(18, 2)", "value '…' of Decimal128(#, #)"),
        ];
        for (message, clean) in cases {
            assert_eq!(without_values(message), clean);
        }
    }
}
