//! The parsed forms: a query and an expression, printable as the Spark SQL they came from.
//!
//! Every identifier and literal of a parsed tree carries its place: spans of the tree are `line 1, column = byte + 1` of the parsed text.

use crate::walk;
use sqlparser::ast::{self, Value};
use sqlparser::tokenizer::Span;
use std::fmt;
use std::ops::{ControlFlow, Range};

/// One `SELECT` statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query(ast::Query);

/// One expression over the columns of some relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr(ast::Expr);

impl Query {
    /// Wraps a tree whose string literals hold their unescaped values.
    pub fn new(ast: ast::Query) -> Self {
        Self(ast)
    }

    /// The tree.
    pub fn ast(&self) -> &ast::Query {
        &self.0
    }

    /// The tree, taken out.
    pub fn into_ast(self) -> ast::Query {
        self.0
    }

    /// The names after FROM and JOIN, as written, part by part; those of common table expressions too.
    pub fn relations(&self) -> Vec<Vec<String>> {
        walk::relations(&self.0)
    }

    /// The same query over relations of other names: those that `named` says, part by part, for a name after FROM or JOIN.
    /// Faults found in it still point at the text that was parsed.
    #[must_use]
    pub fn with_relations(mut self, named: &dyn Fn(&[String]) -> Option<Vec<String>>) -> Query {
        walk::rename_relations(&mut self.0, named);
        self
    }
}

impl Expr {
    /// Wraps a tree whose string literals hold their unescaped values.
    pub fn new(ast: ast::Expr) -> Self {
        Self(ast)
    }

    /// The tree.
    pub fn ast(&self) -> &ast::Expr {
        &self.0
    }

    /// The tree, taken out.
    pub fn into_ast(self) -> ast::Expr {
        self.0
    }

    /// The column's name if the expression is just a column (`a`, `t.a`, `line.LineNo`): the last part.
    pub fn last_name(&self) -> Option<&str> {
        match &self.0 {
            ast::Expr::Identifier(ident) => Some(&ident.value),
            ast::Expr::CompoundIdentifier(parts) => parts.last().map(|ident| ident.value.as_str()),
            _ => None,
        }
    }
}

/// A name in backticks, whatever it contains.
pub fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// Prints Spark SQL that parses to the same tree.
impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ast = self.0.clone();
        let _ = walk::expressions(&mut ast, &mut escape);
        write!(f, "{ast}")
    }
}

/// Prints Spark SQL that parses to the same tree.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ast = self.0.clone();
        let _ = walk::expressions(&mut ast, &mut escape);
        write!(f, "{ast}")
    }
}

/// Escapes the strings of a node as Spark reads them. Literals that are no expression of their own are taken along.
fn escape(expr: &mut ast::Expr) -> ControlFlow<()> {
    match expr {
        ast::Expr::Value(value) => escape_value(&mut value.value),
        ast::Expr::TypedString(typed) => escape_value(&mut typed.value.value),
        ast::Expr::Like { escape_char: Some(value), .. } | ast::Expr::ILike { escape_char: Some(value), .. } => {
            escape_value(&mut value.value);
        }
        _ => {}
    }
    ControlFlow::Continue(())
}

fn escape_value(value: &mut Value) {
    if let Value::SingleQuotedString(text) = value
        && text.contains(['\\', '\''])
    {
        *text = text.replace('\\', "\\\\").replace('\'', "\\'");
    }
}

/// The bytes a span stands for.
pub(crate) fn bytes(span: Span) -> Option<Range<usize>> {
    let start = usize::try_from(span.start.column).ok()?.checked_sub(1)?;
    let end = usize::try_from(span.end.column).ok()?.checked_sub(1)?;
    Some(start..end.max(start))
}
