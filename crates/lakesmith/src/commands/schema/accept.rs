//! `lakesmith schema accept`: a table gets other columns, with consent.

use crate::amounts::count;
use crate::args::Globals;
use crate::console::Console;
use crate::exit::{Exit, Stop};
use crate::format::ReportFormat;
use crate::open;
use lakesmith_run::{Acceptance, Accepted};
use lakesmith_sql::{DataType, parse_type};
use std::io::Write;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Of bronze: a column takes a wider type, or a new column is taken in, and what was rescued moves into it. \
    Of silver and gold: the table takes the columns that the project declares.\n\n\
    Examples:\n  lakesmith schema accept bronze.shop_orders.amount --type double\n  lakesmith schema accept bronze.shop_orders\n  \
    lakesmith schema accept silver.sales_orders --rename order_amt=amount"
)]
pub(crate) struct Args {
    /// The table, and of bronze the column: `bronze.shop_orders.amount`
    #[arg(value_name = "TABLE[.COLUMN]")]
    what: String,
    /// The type that the column is to have [default: what hints or files say]
    #[arg(long = "type", value_name = "TYPE", value_parser = data_type)]
    ty: Option<DataType>,
    /// A column of silver or gold that takes the values of another one, which goes
    #[arg(long, value_name = "OLD=NEW", value_parser = renamed)]
    rename: Vec<(String, String)>,
    /// Values that the new types do not hold may be lost, in silver and gold
    #[arg(long)]
    lossy: bool,
    /// How the result is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: ReportFormat,
}

fn data_type(text: &str) -> Result<DataType, String> {
    parse_type(text).map_err(|error| error.message)
}

fn renamed(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((from, to)) if !from.is_empty() && !to.is_empty() => Ok((from.to_owned(), to.to_owned())),
        _ => Err("write it as `old=new`".to_owned()),
    }
}

/// Accepts, and prints what was changed.
pub(crate) async fn run(args: Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let lake = open::to_run(&open::options(globals), globals, console).await?;
    let acceptance = Acceptance { what: args.what, ty: args.ty, renamed: args.rename, lossy: args.lossy };
    let accepted = lake.accept(&acceptance).await.map_err(|error| Stop::of(error, &lake.project().sources_text))?;
    let mut out = console.out();
    match args.format {
        ReportFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &accepted)?;
            writeln!(out)?;
        }
        ReportFormat::Table => write!(out, "{}", text(&accepted))?,
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn text(accepted: &Accepted) -> String {
    let mut text = format!("{} version {}\n", accepted.table, accepted.version);
    for change in &accepted.changes {
        text += &format!("  {change}\n");
    }
    if accepted.moved > 0 {
        let rows = count(accepted.moved as usize, "row");
        text += &match accepted.batch {
            Some(batch) => format!("  {rows} gained what was rescued: batch {batch}, which the next run reads again\n"),
            None => format!("  {rows} gained what was rescued; they keep their batches, and are not read again\n"),
        };
    }
    for (column, values) in &accepted.lost {
        text += &format!("  {} of `{column}` lost\n", count(*values as usize, "value"));
    }
    text
}
