//! Which files are read next.

use super::receipt::{Receipts, Shown, Status};
use super::snapshot::{Newest, Snapshots};
use chrono::{DateTime, Utc};
use lakesmith_connect::{Arrivals, ConnectError, FileEntry, FileFault, FileSource, Wanted};
use lakesmith_project::{ChangeCapture, OnChange, Snapshot, SourceTable};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Files of one batch: what is known of each is held until it is committed.
const BATCH_FILES: usize = 50_000;

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
    /// What has the name of a file of the source and is not read, with the reason.
    pub(crate) passed_over: Vec<(FileEntry, FileFault)>,
    /// Whether these are all there are: nothing was left out of the listing, or of what was kept of it.
    pub(crate) whole: bool,
    /// When the listing began, by the clock of this machine.
    pub(crate) listed: DateTime<Utc>,
    /// How many files are asked for at a time.
    pub(super) requests: usize,
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

/// What a name is, of those that a listing shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It is read.
    Read,
    /// It could not be opened when its receipt was written, and is read if it can be now.
    IfItOpens,
    /// This run has tried it: it waits for the next one.
    Waits,
    /// It changed, and the project says that it is not read again.
    Ignored,
    /// It was read, or told, as it is.
    Known,
}

/// Tells of each name that a listing shows whether it is read.
pub(crate) struct Judge {
    seen: Arc<Receipts>,
    ask: Ask,
    on_change: OnChange,
    /// Whether every name is kept: of a folder that is read as a whole the known ones too.
    keeps_all: bool,
    shown: Shown,
    ignored: AtomicU64,
    waiting: AtomicU64,
}

impl Judge {
    /// One for a listing.
    pub(crate) fn new(seen: Arc<Receipts>, table: &SourceTable, ask: Ask) -> Arc<Judge> {
        let keeps_all = table.change_capture == ChangeCapture::Full && table.snapshot != Snapshot::File;
        let (shown, on_change) = (seen.shown(), table.on_change);
        Arc::new(Judge { seen, ask, on_change, keeps_all, shown, ignored: AtomicU64::new(0), waiting: AtomicU64::new(0) })
    }

    /// Which names a listing keeps.
    pub(crate) fn wanted(self: &Arc<Judge>) -> Wanted {
        let judge = self.clone();
        Arc::new(move |file| {
            let kept = judge.sees(file).is_kept();
            judge.keeps_all || kept
        })
    }

    /// How many names a listing keeps.
    pub(crate) fn most(&self, otherwise: usize) -> usize {
        if self.keeps_all { usize::MAX } else { otherwise }
    }

    /// A file that a queue tells of: whether it is kept, and else whether nothing is to be done about it any more.
    pub(crate) fn is_told(&self, file: &FileEntry) -> (bool, bool) {
        let verdict = self.sees(file);
        (verdict.is_kept(), !verdict.is_kept() && verdict != Verdict::Waits)
    }

    /// A name that is listed.
    fn sees(&self, file: &FileEntry) -> Verdict {
        self.seen.show(&file.path, &self.shown);
        let verdict = self.of(file);
        match verdict {
            Verdict::Waits => self.waiting.fetch_add(1, Ordering::Relaxed),
            Verdict::Ignored => self.ignored.fetch_add(1, Ordering::Relaxed),
            _ => 0,
        };
        verdict
    }

    fn of(&self, file: &FileEntry) -> Verdict {
        if let Some(only) = &self.ask.only {
            return if only.contains(&file.path) { Verdict::Read } else { Verdict::Known };
        }
        if self.ask.tried.waiting.contains(&file.path) {
            return Verdict::Waits;
        }
        let Some(receipt) = self.seen.of(&file.path) else { return Verdict::Read };
        let changed = match self.on_change {
            _ if self.seen.is_same(&receipt, file) => Verdict::Known,
            OnChange::Ignore => Verdict::Ignored,
            OnChange::NewVersion | OnChange::Error => Verdict::Read,
        };
        match receipt.status {
            // It was none, and is a file now.
            Status::PassedOver => Verdict::Read,
            Status::Failed if self.ask.tried.failed.contains(&file.path) => changed,
            Status::Failed if self.ask.retry => Verdict::Read,
            Status::Failed if receipt.hash.is_none() && changed != Verdict::Read => Verdict::IfItOpens,
            _ => changed,
        }
    }

    async fn reads(&self, source: &FileSource, file: &FileEntry) -> bool {
        match self.of(file) {
            Verdict::Read => true,
            Verdict::IfItOpens => opens(source, file).await,
            Verdict::Waits | Verdict::Ignored | Verdict::Known => false,
        }
    }

