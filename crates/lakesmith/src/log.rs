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

/// Starts the log: warnings, with `-v` also what happens, with `-vv` also why. `RUST_LOG` overrules.
pub(crate) fn start(globals: &Globals, console: &Console) {
    let ours = match (globals.quiet, globals.verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "warn,lakesmith=info,lakesmith_run=info,lakesmith_engine=info,lakesmith_connect=info",
        (false, _) => "info,lakesmith=debug,lakesmith_run=debug,lakesmith_engine=debug,lakesmith_connect=debug",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(ours));
    let records = fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(console.color_err);
    // A second subscriber cannot be there: this is called once.
    let _ = match globals.log {
        LogFormat::Text => records.with_target(false).try_init(),
        LogFormat::Json => records.json().flatten_event(true).with_current_span(false).try_init(),
    };
}
