//! The first screen: the commands by what one wants to do.

use super::Cli;
use crate::exit;
use clap::CommandFactory;
use std::fmt::Write;

/// The commands, in groups and in the order in which one needs them.
const GROUPS: &[(&str, &[&str])] = &[
    ("Begin", &["demo", "init", "add"]),
    ("Check the project", &["validate", "test", "compile", "plan", "schema", "explain"]),
    ("Fill the tables", &["run"]),
    ("Look at the tables", &["query", "tables", "describe", "history", "files", "status"]),
];

const EXAMPLES: &str = "\
lakesmith demo                                      five days of a made-up shop
lakesmith init shop                                 a small project that runs as it is
lakesmith validate                                  every fault of the project, with its line
lakesmith run                                       bring all tables up to date
lakesmith run +gold.fact_sales                      one table and all it is made of
lakesmith query \"SELECT count(*) FROM gold.fact_sales\"
lakesmith explain unknown-column                    what an error means, and its cure";

/// The command line with its help.
pub(crate) fn command() -> clap::Command {
    let command = Cli::command();
    let text = first_screen(&command);
    let codes = exit::CODES.iter().fold(String::new(), |text, (code, meaning)| format!("{text}\n  {code:<4} {meaning}"));
    command
        .help_template(text)
        .after_help(format!(
            "{}\n{}\n\nUse `lakesmith COMMAND --help` for more on a command.",
            heading("Examples:"),
            indented(EXAMPLES)
        ))
        .after_long_help(format!(
            "{}\n{}\n\n{}{codes}\n\nEvery global option that takes a value can also be set as a variable of the environment, \
             such as LAKESMITH_TARGET.",
            heading("Examples:"),
            indented(EXAMPLES),
            heading("Exit codes:")
        ))
}

fn first_screen(command: &clap::Command) -> String {
    let mut text = "{about-with-newline}\n{usage-heading} {usage}\n".to_owned();
    for (title, names) in GROUPS {
        let _ = write!(text, "\n{}\n", heading(&format!("{title}:")));
        for subcommand in names.iter().filter_map(|name| command.find_subcommand(name)) {
            let about = subcommand.get_about().map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(text, "  \x1b[1m{:<10}\x1b[0m {about}", subcommand.get_name());
        }
    }
    let _ = write!(text, "\n{}\n", heading("Global options:"));
    text + "{options}{after-help}"
}

fn heading(title: &str) -> String {
    format!("\x1b[1m\x1b[4m{title}\x1b[0m")
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_stands_in_one_group() {
        let command = Cli::command();
        let mut grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        grouped.sort_unstable();
        let mut shown: Vec<&str> = command.get_subcommands().filter(|c| !c.is_hide_set()).map(clap::Command::get_name).collect();
        shown.sort_unstable();
        assert_eq!(grouped, shown);
    }
}
