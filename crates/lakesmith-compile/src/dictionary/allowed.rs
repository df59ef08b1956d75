//! Values that the project itself lists for a column: `check: status IN ('open', 'paid')`. They are the only examples of
//! values that are given, because they were written by a person and not read from data.

use crate::name::TableName;
use crate::plan::{FlowKind, Plan};
use crate::select::literal;
use lakesmith_project::{Entity, Project};
use lakesmith_sql::ast::{BinaryOperator, Expr, Value};
use lakesmith_sql::parse_expr;
use std::collections::BTreeMap;

/// The values listed for columns, by table and column.
#[derive(Default)]
pub(super) struct Allowed(BTreeMap<(TableName, String), Vec<String>>);

impl Allowed {
    pub(super) fn of(project: &Project, plan: &Plan) -> Allowed {
        let mut all = Allowed::default();
        for flow in &plan.flows {
            if let Some(entity) = project.entities.iter().find(|entity| entity.table() == flow.name.to_string()) {
                for column in &flow.target.columns {
                    if let Some(values) = listed(entity, &column.name) {
                        all.0.insert((flow.name.clone(), column.name.clone()), values);
                    }
                }
                continue;
            }
            // A dimension, a fact and an aggregate keep such a column as it is, if they keep its name.
            let keeps = matches!(flow.kind, FlowKind::Dimension { .. } | FlowKind::Fact | FlowKind::Aggregate);
            for (column, made) in flow.lineage.iter().filter(|_| keeps) {
                let mut made = made.iter().filter(|_| made.len() == 1);
                let values = made.next().filter(|(_, name)| name == column).and_then(|made| all.0.get(made));
                if let Some(values) = values.cloned() {
                    all.0.insert((flow.name.clone(), column.clone()), values);
                }
            }
        }
        all
    }

    /// The values listed for a column, as SQL.
    pub(super) fn values(&self, table: &TableName, column: &str) -> String {
        match self.0.get(&(table.clone(), column.to_owned())) {
            Some(values) => format!("array({})", values.iter().map(|value| literal(value)).collect::<Vec<_>>().join(", ")),
            None => "NULL".to_owned(),
        }
    }
}

/// The values that a rule lists for a column.
fn listed(entity: &Entity, column: &str) -> Option<Vec<String>> {
    entity.expect.iter().find_map(|rule| within(&parse_expr(rule.check.text()).ok()?.ast().clone(), column))
}

/// The list in `column IN (…)`, alone, beside other conditions, or beside `column IS NULL`.
fn within(expr: &Expr, column: &str) -> Option<Vec<String>> {
    let is = |expr: &Expr| matches!(expr, Expr::Identifier(name) if name.value.eq_ignore_ascii_case(column));
    match expr {
        Expr::Nested(inner) => within(inner, column),
        Expr::InList { expr, list, negated: false } if is(expr) => list.iter().map(text).collect(),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => within(left, column).or_else(|| within(right, column)),
        Expr::BinaryOp { left, op: BinaryOperator::Or, right } => match (left.as_ref(), right.as_ref()) {
            (Expr::IsNull(inner), other) | (other, Expr::IsNull(inner)) if is(inner) => within(other, column),
            _ => None,
        },
        _ => None,
    }
}

fn text(expr: &Expr) -> Option<String> {
    let Expr::Value(value) = expr else { return None };
    match &value.value {
        Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => Some(text.clone()),
        Value::Number(number, _) => Some(number.to_string()),
        Value::Boolean(value) => Some(value.to_string()),
        _ => None,
    }
}
