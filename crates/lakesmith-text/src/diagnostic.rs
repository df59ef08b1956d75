//! What is said about a place: errors and warnings as data.

use crate::{Sources, Span};

/// Whether a finding stops the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The project cannot be used as it is.
    Error,
    /// The project can be used, but probably does not do what was meant.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// One finding. It never holds a row's values or a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its kind, such as `unknown-key`: what `lakesmith explain` takes, with a page in [`explanation`](crate::explanation).
    pub code: &'static str,
    /// Whether it stops the work.
    pub severity: Severity,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// The place; none only where nothing was written, such as a missing file.
    pub span: Option<Span>,
    /// A few words beside the place itself.
    pub label: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// Further places that matter, each with a few words: where the first of two was written, what a name refers to.
    pub related: Vec<(Span, String)>,
}

impl Diagnostic {
    /// An error without a place yet.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, message.into())
    }

    /// A warning without a place yet.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, message.into())
    }

    /// The place it is about.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// A few words beside the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// What to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Another place that matters, with a few words.
    #[must_use]
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }

    fn new(code: &'static str, severity: Severity, message: String) -> Self {
        Self { code, severity, message, span: None, label: None, help: None, related: Vec::new() }
    }

    /// The order in which findings are shown: those without a place, then by file and position.
    fn rank(&self) -> (Option<Span>, Severity, &str, &str) {
        (self.span, self.severity, self.code, &self.message)
    }
}

/// Findings, always in the order of file and position, none twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// No findings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a finding at its place in the order; one that is there already is not added again.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let index = self.0.partition_point(|other| other.rank() < diagnostic.rank());
        if self.0.get(index).is_none_or(|other| other.rank() != diagnostic.rank()) {
            self.0.insert(index, diagnostic);
        }
    }

    /// Takes back what was suggested where another finding in the same file says that there is no such column.
    pub fn reconsider(&mut self, sources: &Sources) {
        let missing =
            self.0.iter().filter(|diagnostic| diagnostic.code == "unknown-column").filter_map(|diagnostic| diagnostic.span);
        let missing: Vec<Span> = missing.collect();
        for diagnostic in &mut self.0 {
            let (Some(at), Some(help)) = (diagnostic.span, &diagnostic.help) else { continue };
            let wrong = |span: &&Span| span.file == at.file && *help == format!("did you mean `{}`?", sources.slice(**span));
            if let Some(span) = missing.iter().find(wrong) {
                diagnostic.help = Some(format!("`{}` is near, and is not right either", sources.slice(*span)));
            }
        }
    }

    /// Whether anything stops the work.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// How many findings have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.0.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }

    /// The findings in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// How many of them are errors.
    pub fn errors(&self) -> usize {
        self.count(Severity::Error)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, diagnostics: I) {
        diagnostics.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(diagnostics: I) -> Self {
        let mut all = Self::new();
        all.extend(diagnostics);
        all
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sources;

    #[test]
    fn a_name_that_is_wrong_itself_is_not_suggested() {
        let mut sources = Sources::new();
        let (a, b) = (sources.add("a", "kindd, kind"), sources.add("b", "kind"));
        let wrong = Diagnostic::error("unknown-column", "there is no column `kindd`").at(Span::new(a, 0, 5));
        let other = |file, start| {
            let message = "`key` names `kind`, which is not among the columns";
            Diagnostic::error("key-not-a-column", message).at(Span::new(file, start, start + 4)).help("did you mean `kindd`?")
        };
        let mut all: Diagnostics = [wrong, other(a, 7), other(b, 0)].into_iter().collect();
        all.reconsider(&sources);
        let helps: Vec<_> = all.iter().map(|diagnostic| diagnostic.help.as_deref()).collect();
        assert_eq!(helps, [None, Some("`kindd` is near, and is not right either"), Some("did you mean `kindd`?")]);
    }

    #[test]
    fn findings_are_sorted_by_place_and_none_is_told_twice() {
        let mut sources = Sources::new();
        let (a, b) = (sources.add("a", "xyz"), sources.add("b", "xyz"));
        let at = |file, start| Diagnostic::error("unknown-key", "m").at(Span::new(file, start, start + 1));
        let mut all = Diagnostics::new();
        all.extend([at(b, 0), at(a, 2), at(a, 1), at(a, 2), Diagnostic::warning("no-project", "none")]);
        let order: Vec<_> = all.iter().map(|d| d.span.map(|span| (span.file, span.start))).collect();
        assert_eq!(order, [None, Some((a, 1)), Some((a, 2)), Some((b, 0))]);
        assert!(all.has_errors());
        assert_eq!(all.count(Severity::Warning), 1);
    }
}
