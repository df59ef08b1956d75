//! Along which dimensions a measure may be summed. A stock of Monday and one of Tuesday are no stock, and two prices are no
//! price: an aggregate that sums them is refused, because its number would look like any other.

use crate::fact::period;
use crate::name::TableName;
use crate::{aggregate, date};
use lakesmith_project::{Additivity, Fact, FactKind, Project};
use lakesmith_sql::ast::{self, FunctionArg, FunctionArgExpr, FunctionArguments};
use lakesmith_sql::{Expr, each_expression, parse_query};
use lakesmith_text::{Diagnostic, Diagnostics, Located};
use std::ops::ControlFlow;

const CODE: &str = "not-additive";

/// What may not be summed in a table.
#[derive(Default)]
pub(crate) struct Summing {
    /// Columns that are summed along all but time.
    semi_additive: Vec<String>,
    /// Columns that are not summed, each with why and what to do instead.
    non_additive: Vec<(String, Never)>,
    /// Which columns tell the time of a row: all of one of these.
    time: Vec<Vec<String>>,
}

/// Why a column is never summed.
enum Never {
    /// A fact says so.
    Measure,
    /// It is computed by a function whose values do not add up: the function, what it is computed from.
    Function(Function, String),
}

/// What becomes of the measure of an aggregate when groups are put together.
#[derive(Clone, Copy, PartialEq)]
enum Function {
    /// A sum or a number of rows: they add up.
    Sum,
    /// The smallest of the smallest is the smallest.
    Min,
    /// The largest of the largest is the largest.
    Max,
    /// Only the rows themselves tell.
    Other,
}

/// What may not be summed in a table of gold: a fact, or an aggregate of one.
pub(crate) fn of(project: &Project, table: &TableName) -> Summing {
    if let Some(fact) = project.facts.iter().find(|fact| fact.table() == table.to_string()) {
        return of_fact(fact);
    }
    let Some(aggregate) = project.aggregates.iter().find(|aggregate| aggregate.table() == table.to_string()) else {
        return Summing::default();
    };
    // Those that read each other in a circle are refused where aggregates are put in order.
    let Some(from) = aggregate::reads(aggregate, project).filter(|from| from != table && !reads_itself(project, from)) else {
        return Summing::default();
    };
    let below = of(project, &from);
    let grouped = |name: &String| aggregate.group_by.iter().any(|group| group.expr.is_none() && group.name.value == *name);
    let of_semi = |text: &str| {
        let summed: Vec<String> = sums(text).iter().flat_map(|summed| names(&summed.to_string())).collect();
        below.semi_additive.iter().any(|column| summed.contains(column))
    };
    let mut summing =
        Summing { time: below.time.iter().filter(|time| time.iter().all(grouped)).cloned().collect(), ..Summing::default() };
    for (name, written) in &aggregate.measures {
        let name = name.value.clone();
        match function(written.text()) {
            Function::Sum if of_semi(written.text()) => summing.semi_additive.push(name),
            Function::Sum => {}
            function => summing.non_additive.push((name, Never::Function(function, from.to_string()))),
        }
    }
    summing
}

/// Whether a chain of aggregates comes back to where it began.
fn reads_itself(project: &Project, table: &TableName) -> bool {
    let mut at = table.clone();
    for _ in 0..=project.aggregates.len() {
        let aggregate = project.aggregates.iter().find(|aggregate| aggregate.table() == at.to_string());
        match aggregate.and_then(|aggregate| aggregate::reads(aggregate, project)) {
            Some(from) => at = from,
            None => return false,
        }
    }
    true
}

fn of_fact(fact: &Fact) -> Summing {
    let of = |additivity: Additivity| fact.measures.iter().filter(move |m| m.additivity == additivity).map(|m| &m.name.value);
    Summing {
        semi_additive: of(Additivity::SemiAdditive).cloned().collect(),
        non_additive: of(Additivity::NonAdditive).map(|name| (name.clone(), Never::Measure)).collect(),
        time: time_of(fact),
    }
}

