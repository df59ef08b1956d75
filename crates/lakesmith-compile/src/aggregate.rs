//! Aggregates: a fact summed up, one row per group. Groups of which a fact came, changed or went are computed again from
//! all their facts, so that a maximum or a distinct count is right when a fact goes.

mod dimensions;

use crate::additivity::{self, Summing};
use crate::expression;
use crate::gold::{own, stamp_names, stamped, stamps};
use crate::layout;
use crate::name::{Layer, TableName};
use crate::plan::{Flow, FlowKind, Input, Known, scope};
use crate::queried::Queried;
use crate::select::{former, in_range, items, list, named, of, quote, same};
use crate::step::{Cte, Keyed, Place, Step, Write};
use crate::table::{Column, Table, schema};
use dimensions::{Dimensions, Joined};
use lakesmith_project::{Aggregate, Project};
use lakesmith_sql::DataType;
use lakesmith_text::{Diagnostic, Diagnostics};
use std::collections::BTreeSet;

/// The relation of the facts within the step.
const ROWS: &str = "f";

/// The table that an aggregate sums up, as far as its name is one.
pub(crate) fn reads(aggregate: &Aggregate, project: &Project) -> Option<TableName> {
    let (written, own) = (&aggregate.from.value, format!("{}.", project.lakehouse.name.value));
    TableName::parse(written.strip_prefix(&own).unwrap_or(written))
}

/// The aggregates, each after the one that it reads. Those that wait for each other are a cycle, and are left out like those
/// that wait for them.
pub(crate) fn in_order<'a>(project: &'a Project, faults: &mut Diagnostics) -> Vec<&'a Aggregate> {
    let named = |table: &TableName| project.aggregates.iter().find(|aggregate| aggregate.table() == table.to_string());
    let below = |aggregate: &Aggregate| reads(aggregate, project).as_ref().and_then(named);
    let mut ordered: Vec<&Aggregate> = vec![];
    let mut waiting: Vec<&Aggregate> = project.aggregates.iter().collect();
    loop {
        let before = waiting.len();
        let (ready, rest): (Vec<&Aggregate>, Vec<&Aggregate>) = waiting
            .into_iter()
            .partition(|aggregate| below(aggregate).is_none_or(|read| ordered.iter().any(|known| std::ptr::eq(*known, read))));
        ordered.extend(ready);
        waiting = rest;
        if waiting.len() == before {
            break;
        }
    }
    for aggregate in waiting {
        let mut circle = vec![aggregate];
        while let Some(next) =
            circle.last().and_then(|last| below(last)).filter(|next| !circle.iter().any(|one| std::ptr::eq(*one, *next)))
        {
            circle.push(next);
        }
        // Who waits for a cycle that it is no part of has no fault of its own.
        let closed = circle.last().and_then(|last| below(last)).is_some_and(|next| std::ptr::eq(next, aggregate));
        if let Some(read) = below(aggregate).filter(|_| closed) {
            let fault = match std::ptr::eq(read, aggregate) {
                true => format!("`{}` reads itself", aggregate.table()),
                false => format!("`{}` reads `{}`, which waits for it in turn", aggregate.table(), read.table()),
            };
            let help = "flows must have an order: read a fact, or an aggregate that does not read this one";
            faults.push(Diagnostic::error("cycle", fault).at(aggregate.from.span).help(help));
        }
    }
    ordered
}

