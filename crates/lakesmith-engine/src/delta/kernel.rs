//! The Delta kernel's engine, and the way from our async code into its blocking one.

mod listing;

use std::sync::{Arc, OnceLock};

use delta_kernel_engine::executor::tokio::TokioMultiThreadExecutor;
use delta_kernel_engine::{DefaultEngine, DefaultEngineBuilder};
use object_store::ObjectStore;

use super::{DeltaError, TablePath};
use listing::Sorted;

pub(super) type KernelEngine = DefaultEngine<TokioMultiThreadExecutor>;

/// One small runtime for the whole process: the kernel waits for it from blocking threads, whatever runtime the caller has.
/// It is never dropped, because dropping a runtime inside another one panics.
static EXECUTOR: OnceLock<Arc<TokioMultiThreadExecutor>> = OnceLock::new();

pub(super) fn engine(store: Arc<dyn ObjectStore>) -> Result<KernelEngine, delta_kernel::Error> {
    let executor = match EXECUTOR.get() {
        Some(executor) => executor.clone(),
        None => {
            let made = Arc::new(TokioMultiThreadExecutor::new_owned_runtime(Some(2), None)?);
            match EXECUTOR.set(made.clone()) {
                Ok(()) => made,
                Err(unused) => {
                    // Another thread was first. Its runtime serves all; ours stays as an idle pair of threads.
                    std::mem::forget(unused);
                    EXECUTOR.get().cloned().unwrap_or(made)
                }
            }
        }
    };
    Ok(DefaultEngineBuilder::new(Arc::new(Sorted(store))).with_task_executor(executor).build())
}

/// Runs the kernel where it may block.
pub(super) async fn blocking<T: Send + 'static>(
    table: &TablePath,
    work: impl FnOnce() -> Result<T, delta_kernel::Error> + Send + 'static,
) -> Result<T, DeltaError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(source)) => Err(DeltaError::Kernel { table: table.clone(), source: Box::new(source) }),
        Err(e) => Err(DeltaError::Interrupted { table: table.clone(), reason: e.to_string() }),
    }
}
