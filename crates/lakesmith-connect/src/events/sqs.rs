//! Amazon SQS, in its JSON protocol, signed as S3 is.

use async_trait::async_trait;
use object_store::aws::{AwsAuthorizer, AwsCredentialProvider};
use object_store::client::{HttpClient, HttpRequest};
use serde_json::{Value, json};

use super::notice::objects;
use super::tries::{Refusal, answered};
use super::{Message, Queue};
use crate::error::ConnectError;

/// Messages of one request, as many as there may be.
const MESSAGES: usize = 10;

/// A queue of Amazon SQS.
#[derive(Debug)]
pub struct Sqs {
    queue: String,
    /// Where requests go: the queue's URL up to its path.
    endpoint: String,
    region: String,
    client: HttpClient,
    credentials: AwsCredentialProvider,
}

impl Sqs {
    /// The queue at a URL such as `https://sqs.eu-central-1.amazonaws.com/123456789012/landing`. `region` counts where the
    /// URL names none. Nothing is asked yet.
    ///
    /// # Errors
    /// [`ConnectError::Queue`] for a URL that is none.
    pub fn new(
        queue: &str,
        region: Option<&str>,
        client: HttpClient,
        credentials: AwsCredentialProvider,
    ) -> Result<Sqs, ConnectError> {
        let fail = |reason: &str| ConnectError::Queue { queue: queue.to_owned(), reason: reason.to_owned() };
        let (scheme, rest) = queue.split_once("://").ok_or_else(|| fail("it is no URL"))?;
        let (host, _) = rest.split_once('/').ok_or_else(|| fail("the URL names no queue"))?;
        let named = host.strip_prefix("sqs.").and_then(|rest| rest.split_once('.')).map(|(region, _)| region);
        let region = named.or(region).unwrap_or("us-east-1").to_owned();
        Ok(Sqs { queue: queue.to_owned(), endpoint: format!("{scheme}://{host}/"), region, client, credentials })
    }

    async fn ask(&self, action: &str, body: &Value) -> Result<Value, ConnectError> {
        answered(&self.queue, || self.once(action, body)).await
    }

    async fn once(&self, action: &str, body: &Value) -> Result<Value, Refusal> {
        // Asked for each time: credentials that expire are renewed by their provider.
        let credential = self.credentials.get_credential().await.map_err(Refusal::for_good)?;
        let mut request = HttpRequest::new(body.to_string().into());
        *request.method_mut() = "POST".parse().map_err(|_| Refusal::malformed("method"))?;
        *request.uri_mut() = self.endpoint.parse().map_err(|_| Refusal::malformed("address"))?;
        let headers = request.headers_mut();
        headers.insert("content-type", "application/x-amz-json-1.0".parse().map_err(|_| Refusal::malformed("type"))?);
        headers.insert("x-amz-target", format!("AmazonSQS.{action}").parse().map_err(|_| Refusal::malformed("action"))?);
        AwsAuthorizer::new(&credential, "sqs", &self.region).authorize(&mut request, None);
        let response = self.client.execute(request).await.map_err(Refusal::for_now)?;
        let status = response.status();
        let answer = response.into_body().bytes().await.map_err(Refusal::for_now)?;
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        if status.is_success() {
            return Ok(answer);
        }
        // `com.amazonaws.sqs#QueueDoesNotExist`
        let kind = answer["__type"].as_str().unwrap_or_default();
        let kind = kind.rsplit('#').next().unwrap_or(kind);
        Err(Refusal::of_status(status.as_u16(), kind, kind.contains("Throttl")))
    }
}

#[async_trait]
impl Queue for Sqs {
    async fn receive(&self) -> Result<Vec<Message>, ConnectError> {
        // Waiting, however briefly, asks all servers of the queue; without it one that has messages may be missed.
        let body = json!({ "QueueUrl": self.queue, "MaxNumberOfMessages": MESSAGES, "WaitTimeSeconds": 1 });
        let answer = self.ask("ReceiveMessage", &body).await?;
        let message = |message: &Value| {
            let (handle, body) = (message["ReceiptHandle"].as_str()?, message["Body"].as_str()?);
            Some(Message { handle: handle.to_owned(), objects: objects(body) })
        };
        Ok(answer["Messages"].as_array().into_iter().flatten().filter_map(message).collect())
    }

    async fn delete(&self, handles: &[String]) -> Result<(), ConnectError> {
        for some in handles.chunks(MESSAGES) {
            let entries: Vec<Value> =
                some.iter().enumerate().map(|(n, handle)| json!({ "Id": n.to_string(), "ReceiptHandle": handle })).collect();
            let answer = self.ask("DeleteMessageBatch", &json!({ "QueueUrl": self.queue, "Entries": entries })).await?;
            if let Some(failed) = answer["Failed"].as_array().filter(|failed| !failed.is_empty()) {
                tracing::debug!(queue = self.queue, count = failed.len(), "messages could not be deleted and will come again");
            }
        }
        Ok(())
    }
}
