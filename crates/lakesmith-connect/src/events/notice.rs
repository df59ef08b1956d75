//! What a message about new objects says.

use serde_json::Value;

/// An object that a message tells of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object {
    /// Its bucket.
    pub bucket: String,
    /// Its whole name.
    pub key: String,
}

/// The new objects that the body of a message names: an S3 event notification, as it is or sent on by SNS; an event of
/// EventBridge; events of Azure's Event Grid, in its own form or as CloudEvents. Empty for a message of a bucket about something else (a trial, an object that was removed); `None` for a body
/// that is none of these.
pub fn objects(body: &str) -> Option<Vec<Object>> {
    let body: Value = serde_json::from_str(body).ok()?;
    if body["Type"] == "Notification" {
        return objects(body["Message"].as_str()?);
    }
    if body["Event"] == "s3:TestEvent" {
        return Some(vec![]);
    }
    if body["source"] == "aws.s3" {
        let detail = &body["detail"];
        let (bucket, key) = (detail["bucket"]["name"].as_str()?, detail["object"]["key"].as_str()?);
        let created = body["detail-type"] == "Object Created";
        return Some(Vec::from_iter(created.then(|| Object { bucket: bucket.to_owned(), key: key.to_owned() })));
    }
    let is_azure = |event: &Value| azure_kind(event).is_some_and(|kind| kind.starts_with("Microsoft."));
    match &body {
        Value::Array(events) if events.iter().all(is_azure) => return azure(events),
        event if is_azure(event) => return azure(std::slice::from_ref(event)),
        _ => {}
    }
    let records = body["Records"].as_array()?;
    let mut found = vec![];
    for record in records {
        let event = record["eventName"].as_str()?;
        let (bucket, key) = (record["s3"]["bucket"]["name"].as_str()?, record["s3"]["object"]["key"].as_str()?);
        if event.trim_start_matches("s3:").starts_with("ObjectCreated:") {
            found.push(Object { bucket: bucket.to_owned(), key: decoded(key)? });
        }
    }
    Some(found)
}

fn azure_kind(event: &Value) -> Option<&str> {
    event["eventType"].as_str().or(event["type"].as_str())
}

/// The blobs that events of Event Grid name: `/blobServices/default/containers/<container>/blobs/<name>`.
fn azure(events: &[Value]) -> Option<Vec<Object>> {
    let mut found = vec![];
    for event in events.iter().filter(|event| azure_kind(event) == Some("Microsoft.Storage.BlobCreated")) {
        let place = event["subject"].as_str()?.strip_prefix("/blobServices/default/containers/")?;
        let (container, name) = place.split_once("/blobs/")?;
        found.push(Object { bucket: container.to_owned(), key: name.to_owned() });
    }
    Some(found)
}

/// A name as notifications encode it: `+` for a space, `%xx` for a byte.
fn decoded(key: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(key.len());
    let mut rest = key.as_bytes();
    while let [first, more @ ..] = rest {
        rest = more;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                let digits = more.get(..2)?;
                rest = &more[2..];
                u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?
            }
            other => *other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(event: &str, key: &str) -> Value {
        json!({ "eventName": event, "s3": { "bucket": { "name": "in" }, "object": { "key": key, "size": 1 } } })
    }

    fn object(key: &str) -> Object {
        Object { bucket: "in".to_owned(), key: key.to_owned() }
    }

    #[test]
    fn new_objects_are_told_in_three_ways() {
        let records =
            json!({ "Records": [record("ObjectCreated:Put", "a+b%2B%C3%BC%2520.json"), record("ObjectRemoved:Delete", "x")] });
        let wrapped = json!({ "Type": "Notification", "Message": records.to_string() });
        for body in [&records, &wrapped] {
            assert_eq!(objects(&body.to_string()), Some(vec![object("a b+ü%20.json")]));
        }
        let detail = json!({ "bucket": { "name": "in" }, "object": { "key": "a+b.json" } });
        let bridge = json!({ "source": "aws.s3", "detail-type": "Object Created", "detail": detail });
        assert_eq!(objects(&bridge.to_string()), Some(vec![object("a+b.json")]));
    }

    #[test]
    fn event_grid_tells_of_blobs_in_two_forms() {
        let subject = "/blobServices/default/containers/in/blobs/a b%20ü.json";
        let own = json!({ "eventType": "Microsoft.Storage.BlobCreated", "subject": subject, "data": {} });
        let cloud = json!({ "type": "Microsoft.Storage.BlobCreated", "subject": subject, "specversion": "1.0" });
        for body in [json!([own]), own.clone(), cloud] {
            assert_eq!(objects(&body.to_string()), Some(vec![object("a b%20ü.json")]));
        }
        let gone = json!([{ "eventType": "Microsoft.Storage.BlobDeleted", "subject": subject }]);
        assert_eq!(objects(&gone.to_string()), Some(vec![]));
    }

    #[test]
    fn what_tells_of_nothing_new_is_told_apart_from_what_is_not_understood() {
        assert_eq!(objects(r#"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#), Some(vec![]));
        assert_eq!(objects(r#"{"Records":[]}"#), Some(vec![]));
        for body in ["", "hello", "{}", r#"{"Records":[{"eventName":"ObjectCreated:Put"}]}"#] {
            assert_eq!(objects(body), None, "{body}");
        }
        let broken = json!({ "Records": [record("ObjectCreated:Put", "%zz")] });
        assert_eq!(objects(&broken.to_string()), None);
    }
}
