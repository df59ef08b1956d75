//! From a fault in a text of SQL to the line of the file that the text was written in.

use crate::SqlError;
use lakesmith_text::{Diagnostic, Located};

impl SqlError {
    /// The diagnostic at the place in the file where the faulty part of `text` was written; the whole text if no part is known.
    #[must_use]
    pub fn diagnostic(&self, text: &Located) -> Diagnostic {
        let span = match &self.range {
            Some(range) => text.at(range.clone()),
            None => text.span(),
        };
        let diagnostic = Diagnostic::error(self.code, self.message.clone()).at(span);
        match &self.help {
            Some(help) => diagnostic.help(help.clone()),
            None => diagnostic,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use lakesmith_text::{Located, Sources};

    #[test]
    fn a_fault_is_shown_where_it_was_written() {
        let mut sources = Sources::new();
        let file = sources.add("a.yaml", "expr: INSERT INTO t");
        let error = crate::parse_query("INSERT INTO t").unwrap_err();
        let diagnostic = error.diagnostic(&Located::verbatim("INSERT INTO t", file, 6));
        assert_eq!(diagnostic.code, "sql-syntax");
        assert_eq!(sources.slice(diagnostic.span.unwrap()), "INSERT");
    }
}
