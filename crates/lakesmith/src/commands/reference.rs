//! `lakesmith reference`: every key of every file, for the book.

use crate::console::Console;
use crate::exit::{Exit, Stop};
use std::io::Write;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Prints the page.
pub(crate) fn run(console: &Console) -> Result<Exit, Stop> {
    let mut out = console.out();
    write!(out, "{}", lakesmith_project::reference())?;
    out.flush()?;
    Ok(Exit::Done)
}
