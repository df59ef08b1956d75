//! `lakesmith tables`: which tables there are.

use crate::args::Globals;
use crate::console::Console;
use crate::exit::{Exit, Stop};
use crate::format::{self, Format};
use crate::grid::Grid;
use crate::open;

/// The fields of a table, in order.
const FIELDS: &[&str] = &["table", "exists", "version", "batches", "rows", "files", "size_bytes", "description"];

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  lakesmith tables\n  lakesmith tables --format json")]
pub(crate) struct Args {
    /// How the list is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

/// Prints one row per table, companions included.
pub(crate) async fn run(args: &Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let lake = open::to_look(globals, console)?;
    let tables = lake.tables().await.map_err(|error| Stop::of(error, &lake.project().sources_text))?;
    format::print(&Grid::list(FIELDS, &tables)?, args.format, 0, console)?;
    Ok(Exit::Done)
}
