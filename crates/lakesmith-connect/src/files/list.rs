//! Which files have arrived.

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};

use super::pattern::Pattern;
use super::{FileEntry, FileSource};
use crate::error::ConnectError;

impl FileSource {
    /// Every file that matches the pattern, in order of arrival: by modification time, then path. Only the folder
    /// that the literal beginning of the pattern names is listed. A folder that does not exist is empty.
    ///
    /// # Errors
    /// [`ConnectError::Pattern`] for an unusable pattern, [`ConnectError::Store`] if the folder cannot be listed.
    pub async fn list(&self) -> Result<Vec<FileEntry>, ConnectError> {
        let pattern = Pattern::new(&self.pattern)?;
        let folder = self.locate(&pattern.folder)?;
        let prefix = (!folder.as_ref().is_empty()).then_some(&folder);
        let failed = |source| ConnectError::Store { path: folder.to_string(), source };
        let found: Vec<ObjectMeta> = if pattern.flat {
            match self.store.list_with_delimiter(prefix).await {
                Ok(listing) => listing.objects,
                Err(object_store::Error::NotFound { .. }) => Vec::new(),
                Err(source) => return Err(failed(source)),
            }
        } else {
            match self.store.list(prefix).try_collect().await {
                Ok(found) => found,
                Err(object_store::Error::NotFound { .. }) => Vec::new(),
                Err(source) => return Err(failed(source)),
            }
        };
        let mut files: Vec<FileEntry> = found.into_iter().filter_map(|object| self.entry(object, &pattern)).collect();
        files.sort_by(|a, b| (a.modified, &a.path).cmp(&(b.modified, &b.path)));
        // A listing may name an object twice.
        files.dedup_by(|a, b| a.path == b.path);
        Ok(files)
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

    fn entry(&self, object: ObjectMeta, pattern: &Pattern) -> Option<FileEntry> {
        let below = object.location.as_ref().strip_prefix(self.root.as_ref())?;
        let path = below.strip_prefix('/').unwrap_or(below);
        pattern.matches(path).then(|| FileEntry {
            path: path.to_owned(),
            size: object.size,
            modified: object.last_modified,
            etag: object.e_tag,
        })
    }
}
