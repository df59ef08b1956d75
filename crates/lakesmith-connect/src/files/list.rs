//! Which files have arrived.
//!
//! Names come in any order and by the million, so they are taken one by one: what nobody wants is dropped at once, and of the
//! rest only the earliest are kept.

use std::collections::BinaryHeap;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::NaiveDateTime;
use futures::TryStreamExt;
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::path::Path;
use object_store::{ListResult, ObjectMeta};

use super::dates::Stamp;
use super::pattern::{Level, Pattern};
use super::{FileEntry, FileSource, walk};
use crate::error::{ConnectError, FileFault};

/// How the names of a source's files are asked for.
#[derive(Clone, Default)]
pub enum Place {
    /// Of the store itself, which may hold all names of a folder at once.
    #[default]
    Store,
    /// Page by page, by their whole names.
    Pages(Arc<dyn PaginatedListStore>),
    /// Of this machine: the source's own folder.
    Folder(PathBuf),
}

impl std::fmt::Debug for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Place::Store => "Store",
            Place::Pages(_) => "Pages",
            Place::Folder(_) => "Folder",
        })
    }
}

/// Whether a file that was listed is to be kept.
pub type Wanted = Arc<dyn Fn(&FileEntry) -> bool + Send + Sync>;

/// What of a source is listed.
#[derive(Clone)]
pub struct Scope {
    /// Folders whose dates lie before this are left out.
    pub since: Option<NaiveDateTime>,
    /// Names up to and including this one, relative to the source's folder, are left out. For the files of one folder only.
    pub after: Option<String>,
    /// How many files are kept, the earliest ones.
    pub most: usize,
    /// Which files are kept at all.
    pub wanted: Wanted,
}

impl Default for Scope {
    fn default() -> Self {
        Self { since: None, after: None, most: usize::MAX, wanted: Arc::new(|_| true) }
    }
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Arrivals {
    /// Files in order of arrival: by modification time, then path.
    pub files: Vec<FileEntry>,
    /// What has the name of a file of the source and is not read, with the reason.
    pub passed_over: Vec<(FileEntry, FileFault)>,
    /// Whether there are later files that were not kept.
    pub more: bool,
}

impl FileSource {
    /// Every file that matches the pattern, in order of arrival: by modification time, then path. Only the folder
    /// that the literal beginning of the pattern names is listed. A folder that does not exist is empty.
    ///
    /// # Errors
    /// [`ConnectError::Pattern`] for an unusable pattern, [`ConnectError::Store`] if the folder cannot be listed.
    pub async fn list(&self) -> Result<Vec<FileEntry>, ConnectError> {
        Ok(self.arrivals(&Scope::default()).await?.files)
    }

    /// The files that match the pattern and are asked for.
    ///
    /// # Errors
    /// Those of [`FileSource::list`].
    pub async fn arrivals(&self, scope: &Scope) -> Result<Arrivals, ConnectError> {
        let kept = Kept::new(Pattern::new(&self.pattern)?, scope);
        if let Place::Folder(root) = &self.place {
            return walk::walk(root.clone(), kept, scope.since).await;
        }
        let mut lister = Lister { source: self, kept };
        lister.list(scope.since, scope.after.as_deref()).await?;
        Ok(lister.kept.arrivals())
    }

    /// The place within the store of a path relative to the source's folder.
    pub(super) fn locate(&self, relative: &str) -> Result<Path, ConnectError> {
        let root = self.root.as_ref();
        let joined = match (root.is_empty(), relative.is_empty()) {
            (true, _) => relative.to_owned(),
            (_, true) => root.to_owned(),
            _ => format!("{root}/{relative}"),
        };
        Path::parse(&joined).map_err(|source| ConnectError::Store { path: joined, source: source.into() })
    }
}

/// Lists an object store.
struct Lister<'a> {
    source: &'a FileSource,
    kept: Kept,
}