    /// Whether what has the name of a file and is none is to be told.
    fn tells(&self, file: &FileEntry) -> bool {
        self.seen.show(&file.path, &self.shown);
        match (&self.ask.only, self.seen.of(&file.path)) {
            (Some(only), _) => only.contains(&file.path),
            (None, None) => true,
            (None, Some(receipt)) => receipt.status != Status::PassedOver || !self.seen.is_same(&receipt, file),
        }
    }

    /// What is to be told beside the files that are read. What a listing that left names out does not show may be there.
    fn notes(&self, full: bool) -> Notes {
        let (gone, not_retried) = match full {
            true => (self.seen.gone(&self.shown), self.seen.failed_and_gone(&self.shown)),
            false => (0, vec![]),
        };
        let (ignored, waiting) = (self.ignored.load(Ordering::Relaxed), self.waiting.load(Ordering::Relaxed));
        Notes { ignored, gone, waiting, waiting_folders: vec![], not_retried }
    }
}

impl Verdict {
    fn is_kept(self) -> bool {
        matches!(self, Verdict::Read | Verdict::IfItOpens)
    }
}

/// What was found of a source.
pub(crate) struct Found {
    pub(crate) arrivals: Arrivals,
    /// Whether every name of the source was looked at.
    pub(crate) full: bool,
    /// When the listing began, by the clock of this machine.
    pub(crate) listed: DateTime<Utc>,
}

/// What was found and is read next. `requests`: how many files are asked for at a time.
pub(crate) async fn arriving(
    source: FileSource,
    table: &SourceTable,
    judge: &Judge,
    found: Found,
    requests: usize,
) -> Result<(Arriving, Notes), ConnectError> {
    let snapshots = Snapshots::of(table)?;
    let newest = judge.seen.newest_snapshot().filter(|_| snapshots.is_some()).cloned();
    let Found { arrivals, full, listed } = found;
    let mut passed_over = arrivals.passed_over;
    passed_over.retain(|(file, _)| judge.tells(file));
    let mut notes = judge.notes(full);
    let files = match &snapshots {
        Some(Snapshots::Folders(folders)) if judge.ask.only.is_none() => {
            let mut new = BTreeSet::new();
            for file in &arrivals.files {
                if judge.reads(&source, file).await {
                    new.insert(file.path.clone());
                }
            }
            folders.next(&source, arrivals.files, &new, newest.as_ref(), &mut notes).await?
        }
        _ => {
            let mut files = Vec::with_capacity(arrivals.files.len());
            for file in arrivals.files {
                if judge.reads(&source, &file).await {
                    files.push(file);
                }
            }
            files
        }
    };
    let arriving = Arriving {
        source,
        files,
        passed_over,
        whole: full && !arrivals.more,
        listed,
        requests,
        seen: judge.seen.clone(),
        on_change: table.on_change,
        snapshots,
        newest,
        broken: Broken::default(),
    };
    Ok((arriving, notes))
}

/// Whether a file can be opened now that could not be when its receipt was written.
async fn opens(source: &FileSource, file: &FileEntry) -> bool {
    let Ok(path) = Path::parse(format!("{}/{}", source.root, file.path)) else { return false };
    source.store.get(&path).await.is_ok()
}

impl Arriving {
    /// Whether there is nothing to read and nothing to tell.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.passed_over.is_empty()
    }

    /// The files of one batch: one snapshot, or in order of arrival up to about so many bytes, at least one. And what is
    /// left for the next ones.
    pub(crate) fn split(mut self, max_bytes: u64) -> (Arriving, Option<Arriving>) {
        let Some(first) = self.files.first().cloned() else { return (self, None) };
        let mut bytes = 0;
        let fits = |(at, file): &(usize, &FileEntry)| match &self.snapshots {
            Some(snapshots) => snapshots.together(&first, file),
            None => {
                bytes += file.size.max(1);
                *at == 0 || (bytes <= max_bytes && *at < BATCH_FILES)
            }
        };
        let count = self.files.iter().enumerate().take_while(fits).count();
        let rest = self.files.split_off(count);
        let rest = (!rest.is_empty()).then(|| Arriving {
            source: self.source.clone(),
            files: rest,
            passed_over: vec![],
            seen: self.seen.clone(),
            snapshots: self.snapshots.clone(),
            newest: self.newest.clone(),
            broken: Broken::default(),
            ..self
        });
        (self, rest)
    }

    /// Whether the next batch may be taken of these files too: which of several snapshots counts is told by the one before.
    pub(crate) fn may_wait(&self) -> bool {
        self.snapshots.is_none()
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
