//! What is listed and what is left out: odd names, links, folders of dates, names in order, and names by the million.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path as FilePath;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::endless::Endless;
use arrow::datatypes::{DataType, Field, Schema};
use async_trait::async_trait;
use chrono::NaiveDateTime;
use futures::stream::BoxStream;
use lakesmith_connect::{Arrivals, FileFault, FileSource, Format, JsonOptions, Place, Scope};
use object_store::list::{PaginatedListOptions, PaginatedListResult, PaginatedListStore};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

fn json() -> Format {
    Format::Json(JsonOptions::default())
}

fn folder(root: &FilePath, pattern: &str) -> FileSource {
    let store = Arc::new(LocalFileSystem::new());
    let source = FileSource::new(store, Path::from_absolute_path(root).unwrap(), pattern, json());
    FileSource { place: Place::Folder(root.to_owned()), ..source }
}

/// The files of a source, asked for in another way.
async fn asked(source: &FileSource, place: &Place, scope: &Scope) -> Arrivals {
    FileSource { place: place.clone(), ..source.clone() }.arrivals(scope).await.unwrap()
}

fn names(arrivals: &Arrivals) -> Vec<&str> {
    let mut names: Vec<&str> = arrivals.files.iter().map(|file| file.path.as_str()).collect();
    names.sort();
    names
}

fn passed_over(arrivals: &Arrivals) -> Vec<(&str, String)> {
    let mut all: Vec<(&str, String)> =
        arrivals.passed_over.iter().map(|(file, fault)| (file.path.as_str(), fault.to_string())).collect();
    all.sort();
    all
}

#[tokio::test]
async fn f8_odd_names_are_read_and_what_is_no_file_is_told() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.json"), "{\"a\":9}\n").unwrap();
    let landing = tempfile::tempdir().unwrap();
    let at = |name: &str| landing.path().join(name);
    let good = ["a b.json", "a#b.json", "a%2Fb.json", "q?x=1&y.json", "[1].json", "🙂.json", "ü ~+@;'.json", "back\\slash.json"];
    for name in good {
        fs::write(at(name), "{\"a\":1}\n").unwrap();
    }
    fs::create_dir_all(at("deep/inner")).unwrap();
    fs::write(at("deep/inner/x.json"), "{\"a\":1}\n").unwrap();
    fs::write(at("part.json#17"), "{\"a\":1}\n").unwrap();
    fs::write(at("new\nline.json"), "{\"a\":1}\n").unwrap();
    fs::write(landing.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.json")), "{\"a\":1}\n").unwrap();
    symlink("a b.json", at("inside.json")).unwrap();
    symlink(outside.path().join("secret.json"), at("outside.json")).unwrap();
    symlink(outside.path(), at("out")).unwrap();
    symlink(landing.path(), at("deep/loop")).unwrap();
    symlink("nowhere", at("dangling.json")).unwrap();
    symlink("nowhere", at("other.txt")).unwrap();
    assert!(Command::new("mkfifo").arg(at("pipe.json")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(at("socket.json")).unwrap();

    let source = folder(landing.path(), "**/*.json*");
    let found = source.arrivals(&Scope::default()).await.unwrap();
    let mut expected = [&good[..], &["deep/inner/x.json", "inside.json"]].concat();
    expected.sort();
    assert_eq!(names(&found), expected);
    let expected = [
        ("caf\u{fffd}.json", "its name is not UTF-8"),
        ("dangling.json", "it is a link that leads nowhere"),
        ("deep/loop/", "it is a link to a folder that it lies in"),
        ("new\nline.json", "its name holds control characters"),
        ("out/", "it is a link that leads out of the source's folder"),
        ("outside.json", "it is a link that leads out of the source's folder"),
        ("part.json#17", "its name ends as that of an unfinished file does"),
        ("pipe.json", "it is a pipe, not a file"),
        ("socket.json", "it is a socket, not a file"),
    ];
    assert_eq!(passed_over(&found), expected.map(|(name, reason)| (name, format!("passed over: {reason}"))));
    assert!(found.passed_over.iter().all(|(_, fault)| matches!(fault, FileFault::PassedOver { .. })));

    let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Int64, true)]));
    for file in found.files {
        let read = source.read(file.clone(), schema.clone()).await.unwrap();
        assert_eq!((read.report.rows, read.report.error), (1, None), "{}", file.path);
    }
    // A table of the folder itself is not told of what lies elsewhere.
    let source = folder(landing.path(), "*.txt");
    let found = source.arrivals(&Scope::default()).await.unwrap();
    assert!(found.files.is_empty());
    assert_eq!(passed_over(&found).len(), 1, "other.txt");
}

#[tokio::test]
async fn f8_a_folder_that_is_a_link_to_elsewhere_is_not_read() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("a.json"), "{}").unwrap();
    let landing = tempfile::tempdir().unwrap();
    symlink(outside.path(), landing.path().join("orders")).unwrap();
    let source = folder(landing.path(), "orders/*.json");
    let found = source.arrivals(&Scope::default()).await.unwrap();
    assert_eq!((names(&found).len(), passed_over(&found)[0].0), (0, "orders/"));
    // The source's own folder may be a link: that is where somebody put it.
    let source = folder(&landing.path().join("orders"), "*.json");
    assert_eq!(names(&source.arrivals(&Scope::default()).await.unwrap()), ["a.json"]);
}

/// Objects in memory, with what was listed.
#[derive(Debug, Default)]
struct Listed {
    inner: InMemory,
    asked: Mutex<Vec<String>>,
}

