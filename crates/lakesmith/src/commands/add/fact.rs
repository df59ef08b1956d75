//! `lakesmith add fact`: what is measured.

mod template;

use super::table::{Input, named};
use super::{Common, Draft, deliver, guess, yaml};
use crate::amounts::count;
use crate::args::Globals;
use crate::console::Console;
use crate::exit::{Exit, Stop};
use lakesmith_compile::{Column, Layer};
use lakesmith_project::{Dimension, DimensionHistory};
use lakesmith_sql::DataType;
use std::fmt::Write;
use template::Template;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Dimensions of the project are taken whose natural key is among the columns; dates lead to `dim_date`.\n\n\
    Examples:\n  lakesmith add fact sales --from silver.sales_order_lines\n  \
    lakesmith add fact web-events --from silver.web_page_views --dry-run"
)]
pub(super) struct Args {
    /// What it is about, such as `sales`: it fills `gold.fact_sales`
    name: String,
    /// The silver table it reads, such as `silver.sales_order_lines`
    #[arg(long, value_name = "TABLE")]
    from: String,
    #[command(flatten)]
    common: Common,
}

/// What the fact is made of.
struct Parts {
    grain_key: Vec<String>,
    /// What the grain rests on.
    reason: &'static str,
    roles: Vec<Role>,
    degenerate: Vec<String>,
    measures: Vec<Measure>,
    /// Columns that it does not take.
    left: Vec<String>,
}

/// A key to a dimension.
#[derive(Debug, PartialEq)]
struct Role {
    key: String,
    dimension: String,
    on: Vec<String>,
    as_of: Option<String>,
}

struct Measure {
    column: String,
    value: String,
    comment: Option<String>,
}

