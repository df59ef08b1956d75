//! What can be wrong with a piece of SQL, as data.

use std::ops::Range;

/// One fault in a text of SQL. Messages name syntax, columns, tables and functions, never values of rows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SqlError {
    /// What kind of fault: `sql-syntax`, `unsupported`, `unknown-column`, `ambiguous-column`, `unknown-table`, `unknown-function`,
    /// `function-arguments`, `type-mismatch`, `aggregate-not-allowed`, `not-grouped`, `nondeterministic`, `parameter`.
    pub code: &'static str,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The bytes concerned, in the text that was parsed. None when the tree was put together without a text.
    pub range: Option<Range<usize>>,
    /// What to do about it, where that is known.
    pub help: Option<String>,
}

impl SqlError {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), range: None, help: None }
    }

    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::new("unsupported", what)
    }

    #[must_use]
    pub(crate) fn at(mut self, range: Option<Range<usize>>) -> Self {
        self.range = self.range.or(range);
        self
    }

    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds "did you mean" if one of `names` is close to `name`.
    #[must_use]
    pub(crate) fn suggest<'a>(self, name: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        match lakesmith_text::nearest(name, names) {
            Some(near) => self.help(format!("did you mean `{near}`?")),
            None => self,
        }
    }
}
