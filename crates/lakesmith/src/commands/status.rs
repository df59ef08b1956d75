//! `lakesmith status`: where each flow stands.

use crate::args::Globals;
use crate::console::Console;
use crate::exit::{Exit, Stop};
use crate::format::{self, Format};
use crate::grid::Grid;
use crate::open;
use crate::rows::instant;
use lakesmith_run::FlowStanding;
use serde_json::{Value, json};

/// The fields of a flow, in order.
const FIELDS: &[&str] = &["flow", "batch", "changed", "behind", "unfinished"];

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  lakesmith status\n  lakesmith status -t prod --format json")]
pub(crate) struct Args {
    /// How the list is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

/// Prints one row per flow: its last batch, when its table changed, and the inputs that have more for it.
pub(crate) async fn run(args: &Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let lake = open::to_look(globals, console)?;
    let flows = lake.status().await.map_err(|error| Stop::of(error, &lake.project().sources_text))?;
    let rows: Vec<Value> = flows.iter().map(fields).collect();
    format::print(&Grid::list(FIELDS, &rows)?, args.format, 0, console)?;
    Ok(Exit::Done)
}

fn fields(flow: &FlowStanding) -> Value {
    json!({
        "flow": flow.flow,
        "batch": flow.batch,
        "changed": flow.changed.map(|time| instant(time.naive_utc())),
        "behind": flow.behind,
        "unfinished": flow.unfinished,
    })
}
