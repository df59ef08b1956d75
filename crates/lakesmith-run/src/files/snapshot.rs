//! Full loads: what of a source is read together, in which order, and when it is whole.
//!
//! A snapshot is a file, or all files of a folder. Files come in the order of arrival, folders in that of their names, in
//! which numbers count as numbers. A folder is whole once its marker is there. Without markers it is read as it stands; if
//! keys that it lacks are to be deleted, not before the next folder has begun, since half of a snapshot lacks the other half.

use super::arriving::{Arriving, Notes};
use super::micros;
use super::receipt::{Status, after};
use chrono::{DateTime, Utc};
use globset::{Glob, GlobMatcher};
use lakesmith_connect::{ConnectError, FileEntry, FileSource};
use lakesmith_project::{ChangeCapture, Deletes, Snapshot, SourceTable, snapshot_folder};
use object_store::ObjectStore;
use object_store::path::Path;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// What one snapshot is.
#[derive(Clone, Debug)]
pub(crate) enum Snapshots {
    /// Each file.
    Files,
    /// The files of each folder.
    Folders(Folders),
}

/// How the folders of a source's table are told, and when each is whole.
#[derive(Clone, Debug)]
pub(crate) struct Folders {
    pattern: String,
    whole: Whole,
}

/// When a folder is whole.
#[derive(Clone, Debug)]
enum Whole {
    /// As it stands.
    Always,
    /// Once a later one is there.
    Followed,
    /// Once a file of that name is there.
    Marked(GlobMatcher),
}

impl Snapshots {
    /// Those of a source's table, if it is loaded in full.
    ///
    /// # Errors
    /// [`ConnectError::Pattern`] for a marker that is no name.
    pub(crate) fn of(table: &SourceTable) -> Result<Option<Snapshots>, ConnectError> {
        if table.change_capture != ChangeCapture::Full {
            return Ok(None);
        }
        let whole = match (table.snapshot, &table.marker) {
            (Snapshot::File, _) => return Ok(Some(Snapshots::Files)),
            (Snapshot::Marker, Some(marker)) => {
                let glob = Glob::new(&marker.value)
                    .map_err(|error| ConnectError::Pattern { pattern: marker.value.clone(), reason: error.kind().to_string() })?;
                Whole::Marked(glob.compile_matcher())
            }
            _ if table.deletes == Deletes::MissingKeys => Whole::Followed,
            _ => Whole::Always,
        };
        Ok(Some(Snapshots::Folders(Folders { pattern: table.path.value.clone(), whole })))
    }

    /// Whether two files are of one snapshot.
    pub(crate) fn together(&self, a: &FileEntry, b: &FileEntry) -> bool {
        match self {
            Snapshots::Files => a.path == b.path,
            Snapshots::Folders(folders) => folders.of(&a.path) == folders.of(&b.path),
        }
    }

    /// Looks at a receipt: `newest` is its snapshot from now on, if that is newer.
    pub(super) fn take(&self, newest: &mut Option<Newest>, path: &str, modified: DateTime<Utc>, status: Status) {
        match self {
            Snapshots::Files => {
                let newer = match &newest {
                    Some(Newest::File(at, name)) => (*at, name.as_str()) < (modified, path),
                    _ => true,
                };
                if newer && (status.is_read() || status == Status::Touched) {
                    *newest = Some(Newest::File(modified, path.to_owned()));
                }
            }
            Snapshots::Folders(folders) => {
                let folder = folders.of(path);
                let newer = newest.as_ref().is_none_or(|newest| newest.is_before_folder(folder));
                if newer && status.is_read() {
                    *newest = Some(Newest::Folder(folders.clone(), folder.to_owned()));
                }
            }
        }
    }
}

