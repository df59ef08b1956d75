//! `lakesmith demo`: a shop's five days, from the files to the answers.
//!
//! It writes a project and, day by day, the files of a made-up shop, runs the project after each day as `lakesmith run` does,
//! and shows what came of it. What the screen says is read from the tables by queries, as `lakesmith query` does; which
//! batches are a day's, and whether their outcomes add up, the runs' own reports say. The folder stays.

mod day;
mod folder;
mod next;
mod questions;
mod screen;
mod shop;
mod waiting;

use crate::amounts::time;
use crate::args::Globals;
use crate::commands::run::summary;
use crate::console::Console;
use crate::examples::DEMO;
use crate::exit::{Exit, Stop};
use crate::open;
use lakesmith_compile::Selection;
use lakesmith_engine::Rows;
use lakesmith_run::{FlowStatus, Lake, Options, Report};
use lakesmith_text::{Diagnostics, render};
use questions::Questions;
use screen::Screen;
use std::path::{Path, PathBuf};
use std::time::Instant;
use waiting::Waiting;

/// Said on the screen itself.
const SHOWN: &str = "failed-files";

#[derive(Debug, clap::Args)]
#[command(after_help = "The folder must be empty, or hold a demo: that is made anew, and shows the same again. Where files \
    were edited or added since, it is refused without --force. The project is the one in DIR, whatever --project-dir and --target \
    say.\n\n\
    Examples:\n  lakesmith demo\n  lakesmith demo /tmp/shop --seed 7")]
pub(crate) struct Args {
    /// The folder that the demo makes and leaves
    #[arg(default_value = "lakesmith-demo")]
    dir: PathBuf,
    /// What the shop's customers, orders and prices are made up from
    #[arg(long, value_name = "N", default_value_t = shop::SEED)]
    seed: u64,
    /// Make a demo anew though files were edited or added in it: they are lost
    #[arg(long)]
    force: bool,
}

/// Writes the project, runs the days, and prints what came of them.
pub(crate) async fn run(args: &Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let (dir, days) = (args.dir.as_path(), shop::days(args.seed));
    let landed = days.iter().flat_map(|day| &day.files).map(|file| (file.path.as_str(), file.bytes.as_slice()));
    let files: Vec<_> = DEMO.iter().copied().chain(landed).collect();
    folder::prepare(dir, &files, args.force)?;
    for (path, bytes) in DEMO {
        folder::write(dir, path, bytes, None)?;
    }
    let (screen, mut questions, clock) = (Screen::new(console), Questions::new(), Instant::now());
    screen.words(&format!(
        "Five days of a shop, made up from seed {}. Each day its files land in {},\n\
         the project runs, and what is shown is read from the tables.",
        args.seed,
        dir.join("landing").display()
    ))?;
    for day in &days {
        for file in &day.files {
            folder::write(dir, &file.path, &file.bytes, Some(file.modified.into()))?;
        }
        let (lake, report) = run_day(dir, day.number, globals, console).await?;
        if !report.succeeded() {
            return Ok(Exit::Failed);
        }
        if let Err(words) = summary::add_up(&report) {
            console.error(&words);
            return Ok(Exit::Failed);
        }
        day::show(day, &lake, &report, &screen).await?;
        questions.ask_after(day.number, &lake).await?;
    }
    questions.show(&screen)?;
    next::show(dir, &screen)?;
    console.say(&format!("\nfive days in {}", time(clock.elapsed())));
    Ok(Exit::Done)
}

/// Runs every flow of the project, and says on standard error what is wrong.
async fn run_day(dir: &Path, day: usize, globals: &Globals, console: &Console) -> Result<(Lake, Report), Stop> {
    let options = Options { target: None, ..open::options(globals) };
    let mut lake = open::folder_to_run(dir, &options, console).await?;
    let all = Selection::default().resolve(lake.plan(), lake.project());
    let all = all.map_err(|error| Stop::Argument(error.to_string()))?;
    let sources = lake.project().sources_text.clone();
    let waiting = Waiting::new(day, console);
    let report = lake.execute(&all, waiting.events()).await;
    waiting.end();
    let report = report.map_err(|error| Stop::of(error, &sources))?;
    let ran = report.flows.iter().filter(|flow| flow.status != FlowStatus::Skipped);
    let notes = ran.flat_map(|flow| flow.notes.iter().chain(&flow.fault)).filter(|note| note.code != SHOWN);
    let notes: Diagnostics = notes.cloned().collect();
    if !notes.is_empty() {
        console.complain(&render(&notes, &sources, console.color_err));
    }
    Ok((lake, report))
}

/// The rows of a query, through the gate.
async fn ask(lake: &Lake, sql: &str) -> Result<Rows, Stop> {
    lake.query(sql).await.map_err(|error| {
        let mut sources = lake.project().sources_text.clone();
        let file = sources.add("<query>".to_owned(), sql);
        Stop::of_query(error, &sources, file)
    })
}
