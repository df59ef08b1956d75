//! `lakesmith add fact`: what is measured.

mod activity;
mod measures;
mod roles;
mod template;
mod text;

use super::table::{Input, named};
use super::{Common, Draft, deliver, guess};
use crate::amounts::count;
use crate::args::Globals;
use crate::console::Console;
use crate::exit::{Exit, Stop};
use lakesmith_compile::{Column, Layer};
use measures::{Line, Measures};
use roles::{Roles, Times};
use template::{Shape, Template};

#[derive(Debug, clap::Args)]
#[command(after_help = "Dimensions of the project are taken whose natural key is among the columns; dates lead to `dim_date`.\n\
    `sales`, `customer-activity` and `web-events` have templates: they take what the table has of the usual columns, under\n\
    many names, and ask for the rest in comments.\n\n\
    Examples:\n  lakesmith add fact sales --from silver.sales_order_lines\n  \
    lakesmith add fact customer-activity --from silver.sales_orders\n  \
    lakesmith add fact web-events --from silver.web_page_views --dry-run")]
pub(super) struct Args {
    /// What it is about, such as `sales`: it fills `gold.fact_sales`
    name: String,
    /// The silver table it reads, such as `silver.sales_order_lines`
    #[arg(long, value_name = "TABLE")]
    from: String,
    #[command(flatten)]
    common: Common,
}

/// How the rows come about.
#[derive(Debug, PartialEq)]
enum Kind {
    Transaction,
    Factless,
    /// A row per member and day; `on` is the column that tells when something happened.
    Snapshot {
        on: String,
    },
}

/// What the fact is made of.
struct Parts {
    kind: Kind,
    /// What one row is, in words.
    grain: String,
    grain_key: Vec<String>,
    /// What the grain rests on.
    reason: &'static str,
    roles: Roles,
    degenerate: Vec<String>,
    /// What is to be said of columns that are called otherwise than usual.
    notes: Vec<String>,
    measures: Measures,
    /// Columns that it does not take.
    left: Vec<String>,
}

pub(super) async fn run(args: &Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let name = named(&args.name, "fact_")?;
    let template = Template::of(&name);
    let input = Input::open(&args.from, Layer::Silver, "silver table", globals, console).await?;
    let parts = Parts::of(&input, template)?;
    let draft = Draft {
        path: format!("gold/{name}.yaml"),
        text: text::text(&name, &input, template, &parts),
        makes: format!(
            "gold.{name} of {}, {}, {}",
            input.name,
            count(parts.roles.found.len(), "dimension"),
            count(parts.measures.found.len(), "measure")
        ),
        next: vec![
            format!("lakesmith run +gold.{name}"),
            format!("lakesmith add aggregate daily_{} --from gold.{name}", name.trim_start_matches("fact_")),
        ],
    };
    deliver(draft, &input.lake.project().root, &args.common, globals, console).await
}

impl Parts {
    fn of(input: &Input, template: Option<&Template>) -> Result<Parts, Stop> {
        let columns: Vec<&Column> = input.columns().into_iter().filter(|column| column.ty.is_atomic()).collect();
        let thing = input.entity().map(|entity| guess::singular(&entity.name)).unwrap_or_default();
        match template {
            Some(template) if template.shape == Shape::CustomerDays => activity::parts(input, template, &columns, &thing),
            _ => Parts::of_events(input, template, &columns, &thing),
        }
    }

    /// A row of the fact per row of the table.
    fn of_events(input: &Input, template: Option<&Template>, columns: &[&Column], thing: &str) -> Result<Parts, Stop> {
        let (grain_key, reason) = grain(input, columns)?;
        let sequence = input.entity().and_then(|entity| entity.sequence_by.as_ref()).map(|name| name.value.as_str());
        let times = Times::of(columns, sequence);
        let roles = Roles::of(input.lake.project(), input.lake.plan(), template, columns, &times);
        let keyed = |name: &str| roles.found.iter().any(|role| role.on.iter().any(|on| on == name));
        let (mut degenerate, notes) = degenerate(input, template, columns, &grain_key, thing, &keyed);
        let moment =
            times.instant.filter(|time| template.is_some_and(|template| template.keeps_time) && !degenerate.contains(&time.name));
        degenerate.extend(moment.map(|time| time.name.clone()));
        let (mut numbers, mut left) = (vec![], vec![]);
        for column in columns {
            let name = &column.name;
            if degenerate.contains(name) || keyed(name) {
                continue;
            }
            if roles.found.iter().any(|role| role.key == *name) {
                left.push(name.clone());
            } else if guess::is_id(name) {
                degenerate.push(name.clone());
            } else if column.ty.is_numeric() {
                numbers.push(*column);
            } else if sequence != Some(name.as_str()) && !roles.asks_for(name) {
                left.push(name.clone());
            }
        }
        let mut measures = Measures::of(template, &numbers, thing);
        let kind = match (measures.found.is_empty(), template) {
            (true, Some(_)) => Kind::Factless,
            _ => Kind::Transaction,
        };
        if measures.found.is_empty() && template.is_none() {
            let value = "{ expr: \"1\", type: int, description: Counts the rows }";
            measures.found.push(Line::new("events", value, "no column is a number"));
        }
        let grain = format!("one row per {}", thing.replace('_', " "));
        Ok(Parts { kind, grain, grain_key, reason, roles, degenerate, notes, measures, left })
    }
}

/// What is kept of documents and of what is no measure: the grain and the template's columns; and what is to be said of them.
fn degenerate(
    input: &Input,
    template: Option<&Template>,
    columns: &[&Column],
    grain_key: &[String],
    thing: &str,
    keyed: &dyn Fn(&str) -> bool,
) -> (Vec<String>, Vec<String>) {
    let (mut kept, mut renamed) = (grain_key.to_vec(), vec![]);
    let mut free: Vec<&Column> = columns.iter().copied().filter(|column| !keyed(&column.name)).collect();
    for usual in template.map(|template| template.degenerate).unwrap_or_default() {
        let Some(column) = usual.find(&free, thing) else { continue };
        free.retain(|other| other.name != column.name);
        if column.name != usual.name {
            renamed.push(format!("{} for {}", column.name, usual.name));
        }
        if !kept.contains(&column.name) {
            kept.push(column.name.clone());
        }
    }
    let notes = match renamed.is_empty() {
        true => vec![],
        false => vec![format!("A guess: {}. The usual names would be given in {}.", renamed.join(", "), input.path())],
    };
    (kept, notes)
}

/// What tells facts apart: what tells the rows of the table apart.
fn grain(input: &Input, columns: &[&Column]) -> Result<(Vec<String>, &'static str), Stop> {
    let identity = input.identity();
    if !identity.is_empty() {
        return Ok((identity, "the key of its table"));
    }
    let ids: Vec<String> = columns.iter().map(|column| column.name.clone()).filter(|name| guess::is_id(name)).collect();
    match ids.is_empty() {
        false => Ok((ids, "a guess by names, as its table has no key; facts of one key stop the flow")),
        true => {
            Err(Stop::Argument(format!("nothing in `{}` tells facts apart: give it a `key` in {}", input.name, input.path())))
        }
    }
}