impl Lister<'_> {
    async fn list(&mut self, since: Option<NaiveDateTime>, after: Option<&str>) -> Result<(), ConnectError> {
        let folder = self.kept.pattern.folder.clone();
        let Some(since) = since.filter(|_| self.kept.pattern.has_dates()) else {
            let flat = self.kept.pattern.flat && !self.kept.pattern.has_dates();
            return self.folder(&folder, flat, after).await;
        };
        let mut here = vec![(folder, Stamp::default())];
        for at in 0..self.kept.pattern.levels.len() {
            let mut next = vec![];
            for (folder, stamp) in here {
                // From here on everything is recent enough: one listing for all below.
                if stamp.is_after(since) {
                    self.folder(&folder, false, None).await?;
                    continue;
                }
                let names = match &self.kept.pattern.levels[at] {
                    Level::Named(name) => vec![name.clone()],
                    Level::Dated(_) => self.folders(&folder).await?,
                };
                let level = &self.kept.pattern.levels[at];
                let reached = names.into_iter().filter_map(|name| {
                    let stamp = level.read(&name, stamp).filter(|stamp| stamp.reaches(since))?;
                    Some((join(&folder, &name), stamp))
                });
                next.extend(reached);
            }
            here = next;
        }
        let flat = self.kept.pattern.flat;
        for (folder, _) in here {
            self.folder(&folder, flat, None).await?;
        }
        Ok(())
    }

    /// The files in a folder, or all below it.
    async fn folder(&mut self, folder: &str, flat: bool, after: Option<&str>) -> Result<(), ConnectError> {
        let place = self.source.locate(folder)?;
        let prefix = (!place.as_ref().is_empty()).then_some(&place);
        let after = after.map(|after| self.source.locate(after)).transpose()?;
        match (&self.source.place, flat) {
            (Place::Pages(pages), _) => self.pages(&pages.clone(), &place, flat, after.as_ref()).await.map(drop),
            (_, true) => match self.source.store.list_with_delimiter(prefix).await {
                Ok(found) => {
                    found.objects.into_iter().for_each(|object| self.take(object, after.as_ref()));
                    Ok(())
                }
                Err(error) => missing_is_empty(&place, error),
            },
            (_, false) => {
                let mut found = match &after {
                    Some(after) => self.source.store.list_with_offset(prefix, after),
                    None => self.source.store.list(prefix),
                };
                loop {
                    match found.try_next().await {
                        Ok(Some(object)) => self.take(object, after.as_ref()),
                        Ok(None) => return Ok(()),
                        Err(error) => return missing_is_empty(&place, error),
                    }
                }
            }
        }
    }

    /// The names of the folders in a folder.
    async fn folders(&mut self, folder: &str) -> Result<Vec<String>, ConnectError> {
        let place = self.source.locate(folder)?;
        let found = match &self.source.place {
            Place::Pages(pages) => self.pages(&pages.clone(), &place, true, None).await?,
            _ => {
                let prefix = (!place.as_ref().is_empty()).then_some(&place);
                match self.source.store.list_with_delimiter(prefix).await {
                    Ok(ListResult { common_prefixes, .. }) => common_prefixes,
                    Err(error) => return missing_is_empty(&place, error).map(|()| vec![]),
                }
            }
        };
        Ok(found.iter().filter_map(|path| path.filename().map(str::to_owned)).collect())
    }

    /// Takes the files of a folder page by page, and gives the folders in it if only its own files are wanted.
    async fn pages(
        &mut self,
        pages: &Arc<dyn PaginatedListStore>,
        place: &Path,
        flat: bool,
        after: Option<&Path>,
    ) -> Result<Vec<Path>, ConnectError> {
        let prefix = (!place.as_ref().is_empty()).then(|| format!("{place}/"));
        let (mut folders, mut page_token) = (vec![], None);
        loop {
            let options = PaginatedListOptions {
                offset: after.map(ToString::to_string),
                delimiter: flat.then_some("/".into()),
                page_token,
                ..PaginatedListOptions::default()
            };
            let page = match pages.list_paginated(prefix.as_deref(), options).await {
                Ok(page) => page,
                Err(error) => return missing_is_empty(place, error).map(|()| folders),
            };
            page.result.objects.into_iter().for_each(|object| self.take(object, after));
            folders.extend(page.result.common_prefixes);
            page_token = page.page_token;
            if page_token.is_none() {
                return Ok(folders);
            }
        }
    }

    fn take(&mut self, object: ObjectMeta, after: Option<&Path>) {
        if after.is_some_and(|after| object.location <= *after) {
            return;
        }
        let Some(below) = object.location.as_ref().strip_prefix(self.source.root.as_ref()) else { return };
        let path = below.strip_prefix('/').unwrap_or(below);
        if self.kept.pattern.matches(path) {
            let (size, modified, etag) = (object.size, object.last_modified, object.e_tag);
            self.kept.file(FileEntry { path: path.to_owned(), size, modified, etag });
        }
    }
}

pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

fn missing_is_empty(place: &Path, error: object_store::Error) -> Result<(), ConnectError> {
    match error {
        object_store::Error::NotFound { .. } => Ok(()),
        source => Err(ConnectError::Store { path: place.to_string(), source }),
    }
}

/// What of a listing is kept so far.
pub(super) struct Kept {
    pub(super) pattern: Pattern,
    wanted: Wanted,
    most: usize,
    after: Option<String>,
    earliest: BinaryHeap<Arrival>,
    passed_over: Vec<(FileEntry, FileFault)>,
    more: bool,
}

/// A file by when it arrived.
#[derive(PartialEq, Eq)]
struct Arrival(FileEntry);

impl Ord for Arrival {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0.modified, &self.0.path).cmp(&(other.0.modified, &other.0.path))
    }
}

impl PartialOrd for Arrival {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Kept {
    fn new(pattern: Pattern, scope: &Scope) -> Kept {
        let (wanted, most, after) = (scope.wanted.clone(), scope.most.max(1), scope.after.clone());
        Kept { pattern, wanted, most, after, earliest: BinaryHeap::new(), passed_over: vec![], more: false }
    }

    /// A file whose name matches.
    pub(super) fn file(&mut self, file: FileEntry) {
        if !(self.wanted)(&file) {
            return;
        }
        self.earliest.push(Arrival(file));
        if self.earliest.len() > self.most {
            self.more = true;
            self.earliest.pop();
        }
    }

    /// Whether a name lies before those that are asked for.
    pub(super) fn is_before(&self, path: &str) -> bool {
        self.after.as_deref().is_some_and(|after| path <= after)
    }

    /// What has a matching name, but is not read.
    pub(super) fn pass_over(&mut self, file: FileEntry, reason: impl Into<String>) {
        if self.passed_over.len() < self.most {
            self.passed_over.push((file, FileFault::PassedOver { reason: reason.into() }));
        }
    }

    pub(super) fn arrivals(self) -> Arrivals {
        let mut files: Vec<FileEntry> = self.earliest.into_sorted_vec().into_iter().map(|Arrival(file)| file).collect();
        // A listing may name an object twice.
        files.dedup_by(|a, b| a.path == b.path);
        Arrivals { files, passed_over: self.passed_over, more: self.more }
    }
}
