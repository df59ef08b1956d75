//! `lakesmith test`: unit tests of flows, in memory.

mod junit;
mod told;

use crate::amounts::{count, time};
use crate::args::Globals;
use crate::console::Console;
use crate::exit::{Exit, Stop};
use crate::format::TextFormat;
use crate::open;
use lakesmith_run::{TestReport, TestStatus, UnitTests};
use lakesmith_text::{Sources, render, render_json};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "A test is a file in `tests/`: rows that are given, and rows that tables are to hold then. Everything is in \
    memory: no table has to exist, no file of a source is read, and the target is not touched.\n\n\
    Exit code 1 if a test failed, 2 if a test itself is wrong.\n\n\
    Examples:\n  lakesmith test\n  lakesmith test silver.sales_orders tag:money\n  lakesmith test \"a corrected order*\"\n  \
    lakesmith test --junit report.xml\n  lakesmith test --format json | jq '.tests[] | select(.status != \"passed\")'"
)]
pub(crate) struct Args {
    /// Tests: names (`*` stands for any text), `tag:`, `path:`, or tables as `run` selects them, for the tests that expect
    /// something of them [default: all]
    #[arg(value_name = "SELECT")]
    positional: Vec<String>,
    /// The same as an option, as dbt has it
    #[arg(short, long, value_name = "SELECT")]
    select: Vec<String>,
    /// Tests to leave out, selected in the same way
    #[arg(long, value_name = "SELECT")]
    exclude: Vec<String>,
    /// Write a report there as JUnit XML, which CI servers read
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// How the results are printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: TextFormat,
}

/// Runs tests and prints how each ended, with the differences of those that failed.
pub(crate) async fn run(args: Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let tests = checked(globals, console)?;
    let sources = tests.project().sources_text.clone();
    let select = [args.positional, args.select].concat();
    let chosen = tests.choose(&select, &args.exclude).map_err(Stop::Argument)?;
    if tests.project().tests.is_empty() {
        console.say("the project has no tests: a test is a file in `tests/`, see `lakesmith schema test`");
    }
    let clock = Instant::now();
    let processors = || std::thread::available_parallelism().map_or(2, usize::from);
    let mut out = console.out();
    let mut printed = Ok(());
    let done = |report: &TestReport| {
        if args.format == TextFormat::Text && printed.is_ok() {
            let told = told::test(report, &sources, console.color_out);
            printed = out.write_all(told.as_bytes()).and_then(|()| out.flush());
        }
    };
    let reports = tests.run(&chosen, globals.threads.unwrap_or_else(processors), done).await;
    let reports = reports.map_err(|error| Stop::of(error, &sources))?;
    printed?;
    let summary = Summary::of(&reports, clock.elapsed());
    match args.format {
        TextFormat::Text => writeln!(out, "{}", summary.told())?,
        TextFormat::Json => writeln!(out, "{:#}", summary.json(&reports, &sources)?)?,
    }
    out.flush()?;
    if let Some(path) = &args.junit {
        let written = std::fs::write(path, junit::report(&reports, &sources, summary.duration));
        written.map_err(|error| Stop::Argument(format!("`{}` cannot be written: {error}", path.display())))?;
    }
    Ok(summary.exit())
}

/// The tests of a project that has no fault.
fn checked(globals: &Globals, console: &Console) -> Result<UnitTests, Stop> {
    let (project, mut faults) = open::project(globals);
    let sources = project.sources_text.clone();
    if open::is_readable(&project, &faults) {
        let tests = UnitTests::new(project);
        faults.extend(tests.faults().iter().cloned());
        if !faults.has_errors() {
            if !faults.is_empty() {
                console.say(render(&faults, &sources, console.color_err).trim_end());
            }
            return Ok(tests);
        }
    }
    Err(Stop::Faults { faults, sources, exit: Exit::Wrong })
}

/// How many tests ended in which way.
struct Summary {
    passed: usize,
    failed: usize,
    faulty: usize,
    duration: Duration,
}

impl Summary {
    fn of(reports: &[TestReport], duration: Duration) -> Summary {
        let count = |status| reports.iter().filter(|report| report.status == status).count();
        let (passed, failed, faulty) = (count(TestStatus::Passed), count(TestStatus::Failed), count(TestStatus::Faulty));
        Summary { passed, failed, faulty, duration }
    }

    /// `3 tests in 0.214 s: 2 passed, 1 failed`.
    fn told(&self) -> String {
        let all = count(self.passed + self.failed + self.faulty, "test");
        let parts = [(self.passed, "passed"), (self.failed, "failed"), (self.faulty, "faulty")];
        let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
        let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
        format!("{all} in {}{parts}", time(self.duration))
    }

    fn json(&self, reports: &[TestReport], sources: &Sources) -> Result<Value, serde_json::Error> {
        let mut tests = vec![];
        for report in reports {
            let mut test = serde_json::to_value(report)?;
            if !report.faults.is_empty() {
                test["faults"] = serde_json::from_str(&render_json(&report.faults, sources))?;
            }
            tests.push(test);
        }
        let seconds = (self.duration.as_secs_f64() * 1000.0).round() / 1000.0;
        let (passed, failed, faulty) = (self.passed, self.failed, self.faulty);
        Ok(json!({ "passed": passed, "failed": failed, "faulty": faulty, "duration_seconds": seconds, "tests": tests }))
    }

    fn exit(&self) -> Exit {
        match (self.faulty, self.failed) {
            (0, 0) => Exit::Done,
            (0, _) => Exit::Failed,
            _ => Exit::Wrong,
        }
    }
}
