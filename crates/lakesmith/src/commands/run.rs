//! `lakesmith run`: bring tables up to date.

pub(super) mod summary;
mod watch;

use crate::amounts::{Moment, count, moment, span, time};
use crate::args::{Globals, Selectors};
use crate::console::Console;
use crate::exit::{Exit, Stop};
use crate::format::{self, Format, ReportFormat};
use crate::open;
use crate::progress::Progress;
use chrono::Utc;
use lakesmith_compile::{Plan, TableName};
use lakesmith_run::{Again, FlowStatus, Lake, Options, Report};
use lakesmith_text::{Diagnostics, render};
use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit code 1 if a flow failed; flows that do not depend on it ran nevertheless. With --watch it is that of \
    the last run; the first Ctrl-C lets a run end, the second does not wait.\n\n\
    Examples:\n  lakesmith run\n  lakesmith run layer:bronze layer:silver\n  lakesmith run +gold.fact_sales --exclude gold.dim_date\n  \
    lakesmith run bronze.shop_orders+ --retry-files\n  lakesmith run --full-refresh silver.sales_orders+\n  \
    lakesmith run --from 2025-01-02\n  lakesmith run --watch --every 10m\n  \
    lakesmith run --format json > report.json"
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) selectors: Selectors,
    /// Read files again whose newest receipt has an error
    #[arg(long, conflicts_with = "watch")]
    retry_files: bool,
    /// List everything in the sources, also where recent dates, ordered names or a queue would do
    #[arg(long, conflicts_with = "watch")]
    relist: bool,
    /// Compute the selected tables of silver and gold again from all that their inputs hold, and write what differs
    #[arg(long, conflicts_with_all = ["watch", "from"])]
    full_refresh: bool,
    /// Read again what reached bronze since then, through today's project: a day, a time in UTC, or `7d`, `12h`
    #[arg(long, value_name = "DATE", conflicts_with = "watch", value_parser = moment)]
    from: Option<Moment>,
    /// With --full-refresh: read the files of sources again. Not built yet
    #[arg(long, requires = "full_refresh", hide = true)]
    from_source: bool,
    /// Go on: run again what follows from a source's folder as soon as files arrive there, until Ctrl-C
    #[arg(long)]
    pub(crate) watch: bool,
    /// With --watch: how often everything is run without being told of a file, such as `30s`, `5m`, `1h`
    #[arg(long, value_name = "SPAN", default_value = "5m", requires = "watch", value_parser = span)]
    every: Duration,
    /// How the report is printed; with --watch one for each run in which something happened, as JSON in one line
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: ReportFormat,
}

/// Runs the flows, shows progress on standard error, and prints the report.
pub(crate) async fn run(args: Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    if args.watch {
        return watch::run(args, globals, console).await;
    }
    let options = Options { retry_files: args.retry_files, relist: args.relist, ..open::options(globals) };
    let mut lake = open::to_run(&options, globals, console).await?;
    let selection = args.selectors.selection();
    let chosen = selection.resolve(lake.plan(), lake.project()).map_err(|error| Stop::Argument(error.to_string()))?;
    if args.from_source {
        let words =
            "--from-source is not built yet: bronze is only added to, and reading files again would give their rows twice";
        return Err(Stop::Argument(words.to_owned()));
    }
    let again = match args.from {
        Some(from) => Some(Again::Since(from.before(Utc::now()))),
        None => args.full_refresh.then_some(Again::Whole),
    };
    if let Some(again) = again {
        let sources = lake.project().sources_text.clone();
        lake.read_again(again, &chosen, &selection.select).map_err(|error| Stop::of(error, &sources))?;
    }
    if args.retry_files {
        reads_files(lake.plan(), &chosen)?;
    }
    let report = execute(&mut lake, &chosen, console).await?;
    print(&report, args.format, console)?;
    say(&report, console);
    if args.retry_files && report.flows.iter().all(|flow| !flow.counts.contains_key("retried files")) {
        console.say("no file was read again: of the selected tables none has a failed file that is still there");
    }
    Ok(if report.succeeded() { Exit::Done } else { Exit::Failed })
}

/// Only bronze tables read files.
fn reads_files(plan: &Plan, chosen: &BTreeSet<TableName>) -> Result<(), Stop> {
    let mut bronze = plan.flows.iter().filter(|flow| flow.kind.is_bronze()).map(|flow| &flow.name);
    match bronze.clone().any(|name| chosen.contains(name)) {
        true => Ok(()),
        false => {
            let near = bronze.next().map(|name| format!("; select a bronze table, such as `{name}`")).unwrap_or_default();
            Err(Stop::Argument(format!("--retry-files reads files again, and none of the selected flows reads any{near}")))
        }
    }
}

/// Runs flows and says what is wrong.
async fn execute(lake: &mut Lake, chosen: &BTreeSet<TableName>, console: &Console) -> Result<Report, Stop> {
    let sources = lake.project().sources_text.clone();
    let progress = Arc::new(Progress::new(console));
    let events = Arc::clone(&progress);
    let report = lake.execute(chosen, Arc::new(move |event| events.show(event))).await;
    let report = report.map_err(|error| Stop::of(error, &sources))?;
    let shown = report.flows.iter().filter(|flow| flow.status != FlowStatus::Skipped);
    let faults: Diagnostics = shown.flat_map(|flow| flow.notes.iter().chain(&flow.fault).cloned()).collect();
    if !faults.is_empty() {
        console.complain(&format!("\n{}\n", render(&faults, &sources, console.color_err)));
    }
    Ok(report)
}

/// Whether the outcomes add up, and how long it took.
fn say(report: &Report, console: &Console) {
    match summary::add_up(report) {
        Ok(line) => console.say(&line),
        Err(line) => console.error(&line),
    }
    console.say(&told(report));
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
