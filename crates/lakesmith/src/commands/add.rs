//! `lakesmith add`: the next file of a project, written from what is known of the data.
//!
//! Each kind of file has a module that makes its text: a proposal, with comments on what was guessed and what is to be
//! decided. The project is checked with it before it is written; what exists is never overwritten.

mod aggregate;
mod dimension;
mod fact;
mod guess;
mod sample;
mod silver;
mod source;
mod table;
mod yaml;

use crate::args::Globals;
use crate::console::Console;
use crate::exit::{Exit, Stop};
use crate::open;
use lakesmith_project::load_with;
use lakesmith_run::Lake;
use lakesmith_text::{Diagnostic, Diagnostics, Severity};
use std::fs;
use std::io::Write;
use std::path::Path;

#[derive(Debug, clap::Args)]
#[command(after_help = "The file is a proposal: guesses are marked by comments. Nothing that exists is overwritten.\n\n\
    Examples:\n  lakesmith add source shop --path landing/\n  lakesmith add silver sales.orders --from bronze.shop_orders\n  \
    lakesmith add dimension customer --from silver.sales_customers\n  lakesmith add fact sales --from silver.sales_orders\n  \
    lakesmith add aggregate daily_sales --from gold.fact_sales")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

/// What is added.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// A source of files, with a table per folder or pattern of names
    Source(source::Args),
    /// A cleansed table, with all columns of a bronze one
    Silver(silver::Args),
    /// A dimension; for `customer`, `product`, `geography` and `employee` with what one usually knows of them
    Dimension(dimension::Args),
    /// A fact, with the dimensions that its columns lead to; `sales`, `customer-activity` and `web-events` have templates
    Fact(fact::Args),
    /// A fact summed up
    Aggregate(aggregate::Args),
}

/// Writes the file, or prints it, and says what to do next.
pub(crate) async fn run(args: Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    match args.what {
        What::Source(args) => source::run(&args, globals, console).await,
        What::Silver(args) => silver::run(&args, globals, console).await,
        What::Dimension(args) => dimension::run(&args, globals, console).await,
        What::Fact(args) => fact::run(&args, globals, console).await,
        What::Aggregate(args) => aggregate::run(&args, globals, console).await,
    }
}

/// What each of them may be told.
#[derive(Debug, clap::Args)]
struct Common {
    /// Print the file instead of writing it
    #[arg(long)]
    dry_run: bool,
}

/// A file that is proposed.
struct Draft {
    /// Where it is to lie, relative to the project.
    path: String,
    text: String,
    /// What it makes, in words.
    makes: String,
    /// The commands to go on with.
    next: Vec<String>,
}

/// Checks the project with the file, then writes it, or prints it where nothing is to be written.
async fn deliver(draft: Draft, root: &Path, common: &Common, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let place = root.join(&draft.path);
    if !common.dry_run && place.symlink_metadata().is_ok() {
        return Err(Stop::Argument(format!(
            "`{}` is there already, and nothing is overwritten: edit it, choose another name, or see the proposal with `--dry-run`",
            draft.path
        )));
    }
    if let Err(stop) = check(&draft, root, globals).await {
        // The places that the faults show are those of a file that is not there.
        console.say(&format!(
            "`{}` is not written, because the project would have a fault with it. Lines shown are those of the proposal{}",
            draft.path,
            if common.dry_run { "" } else { "; `--dry-run` prints all of it" }
        ));
        if common.dry_run {
            let mut out = console.out();
            write!(out, "{}", draft.text)?;
            out.flush()?;
        }
        return Err(stop);
    }
    let mut out = console.out();
    if common.dry_run {
        write!(out, "{}", draft.text)?;
    } else {
        let written = write(&place, &draft.text);
        written.map_err(|error| Stop::Argument(format!("`{}` cannot be written: {error}", draft.path)))?;
        writeln!(out, "wrote {}: {}", draft.path, draft.makes)?;
        for (n, command) in draft.next.iter().enumerate() {
            writeln!(out, "{} {command}", if n == 0 { "next:" } else { "     " })?;
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// Refuses a file that would be a fault of the project, such as a second one that fills the same table.
async fn check(draft: &Draft, root: &Path, globals: &Globals) -> Result<(), Stop> {
    let (project, faults) = load_with(root, &[(draft.path.clone(), draft.text.clone())]);
    let sources = project.sources_text.clone();
    let Some(file) = sources.find(&draft.path) else { return Ok(()) };
    let own = |faults: &Diagnostics| -> Diagnostics {
        let here = |span: Option<lakesmith_text::Span>| span.is_some_and(|span| span.file == file);
        let concerns = |fault: &&Diagnostic| here(fault.span) || fault.related.iter().any(|(span, _)| here(Some(*span)));
        faults.iter().filter(|fault| fault.severity == Severity::Error).filter(concerns).cloned().collect()
    };
    let mut wrong = own(&faults);
    if wrong.is_empty() && open::is_readable(&project, &faults) {
        let lake = Lake::open(project, &open::options(globals)).await.map_err(|error| Stop::of(error, &sources))?;
        wrong = own(lake.faults());
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Stop::Faults { faults: wrong, sources, exit: Exit::Wrong }),
    }
}

fn write(place: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::OpenOptions::new().write(true).create_new(true).open(place)?.write_all(text.as_bytes())
}
