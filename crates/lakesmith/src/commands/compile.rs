//! `lakesmith compile`: the very steps that run.

use crate::args::{Globals, Selectors};
use crate::console::Console;
use crate::exit::{Exit, Stop};
use crate::format::TextFormat;
use crate::open;
use lakesmith_compile::{show, show_json};
use std::io::Write;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  lakesmith compile gold.fact_sales\n  lakesmith compile layer:silver --format json")]
pub(crate) struct Args {
    #[command(flatten)]
    selectors: Selectors,
    /// How the steps are printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: TextFormat,
}

/// Prints the flows in the order in which they run.
pub(crate) async fn run(args: Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let lake = open::to_plan(globals, console).await?;
    let selection = args.selectors.selection();
    let chosen = selection.resolve(lake.plan(), lake.project()).map_err(|error| Stop::Argument(error.to_string()))?;
    // What lakesmith says of the lakehouse itself is shown to those who ask for it.
    let asked = !selection.select.is_empty();
    let monitoring = lake.plan().monitoring.iter().filter(|_| asked);
    let flows = lake.plan().flows.iter().chain(monitoring).filter(|flow| chosen.contains(&flow.name));
    let mut out = console.out();
    match args.format {
        TextFormat::Text => write!(out, "{}", show(flows))?,
        TextFormat::Json => writeln!(out, "{:#}", show_json(lake.plan(), flows))?,
    }
    out.flush()?;
    Ok(Exit::Done)
}
