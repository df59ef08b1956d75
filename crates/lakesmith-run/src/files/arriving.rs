//! Which files are read next.

use super::micros;
use super::receipt::{Receipt, Receipts, Status};
use super::snapshot::{Newest, Snapshots};
use lakesmith_connect::{ConnectError, FileEntry, FileFault, FileSource};
use lakesmith_project::{OnChange, SourceTable};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// What a run has tried with files of a table: it tries each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tried {
    /// Files that changed while they were read, or were gone: they wait for the next run.
    pub(crate) waiting: BTreeSet<String>,
    /// Files that could not be read.
    pub(crate) failed: BTreeSet<String>,
}

/// Which files are asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ask {
    /// Those too whose newest receipt has an error.
    pub(crate) retry: bool,
    /// These and no others, whatever their receipts say: the files of a batch that is computed again.
    pub(crate) only: Option<BTreeSet<String>>,
    pub(crate) tried: Tried,
}

/// What is to be told of a listing beside the files that are read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Notes {
    /// Files that changed and are not read again, because the project says so.
    pub(crate) ignored: u64,
    /// Files that were read and are no longer there. Their rows stay.
    pub(crate) gone: u64,
    /// Files that changed while this run read them.
    pub(crate) waiting: u64,
    /// Folders of a full load that are not whole yet.
    pub(crate) waiting_folders: Vec<String>,
    /// Files that could not be read, that are to be read again, and are gone.
    pub(crate) not_retried: Vec<String>,
}

impl Notes {
    /// As counts of the run's summary, without what there is none of.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        let all = [
            ("ignored files", self.ignored),
            ("gone files", self.gone),
            ("waiting files", self.waiting),
            ("waiting folders", self.waiting_folders.len() as u64),
        ];
        all.into_iter().filter(|(_, count)| *count > 0).map(|(what, count)| (what.to_owned(), count)).collect()
    }
}

/// A source's table with what arrived for it.
#[derive(Clone)]
pub(crate) struct Arriving {
    pub(crate) source: FileSource,
    /// In the order in which they are read.
    pub(crate) files: Vec<FileEntry>,
    /// What was read before.
    pub(crate) seen: Arc<Receipts>,
    pub(super) on_change: OnChange,
    /// What one batch is of a full load.
    pub(super) snapshots: Option<Snapshots>,
    pub(super) newest: Option<Newest>,
    pub(super) broken: Broken,
}

/// Files that turned out to be unreadable after rows of them had been taken, and why: the batch is read again without them.
#[derive(Clone, Debug, Default)]
pub(super) struct Broken(Arc<Mutex<BTreeMap<String, FileFault>>>);

impl Broken {
    pub(super) fn add(&self, path: &str, fault: &FileFault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), fault.clone());
    }

    /// Why the file cannot be read.
    pub(super) fn fault(&self, path: &str) -> Option<FileFault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }
}

/// Lists the source and leaves out what its receipts know.
pub(crate) async fn arriving(
    source: FileSource,
    table: &SourceTable,
    seen: Receipts,
    ask: &Ask,
) -> Result<(Arriving, Notes), ConnectError> {
    let snapshots = Snapshots::of(table)?;
    let newest = snapshots.as_ref().and_then(|snapshots| snapshots.newest(&seen));
    let listed = source.list().await?;
    let mut notes = missing(&listed, &seen, ask);
    let mut new = BTreeSet::new();
    for file in &listed {
        let receipt = seen.of(&file.path);
        let is_new = match (&ask.only, receipt) {
            (Some(only), _) => only.contains(&file.path),
            _ if ask.tried.waiting.contains(&file.path) => {
                notes.waiting += 1;
                false
            }
            (None, None) => true,
            (None, Some(receipt)) if is_retried(&source, file, receipt, ask).await => true,
            (None, Some(receipt)) if receipt.size == file.size && receipt.modified == micros(file.modified) => false,
            (None, Some(_)) if table.on_change == OnChange::Ignore => {
                notes.ignored += 1;
                false
            }
            (None, Some(_)) => true,
        };
        if is_new {
            new.insert(file.path.clone());
        }
    }
    let files = match &snapshots {
        Some(Snapshots::Folders(folders)) if ask.only.is_none() => {
            folders.next(&source, listed, &new, newest.as_ref(), &mut notes).await?
        }
        _ => listed.into_iter().filter(|file| new.contains(&file.path)).collect(),
    };
    let arriving = Arriving {
        source,
        files,
        seen: Arc::new(seen),
        on_change: table.on_change,
        snapshots,
        newest,
        broken: Broken::default(),
    };
    Ok((arriving, notes))
}

/// What the receipts know and the listing does not hold.
fn missing(listed: &[FileEntry], seen: &Receipts, ask: &Ask) -> Notes {
    let there: HashSet<&str> = listed.iter().map(|file| file.path.as_str()).collect();
    let mut notes = Notes::default();
    for (path, receipt) in seen.all().filter(|(path, _)| !there.contains(path.as_str())) {
        notes.gone += u64::from(receipt.read.is_some());
        if ask.retry && receipt.status == Status::Failed {
            notes.not_retried.push(path.clone());
        }
    }
    notes.not_retried.sort();
    notes
}

/// Whether a file that could not be read is read again: because somebody asks for it, or because it could not even be
/// opened and can be now.
async fn is_retried(source: &FileSource, file: &FileEntry, receipt: &Receipt, ask: &Ask) -> bool {
    let failed = receipt.status == Status::Failed && !ask.tried.failed.contains(&file.path);
    failed && (ask.retry || (receipt.hash.is_none() && opens(source, file).await))
}

/// Whether a file can be opened now that could not be when its receipt was written.
async fn opens(source: &FileSource, file: &FileEntry) -> bool {
    let Ok(path) = Path::parse(format!("{}/{}", source.root, file.path)) else { return false };
    source.store.get(&path).await.is_ok()
}

impl Arriving {
    /// The files of one batch: one snapshot, or in order of arrival up to about so many bytes, at least one.
    pub(crate) fn batch(&self, max_bytes: u64) -> Arriving {
        let Some(first) = self.files.first() else { return self.clone() };
        let mut bytes = 0;
        let fits = |file: &&FileEntry| match &self.snapshots {
            Some(snapshots) => snapshots.together(first, file),
            None => {
                bytes += file.size.max(1);
                file.path == first.path || bytes <= max_bytes
            }
        };
        Arriving { files: self.files.iter().take_while(fits).cloned().collect(), ..self.clone() }
    }

    /// How many files turned out to be unreadable after rows of them had been taken.
    pub(crate) fn broken_files(&self) -> usize {
        self.broken.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether the files of a batch count together or not at all.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.snapshots, Some(Snapshots::Folders(_)))
    }
}