impl Folders {
    /// The folder whose snapshot a file belongs to.
    fn of<'a>(&self, path: &'a str) -> &'a str {
        snapshot_folder(&self.pattern, path)
    }

    /// Of the files listed those that are read next, snapshot by snapshot: of a folder with something new every file, once
    /// it is whole; of one older than the newest that was read only what is new.
    pub(crate) async fn next(
        &self,
        source: &FileSource,
        mut listed: Vec<FileEntry>,
        new: &BTreeSet<String>,
        newest: Option<&Newest>,
        notes: &mut Notes,
    ) -> Result<Vec<FileEntry>, ConnectError> {
        let concerned: BTreeSet<String> = new.iter().map(|path| self.of(path).to_owned()).collect();
        let mut whole = BTreeSet::new();
        for folder in &concerned {
            let older = newest.is_some_and(|newest| newest.is_after_folder(folder));
            if older || self.is_whole(source, folder, &listed, newest).await? {
                whole.insert(folder.clone());
            } else {
                notes.waiting_folders.push(folder.clone());
            }
        }
        // What stands in a folder once its marker is seen.
        if matches!(self.whole, Whole::Marked(_)) && !whole.is_empty() {
            listed = source.list().await?;
        }
        let mut groups: BTreeMap<ByName, Vec<FileEntry>> = BTreeMap::new();
        for file in listed {
            let folder = self.of(&file.path);
            let older = newest.is_some_and(|newest| newest.is_after_folder(folder));
            if whole.contains(folder) && (!older || new.contains(&file.path)) {
                groups.entry(ByName(folder.to_owned())).or_default().push(file);
            }
        }
        Ok(groups.into_values().flatten().collect())
    }

    async fn is_whole(
        &self,
        source: &FileSource,
        folder: &str,
        listed: &[FileEntry],
        newest: Option<&Newest>,
    ) -> Result<bool, ConnectError> {
        match &self.whole {
            Whole::Always => Ok(true),
            Whole::Followed => {
                let later = listed.iter().any(|file| by_name(self.of(&file.path), folder) == Ordering::Greater);
                Ok(later || newest.is_some_and(|newest| newest.is_after_folder(folder)))
            }
            Whole::Marked(marker) => marked(source, folder, marker).await,
        }
    }
}

/// Whether a marker stands in a folder.
async fn marked(source: &FileSource, folder: &str, marker: &GlobMatcher) -> Result<bool, ConnectError> {
    let place = [source.root.as_ref(), folder].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
    let failed = |source: object_store::Error| ConnectError::Store { path: place.clone(), source };
    let path = Path::parse(&place).map_err(|error| failed(error.into()))?;
    match source.store.list_with_delimiter(Some(&path)).await {
        Ok(found) => Ok(found.objects.iter().any(|object| object.location.filename().is_some_and(|name| marker.is_match(name)))),
        Err(object_store::Error::NotFound { .. }) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

/// The newest snapshot that was read: an older one changes nothing.
#[derive(Clone, Debug)]
pub(crate) enum Newest {
    /// A file, by when it was changed.
    File(DateTime<Utc>, String),
    /// A folder, by its name.
    Folder(Folders, String),
}

impl Newest {
    /// Whether it is newer than the snapshot that a file belongs to.
    pub(crate) fn is_after(&self, file: &FileEntry) -> bool {
        match self {
            Newest::File(at, path) => (micros(file.modified), &file.path) < (*at, path),
            Newest::Folder(folders, _) => self.is_after_folder(folders.of(&file.path)),
        }
    }

    fn is_before_folder(&self, folder: &str) -> bool {
        matches!(self, Newest::Folder(_, newest) if by_name(newest, folder) == Ordering::Less)
    }

    fn is_after_folder(&self, folder: &str) -> bool {
        matches!(self, Newest::Folder(_, newest) if by_name(folder, newest) == Ordering::Less)
    }
}

impl Arriving {
    /// The time of the snapshot that a batch is: that of its newest file, and later than that of the one before it.
    pub(super) fn snapshot_time(&self) -> Option<DateTime<Utc>> {
        let Some(Snapshots::Folders(_)) = self.snapshots else { return None };
        let own = self.files.iter().map(|file| micros(file.modified)).max()?;
        Some(self.seen.last_snapshot().map_or(own, |last| own.max(after(last))))
    }
}

/// A name in the order of names.
#[derive(PartialEq, Eq)]
struct ByName(String);

impl Ord for ByName {
    fn cmp(&self, other: &Self) -> Ordering {
        by_name(&self.0, &other.0)
    }
}

impl PartialOrd for ByName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The order of names in which numbers count as numbers: `export_9` before `export_10`.
fn by_name(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    while let (Some(l), Some(r)) = (left.first(), right.first()) {
        let order = if l.is_ascii_digit() && r.is_ascii_digit() {
            let (one, rest) = number(left);
            let (other, others) = number(right);
            (left, right) = (rest, others);
            one.len().cmp(&other.len()).then_with(|| one.cmp(other))
        } else {
            (left, right) = (&left[1..], &right[1..]);
            l.cmp(r)
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// The digits at the beginning, without leading zeros, and what follows.
fn number(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let zeros = text[..end].iter().take_while(|byte| **byte == b'0').count();
    (&text[zeros..end], &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_with_their_numbers() {
        let mut names = ["export_10", "export_9", "2025-01-02", "2025-01-01", "export_09b", "a", "", "2024-12-31", "export_009"];
        names.sort_by(|a, b| by_name(a, b));
        assert_eq!(
            names,
            ["", "2024-12-31", "2025-01-01", "2025-01-02", "a", "export_009", "export_9", "export_09b", "export_10"]
        );
    }
}
