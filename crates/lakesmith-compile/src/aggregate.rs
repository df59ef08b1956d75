//! Aggregates: a fact summed up, one row per group. Groups of which a fact came, changed or went are computed again from
//! all their facts, so that a maximum or a distinct count is right when a fact goes.

use crate::additivity::{self, Summing};
use crate::expression;
use crate::gold::{own, stamp_names, stamped, stamps};
use crate::name::{Layer, TableName};
use crate::plan::{Flow, FlowKind, Input, Known, scope};
use crate::select::{former, in_range, items, list, named, of, same};
use crate::step::{Cte, Keyed, Place, Step, Write};
use crate::table::{Column, Table, schema};
use lakesmith_project::Aggregate;
use lakesmith_text::{Diagnostic, Diagnostics};

/// The relation of the facts within the step.
const ROWS: &str = "f";

pub(crate) fn flow(aggregate: &Aggregate, known: &Known, faults: &mut Diagnostics) -> Option<Flow> {
    let before = faults.len();
    let from = known.table_name(&aggregate.from, faults)?;
    if from.layer() != Layer::Gold {
        let fault = format!("an aggregate sums up a fact, and `{from}` is none");
        let help = "name a fact of gold/ in `from`";
        faults.push(Diagnostic::error("layer-skipped", fault).at(aggregate.from.span).help(help));
        return None;
    }
    let Some(input) = known.plan.flow(&from).filter(|flow| matches!(flow.kind, FlowKind::Fact | FlowKind::Aggregate)) else {
        let written = aggregate.from.value.rsplit('.').next().unwrap_or_default();
        // A fact with a fault of its own is not unknown.
        if !known.project.facts.iter().any(|fact| fact.name.value == written) {
            let names: Vec<&str> = known.project.facts.iter().map(|fact| fact.name.value.as_str()).collect();
            let fault = Diagnostic::error("unknown-table", format!("there is no fact `{from}`")).at(aggregate.from.span);
            faults.push(match lakesmith_text::nearest(written, names.iter().copied()) {
                Some(near) => fault.help(format!("did you mean `gold.{near}`?")),
                None => fault.help(format!("the project defines: {}", names.join(", "))),
            });
        }
        return None;
    };
    let columns = input.columns_known.then_some(&input.target.columns);
    let mut places = vec![];
    let groups = columns.map(|columns| groups(aggregate, &from, columns, faults));
    let summing = additivity::of(known.project, &from);
    let measures = columns.map(|columns| measures(aggregate, columns, &summing, faults, &mut places));
    if before != faults.len() {
        return None;
    }
    let name = TableName::new(Layer::Gold, aggregate.name.value.clone());
    let parts = groups.as_ref().zip(measures.as_ref());
    let step = |whole: bool| parts.map(|(groups, measures)| step(&from, groups, measures, &places, whole));
    Some(Flow {
        kind: FlowKind::Aggregate,
        at: aggregate.at,
        tags: aggregate.tags.iter().map(|tag| tag.value.clone()).collect(),
        inputs: vec![Input::changes(from.clone(), aggregate.from.span)],
        companions: vec![],
        columns_known: columns.is_some(),
        step: step(false),
        first: step(true),
        window: None,
        rebuilds: true,
        definition: Default::default(),
        lineage: Default::default(),
        fingerprint: None,
        target: Table {
            path: format!("gold/aggregates/{}", aggregate.name.value),
            description: aggregate.description.as_ref().map(|words| words.value.clone()),
            columns: parts.map(|(groups, measures)| table_columns(groups, measures)).unwrap_or_default(),
            partition_by: vec![],
            cluster_by: aggregate.cluster_by.iter().filter(|c| c.expr.is_none()).map(|c| c.name.value.clone()).collect(),
            append_only: false,
            change_data: false,
            name: name.clone(),
        },
        name,
    })
}

/// A measure: its column and the aggregate expression.
type Measure = (Column, String);

fn groups(aggregate: &Aggregate, from: &TableName, columns: &[Column], faults: &mut Diagnostics) -> Vec<Column> {
    let column = |written: &lakesmith_text::Spanned<String>| {
        let found = columns.iter().find(|column| column.name == written.value).cloned();
        if found.is_none() {
            faults.push(expression::no_such_column(from, columns, written));
        }
        found
    };
    aggregate.group_by.iter().filter_map(column).collect()
}

fn measures(
    aggregate: &Aggregate,
    columns: &[Column],
    summing: &Summing,
    faults: &mut Diagnostics,
    places: &mut Vec<Place>,
) -> Vec<Measure> {
    let groups: Vec<&str> = aggregate.group_by.iter().map(|group| group.value.as_str()).collect();
    let scope = scope(Some(ROWS), &schema(columns)).allow_aggregates();
    let mut measures: Vec<Measure> = vec![];
    for (name, written) in &aggregate.measures {
        let Some(found) = expression::aggregate(written, &scope, faults) else { continue };
        // A name that is there twice has been told where the file was read.
        if measures.iter().any(|(column, _)| column.name == name.value)
            || aggregate.group_by.iter().any(|group| group.value == name.value)
        {
            continue;
        }
        summing.check(&found.expr, written, &groups, faults);
        let sql = found.expr.to_string();
        places.push(Place { sql: sql.clone(), over: ROWS.to_owned(), at: written.span() });
        measures.push((Column::new(name.value.clone(), found.ty), sql));
    }
    measures
}

fn table_columns(groups: &[Column], measures: &[Measure]) -> Vec<Column> {
    groups.iter().cloned().chain(measures.iter().map(|(column, _)| column.clone())).chain(stamps()).collect()
}

fn step(from: &TableName, groups: &[Column], measures: &[Measure], places: &[Place], whole: bool) -> Step {
    let names: Vec<String> = groups.iter().map(|column| column.name.clone()).collect();
    let mut with = vec![];
    let restrict = match whole {
        true => String::new(),
        false => {
            let new = format!("SELECT {}\nFROM {}\nWHERE {}", list(&names), from.quoted(), in_range(None, 1));
            with.push(Cte { name: "keys".to_owned(), sql: format!("{new}\nUNION\n{}", former(1, &names)), kept: true });
            format!(" LEFT SEMI JOIN `keys` ON {}", same("s", "keys", &names))
        }
    };
    with.push(Cte { name: ROWS.to_owned(), sql: format!("SELECT `s`.*\nFROM {} `s`{restrict}", from.quoted()), kept: false });
    let mut select: Vec<String> = names.iter().map(|name| named(&of(ROWS, name), name)).collect();
    select.extend(measures.iter().map(|(column, sql)| named(sql, &column.name)));
    select.extend(stamped(&own(), true));
    let keyed = Keyed {
        keys: if whole { vec![] } else { names.clone() },
        identity: names.clone(),
        surrogate: None,
        kept: vec!["_created_timestamp".to_owned()],
        stamps: stamp_names(),
    };
    let by: Vec<String> = names.iter().map(|name| of(ROWS, name)).collect();
    Step {
        with,
        select: format!("SELECT\n  {}\nFROM `{ROWS}`\nGROUP BY {}", items(&select), by.join(", ")),
        write: if whole { Write::ReplaceAll(keyed) } else { Write::ReplaceKeys(keyed) },
        companions: vec![],
        outcomes: None,
        checks: vec![],
        counts: vec![],
        places: places.to_vec(),
    }
}