pub(super) async fn run(args: &Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let name = named(&args.name, "fact_")?;
    let template = Template::of(&name);
    let input = Input::open(&args.from, Layer::Silver, "silver table", globals, console).await?;
    let parts = Parts::of(&input, template)?;
    let draft = Draft {
        path: format!("gold/{name}.yaml"),
        text: text(&name, &input, template, &parts),
        makes: format!(
            "gold.{name} of {}, {}, {}",
            input.name,
            count(parts.roles.len(), "dimension"),
            count(parts.measures.len(), "measure")
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
        let (grain_key, reason) = grain(input, &columns)?;
        let project = input.lake.project();
        let sequence = input.entity().and_then(|entity| entity.sequence_by.as_ref()).map(|name| name.value.as_str());
        let times: Vec<&Column> = columns
            .iter()
            .copied()
            .filter(|column| guess::is_business_time(&column.name, &column.ty) && sequence != Some(column.name.as_str()))
            .collect();
        // A day comes before an instant: an instant is rarely equal to a day of the calendar.
        let time = times.iter().find(|column| column.ty == DataType::Date).or(times.first()).copied();
        let mut roles = vec![];
        if project.lakehouse.calendar.is_some() {
            let days: Vec<&str> =
                times.iter().filter(|column| column.ty == DataType::Date).map(|column| column.name.as_str()).collect();
            roles.extend(days.iter().enumerate().map(|(n, day)| Role {
                key: if n == 0 { "date_key".to_owned() } else { format!("{}_key", day.trim_end_matches("_key")) },
                dimension: "dim_date".to_owned(),
                on: vec![(*day).to_owned()],
                as_of: None,
            }));
        }
        for dimension in &project.dimensions {
            roles.extend(roles_of(dimension, &columns, time));
        }
        let mut degenerate = grain_key.clone();
        let keyed = |name: &str| roles.iter().any(|role| role.on.iter().any(|on| on == name));
        let (mut measures, mut left) = (vec![], vec![]);
        for column in &columns {
            let name = &column.name;
            if degenerate.contains(name) || keyed(name) {
                continue;
            }
            if roles.iter().any(|role| role.key == *name) {
                left.push(name.clone());
            } else if guess::is_id(name) {
                degenerate.push(name.clone());
            } else if column.ty.is_numeric() {
                measures.push(measure(column, template));
            } else if sequence != Some(name.as_str()) {
                left.push(name.clone());
            }
        }
        if measures.is_empty() {
            let value = "{ expr: \"1\", type: int, description: Counts the rows }".to_owned();
            measures.push(Measure { column: "events".to_owned(), value, comment: Some("no column is a number".to_owned()) });
        }
        Ok(Parts { grain_key, reason, roles, degenerate, measures, left })
    }
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

/// The keys to a dimension: where its natural key is among the columns, also under a role such as `ship_customer_id`.
fn roles_of(dimension: &Dimension, columns: &[&Column], time: Option<&Column>) -> Vec<Role> {
    let has = |name: &str| columns.iter().find(|column| column.name == name).map(|column| column.name.clone());
    let one = dimension.name.value.trim_start_matches("dim_");
    let role = |key: String, on: Vec<String>| Role {
        key,
        dimension: dimension.name.value.clone(),
        on,
        as_of: time.filter(|_| dimension.history == DimensionHistory::Type2).map(|time| time.name.clone()),
    };
    let surrogate = &dimension.surrogate_key.value;
    match dimension.natural_key.as_slice() {
        [key] => {
            // `id` means little by itself: it is looked for as `customer_id`, or as `customer`.
            let general = !key.value.contains('_') && guess::is_id(&key.value);
            let wanted = if general { format!("{one}_{}", key.value) } else { key.value.clone() };
            let plain = has(&wanted).or_else(|| has(one).filter(|_| general));
            let suffix = format!("_{wanted}");
            let others = columns.iter().filter(|_| guess::is_id(&wanted)).filter_map(|column| {
                let word = column.name.strip_suffix(suffix.as_str())?;
                Some(role(format!("{word}_{surrogate}"), vec![column.name.clone()]))
            });
            plain.map(|on| role(surrogate.clone(), vec![on])).into_iter().chain(others).collect()
        }
        keys => {
            let on: Option<Vec<String>> = keys.iter().map(|key| has(&key.value)).collect();
            on.map(|on| role(surrogate.clone(), on)).into_iter().collect()
        }
    }
}

fn measure(column: &Column, template: Option<&Template>) -> Measure {
    let usual = template.and_then(|template| template.measures.iter().find(|usual| usual.name == column.name));
    let mut parts = vec![];
    if guess::is_rate(&column.name) {
        parts.push("additivity: non_additive".to_owned());
    }
    let mut words: Vec<String> = vec![];
    if let Some(usual) = usual {
        words.push(usual.about.to_owned());
    }
    if guess::is_money(&column.name) {
        words.push("say its `unit`, such as USD".to_owned());
    }
    if guess::is_rate(&column.name) && !words.iter().any(|word| word.contains("not to be summed up")) {
        words.push("a guess: not to be summed up".to_owned());
    }
    let value = if parts.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", parts.join(", ")) };
    Measure { column: column.name.clone(), value, comment: (!words.is_empty()).then(|| words.join("; ")) }
}

fn text(name: &str, input: &Input, template: Option<&Template>, parts: &Parts) -> String {
    let mut text =
        format!("# gold.{name}: what is measured, and by which dimensions it can be seen. Written by `lakesmith add fact`;\n");
    text += "# what was guessed says so: check it, and remove the comment.\n";
    let _ = writeln!(text, "fact: {name}");
    let _ = match template {
        Some(template) => writeln!(text, "description: {}", yaml::scalar(template.about)),
        None => writeln!(text, "# description: What it measures"),
    };
    let _ = writeln!(text, "kind: transaction");
    for line in template.map(|template| template.advice).unwrap_or_default() {
        let _ = writeln!(text, "# {line}");
    }
    let thing = input.entity().map(|entity| guess::singular(&entity.name).replace('_', " ")).unwrap_or_default();
    let usual = template.map(|template| format!("; usual is {}", template.grain)).unwrap_or_default();
    let _ = writeln!(text, "grain: one row per {thing}   # in words, for people{usual}");
    let _ = writeln!(text, "grain_key: {}   # {}", yaml::list(&parts.grain_key), parts.reason);
    let _ = writeln!(text, "from: {}", input.name);
    dimensions(&mut text, input, template, parts);
    let _ = writeln!(
        text,
        "# What is kept beside keys and measures: numbers of documents, by which one finds the row in the source."
    );
    let _ = writeln!(text, "degenerate: {}", yaml::list(&parts.degenerate));
    if let Some(template) = template.filter(|template| input.column(template.surrogate_key).is_none()) {
        let _ =
            writeln!(text, "surrogate_key: {}   # a number of its own; leave it out if nobody needs it", template.surrogate_key);
    }
    let _ = writeln!(
        text,
        "# What may be summed up along all dimensions is additive; a stock is semi_additive, a price non_additive."
    );
    let _ = writeln!(text, "measures:");
    let lines = parts.measures.iter().map(|measure| (measure.column.as_str(), measure.value.clone(), measure.comment.clone()));
    text += &yaml::entries(2, lines);
    let missing: Vec<&template::Usual> = template
        .iter()
        .flat_map(|template| template.measures)
        .filter(|usual| !parts.measures.iter().any(|measure| measure.column == usual.name))
        .collect();
    if let (Some(template), false) = (template, missing.is_empty()) {
        let _ = writeln!(
            text,
            "  # Usual for {}, and not among the columns: take it from another one, as in `{{ from: Column }}` or `{{ expr: \"a - b\" }}`.",
            template.word
        );
        let width = missing.iter().map(|usual| usual.name.len()).max().unwrap_or(0);
        for usual in missing {
            let _ = writeln!(text, "  #   {:<width$}   {}", usual.name, usual.about);
        }
    }
    if !parts.left.is_empty() {
        let _ = writeln!(text, "# Not taken, as what describes belongs to a dimension: {}", parts.left.join(", "));
    }
    text
}

fn dimensions(text: &mut String, input: &Input, template: Option<&Template>, parts: &Parts) {
    let missing: Vec<_> = template
        .iter()
        .flat_map(|template| template.keys)
        .filter(|(key, _)| !parts.roles.iter().any(|role| role.key == *key))
        .collect();
    if parts.roles.is_empty() {
        let _ =
            writeln!(text, "# No dimension of the project has its natural key among the columns: add one, then name it here.");
        let _ = writeln!(text, "# dimensions:");
        let _ = writeln!(text, "#   customer_key: {{ dimension: dim_customer, on: customer_id }}");
    } else {
        let _ = writeln!(
            text,
            "# Keys of members, found by the columns in `on`. A fact whose member is not there has -1, until it arrives."
        );
        let _ = writeln!(text, "dimensions:");
        let value = |role: &Role| {
            let on = if let [one] = role.on.as_slice() { yaml::scalar(one) } else { yaml::list(&role.on) };
            let as_of = role.as_of.iter().map(|time| format!(", as_of: {}", yaml::scalar(time))).collect::<String>();
            format!("{{ dimension: {}, on: {on}{as_of} }}", role.dimension)
        };
        let comment = |role: &Role| role.as_of.as_ref().map(|_| "the version that was valid then".to_owned());
        *text += &yaml::entries(2, parts.roles.iter().map(|role| (role.key.as_str(), value(role), comment(role))));
    }
    if input.lake.project().lakehouse.calendar.is_none() {
        let _ = writeln!(
            text,
            "# With a `calendar: {{ start: 2025-01-01, end: 2025-12-31 }}` in lakehouse.yaml there is dim_date, to be found by a DATE."
        );
    }
    if let (Some(template), false) = (template, missing.is_empty()) {
        let _ = writeln!(text, "# Usual for {}, and not found:", template.word);
        for (key, about) in missing {
            let _ = writeln!(text, "#   {key:<14} {about}");
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The keys that facts with `columns` have to a dimension, each with the column that leads to it.
    fn found(dimension: &str, columns: &[&str]) -> Vec<(String, String)> {
        let folder = tempfile::tempdir().unwrap();
        let file = ("gold/d.yaml".to_owned(), format!("{dimension}\nfrom: silver.a_b\n"));
        std::fs::write(folder.path().join("lakehouse.yaml"), "lakehouse: x\n").unwrap();
        let (project, faults) = lakesmith_project::load_with(folder.path(), &[file]);
        assert!(faults.is_empty(), "{faults:?}");
        let columns: Vec<Column> = columns.iter().map(|name| Column::new(*name, DataType::String)).collect();
        let roles = roles_of(&project.dimensions[0], &columns.iter().collect::<Vec<_>>(), None);
        roles.into_iter().map(|role| (role.key, role.on.join(","))).collect()
    }

    #[test]
    fn a_dimension_is_found_by_its_natural_key() {
        let pair = |key: &str, on: &str| (key.to_owned(), on.to_owned());
        let customer = |key: &str| format!("dimension: dim_customer\nnatural_key: {key}\nsurrogate_key: customer_key");
        assert_eq!(found(&customer("customer_id"), &["customer_id", "amount"]), [pair("customer_key", "customer_id")]);
        let roles = [pair("customer_key", "customer_id"), pair("ship_customer_key", "ship_customer_id")];
        assert_eq!(found(&customer("customer_id"), &["customer_id", "ship_customer_id"]), roles);
        assert_eq!(found(&customer("id"), &["id", "customer"]), [pair("customer_key", "customer")]);
        assert!(found(&customer("id"), &["id", "order_id"]).is_empty());
        assert_eq!(found(&customer("[country, city]"), &["country", "city"]), [pair("customer_key", "country,city")]);
        assert!(found(&customer("[country, city]"), &["country"]).is_empty());
    }
}
