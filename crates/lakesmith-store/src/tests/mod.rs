//! Buckets of a double: what is asked, how often, and how patiently.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod double;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lakesmith_project::{Bucket, Connection, Location};
use object_store::list::PaginatedListOptions;
use object_store::path::Path;
use object_store::{ObjectStoreExt, RetryConfig};

use self::double::{Answer, Double, bucket};
use crate::bucket::{OpenBucket, Patience, open_with};

/// The place and the connection of a source with this text.
fn source(path: &str, connection: &str) -> (Bucket, Connection, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("sources")).unwrap();
    std::fs::write(folder.path().join("lakehouse.yaml"), "lakehouse: acme\n").unwrap();
    std::fs::write(folder.path().join("key"), "canary\n").unwrap();
    let text =
        format!("source: x\ntype: files\npath: {path}\nconnection:\n{connection}\ntables: {{ t: {{ path: \"*.json\" }} }}\n");
    std::fs::write(folder.path().join("sources/x.yaml"), text).unwrap();
    let (mut project, faults) = lakesmith_project::load(folder.path());
    assert!(faults.is_empty(), "{faults:?}");
    let source = project.sources.remove(0);
    let Ok(Location::Bucket(bucket)) = Location::parse(&source.path) else { panic!("{path} is a bucket") };
    (bucket, source.connection.unwrap(), folder)
}

fn opened(path: &str, connection: &str, patience: Patience) -> OpenBucket {
    let (bucket, connection, folder) = source(path, connection);
    open_with(&bucket, Some(&connection), folder.path(), &patience).unwrap()
}

fn s3(double: &Double, patience: Patience) -> OpenBucket {
    let connection = format!(
        "  endpoint: {}\n  allow_http: true\n  region: eu-central-1\n  access_key_id: AKIA1\n  secret_access_key: ${{secret:file:key}}",
        double.url
    );
    opened("s3://in/landing", &connection, patience)
}

fn hasty() -> Patience {
    let retry = RetryConfig { max_retries: 3, retry_timeout: Duration::from_secs(20), ..RetryConfig::default() };
    Patience { request: Some(Duration::from_millis(400)), retry }
}

fn objects(all: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    all.iter().map(|(key, text)| ((*key).to_owned(), text.as_bytes().to_vec())).collect()
}

