//! Expressions that a person wrote, checked against the columns they may read and turned into the step's SQL.
//!
//! Faults come out at the place in the file. In `columns:` an expression is *lenient*: what would raise an error
//! yields NULL, and a second expression says whether a value was there and is gone.

use crate::select::{of, quote};
use crate::table::Column;
use lakesmith_sql::{
    DataType, Expr, Query, ResolvedExpr, Scope, SqlError, ast, each_expression, parse_expr, parse_query, parse_type,
};
use lakesmith_text::{Diagnostic, Diagnostics, Located, Spanned, nearest};
use std::ops::ControlFlow;

/// An expression as the step's SQL has it.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    pub(crate) sql: String,
    pub(crate) ty: DataType,
    /// TRUE for a row whose value was there and is gone; `None` where that cannot happen.
    pub(crate) fails: Option<String>,
}

/// Parses and resolves what was written; an aggregate has no place in a row's expression.
pub(crate) fn expression(written: &Located, scope: &Scope, faults: &mut Diagnostics) -> Option<ResolvedExpr> {
    let resolved = repeatable(written, scope, faults)?;
    if resolved.aggregate {
        faults.push(
            Diagnostic::error("aggregate-not-allowed", "an aggregate function has no place in the expression of one row")
                .at(written.span())
                .help("summarise rows in an aggregate table of the gold layer"),
        );
        return None;
    }
    Some(resolved)
}

/// Parses and resolves the measure of an aggregate table.
pub(crate) fn aggregate(written: &Located, scope: &Scope, faults: &mut Diagnostics) -> Option<ResolvedExpr> {
    let resolved = repeatable(written, scope, faults)?;
    if !resolved.aggregate {
        faults.push(
            Diagnostic::error("not-an-aggregate", "a measure says how the rows of a group become one value")
                .at(written.span())
                .help("wrap it in an aggregate function: `sum(…)`, `max(…)`, `count(DISTINCT …)`; or list it under `group_by`"),
        );
        return None;
    }
    Some(resolved)
}

/// An expression that gives the same value for the same row whenever it runs.
fn repeatable(written: &Located, scope: &Scope, faults: &mut Diagnostics) -> Option<ResolvedExpr> {
    let expr = parse_expr(written.text()).map_err(|error| faults.push(error.diagnostic(written))).ok()?;
    let resolved = match lakesmith_sql::resolve_expr(&expr, scope) {
        Ok(resolved) => resolved,
        Err(errors) => {
            errors.iter().for_each(|error| faults.push(error.diagnostic(written)));
            return None;
        }
    };
    if !resolved.deterministic {
        faults.push(
            Diagnostic::error("nondeterministic", "this expression gives another answer each time it runs")
                .at(written.span())
                .help("a batch that is computed again must give the same rows; use the columns of the row"),
        );
        return None;
    }
    Some(resolved)
}

/// Only the syntax and the names of functions, for expressions over columns that are not known yet.
pub(crate) fn syntax(written: &Located, faults: &mut Diagnostics) {
    if let Err(error) = parse_expr(written.text()) {
        faults.push(error.diagnostic(written));
    }
}

/// A type as written: `decimal(18,2)`.
pub(crate) fn data_type(written: &Spanned<String>, faults: &mut Diagnostics) -> Option<DataType> {
    parse_type(&written.value)
        .map_err(|error: SqlError| {
            let mut fault = Diagnostic::error("invalid-value", error.message).at(written.span);
            fault.help = error.help;
            faults.push(fault);
        })
        .ok()
}

/// A lenient column: the expression, cast to the wanted type, with the test whether its value got lost.
pub(crate) fn lenient(expr: &Expr, ty: &DataType, want: Option<&DataType>) -> Result<Compiled, SqlError> {
    let cast = match want {
        Some(want) if want != ty => parse_expr(&format!("CAST({expr} AS {want})"))?,
        _ => expr.clone(),
    };
    Ok(Compiled {
        sql: lakesmith_sql::lenient(&cast).to_string(),
        ty: want.unwrap_or(ty).clone(),
        fails: lakesmith_sql::fails(&cast).map(|fails| fails.to_string()),
    })
}

/// An expression of gold: Spark's ANSI rules, an error where a value does not fit.
pub(crate) fn strict(expr: &Expr, ty: &DataType, want: Option<&DataType>) -> (String, DataType) {
    match want {
        Some(want) if want != ty => (format!("CAST({expr} AS {want})"), want.clone()),
        _ => (expr.to_string(), ty.clone()),
    }
}