pub(crate) fn flow(aggregate: &Aggregate, known: &Known, faults: &mut Diagnostics) -> Option<Flow> {
    let before = faults.errors();
    let from = known.table_name(&aggregate.from, faults)?;
    if from.layer() != Layer::Gold {
        let fault = format!("an aggregate sums up a fact, and `{from}` is none");
        let help = "name a fact of gold/ in `from`";
        faults.push(Diagnostic::error("layer-skipped", fault).at(aggregate.from.span).help(help));
        return None;
    }
    let Some(input) = known.plan.flow(&from).filter(|flow| matches!(flow.kind, FlowKind::Fact | FlowKind::Aggregate)) else {
        let project = known.project;
        let mut names: Vec<&str> = project.facts.iter().map(|fact| fact.name.value.as_str()).collect();
        names.extend(project.aggregates.iter().map(|other| other.name.value.as_str()).filter(|n| *n != aggregate.name.value));
        // One with a fault of its own is not unknown.
        if !names.contains(&from.name()) && !project.incomplete.contains(&from.to_string()) {
            let fault = Diagnostic::error("unknown-table", format!("there is no fact `{from}`")).at(aggregate.from.span);
            faults.push(match lakesmith_text::nearest(from.name(), names.iter().copied()) {
                Some(near) => fault.help(format!("did you mean `gold.{near}`?")),
                None => fault.help(format!("the project defines: {}", names.join(", "))),
            });
        }
        return None;
    };
    let columns = input.columns_known.then_some(&input.target.columns);
    let mut places = vec![];
    let dimensions = Dimensions::of(known, &from);
    let complete = columns.filter(|_| dimensions.named_in(aggregate).all(|dimension| dimension.table.is_some()));
    let groups = complete.map(|columns| groups(aggregate, &from, columns, &dimensions, faults));
    let summing = additivity::of(known.project, &from);
    let measures = complete.map(|columns| measures(aggregate, columns, groups.as_deref(), &summing, faults, &mut places));
    if before != faults.errors() {
        return None;
    }
    let name = TableName::new(Layer::Gold, aggregate.name.value.clone());
    let reads = groups.as_ref().map(|groups| Reads::of(&input.target, groups, &dimensions));
    if reads
        .as_ref()
        .zip(groups.as_ref())
        .is_some_and(|(reads, groups)| reads.query.is_none() && groups.iter().any(|g| g.sql.is_some()))
    {
        let fault = Diagnostic::error("unsupported", "what makes these groups cannot be followed to the rows that change");
        faults.push(
            fault.at(aggregate.at).help("group by columns of the fact, attributes of its dimensions and expressions over them"),
        );
        return None;
    }
    let mut inputs = vec![Input::changes(from.clone(), aggregate.from.span)];
    inputs.extend(reads.iter().flat_map(|reads| reads.dimensions.clone()));
    let parts = groups.as_ref().zip(measures.as_ref()).zip(reads.as_ref());
    let step = |whole: bool| parts.map(|((groups, measures), reads)| step(reads, groups, measures, &places, whole));
    let parts = groups.as_ref().zip(measures.as_ref());
    Some(Flow {
        kind: FlowKind::Aggregate,
        at: aggregate.at,
        tags: aggregate.tags.iter().map(|tag| tag.value.clone()).collect(),
        inputs,
        companions: vec![],
        columns_known: parts.is_some(),
        step: step(false),
        first: step(true),
        whole: None,
        window: None,
        rebuilds: true,
        definition: Default::default(),
        lineage: groups.iter().flatten().filter(|g| g.sql.is_some()).map(|g| (g.column.name.clone(), g.made.clone())).collect(),
        fingerprint: None,
        target: Table {
            path: format!("gold/aggregates/{}", aggregate.name.value),
            description: aggregate.description.as_ref().map(|words| words.value.clone()),
            columns: parts.map(|(groups, measures)| table_columns(groups, measures)).unwrap_or_default(),
            partition_by: vec![],
            cluster_by: layout::clustered(&aggregate.cluster_by),
            append_only: false,
            change_data: false,
            name: name.clone(),
        },
        name,
    })
}

/// A measure: its column and the aggregate expression.
type Measure = (Column, String);

/// What makes a group: its column, and how it comes about.
struct Group {
    column: Column,
    /// SQL over the fact and its dimensions; `None`: a column of the fact.
    sql: Option<String>,
    /// What it is made of, where it is no column of the fact.
    made: BTreeSet<(TableName, String)>,
}

fn groups(
    aggregate: &Aggregate,
    from: &TableName,
    columns: &[Column],
    dimensions: &Dimensions<'_>,
    faults: &mut Diagnostics,
) -> Vec<Group> {
    let mut groups = vec![];
    for written in &aggregate.group_by {
        let Some(expr) = &written.expr else {
            match columns.iter().find(|column| column.name == written.name.value) {
                Some(column) => groups.push(Group { column: column.clone(), sql: None, made: BTreeSet::new() }),
                None => faults.push(expression::no_such_column(&from.words(), columns, &written.name)),
            }
            continue;
        };
        let mut told = Diagnostics::new();
        let found = expression::expression(expr, &dimensions.scope(from, columns), &mut told);
        faults.extend(told.into_iter().map(|fault| dimensions.explained(expr.text(), fault)));
        let Some(found) = found else { continue };
        if found.ty == DataType::Null || !found.ty.is_atomic() {
            let fault = format!("rows cannot be grouped by a value of type {}", found.ty);
            faults.push(Diagnostic::error("type-mismatch", fault).at(expr.span()));
            continue;
        }
        let plain =
            found.expr.last_name().filter(|_| found.columns.len() == 1).and_then(|name| dimensions.column(expr.text(), name));
        let description = plain.and_then(|column| column.description.clone()).or_else(|| Some(expr.text().to_owned()));
        let column = Column::new(written.name.value.clone(), found.ty).described(description);
        let made = found.columns.iter().filter_map(|(of, name)| Some((dimensions.table(from, of)?, name.clone()))).collect();
        groups.push(Group { column, sql: Some(found.expr.to_string()), made });
    }
    groups
}

fn measures(
    aggregate: &Aggregate,
    columns: &[Column],
    groups: Option<&[Group]>,
    summing: &Summing,
    faults: &mut Diagnostics,
    places: &mut Vec<Place>,
) -> Vec<Measure> {
    // The day of a fact's date is its date; a month is not: of a stock, the days within it would be summed up.
    let by_name: Vec<&str> =
        groups.iter().copied().flatten().filter(|group| group.sql.is_none()).map(|group| group.column.name.as_str()).collect();
    let scope = scope(Some(ROWS), &schema(columns)).allow_aggregates();
    let mut measures: Vec<Measure> = vec![];
    for (name, written) in &aggregate.measures {
        let Some(found) = expression::aggregate(written, &scope, faults) else { continue };
        // A name that is there twice has been told where the file was read.
        if measures.iter().any(|(column, _)| column.name == name.value)
            || aggregate.group_by.iter().any(|group| group.name.value == name.value)
        {
            continue;
        }
        summing.check(&found.expr, written, &by_name, faults);
        let sql = found.expr.to_string();
        places.push(Place { sql: sql.clone(), over: ROWS.to_owned(), at: written.span() });
        let column = Column::new(name.value.clone(), found.ty).described(Some(described(aggregate, &name.value, written.text())));
        measures.push((column, sql));
    }
    measures
}

