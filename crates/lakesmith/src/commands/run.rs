//! `lakesmith run`: bring tables up to date.

mod summary;

use crate::amounts::{count, time};
use crate::args::{Globals, Selectors};
use crate::console::Console;
use crate::exit::{Exit, Stop};
use crate::format::{self, Format, ReportFormat};
use crate::open;
use crate::progress::Progress;
use lakesmith_run::{FlowStatus, Report};
use lakesmith_text::{Diagnostics, render};
use std::io::Write;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code 1 if a flow failed; flows that do not depend on it ran nevertheless.\n\n\
    Examples:\n  lakesmith run\n  lakesmith run layer:bronze layer:silver\n  lakesmith run +gold.fact_sales --exclude gold.dim_date\n  \
    lakesmith run --format json > report.json")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) selectors: Selectors,
    /// How the report is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: ReportFormat,
}

/// Runs the flows, shows progress on standard error, and prints the report.
pub(crate) async fn run(args: Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let mut lake = open::to_run(globals, console).await?;
    let selection = args.selectors.selection();
    let chosen = selection.resolve(lake.plan(), lake.project()).map_err(|error| Stop::Argument(error.to_string()))?;
    let sources = lake.project().sources_text.clone();
    let progress = Arc::new(Progress::new(console));
    let events = Arc::clone(&progress);
    let report = lake.execute(&chosen, Arc::new(move |event| events.show(event))).await;
    let report = report.map_err(|error| Stop::of(error, &sources))?;

    let shown = report.flows.iter().filter(|flow| flow.status != FlowStatus::Skipped);
    let faults: Diagnostics = shown.flat_map(|flow| flow.notes.iter().chain(&flow.fault).cloned()).collect();
    if !faults.is_empty() {
        console.complain(&format!("\n{}\n", render(&faults, &sources, console.color_err)));
    }
    print(&report, args.format, console)?;
    match summary::add_up(&report) {
        Ok(line) => console.say(&line),
        Err(line) => console.error(&line),
    }
    console.say(&told(&report));
    Ok(if report.succeeded() { Exit::Done } else { Exit::Failed })
}

fn print(report: &Report, form: ReportFormat, console: &Console) -> Result<(), Stop> {
    match form {
        ReportFormat::Table => format::print(&summary::grid(report)?, Format::Table, 0, console)?,
        ReportFormat::Json => {
            let mut out = console.out();
            serde_json::to_writer_pretty(&mut out, report)?;
            writeln!(out)?;
            out.flush()?;
        }
    }
    Ok(())
}

/// `12 flows in 4.2 s: 9 updated, 3 up to date`.
fn told(report: &Report) -> String {
    let states = [FlowStatus::Updated, FlowStatus::UpToDate, FlowStatus::Failed, FlowStatus::Skipped];
    let states =
        states.map(|state| (report.flows.iter().filter(|flow| flow.status == state).count(), crate::progress::status(state)));
    let states: Vec<String> = states.into_iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    format!("{} in {}: {}", count(report.flows.len(), "flow"), time(report.duration), states.join(", "))
}
