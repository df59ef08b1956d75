//! What the command line takes. The text beside each field is its help, and its line in the reference.

mod help;

pub(crate) use help::command;

use crate::amounts;
use crate::commands::{Command, cli_reference};
use crate::console::Color;
use crate::log::LogFormat;
use clap::builder::RangedU64ValueParser;
use clap::{ArgAction, Args, FromArgMatches, Parser};
use lakesmith_compile::Selection;
use std::path::PathBuf;

/// Builds a data lakehouse from a folder of YAML and Spark SQL.
#[derive(Debug, Parser)]
#[command(name = "lakesmith", version, disable_help_subcommand = true, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub(crate) globals: Globals,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What holds for every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// The folder that holds `lakehouse.yaml` [default: the nearest one from here upwards]
    #[arg(long, global = true, value_name = "DIR", env = "LAKESMITH_PROJECT_DIR", hide_env = true)]
    pub(crate) project_dir: Option<PathBuf>,
    /// The target to work on [default: the one that the project marks, else its first]
    #[arg(short, long, global = true, value_name = "TARGET", env = "LAKESMITH_TARGET", hide_env = true)]
    pub(crate) target: Option<String>,
    /// Threads that compute [default: as many as there are processors]
    #[arg(long, global = true, value_name = "N", env = "LAKESMITH_THREADS", hide_env = true, value_parser = RangedU64ValueParser::<usize>::new().range(1..=1024))]
    pub(crate) threads: Option<usize>,
    /// Memory that computing may take, such as `4GiB` [default: what the project says]
    #[arg(long, global = true, value_name = "SIZE", env = "LAKESMITH_MEMORY", hide_env = true, value_parser = amounts::memory)]
    pub(crate) memory: Option<usize>,
    /// When to use colours
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto",
        env = "LAKESMITH_COLOR",
        hide_env = true,
        hide_possible_values = false
    )]
    pub(crate) color: Color,
    /// How log records look on standard error
    #[arg(long, global = true, value_enum, value_name = "FORM", default_value = "text", env = "LAKESMITH_LOG", hide_env = true)]
    pub(crate) log: LogFormat,
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Log what happens; twice: also why
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// Which flows a command is about.
#[derive(Debug, Args)]
pub(crate) struct Selectors {
    /// Flows: names, `tag:`, `source:`, `path:`, `layer:`, `+upstream`, `downstream+`, `@`; a comma means both [default: all]
    #[arg(value_name = "SELECT")]
    positional: Vec<String>,
    /// The same as an option, as dbt has it
    #[arg(short, long, value_name = "SELECT")]
    select: Vec<String>,
    /// Flows to leave out, selected in the same way
    #[arg(long, value_name = "SELECT")]
    exclude: Vec<String>,
}

impl Selectors {
    /// As the compiler takes it.
    pub(crate) fn selection(self) -> Selection {
        Selection { select: [self.positional, self.select].concat(), exclude: self.exclude }
    }
}

/// Reads the arguments; where they are wrong it says so and ends the process with exit code 2.
pub(crate) fn parse() -> Cli {
    let matches = command().get_matches();
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// The reference of all commands, as Markdown.
pub(crate) fn reference() -> String {
    cli_reference::page(&mut command())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::commands::Command;

    fn parsed(arguments: &[&str]) -> Result<Cli, clap::Error> {
        let matches = command().try_get_matches_from(std::iter::once(&"lakesmith").chain(arguments))?;
        Cli::from_arg_matches(&matches)
    }

    #[test]
    fn clap_finds_no_fault() {
        command().debug_assert();
    }

    #[test]
    fn selectors_are_positional_or_options() {
        let cli = parsed(&[
            "run",
            "layer:gold",
            "+gold.fact_sales",
            "-s",
            "tag:daily",
            "--exclude",
            "gold.dim_date",
            "--memory",
            "4GiB",
        ])
        .unwrap();
        assert_eq!(cli.globals.memory, Some(4 << 30));
        let Command::Run(args) = cli.command else { unreachable!() };
        let selection = args.selectors.selection();
        assert_eq!(selection.select, ["layer:gold", "+gold.fact_sales", "tag:daily"]);
        assert_eq!(selection.exclude, ["gold.dim_date"]);
    }

    #[test]
    fn global_options_stand_before_or_after_the_command() {
        for arguments in [["-t", "prod", "--project-dir", "x", "status"], ["status", "-t", "prod", "--project-dir", "x"]] {
            let globals = parsed(&arguments).unwrap().globals;
            assert_eq!((globals.target.as_deref(), globals.project_dir), (Some("prod"), Some(PathBuf::from("x"))));
        }
    }

    #[test]
    fn wrong_arguments_are_refused() {
        for arguments in [
            &["run", "--format", "csv"][..],
            &["--threads", "0", "run"],
            &["--memory", "50%", "run"],
            &["--memory", "1", "run"],
            &["frobnicate"],
            &["-q", "-v", "run"],
            &["query"],
        ] {
            let error = parsed(arguments).map(|_| ()).expect_err(&arguments.join(" "));
            assert_eq!(error.exit_code(), 2, "{arguments:?}");
        }
    }
}
