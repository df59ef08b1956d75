//! Several writers of one table at once, each with a storage of its own, as processes have.

use object_store::memory::InMemory;

use super::*;

/// Appends of each writer: by the tier that the tests run in.
pub(super) fn appends(quick: i64, ci: i64, soak: i64) -> i64 {
    match std::env::var("LAKESMITH_TIER").as_deref() {
        Ok("quick") => quick,
        Ok("soak") => soak,
        _ => ci,
    }
}

/// Eight writers append to one table, each as often as said. Every version is somebody's, and every row is there once.
pub(super) async fn eight_writers(open: impl Fn() -> Storage, appends: i64) {
    const WRITERS: i64 = 8;
    let table = TablePath::new("bronze/shop/orders");
    open().create(&id_spec(table.as_str())).await.unwrap();
    let writers = (0..WRITERS).map(|writer| {
        let (storage, table) = (open(), table.clone());
        tokio::spawn(async move {
            let mut lost = 0;
            for batch in 1..=appends {
                let mut held = storage.snapshot(&table, None).await.unwrap().unwrap();
                let mut actions = add(&storage, &held, &ids([writer * 1_000_000 + batch])).await;
                actions.push(Action::txn(format!("writer {writer}"), batch, 0));
                loop {
                    match storage.commit(&table, held.version() + 1, &actions, &info("WRITE")).await {
                        Ok(_) => break,
                        Err(CommitError::VersionExists { .. }) => lost += 1,
                        Err(CommitError::Unknown { .. }) => {}
                        Err(failed) => panic!("{failed}"),
                    }
                    held = storage.snapshot(&table, None).await.unwrap().unwrap();
                    if held.txn(&format!("writer {writer}")).await.unwrap() == Some(batch) {
                        break;
                    }
                }
            }
            lost
        })
    });
    let mut lost = 0;
    for writer in writers.collect::<Vec<_>>() {
        lost += writer.await.unwrap();
    }
    let storage = open();
    let newest = storage.snapshot(&table, None).await.unwrap().unwrap();
    assert_eq!(newest.version(), WRITERS * appends);
    assert!(lost > 0, "the writers never met");
    let versions: Vec<i64> = storage.history(&table, usize::MAX).await.unwrap().iter().map(|entry| entry.version).collect();
    assert_eq!(versions, (0..=newest.version()).rev().collect::<Vec<_>>());
    let sql = "SELECT count(*), count(DISTINCT id), min(id), max(id) FROM t";
    let (found, _) = query(&storage, &newest, ScanOptions::default(), sql).await;
    let count = (WRITERS * appends).to_string();
    assert_eq!(cells(&found), [[count.as_str(), &count, "1", &((WRITERS - 1) * 1_000_000 + appends).to_string()]]);
    for writer in 0..WRITERS {
        assert_eq!(newest.txn(&format!("writer {writer}")).await.unwrap(), Some(appends));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn w3_eight_writers_append_to_a_table_on_the_local_disk() {
    let dir = tempfile::tempdir().unwrap();
    eight_writers(|| Storage::open(LAKE, dir.path()).unwrap(), appends(3, 10, 100)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn w3_eight_writers_append_to_a_table_in_memory() {
    let store = Arc::new(InMemory::new());
    eight_writers(|| Storage::with_store(store.clone(), "memory:///lake".parse().unwrap()).unwrap(), appends(10, 25, 100)).await;
}
