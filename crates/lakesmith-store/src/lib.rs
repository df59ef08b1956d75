//! Object stores of clouds: who asks, how often, and how patiently.
//!
//! The tables of a lake and the files of its sources may lie in buckets. [`open`] makes the store of one; both go this way, so
//! that the same credentials work for both and a service that is slow or says no is met alike:
//!
//! ```text
//! Resumed      a body that breaks off is asked for again from where it stopped, as long as it gets on
//!   └ object_store's client   signs; renews credentials before they expire; repeats what failed, a bounded number of times
//!       └ Polite              waits as long as the service asks for (`Retry-After`)
//! ```
//!
//! What a lake needs beyond this (conditional puts that are tried out, files that outlast a loss of power) is the engine's.

mod bucket;
mod names;
mod polite;
mod resumed;
mod secret;
#[cfg(test)]
mod tests;

pub use bucket::{OpenBucket, StoreError, open};
pub use polite::Polite;
pub use secret::{Secret, SecretError, resolve};
