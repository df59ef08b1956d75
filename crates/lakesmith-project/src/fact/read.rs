//! From a fact's file as a tree to the model.

use super::keys::{DIMENSION, KEYS, MEASURE, MILESTONE, PERIOD};
use super::{Fact, FactDimension, FactKind, Measure, Milestone, Period};
use crate::fields::Fields;
use crate::names::{conflict, distinct, known, no_effect, not_empty, not_reserved};
use crate::yaml::{Entry, Node};
use lakesmith_text::{Diagnostic, Diagnostics};

/// The fact that a tree describes; none if it has no name or reads nothing.
pub(crate) fn read(node: &Node, diagnostics: &mut Diagnostics) -> Option<Fact> {
    let fields = Fields::of_file(node, &KEYS);
    let measures = fields.entries("measures").iter().map(|entry| measure(entry, diagnostics)).collect();
    let fact = Fact {
        name: fields.name("fact").unwrap_or_else(|| fields.nothing()),
        at: fields.at,
        kind: fields.choice("kind").unwrap_or_default(),
        grain: fields.text("grain"),
        grain_key: fields.names("grain_key"),
        from: fields.table("from"),
        sql: fields.sql("sql"),
        dimensions: fields.entries("dimensions").iter().filter_map(dimension).collect(),
        degenerate: fields.names("degenerate"),
        surrogate_key: fields.name("surrogate_key"),
        measures,
        period: fields.object("period", &PERIOD).and_then(|fields| period(&fields)),
        milestones: fields.entries("milestones").iter().filter_map(milestone).collect(),
        sequence_by: fields.name("sequence_by"),
        on_duplicate: fields.choice("on_duplicate").unwrap_or_default(),
        partition_by: fields.named_exprs("partition_by"),
        cluster_by: fields.named_exprs("cluster_by"),
        description: fields.text("description"),
        owner: fields.text("owner"),
        tags: fields.texts("tags"),
    };
    check(&fact, &fields, diagnostics);
    (!fact.name.is_empty() && fact.from.is_some() != fact.sql.is_some()).then_some(fact)
}

fn dimension(entry: &Entry) -> Option<FactDimension> {
    let fields = Fields::new(&entry.value, &DIMENSION, entry.key.span);
    Some(FactDimension {
        key: entry.key.clone(),
        dimension: fields.name("dimension")?,
        on: fields.names("on"),
        as_of: fields.name("as_of"),
        missing: fields.choice("missing").unwrap_or_default(),
    })
}

fn measure(entry: &Entry, diagnostics: &mut Diagnostics) -> Measure {
    let fields = Fields::new(&entry.value, &MEASURE, entry.key.span);
    conflict(&fields, "from", "expr", "keep `from` for a column as it is, `expr` for an expression", diagnostics);
    Measure {
        name: entry.key.clone(),
        from: fields.sql("from"),
        expr: fields.sql("expr"),
        ty: fields.text("type"),
        unit: fields.text("unit"),
        description: fields.text("description"),
        additivity: fields.choice("additivity").unwrap_or_default(),
        over: fields.choice("over"),
    }
}

fn period(fields: &Fields<'_>) -> Option<Period> {
    Some(Period { every: fields.choice("every")?, on: fields.name("on")? })
}

fn milestone(entry: &Entry) -> Option<Milestone> {
    let fields = Fields::new(&entry.value, &MILESTONE, entry.key.span);
    Some(Milestone { name: entry.key.clone(), when: fields.sql("when")?, time: fields.sql("time"), ty: fields.text("type") })
}

fn check(fact: &Fact, fields: &Fields<'_>, diagnostics: &mut Diagnostics) {
    conflict(fields, "from", "sql", "keep `from` for one table, `sql` for a query over several", diagnostics);
    if !fields.present("from") && !fields.present("sql") {
        diagnostics.push(
            Diagnostic::error("missing-key", "a fact needs one of the keys `from` and `sql`")
                .at(fields.at)
                .help("`from`: the silver table it reads; `sql`: a query over several"),
        );
    }
    not_empty(fields, "grain_key", diagnostics);
    distinct(&fact.grain_key, "the grain key column", diagnostics);

    let keys = fact.dimensions.iter().map(|dimension| &dimension.key);
    let measures = fact.measures.iter().map(|measure| &measure.name);
    let milestones = fact.milestones.iter().map(|milestone| &milestone.name);
    let columns: Vec<_> =
        fact.surrogate_key.iter().chain(keys).chain(&fact.degenerate).chain(measures).chain(milestones).collect();
    distinct(columns.iter().copied(), "the column", diagnostics);
    not_reserved(columns.iter().copied(), diagnostics);
    // A periodic snapshot has the columns of its members, whoever lists them; a query gives columns that this file does not
    // name.
    if fact.kind != FactKind::PeriodicSnapshot && (fact.sql.is_none() || fact.from.is_some()) {
        let names: Vec<&str> = columns.iter().map(|name| name.as_str()).collect();
        known(&fact.grain_key, &names, "key-not-a-column", "grain_key", "add `{}` to `degenerate`", diagnostics);
    }
    kind(fact, fields, diagnostics);
}

/// The column of a periodic snapshot that tells the first day of the period.
const PERIOD_START: &str = "period_start";

/// What a kind of fact needs, and what it has no use for.
fn kind(fact: &Fact, fields: &Fields<'_>, diagnostics: &mut Diagnostics) {
    let missing = |key: &str, why: &str, help: &str| {
        Diagnostic::error("missing-key", format!("{why} needs the key `{key}`")).at(fields.at).help(help.to_owned())
    };
    match fact.kind {
        FactKind::PeriodicSnapshot if !fields.present("period") => {
            let help = "`period: { every: day, on: order_date }`: how long a period is, and the date that tells it";
            diagnostics.push(missing("period", "a periodic snapshot", help));
        }
        FactKind::PeriodicSnapshot if !fact.grain_key.iter().any(|key| key.value == PERIOD_START) => diagnostics.push(
            Diagnostic::error("key-not-a-column", format!("`grain_key` of a periodic snapshot lacks `{PERIOD_START}`"))
                .at(fields.place("grain_key"))
                .help(format!(
                    "a row is a member in a period: add `{PERIOD_START}`, its first day, to the columns of the member"
                )),
        ),
        FactKind::Factless => {
            if let Some(measure) = fact.measures.first() {
                diagnostics.push(
                    Diagnostic::error("conflicting-keys", "a factless fact measures nothing")
                        .at(measure.name.span)
                        .related(fields.place("kind"), "`kind: factless` is here")
                        .help("leave `measures` out and count the rows, or make it `kind: transaction`"),
                );
            }
        }
        _ => {}
    }
    if fact.kind != FactKind::PeriodicSnapshot {
        no_effect(fields, "period", "`kind: periodic_snapshot`", diagnostics);
    }
    if fact.kind != FactKind::AccumulatingSnapshot {
        no_effect(fields, "milestones", "`kind: accumulating_snapshot`", diagnostics);
    }
    match (fact.milestones.is_empty(), fields.present("sequence_by")) {
        (true, _) => no_effect(fields, "sequence_by", "`milestones`", diagnostics),
        (false, false) => {
            let help = "the column of the input that tells when a state began";
            diagnostics.push(missing("sequence_by", "a fact with milestones", help));
        }
        (false, true) => {}
    }
}
