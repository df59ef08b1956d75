//! Log records: what the program notes of its own work, on standard error.

use crate::args::Globals;
use crate::console::Console;
use clap::ValueEnum;
use std::io;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// How a log record looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// One line for people.
    Text,
    /// One JSON object a line: `timestamp` (UTC), `level`, `message`, `target` and the record's own fields.
    Json,
}

/// Starts the log: warnings, with `-v` also what happens, with `-vv` also why; of other programs' crates one level less.
/// `RUST_LOG` overrules.
pub(crate) fn start(globals: &Globals, console: &Console) {
    // A name stands for all crates whose names begin with it. What the Delta kernel complains of it also returns, and whether
    // that is an error (a table that is not there yet is none) is said where it is known.
    let ours = match (globals.quiet, globals.verbose) {
        (true, _) => "error,buoyant_kernel=off",
        (false, 0) => "error,buoyant_kernel=off,lakesmith=warn",
        (false, 1) => "warn,lakesmith=info",
        (false, _) => "info,lakesmith=debug",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(ours));
    let records = fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(console.color_err);
    // A second subscriber cannot be there: this is called once.
    let _ = match globals.log {
        LogFormat::Text => records.with_target(false).try_init(),
        LogFormat::Json => records.json().flatten_event(true).with_current_span(false).try_init(),
    };
}
