//! The module as a whole: tables created, committed to, read back and scanned, over real files and over a store that lies.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod store;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array, ListArray,
    RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema, SchemaRef, TimeUnit};
use arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::SessionContext;
use object_store::ObjectStoreExt;
use tempfile::TempDir;

use self::store::{Answer, LyingStore};
use super::*;

fn field(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

fn schema(fields: Vec<Field>) -> SchemaRef {
    Arc::new(Schema::new(fields))
}

fn rows(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap()
}

fn ids(values: impl IntoIterator<Item = i64>) -> RecordBatch {
    rows(vec![("id", Arc::new(Int64Array::from_iter_values(values)))])
}

fn spec(path: &str, schema: SchemaRef, partition_by: &[&str]) -> TableSpec {
    TableSpec {
        path: path.into(),
        name: path.replace('/', "."),
        description: Some("a table of the tests".to_owned()),
        schema,
        partition_by: partition_by.iter().map(|c| (*c).to_owned()).collect(),
        properties: BTreeMap::new(),
        stats_columns: Vec::new(),
    }
}

fn id_spec(path: &str) -> TableSpec {
    spec(path, schema(vec![Field::new("id", DataType::Int64, false)]), &[])
}

fn info(operation: &str) -> CommitInfo {
    CommitInfo { operation: operation.to_owned(), ..CommitInfo::default() }
}

async fn local() -> (TempDir, Storage) {
    let dir = tempfile::tempdir().unwrap();
    let storage = Storage::open("lake", dir.path()).unwrap();
    (dir, storage)
}

async fn add(storage: &Storage, snapshot: &Snapshot, batch: &RecordBatch) -> Vec<Action> {
    let options = WriterOptions::default();
    let by = snapshot.partition_columns();
    let mut writer = FileWriter::new(storage, snapshot.table(), &snapshot.schema(), by, options).unwrap();
    writer.write(batch).await.unwrap();
    writer.close().await.unwrap().into_iter().map(Action::Add).collect()
}

async fn append(storage: &Storage, snapshot: &Snapshot, batch: &RecordBatch) -> Snapshot {
    let actions = add(storage, snapshot, batch).await;
    storage.commit(snapshot.table(), snapshot.version() + 1, &actions, &info("WRITE")).await.unwrap()
}

/// The answer as text, and how many files were opened and pruned for it. The table is `t`.
async fn query(storage: &Storage, snapshot: &Snapshot, mut options: ScanOptions, sql: &str) -> (String, Arc<ScanCounts>) {
    let counts = Arc::new(ScanCounts::default());
    options.counts = Some(counts.clone());
    let context = SessionContext::new();
    storage.register(&context.runtime_env());
    context.register_table("t", provider(storage, snapshot, options).await.unwrap()).unwrap();
    let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
    (pretty_format_batches(&batches).unwrap().to_string(), counts)
}

/// The rows of a text table, without its frame.
fn cells(table: &str) -> Vec<Vec<String>> {
    let lines = table.lines().filter(|l| l.starts_with('|')).skip(1);
    lines.map(|l| l.trim_matches('|').split('|').map(|c| c.trim().to_owned()).collect()).collect()
}

fn paths(files: &Files) -> Vec<String> {
    let mut paths: Vec<String> = files.iter().map(|f| format!("{} {} {:?}", f.path, f.size, f.stats_json)).collect();
    paths.sort();
    paths
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_created_committed_to_and_read() {
    let (_dir, storage) = local().await;
    let table = TablePath::new("bronze/shop/orders");
    assert!(storage.snapshot(&table, None).await.unwrap().is_none());

    let comment = [("comment".to_owned(), "the key".to_owned()), ("lakesmith.source_name".to_owned(), "Order ID".to_owned())];
    let mut wanted = spec(table.as_str(), schema(vec![field("id", DataType::Int64).with_metadata(comment.into())]), &[]);
    wanted.properties.insert("delta.enableChangeDataFeed".to_owned(), "true".to_owned());
    let empty = storage.create(&wanted).await.unwrap();
    assert_eq!(empty.version(), 0);
    assert_eq!(empty.schema(), wanted.schema);
    assert_eq!(empty.protocol().min_writer_version, 4);
    assert_eq!(empty.properties()["delta.checkpointInterval"], "20");
    assert_eq!(empty.properties()["delta.enableExpiredLogCleanup"], "false");
    assert_eq!(empty.metadata().description.as_deref(), Some("a table of the tests"));
    assert!(empty.files().await.unwrap().is_empty());
    assert_eq!(empty.txn("flow").await.unwrap(), None);

    let mut actions = add(&storage, &empty, &ids(0..3)).await;
    actions.push(Action::txn("flow", 1, 5));
    let mut facts = info("WRITE");
    facts.parameters.insert("mode".to_owned(), "Append".to_owned());
    facts.info.insert("batch".to_owned(), 1.into());
    let first = storage.commit(&table, 1, &actions, &facts).await.unwrap();
    assert_eq!((first.version(), first.txn("flow").await.unwrap()), (1, Some(1)));
    assert_eq!(empty.txn("flow").await.unwrap(), None);

    let fresh = Storage::open(storage.url().to_file_path().unwrap().to_str().unwrap(), "/".as_ref()).unwrap();
    let read = fresh.snapshot(&table, None).await.unwrap().unwrap();
    assert_eq!((read.version(), read.txn("flow").await.unwrap()), (1, Some(1)));
    assert_eq!(read.metadata(), empty.metadata());
    let files = read.files().await.unwrap();
    assert_eq!((files.len(), files[0].num_records()), (1, Some(3)));
    let (sum, _) = query(&fresh, &read, ScanOptions::default(), "SELECT sum(id), count(*) FROM t").await;
    assert_eq!(cells(&sum), [["3", "3"]]);
    assert_eq!(storage.commit_actions(&table, 1).await.unwrap(), actions);
    assert_eq!(fresh.snapshot_at(&table, 0).await.unwrap().files().await.unwrap().len(), 0);
    assert!(matches!(fresh.snapshot_at(&table, 7).await, Err(DeltaError::Kernel { .. })));

    let history = storage.history(&table, 10).await.unwrap();
    assert_eq!(history.iter().map(|h| h.version).collect::<Vec<_>>(), [1, 0]);
    assert_eq!(history[0].operation.as_deref(), Some("WRITE"));
    assert_eq!(history[0].parameters["mode"], "Append");
    assert_eq!(history[0].info["batch"], 1);
    assert_eq!((history[0].files_added, history[0].rows_added, history[0].files_removed), (1, Some(3), 0));
    assert_eq!(storage.history(&table, 1).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_creators_make_one_table() {
    let (_dir, storage) = local().await;
    let spec = id_spec("t");
    let (a, b) = tokio::join!(storage.create(&spec), storage.create(&spec));
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_eq!((a.version(), b.version()), (0, 0));
    assert_eq!(a.metadata().id, b.metadata().id);
    assert_eq!(storage.create(&spec).await.unwrap().metadata().id, a.metadata().id);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_version_is_committed_once() {
    let (_dir, storage) = local().await;
    let empty = storage.create(&id_spec("t")).await.unwrap();
    let table = empty.table().clone();
    let (one, two) = (add(&storage, &empty, &ids([1])).await, add(&storage, &empty, &ids([2])).await);
    let write = info("WRITE");
    let (a, b) = tokio::join!(storage.commit(&table, 1, &one, &write), storage.commit(&table, 1, &two, &write));
    assert!(a.is_ok() != b.is_ok());
    let lost = a.err().or(b.err()).unwrap();
    assert!(matches!(lost, CommitError::VersionExists { version: 1, .. }), "{lost}");
    assert_eq!(storage.snapshot(&table, None).await.unwrap().unwrap().files().await.unwrap().len(), 1);
    let gap = storage.commit(&table, 5, &one, &write).await.unwrap_err();
    assert!(matches!(gap, CommitError::Failed { .. }), "{gap}");
    let first = storage.commit(&table, 0, &one, &write).await.unwrap_err();
    assert!(matches!(first, CommitError::Failed { .. }), "{first}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_not_a_conflict() {
    let store = Arc::new(LyingStore::default());
    let storage = Storage::with_store(store.clone(), "memory:///lake".parse().unwrap()).unwrap();
    let empty = storage.create(&id_spec("t")).await.unwrap();
    let table = empty.table().clone();
    let actions = add(&storage, &empty, &ids([1])).await;
    let write = info("WRITE");

    store.next_create(Answer::DoneButExists);
    assert_eq!(storage.commit(&table, 1, &actions, &write).await.unwrap().version(), 1);
    store.next_create(Answer::DoneButTimeout);
    assert_eq!(storage.commit(&table, 2, &actions, &write).await.unwrap().version(), 2);
    store.next_create(Answer::NotDoneTimeout);
    let unknown = storage.commit(&table, 3, &actions, &write).await.unwrap_err();
    assert!(matches!(unknown, CommitError::Unknown { version: 3, .. }), "{unknown}");
    store.next_create(Answer::Denied);
    let denied = storage.commit(&table, 3, &actions, &write).await.unwrap_err();
    assert!(matches!(denied, CommitError::Failed { .. }), "{denied}");

    // Someone else's commit is a conflict, also when the answer was lost.
    let path = storage.path("t/_delta_log/00000000000000000003.json").unwrap();
    store.put(&path, r#"{"txn":{"appId":"other","version":1}}"#.into()).await.unwrap();
    store.next_create(Answer::NotDoneTimeout);
    let taken = storage.commit(&table, 3, &actions, &write).await.unwrap_err();
    assert!(matches!(taken, CommitError::VersionExists { .. }), "{taken}");
    let newest = storage.snapshot(&table, None).await.unwrap().unwrap();
    assert_eq!((newest.version(), newest.txn("other").await.unwrap()), (3, Some(1)));

    store.next_create(Answer::DoneButExists);
    assert_eq!(storage.create(&id_spec("second")).await.unwrap().version(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_commits_with_checkpoints() {
    let (dir, storage) = local().await;
    let table = TablePath::new("silver/x");
    let mut snapshot = storage.create(&id_spec(table.as_str())).await.unwrap();
    let mut follower = snapshot.clone();
    follower.files().await.unwrap();
    for batch in 1..=45_i64 {
        let mut actions = add(&storage, &snapshot, &ids([batch])).await;
        if batch % 3 == 0 {
            actions.push(snapshot.files().await.unwrap()[0].to_remove(batch));
        }
        actions.push(Action::txn("flow", batch, batch));
        actions.push(Action::txn(format!("flow/{}", batch % 2), batch, batch));
        snapshot = storage.commit(&table, batch, &actions, &info("WRITE")).await.unwrap();
        if batch % 7 == 0 {
            follower = storage.snapshot(&table, Some(&follower)).await.unwrap().unwrap();
            assert_eq!(paths(&follower.files().await.unwrap()), paths(&snapshot.files().await.unwrap()));
        }
    }
    let log = dir.path().join("lake/silver/x/_delta_log");
    for version in [20, 40] {
        assert!(log.join(format!("{version:020}.checkpoint.parquet")).is_file(), "checkpoint {version}");
    }
    assert!(log.join("_last_checkpoint").is_file());

    let fresh = Storage::open("lake", dir.path()).unwrap();
    let fresh = fresh.snapshot(&table, None).await.unwrap().unwrap();
    let follower = storage.snapshot(&table, Some(&follower)).await.unwrap().unwrap();
    for other in [&snapshot, &follower] {
        assert_eq!(fresh.version(), other.version());
        assert_eq!(fresh.metadata(), other.metadata());
        assert_eq!(paths(&fresh.files().await.unwrap()), paths(&other.files().await.unwrap()));
        for (app, version) in [("flow", Some(45)), ("flow/0", Some(44)), ("flow/1", Some(45)), ("none", None)] {
            assert_eq!(fresh.txn(app).await.unwrap(), version, "{app}");
            assert_eq!(other.txn(app).await.unwrap(), version, "{app}");
        }
    }
    assert_eq!(fresh.files().await.unwrap().len(), 30);
    // The log is read from the checkpoint on: what came before it may go.
    for version in 0..40 {
        std::fs::remove_file(log.join(format!("{version:020}.json"))).unwrap();
    }
    let kept = Storage::open("lake", dir.path()).unwrap();
    let kept = kept.create(&id_spec(table.as_str())).await.unwrap();
    assert_eq!((kept.version(), kept.txn("flow/0").await.unwrap()), (45, Some(44)));
    assert_eq!(paths(&kept.files().await.unwrap()), paths(&fresh.files().await.unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn any_partition_value_survives() {
    let (_dir, storage) = local().await;
    let values = ["plain", "a b", "100%", "ü", "😀", "a/b=c?d#e", "%41", "..", "'\"\\"];
    let table = spec("t", schema(vec![field("n", DataType::Int32), field("p", DataType::Utf8), field("d", DataType::Date32)]), &["p", "d"]);
    let empty = storage.create(&table).await.unwrap();
    let count = i32::try_from(values.len()).unwrap();
    let batch = rows(vec![
        ("n", Arc::new(Int32Array::from_iter_values(0..=count))),
        ("p", Arc::new(StringArray::from_iter(values.iter().map(|v| Some(*v)).chain([None])))),
        ("d", Arc::new(Date32Array::from_iter((0..=count).map(|i| (i % 2 == 0).then_some(19_782))))),
    ]);
    let written = append(&storage, &empty, &batch).await;
    let fresh = storage.snapshot(written.table(), None).await.unwrap().unwrap();
    let files = fresh.files().await.unwrap();
    assert_eq!(files.len(), values.len() + 1);
    for snapshot in [&written, &fresh] {
        let provider = provider(&storage, snapshot, ScanOptions::default()).await.unwrap();
        assert_eq!(provider.schema(), snapshot.schema());
        let context = SessionContext::new();
        storage.register(&context.runtime_env());
        let frame = context.read_table(provider).unwrap();
        let found = frame.sort(vec![datafusion::prelude::col("n").sort(true, true)]).unwrap().collect().await.unwrap();
        let found = arrow::compute::concat_batches(&found[0].schema(), &found).unwrap();
        assert_eq!(found.columns(), batch.columns());
    }
    let (count, counts) = query(&storage, &fresh, ScanOptions::default(), "SELECT n FROM t WHERE p = '100%'").await;
    assert_eq!((cells(&count), counts.opened()), (vec![vec!["2".to_owned()]], 1));
    let (_, counts) = query(&storage, &fresh, ScanOptions::default(), "SELECT n FROM t WHERE p IS NULL").await;
    assert_eq!(counts.opened(), 1);
    let (found, counts) = query(&storage, &fresh, ScanOptions::default(), "SELECT count(n) FROM t WHERE d = DATE '2024-02-29'").await;
    assert_eq!((cells(&found), counts.opened()), (vec![vec!["5".to_owned()]], 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_hold_the_rows_are_not_opened() {
    let (_dir, storage) = local().await;
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let table = spec(
        "t",
        schema(vec![
            field("batch", DataType::Int64),
            field("amount", DataType::Decimal128(38, 0)),
            field("at", utc),
            field("name", DataType::Utf8),
            field("score", DataType::Float64),
            field("ok", DataType::Boolean),
        ]),
        &[],
    );
    let mut snapshot = storage.create(&table).await.unwrap();
    const EDGE: i128 = 9_007_199_254_740_992;
    for batch in 0..10_i64 {
        let amount = Decimal128Array::from(vec![EDGE + i128::from(batch) * 1000, EDGE + i128::from(batch) * 1000 + 1]);
        let at = TimestampMicrosecondArray::from(vec![batch * 1_000_000, batch * 1_000_000 + 123_456]);
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("batch", Arc::new(Int64Array::from(vec![batch, batch]))),
            ("amount", Arc::new(amount.with_precision_and_scale(38, 0).unwrap())),
            ("at", Arc::new(at.with_timezone("UTC"))),
            ("name", Arc::new(StringArray::from(vec![format!("{batch}{}", "x".repeat(40)); 2]))),
            ("score", Arc::new(Float64Array::from(vec![if batch == 0 { f64::NAN } else { 0.5 }, -0.0]))),
            ("ok", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ];
        snapshot = append(&storage, &snapshot, &rows(columns)).await;
    }
    for (filter, rows, opened) in [
        ("batch > 3 AND batch <= 5", "4", 2),
        ("batch IN (1, 9)", "4", 2),
        ("amount = CAST('9007199254745993' AS DECIMAL(38,0))", "1", 1),
        ("at = '1970-01-01T00:00:05.123456Z'", "1", 1),
        ("at > '1970-01-01T00:00:09.123455Z'", "1", 1),
        ("at > '1970-01-01T00:00:09.2Z'", "0", 0),
        ("name = '7xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'", "2", 1),
        ("name > '9xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'", "2", 1),
        ("batch IS NULL", "0", 0),
        ("score = 'NaN'::double", "1", 10),
        ("score <= -0.0", "10", 10),
        ("batch = 3 OR ok", "11", 10),
    ] {
        let sql = format!("SELECT count(batch) FROM t WHERE {filter}");
        let (found, counts) = query(&storage, &snapshot, ScanOptions::default(), &sql).await;
        assert_eq!((cells(&found)[0][0].as_str(), counts.opened()), (rows, opened), "{filter}");
        assert_eq!(counts.considered(), 10);
        assert_eq!(counts.pruned(), 10 - opened, "{filter}");
    }
    let (found, counts) = query(&storage, &snapshot, ScanOptions::default(), "SELECT name FROM t LIMIT 3").await;
    assert_eq!(cells(&found).len(), 3);
    assert!(counts.opened() <= 2, "{counts:?}");
    let (found, counts) = query(&storage, &snapshot, ScanOptions::default(), "SELECT count(*) FROM t").await;
    assert_eq!((cells(&found), counts.opened()), (vec![vec!["20".to_owned()]], 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_added_column_is_null_in_older_files() {
    let (_dir, storage) = local().await;
    let old = storage.create(&id_spec("t")).await.unwrap();
    let old = append(&storage, &old, &ids([1])).await;
    let wider = schema(vec![Field::new("id", DataType::Int64, false), field("note", DataType::Utf8)]);
    let metadata = old.metadata().with_schema(old.table(), &wider, &[]).unwrap();
    let mut writer = FileWriter::new(&storage, old.table(), &wider, &[], WriterOptions::default()).unwrap();
    writer.write(&rows(vec![("note", Arc::new(StringArray::from(vec!["x"]))), ("id", Arc::new(Int64Array::from(vec![2])))])).await.unwrap();
    let mut actions = vec![Action::Metadata(metadata)];
    actions.extend(writer.close().await.unwrap().into_iter().map(Action::Add));
    let new = storage.commit(old.table(), 2, &actions, &info("WRITE")).await.unwrap();
    assert_eq!((new.schema(), &new.metadata().id), (wider, &old.metadata().id));
    let (found, _) = query(&storage, &new, ScanOptions::default(), "SELECT note, id FROM t ORDER BY id").await;
    assert_eq!(cells(&found), [["", "1"], ["x", "2"]]);
    let (found, _) = query(&storage, &new, ScanOptions::default(), "SELECT id FROM t WHERE note IS NULL").await;
    assert_eq!(cells(&found), [["1"]]);
    let (found, counts) = query(&storage, &new, ScanOptions::default(), "SELECT id FROM t WHERE note = 'x'").await;
    assert_eq!(cells(&found), [["2"]]);
    assert!(counts.opened() <= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn chosen_files_are_read_and_rows_know_their_file() {
    let (_dir, storage) = local().await;
    let table = spec("t", schema(vec![field("id", DataType::Int64), field("p", DataType::Utf8)]), &["p"]);
    let empty = storage.create(&table).await.unwrap();
    let columns: Vec<(&str, ArrayRef)> =
        vec![("id", Arc::new(Int64Array::from(vec![1, 2]))), ("p", Arc::new(StringArray::from(vec!["a b", "c"])))];
    let full = append(&storage, &empty, &rows(columns)).await;
    let options = ScanOptions { file_column: Some("__file".to_owned()), ..ScanOptions::default() };
    let (found, _) = query(&storage, &full, options.clone(), "SELECT __file FROM t WHERE id = 1").await;
    let file = cells(&found)[0][0].clone();
    assert!(full.files().await.unwrap().iter().any(|f| f.path == file && file.starts_with("p=a%2520b/")), "{file}");
    let sql = format!("SELECT id, p FROM t WHERE __file = '{file}'");
    let (found, counts) = query(&storage, &full, options.clone(), &sql).await;
    assert_eq!((cells(&found), counts.opened()), (vec![vec!["1".to_owned(), "a b".to_owned()]], 1));

    let chosen = ScanOptions { files: Some(vec![file.clone()]), ..ScanOptions::default() };
    let (found, counts) = query(&storage, &full, chosen.clone(), "SELECT sum(id) FROM t").await;
    assert_eq!((cells(&found), counts.considered()), (vec![vec!["1".to_owned()]], 1));

    let gone = full.files().await.unwrap().iter().find(|f| f.path == file).unwrap().to_remove(9);
    let less = storage.commit(full.table(), 2, &[gone], &info("DELETE")).await.unwrap();
    assert_eq!(less.files().await.unwrap().len(), 1);
    assert!(provider(&storage, &less, chosen).await.is_err());
    let none = storage.snapshot_at(full.table(), 0).await.unwrap();
    let (found, _) = query(&storage, &none, options, "SELECT __file, id FROM t").await;
    assert!(cells(&found).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_of_the_table_are_kept() {
    let (_dir, storage) = local().await;
    let mut wanted = id_spec("t");
    wanted.properties.insert("delta.appendOnly".to_owned(), "true".to_owned());
    let snapshot = storage.create(&wanted).await.unwrap();
    let snapshot = append(&storage, &snapshot, &ids([1])).await;
    let remove = snapshot.files().await.unwrap()[0].to_remove(1);
    let mut free = snapshot.metadata().clone();
    free.configuration.remove("delta.appendOnly");
    for actions in [vec![remove.clone()], vec![Action::Metadata(free), remove]] {
        let refused = storage.commit(snapshot.table(), 2, &actions, &info("DELETE")).await.unwrap_err();
        assert!(matches!(refused, CommitError::Failed { .. }));
        assert!(std::error::Error::source(&refused).unwrap().to_string().contains("delta.appendOnly"));
    }
    for (property, value) in [("delta.enableDeletionVectors", "true"), ("delta.columnMapping.mode", "name"), ("delta.setTransactionRetentionDuration", "interval 1 day")] {
        let mut wanted = id_spec("u");
        wanted.properties.insert(property.to_owned(), value.to_owned());
        let refused = storage.create(&wanted).await.unwrap_err().to_string();
        assert!(refused.contains(property), "{refused}");
    }
    assert!(storage.create(&spec("v", schema(vec![field("a", DataType::Int32)]), &["a"])).await.is_err());
    assert!(storage.create(&spec("v", schema(vec![field("a", DataType::Int32)]), &["b"])).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn files_have_the_size_asked_for_and_abort_leaves_nothing() {
    let (dir, storage) = local().await;
    let snapshot = storage.create(&id_spec("t")).await.unwrap();
    let options = WriterOptions { target_file_bytes: 20_000, row_group_rows: 1000, ..WriterOptions::default() };
    let mut writer = FileWriter::new(&storage, snapshot.table(), &snapshot.schema(), &[], options.clone()).unwrap();
    for part in 0..40_i64 {
        writer.write(&ids((part * 1000..(part + 1) * 1000).map(|i| i * 7919 % 1_000_003))).await.unwrap();
    }
    assert!(writer.bytes() > 0);
    let adds = writer.close().await.unwrap();
    assert!(adds.len() > 2, "{}", adds.len());
    let rows: u64 = adds.iter().map(|a| DataFile::from(a).num_records().unwrap()).sum();
    assert_eq!(rows, 40_000);
    for add in &adds {
        let size = std::fs::metadata(dir.path().join("lake/t").join(&add.path)).unwrap().len();
        assert_eq!(i64::try_from(size).unwrap(), add.size);
    }

    let before = std::fs::read_dir(dir.path().join("lake/t")).unwrap().count();
    let mut writer = FileWriter::new(&storage, snapshot.table(), &snapshot.schema(), &[], options).unwrap();
    for _ in 0..20 {
        writer.write(&ids((0..1000).map(|i| i * 7919 % 1_000_003))).await.unwrap();
    }
    writer.abort().await;
    assert_eq!(std::fs::read_dir(dir.path().join("lake/t")).unwrap().count(), before);
    let writer = FileWriter::new(&storage, snapshot.table(), &snapshot.schema(), &[], WriterOptions::default()).unwrap();
    assert!(writer.close().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_partitions_than_open_files() {
    let (_dir, storage) = local().await;
    let table = spec("t", schema(vec![field("id", DataType::Int64), field("p", DataType::Int32)]), &["p"]);
    let snapshot = storage.create(&table).await.unwrap();
    let options = WriterOptions { open_files: 3, ..WriterOptions::default() };
    let by = ["p".to_owned()];
    let mut writer = FileWriter::new(&storage, snapshot.table(), &snapshot.schema(), &by, options).unwrap();
    for _ in 0..2 {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("id", Arc::new(Int64Array::from_iter_values(0..10))),
            ("p", Arc::new(Int32Array::from_iter_values((0..10).map(|i| i % 5)))),
        ];
        writer.write(&rows(columns)).await.unwrap();
    }
    let actions: Vec<Action> = writer.close().await.unwrap().into_iter().map(Action::Add).collect();
    assert!(actions.len() > 5);
    let snapshot = storage.commit(snapshot.table(), 1, &actions, &info("WRITE")).await.unwrap();
    let (found, _) = query(&storage, &snapshot, ScanOptions::default(), "SELECT p, count(*), sum(id) FROM t GROUP BY p ORDER BY p").await;
    assert_eq!(cells(&found)[4], ["4", "4", "26"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nested_columns_are_kept() {
    let (_dir, storage) = local().await;
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1), None]), None, Some(vec![])]);
    let table = spec("t", schema(vec![field("id", DataType::Int64), field("lines", list.data_type().clone())]), &[]);
    let empty = storage.create(&table).await.unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![("id", Arc::new(Int64Array::from(vec![1, 2, 3]))), ("lines", Arc::new(list))];
    let full = append(&storage, &empty, &rows(columns)).await;
    let context = SessionContext::new();
    storage.register(&context.runtime_env());
    let frame = context.read_table(provider(&storage, &full, ScanOptions::default()).await.unwrap()).unwrap();
    let found = frame.collect().await.unwrap();
    let lines = found[0].column(1).as_list::<i32>();
    assert_eq!((lines.value(0).as_primitive::<Int32Type>().value(0), lines.value(0).null_count()), (1, 1));
    assert!(lines.is_null(1) && lines.value(2).is_empty());
    assert_eq!(found[0].column(0).as_primitive::<Int64Type>().value(2), 3);
}

/// On a runtime with one thread the kernel must not wait for itself.
#[tokio::test]
async fn one_thread_is_enough() {
    let (_dir, storage) = local().await;
    let mut wanted = id_spec("t");
    wanted.properties.insert("delta.checkpointInterval".to_owned(), "2".to_owned());
    let mut snapshot = storage.create(&wanted).await.unwrap();
    for batch in 0..4 {
        snapshot = append(&storage, &snapshot, &ids([batch])).await;
    }
    assert_eq!(storage.snapshot(snapshot.table(), None).await.unwrap().unwrap().files().await.unwrap().len(), 4);
}
