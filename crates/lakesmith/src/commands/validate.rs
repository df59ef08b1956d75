//! `lakesmith validate`: every fault at once.

use crate::amounts::count;
use crate::args::Globals;
use crate::console::Console;
use crate::exit::{Exit, Stop};
use crate::format::TextFormat;
use crate::open;
use lakesmith_compile::{Columns, compile};
use lakesmith_project::Project;
use lakesmith_run::{Lake, RunError, UnitTests};
use lakesmith_text::{Diagnostics, Severity, render, render_json};
use std::io::Write;

#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code 2 if there is an error; warnings do not count.\n\n\
    Examples:\n  lakesmith validate\n  lakesmith validate --format json | jq '.[].message'")]
pub(crate) struct Args {
    /// How the findings are printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: TextFormat,
}

/// Prints the findings of loading, of compiling, and of the unit tests' names.
pub(crate) async fn run(args: &Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let (project, mut faults) = open::project(globals);
    let sources = project.sources_text.clone();
    let mut flows = 0;
    if open::is_readable(&project, &faults) {
        let (compiled, found) =
            compiled(project.clone(), globals, faults.has_errors()).await.map_err(|error| Stop::of(error, &sources))?;
        flows = compiled;
        faults.extend(found);
        if !project.tests.is_empty() {
            faults.extend(UnitTests::new(project).faults().iter().cloned());
        }
        faults.reconsider(&sources);
    }
    let mut out = console.out();
    match args.format {
        TextFormat::Json => writeln!(out, "{}", render_json(&faults, &sources))?,
        TextFormat::Text => {
            let shown = render(&faults, &sources, console.color_out);
            let gap = if shown.is_empty() { "" } else { "\n" };
            writeln!(out, "{shown}{gap}{}", summary(flows, &faults))?;
        }
    }
    out.flush()?;
    Ok(if faults.has_errors() { Exit::Wrong } else { Exit::Done })
}

/// How many flows the project has, and what is wrong with them. The lake is opened for the columns of bronze tables; with a
/// project that has faults already it need not be there.
async fn compiled(project: Project, globals: &Globals, faulty: bool) -> Result<(usize, Diagnostics), RunError> {
    match Lake::open(project.clone(), &open::options(globals)).await {
        Ok(lake) => Ok((lake.plan().flows.len(), lake.faults().clone())),
        Err(RunError::Project(faults)) => Ok((0, faults)),
        Err(_) if faulty => {
            let (plan, faults) = compile(&project, &Columns::new());
            Ok((plan.flows.len(), faults))
        }
        Err(error) => Err(error),
    }
}

fn summary(flows: usize, faults: &Diagnostics) -> String {
    let (errors, warnings) = (faults.count(Severity::Error), faults.count(Severity::Warning));
    let (e, w) = (count(errors, "error"), count(warnings, "warning"));
    match (errors, warnings) {
        (0, 0) => format!("{}, no faults", count(flows, "flow")),
        (0, _) => format!("{}, no errors, {w}", count(flows, "flow")),
        (_, 0) => e,
        _ => format!("{e}, {w}"),
    }
}
