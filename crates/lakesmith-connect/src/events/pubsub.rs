//! Google Pub/Sub, by pulling a subscription, with the token that opens the bucket.

use async_trait::async_trait;
use object_store::client::{HttpClient, HttpRequest};
use object_store::gcp::GcpCredentialProvider;
use serde_json::{Value, json};

use super::notice::Object;
use super::tries::{Refusal, answered};
use super::{Message, Queue};
use crate::error::ConnectError;

/// Where subscriptions are that are named without a URL.
const SERVICE: &str = "https://pubsub.googleapis.com/v1";
/// Messages of one request.
const MESSAGES: usize = 100;
/// For how many seconds messages that were handed out are not handed out again: as long as there may be.
const HIDDEN: u32 = 600;

/// A subscription of Pub/Sub.
#[derive(Debug)]
pub struct PubSub {
    /// As the project names it.
    queue: String,
    /// Where it is asked: `https://pubsub.googleapis.com/v1/projects/acme/subscriptions/landing`.
    url: String,
    client: HttpClient,
    credentials: GcpCredentialProvider,
}

impl PubSub {
    /// The subscription `projects/acme/subscriptions/landing`, or a URL that ends so. Nothing is asked yet.
    pub fn new(queue: &str, client: HttpClient, credentials: GcpCredentialProvider) -> PubSub {
        let url = match queue.contains("://") {
            true => queue.trim_end_matches('/').to_owned(),
            false => format!("{SERVICE}/{queue}"),
        };
        PubSub { queue: queue.to_owned(), url, client, credentials }
    }

    async fn ask(&self, action: &str, body: &Value) -> Result<Value, ConnectError> {
        answered(&self.queue, || self.once(action, body)).await
    }

    async fn once(&self, action: &str, body: &Value) -> Result<Value, Refusal> {
        // Asked for each time: tokens that expire are renewed by their provider.
        let credential = self.credentials.get_credential().await.map_err(Refusal::for_good)?;
        let mut request = HttpRequest::new(body.to_string().into());
        *request.method_mut() = "POST".parse().map_err(|_| Refusal::malformed("method"))?;
        *request.uri_mut() = format!("{}:{action}", self.url).parse().map_err(|_| Refusal::malformed("address"))?;
        let headers = request.headers_mut();
        headers.insert("content-type", "application/json".parse().map_err(|_| Refusal::malformed("type"))?);
        let token = format!("Bearer {}", credential.bearer).parse().map_err(|_| Refusal::malformed("token"))?;
        headers.insert("authorization", token);
        let response = self.client.execute(request).await.map_err(Refusal::for_now)?;
        let status = response.status();
        let answer = response.into_body().bytes().await.map_err(Refusal::for_now)?;
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        match status.is_success() {
            true => Ok(answer),
            false => Err(Refusal::of_status(status.as_u16(), answer["error"]["status"].as_str().unwrap_or_default(), false)),
        }
    }
}

#[async_trait]
impl Queue for PubSub {
    async fn receive(&self) -> Result<Vec<Message>, ConnectError> {
        // Without this, an empty subscription would be waited at.
        let answer = self.ask("pull", &json!({ "maxMessages": MESSAGES, "returnImmediately": true })).await?;
        let message = |received: &Value| {
            let handle = received["ackId"].as_str()?.to_owned();
            Some(Message { handle, objects: objects(&received["message"]["attributes"]) })
        };
        let messages: Vec<Message> = answer["receivedMessages"].as_array().into_iter().flatten().filter_map(message).collect();
        if !messages.is_empty() {
            let handles: Vec<&str> = messages.iter().map(|message| message.handle.as_str()).collect();
            self.ask("modifyAckDeadline", &json!({ "ackIds": handles, "ackDeadlineSeconds": HIDDEN })).await?;
        }
        Ok(messages)
    }

    async fn delete(&self, handles: &[String]) -> Result<(), ConnectError> {
        for some in handles.chunks(1000) {
            self.ask("acknowledge", &json!({ "ackIds": some })).await?;
        }
        Ok(())
    }
}

/// The new object that a notification of Cloud Storage tells of, by its attributes. Empty for one about something else;
/// `None` for a message that is no notification.
fn objects(attributes: &Value) -> Option<Vec<Object>> {
    let text = |name: &str| attributes[name].as_str();
    let (bucket, key, event) = (text("bucketId")?, text("objectId")?, text("eventType")?);
    let new = event == "OBJECT_FINALIZE";
    Some(Vec::from_iter(new.then(|| Object { bucket: bucket.to_owned(), key: key.to_owned() })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_tells_of_its_object() {
        let notification = |event: &str| json!({ "bucketId": "in", "objectId": "a b/ü%20+.json", "eventType": event });
        let object = Object { bucket: "in".to_owned(), key: "a b/ü%20+.json".to_owned() };
        assert_eq!(objects(&notification("OBJECT_FINALIZE")), Some(vec![object]));
        assert_eq!(objects(&notification("OBJECT_DELETE")), Some(vec![]));
        assert_eq!([objects(&json!({ "bucketId": "in" })), objects(&Value::Null)], [None, None]);
    }
}
