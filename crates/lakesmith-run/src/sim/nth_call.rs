//! The n-th call fails, for n = 1, 2, 3 … until a run passes.
//!
//! A flow has one batch to do. Its n-th call to the storage or to its source is refused, or done without an answer, or
//! done twice, or done late; then a plain run follows. The tables hold what they hold where nothing went wrong.

use super::audit;
use super::contents::Contents;
use super::dice::{Tier, wanted};
use super::scenario::{Runner, Scenario, Select};
use super::store::{Call, Disk, Fault, Kind, Weather, Wire};
use crate::batch::position;
use crate::report::{FlowStatus, Report};
use std::sync::Arc;

/// Faults after which the process goes on.
const FAULTS: [Fault; 6] = [Fault::Refused, Fault::AnswerLost, Fault::SentTwice, Fault::Late, Fault::Conflict, Fault::Muddled];

/// One batch of one flow, or one run of the whole project, that is broken in turn at each of its calls.
pub(super) struct Broken<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) name: String,
    /// All is ready for the batch.
    pub(super) ready: Arc<Disk>,
    pub(super) select: Select,
    /// The calls that a run makes where nothing goes wrong.
    calls: Vec<Call>,
    /// What the tables then hold.
    expected: Contents,
}

impl<'a> Broken<'a> {
    pub(super) async fn flow(scenario: &'a Scenario, flow: &str, later: bool) -> Broken<'a> {
        let name = format!("{} {flow} {}", scenario.name, if later { "later" } else { "first" });
        Broken::new(scenario, name, scenario.ready(flow, later).await, Select::one(flow)).await
    }

    pub(super) async fn new(scenario: &'a Scenario, name: String, ready: Arc<Disk>, select: Select) -> Broken<'a> {
        let undisturbed = ready.fork();
        let wire = Wire::calm(&undisturbed);
        let report = scenario.run(&Runner::new(wire.clone()), &select).await.unwrap();
        assert!(report.succeeded(), "{name}: {report:?}");
        let calls = wire.calls();
        let expected = scenario.settle(&undisturbed, &select, &name).await;
        scenario.check(&undisturbed, &select, &expected, &format!("{name} undisturbed")).await;
        Broken { scenario, name, ready, select, calls, expected }
    }

    /// The numbers of the calls that this fault concerns, and that of one too many.
    pub(super) fn each(&self, fault: Fault) -> impl Iterator<Item = usize> {
        let meant = move |(n, call): (usize, &Call)| fault.concerns(call.kind).then_some(n + 1);
        self.calls.iter().enumerate().filter_map(meant).chain([self.calls.len() + 1])
    }

    /// Breaks the n-th call. The run that follows puts all right. `false` if the case is not asked for.
    pub(super) async fn at(&self, n: usize, fault: Fault) -> bool {
        let case = format!("{} {fault:?} {n}", self.name);
        if !wanted(&case) {
            return false;
        }
        let disk = self.ready.fork();
        let wire = Wire::new(&disk, "a", Weather::At(n, fault));
        let runner = Runner::new(wire.clone());
        let report = self.scenario.run(&runner, &self.select).await;
        let made = wire.calls();
        let broken = made.get(n - 1);
        let case = match broken {
            Some(call) => format!("{case} ({:?} of {})", call.kind, call.path),
            None => case,
        };
        if wire.is_cut() {
            disk.trace.ended("a", "crash");
            disk.power_loss().await;
            self.acknowledged(&disk, &runner, &case).await;
        } else if !report.as_ref().is_ok_and(Report::succeeded) {
            disk.trace.ended("a", "fail");
        }
        // Whether a commit, a record or a new table is there is looked up: its answer is not needed.
        let looked_up = matches!(fault, Fault::AnswerLost | Fault::SentTwice | Fault::Conflict)
            && broken.is_some_and(|call| call.kind == Kind::Create);
        if looked_up {
            let report = report.unwrap_or_else(|error| panic!("{case}: {error}"));
            for flow in report.flows {
                assert_eq!(flow.status, FlowStatus::Updated, "{case}: {:?}", flow.error);
                assert_eq!(flow.batches.len(), 1, "{case}: {:?}", flow.batches);
            }
        }
        self.scenario.check(&disk, &self.select, &self.expected, &case).await;
        true
    }

    /// What a runner was told is committed, is there.
    async fn acknowledged(&self, disk: &Arc<Disk>, runner: &Runner, case: &str) {
        let faults = audit::audit(disk).await;
        assert!(faults.is_empty(), "{case}: {}\nit ended so:\n{}", faults.join("\n"), disk.trace.end());
        let acknowledged = runner.acknowledged.lock().unwrap().clone();
        if acknowledged.is_empty() {
            return;
        }
        let lake = self.scenario.lake(&Runner::calm(disk)).await.unwrap();
        for (flow, batch) in acknowledged {
            let held = lake.snapshot(&flow).await.unwrap().unwrap_or_else(|| panic!("{case}: `{flow}` is lost"));
            let last = held.txn(&position::batch(&flow)).await.unwrap().unwrap_or(0);
            assert!(last >= batch, "{case}: batch {batch} of `{flow}` is lost");
        }
    }
}

/// Something that a runner does beside its batches, broken in turn at each of its calls; `then` is told what came of it. Gives
/// the number of cases.
pub(super) async fn each_call<T>(
    what: &str,
    ready: &Arc<Disk>,
    act: impl AsyncFn(&Runner) -> T,
    then: impl AsyncFn(&Arc<Disk>, T, &str),
) -> usize {
    let faults: &[Fault] = match Tier::get() {
        Tier::Quick => &[Fault::AnswerLost, Fault::Dies],
        Tier::Ci | Tier::Soak => {
            &[Fault::Refused, Fault::AnswerLost, Fault::SentTwice, Fault::Late, Fault::Conflict, Fault::Dies]
        }
    };
    let mut cases = 0;
    for fault in faults {
        for n in 1.. {
            let case = format!("{what} {fault:?} {n}");
            let disk = ready.fork();
            let wire = Wire::new(&disk, "a", Weather::At(n, *fault));
            let done = act(&Runner::new(wire.clone())).await;
            let calls = wire.calls();
            if calls.len() < n {
                break;
            }
            if !fault.concerns(calls[n - 1].kind) || !wanted(&case) {
                continue;
            }
            if wire.is_cut() {
                disk.trace.ended("a", "crash");
                disk.power_loss().await;
            }
            then(&disk, done, &case).await;
            let faults = audit::audit(&disk).await;
            assert!(faults.is_empty(), "{case}: {}", faults.join("\n"));
            cases += 1;
        }
    }
    println!("{what}: {cases} cases");
    cases
}

async fn of_kind(scenario: &Scenario, flow: &str, tiers: &[Tier]) {
    if !tiers.contains(&Tier::get()) {
        return;
    }
    let mut cases = 0;
    for later in [false, true] {
        let broken = Broken::flow(scenario, flow, later).await;
        for fault in FAULTS {
            for n in broken.each(fault) {
                cases += usize::from(broken.at(n, fault).await);
            }
        }
    }
    println!("{flow}: {cases} cases");
}

#[tokio::test]
async fn s3_c3_c4_c5_s2_append() {
    of_kind(&Scenario::shop(), "bronze.shop_orders", &[Tier::Quick, Tier::Ci, Tier::Soak]).await;
}

#[tokio::test]
async fn s3_c3_c4_c5_s2_replace_keys() {
    of_kind(&Scenario::shop(), "silver.sales_orders", &[Tier::Ci, Tier::Soak]).await;
}

#[tokio::test]
async fn s3_c3_c4_c5_s2_replace_all() {
    of_kind(&Scenario::shop(), "gold.dim_date", &[Tier::Ci, Tier::Soak]).await;
}

#[tokio::test]
async fn s3_c3_c4_c5_s2_every_other_flow() {
    for scenario in Scenario::all() {
        let scenario = scenario();
        for flow in scenario.flows().await {
            of_kind(&scenario, &flow, &[Tier::Soak]).await;
        }
    }
}
