//! Readers of other people's making, fed with files of anybody's making.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::FileFault;

/// What `read` gives; a fault of the file where it panics. Of what it was given nothing is used after that.
pub(crate) fn guarded<T, E: From<FileFault>>(what: &'static str, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        let reason = "it is not what a writer of the format could have written".to_owned();
        Err(FileFault::Damaged { what, offset: 0, reason }.into())
    })
}
