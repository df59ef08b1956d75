//! `lakesmith describe`: one table in full, or the dimensional model as a diagram.

use crate::amounts::count;
use crate::args::Globals;
use crate::console::Console;
use crate::erd::{self, Erd};
use crate::exit::{Exit, Stop};
use crate::format::{self, Format};
use crate::grid::Grid;
use crate::near;
use crate::open;
use lakesmith_compile::{Model, TableName};
use lakesmith_run::{Lake, TableDescription};
use serde_json::{Value, json};
use std::io::Write;

#[derive(Debug, clap::Args)]
#[command(after_help = "`--format json` prints everything as one object, `--format csv` the columns.\n\n\
    `--erd` draws every fact, dimension and aggregate with keys, measures and relationships; with a table, that one and those \
    it refers to or that refer to it. Nothing needs to have run. With `--format json` it prints the model as data.\n\n\
    Examples:\n  lakesmith describe gold.dim_customer\n  lakesmith describe silver.sales_orders --format json\n  \
    lakesmith describe --erd > model.mmd\n  lakesmith describe --erd=dot gold.fact_sales | dot -Tsvg > sales.svg\n  \
    lakesmith describe --erd --format json")]
pub(crate) struct Args {
    /// The table, such as `gold.dim_customer`
    #[arg(required_unless_present = "erd")]
    table: Option<String>,
    /// Print the dimensional model as a diagram [default: mermaid]
    #[arg(long, value_enum, value_name = "LANGUAGE", num_args = 0..=1, require_equals = true, default_missing_value = "mermaid")]
    erd: Option<Erd>,
    /// How it is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

/// Prints what the table is, then its columns.
pub(crate) async fn run(args: &Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let lake = open::to_describe(globals, console).await?;
    if let Some(language) = args.erd {
        return model(&lake, args, language, console);
    }
    let table = args.table.as_deref().unwrap_or_default();
    let table = lake.describe(table).await.map_err(|error| near::stop(error, &lake))?;
    if args.format == Format::Json {
        let mut out = console.out();
        writeln!(out, "{:#}", whole(&table)?)?;
        out.flush()?;
        return Ok(Exit::Done);
    }
    if args.format == Format::Table {
        let mut out = console.out();
        for (word, fact) in facts(&table) {
            writeln!(out, "{word:<12} {fact}")?;
        }
        out.flush()?;
    }
    format::print(&Grid::list(&["column", "type", "description", "source_name"], &columns(&table))?, args.format, 0, console)?;
    Ok(Exit::Done)
}

/// Prints the model of the project, or what of it lies around one table.
fn model(lake: &Lake, args: &Args, language: Erd, console: &Console) -> Result<Exit, Stop> {
    let mut model = Model::of(lake.project(), lake.plan());
    if let Some(written) = &args.table {
        let own = format!("{}.", lake.plan().lakehouse);
        let name = TableName::parse(written.strip_prefix(&own).unwrap_or(written));
        model = name.and_then(|name| model.around(&name)).ok_or_else(|| {
            let help = "a diagram shows facts, dimensions and aggregates";
            let names: Vec<String> = model.tables.iter().map(|table| table.table.to_string()).collect();
            match lakesmith_text::nearest(written, names.iter().map(String::as_str)) {
                Some(near) => Stop::Argument(format!("`{written}` is not in the dimensional model; did you mean `{near}`?")),
                None => Stop::Argument(format!("`{written}` is not in the dimensional model; {help}: {}", names.join(", "))),
            }
        })?;
    }
    let mut out = console.out();
    match args.format {
        Format::Json => writeln!(out, "{:#}", serde_json::to_value(&model)?)?,
        Format::Table => write!(out, "{}", erd::diagram(&model, language))?,
        Format::Csv => {
            let message = "a diagram cannot be written as CSV; leave `--format` out, or take `--format json`";
            return Err(Stop::Argument(message.to_owned()));
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn columns(table: &TableDescription) -> Vec<Value> {
    let column = |column: &lakesmith_compile::Column| {
        json!({
            "column": column.name,
            "type": column.ty.to_string(),
            "description": column.description,
            "source_name": column.source_name,
        })
    };
    table.columns.iter().map(column).collect()
}

/// The table as one object, its columns named as in the list of columns.
fn whole(table: &TableDescription) -> Result<Value, serde_json::Error> {
    let mut value = serde_json::to_value(&table.summary)?;
    if let (Some(whole), Value::Object(rest)) = (value.as_object_mut(), serde_json::to_value(table)?) {
        whole.extend(rest.into_iter().filter(|(name, _)| name != "summary"));
        whole.insert("columns".to_owned(), columns(table).into());
    }
    Ok(value)
}

/// What is said of the table, without what there is not.
fn facts(table: &TableDescription) -> Vec<(&'static str, String)> {
    let summary = &table.summary;
    let number = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
    let size = |n: Option<u64>, thing: &str| n.map(|n| count(n as usize, thing));
    let input = |input: &lakesmith_run::InputPosition| format!("{} (batch {} of {})", input.table, input.read_to, input.has);
    let holds = [size(summary.rows, "row"), size(summary.files, "file"), size(summary.size_bytes, "byte")];
    let facts = [
        ("table", summary.table.to_string()),
        ("description", summary.description.clone().unwrap_or_default()),
        ("filled by", if table.flow == summary.table { String::new() } else { format!("the flow {}", table.flow) }),
        ("lies at", table.path.clone()),
        ("reads", table.inputs.iter().map(input).collect::<Vec<_>>().join(", ")),
        ("key", table.key.join(", ")),
        ("partitioned", table.partition_by.join(", ")),
        ("clustered", table.cluster_by.join(", ")),
        ("version", if summary.exists { number(summary.version) } else { "none: it has no data yet".to_owned() }),
        ("batches", number(summary.batches)),
        ("holds", holds.into_iter().flatten().collect::<Vec<_>>().join(", ")),
        (
            "unknown",
            table.unknown_members.iter().map(|role| format!("{} {}", role.key, role.facts)).collect::<Vec<_>>().join(", "),
        ),
        ("inferred", table.inferred_members.map(|n| count(n as usize, "member")).unwrap_or_default()),
    ];
    facts.into_iter().filter(|(_, fact)| fact.contains(char::is_alphanumeric)).collect()
}
