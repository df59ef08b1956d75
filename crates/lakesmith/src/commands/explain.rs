//! `lakesmith explain`: the page behind an error's code.

use crate::console::Console;
use crate::exit::{Exit, Stop};
use lakesmith_text::{codes, explanation, nearest};
use std::io::Write;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  lakesmith explain unknown-column\n  lakesmith explain")]
pub(crate) struct Args {
    /// What stands in brackets behind `error`, such as `unknown-column` [default: list all codes]
    code: Option<String>,
}

/// Prints the page, or every code.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Stop> {
    let mut out = console.out();
    match &args.code {
        None => codes().try_for_each(|code| writeln!(out, "{code}"))?,
        Some(code) => {
            let page = explanation(code).ok_or_else(|| match nearest(code, codes()) {
                Some(near) => Stop::Argument(format!("there is no code `{code}`; did you mean `{near}`?")),
                None => Stop::Argument(format!("there is no code `{code}`; `lakesmith explain` lists them")),
            })?;
            writeln!(out, "{}", page.trim_end())?;
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}
