//! What the tests of a project have in common: they run the same flows over tables of the same columns, so that the project
//! is compiled, and its queries are planned, once for many of them.

use super::one;
use lakesmith_compile::{Columns, Plan, compile};
use lakesmith_engine::Prepared;
use lakesmith_project::Project;
use lakesmith_text::Diagnostics;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// So many plans of the project are kept, the newest ones.
const PLANS: usize = 64;

/// What all tests of a project have in common.
pub(super) struct Shared {
    /// The project without tests and texts.
    pub(super) flows: Arc<Project>,
    /// The plans of the queries of its steps.
    pub(super) prepared: Arc<Prepared>,
    plans: Mutex<VecDeque<Compiled>>,
    compilations: AtomicUsize,
}

/// A plan, and what it was made of.
struct Compiled {
    /// What the project differs in from those of other tests.
    variant: String,
    columns: Columns,
    plan: Arc<Plan>,
    notes: Diagnostics,
}

impl Shared {
    pub(super) fn new(flows: &Arc<Project>) -> Arc<Shared> {
        let prepared = Arc::new(Prepared::new(one::THREADS));
        Arc::new(Shared { flows: flows.clone(), prepared, plans: Mutex::default(), compilations: AtomicUsize::new(0) })
    }

    /// The plan of a test's project, which differs in `variant` from those of other tests, and what is wrong with it. One
    /// with errors is made for each test: an error may name the line of the test that brought it up.
    pub(super) fn compiled(&self, variant: &str, project: &Project, columns: &Columns) -> (Arc<Plan>, Diagnostics) {
        let plans = || self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |known: &&Compiled| known.variant == variant && known.columns == *columns;
        if let Some(known) = plans().iter().find(same) {
            return (known.plan.clone(), known.notes.clone());
        }
        self.compilations.fetch_add(1, Ordering::Relaxed);
        let (plan, faults) = compile(project, columns);
        let plan = Arc::new(plan);
        if !faults.has_errors() {
            let (variant, columns, notes) = (variant.to_owned(), columns.clone(), faults.clone());
            let mut plans = plans();
            plans.push_front(Compiled { variant, columns, plan: plan.clone(), notes });
            plans.truncate(PLANS);
        }
        (plan, faults)
    }

    /// How often a project was compiled.
    #[cfg(test)]
    pub(super) fn compilations(&self) -> usize {
        self.compilations.load(Ordering::Relaxed)
    }
}
