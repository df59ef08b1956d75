//! `lakesmith run --watch`: run again what follows from a source as soon as files arrive, and everything now and then.

use super::Args;
use crate::amounts::{count, time};
use crate::args::Globals;
use crate::console::Console;
use crate::exit::{Exit, Stop};
use crate::format::ReportFormat;
use crate::open;
use lakesmith_compile::{Selection, TableName};
use lakesmith_run::{FlowStatus, Lake, Report, Signals, SourceSignals, settled};
use std::collections::BTreeSet;
use std::future::pending;
use std::io::Write;
use std::time::Duration;
use tokio::sync::watch;

/// A run begins once nothing was written for so long.
const QUIET: Duration = Duration::from_millis(500);
/// But no later than this after the first file was.
const LONGEST: Duration = Duration::from_secs(10);

/// Buckets, and the queues that tell of their objects, are asked so often.
const BUCKETS: Duration = Duration::from_secs(15);

/// What wakes the next run.
enum Woken {
    /// Something may have arrived for these tables.
    By(BTreeSet<TableName>),
    /// Nobody said anything for a while.
    Time,
    /// Somebody wants it to end.
    End,
}

/// Runs until it is interrupted; the exit code is that of the last run.
pub(super) async fn run(args: Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let (every, form) = (args.every, args.format);
    let selection = args.selectors.selection();
    // What a queue has handed out to one run is read by the next one.
    let options = open::options(globals);
    let mut interrupts = interrupts();
    let (mut signals, mut runs): (Option<SourceSignals>, usize) = (None, 0);
    let mut last;
    let mut concerned: Option<BTreeSet<TableName>> = None;
    loop {
        let once = async {
            let mut lake = open::to_run(&options, globals, console).await?;
            let chosen = selection.resolve(lake.plan(), lake.project()).map_err(|error| Stop::Argument(error.to_string()))?;
            // Before the sources are listed, so that nothing that arrives meanwhile is missed.
            let watched = match signals.as_ref().is_some_and(|signals| signals.are_of(&lake, &chosen)) {
                true => None,
                false => Some(SourceSignals::new(&lake, &chosen, BUCKETS.min(every).max(Duration::from_secs(1)))),
            };
            let chosen = match &concerned {
                Some(tables) => following(&lake, tables, &chosen)?,
                None => chosen,
            };
            let report = super::execute(&mut lake, &chosen, console).await?;
            Ok::<_, Stop>((report, watched))
        };
        let ended = tokio::select! {
            ended = once => ended,
            () = interrupted(&mut interrupts, 2) => {
                console.error("interrupted; what was committed stays, and the next run goes on from there");
                return Ok(Exit::Interrupted);
            }
        };
        runs += 1;
        match ended {
            Ok((report, watched)) => {
                show(&report, form, runs == 1, console)?;
                last = if report.succeeded() { Exit::Done } else { Exit::Failed };
                match watched {
                    Some(Ok(watched)) => signals = Some(watched),
                    Some(Err(error)) => console.error(&format!("{error}; files are found every {} only", time(every))),
                    None => {}
                }
                if runs == 1 {
                    console.say(&format!("watching; every {} without being told; Ctrl-C ends it", time(every)));
                }
            }
            // What is wrong at the start is wrong with the project or the arguments. Later somebody may be editing it.
            Err(stop) if runs == 1 => return Err(stop),
            Err(stop) => last = stop.tell(console),
        }
        concerned = match woken(&mut signals, every, &mut interrupts, console).await {
            Woken::By(tables) => Some(tables),
            Woken::Time => None,
            Woken::End => {
                console.say(&format!("ended after {}", count(runs, "run")));
                return Ok(last);
            }
        };
    }
}

/// The tables and what follows from them, of those that were chosen.
fn following(lake: &Lake, tables: &BTreeSet<TableName>, chosen: &BTreeSet<TableName>) -> Result<BTreeSet<TableName>, Stop> {
    // A table that the project no longer has is none that can have gained something.
    let known = tables.iter().filter(|name| lake.plan().flow(name).is_some());
    let select: Vec<String> = known.map(|name| format!("{name}+")).collect();
    if select.is_empty() {
        return Ok(chosen.clone());
    }
    let all = Selection { select, exclude: vec![] }.resolve(lake.plan(), lake.project());
    let all = all.map_err(|error| Stop::Argument(error.to_string()))?;
    Ok(all.intersection(chosen).cloned().collect())
}

async fn woken(
    signals: &mut Option<SourceSignals>,
    every: Duration,
    interrupts: &mut watch::Receiver<usize>,
    console: &Console,
) -> Woken {
    let told = async {
        match signals {
            Some(signals) => settled(signals as &mut dyn Signals, QUIET, LONGEST).await,
            None => pending().await,
        }
    };
    tokio::select! {
        biased;
        () = interrupted(interrupts, 1) => Woken::End,
        told = told => match told {
            Ok(tables) => Woken::By(tables),
            Err(error) => {
                console.error(&format!("{error}; files are found every {} only", time(every)));
                *signals = None;
                Woken::Time
            }
        },
        () = tokio::time::sleep(every) => Woken::Time,
    }
}

/// The report of a run in which something happened, and of the first one.
fn show(report: &Report, form: ReportFormat, first: bool, console: &Console) -> Result<(), Stop> {
    if !first && report.flows.iter().all(|flow| flow.status == FlowStatus::UpToDate) {
        return Ok(());
    }
    match form {
        ReportFormat::Table => super::print(report, form, console)?,
        ReportFormat::Json => {
            let mut out = console.out();
            serde_json::to_writer(&mut out, report)?;
            writeln!(out)?;
            out.flush()?;
        }
    }
    super::say(report, console);
    Ok(())
}

/// How often somebody has asked for the end, by Ctrl-C or by SIGTERM.
fn interrupts() -> watch::Receiver<usize> {
    let (count, counted) = watch::channel(0);
    tokio::spawn(async move {
        loop {
            one_interrupt().await;
            count.send_modify(|count| *count += 1);
        }
    });
    counted
}

#[cfg(unix)]
async fn one_interrupt() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn one_interrupt() {
    drop(tokio::signal::ctrl_c().await);
}

async fn interrupted(interrupts: &mut watch::Receiver<usize>, times: usize) {
    if interrupts.wait_for(|count| *count >= times).await.is_err() {
        // Nobody counts any more.
        pending().await
    }
}
