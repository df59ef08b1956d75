//! The commands, each in a file of its own: its arguments, and one function that calls the crates below and prints.

mod add;
pub(crate) mod cli_reference;
mod compile;
mod demo;
mod describe;
mod explain;
mod files;
mod history;
mod init;
mod plan;
mod query;
mod reference;
pub(crate) mod run;
mod schema;
mod status;
mod tables;
mod test;
mod validate;

use crate::args::Cli;
use crate::console::Console;
use crate::exit::{Exit, Stop};
use clap::Subcommand;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what lakesmith does: a made-up shop's five days, from its files to answers
    Demo(demo::Args),
    /// Write a small project that runs as it is
    Init(init::Args),
    /// Write the next file of a project, from what is known of the data
    Add(add::Args),
    /// Show every fault of the project, each with its line
    Validate(validate::Args),
    /// Show the steps that a run takes: the Spark SQL of each flow and how it is written
    Compile(compile::Args),
    /// Show what a run would change about the columns of tables, without writing anything
    Plan(plan::Args),
    /// Run the project's unit tests: given rows, expected rows, all in memory
    Test(test::Args),
    /// Print the JSON Schemas of the project's files, or accept other columns of a table
    Schema(schema::Args),
    /// Explain an error by its code
    Explain(explain::Args),
    /// Bring tables up to date with their sources
    Run(run::Args),
    /// Answer a question in Spark SQL
    Query(query::Args),
    /// List the tables with their versions, rows and sizes
    Tables(tables::Args),
    /// Show a table's columns, key, inputs and place, or draw the dimensional model
    Describe(describe::Args),
    /// Show who did what to a table, newest first
    History(history::Args),
    /// Show which files a bronze table has read and what became of each, newest first
    Files(files::Args),
    /// Show how far each flow has come and what waits for it
    Status(status::Args),
    /// Print the reference of the project's files, as Markdown
    #[command(hide = true)]
    Reference(reference::Args),
    /// Print the reference of the commands, as Markdown
    #[command(hide = true)]
    CliReference(cli_reference::Args),
}

/// Does it.
pub(crate) async fn run(cli: Cli, console: &Console) -> Result<Exit, Stop> {
    let globals = &cli.globals;
    match cli.command {
        Command::Demo(args) => demo::run(&args, globals, console).await,
        Command::Init(args) => init::run(&args, globals, console),
        Command::Add(args) => add::run(args, globals, console).await,
        Command::Validate(args) => validate::run(&args, globals, console).await,
        Command::Compile(args) => compile::run(args, globals, console).await,
        Command::Plan(args) => plan::run(args, globals, console).await,
        Command::Test(args) => test::run(args, globals, console).await,
        Command::Schema(args) => schema::run(args, globals, console).await,
        Command::Explain(args) => explain::run(&args, console),
        Command::Run(args) => run::run(args, globals, console).await,
        Command::Query(args) => query::run(&args, globals, console).await,
        Command::Tables(args) => tables::run(&args, globals, console).await,
        Command::Describe(args) => describe::run(&args, globals, console).await,
        Command::History(args) => history::run(&args, globals, console).await,
        Command::Files(args) => files::run(&args, globals, console).await,
        Command::Status(args) => status::run(&args, globals, console).await,
        Command::Reference(_) => reference::run(console),
        Command::CliReference(_) => cli_reference::run(console),
    }
}
