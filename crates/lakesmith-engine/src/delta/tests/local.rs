//! What a loss of power leaves of a local lake, read off the calls that were made to the disk.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use object_store::ObjectStoreExt;

use super::super::storage::local::LocalFiles;
use super::super::storage::local::disk::Call;
use super::*;

/// What of the calls would be on the disk, at the least, if the power went now.
#[derive(Default)]
struct Lasting {
    root: PathBuf,
    /// Files, by the name they were first written under, whose bytes last.
    whole: HashSet<PathBuf>,
    /// Names that have not been synced in their folder, and by which call they were given.
    fresh: HashMap<PathBuf, usize>,
    /// Those that have.
    names: HashSet<PathBuf>,
}

impl Lasting {
    fn after(&mut self, at: usize, call: &Call) {
        match call {
            Call::SyncFile(path) => drop(self.whole.insert(path.clone())),
            Call::Link(file, name) | Call::Rename(file, name) => {
                // A name may come to last by itself, at any time: its file has to be whole before.
                assert!(self.whole.contains(file), "{} had its name before it was whole", name.display());
                self.fresh.insert(name.clone(), at);
            }
            Call::MakeFolder(path) => {
                if !self.names.contains(path) {
                    self.fresh.entry(path.clone()).or_insert(at);
                }
            }
            Call::SyncFolder(folder, before) => {
                let (names, covers) = (&mut self.names, |name: &Path, at: usize| name.parent() == Some(folder) && at < *before);
                self.fresh.retain(|name, at| !(covers(name, *at) && names.insert(name.clone())));
            }
            Call::Answer(place) => self.check(place),
        }
    }

    /// The file can be found by its name, from the root down.
    fn check(&self, place: &Path) {
        for name in place.ancestors().take_while(|path| *path != self.root) {
            assert!(self.names.contains(name), "{} would be gone with the power: {}", place.display(), name.display());
        }
    }
}

fn replay(root: &Path, journal: &[Call]) -> Lasting {
    let mut lasting = Lasting { root: root.to_owned(), ..Lasting::default() };
    for (at, call) in journal.iter().enumerate() {
        if let Call::Link(_, name) = call
            && name.parent().is_some_and(|folder| folder.ends_with("_delta_log"))
        {
            // From here on the entry may last. What it names does already.
            let table = name.parent().unwrap().parent().unwrap();
            let actions: Vec<serde_json::Value> =
                fs::read_to_string(name).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            for path in actions.iter().filter_map(|action| action["add"]["path"].as_str()) {
                lasting.check(&table.join(path.replace("%25", "%")));
            }
        }
        lasting.after(at, call);
    }
    lasting
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut all = vec![];
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.path().is_dir() {
            true => all.extend(files_below(&entry.path())),
            false => all.push(entry.path()),
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn c2_what_was_answered_outlasts_the_power_and_no_entry_names_what_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    let store = Arc::new(LocalFiles::new(root.clone()));
    let storage = Storage::with_store(store.clone(), url::Url::from_directory_path(&root).unwrap()).unwrap();
    let columns = schema(vec![field("id", DataType::Int64), field("day", DataType::Utf8)]);
    let mut table = storage.create(&spec("bronze/shop/orders", columns, &["day"])).await.unwrap();
    // Past a checkpoint, in folders old and new, several files a commit.
    for batch in 0..25_i64 {
        let days: Vec<String> = (0..3).map(|n| format!("day {}", batch / 10 + n)).collect();
        let rows = rows(vec![
            ("id", Arc::new(Int64Array::from_iter_values(batch * 3..batch * 3 + 3))),
            ("day", Arc::new(StringArray::from(days))),
        ]);
        table = append(&storage, &table, &rows).await;
    }
    // In parts, as large files are.
    let large = root.join("bronze/shop/large");
    let mut upload = store.put_multipart(&object_store::path::Path::from_absolute_path(&large).unwrap()).await.unwrap();
    let parts: Vec<Bytes> = (0..3).map(|n| Bytes::from(vec![n; 1 << 20])).collect();
    let sent: Vec<_> = parts.iter().map(|part| upload.put_part(part.clone().into())).collect();
    for part in sent.into_iter().rev() {
        part.await.unwrap();
    }
    upload.complete().await.unwrap();
    assert_eq!(fs::read(&large).unwrap(), parts.concat());
    assert!(upload.complete().await.is_err());
    // Given up, and dropped.
    let other = object_store::path::Path::from_absolute_path(root.join("bronze/shop/other")).unwrap();
    for abort in [true, false] {
        let mut upload = store.put_multipart(&other).await.unwrap();
        upload.put_part(parts[0].clone().into()).await.unwrap();
        if abort {
            upload.abort().await.unwrap();
        }
    }

    let lasting = replay(&root, &store.journal());
    let held = files_below(&root);
    assert!(held.iter().all(|file| lasting.names.contains(file)), "every file lasts: {held:?}");
    assert!(held.iter().any(|file| file.ends_with("00000000000000000020.checkpoint.parquet")), "{held:?}");
    assert_eq!(held.iter().filter(|file| file.to_string_lossy().contains('#')).count(), 0, "nothing is left beside");
    let answers = store.journal().iter().filter(|call| matches!(call, Call::Answer(_))).count();
    let files = store.journal().iter().filter(|call| matches!(call, Call::SyncFile(_))).count();
    assert_eq!((answers, files), (held.len(), held.len()), "one sync a file");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_made_once_and_a_folder_that_is_gone_is_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    let storage = Storage::with_store(Arc::new(LocalFiles::new(root.clone())), url::Url::from_directory_path(&root).unwrap());
    let storage = storage.unwrap();
    let object = storage.path("a/b/c").unwrap();
    let racers = (0..16).map(|n| {
        let (storage, object) = (storage.clone(), object.clone());
        tokio::spawn(async move { storage.put_if_absent(&object, &Bytes::from(n.to_string())).await.unwrap() })
    });
    let mut won = 0;
    for racer in racers.collect::<Vec<_>>() {
        won += usize::from(racer.await.unwrap());
    }
    assert_eq!((won, files_below(&root).len()), (1, 1));
    fs::remove_dir_all(root.join("a")).unwrap();
    assert!(storage.put_if_absent(&object, &Bytes::from("again")).await.unwrap());
    assert_eq!(fs::read(root.join("a/b/c")).unwrap(), b"again");
}
