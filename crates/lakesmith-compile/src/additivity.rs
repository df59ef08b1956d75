//! Along which dimensions a measure may be summed. A stock of Monday and one of Tuesday are no stock, and two prices are no
//! price: an aggregate that sums them is refused, because its number would look like any other.

use crate::date;
use crate::fact::period;
use crate::name::TableName;
use lakesmith_project::{Additivity, Fact, FactKind, Project};
use lakesmith_sql::ast::{self, FunctionArg, FunctionArgExpr, FunctionArguments};
use lakesmith_sql::{Expr, each_expression, parse_query};
use lakesmith_text::{Diagnostic, Diagnostics, Located};
use std::ops::ControlFlow;

/// What may not be summed in a table.
#[derive(Default)]
pub(crate) struct Summing {
    /// Columns that are summed along all but time.
    semi_additive: Vec<String>,
    /// Columns that are not summed.
    non_additive: Vec<String>,
    /// Columns that tell the time.
    time: Vec<String>,
}

/// What may not be summed in a table of gold: a fact, or an aggregate of one.
pub(crate) fn of(project: &Project, table: &TableName) -> Summing {
    if let Some(fact) = project.facts.iter().find(|fact| fact.table() == table.to_string()) {
        return of_fact(fact);
    }
    let Some(aggregate) = project.aggregates.iter().find(|aggregate| aggregate.table() == table.to_string()) else {
        return Summing::default();
    };
    // An aggregate is read by another: it may not read itself.
    let Some(from) = TableName::parse(&aggregate.from.value).filter(|from| from != table && !reads_itself(project, from)) else {
        return Summing::default();
    };
    let below = of(project, &from);
    let grouped = |name: &&String| aggregate.group_by.iter().any(|group| group.expr.is_none() && group.name.value == **name);
    let stays = |text: &str| below.semi_additive.iter().any(|column| names(text).iter().any(|name| name == column));
    Summing {
        semi_additive: (aggregate.measures.iter())
            .filter(|(_, expr)| stays(expr.text()))
            .map(|(name, _)| name.value.clone())
            .collect(),
        non_additive: vec![],
        time: below.time.iter().filter(grouped).cloned().collect(),
    }
}

/// Whether a chain of aggregates comes back to where it began.
fn reads_itself(project: &Project, table: &TableName) -> bool {
    let mut at = table.to_string();
    for _ in 0..=project.aggregates.len() {
        match project.aggregates.iter().find(|aggregate| aggregate.table() == at) {
            Some(aggregate) => at.clone_from(&aggregate.from.value),
            None => return false,
        }
    }
    true
}

fn of_fact(fact: &Fact) -> Summing {
    let of = |additivity: Additivity| {
        fact.measures.iter().filter(|m| m.additivity == additivity).map(|m| m.name.value.clone()).collect()
    };
    let periods = [period::START, period::END];
    let tells = |on: &str| fact.kind != FactKind::PeriodicSnapshot || periods.contains(&on);
    let days = fact.dimensions.iter().filter(|role| {
        role.dimension.value.trim_start_matches("gold.") == date::NAME && role.on.iter().all(|on| tells(&on.value))
    });
    let mut time: Vec<String> = days.map(|role| role.key.value.clone()).collect();
    if fact.kind == FactKind::PeriodicSnapshot {
        time.extend(periods.map(str::to_owned));
    }
    Summing { semi_additive: of(Additivity::SemiAdditive), non_additive: of(Additivity::NonAdditive), time }
}

impl Summing {
    /// Says what of an aggregate's measure sums what may not be summed. `expr`: with its names resolved.
    pub(crate) fn check(&self, expr: &Expr, written: &Located, groups: &[&str], faults: &mut Diagnostics) {
        for summed in sums(expr) {
            let used = names(&summed.to_string());
            let over_time = !self.time.iter().any(|time| groups.contains(&time.as_str()));
            if let Some(column) = self.semi_additive.iter().find(|column| used.contains(column))
                && over_time
            {
                let by = match self.time.first() {
                    Some(time) => format!(
                        "group by `{time}` too, or take the mean or the last value: `avg({column})`, `max_by({column}, {time})`"
                    ),
                    None => format!("take the mean or the largest value: `avg({column})`, `max({column})`"),
                };
                let fault = format!("`{column}` is semi-additive: its sum over time means nothing");
                faults.push(Diagnostic::error("not-additive", fault).at(written.span()).help(by));
            }
            if let Some(column) = self.non_additive.iter().find(|column| bare(&summed) == Some(column)) {
                let fault = format!("`{column}` is non-additive: its sum means nothing");
                let help = format!("take `avg({column})`, `min` or `max`; or sum what it is made of");
                faults.push(Diagnostic::error("not-additive", fault).at(written.span()).help(help));
            }
        }
    }
}

/// What the sums within an expression sum.
fn sums(expr: &Expr) -> Vec<ast::Expr> {
    let mut all = vec![];
    each(&expr.to_string(), &mut |expr| {
        let ast::Expr::Function(function) = expr else { return };
        let FunctionArguments::List(arguments) = &function.args else { return };
        if let [FunctionArg::Unnamed(FunctionArgExpr::Expr(summed))] = arguments.args.as_slice()
            && function.name.to_string().trim_matches('`').eq_ignore_ascii_case("sum")
        {
            all.push(summed.clone());
        }
    });
    all
}

/// The last parts of the names that an expression's text uses.
fn names(text: &str) -> Vec<String> {
    let mut all = vec![];
    each(text, &mut |expr| match expr {
        ast::Expr::Identifier(ident) => all.push(ident.value.clone()),
        ast::Expr::CompoundIdentifier(parts) => all.extend(parts.last().map(|ident| ident.value.clone())),
        _ => {}
    });
    all
}

fn each(text: &str, seen: &mut dyn FnMut(&ast::Expr)) {
    let Ok(query) = parse_query(&format!("SELECT {text}")) else { return };
    let _ = each_expression(&mut query.into_ast(), &mut |expr| {
        seen(expr);
        ControlFlow::Continue(())
    });
}

/// The column that an expression is, casts and parentheses aside.
fn bare(expr: &ast::Expr) -> Option<&String> {
    match expr {
        ast::Expr::Identifier(ident) => Some(&ident.value),
        ast::Expr::CompoundIdentifier(parts) => parts.last().map(|ident| &ident.value),
        ast::Expr::Nested(inner) => bare(inner),
        ast::Expr::Cast { expr, .. } => bare(expr),
        _ => None,
    }
}
