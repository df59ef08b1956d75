//! Files on disk: what is listed, in which order, and what becomes of files that change.

use std::fs;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arrow::array::Int64Array;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use lakesmith_connect::{ConnectError, CsvOptions, FileFault, FileSource, Format, JsonOptions, ROWS_PER_BATCH};
use object_store::local::LocalFileSystem;
use object_store::path::Path;

fn source(folder: &FilePath, pattern: &str, format: Format) -> FileSource {
    let store = Arc::new(LocalFileSystem::new_with_prefix(folder).unwrap());
    FileSource::new(store, Path::from("landing"), pattern, format)
}

fn put(folder: &FilePath, path: &str, text: &str, age: u64) {
    let file = folder.join("landing").join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, text).unwrap();
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 - age);
    fs::File::options().write(true).open(file).unwrap().set_modified(modified).unwrap();
}

fn schema(columns: &[(&str, DataType)]) -> SchemaRef {
    Arc::new(Schema::new(columns.iter().map(|(name, told)| Field::new(*name, told.clone(), true)).collect::<Vec<_>>()))
}

#[tokio::test]
async fn files_are_listed_in_order_of_arrival() {
    let folder = tempfile::tempdir().unwrap();
    for (path, age) in [
        ("orders/b.json", 10),
        ("orders/a b#1.json", 10),
        ("orders/old.json", 90),
        ("orders/.hidden.json", 5),
        ("orders/_SUCCESS.json", 5),
        ("orders/deep/c.json", 5),
        ("orders/a.csv", 5),
        ("other/a.json", 5),
    ] {
        put(folder.path(), path, "{}\n", age);
    }
    let listed = |pattern: &'static str| {
        let source = source(folder.path(), pattern, Format::Json(JsonOptions::default()));
        async move { source.list().await.unwrap().into_iter().map(|file| file.path).collect::<Vec<_>>() }
    };
    assert_eq!(listed("orders/*.json").await, ["orders/old.json", "orders/a b#1.json", "orders/b.json"]);
    assert_eq!(listed("**/c.json").await, ["orders/deep/c.json"]);
    assert_eq!(listed("orders/b.json").await, ["orders/b.json"]);
    assert_eq!(listed("{orders,other}/a.*").await, ["orders/a.csv", "other/a.json"]);
    assert!(listed("missing/*.json").await.is_empty());
    assert!(listed("missing/**/*.json").await.is_empty());
}

#[tokio::test]
async fn every_listed_name_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    for path in ["a b.json", "a#b.json", "a%20b.json", "ä~.json", "a+b&c=d.json"] {
        put(folder.path(), path, "{\"a\":1}\n", 1);
    }
    let source = source(folder.path(), "*.json", Format::Json(JsonOptions::default()));
    let files = source.list().await.unwrap();
    assert_eq!(files.len(), 5);
    for file in files {
        let read = source.read(file.clone(), schema(&[("a", DataType::Int64)])).await.unwrap();
        assert_eq!((read.report.rows, read.report.error), (1, None), "{}", file.path);
    }
}

#[tokio::test]
async fn a_file_that_changed_or_is_gone_waits_for_the_next_batch() {
    let folder = tempfile::tempdir().unwrap();
    for path in ["gone.json", "longer.json", "touched.json", "same.json"] {
        put(folder.path(), path, "{\"a\":1}\n", 9);
    }
    let source = source(folder.path(), "*.json", Format::Json(JsonOptions::default()));
    let files = source.list().await.unwrap();
    fs::remove_file(folder.path().join("landing/gone.json")).unwrap();
    put(folder.path(), "longer.json", "{\"a\":1}\n{\"a\":2}\n", 9);
    put(folder.path(), "touched.json", "{\"a\":2}\n", 8);
    for file in files {
        let path = file.path.clone();
        let read = source.read(file, schema(&[("a", DataType::Int64)])).await.unwrap();
        let expected = match path.as_str() {
            "gone.json" => Some(FileFault::Vanished),
            "same.json" => None,
            _ => Some(FileFault::Changed),
        };
        assert_eq!(read.batches.is_empty(), expected.is_some(), "{path}");
        assert!(expected.as_ref().is_none_or(FileFault::is_transient));
        assert_eq!(read.report.error, expected, "{path}");
    }
}

#[tokio::test]
async fn a_report_has_the_hash_of_the_bytes() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "empty.json", "", 1);
    put(folder.path(), "bad.json", &format!("abc{}", "\0".repeat(600)), 1);
    let source = source(folder.path(), "*.json", Format::Json(JsonOptions::default()));
    let mut hashes = Vec::new();
    for file in source.list().await.unwrap() {
        let read = source.read(file, schema(&[])).await.unwrap();
        hashes.push((read.report.hash, read.report.error));
    }
    let expected = [
        ("59efb2e4df4cf4114718884f218de2b38e345a9d435b5b8a6263b0be06ba6299", Some(FileFault::BinaryNul { offset: 514 })),
        ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", None),
    ];
    assert_eq!(hashes, expected.map(|(hash, error)| (hash.to_owned(), error)));
}

#[tokio::test]
async fn rows_come_in_batches_with_their_positions() {
    let folder = tempfile::tempdir().unwrap();
    let count = 2 * ROWS_PER_BATCH + 1;
    let text: String = (0..count).map(|n| format!("{n},\"x\n{n}\"\n\n")).collect();
    put(folder.path(), "a.csv", &format!("n,t\n{text}"), 1);
    let source = source(folder.path(), "a.csv", Format::Csv(CsvOptions::default()));
    let files = source.list().await.unwrap();
    let inferred = source.infer(&files, None).await.unwrap();
    let opened = source.open(files[0].clone(), inferred.schema);
    let read = tokio::spawn(async move {
        let (mut rows, mut numbers) = (opened.await.unwrap(), Vec::new());
        while let Some(batch) = rows.next().await.unwrap() {
            let columns: Vec<Vec<i64>> = [0, 2]
                .iter()
                .map(|column| batch.column(*column).as_any().downcast_ref::<Int64Array>().unwrap().values().to_vec())
                .collect();
            assert_eq!(columns[0], columns[1]);
            numbers.push(columns[0].len());
        }
        (numbers, rows.report())
    });
    let (sizes, report) = read.await.unwrap();
    assert_eq!(sizes, [ROWS_PER_BATCH, ROWS_PER_BATCH, 1]);
    assert_eq!((report.rows, report.rescued_rows), (count as u64, 0));
}

#[tokio::test]
async fn a_sample_passes_over_what_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "a.json", "{\"a\":1}\n", 3);
    put(folder.path(), "b.json", "\0\0\0", 2);
    put(folder.path(), "c.json", "{\"b\":true}\n", 1);
    let source = source(folder.path(), "*.json", Format::Json(JsonOptions::default()));
    let files = source.list().await.unwrap();
    fs::remove_file(folder.path().join("landing/c.json")).unwrap();
    let inferred = source.infer(&files, None).await.unwrap();
    assert_eq!((inferred.added, inferred.sampled_rows), (vec!["a".to_owned()], 1));
    assert_eq!(inferred.schema, schema(&[("a", DataType::Int64)]));
}

#[tokio::test]
async fn a_type_that_no_text_is_read_into_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "a.json", "{\"a\":1}\n", 3);
    let source = source(folder.path(), "*.json", Format::Json(JsonOptions::default()));
    let file = source.list().await.unwrap().remove(0);
    let read = source.read(file, schema(&[("a", DataType::Binary)])).await;
    assert!(matches!(read, Err(ConnectError::UnsupportedType { column, .. }) if column == "a"));
}
