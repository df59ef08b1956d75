//! What callers see of resolution.

use super::names::{Column, Names, Relation};
use super::resolver::Resolver;
use crate::{DataType, Expr, Field, Query, Schema, SqlError};
use std::collections::BTreeSet;

/// A column of a table: `("silver.sales_orders", "order_id")`. The name is the column's own; fields within it are not told apart.
pub type ColumnRef = (String, String);

/// The tables that a query may name.
pub trait Schemas {
    /// The columns of a table, by the parts of its name: `["silver", "sales_orders"]`.
    fn table(&self, parts: &[String]) -> Option<Schema>;
}

/// A query that is understood.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The definite form: it means the same, and prints Spark SQL.
    pub query: Query,
    /// The columns that come out.
    pub schema: Schema,
    /// For each column that comes out, the columns its values are made from.
    pub lineage: Vec<OutputColumn>,
    /// The tables read: `silver.sales_orders`.
    pub tables: BTreeSet<String>,
    /// False if a function is used whose result depends on the order of rows (`first`, `any_value`, `collect_list` …).
    pub deterministic: bool,
}

/// Where the values of a column of a result come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputColumn {
    /// The column's name.
    pub name: String,
    /// The columns that its expression names, through subqueries down to the tables. Filters and join conditions do not count.
    pub sources: BTreeSet<ColumnRef>,
}

/// An expression that is understood.
#[derive(Debug, Clone)]
pub struct ResolvedExpr {
    /// The definite form.
    pub expr: Expr,
    /// Its type.
    pub ty: DataType,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// The columns it names: (the qualifier of the relation in the scope or an empty text, the column).
    pub columns: BTreeSet<ColumnRef>,
    /// Whether it contains an aggregate function (outside `OVER`).
    pub aggregate: bool,
    /// See [`Resolved::deterministic`].
    pub deterministic: bool,
}

/// The relations whose columns an expression may name.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    pub(super) relations: Vec<(String, Schema)>,
    pub(super) aggregates: bool,
    pub(super) qualified: bool,
}

impl Scope {
    /// One relation without a name.
    pub fn of(schema: Schema) -> Self {
        Self::default().with("", schema)
    }

    /// A further relation. `qualifier` may have several parts: `silver.sales_orders`.
    #[must_use]
    pub fn with(mut self, qualifier: impl Into<String>, schema: Schema) -> Self {
        self.relations.push((qualifier.into(), schema));
        self
    }

    /// Lets the expression be an aggregate, as a measure is.
    #[must_use]
    pub fn allow_aggregates(mut self) -> Self {
        self.aggregates = true;
        self
    }

    /// The definite form names each column with its relation, so that it means the same beside other relations.
    #[must_use]
    pub fn qualified(mut self) -> Self {
        self.qualified = true;
        self
    }
}

/// Resolves a query against the tables it may name.
///
/// # Errors
/// All faults, each with the bytes it concerns in the text that was parsed.
pub fn resolve(query: &Query, schemas: &dyn Schemas) -> Result<Resolved, Vec<SqlError>> {
    resolved(query, Resolver::new(schemas))
}

/// The same with every name written out: each column with its relation, `*` as the columns it stands for, USING as a
/// condition. Here `*` leaves out the columns of a table whose names begin with `_`; each can be named.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_spelled(query: &Query, schemas: &dyn Schemas) -> Result<Resolved, Vec<SqlError>> {
    let mut resolver = Resolver::new(schemas);
    resolver.spelled = true;
    resolved(query, resolver)
}

fn resolved(query: &Query, mut resolver: Resolver<'_>) -> Result<Resolved, Vec<SqlError>> {
    let mut ast = query.ast().clone();
    let columns = resolver.query(&mut ast, None);
    if !resolver.errors.is_empty() {
        return Err(sorted(resolver.errors));
    }
    let field = |column: &Column| Field { name: column.name.clone(), ty: column.ty.clone(), nullable: column.nullable };
    Ok(Resolved {
        query: Query::new(ast),
        schema: Schema::new(columns.iter().map(field).collect()),
        lineage: columns.into_iter().map(|column| OutputColumn { name: column.name, sources: column.sources }).collect(),
        tables: resolver.tables,
        deterministic: resolver.deterministic,
    })
}

/// Resolves one expression over the columns of a scope. Aggregates are refused unless [`Scope::allow_aggregates`]; subqueries and
/// functions over windows always.
///
/// # Errors
/// All faults, each with the bytes it concerns in the text that was parsed.
pub fn resolve_expr(expr: &Expr, scope: &Scope) -> Result<ResolvedExpr, Vec<SqlError>> {
    let mut ast = expr.ast().clone();
    let mut resolver = Resolver::new(&NoTables);
    resolver.no_subquery = Some("an expression");
    resolver.no_window = Some("an expression");
    resolver.no_aggregate = if scope.aggregates { None } else { Some("an expression") };
    let relation = |(qualifier, schema): &(String, Schema)| {
        let parts = qualifier.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        Relation::table(parts, qualifier, schema.clone())
    };
    let relations = scope.relations.iter().map(relation).collect();
    let names = Names { relations, qualified: scope.qualified, ..Names::default() };
    let typed = resolver.expr(&mut ast, &names);
    if !resolver.errors.is_empty() {
        return Err(sorted(resolver.errors));
    }
    Ok(ResolvedExpr {
        expr: Expr::new(ast),
        ty: typed.ty,
        nullable: typed.nullable,
        columns: typed.sources,
        aggregate: typed.aggregate,
        deterministic: resolver.deterministic,
    })
}

/// An expression alone names no tables.
struct NoTables;

impl Schemas for NoTables {
    fn table(&self, _: &[String]) -> Option<Schema> {
        None
    }
}

/// In the order of the text.
fn sorted(mut errors: Vec<SqlError>) -> Vec<SqlError> {
    errors.sort_by_key(|error| error.range.as_ref().map_or(usize::MAX, |range| range.start));
    errors
}
