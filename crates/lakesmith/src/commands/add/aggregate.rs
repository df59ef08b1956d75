//! `lakesmith add aggregate`: a fact summed up, or another aggregate.

mod again;

use super::table::{Input, named};
use super::{Common, Draft, deliver, guess, yaml};
use crate::amounts::count;
use crate::args::Globals;
use crate::console::Console;
use crate::exit::{Exit, Stop};
use lakesmith_compile::{Column, FlowKind, Layer};
use lakesmith_project::{Additivity, Aggregate, Fact};
use std::fmt::Write;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  lakesmith add aggregate daily_sales --from gold.fact_sales\n  \
    lakesmith add aggregate product_sales --from gold.fact_sales --by product_key")]
pub(super) struct Args {
    /// What it is called, such as `daily_sales`: it fills `gold.daily_sales`
    name: String,
    /// The fact it sums up, such as `gold.fact_sales`
    #[arg(long, value_name = "TABLE")]
    from: String,
    /// A column that makes a group; may be given several times [default: `date_key`, else the fact's first key]
    #[arg(long, value_name = "COLUMN")]
    by: Vec<String>,
    #[command(flatten)]
    common: Common,
}

/// The table that is summed up, as the project defines it.
#[derive(Clone, Copy)]
enum Summed<'a> {
    Fact(&'a Fact),
    Aggregate(&'a Aggregate),
}

impl<'a> Summed<'a> {
    fn of(input: &'a Input) -> Option<Summed<'a>> {
        let (project, name) = (input.lake.project(), input.name.to_string());
        let fact = project.facts.iter().find(|fact| fact.table() == name).map(Summed::Fact);
        fact.or_else(|| project.aggregates.iter().find(|aggregate| aggregate.table() == name).map(Summed::Aggregate))
    }
}

/// A column of the aggregate.
struct Measure {
    name: String,
    expression: String,
}

pub(super) async fn run(args: &Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let name = named(&args.name, "")?;
    let input = Input::open(&args.from, Layer::Gold, "fact", globals, console).await?;
    if !matches!(input.flow.kind, FlowKind::Fact | FlowKind::Aggregate) {
        return Err(Stop::Argument(format!("`{}` is a dimension, and an aggregate sums up a fact", input.name)));
    }
    let Some(summed) = Summed::of(&input) else { return Err(Stop::Argument(format!("no file defines `{}`", input.name))) };
    let groups = groups(&args.by, &input, summed)?;
    let (measures, left_out) = match summed {
        Summed::Fact(fact) => measures(&groups, &input, fact),
        Summed::Aggregate(aggregate) => again::measures(&groups, &input, aggregate),
    };
    let draft = Draft {
        path: format!("gold/{name}.yaml"),
        text: text(&name, &input, summed, &groups, &measures, &left_out),
        makes: format!("gold.{name} of {}, {}", input.name, count(measures.len(), "measure")),
        next: vec![format!("lakesmith run +gold.{name}"), format!("lakesmith query \"SELECT * FROM gold.{name}\"")],
    };
    deliver(draft, &input.lake.project().root, &args.common, globals, console).await
}

/// The columns that make a group: those asked for, else the first key.
fn groups(by: &[String], input: &Input, summed: Summed<'_>) -> Result<Vec<String>, Stop> {
    if !by.is_empty() {
        let column = |name: &String| {
            let names: Vec<&str> = input.columns().into_iter().map(|column| column.name.as_str()).collect();
            input.column(name).map(|column| column.name.clone()).ok_or_else(|| {
                let near = lakesmith_text::nearest(name, names.iter().copied());
                let help = near.map_or_else(|| format!("it has {}", names.join(", ")), |near| format!("did you mean `{near}`?"));
                Stop::Argument(format!("`{}` has no column `{name}`; {help}", input.name))
            })
        };
        return by.iter().map(column).collect();
    }
    let keys = keys(summed);
    let first = keys.iter().find(|key| *key == "date_key").or(keys.first()).cloned();
    first
        .map(|key| vec![key])
        .ok_or_else(|| Stop::Argument(format!("`{}` has no key to group by: name columns with `--by`", input.name)))
}

/// The columns by which it may be grouped.
fn keys(summed: Summed<'_>) -> Vec<String> {
    match summed {
        Summed::Fact(fact) => fact.dimensions.iter().map(|dimension| dimension.key.value.clone()).collect(),
        Summed::Aggregate(aggregate) => aggregate.group_by.iter().map(|group| group.name.value.clone()).collect(),
    }
}

/// Sums of what may be summed up, and how many facts and documents there are; and why others are left out.
fn measures(groups: &[String], input: &Input, fact: &Fact) -> (Vec<Measure>, Vec<String>) {
    let mut taken = groups.to_vec();
    let mut measures = vec![];
    let mut add = |name: String, expression: String| {
        measures.push(Measure { name: guess::free(name, &mut taken), expression });
    };
    let of = |column: &Column| fact.measures.iter().find(|measure| measure.name.value == column.name);
    let mut rates = vec![];
    for column in input.columns().into_iter().filter(|column| column.ty.is_numeric() && !groups.contains(&column.name)) {
        match of(column).map(|measure| measure.additivity) {
            Some(Additivity::Additive) => add(column.name.clone(), format!("sum({})", yaml::name(&column.name))),
            Some(_) => rates.push(column.name.clone()),
            None => {}
        }
    }
    for document in fact.degenerate.iter().filter(|name| !groups.contains(&name.value)).take(1) {
        let name = document.value.trim_end_matches("_id").trim_end_matches("_number").trim_end_matches("_no");
        add(guess::plural(name), format!("count(DISTINCT {})", yaml::name(&document.value)));
    }
    add("facts".to_owned(), "count(*)".to_owned());
    let left_out = (!rates.is_empty()).then(|| format!("Not additive, so that a sum would say nothing: {}", rates.join(", ")));
    (measures, left_out.into_iter().collect())
}

fn text(name: &str, input: &Input, summed: Summed<'_>, groups: &[String], measures: &[Measure], left_out: &[String]) -> String {
    let mut text =
        format!("# gold.{name}: {} summed up, one row per group. A group of which a fact came, changed or went is\n", input.name);
    text += "# computed again from all its facts. Written by `lakesmith add aggregate`.\n";
    let _ = writeln!(text, "aggregate: {name}");
    let _ = writeln!(text, "# description: What it sums up");
    let _ = writeln!(text, "from: {}", input.name);
    let _ = writeln!(text, "group_by: {}", yaml::list(groups));
    let others: Vec<String> = keys(summed).into_iter().filter(|key| !groups.contains(key)).collect();
    if !others.is_empty() {
        let _ = writeln!(text, "# More columns make more and smaller groups; there are also {}", others.join(", "));
    }
    let _ = writeln!(text, "# Spark SQL: sum, count, count(DISTINCT …), min, max, avg");
    let _ = writeln!(text, "measures:");
    text += &yaml::entries(2, measures.iter().map(|measure| (measure.name.as_str(), yaml::scalar(&measure.expression), None)));
    for why in left_out {
        let _ = writeln!(text, "  # {why}");
    }
    text
}
