//! `lakesmith history`: who did what to a table.

use crate::args::Globals;
use crate::console::Console;
use crate::exit::{Exit, Stop};
use crate::format::{self, Format};
use crate::grid::Grid;
use crate::open;
use crate::rows::instant;
use chrono::DateTime;
use lakesmith_compile::Change;
use lakesmith_run::Version;
use serde_json::{Value, json};

/// The fields of a version for people; programs also get `schema_changes`, `parameters` and `info`.
const FIELDS: &[&str] = &[
    "version",
    "timestamp",
    "operation",
    "batch",
    "rows_added",
    "files_added",
    "files_removed",
    "bytes_added",
    "columns",
    "engine",
];

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  lakesmith history gold.fact_sales\n  lakesmith history silver.sales_orders --limit 5 --format json"
)]
pub(crate) struct Args {
    /// The table, such as `gold.fact_sales`
    table: String,
    /// Versions to show at most
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// How the list is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

/// Prints one row per version, newest first.
pub(crate) async fn run(args: &Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let lake = open::to_look(globals, console)?;
    let versions = lake.history(&args.table, args.limit).await;
    let versions = versions.map_err(|error| Stop::of(error, &lake.project().sources_text))?;
    let changes = lake.schema_changes(&args.table, args.limit).await;
    let changes = changes.map_err(|error| Stop::of(error, &lake.project().sources_text))?;
    let none = vec![];
    let rows: Vec<Value> =
        versions.iter().map(|version| fields(version, changes.get(&version.version).unwrap_or(&none))).collect();
    let names = match args.format {
        Format::Table => FIELDS.to_vec(),
        Format::Json | Format::Csv => [FIELDS, &["schema_changes", "parameters", "info"]].concat(),
    };
    format::print(&Grid::list(&names, &rows)?, args.format, 0, console)?;
    Ok(Exit::Done)
}

fn fields(version: &Version, changes: &[Change]) -> Value {
    let columns: Vec<String> = changes.iter().map(ToString::to_string).collect();
    json!({
        "version": version.version,
        "timestamp": DateTime::from_timestamp_millis(version.timestamp).map(|time| instant(time.naive_utc())),
        "operation": version.operation,
        "batch": version.info.get("batch"),
        "rows_added": version.rows_added,
        "files_added": version.files_added,
        "files_removed": version.files_removed,
        "bytes_added": version.bytes_added,
        "columns": columns.join(", "),
        "schema_changes": changes,
        "engine": version.engine,
        "parameters": version.parameters,
        "info": version.info,
    })
}