/// Which columns tell the time of a fact's row. A date that says something else of it, as the day on which an account was
/// opened, does not keep the stocks of several days apart.
fn time_of(fact: &Fact) -> Vec<Vec<String>> {
    let periods = [period::START, period::END];
    let days = || fact.dimensions.iter().filter(|role| role.dimension.value.trim_start_matches("gold.") == date::NAME);
    let keys_of = |tells: &dyn Fn(&str) -> bool| -> Vec<Vec<String>> {
        let roles = days().filter(|role| role.on.iter().all(|on| tells(&on.value)));
        roles.map(|role| vec![role.key.value.clone()]).collect()
    };
    if fact.kind == FactKind::PeriodicSnapshot {
        let columns = periods.map(|name| vec![name.to_owned()]);
        return keys_of(&|on| periods.contains(&on)).into_iter().chain(columns).collect();
    }
    let in_grain = |on: &str| fact.grain_key.iter().any(|key| key.value == on);
    let own = keys_of(&in_grain);
    if !own.is_empty() {
        let columns = days().flat_map(|role| &role.on).filter(|on| in_grain(&on.value)).map(|on| vec![on.value.clone()]);
        return own.into_iter().chain(columns).collect();
    }
    // Nothing says which date is that of the row: rows that share all of them are of one time.
    let all: Vec<String> = days().map(|role| role.key.value.clone()).collect();
    if all.is_empty() { vec![] } else { vec![all] }
}

impl Summing {
    /// Says what of an aggregate's measure sums what may not be summed. `expr`: with its names resolved.
    pub(crate) fn check(&self, expr: &Expr, written: &Located, groups: &[&str], faults: &mut Diagnostics) {
        for summed in sums(&expr.to_string()) {
            let used = names(&summed.to_string());
            let over_time = !self.time.iter().any(|time| time.iter().all(|column| groups.contains(&column.as_str())));
            if let Some(column) = self.semi_additive.iter().find(|column| used.contains(column))
                && over_time
            {
                let help = match self.time.first().map(Vec::as_slice) {
                    Some([time]) => format!(
                        "keep `{time}` in `group_by`; a mean over time, or the last value, is what a second aggregate makes of the sums of this one: with the same groups but `{time}`, `avg({column})` or `max_by({column}, {time})`"
                    ),
                    Some(several) => format!(
                        "keep {} in `group_by`; if one of them alone tells the time of a row, put the column it stands on into the fact's `grain_key`",
                        several.iter().map(|time| format!("`{time}`")).collect::<Vec<_>>().join(" and ")
                    ),
                    None => "group by the time: give the fact a key of `dim_date` that tells it, or keep that key where this table was summed up".to_owned(),
                };
                let fault = format!("`{column}` is semi-additive: its sum over time means nothing");
                faults.push(Diagnostic::error(CODE, fault).at(written.span()).help(help));
            }
            if let Some((column, why)) = self.non_additive.iter().find(|(column, _)| bare(&summed) == Some(column)) {
                faults.push(never(column, why).at(written.span()));
            }
        }
    }
}

/// A sum of what is never summed.
fn never(column: &str, why: &Never) -> Diagnostic {
    let (function, from) = match why {
        Never::Measure => {
            let fault = format!("`{column}` is non-additive: its sum means nothing");
            let help = format!("sum what it is made of and divide the sums; or take `min({column})` or `max({column})`");
            return Diagnostic::error(CODE, fault).help(help);
        }
        Never::Function(function, from) => (function, from),
    };
    let (what, help) = match function {
        Function::Min => ("is the smallest value of each group", format!("the smallest of them is `min({column})`")),
        Function::Max => ("is the largest value of each group", format!("the largest of them is `max({column})`")),
        Function::Sum | Function::Other => (
            "is neither a sum nor a number of rows of each group",
            format!(
                "compute it from the rows themselves, `from: {from}`; a mean is the quotient of a sum and a number, which add up"
            ),
        ),
    };
    Diagnostic::error(CODE, format!("`{column}` {what}: its sum means nothing")).help(help)
}

/// What becomes of a measure, by the function that computes it.
fn function(text: &str) -> Function {
    let Some(expr) = parsed(text) else { return Function::Other };
    if adds_up(&expr) {
        return Function::Sum;
    }
    match call(&expr) {
        Some((name, false)) if name == "min" => Function::Min,
        Some((name, false)) if name == "max" => Function::Max,
        _ => Function::Other,
    }
}

