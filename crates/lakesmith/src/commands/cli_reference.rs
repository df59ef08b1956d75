//! `lakesmith cli-reference`: every command and option, for the book. Told from what parses the arguments.

use crate::args;
use crate::console::Console;
use crate::exit::{self, Exit, Stop};
use clap::{Arg, ArgAction, Command};
use std::fmt::Write as _;
use std::io::Write as _;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Prints the page.
pub(crate) fn run(console: &Console) -> Result<Exit, Stop> {
    let mut out = console.out();
    write!(out, "{}", args::reference())?;
    out.flush()?;
    Ok(Exit::Done)
}

/// The page, as Markdown.
pub(crate) fn page(command: &mut Command) -> String {
    command.build();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut page = format!("# The command line\n\n{about}. This page is generated from what parses the arguments.\n");
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        section(&mut page, subcommand.get_name(), subcommand);
        for inner in subcommand.get_subcommands().filter(|inner| inner.get_name() != "help") {
            section(&mut page, &format!("{} {}", subcommand.get_name(), inner.get_name()), inner);
        }
    }
    page.push_str("\n## Options of every command\n\n");
    let globals: Vec<&Arg> = command.get_arguments().filter(|arg| arg.is_global_set()).collect();
    table(&mut page, &globals);
    page.push_str("\n## Exit codes\n\n| code | meaning |\n| --- | --- |\n");
    for (code, meaning) in exit::CODES {
        let _ = writeln!(page, "| {code} | {meaning} |");
    }
    page
}

fn section(page: &mut String, name: &str, command: &Command) {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").trim();
    let _ = write!(page, "\n## `{name}`\n\n{about}.\n\n```text\n{usage}\n```\n\n");
    let own: Vec<&Arg> = command.get_arguments().filter(|arg| !arg.is_global_set() && arg.get_id() != "help").collect();
    table(page, &own);
    if let Some(more) = command.get_after_help() {
        let more = more.to_string();
        let (words, examples) = more.split_once("Examples:\n").unwrap_or((&more, ""));
        if !words.trim().is_empty() {
            let _ = write!(page, "\n{}\n", words.trim());
        }
        if !examples.is_empty() {
            let lines: Vec<&str> = examples.lines().map(|line| line.strip_prefix("  ").unwrap_or(line)).collect();
            let _ = write!(page, "\n```sh\n{}\n```\n", lines.join("\n"));
        }
    }
}

fn table(page: &mut String, arguments: &[&Arg]) {
    if arguments.is_empty() {
        return;
    }
    page.push_str("| argument | |\n| --- | --- |\n");
    for arg in arguments {
        let _ = writeln!(page, "| {} | {} |", spelling(arg), meaning(arg));
    }
}

/// `` `-t`, `--target TARGET` ``, or `` `SQL` `` for one that has no name.
fn spelling(arg: &Arg) -> String {
    let names: Vec<&str> = arg.get_value_names().unwrap_or_default().iter().map(|name| name.as_str()).collect();
    let value = match (arg.get_action(), arg.is_positional()) {
        (ArgAction::Set | ArgAction::Append, false) => format!(" {}", names.join(" ")),
        _ => String::new(),
    };
    let long = arg.get_long().map(|long| format!("`--{long}{value}`"));
    match (arg.get_short(), long) {
        (Some(short), Some(long)) => format!("`-{short}`, {long}"),
        (None, Some(long)) => long,
        (Some(short), None) => format!("`-{short}{value}`"),
        (None, None) => format!("`{}`", names.join(" ")),
    }
}

fn meaning(arg: &Arg) -> String {
    let mut text = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let words: Vec<String> = arg.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    let takes_value = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
    if takes_value && !words.is_empty() {
        let _ = write!(text, ": {}", words.join(", "));
    }
    let defaults: Vec<String> = arg.get_default_values().iter().map(|value| format!("`{}`", value.to_string_lossy())).collect();
    if takes_value && !defaults.is_empty() {
        let _ = write!(text, " [default: {}]", defaults.join(" "));
    }
    if let Some(variable) = arg.get_env() {
        let _ = write!(text, " [variable: `{}`]", variable.to_string_lossy());
    }
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use crate::args;

    #[test]
    fn the_page_holds_every_command_and_option() {
        let page = args::reference();
        for part in [
            "## `run`",
            "lakesmith run [OPTIONS] [SELECT]...",
            "| `-s`, `--select SELECT` |",
            "| `--format FORMAT` | How the rows are printed: `table`, `json`, `csv` [default: `table`] |",
            "| `-t`, `--target TARGET` |",
            "[variable: `LAKESMITH_MEMORY`]",
            "| 130 | interrupted by Ctrl-C |",
        ] {
            assert!(page.contains(part), "`{part}` is missing in\n{page}");
        }
        assert!(!page.contains("cli-reference") && !page.contains('\u{1b}'), "{page}");
    }
}
