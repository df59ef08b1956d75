//! An HTTP client that waits as long as a service asks for, and reads past names that are no paths.
//!
//! The client of `object_store` repeats a request that was answered with 429 or 503, after a pause of its own choice. Services
//! that are asked too much say how long to leave them alone, and go on refusing those who come sooner. So the answer is held
//! back that long before it is handed up; the pause of the client comes on top.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use object_store::ClientOptions;
use object_store::client::{HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService, ReqwestConnector};

use crate::names;

/// The longest that one answer is held back: a service that asks for more is asked again after this.
const MOST: Duration = Duration::from_secs(20);

/// Connects clients that wait as they are told.
#[derive(Debug, Default, Clone, Copy)]
pub struct Polite;

#[derive(Debug)]
struct PoliteClient(HttpClient);

impl HttpConnector for Polite {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(PoliteClient(ReqwestConnector::default().connect(options)?)))
    }
}

#[async_trait]
impl HttpService for PoliteClient {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let lists = request.uri().query().is_some_and(names::is_listing);
        let response = self.0.execute(request).await?;
        if lists && response.status().is_success() {
            return listing(response).await;
        }
        if matches!(response.status().as_u16(), 429 | 503)
            && let Some(asked) = response.headers().get("retry-after").and_then(|value| value.to_str().ok())
            && let Some(pause) = pause(asked, Utc::now())
        {
            tracing::debug!(seconds = pause.as_secs(), "a store asks to be left alone for a while");
            tokio::time::sleep(pause.min(MOST)).await;
        }
        Ok(response)
    }
}

/// A listing without the names that no path can hold.
async fn listing(response: HttpResponse) -> Result<HttpResponse, HttpError> {
    let (mut head, body) = response.into_parts();
    let body = body.bytes().await?;
    let (kept, left_out) = match std::str::from_utf8(&body) {
        Ok(text) => names::usable(text),
        Err(_) => return Ok(HttpResponse::from_parts(head, body.into())),
    };
    for name in &left_out {
        tracing::warn!(name, "an object is passed over: its name is no path");
    }
    head.headers.remove("content-length");
    Ok(HttpResponse::from_parts(head, kept.into()))
}

/// How long `Retry-After` asks to wait: seconds, or a date (RFC 9110, section 10.2.3).
fn pause(asked: &str, now: DateTime<Utc>) -> Option<Duration> {
    let asked = asked.trim();
    if let Ok(seconds) = asked.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = DateTime::parse_from_rfc2822(asked).ok()?;
    Some((at.with_timezone(&Utc) - now).to_std().unwrap_or_default())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_seconds_or_a_date() {
        let now = DateTime::parse_from_rfc3339("2026-03-01T10:00:00Z").unwrap().with_timezone(&Utc);
        assert_eq!(pause("7", now), Some(Duration::from_secs(7)));
        assert_eq!(pause("Sun, 01 Mar 2026 10:00:05 GMT", now), Some(Duration::from_secs(5)));
        assert_eq!(pause("Sun, 01 Mar 2026 09:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(pause("soon", now), None);
    }
}
