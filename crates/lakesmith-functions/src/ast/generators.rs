//! `LATERAL VIEW` and generators in the SELECT list.
//!
//! Both are lifted out of the query: its `FROM` becomes a scan of `lateral view#n`, which [`crate::relation`] plans as
//! an unnesting of the former `FROM` that keeps all its qualifiers.

use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr, Ident, Join, JoinConstraint, JoinOperator,
    ObjectName, Select, SelectItem, SelectItemQualifiedWildcardKind, TableFactor, TableWithJoins, WildcardAdditionalOptions,
};

use super::copy;
use super::literals::quoted;
use crate::error::PlanError;

/// What a generator makes of a list, a map or a list of structs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generator {
    /// One column per element (`col`), or two per entry of a map (`key`, `value`).
    Explode,
    /// The same after a 0-based position (`pos`).
    PosExplode,
    /// One column per field of the structs.
    Inline,
}

/// A generator applied to every row of a relation.
pub(crate) struct View {
    /// The rows it applies to; none: a single row without columns.
    pub(crate) input: Option<TableWithJoins>,
    pub(crate) generator: Generator,
    /// Keep a row whose list is NULL or empty, with NULLs.
    pub(crate) outer: bool,
    pub(crate) argument: Expr,
    /// Qualifier of the new columns.
    pub(crate) name: String,
    /// Names of the new columns; empty: Spark's defaults.
    pub(crate) columns: Vec<String>,
}

/// The name under which view `n` stands in the query.
pub(crate) const VIEW: &str = "lateral view#";

/// The generator that a function is, and whether `outer`.
pub(super) fn kind(function: &Function) -> Option<(Generator, bool)> {
    Some(match function.name.to_string().to_ascii_lowercase().as_str() {
        "explode" => (Generator::Explode, false),
        "explode_outer" => (Generator::Explode, true),
        "posexplode" => (Generator::PosExplode, false),
        "posexplode_outer" => (Generator::PosExplode, true),
        "inline" => (Generator::Inline, false),
        "inline_outer" => (Generator::Inline, true),
        _ => return None,
    })
}

/// Does the expression call a generator?
pub(super) fn is_generator(expr: &Expr) -> bool {
    matches!(expr, Expr::Function(function) if kind(function).is_some())
}

/// The generator that an expression calls, whether `outer`, and what it is given.
fn generator(expr: &Expr) -> Option<(Generator, bool, Result<Expr, PlanError>)> {
    let Expr::Function(function) = expr else { return None };
    let (generator, outer) = kind(function)?;
    let argument = match &function.args {
        FunctionArguments::List(list) => match list.args.as_slice() {
            [FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))] => Some(copy::expr(expr)),
            _ => None,
        },
        _ => None,
    };
    let wrong =
        || PlanError::Arguments { function: function.name.to_string().to_ascii_lowercase(), reason: "takes one argument".into() };
    Some((generator, outer, argument.ok_or_else(wrong)))
}

/// Takes the generators out of `select`, which is rewritten otherwise.
pub(super) fn lift(select: &mut Select, views: &mut Vec<View>) -> Result<(), PlanError> {
    let mut found = Vec::new();
    for view in std::mem::take(&mut select.lateral_views) {
        let Some((generator, outer, argument)) = generator(&view.lateral_view) else {
            return Err(PlanError::Unsupported("LATERAL VIEW of anything but explode, posexplode and inline".into()));
        };
        found.push(View {
            input: None,
            generator,
            outer: outer || view.outer,
            argument: argument?,
            name: last(&view.lateral_view_name),
            columns: view.lateral_col_alias.into_iter().map(|i| i.value).collect(),
        });
    }
    let projection = std::mem::take(&mut select.projection);
    let before = found.len();
    for item in projection {
        let (expr, aliases) = match &item {
            SelectItem::UnnamedExpr(expr) => (expr, vec![]),
            SelectItem::ExprWithAlias { expr, alias } => (expr, vec![alias.value.clone()]),
            SelectItem::ExprWithAliases { expr, aliases } => (expr, aliases.iter().map(|a| a.value.clone()).collect()),
            _ => {
                select.projection.push(item);
                continue;
            }
        };
        let Some((generator, outer, argument)) = generator(expr) else {
            select.projection.push(item);
            continue;
        };
        if found.len() > before {
            return Err(PlanError::Unsupported("a second generator in one SELECT list".into()));
        }
        let grouped = !matches!(&select.group_by, GroupByExpr::Expressions(by, with) if by.is_empty() && with.is_empty());
        if grouped {
            return Err(PlanError::Unsupported("a generator in the SELECT list beside GROUP BY".into()));
        }
        let name = format!("generated#{}", views.len());
        select.projection.push(SelectItem::QualifiedWildcard(
            SelectItemQualifiedWildcardKind::ObjectName(ObjectName::from(vec![quoted(&name)])),
            WildcardAdditionalOptions::default(),
        ));
        found.push(View { input: None, generator, outer, argument: argument?, name, columns: aliases });
    }
    for mut view in found {
        view.input = joined(std::mem::take(&mut select.from));
        select.from = vec![scan(views.len())];
        views.push(view);
    }
    Ok(())
}

/// `FROM a, b` as the cross join that it is.
fn joined(from: Vec<TableWithJoins>) -> Option<TableWithJoins> {
    let mut tables = from.into_iter();
    let mut first = tables.next()?;
    for table in tables {
        first.joins.push(Join {
            relation: TableFactor::NestedJoin { table_with_joins: Box::new(table), alias: None },
            global: false,
            join_operator: JoinOperator::CrossJoin(JoinConstraint::None),
        });
    }
    Some(first)
}

fn scan(view: usize) -> TableWithJoins {
    TableWithJoins {
        relation: TableFactor::Table {
            name: ObjectName::from(vec![Ident::new(format!("{VIEW}{view}"))]),
            alias: None,
            args: None,
            with_hints: vec![],
            version: None,
            with_ordinality: false,
            partitions: vec![],
            json_path: None,
            sample: None,
            index_hints: vec![],
        },
        joins: vec![],
    }
}

fn last(name: &ObjectName) -> String {
    name.0.last().and_then(|part| part.as_ident()).map(|i| i.value.clone()).unwrap_or_default()
}
