//! Requests to queues are made again when they fail for a reason that may pass, a bounded number of times.

use std::time::Duration;

use crate::error::ConnectError;

/// How often a request is made that fails for a reason which may pass.
const TRIES: u32 = 5;
/// The pause before the second try; it doubles with each further one.
const PAUSE: Duration = Duration::from_millis(200);

/// Why a request has no answer, and whether that may pass.
pub(super) struct Refusal {
    pub(super) reason: String,
    pub(super) may_pass: bool,
}

impl Refusal {
    /// One that may pass.
    pub(super) fn for_now(reason: impl ToString) -> Refusal {
        Refusal { reason: reason.to_string(), may_pass: true }
    }

    /// One that stays.
    pub(super) fn for_good(reason: impl ToString) -> Refusal {
        Refusal { reason: reason.to_string(), may_pass: false }
    }

    /// An answer that is a refusal: its status, and the service's word for it.
    pub(super) fn of_status(status: u16, word: &str, may_pass: bool) -> Refusal {
        let may_pass = may_pass || status >= 500 || status == 429;
        Refusal { reason: format!("{status} {word}").trim_end().to_owned(), may_pass }
    }

    /// A part of a request that cannot be sent.
    pub(super) fn malformed(part: &str) -> Refusal {
        Refusal::for_good(format!("the {part} cannot be sent"))
    }
}

/// The answer of a queue to a request that `once` makes.
pub(super) async fn answered<T, F>(queue: &str, once: impl Fn() -> F) -> Result<T, ConnectError>
where
    F: Future<Output = Result<T, Refusal>>,
{
    let failed = |reason: String| ConnectError::Queue { queue: queue.to_owned(), reason };
    for tried in 1.. {
        match once().await {
            Ok(answer) => return Ok(answer),
            Err(Refusal { reason, may_pass: false }) => return Err(failed(reason)),
            Err(Refusal { reason, .. }) if tried == TRIES => {
                return Err(failed(format!("{reason}, after {TRIES} requests")));
            }
            Err(Refusal { reason, .. }) => {
                tracing::debug!(queue, reason, "a request to a queue is made again");
                tokio::time::sleep(PAUSE * 2_u32.pow(tried - 1)).await;
            }
        }
    }
    Err(failed("it does not answer".to_owned()))
}
