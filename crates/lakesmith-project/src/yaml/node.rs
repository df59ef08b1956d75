//! The tree.

use lakesmith_text::{Located, Span, Spanned};

/// A value and its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// From its first byte to its last; a point where nothing is written.
    pub(crate) span: Span,
    pub(crate) kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// Nothing, or `null` as it was written.
    Null(String),
    /// A scalar; `plain` when it is written without quotes and not as a block.
    Scalar { text: Located, plain: bool },
    /// A list.
    Seq(Vec<Node>),
    /// A map in the order written, each key once.
    Map(Vec<Entry>),
}

/// One key of a map with its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: Spanned<String>,
    pub(crate) value: Node,
}

impl Node {
    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<Spanned<String>> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(Spanned::new(text.text().to_owned(), self.span)),
            _ => None,
        }
    }

    /// The text of a scalar, `null` as it was written included.
    pub(crate) fn verbatim(&self) -> Option<Spanned<String>> {
        match &self.kind {
            Kind::Null(written) if !written.is_empty() => Some(Spanned::new(written.clone(), self.span)),
            _ => self.text(),
        }
    }

    /// The entries of a map; none of anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The elements of a list; a single value counts as a list of one.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::Seq(items) => items,
            Kind::Null(_) => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// What the user sees it as.
    pub(crate) fn described(&self) -> &'static str {
        match &self.kind {
            Kind::Null(_) => "nothing",
            Kind::Seq(_) => "a list",
            Kind::Map(_) => "a map",
            Kind::Scalar { plain: true, text } if boolean(text.text()).is_some() => "a truth value",
            Kind::Scalar { plain: true, text } if number(text.text()).is_some() => "a number",
            Kind::Scalar { .. } => "a text",
        }
    }
}

/// A truth value as YAML 1.2 writes it.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// A decimal number such as `-1.5` or `1e3`; no infinity, no octal, no separators.
pub(crate) fn number(text: &str) -> Option<f64> {
    let digits = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E'));
    text.parse().ok().filter(|_| digits && plain)
}
