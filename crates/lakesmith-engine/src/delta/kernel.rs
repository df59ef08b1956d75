//! The Delta kernel's engine, and the way from our async code into its blocking one.

mod listing;

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

use delta_kernel::DeltaResult;
use delta_kernel_engine::executor::TaskExecutor;
use delta_kernel_engine::executor::tokio::TokioMultiThreadExecutor;
use delta_kernel_engine::{DefaultEngine, DefaultEngineBuilder};
use futures::future::BoxFuture;
use object_store::ObjectStore;

use super::DeltaError;
use super::storage::Log;
use listing::Sorted;

pub(super) type KernelEngine = DefaultEngine<Executor>;

/// One small runtime for the whole process: the kernel waits for it from blocking threads, whatever runtime the caller has.
/// It is never dropped, because dropping a runtime inside another one panics.
static EXECUTOR: OnceLock<Arc<Executor>> = OnceLock::new();

pub(super) fn engine(store: Arc<dyn ObjectStore>) -> Result<KernelEngine, delta_kernel::Error> {
    let executor = match EXECUTOR.get() {
        Some(executor) => executor.clone(),
        None => {
            let made = Arc::new(Executor(TokioMultiThreadExecutor::new_owned_runtime(Some(2), None)?));
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

/// Waits for what the kernel asks of a store. What is there at once, as in a store in memory, takes no other thread.
#[derive(Debug)]
pub(super) struct Executor(TokioMultiThreadExecutor);

impl TaskExecutor for Executor {
    type Guard<'a> = <TokioMultiThreadExecutor as TaskExecutor>::Guard<'a>;

    fn block_on<T>(&self, task: T) -> T::Output
    where
        T: Future + Send + 'static,
        T::Output: Send + 'static,
    {
        let mut task = Box::pin(task);
        let first = {
            let _entered = self.0.enter();
            task.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        };
        match first {
            Poll::Ready(output) => output,
            Poll::Pending => self.0.block_on(task),
        }
    }

    fn spawn<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.spawn(task);
    }

    fn spawn_blocking<T, R>(&self, task: T) -> BoxFuture<'_, DeltaResult<R>>
    where
        T: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.0.spawn_blocking(task)
    }

    fn enter(&self) -> Self::Guard<'_> {
        self.0.enter()
    }
}

/// Runs the kernel where it may block: here, if the log's storage lets nobody wait.
pub(super) async fn blocking<T: Send + 'static>(
    log: &Log,
    work: impl FnOnce() -> Result<T, delta_kernel::Error> + Send + 'static,
) -> Result<T, DeltaError> {
    let table = &log.table;
    let done = match log.at_once {
        true => Ok(work()),
        false => tokio::task::spawn_blocking(work).await,
    };
    match done {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(source)) => Err(DeltaError::Kernel { table: table.clone(), source: Box::new(source) }),
        Err(e) => Err(DeltaError::Interrupted { table: table.clone(), reason: e.to_string() }),
    }
}
