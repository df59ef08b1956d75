//! Accumulating snapshots over the states of a process: one row per process, as its latest state tells it, with the first
//! time at which each milestone was reached. What has not come yet is NULL.

use crate::expression;
use crate::plan::scope;
use crate::select::{named, of};
use crate::table::{Column, schema};
use lakesmith_project::Fact;
use lakesmith_sql::DataType;
use lakesmith_text::{Diagnostic, Diagnostics};

/// The relation of the states within the step.
const STATES: &str = "s";

/// The rows of a fact with milestones.
pub(super) struct Processes {
    grain: Vec<String>,
    /// The columns that order the states of a process.
    order: Vec<String>,
    /// Each milestone with the time of a state that reaches it, NULL of one that does not.
    pub(super) milestones: Vec<(Column, String)>,
}

/// The rows that a fact with milestones is made of; none if that cannot be told. `identity`: what tells the input's rows
/// apart.
pub(super) fn processes(
    fact: &Fact,
    input: &str,
    columns: &[Column],
    identity: &[String],
    faults: &mut Diagnostics,
) -> Option<Processes> {
    let sequence = fact.sequence_by.as_ref()?;
    let find = |name: &str| columns.iter().find(|column| column.name == name);
    let Some(at) = find(&sequence.value) else {
        faults.push(expression::no_such_column(input, columns, sequence));
        return None;
    };
    let scope = scope(Some(STATES), &schema(columns));
    let mut milestones = vec![];
    for milestone in &fact.milestones {
        if find(&milestone.name.value).is_some() {
            let fault = format!("`{}` is a column of {input} already", milestone.name);
            faults
                .push(Diagnostic::error("duplicate-column", fault).at(milestone.name.span).help("call the milestone otherwise"));
            continue;
        }
        let when = expression::expression(&milestone.when, &scope, faults);
        let time = match &milestone.time {
            None => Some((of(STATES, &at.name), at.ty.clone())),
            Some(written) => expression::expression(written, &scope, faults).map(|found| (found.expr.to_string(), found.ty)),
        };
        let want = milestone.ty.as_ref().and_then(|ty| expression::data_type(ty, faults));
        let (Some(when), Some((time, ty))) = (when, time) else { continue };
        if when.ty != DataType::Boolean {
            let fault = format!("a milestone is reached or not, and this is of type {}", when.ty);
            faults.push(Diagnostic::error("type-mismatch", fault).at(milestone.when.span()).help("write a condition"));
            continue;
        }
        let (time, ty) = match want {
            Some(want) if want != ty => (format!("CAST({time} AS {want})"), want),
            _ => (time, ty),
        };
        let described = Some("When it was first reached; NULL until then".to_owned());
        let reached = format!("CASE WHEN {} THEN {time} END", when.expr);
        milestones.push((Column::new(milestone.name.value.clone(), ty).described(described), reached));
    }
    let grain: Vec<String> = fact.grain_key.iter().map(|key| key.value.clone()).collect();
    let rest = identity.iter().filter(|name| !grain.contains(name) && **name != sequence.value);
    let order = std::iter::once(&sequence.value).chain(rest).cloned().collect();
    Some(Processes { grain, order, milestones })
}

impl Processes {
    /// One row per process, of the states in `from`.
    pub(super) fn rows(&self, from: &str) -> String {
        let process = format!("PARTITION BY {}", list_of(&self.grain));
        let mut select = vec![format!("`{STATES}`.*")];
        select.extend(
            self.milestones.iter().map(|(column, reached)| named(&format!("min({reached}) OVER ({process})"), &column.name)),
        );
        let order: Vec<String> = self.order.iter().map(|name| format!("{} DESC", of(STATES, name))).collect();
        select.push(format!("row_number() OVER ({process} ORDER BY {}) AS `_rank`", order.join(", ")));
        format!("SELECT *\nFROM (\n  SELECT {}\n  FROM {from}\n)\nWHERE `_rank` = 1", select.join(",\n    "))
    }
}

fn list_of(names: &[String]) -> String {
    names.iter().map(|name| of(STATES, name)).collect::<Vec<_>>().join(", ")
}
