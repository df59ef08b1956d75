//! `lakesmith add aggregate`: a fact summed up.

use super::table::{Input, named};
use super::{Common, Draft, deliver, guess, yaml};
use crate::amounts::count;
use crate::args::Globals;
use crate::console::Console;
use crate::exit::{Exit, Stop};
use lakesmith_compile::{Column, FlowKind, Layer};
use lakesmith_project::{Additivity, Fact};
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
    let fact = input.lake.project().facts.iter().find(|fact| fact.table() == input.name.to_string());
    let groups = groups(&args.by, &input, fact)?;
    let (measures, rates) = measures(&groups, &input, fact);
    let draft = Draft {
        path: format!("gold/{name}.yaml"),
        text: text(&name, &input, fact, &groups, &measures, &rates),
        makes: format!("gold.{name} of {}, {}", input.name, count(measures.len(), "measure")),
        next: vec![format!("lakesmith run +gold.{name}"), format!("lakesmith query \"SELECT * FROM gold.{name}\"")],
    };
    deliver(draft, &input.lake.project().root, &args.common, globals, console).await
}

/// The columns that make a group: those asked for, else the first key.
fn groups(by: &[String], input: &Input, fact: Option<&Fact>) -> Result<Vec<String>, Stop> {
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
    let keys = keys(input, fact);
    let first = keys.iter().find(|key| *key == "date_key").or(keys.first()).cloned();
    first
        .map(|key| vec![key])
        .ok_or_else(|| Stop::Argument(format!("`{}` has no key to group by: name columns with `--by`", input.name)))
}

/// The columns by which the fact may be grouped.
fn keys(input: &Input, fact: Option<&Fact>) -> Vec<String> {
    match fact {
        Some(fact) => fact.dimensions.iter().map(|dimension| dimension.key.value.clone()).collect(),
        None => input.columns().into_iter().map(|column| column.name.clone()).filter(|name| name.ends_with("_key")).collect(),
    }
}

/// Sums of what may be summed up, and how many facts and documents there are; and the columns that must not be summed up.
fn measures(groups: &[String], input: &Input, fact: Option<&Fact>) -> (Vec<Measure>, Vec<String>) {
    let mut taken = groups.to_vec();
    let mut measures = vec![];
    let mut add = |name: String, expression: String| {
        measures.push(Measure { name: guess::free(name, &mut taken), expression });
    };
    let summed = |column: &&Column| match fact {
        Some(fact) => fact.measures.iter().any(|measure| measure.name.value == column.name),
        None => column.ty.is_numeric() && !guess::is_id(&column.name),
    };
    let non_additive = |column: &Column| match fact.and_then(|fact| fact.measures.iter().find(|m| m.name.value == column.name)) {
        Some(measure) => measure.additivity != Additivity::Additive,
        None => guess::is_rate(&column.name),
    };
    let mut rates = vec![];
    for column in
        input.columns().into_iter().filter(|column| column.ty.is_numeric() && !groups.contains(&column.name)).filter(summed)
    {
        match non_additive(column) {
            true => rates.push(column.name.clone()),
            false => add(column.name.clone(), format!("sum({})", yaml::name(&column.name))),
        }
    }
    for document in fact.iter().flat_map(|fact| &fact.degenerate).filter(|name| !groups.contains(&name.value)).take(1) {
        let name = document.value.trim_end_matches("_id").trim_end_matches("_number").trim_end_matches("_no");
        add(guess::plural(name), format!("count(DISTINCT {})", yaml::name(&document.value)));
    }
    add("facts".to_owned(), "count(*)".to_owned());
    (measures, rates)
}

fn text(name: &str, input: &Input, fact: Option<&Fact>, groups: &[String], measures: &[Measure], rates: &[String]) -> String {
    let mut text =
        format!("# gold.{name}: {} summed up, one row per group. A group of which a fact came, changed or went is\n", input.name);
    text += "# computed again from all its facts. Written by `lakesmith add aggregate`.\n";
    let _ = writeln!(text, "aggregate: {name}");
    let _ = writeln!(text, "# description: What it sums up");
    let _ = writeln!(text, "from: {}", input.name);
    let _ = writeln!(text, "group_by: {}", yaml::list(groups));
    let others: Vec<String> = keys(input, fact).into_iter().filter(|key| !groups.contains(key)).collect();
    if !others.is_empty() {
        let _ = writeln!(text, "# More columns make more and smaller groups; there are also {}", others.join(", "));
    }
    let _ = writeln!(text, "# Spark SQL: sum, count, count(DISTINCT …), min, max, avg");
    let _ = writeln!(text, "measures:");
    text += &yaml::entries(2, measures.iter().map(|measure| (measure.name.as_str(), yaml::scalar(&measure.expression), None)));
    if !rates.is_empty() {
        let _ = writeln!(text, "  # Not additive, so that a sum would say nothing: {}", rates.join(", "));
    }
    text
}
