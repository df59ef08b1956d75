//! What is seen while a day runs: on a terminal one line that moves and goes, elsewhere nothing.

use crate::console::Console;
use indicatif::{ProgressBar, ProgressStyle};
use lakesmith_run::Event;
use std::sync::Arc;
use std::time::Duration;

/// The line.
pub(super) struct Waiting {
    day: usize,
    line: ProgressBar,
}

impl Waiting {
    /// It stands until it is told to end.
    pub(super) fn new(day: usize, console: &Console) -> Self {
        if !console.animated {
            return Self { day, line: ProgressBar::hidden() };
        }
        let line = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner:.cyan} {wide_msg} {elapsed:.dim}") {
            line.set_style(style);
        }
        line.set_message(format!("day {day}"));
        line.enable_steady_tick(Duration::from_millis(120));
        Self { day, line }
    }

    /// Who shows which flow runs.
    pub(super) fn events(&self) -> Arc<dyn Fn(Event) + Send + Sync> {
        let (day, line) = (self.day, self.line.clone());
        Arc::new(move |event| {
            if let Event::Started { flow } = event {
                line.set_message(format!("day {day}: {flow}"));
            }
        })
    }

    /// Takes the line away.
    pub(super) fn end(self) {
        self.line.finish_and_clear();
    }
}
