//! Tests side by side: as many threads as wished, each with a runtime of its own, so that a test never waits for a thread
//! that another one keeps busy.

use crate::error::RunError;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::mpsc;

/// Bytes of a thread's stack: all of a test, from its plans to the log of its tables, runs on one.
const STACK: usize = 8 << 20;

/// Runs `count` pieces of work on `threads` threads and gives what each came to, in order, as soon as all before it are
/// done. The first error ends it.
pub(super) async fn run<T, F>(
    count: usize,
    threads: usize,
    work: impl Fn(usize) -> F + Send + Sync + 'static,
    mut done: impl FnMut(T),
) -> Result<(), RunError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, RunError>>,
{
    let (work, next) = (Arc::new(work), Arc::new(AtomicUsize::new(0)));
    let (send, mut receive) = mpsc::unbounded_channel();
    let mut running = vec![];
    for _ in 0..threads.clamp(1, count.max(1)) {
        let (work, next, send) = (work.clone(), next.clone(), send.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(no_thread)?;
        let thread = std::thread::Builder::new().name("test".to_owned()).stack_size(STACK).spawn(move || {
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                // Nobody listens after an error.
                if n >= count || send.send((n, runtime.block_on(work(n)))).is_err() {
                    return;
                }
            }
        });
        running.push(thread.map_err(no_thread)?);
    }
    drop(send);
    let mut waiting = BTreeMap::new();
    let mut told = 0;
    while let Some((n, result)) = receive.recv().await {
        waiting.insert(n, result?);
        while let Some(result) = waiting.remove(&told) {
            done(result);
            told += 1;
        }
    }
    for thread in running {
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
    Ok(())
}

fn no_thread(error: std::io::Error) -> RunError {
    RunError::Storage(object_store::Error::Generic { store: "memory", source: Box::new(error) })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn results_come_in_order_whichever_is_done_first() {
        let mut told = vec![];
        let work = |n: usize| async move {
            tokio::time::sleep(std::time::Duration::from_millis(if n.is_multiple_of(3) { 20 } else { 1 })).await;
            Ok(n)
        };
        run(20, 3, work, |n| told.push(n)).await.unwrap();
        assert_eq!(told, (0..20).collect::<Vec<_>>());
        run(0, 3, work, |_| panic!("there is nothing to run")).await.unwrap();
    }

    #[tokio::test]
    async fn an_error_ends_it() {
        let work = |n: usize| async move {
            if n == 3 { Err(RunError::Unacceptable { reason: "no".into(), help: "none".into() }) } else { Ok(n) }
        };
        let mut told = vec![];
        assert!(run(1000, 2, work, |n| told.push(n)).await.is_err());
        assert!(told.len() <= 3, "{told:?}");
    }
}
