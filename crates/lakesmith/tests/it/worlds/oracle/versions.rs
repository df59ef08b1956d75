//! What a type 2 dimension holds of one member: its entries walked in the order of time.

use super::super::events::{DAY, Instant};
use std::collections::BTreeMap;

/// 9999-12-31, as an instant.
pub(crate) const OPEN: Instant = 253_402_214_400_000_000;
/// 1900-01-01, as an instant.
pub(crate) const BEGINNING: Instant = -2_208_988_800_000_000;

/// A version of a member: [start, end).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Version<S> {
    pub(crate) start: Instant,
    pub(crate) end: Instant,
    pub(crate) state: S,
}

impl<S> Version<S> {
    pub(crate) fn is_current(&self) -> bool {
        self.end == OPEN
    }

    pub(crate) fn holds(&self, at: Instant) -> bool {
        self.start <= at && at < self.end
    }
}

/// How finely validity is told, and where the first version starts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) by_day: bool,
    pub(crate) from_beginning: bool,
}

/// `tracked`: whether two states differ in what opens a version.
pub(crate) fn versions<S: Clone>(
    entries: &BTreeMap<Instant, Option<S>>,
    rules: Rules,
    differ: impl Fn(&S, &S) -> bool,
) -> Vec<Version<S>> {
    let mut last: BTreeMap<Instant, &Option<S>> = BTreeMap::new();
    for (at, entry) in entries {
        last.insert(if rules.by_day { at.div_euclid(DAY) * DAY } else { *at }, entry);
    }
    let mut versions: Vec<Version<S>> = vec![];
    for (at, entry) in last {
        let open = versions.last_mut().filter(|version| version.end == OPEN);
        match (open, entry) {
            (None, None) => {}
            (Some(open), None) => open.end = at,
            (Some(open), Some(state)) if !differ(&open.state, state) => open.state = state.clone(),
            (open, Some(state)) => {
                if let Some(open) = open {
                    open.end = at;
                }
                versions.push(Version { start: at, end: OPEN, state: state.clone() });
            }
        }
    }
    if let Some(first) = versions.first_mut().filter(|_| rules.from_beginning) {
        first.start = first.start.min(BEGINNING);
    }
    versions
}