impl Listed {
    fn ask(&self, how: &str, prefix: Option<&str>) {
        self.asked.lock().unwrap().push(format!("{how} {}", prefix.unwrap_or("").trim_end_matches('/')));
    }
}

impl std::fmt::Display for Listed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Listed")
    }
}

#[async_trait]
impl ObjectStore for Listed {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(&self, location: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.ask("all", prefix.map(Path::as_ref));
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.ask("in", prefix.map(Path::as_ref));
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// One page each.
#[async_trait]
impl PaginatedListStore for Listed {
    async fn list_paginated(&self, prefix: Option<&str>, options: PaginatedListOptions) -> Result<PaginatedListResult> {
        self.ask(if options.delimiter.is_some() { "in" } else { "all" }, prefix);
        let prefix = prefix.map(|prefix| Path::from(prefix.trim_end_matches('/')));
        let result = match options.delimiter {
            Some(_) => self.inner.list_with_delimiter(prefix.as_ref()).await?,
            None => {
                let objects: Vec<ObjectMeta> = futures::TryStreamExt::try_collect(self.inner.list(prefix.as_ref())).await?;
                ListResult { common_prefixes: vec![], objects }
            }
        };
        Ok(PaginatedListResult { result, page_token: None })
    }
}

fn moment(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
}

#[tokio::test]
async fn folders_of_earlier_dates_are_not_listed() {
    let store = Arc::new(Listed::default());
    let landing = tempfile::tempdir().unwrap();
    let days =
        ["2025/12/31", "2026/02/28", "2026/03/01", "2026/03/02", "2026/03/03", "2026/04/01", "2027/01/01", "archive/00/00"];
    for day in days {
        let path = format!("events/{day}/a.json");
        store.put(&Path::from(format!("in/{path}")), "{}".into()).await.unwrap();
        fs::create_dir_all(landing.path().join(format!("events/{day}"))).unwrap();
        fs::write(landing.path().join(path), "{}").unwrap();
    }
    let pattern = "events/{yyyy}/{MM}/{dd}/*.json";
    let bucket = FileSource::new(store.clone(), Path::from("in"), pattern, json());
    let local = folder(landing.path(), pattern);
    let places =
        [(&bucket, Place::Store), (&bucket, Place::Pages(store.clone())), (&local, Place::Folder(landing.path().to_owned()))];
    for (source, place) in places {
        store.asked.lock().unwrap().clear();
        let since = Some(moment("2026-03-02 11:00"));
        let found = asked(source, &place, &Scope { since, ..Scope::default() }).await;
        let recent = ["2026/03/02", "2026/03/03", "2026/04/01", "2027/01/01"].map(|day| format!("events/{day}/a.json"));
        assert_eq!(names(&found), recent, "{place:?}");
        let mut listed = store.asked.lock().unwrap().clone();
        listed.sort();
        if !matches!(place, Place::Folder(_)) {
            let expected = [
                "all in/events/2026/04",
                "all in/events/2027",
                "in in/events",
                "in in/events/2026",
                "in in/events/2026/03",
                "in in/events/2026/03/02",
                "in in/events/2026/03/03",
            ];
            assert_eq!(listed, expected, "{place:?}");
        }
        // Everything: one listing, and what is named by no date is none of its files.
        store.asked.lock().unwrap().clear();
        let found = asked(source, &place, &Scope::default()).await;
        assert_eq!(found.files.len(), 7, "{place:?}");
        if !matches!(place, Place::Folder(_)) {
            assert_eq!(*store.asked.lock().unwrap(), ["all in/events"], "{place:?}");
        }
    }
}

#[tokio::test]
async fn names_in_order_are_listed_from_the_last_one() {
    let store = Arc::new(Listed::default());
    let landing = tempfile::tempdir().unwrap();
    for n in 1..=5 {
        store.put(&Path::from(format!("in/log-{n:03}.json")), "{}".into()).await.unwrap();
        fs::write(landing.path().join(format!("log-{n:03}.json")), "{}").unwrap();
    }
    let bucket = FileSource::new(store.clone(), Path::from("in"), "*.json", json());
    let local = folder(landing.path(), "*.json");
    let places =
        [(&bucket, Place::Store), (&bucket, Place::Pages(store.clone())), (&local, Place::Folder(landing.path().to_owned()))];
    for (source, place) in places {
        let after = Some("log-003.json".to_owned());
        let found = asked(source, &place, &Scope { after, ..Scope::default() }).await;
        assert_eq!(names(&found), ["log-004.json", "log-005.json"], "{place:?}");
    }
}

/// A million under `LAKESMITH_TIER=soak`: `examples/many_names.rs` says what they cost.
#[tokio::test]
async fn s5_many_names_are_listed_page_by_page_and_the_earliest_are_kept() {
    let count = crate::tier::of(20_000, 20_000, 1_000_000);
    let endless = Arc::new(Endless::of(count));
    let source = FileSource::new(Arc::new(InMemory::new()), Path::from("in"), "*.json", json());
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = seen.clone();
    let scope = Scope {
        most: 500,
        wanted: Arc::new(move |file| {
            counted.fetch_add(1, Ordering::Relaxed);
            !file.path.ends_with("9.json")
        }),
        ..Scope::default()
    };
    let found = asked(&source, &Place::Pages(endless.clone()), &scope).await;
    assert_eq!(endless.calls(), count / 1000);
    assert_eq!(seen.load(Ordering::Relaxed), count);
    assert!(found.more);
    assert_eq!(found.files.len(), 500);
    assert_eq!(found.files[0].path, format!("part-{:09}.json", count - 2));
    assert!(found.files.is_sorted_by_key(|file| file.modified));
}