async fn whole(store: &OpenBucket, key: &str) -> object_store::Result<String> {
    let bytes = store.store.get(&Path::parse(key).unwrap()).await?.bytes().await?;
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn a_source_says_how_its_bucket_is_reached() {
    let held = objects(&[("landing/a.json", "{}")]);
    let double = Double::start(move |asked, _| bucket("in", &held, asked, 1000));
    let store = s3(&double, Patience::default());
    assert_eq!(whole(&store, "landing/a.json").await.unwrap(), "{}");
    let asked = double.asked().remove(0);
    assert!(asked.header("authorization").contains("Credential=AKIA1/"), "{asked:?}");
    assert!(asked.header("authorization").contains("/eu-central-1/s3/"), "{asked:?}");
    assert!(!format!("{asked:?}").contains("canary"), "the secret signs and is not sent");
}

#[tokio::test]
async fn s1_a_store_is_left_alone_for_as_long_as_it_asks() {
    let held = objects(&[("landing/a.json", "{}")]);
    let double = Double::start(move |asked, number| match number {
        0 => Answer::of(503, "SlowDown").header("retry-after", 2),
        1 => Answer::of(429, ""),
        _ => bucket("in", &held, asked, 1000),
    });
    let store = s3(&double, Patience::default());
    assert_eq!(whole(&store, "landing/a.json").await.unwrap(), "{}");
    let times: Vec<Instant> = double.asked().iter().map(|asked| asked.at).collect();
    assert!(times[1] - times[0] >= Duration::from_secs(2), "{:?}", times[1] - times[0]);
    assert!(times[2] - times[1] < Duration::from_secs(2));
}

#[tokio::test]
async fn s1_a_call_that_hangs_ends_and_is_made_again_and_not_for_ever() {
    let held = objects(&[("landing/a.json", "{}"), ("landing/b.json", "{}")]);
    let double = Double::start(move |asked, number| match asked.target.contains("b.json") || number == 0 {
        true => bucket("in", &held, asked, 1000).after(Duration::from_secs(5)),
        false => bucket("in", &held, asked, 1000),
    });
    let store = s3(&double, hasty());
    let started = Instant::now();
    assert_eq!(whole(&store, "landing/a.json").await.unwrap(), "{}");
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    let error = whole(&store, "landing/b.json").await.unwrap_err().to_string();
    assert!(error.contains("after 3 retries"), "{error}");
    assert!(error.contains("landing/b.json"), "{error}");
    assert!(!error.contains("canary"), "{error}");
    let tries = double.asked().iter().filter(|asked| asked.target.contains("b.json")).count();
    assert_eq!(tries, 4);
}

#[tokio::test]
async fn s1_an_answer_that_breaks_off_again_and_again_is_read_to_its_end() {
    let text: String = (0..4000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    let held = objects(&[("landing/a.json", &text)]);
    // Each request brings 4 KB and ends: more often than a single request is tried again.
    let broken = Double::start(move |asked, _| {
        let answer = bucket("in", &held, asked, 1000);
        if answer.body.len() <= 4096 { answer } else { answer.cut(4096) }
    });
    let retry = RetryConfig { max_retries: 1, ..RetryConfig::default() };
    let store = s3(&broken, Patience { request: None, retry: retry.clone() });
    assert_eq!(whole(&store, "landing/a.json").await.unwrap(), text);
    assert!(broken.asked().len() > 10);
    // One that never gets on fails.
    let stuck = Double::start(move |asked, _| bucket("in", &objects(&[("landing/a.json", "0123456789")]), asked, 1000).cut(0));
    let store = s3(&stuck, Patience { request: None, retry });
    assert!(whole(&store, "landing/a.json").await.is_err());
    assert!(stuck.asked().len() < 12, "{}", stuck.asked().len());
}

#[tokio::test]
async fn s1_an_object_that_changed_while_it_broke_off_is_not_two_halves() {
    let double = Double::start(move |asked, number| {
        let text = if number == 0 { "old ".repeat(100) } else { "newer ".repeat(100) };
        if asked.headers.contains_key("if-match") {
            return Answer::of(412, "");
        }
        let answer = bucket("in", &objects(&[("landing/a.json", &text)]), asked, 1000);
        if number == 0 { answer.cut(40) } else { answer }
    });
    let retry = RetryConfig { max_retries: 0, ..RetryConfig::default() };
    let store = s3(&double, Patience { request: None, retry });
    let error = whole(&store, "landing/a.json").await.unwrap_err();
    assert!(matches!(error, object_store::Error::Precondition { .. }), "{error}");
}

#[tokio::test]
async fn google_is_read_and_listed_page_by_page_with_odd_names() {
    let names = ["landing/a b#1?.json", "landing/ü%2F&<.json", "landing/🙂+.json", "landing/deep/x.json", "other/y.json"];
    let held = objects(&names.map(|name| (name, name)));
    let double = Double::start(move |asked, _| bucket("in", &held, asked, 2));
    let connection = format!("  endpoint: {}\n  allow_http: true\n  anonymous: true", double.url);
    let store = opened("gs://in/landing", &connection, Patience::default());
    for name in names {
        assert_eq!(whole(&store, name).await.unwrap(), name);
    }
    let (mut found, mut page_token) = (vec![], None);
    loop {
        let options = PaginatedListOptions { delimiter: Some("/".into()), page_token, ..PaginatedListOptions::default() };
        let page = store.pages.list_paginated(Some("landing/"), options).await.unwrap();
        found.extend(page.result.objects.into_iter().map(|object| object.location.to_string()));
        page_token = page.page_token;
        if page_token.is_none() {
            break;
        }
    }
    found.sort();
    let mut expected = names[..3].to_vec();
    expected.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_named_and_nothing_is_asked() {
    let (bucket, connection, folder) =
        source("s3://in", "  access_key_id: x\n  secret_access_key: ${secret:env:LAKESMITH_NOT_SET}");
    let error = crate::open(&bucket, Some(&connection), folder.path()).unwrap_err().to_string();
    assert!(error.contains("`LAKESMITH_NOT_SET` is not in the environment"), "{error}");
}
