//! A simulated world for the runner: the real engine, the real log format, over a storage that fails on purpose.
//!
//! ```text
//!  Scenario ── a project and its deliveries            Disk ── what is stored; shared by all runners
//!      │                                                 ▲
//!      ▼                                                 │ Wire ── one runner's connection: calls are counted, the n-th one
//!  Lake over a World { storage, landing, clock, witness }┘         is refused, its answer lost, it comes late, the power goes
//!      │
//!      ├─ Gate ── holds a runner at the phases of a batch, so that the steps of two runners can be told one by one
//!      ├─ contents ── all rows without keys and stamps: equal to those of a lake where nothing went wrong
//!      ├─ audit ── the logs as they lie: versions and batches without gaps, every file there, outcomes that add up
//!      └─ trace ── what happened, for the model of the protocol (`docs/model`)
//! ```
//!
//! | test | faults of the matrix |
//! | --- | --- |
//! | [`nth_call`] | S3, C3, C4, C5, S2: the n-th call fails, for n = 1, 2, 3 … until a run passes |
//! | [`power`] | C1, C2: the process or the power goes at the n-th call |
//! | [`interleavings`] | W1, W2: two runners, step by step; one is frozen and woken |
//! | [`clocks`] | W8: clocks that go wrong, and two that differ |
//! | [`weather`] | S1, S5: many calls fail; listings are muddled |
//! | [`drift`] | D2, S3: files of other columns after a record; columns accepted over calls that fail |
//! | [`words`] | S3: what tables say of themselves, committed over calls that fail and beside batches under way |
//! | [`writers`] | W3: eight writers on one table |
//! | [`again`] | C1, W1, S3: tables are computed again by another definition, and the runner dies, or two do it |
//! | [`voyages`] | all of it at once, by seed |
//!
//! `LAKESMITH_TIER` (`quick`, `ci`, `soak`) says how much is run, `LAKESMITH_SEED` which chances are taken; a failure prints
//! its case, and `LAKESMITH_CASE` with that text runs it alone. `LAKESMITH_TRACES` names a folder for traces.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod again;
mod audit;
mod clocks;
mod contents;
mod dice;
mod drift;
mod gate;
mod interleavings;
mod nth_call;
mod power;
mod scenario;
mod store;
mod trace;
mod voyages;
mod weather;
mod words;
mod writers;
