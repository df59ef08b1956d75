//! Unit tests of flows: rows that are given, rows that are expected, everything in memory.
//!
//! A test runs the flows of the project as they are: compiled by the compiler, run by the runner, on the embedded engine,
//! batch by batch with records and commits. What differs is where they stand. The storage is in memory; the files of sources
//! are made of the rows that the test gives ([`stage`]); a table of silver or gold that is given is filled by a flow that
//! takes its rows from the test ([`given`]); the clock says what the test says.
//!
//! ```text
//! given rows of a source ─> files in memory ─> bronze ─> silver ─> gold ─> compared with what is expected
//! given rows of a table ──────────────────────────────> silver ─> gold ─>
//! ```
//!
//! Only the flows run that the expected tables are made of, up to those that are given.

mod check;
mod choose;
mod compare;
mod given;
mod landing;
mod needs;
mod one;
mod report;
mod shared;
mod side;
mod stage;
mod values;
mod written;

pub use compare::{Cell, Difference, DifferentRow, Mark};
pub(crate) use given::Stand;
pub use report::{Finding, TestReport, TestStatus, What};

use crate::error::RunError;
use lakesmith_compile::Plan;
use lakesmith_project::Project;
use lakesmith_text::{Diagnostics, Sources};
use shared::Shared;
use std::sync::Arc;

/// The counts that every run has of every flow.
const COUNTED: [&str; 9] =
    ["read", "inserted", "updated", "unchanged", "superseded", "quarantined", "dropped", "deleted", "removed"];

/// The unit tests of a project.
#[derive(Debug)]
pub struct UnitTests {
    project: Arc<Project>,
    /// The project without tests and texts.
    flows: Arc<Project>,
    plan: Plan,
    faults: Diagnostics,
}

impl UnitTests {
    /// Checks the tests of a project against it. Nothing runs.
    pub fn new(project: Project) -> UnitTests {
        let (plan, faults) = check::check(&project);
        let flows = Project { tests: vec![], sources_text: Sources::new(), ..project.clone() };
        UnitTests { project: Arc::new(project), flows: Arc::new(flows), plan, faults }
    }

    /// What is wrong with the tests themselves: tables and columns that are not there.
    pub fn faults(&self) -> &Diagnostics {
        &self.faults
    }

    /// The project.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// The tests that are meant, by their places in the project: those that any of `select` means, all if there is none,
    /// without those that any of `exclude` means. The error says what selects nothing.
    pub fn choose(&self, select: &[String], exclude: &[String]) -> Result<Vec<usize>, String> {
        choose::choose(&self.project, &self.plan, select, exclude)
    }

    /// Runs tests, so many side by side, and tells of each when it is done. The reports come in the order of `chosen`.
    pub async fn run(
        &self,
        chosen: &[usize],
        side_by_side: usize,
        done: impl FnMut(&TestReport),
    ) -> Result<Vec<TestReport>, RunError> {
        self.run_with(Shared::new(&self.flows), chosen, side_by_side, done).await
    }

    async fn run_with(
        &self,
        shared: Arc<Shared>,
        chosen: &[usize],
        side_by_side: usize,
        mut done: impl FnMut(&TestReport),
    ) -> Result<Vec<TestReport>, RunError> {
        let (project, tests, count) = (self.project.clone(), chosen.to_vec(), chosen.len());
        let run = move |n: usize| {
            let (project, shared, test) = (project.clone(), shared.clone(), tests[n]);
            async move { one::run(&project, &shared, test).await }
        };
        let mut reports = vec![];
        let ended = |report| {
            done(&report);
            reports.push(report);
        };
        side::run(count, side_by_side, run, ended).await?;
        Ok(reports)
    }
}

#[cfg(test)]
mod tests;
