//! Two runs over one storage: one that has recorded a batch, and one that finds the record.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::batch;
use crate::lake::Options;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const BEAT: Duration = Duration::from_millis(200);
/// Where it must not be missed on a machine that is busy.
const SLOW_BEAT: Duration = Duration::from_secs(1);
const FLOW: &str = "bronze.shop_orders";

/// A project with one flow, and a record of its first batch by a run that did not commit it.
struct Scene {
    folder: TempDir,
    lake: Lake,
}

impl Scene {
    async fn new(beat: Duration) -> Scene {
        let folder = TempDir::new().unwrap();
        let put = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("lakehouse.yaml", "lakehouse: shop\n");
        put(
            "sources/shop.yaml",
            "source: shop\ntype: files\npath: landing/\ntables:\n  orders: { path: \"*.csv\", format: csv }\n",
        );
        put("landing/1.csv", "id,amount\n1,10\n2,20\n");
        let lake = open(folder.path(), Some(beat)).await;
        // The first run died when its batch was recorded.
        let dying = open(folder.path(), None).await;
        let flow = dying.plan().flow(&TableName::parse(FLOW).unwrap()).unwrap().clone();
        let record = batch::tests::recorded(&dying, &flow, "first").await;
        assert_eq!(record.batch, 1);
        Scene { folder, lake }
    }

    /// The heartbeat of the first run.
    fn first(&self) -> Heartbeat {
        Heartbeat::new(self.lake.world(), "first".to_owned())
    }

    fn says(&self, beat: &Beat) {
        let place = self.folder.path().join(".lake").join(FOLDER);
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join(&beat.run_id), serde_json::to_vec(beat).unwrap()).unwrap();
    }

    /// Runs the flow as a second runner: how long it took, and what was told.
    async fn second(&self) -> (Duration, Vec<Event>) {
        let flow = self.lake.plan().flow(&TableName::parse(FLOW).unwrap()).unwrap().clone();
        let heartbeat = Heartbeat::new(self.lake.world(), "second".to_owned());
        let (clock, told) = (Instant::now(), std::sync::Mutex::new(vec![]));
        batch::run(&self.lake, &flow, &heartbeat, &|event| told.lock().unwrap().push(event)).await.unwrap();
        heartbeat.end().await;
        (clock.elapsed(), told.into_inner().unwrap())
    }

    async fn rows(&self) -> usize {
        let rows = self.lake.query("SELECT * FROM bronze.shop_orders").await.unwrap();
        rows.batches.iter().map(|batch| batch.num_rows()).sum()
    }

    fn left(&self) -> Vec<String> {
        let Ok(found) = fs::read_dir(self.folder.path().join(".lake").join(FOLDER)) else { return vec![] };
        found.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

async fn open(root: &Path, heartbeat: Option<Duration>) -> Lake {
    let (project, faults) = lakesmith_project::load(root);
    assert!(!faults.has_errors());
    let storage = Storage::open(".lake", root).unwrap();
    let world = World { heartbeat, ..World::of(storage) };
    let mut lake = Lake::over(world, project, &Options { threads: Some(2), ..Options::default() }).unwrap();
    lake.learn().await.unwrap();
    lake
}

fn waited(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event, Event::Waiting { batch: 1, .. }))
}

#[tokio::test]
async fn a_run_that_left_no_heartbeat_is_not_waited_for() {
    let scene = Scene::new(BEAT).await;
    let (_, told) = scene.second().await;
    assert!(!waited(&told), "{told:?}");
    assert_eq!((scene.rows().await, scene.left()), (2, vec![]));
}

#[tokio::test]
async fn a_process_of_this_machine_that_has_ended_is_gone_at_once() {
    let scene = Scene::new(BEAT).await;
    let mut beat = scene.first().beat.lock().await.clone();
    beat.process = Process::ended();
    if !beat.process.is_gone() {
        return; // This system does not tell.
    }
    scene.says(&beat);
    let (_, told) = scene.second().await;
    assert!(!waited(&told), "{told:?}");
    assert_eq!((scene.rows().await, scene.left()), (2, vec![]), "what it left behind is swept");
}

#[tokio::test]
async fn a_silent_process_of_another_machine_is_gone_after_three_beats() {
    let scene = Scene::new(BEAT).await;
    let mut beat = scene.first().beat.lock().await.clone();
    beat.process = Process::elsewhere();
    scene.says(&beat);
    let (took, told) = scene.second().await;
    assert!(waited(&told) && took >= BEAT * MISSED, "{took:?} {told:?}");
    assert_eq!(scene.rows().await, 2);
    assert_eq!(scene.left(), ["first"], "it may come back");
}

/// Frozen, it lives and does not beat.
#[tokio::test]
async fn a_silent_process_of_this_machine_is_gone_after_three_beats() {
    let scene = Scene::new(BEAT).await;
    scene.says(&scene.first().beat.lock().await.clone());
    let (took, told) = scene.second().await;
    assert!(waited(&told) && took >= BEAT * MISSED, "{took:?} {told:?}");
    assert_eq!(scene.rows().await, 2);
}

#[tokio::test]
async fn a_run_that_beats_is_waited_for_until_it_has_finished() {
    let scene = Scene::new(SLOW_BEAT).await;
    let first = scene.first();
    first.work().await;
    let finishing = async {
        tokio::time::sleep(SLOW_BEAT * (MISSED + 2)).await;
        let other = open(scene.folder.path(), None).await;
        let flow = other.plan().flow(&TableName::parse(FLOW).unwrap()).unwrap().clone();
        let done = batch::run(&other, &flow, &first, &|_| {}).await.unwrap();
        first.end().await;
        done.batches
    };
    let (finished, (took, told)) = tokio::join!(finishing, scene.second());
    assert!(waited(&told) && took >= SLOW_BEAT * (MISSED + 2), "{took:?} {told:?}");
    assert_eq!(finished, [1]);
    assert!(!told.iter().any(|event| matches!(event, Event::Committed { .. })), "{told:?}");
    assert_eq!((scene.rows().await, scene.left()), (2, vec![]));
}

#[tokio::test]
async fn a_run_that_gave_the_flow_up_is_not_waited_for() {
    let scene = Scene::new(SLOW_BEAT).await;
    let first = scene.first();
    first.work().await;
    first.give_up(&TableName::parse(FLOW).unwrap()).await;
    let (_, told) = scene.second().await;
    assert!(!waited(&told), "{told:?}");
    assert_eq!((scene.rows().await, scene.left()), (2, vec!["first".to_owned()]));
    first.end().await;
    assert_eq!(scene.left(), Vec::<String>::new());
}

#[tokio::test]
async fn a_heartbeat_that_cannot_be_written_stops_nothing() {
    let scene = Scene::new(BEAT).await;
    // A file where the folder should be.
    fs::write(scene.folder.path().join(".lake").join(FOLDER), "").unwrap();
    scene.second().await;
    assert_eq!(scene.rows().await, 2);
}
