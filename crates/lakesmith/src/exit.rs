//! How a command ends: its exit code, and what keeps it from its end.

use crate::console::Console;
use lakesmith_engine::EngineError;
use lakesmith_engine::delta::DeltaError;
use lakesmith_run::RunError;
use lakesmith_text::{Diagnostics, FileId, Located, Sources, render};
use std::io;
use std::process::ExitCode;

/// The exit codes, for `--help`.
pub(crate) const CODES: &[(u8, &str)] = &[
    (0, "done"),
    (1, "something failed while it ran"),
    (2, "the project or the arguments are wrong; nothing ran"),
    (3, "`plan --detailed-exitcode` found a change"),
    (130, "interrupted by Ctrl-C"),
];

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what was asked.
    Done,
    /// Something failed while it ran.
    Failed,
    /// The project or the arguments are wrong.
    Wrong,
    /// There is something to change.
    Changes,
    /// Ctrl-C.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Wrong => 2,
            Exit::Changes => 3,
            Exit::Interrupted => 130,
        })
    }
}

/// What keeps a command from its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Findings and the texts they point into.
    Faults {
        /// What is wrong.
        faults: Diagnostics,
        /// The texts.
        sources: Sources,
        /// Whose fault it is.
        exit: Exit,
    },
    /// An argument that is not what it must be.
    Argument(String),
    /// Standard output does not take what is written to it.
    Output(io::Error),
}

impl Stop {
    /// An error of the runner; `sources` are the project's texts.
    pub(crate) fn of(error: RunError, sources: &Sources) -> Stop {
        let exit = match &error {
            RunError::Project(_) | RunError::UnknownTarget { .. } | RunError::UnsupportedEngine { .. } => Exit::Wrong,
            RunError::UnknownTable { .. } | RunError::NoFiles { .. } => Exit::Wrong,
            RunError::Unacceptable { .. } | RunError::NotAgain { .. } => Exit::Wrong,
            RunError::Engine(engine) if matches!(**engine, EngineError::Delta(DeltaError::Unsafe { .. })) => Exit::Wrong,
            _ => Exit::Failed,
        };
        let faults = match error {
            RunError::Project(faults) => faults,
            other => Diagnostics::from_iter([other.diagnostic()]),
        };
        Stop::Faults { faults, sources: sources.clone(), exit }
    }

    /// An error of a query; `sources` hold its text as `file`.
    pub(crate) fn of_query(error: RunError, sources: &Sources, file: FileId) -> Stop {
        let RunError::Engine(engine) = &error else { return Stop::of(error, sources) };
        let EngineError::Sql(errors) = engine.as_ref() else { return Stop::of(error, sources) };
        let text = Located::verbatim(sources.text(file), file, 0);
        let faults: Diagnostics = errors.iter().map(|error| error.diagnostic(&text)).collect();
        Stop::Faults { faults, sources: sources.clone(), exit: Exit::Wrong }
    }

    /// Says on standard error what is wrong, and gives the exit code.
    pub(crate) fn tell(self, console: &Console) -> Exit {
        match self {
            Stop::Faults { faults, sources, exit } => {
                console.complain(&render(&faults, &sources, console.color_err));
                exit
            }
            Stop::Argument(message) => {
                console.error(&message);
                Exit::Wrong
            }
            // The reader has seen enough, as `head` does.
            Stop::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Stop::Output(error) => {
                console.error(&format!("standard output cannot be written to: {error}"));
                Exit::Failed
            }
        }
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Output(error)
    }
}

impl From<serde_json::Error> for Stop {
    fn from(error: serde_json::Error) -> Stop {
        Stop::Output(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_fault_it_is_shows_in_the_exit_code() {
        let exit = |error| match Stop::of(error, &Sources::new()) {
            Stop::Faults { exit, .. } => Some(exit),
            _ => None,
        };
        assert_eq!(exit(RunError::Project(Diagnostics::new())), Some(Exit::Wrong));
        assert_eq!(exit(RunError::UnknownTable { name: "x".into(), near: None }), Some(Exit::Wrong));
        assert_eq!(exit(EngineError::Compute { reason: "x".into(), at: None }.into()), Some(Exit::Failed));
    }
}
