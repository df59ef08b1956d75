//! `lakesmith files`: what became of the files that a bronze table has read.

use crate::args::Globals;
use crate::console::Console;
use crate::exit::{Exit, Stop};
use crate::format::{self, Format};
use crate::grid::Grid;
use crate::open;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  lakesmith files bronze.shop_orders\n  lakesmith files bronze.shop_orders --failed\n  \
    lakesmith files bronze.shop_orders --limit 1000 --format csv > files.csv")]
pub(crate) struct Args {
    /// The bronze table, such as `bronze.shop_orders`
    table: String,
    /// Only files whose newest receipt has an error: those that `lakesmith run --retry-files` reads again
    #[arg(long)]
    failed: bool,
    /// Receipts to show at most
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// How the list is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

/// Prints one row per receipt, newest first.
pub(crate) async fn run(args: &Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let lake = open::to_look(globals, console)?;
    let receipts = lake.files(&args.table, args.failed, args.limit).await;
    let receipts = receipts.map_err(|error| Stop::of(error, &lake.project().sources_text))?;
    format::print(&Grid::of(&receipts.schema, &receipts.batches), args.format, 0, console)?;
    Ok(Exit::Done)
}
