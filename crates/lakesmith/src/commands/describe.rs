//! `lakesmith describe`: one table in full.

use crate::amounts::count;
use crate::args::Globals;
use crate::console::Console;
use crate::exit::{Exit, Stop};
use crate::format::{self, Format};
use crate::grid::Grid;
use crate::open;
use lakesmith_run::TableDescription;
use serde_json::{Value, json};
use std::io::Write;

#[derive(Debug, clap::Args)]
#[command(after_help = "`--format json` prints everything as one object, `--format csv` the columns.\n\n\
    Examples:\n  lakesmith describe gold.dim_customer\n  lakesmith describe silver.sales_orders --format json")]
pub(crate) struct Args {
    /// The table, such as `gold.dim_customer`
    table: String,
    /// How it is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

/// Prints what the table is, then its columns.
pub(crate) async fn run(args: &Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let lake = open::to_describe(globals, console).await?;
    let table = lake.describe(&args.table).await.map_err(|error| Stop::of(error, &lake.project().sources_text))?;
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
    ];
    facts.into_iter().filter(|(_, fact)| fact.contains(char::is_alphanumeric)).collect()
}