/// Whether values of two groups add up to that of both.
fn adds_up(expr: &ast::Expr) -> bool {
    use ast::BinaryOperator::{Divide, Minus, Multiply, Plus};
    match expr {
        ast::Expr::Nested(inner) | ast::Expr::Cast { expr: inner, .. } | ast::Expr::UnaryOp { expr: inner, .. } => adds_up(inner),
        ast::Expr::BinaryOp { left, op: Plus | Minus, right } => adds_up(left) && adds_up(right),
        ast::Expr::BinaryOp { left, op: Multiply, right } => {
            (adds_up(left) && is_number(right)) || (is_number(left) && adds_up(right))
        }
        ast::Expr::BinaryOp { left, op: Divide, right } => adds_up(left) && is_number(right),
        ast::Expr::Function(function) => match call(expr) {
            Some((name, distinct)) if ["sum", "count", "count_if"].contains(&name.as_str()) => !distinct,
            // No rows add nothing; a rounded sum is one.
            Some((name, _)) if OR_ELSE.contains(&name.as_str()) || ["round", "bround"].contains(&name.as_str()) => {
                let mut arguments = arguments(function).into_iter();
                arguments.next().is_some_and(adds_up) && arguments.all(is_number)
            }
            _ => false,
        },
        _ => false,
    }
}

fn is_number(expr: &ast::Expr) -> bool {
    match expr {
        ast::Expr::Nested(inner) | ast::Expr::Cast { expr: inner, .. } | ast::Expr::UnaryOp { expr: inner, .. } => {
            is_number(inner)
        }
        ast::Expr::Value(value) => matches!(value.value, ast::Value::Number(..)),
        _ => false,
    }
}

/// The function that an expression calls, in small letters, and whether of each value only one counts.
fn call(expr: &ast::Expr) -> Option<(String, bool)> {
    let function = match expr {
        ast::Expr::Nested(inner) | ast::Expr::Cast { expr: inner, .. } => return call(inner),
        ast::Expr::Function(function) => function,
        _ => return None,
    };
    let distinct = matches!(&function.args, FunctionArguments::List(list)
        if list.duplicate_treatment == Some(ast::DuplicateTreatment::Distinct));
    Some((function.name.to_string().trim_matches('`').to_ascii_lowercase(), distinct))
}

fn arguments(function: &ast::Function) -> Vec<&ast::Expr> {
    let FunctionArguments::List(list) = &function.args else { return vec![] };
    let mut all = vec![];
    for argument in &list.args {
        if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = argument {
            all.push(expr);
        }
    }
    all
}

/// An expression as a tree.
fn parsed(text: &str) -> Option<ast::Expr> {
    let query = parse_query(&format!("SELECT {text}")).ok()?.into_ast();
    let ast::SetExpr::Select(select) = *query.body else { return None };
    match select.projection.into_iter().next()? {
        ast::SelectItem::UnnamedExpr(expr) => Some(expr),
        _ => None,
    }
}

/// What the sums within an expression sum.
fn sums(text: &str) -> Vec<ast::Expr> {
    let mut all = vec![];
    each(text, &mut |expr| {
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

/// The functions that give a further value where there is none.
const OR_ELSE: [&str; 3] = ["coalesce", "ifnull", "nvl"];

/// The column that an expression is, casts, parentheses and a number in place of NULL aside.
fn bare(expr: &ast::Expr) -> Option<&String> {
    match expr {
        ast::Expr::Identifier(ident) => Some(&ident.value),
        ast::Expr::CompoundIdentifier(parts) => parts.last().map(|ident| &ident.value),
        ast::Expr::Nested(inner) => bare(inner),
        ast::Expr::Cast { expr, .. } => bare(expr),
        ast::Expr::Function(function) if call(expr).is_some_and(|(name, _)| OR_ELSE.contains(&name.as_str())) => {
            let mut arguments = arguments(function).into_iter();
            arguments.next().and_then(bare).filter(|_| arguments.all(is_number))
        }
        _ => None,
    }
}
