//! The runner: batches, exactly once
