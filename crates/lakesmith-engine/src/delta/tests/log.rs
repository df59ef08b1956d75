//! Tables created, committed to by several at once, and read back.

use object_store::ObjectStoreExt;

use super::store::{Answer, LyingStore};
use super::*;

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
async fn c3_c4_a_lost_answer_is_not_a_conflict() {
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
    store.next_creates([Answer::NotDoneTimeout; 5]);
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
async fn s2_a_conflict_with_a_put_under_way_is_looked_at_and_put_again() {
    let store = Arc::new(LyingStore::default());
    let storage = Storage::with_store(store.clone(), "memory:///lake".parse().unwrap()).unwrap();
    store.next_creates([Answer::NotDoneConflict, Answer::NotDoneTimeout]);
    let empty = storage.create(&id_spec("t")).await.unwrap();
    let actions = add(&storage, &empty, &ids([1])).await;
    store.next_creates([Answer::NotDoneConflict, Answer::NotDoneConflict, Answer::DoneButTimeout]);
    assert_eq!(storage.commit(empty.table(), 1, &actions, &info("WRITE")).await.unwrap().version(), 1);
    store.next_creates([Answer::NotDoneConflict; 5]);
    let unknown = storage.commit(empty.table(), 2, &actions, &info("WRITE")).await.unwrap_err();
    assert!(matches!(unknown, CommitError::Unknown { version: 2, .. }), "{unknown}");
    assert_eq!(store.left(), 0);
    assert_eq!(storage.commit(empty.table(), 2, &actions, &info("WRITE")).await.unwrap().version(), 2);
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
    let log = dir.path().join(LAKE).join("silver/x/_delta_log");
    for version in [20, 40] {
        assert!(log.join(format!("{version:020}.checkpoint.parquet")).is_file(), "checkpoint {version}");
    }
    assert!(log.join("_last_checkpoint").is_file());

    let fresh = Storage::open(LAKE, dir.path()).unwrap();
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
    let kept = Storage::open(LAKE, dir.path()).unwrap();
    let kept = kept.create(&id_spec(table.as_str())).await.unwrap();
    assert_eq!((kept.version(), kept.txn("flow/0").await.unwrap()), (45, Some(44)));
    assert_eq!(paths(&kept.files().await.unwrap()), paths(&fresh.files().await.unwrap()));
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
    for (property, value) in [
        ("delta.enableDeletionVectors", "true"),
        ("delta.columnMapping.mode", "name"),
        ("delta.setTransactionRetentionDuration", "interval 1 day"),
    ] {
        let mut wanted = id_spec("u");
        wanted.properties.insert(property.to_owned(), value.to_owned());
        let refused = storage.create(&wanted).await.unwrap_err().to_string();
        assert!(refused.contains(property), "{refused}");
    }
    assert!(storage.create(&spec("v", schema(vec![field("a", DataType::Int32)]), &["a"])).await.is_err());
    assert!(storage.create(&spec("v", schema(vec![field("a", DataType::Int32)]), &["b"])).await.is_err());
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

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_cannot_be_made_to_keep_change_data_is_not_taken_for_one_that_does() {
    let store = Arc::new(LyingStore::default());
    let storage = Storage::with_store(store.clone(), "memory:///lake".parse().unwrap()).unwrap();
    let empty = storage.create(&id_spec("t")).await.unwrap();
    // As often as it is tried.
    store.next_creates([Answer::Overtaken; 20]);
    let lost = storage.keep_change_data(empty.clone()).await.unwrap_err();
    assert!(matches!(lost, CommitError::VersionExists { version: 20, .. }), "{lost}");
    assert_eq!(store.left(), 0);
    store.next_creates([Answer::Overtaken; 3]);
    let kept = storage.keep_change_data(empty).await.unwrap();
    assert!(kept.keeps_change_data());
}
