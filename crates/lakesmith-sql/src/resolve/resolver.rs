//! What is kept while a query is resolved.

use super::names::{Column, Names};
use super::{ColumnRef, Schemas};
use crate::rewrite::tree::cast;
use crate::types::{implicit, loses, to_sql};
use crate::{DataType, SqlError};
use sqlparser::ast::{CastKind, Expr, Spanned};
use std::collections::BTreeSet;

/// What is known of an expression.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    pub(super) ty: DataType,
    pub(super) nullable: bool,
    pub(super) sources: BTreeSet<ColumnRef>,
    /// Contains an aggregate that is not over a window.
    pub(super) aggregate: bool,
    /// Contains a function over a window.
    pub(super) window: bool,
    /// The value, if it is a whole number written out.
    pub(super) number: Option<i64>,
    /// The column's name, if it is just a column.
    pub(super) column: Option<String>,
}

/// A select item that later clauses may name.
#[derive(Debug, Clone)]
pub(super) struct Alias {
    pub(super) name: String,
    pub(super) expr: Expr,
    pub(super) typed: Typed,
}

pub(super) struct Resolver<'a> {
    pub(super) schemas: &'a dyn Schemas,
    pub(super) errors: Vec<SqlError>,
    pub(super) tables: BTreeSet<String>,
    pub(super) deterministic: bool,
    /// The named subqueries in sight; the last of a name counts.
    pub(super) ctes: Vec<(String, Vec<Column>)>,
    /// The parameters of the lambdas around; the last of a name counts.
    pub(super) lambdas: Vec<(String, DataType)>,
    pub(super) aliases: Vec<Alias>,
    /// Whether an alias comes before a column of its name, as in ORDER BY.
    pub(super) aliases_first: bool,
    /// The named windows of the query.
    pub(super) windows: Vec<String>,
    /// Where aggregates are not allowed now: "WHERE", "a join condition".
    pub(super) no_aggregate: Option<&'static str>,
    pub(super) no_window: Option<&'static str>,
    pub(super) no_subquery: Option<&'static str>,
    /// Whether names are written out: each column with its relation, `*` as columns, USING as a condition.
    pub(super) spelled: bool,
    /// A relation is not known: that a column is missing means nothing any more.
    pub(super) blind: bool,
    /// How deep the expression is that is resolved now.
    pub(super) depth: usize,
}

impl Typed {
    pub(super) fn new(ty: DataType, nullable: bool) -> Self {
        Self { ty, nullable, sources: BTreeSet::new(), aggregate: false, window: false, number: None, column: None }
    }

    /// What an expression is taken for that has a fault already told: fits everywhere.
    pub(super) fn unknown() -> Self {
        Self::new(DataType::Null, true)
    }

    /// The expression contains this one.
    pub(super) fn with(mut self, part: &Typed) -> Self {
        self.absorb(part);
        self
    }

    pub(super) fn absorb(&mut self, part: &Typed) {
        self.sources.extend(part.sources.iter().cloned());
        self.aggregate |= part.aggregate;
        self.window |= part.window;
    }
}

impl<'a> Resolver<'a> {
    pub(super) fn new(schemas: &'a dyn Schemas) -> Self {
        Self {
            schemas,
            errors: Vec::new(),
            tables: BTreeSet::new(),
            deterministic: true,
            ctes: Vec::new(),
            lambdas: Vec::new(),
            aliases: Vec::new(),
            aliases_first: false,
            windows: Vec::new(),
            no_aggregate: None,
            no_window: None,
            no_subquery: None,
            spelled: false,
            blind: false,
            depth: 0,
        }
    }

    /// Notes a fault; the expression is unknown from here on.
    pub(super) fn fault(&mut self, error: SqlError) -> Typed {
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
        Typed::unknown()
    }

    pub(super) fn fault_at(&mut self, error: SqlError, expr: &Expr) -> Typed {
        self.fault(error.at(range(expr)))
    }

    /// Resolves an expression where neither aggregates nor windows are allowed.
    pub(super) fn plain(&mut self, expr: &mut Expr, names: &Names<'_>, place: &'static str) -> Typed {
        let before = (self.no_aggregate.replace(place), self.no_window.replace(place));
        let typed = self.expr(expr, names);
        (self.no_aggregate, self.no_window) = before;
        typed
    }

    /// Resolves a condition.
    pub(super) fn condition(&mut self, expr: &mut Expr, names: &Names<'_>, place: &'static str) -> Typed {
        let typed = self.plain(expr, names, place);
        self.convert(expr, &typed, &DataType::Boolean);
        typed
    }

    /// Resolves an expression that must be of a type, or become it.
    pub(super) fn expected(&mut self, expr: &mut Expr, names: &Names<'_>, ty: &DataType) -> Typed {
        let typed = self.expr(expr, names);
        self.convert(expr, &typed, ty);
        typed
    }

    /// Makes an expression the type it has to be. A conversion that can fail or change the value is written out.
    pub(super) fn convert(&mut self, expr: &mut Expr, typed: &Typed, to: &DataType) {
        if !implicit(&typed.ty, to) {
            let error = SqlError::new("type-mismatch", format!("{to} is needed here, this is {}", typed.ty));
            self.fault_at(error, expr);
        } else if loses(&typed.ty, to) {
            let inner = std::mem::replace(expr, Expr::Tuple(Vec::new()));
            *expr = cast(CastKind::Cast, inner, to_sql(to));
        }
    }
}

/// The bytes of an expression.
pub(super) fn range(expr: &Expr) -> Option<std::ops::Range<usize>> {
    crate::syntax::bytes(expr.span())
}
