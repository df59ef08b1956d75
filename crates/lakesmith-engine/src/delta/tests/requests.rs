//! How often a store is asked.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::*;

/// A store in memory that counts requests by kind.
#[derive(Debug, Default)]
struct Counting {
    inner: InMemory,
    counts: Mutex<BTreeMap<&'static str, u64>>,
}

impl Counting {
    fn count(&self, kind: &'static str) {
        *self.counts.lock().unwrap().entry(kind).or_default() += 1;
    }

    /// Since the last time.
    fn counts(&self) -> BTreeMap<&'static str, u64> {
        std::mem::take(&mut *self.counts.lock().unwrap())
    }
}

impl fmt::Display for Counting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Counting")
    }
}

#[async_trait]
impl ObjectStore for Counting {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.count("put");
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(&self, location: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.count("put");
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.count("get");
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.count("list");
        self.inner.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.count("list");
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.count("list");
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_and_a_commit_ask_for_each_entry_once() {
    let store = Arc::new(Counting::default());
    let open = || Storage::with_store(store.clone(), "memory:///lake".parse().unwrap()).unwrap();
    let mut held = open().create(&id_spec("t")).await.unwrap();
    for batch in 1..=5 {
        let actions = [add(&open(), &held, &ids([batch])).await, vec![Action::txn("flow", batch, 0)]].concat();
        held = open().commit(held.table(), held.version() + 1, &actions, &info("WRITE")).await.unwrap();
    }
    let (storage, table) = (open(), held.table().clone());
    store.counts();
    // The hint at a checkpoint, six entries, a listing.
    let look = storage.snapshot(&table, None).await.unwrap().unwrap();
    assert_eq!(store.counts(), BTreeMap::from([("get", 7), ("list", 1)]));
    // What else there is to know of it stands in the entries.
    for app in ["flow", "flow/from/input", "flow/keys"] {
        look.txn(app).await.unwrap();
    }
    assert_eq!((look.files().await.unwrap().len(), store.counts()), (5, BTreeMap::new()));
    storage.snapshot(&table, None).await.unwrap();
    assert_eq!(store.counts(), BTreeMap::from([("get", 1), ("list", 1)]));
    // A data file, the entry, and a listing to see what came of it.
    let actions = add(&storage, &look, &ids([6])).await;
    storage.commit(&table, 6, &actions, &info("WRITE")).await.unwrap();
    assert_eq!(store.counts(), BTreeMap::from([("get", 1), ("list", 1), ("put", 2)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn w9_entries_of_a_table_that_was_made_anew_are_other_ones() {
    let store = Arc::new(Counting::default());
    let open = || Storage::with_store(store.clone(), "memory:///lake".parse().unwrap()).unwrap();
    let storage = open();
    let former = storage.create(&id_spec("t")).await.unwrap();
    let entry = storage.path("t/_delta_log/00000000000000000000.json").unwrap();
    store.delete(&entry).await.unwrap();
    let anew = open().create(&id_spec("t")).await.unwrap();
    let seen = storage.snapshot(former.table(), None).await.unwrap().unwrap();
    assert_eq!(seen.metadata().id, anew.metadata().id);
    assert_ne!(seen.metadata().id, former.metadata().id);
}
