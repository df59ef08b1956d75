//! Runners that are led by hand: each stops at the gates until it is let go to the next.

use super::scenario::{Runner, Scenario, Select};
use crate::error::RunError;
use crate::phase::{Moment, Phase, Witness};
use crate::report::Report;
use futures::future::BoxFuture;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

/// The phases at which a runner stops. Every one stops before it begins.
pub(super) type Gates = &'static [Phase];

/// One stop after each step: planned | computed | recorded | companion | target | planned again.
pub(super) const AFTER_EACH_STEP: Gates =
    &[Phase::Planned, Phase::FilesClosed, Phase::Recorded, Phase::CompanionCommitted, Phase::TargetCommitted];

/// Commits are cut in two, what is looked at and what is put.
pub(super) const BEFORE_EACH_PUT: Gates = &[Phase::Planned, Phase::FilesClosed, Phase::Committing, Phase::TargetCommitted];

struct Gate {
    gates: Gates,
    arrived: mpsc::UnboundedSender<Moment>,
    permits: Arc<Semaphore>,
}

impl Witness for Gate {
    fn reached(&self, moment: Moment) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if self.gates.contains(&moment.phase) {
                self.arrived.send(moment).ok();
                self.permits.acquire().await.unwrap().forget();
            }
        })
    }
}

/// A runner on its way.
pub(super) struct Led {
    runner: Runner,
    task: JoinHandle<Result<Report, RunError>>,
    arrived: mpsc::UnboundedReceiver<Moment>,
    permits: Arc<Semaphore>,
    result: Option<Result<Report, RunError>>,
}

impl Led {
    pub(super) fn start(scenario: Arc<Scenario>, runner: Runner, select: Select, gates: Gates) -> Led {
        let (sender, arrived) = mpsc::unbounded_channel();
        let permits = Arc::new(Semaphore::new(0));
        let gate = Gate { gates, arrived: sender, permits: permits.clone() };
        let held = Runner { witness: Arc::new(gate), ..runner.clone() };
        let begin = permits.clone();
        let task = tokio::spawn(async move {
            begin.acquire().await.unwrap().forget();
            scenario.run(&held, &select).await
        });
        Led { runner, task, arrived, permits, result: None }
    }

    /// Goes on to the next gate and gives where it stands, or `None` when the run has ended.
    pub(super) async fn step(&mut self) -> Option<Moment> {
        if self.result.is_some() {
            return None;
        }
        self.permits.add_permits(1);
        tokio::select! {
            moment = self.arrived.recv() => match moment {
                Some(moment) => Some(moment),
                None => { self.end().await; None }
            },
            result = &mut self.task => { self.result = Some(result.unwrap()); None }
        }
    }

    /// Goes on until a flow stands at a phase; `false` if it ended before.
    pub(super) async fn until(&mut self, flow: &str, phase: Phase) -> bool {
        while let Some(moment) = self.step().await {
            if moment.phase == phase && moment.flow.to_string() == flow {
                return true;
            }
        }
        false
    }

    pub(super) fn has_ended(&self) -> bool {
        self.result.is_some()
    }

    /// Goes on to its end.
    pub(super) async fn finish(mut self) -> Result<Report, RunError> {
        self.permits.add_permits(1 << 16);
        self.end().await;
        self.result.unwrap()
    }

    /// Goes on to its end, and says whether it ended well; if not, the trace tells.
    pub(super) async fn ended(self) -> bool {
        let wire = self.runner.wire.clone();
        let ended_well = self.finish().await.is_ok_and(|report| report.succeeded());
        if !ended_well {
            wire.disk().trace.ended(&wire.runner, if wire.is_cut() { "crash" } else { "fail" });
        }
        ended_well
    }

    async fn end(&mut self) {
        if self.result.is_none() {
            self.result = Some((&mut self.task).await.unwrap());
        }
    }

    /// The process is killed where it stands.
    pub(super) async fn kill(self) {
        if self.result.is_none() {
            self.runner.wire.cut();
            self.runner.wire.disk().trace.ended(&self.runner.wire.runner, "crash");
            self.task.abort();
            self.task.await.ok();
        }
    }
}
