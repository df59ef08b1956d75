//! `lakesmith plan`: what a run would change about the columns and definitions of tables, and how each follows what it
//! reads. Nothing is written.

use crate::amounts::count;
use crate::args::{Globals, Selectors};
use crate::console::Console;
use crate::exit::{Exit, Stop};
use crate::format::ReportFormat;
use crate::open;
use lakesmith_run::Preview;
use lakesmith_text::{Diagnostics, render};
use std::io::Write;

#[derive(Debug, clap::Args)]
#[command(after_help = "Files that wait are looked at as a run would: a sample of their first rows.\n\n\
    Examples:\n  lakesmith plan\n  lakesmith plan bronze.shop_orders+ --format json\n  lakesmith plan --detailed-exitcode")]
pub(crate) struct Args {
    #[command(flatten)]
    selectors: Selectors,
    /// End with exit code 3 if there is a change
    #[arg(long)]
    detailed_exitcode: bool,
    /// How the plan is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: ReportFormat,
}

/// Prints what would change, a paragraph per table.
pub(crate) async fn run(args: Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let lake = open::to_plan(globals, console).await?;
    let selection = args.selectors.selection();
    let chosen = selection.resolve(lake.plan(), lake.project()).map_err(|error| Stop::Argument(error.to_string()))?;
    let previews = lake.preview(&chosen).await.map_err(|error| Stop::of(error, &lake.project().sources_text))?;
    let notes: Diagnostics = previews.iter().flat_map(|preview| preview.notes.iter().cloned()).collect();
    if !notes.is_empty() {
        console.complain(&format!("{}\n", render(&notes, &lake.project().sources_text, console.color_err)));
    }
    let mut out = console.out();
    match args.format {
        ReportFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &previews)?;
            writeln!(out)?;
        }
        ReportFormat::Table => write!(out, "{}", text(&previews))?,
    }
    out.flush()?;
    let changes = previews.iter().any(|preview| !preview.is_quiet());
    Ok(if args.detailed_exitcode && changes { Exit::Changes } else { Exit::Done })
}

fn text(previews: &[Preview]) -> String {
    let mut text = String::new();
    let quiet = previews.iter().filter(|preview| preview.is_quiet()).count();
    for preview in previews.iter().filter(|preview| !preview.is_quiet()) {
        let mut lines = vec![];
        if preview.creates {
            lines.push("will be created".to_owned());
        }
        if let Some(files) = preview.files.filter(|files| *files > 0) {
            lines.push(format!("{} waiting", count(files, "file")));
        }
        lines.extend(preview.changes.iter().map(ToString::to_string));
        lines
            .extend(preview.differs.iter().map(|change| format!("files or hints differ, the table keeps its columns: {change}")));
        if !preview.redefined.is_empty() {
            let then =
                if preview.anew { "the whole table is made anew" } else { "rows that are there stay as they were computed" };
            lines.push(format!("defined otherwise: {}; {then}", preview.redefined.join(", ")));
        }
        if !preview.downstream.is_empty() {
            lines.push(format!("concerns {}", preview.downstream.join(", ")));
        }
        lines.extend(preview.stops.iter().map(|why| format!("stops: {why}")));
        lines.extend(preview.accept.iter().map(|command| format!("accept with: {command}")));
        text += &format!("{}\n", preview.flow);
        text += &lines.iter().map(|line| format!("  {line}\n")).collect::<String>();
    }
    if quiet > 0 {
        let tables = if quiet == previews.len() { count(quiet, "table") } else { count(quiet, "further table") };
        text += &format!("no change to the columns of {tables}\n");
    }
    text += "\nhow each table follows what it reads:\n";
    let width = previews.iter().map(|preview| preview.flow.to_string().chars().count()).max().unwrap_or_default();
    for preview in previews {
        text += &format!("  {:width$}  {}\n", preview.flow.to_string(), preview.incremental);
    }
    text
}
