//! What a lake stands on: all that differs from one machine, or one moment, to the next.

use crate::heartbeat;
use crate::landing::Landings;
use crate::phase::{Log, Witness};
use chrono::{DateTime, Utc};
use lakesmith_engine::delta::Storage;
use std::sync::Arc;
use std::time::Duration;

/// The storage, the sources, the clock, and who is told what happens.
#[derive(Clone)]
pub(crate) struct World {
    /// Where the tables lie.
    pub(crate) storage: Storage,
    /// Where the files of sources lie.
    pub(crate) landing: Landings,
    /// The time of this machine. No decision rests on it.
    pub(crate) clock: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    /// Who is told of each phase of a batch.
    pub(crate) witness: Arc<dyn Witness>,
    /// How often a run says that it lives. `None`: it does not, and waits for nobody. No decision rests on it.
    pub(crate) heartbeat: Option<Duration>,
}

impl World {
    /// This machine over a target's storage.
    pub(crate) fn of(storage: Storage) -> World {
        let (landing, clock, witness) = (Landings::here(), Arc::new(Utc::now), Arc::new(Log));
        World { storage, landing, clock, witness, heartbeat: Some(heartbeat::EVERY) }
    }
}