/// A resolved expression with its columns as those of `relation`, for a query in which others have columns of that name.
pub(crate) fn qualified(expr: &Expr, columns: &[Column], relation: &str) -> Expr {
    // The variables of a lambda look like columns.
    let text = expr.to_string();
    let Some(mut query) = parse_query(&format!("SELECT {text}")).ok().filter(|_| !text.contains("->")).map(Query::into_ast)
    else {
        return expr.clone();
    };
    let is_column = |ident: &ast::Ident| columns.iter().any(|column| column.name == ident.value);
    let own = ast::Ident::with_quote('`', relation);
    let _ = each_expression(&mut query, &mut |expr| {
        match expr {
            ast::Expr::Identifier(ident) if is_column(ident) => {
                *expr = ast::Expr::CompoundIdentifier(vec![own.clone(), ident.clone()]);
            }
            ast::Expr::CompoundIdentifier(parts) if parts.first().is_some_and(is_column) => parts.insert(0, own.clone()),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    match *query.body {
        ast::SetExpr::Select(mut select) => match select.projection.pop() {
            Some(ast::SelectItem::UnnamedExpr(qualified)) => Expr::new(qualified),
            _ => expr.clone(),
        },
        _ => expr.clone(),
    }
}

/// `from:` of a column: a column by its name in the table or in the source, or a path into a nested column. The SQL is
/// qualified by `relation`, if there is one.
pub(crate) fn source_column(
    written: &Located,
    columns: &[Column],
    relation: Option<&str>,
    faults: &mut Diagnostics,
) -> Option<(String, DataType)> {
    let text = written.text().trim();
    let sql = |name: &str| relation.map_or_else(|| quote(name), |relation| of(relation, name));
    if let Some(column) = find(columns, text) {
        return Some((sql(&column.name), column.ty.clone()));
    }
    let mut parts = text.split('.').map(|part| part.trim().trim_matches('`'));
    let first = parts.next().unwrap_or_default();
    let Some(column) = find(columns, first) else {
        let mut fault = unknown_column(first, written, columns.iter().map(|c| c.name.as_str()));
        if columns.iter().any(|column| column.name == "_rescued_data") {
            let hint =
                "\na field too rare to be among the rows that were looked at is declared under `schema_hints` of its source";
            fault.help = fault.help.map(|help| if help.ends_with('?') { help } else { help + hint });
        }
        faults.push(fault);
        return None;
    };
    let (mut path, mut ty) = (sql(&column.name), column.ty.clone());
    for part in parts {
        let DataType::Struct(fields) = &ty else {
            let fault = format!("`{text}` goes into a value of type {ty}, which has no fields");
            faults.push(Diagnostic::error("unknown-column", fault).at(written.span()));
            return None;
        };
        let Some(field) = fields.iter().find(|f| f.name == part).or_else(|| fields.iter().find(|f| same_name(&f.name, part)))
        else {
            faults.push(unknown_column(part, written, fields.iter().map(|f| f.name.as_str())));
            return None;
        };
        path = format!("{path}.{}", quote(&field.name));
        ty = field.ty.clone();
    }
    Some((path, ty))
}

/// The column of that name: exact before case-insensitive, the table's name before the source's.
pub(crate) fn find<'a>(columns: &'a [Column], name: &str) -> Option<&'a Column> {
    let source = |c: &Column| c.source_name.clone().unwrap_or_default();
    (columns.iter().find(|c| c.name == name))
        .or_else(|| columns.iter().find(|c| source(c) == name))
        .or_else(|| columns.iter().find(|c| same_name(&c.name, name)))
        .or_else(|| columns.iter().find(|c| same_name(&source(c), name)))
}

pub(crate) fn same_name(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// A column that a dimension or a fact names and its input does not have. `input`: how it is called.
pub(crate) fn no_such_column(input: &str, columns: &[Column], written: &Spanned<String>) -> Diagnostic {
    let fault = Diagnostic::error("unknown-column", format!("{input} has no column `{}`", written.value)).at(written.span);
    let names = columns.iter().map(|column| column.name.as_str()).filter(|name| !name.starts_with('_'));
    match nearest(&written.value, names.clone()) {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None => fault.help(format!("there are: {}", names.collect::<Vec<_>>().join(", "))),
    }
}

fn unknown_column<'a>(name: &str, written: &Located, known: impl Iterator<Item = &'a str> + Clone) -> Diagnostic {
    let fault = Diagnostic::error("unknown-column", format!("there is no column `{name}`")).at(written.span());
    let known = known.filter(|name| !name.starts_with('_'));
    match nearest(name, known.clone()) {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None => fault.help(format!("there are: {}", known.take(30).collect::<Vec<_>>().join(", "))),
    }
}