/// What a measure is about, with its unit; where nothing is said, how it is computed.
fn described(aggregate: &Aggregate, name: &str, expression: &str) -> String {
    let words = aggregate.words.get(name);
    let about = words.and_then(|words| words.description.as_ref()).map_or(expression, |words| words.value.as_str());
    match words.and_then(|words| words.unit.as_ref()) {
        Some(unit) => format!("{about}, in {}", unit.value),
        None => about.to_owned(),
    }
}

fn table_columns(groups: &[Group], measures: &[Measure]) -> Vec<Column> {
    let groups = groups.iter().map(|group| group.column.clone());
    groups.chain(measures.iter().map(|(column, _)| column.clone())).chain(stamps()).collect()
}

/// Where the rows come from that are summed up.
struct Reads {
    from: TableName,
    /// The dimensions whose attributes make groups.
    dimensions: Vec<Input>,
    /// The fact's rows with the groups, where these are not columns of the fact.
    query: Option<Queried>,
}

impl Reads {
    fn of(fact: &Table, groups: &[Group], dimensions: &Dimensions<'_>) -> Self {
        let from = fact.name.clone();
        let computed: Vec<&Group> = groups.iter().filter(|group| group.sql.is_some()).collect();
        if computed.is_empty() {
            return Reads { from, dimensions: vec![], query: None };
        }
        let alias = from.name();
        let used: Vec<&Joined<'_>> = dimensions
            .all
            .iter()
            .filter(|joined| {
                computed.iter().any(|group| group.sql.iter().any(|sql| sql.contains(&format!("`{}`.", joined.alias))))
            })
            .collect();
        let own = fact.names().filter(|name| !computed.iter().any(|group| group.column.name == *name));
        let mut select: Vec<String> = own.map(|name| named(&of(alias, name), name)).collect();
        select.extend(computed.iter().filter_map(|group| Some(named(group.sql.as_ref()?, &group.column.name))));
        let mut sql = format!("SELECT {}\nFROM {} {}", items(&select), from.quoted(), quote(alias));
        for joined in &used {
            let (key, table) = (of(alias, joined.key), joined.name.quoted());
            sql += &format!("\nJOIN {table} {} ON {key} = {}", quote(&joined.alias), of(&joined.alias, joined.surrogate));
        }
        let mut tables = vec![fact];
        for table in used.iter().filter_map(|joined| joined.table) {
            if !tables.iter().any(|known| known.name == table.name) {
                tables.push(table);
            }
        }
        let inputs = tables.iter().skip(1).filter_map(|table| {
            let at = used.iter().find(|joined| joined.name == table.name)?.at;
            Some(Input::changes(table.name.clone(), at))
        });
        let by: Vec<String> = groups.iter().map(|group| group.column.name.clone()).collect();
        Reads { from, dimensions: inputs.collect(), query: Queried::of_tables(&sql, &tables, &by) }
    }

    /// The groups of which a row came, changed or went.
    fn concerned(&self, by: &[String]) -> Vec<Cte> {
        match &self.query {
            Some(query) => query.concerned("keys", &[]),
            None => {
                let new = format!("SELECT {}\nFROM {}\nWHERE {}", list(by), self.from.quoted(), in_range(None, 1));
                vec![Cte { name: "keys".to_owned(), sql: format!("{new}\nUNION\n{}", former(1, by)), kept: true }]
            }
        }
    }

    /// The rows of the groups concerned, or all.
    fn rows(&self, by: &[String], whole: bool) -> Vec<Cte> {
        let (mut with, sql) = match (&self.query, whole) {
            (Some(query), true) => (vec![], query.rows()),
            (Some(query), false) => query.rows_of("keys"),
            (None, true) => (vec![], format!("SELECT `s`.*\nFROM {} `s`", self.from.quoted())),
            (None, false) => {
                let same = same("s", "keys", by);
                (vec![], format!("SELECT `s`.*\nFROM {} `s` LEFT SEMI JOIN `keys` ON {same}", self.from.quoted()))
            }
        };
        with.push(Cte { name: ROWS.to_owned(), sql, kept: false });
        with
    }
}

fn step(reads: &Reads, groups: &[Group], measures: &[Measure], places: &[Place], whole: bool) -> Step {
    let names: Vec<String> = groups.iter().map(|group| group.column.name.clone()).collect();
    let mut with = vec![];
    if !whole {
        with.extend(reads.concerned(&names));
    }
    with.extend(reads.rows(&names, whole));
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
