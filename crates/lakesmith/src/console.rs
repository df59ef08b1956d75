//! The terminal: which stream gets what, in colour or not, and how wide it is.

use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Also into files and pipes.
    Always,
    /// Nowhere.
    Never,
}

/// What is known of standard output and standard error.
#[derive(Clone, Debug)]
pub(crate) struct Console {
    /// Whether the result may hold ANSI colours.
    pub(crate) color_out: bool,
    /// Whether talk may hold ANSI colours.
    pub(crate) color_err: bool,
    /// Whether talk is shown by lines that move.
    pub(crate) animated: bool,
    quiet: bool,
}

impl Console {
    /// As the arguments ask and the streams allow.
    pub(crate) fn new(color: Color, quiet: bool) -> Self {
        let colored = |choice: ColorChoice| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => choice != ColorChoice::Never,
        };
        Self {
            color_out: colored(AutoStream::choice(&io::stdout())),
            color_err: colored(AutoStream::choice(&io::stderr())),
            animated: io::stderr().is_terminal() && !quiet,
            quiet,
        }
    }

    /// Standard output, for the result. Flush it: what is left unwritten is lost.
    pub(crate) fn out(&self) -> BufWriter<StdoutLock<'static>> {
        BufWriter::with_capacity(1 << 16, io::stdout().lock())
    }

    /// Columns of the terminal that shows the result; none for a file or a pipe.
    pub(crate) fn width(&self) -> Option<usize> {
        comfy_table::Table::new().width().map(usize::from)
    }

    /// A line of talk, left out when quiet.
    pub(crate) fn say(&self, line: &str) {
        if !self.quiet {
            self.complain(&format!("{line}\n"));
        }
    }

    /// An error in one line.
    pub(crate) fn error(&self, message: &str) {
        let title = if self.color_err { "\x1b[1m\x1b[91merror\x1b[0m" } else { "error" };
        self.complain(&format!("{title}: {message}\n"));
    }

    /// Text that is shown also when quiet. Where standard error is closed there is nobody to tell.
    pub(crate) fn complain(&self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}
