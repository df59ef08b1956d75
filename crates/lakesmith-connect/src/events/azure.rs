//! Azure Storage queues, signed as blobs are.

use async_trait::async_trait;
use object_store::azure::{AzureAuthorizer, AzureCredentialProvider};
use object_store::client::{HttpClient, HttpRequest, HttpRequestBody};

use super::notice::objects;
use super::tries::{Refusal, answered};
use super::{Message, Queue, base64};
use crate::error::ConnectError;

/// Messages of one request, as many as there may be.
const MESSAGES: usize = 32;
/// For how many seconds messages that were handed out are not handed out again.
const HIDDEN: u32 = 300;

/// A queue of Azure Storage.
#[derive(Debug)]
pub struct AzureQueue {
    queue: String,
    account: String,
    client: HttpClient,
    credentials: AzureCredentialProvider,
}

impl AzureQueue {
    /// The queue at a URL such as `https://acme.queue.core.windows.net/landing`. Nothing is asked yet.
    ///
    /// # Errors
    /// [`ConnectError::Queue`] for a URL that is none.
    pub fn new(queue: &str, client: HttpClient, credentials: AzureCredentialProvider) -> Result<AzureQueue, ConnectError> {
        let fail = |reason: &str| ConnectError::Queue { queue: queue.to_owned(), reason: reason.to_owned() };
        let (_, rest) = queue.split_once("://").ok_or_else(|| fail("it is no URL"))?;
        let (host, path) = rest.split_once('/').ok_or_else(|| fail("the URL names no queue"))?;
        // Emulators have the account in the path.
        let account = match path.trim_end_matches('/').split_once('/') {
            Some((account, _)) => account,
            None => host.split('.').next().unwrap_or(host),
        };
        let queue = queue.trim_end_matches('/').to_owned();
        Ok(AzureQueue { queue, account: account.to_owned(), client, credentials })
    }

    async fn ask(&self, method: &str, below: &str) -> Result<String, ConnectError> {
        answered(&self.queue, || self.once(method, below)).await
    }

    /// What is deleted already, or was handed out again, is no failure.
    async fn once(&self, method: &str, below: &str) -> Result<String, Refusal> {
        let credential = self.credentials.get_credential().await.map_err(Refusal::for_good)?;
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.method_mut() = method.parse().map_err(|_| Refusal::malformed("method"))?;
        *request.uri_mut() = format!("{}{below}", self.queue).parse().map_err(|_| Refusal::malformed("address"))?;
        AzureAuthorizer::new(&credential, &self.account).authorize(&mut request);
        let response = self.client.execute(request).await.map_err(Refusal::for_now)?;
        let status = response.status();
        let answer = response.into_body().bytes().await.map_err(Refusal::for_now)?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let kind = element(&answer, "Code").unwrap_or_default();
        if status.is_success() || (method == "DELETE" && (status.as_u16() == 404 || kind == "PopReceiptMismatch")) {
            return Ok(answer);
        }
        Err(Refusal::of_status(status.as_u16(), &kind, false))
    }
}

#[async_trait]
impl Queue for AzureQueue {
    async fn receive(&self) -> Result<Vec<Message>, ConnectError> {
        let answer = self.ask("GET", &format!("/messages?numofmessages={MESSAGES}&visibilitytimeout={HIDDEN}")).await?;
        let message = |message: &str| {
            let (id, receipt, text) =
                (element(message, "MessageId")?, element(message, "PopReceipt")?, element(message, "MessageText")?);
            // Event Grid sends base64; others may send the text as it is.
            let objects = objects(&text).or_else(|| objects(&String::from_utf8(base64::decoded(&text)?).ok()?));
            Some(Message { handle: format!("{id} {receipt}"), objects })
        };
        Ok(answer.split("<QueueMessage>").skip(1).filter_map(message).collect())
    }

    async fn delete(&self, handles: &[String]) -> Result<(), ConnectError> {
        for handle in handles {
            let (id, receipt) = handle.split_once(' ').unwrap_or((handle, ""));
            let receipt: String = receipt.bytes().map(encoded).collect();
            self.ask("DELETE", &format!("/messages/{id}?popreceipt={receipt}")).await?;
        }
        Ok(())
    }
}

/// A byte as a query has it.
fn encoded(byte: u8) -> String {
    match byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    }
}

/// The text of the first element of this name.
fn element(xml: &str, name: &str) -> Option<String> {
    let begin = xml.find(&format!("<{name}>"))? + name.len() + 2;
    let end = begin + xml[begin..].find(&format!("</{name}>"))?;
    let text = &xml[begin..end];
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    Some(text.replace("&#xD;", "\r").replace("&amp;", "&"))
}
