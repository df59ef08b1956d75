//! Sources change what they deliver: columns come, go, and hold other values than before. What a bronze table makes of
//! it is said by `schema_evolution` of the source's table; nothing of it is passed over in silence.

pub(crate) mod learn;
mod told;
pub(crate) mod watch;

pub(crate) use learn::{Learnt, learn};
pub use told::{Drift, Unfit, Unknown};
pub(crate) use told::{absent, command, notes, since};
pub(crate) use watch::{Seen, Watch};

#[cfg(test)]
mod tests;
