//! Which storages are refused before the first table is made.

use object_store::ObjectStoreExt;
use object_store::memory::InMemory;

use super::store::{Answer, LyingStore};
use super::*;

fn over(store: &Arc<LyingStore>, url: &str) -> Storage {
    Storage::with_store(store.clone(), url.parse().unwrap()).unwrap()
}

async fn objects(storage: &Storage) -> Vec<String> {
    use futures::TryStreamExt;
    storage.store().list(None).map_ok(|found| found.location.to_string()).try_collect().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_a_store_that_ignores_the_condition_is_refused() {
    for answers in [
        // Always; and now and then, as a store does that looks first and writes then.
        vec![Answer::WrittenOver; 20],
        vec![Answer::Kept, Answer::Kept, Answer::Kept, Answer::WrittenOver, Answer::WrittenOver],
    ] {
        let store = Arc::new(LyingStore::default());
        store.next_creates(answers);
        let storage = over(&store, "memory:///lake");
        let refused = storage.prove().await.unwrap_err();
        assert!(matches!(refused, DeltaError::Unsafe { .. }), "{refused}");
        assert_eq!(objects(&storage).await, [""; 0], "nothing is left, and it is tried again next time");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_a_store_without_conditional_puts_is_refused_and_one_that_is_closed_is_no_fault_of_it() {
    let store = Arc::new(LyingStore::default());
    store.next_create(Answer::NotThere);
    let refused = over(&store, "memory:///lake").prove().await.unwrap_err();
    assert!(matches!(refused, DeltaError::Unsafe { .. }), "{refused}");
    store.next_create(Answer::Denied);
    let closed = over(&store, "memory:///lake").prove().await.unwrap_err();
    assert!(matches!(closed, DeltaError::Location { .. }), "{closed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_what_passed_is_not_tried_again_unless_it_lies_elsewhere() {
    let store = Arc::new(LyingStore::default());
    over(&store, "memory:///lake").prove().await.unwrap();
    assert_eq!(objects(&over(&store, "memory:///lake")).await, ["lake/_lakesmith/storage"]);
    // The next put would show it; there is none.
    store.next_creates([Answer::WrittenOver; 20]);
    let again = over(&store, "memory:///lake");
    again.prove().await.unwrap();
    assert_eq!(store.left(), 20);
    let (from, to) = (again.path("_lakesmith/storage").unwrap(), object_store::path::Path::from("copy/_lakesmith/storage"));
    store.copy(&from, &to).await.unwrap();
    assert!(over(&store, "memory:///copy").prove().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_stores_that_keep_the_condition_pass_also_when_answers_are_lost() {
    let (_dir, local) = local().await;
    local.prove().await.unwrap();
    let memory = Storage::with_store(Arc::new(InMemory::new()), "memory:///lake".parse().unwrap()).unwrap();
    memory.prove().await.unwrap();
    let store = Arc::new(LyingStore::default());
    let lost = [Answer::DoneButTimeout, Answer::NotDoneConflict, Answer::DoneButExists, Answer::NotDoneTimeout];
    store.next_creates(lost.into_iter().cycle().take(12));
    over(&store, "memory:///lake").prove().await.unwrap();
}
