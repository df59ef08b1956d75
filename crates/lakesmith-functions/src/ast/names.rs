//! Names of columns: those that Spark's users see, whatever the expressions become.

use std::collections::HashSet;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectName, Query, Select, SelectItem, SetExpr, TableFactor, TableWithJoins, Values,
};

use super::copy;
use super::generators::is_generator;
use super::literals::{null, quoted};

/// Gives every expression without a name the one that it has in Spark: its text, or the field's that it ends in.
pub(super) fn keep(select: &mut Select) {
    let mut tables = HashSet::new();
    select.from.iter().for_each(|t| collect(t, &mut tables));
    tables.extend(select.lateral_views.iter().map(|v| path(&v.lateral_view_name)));
    for item in &mut select.projection {
        let SelectItem::UnnamedExpr(expr) = item else { continue };
        let name = match expr {
            Expr::Identifier(_) => continue,
            Expr::CompoundIdentifier(parts) => {
                let texts: Vec<String> = parts.iter().map(|p| p.value.clone()).collect();
                // A column of a table has its name already.
                match texts.split_last() {
                    Some((_, table)) if tables.contains(table) => continue,
                    Some((field, _)) => field.clone(),
                    None => continue,
                }
            }
            _ if is_generator(expr) => continue,
            _ => expr.to_string().replace('`', ""),
        };
        let expr = std::mem::replace(expr, null());
        *item = SelectItem::ExprWithAlias { expr, alias: quoted(&name) };
    }
}

/// What stands between a name and the number of its column, where columns of one SELECT have one name.
const AGAIN: char = '\u{1f}';

/// Tells columns of equal name apart, which DataFusion does not take: the first keeps the name, the others get a number
/// behind it.
pub(super) fn tell_apart(select: &mut Select) {
    let mut known = HashSet::new();
    for (n, item) in select.projection.iter_mut().enumerate() {
        let name = match item {
            SelectItem::UnnamedExpr(Expr::Identifier(name)) | SelectItem::ExprWithAlias { alias: name, .. } => &name.value,
            SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => match parts.last() {
                Some(name) => &name.value,
                None => continue,
            },
            _ => continue,
        };
        if known.insert(name.clone()) {
            continue;
        }
        let name = quoted(&format!("{name}{AGAIN}{n}"));
        match item {
            SelectItem::ExprWithAlias { alias, .. } => *alias = name,
            SelectItem::UnnamedExpr(expr) => {
                let expr = std::mem::replace(expr, null());
                *item = SelectItem::ExprWithAlias { expr, alias: name };
            }
            _ => {}
        }
    }
}

/// The name of a column that was told apart from others.
pub(crate) fn told_apart(name: &str) -> Option<&str> {
    name.split_once(AGAIN).map(|(name, _)| name)
}

/// The names by which the tables of a FROM can be meant.
fn collect(table: &TableWithJoins, names: &mut HashSet<Vec<String>>) {
    let joined = table.joins.iter().map(|j| &j.relation);
    for factor in std::iter::once(&table.relation).chain(joined) {
        match factor {
            TableFactor::NestedJoin { table_with_joins, .. } => collect(table_with_joins, names),
            TableFactor::Table { alias: Some(alias), .. } | TableFactor::Derived { alias: Some(alias), .. } => {
                names.insert(vec![alias.name.value.clone()]);
            }
            TableFactor::Table { name, .. } => {
                let full = path(name);
                names.extend((0..full.len()).map(|from| full[from..].to_vec()));
            }
            _ => {}
        }
    }
}

fn path(name: &ObjectName) -> Vec<String> {
    name.0.iter().filter_map(|part| part.as_ident()).map(|i: &Ident| i.value.clone()).collect()
}

/// Makes it `SELECT * FROM (query)`: as a relation a query gets its final types before anything is planned on them.
pub(super) fn derive(outer: &mut Query) {
    let query = Box::new(copy::query(outer));
    let Some(mut select) = first_select(&mut outer.body) else { return };
    select.projection = vec![SelectItem::Wildcard(Default::default())];
    select.distinct = None;
    select.from = vec![TableWithJoins {
        relation: TableFactor::Derived { lateral: false, subquery: query, alias: None, sample: None },
        joins: vec![],
    }];
    select.lateral_views = vec![];
    select.selection = None;
    select.group_by = datafusion::sql::sqlparser::ast::GroupByExpr::Expressions(vec![], vec![]);
    select.having = None;
    select.qualify = None;
    select.named_window = vec![];
    outer.with = None;
    outer.order_by = None;
    outer.limit_clause = None;
    outer.fetch = None;
    *outer.body = SetExpr::Select(select);
}

/// Takes out a SELECT to write the new one over.
fn first_select(body: &mut SetExpr) -> Option<Box<Select>> {
    match body {
        SetExpr::Select(_) => {
            match std::mem::replace(body, SetExpr::Values(Values { explicit_row: false, value_keyword: false, rows: vec![] })) {
                SetExpr::Select(select) => Some(select),
                _ => None,
            }
        }
        SetExpr::SetOperation { left, right, .. } => first_select(left).or_else(|| first_select(right)),
        SetExpr::Query(query) => first_select(&mut query.body),
        _ => None,
    }
}
