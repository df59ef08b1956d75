//! The files in a folder of this machine.
//!
//! A folder holds more than files: pipes that would be waited at for ever, links that lead elsewhere, names that no path can
//! hold. What has the name of a source's file and is not read is told with the reason, and the others are read.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, NaiveDateTime, Utc};

use super::FileEntry;
use super::dates::Stamp;
use super::list::{Arrivals, Kept, join};
use crate::error::ConnectError;

/// Walks a source's folder.
pub(super) async fn walk(root: PathBuf, kept: Kept, since: Option<NaiveDateTime>) -> Result<Arrivals, ConnectError> {
    let shown = root.display().to_string();
    let failed = move |source: std::io::Error| ConnectError::Store {
        path: shown.clone(),
        source: object_store::Error::Generic { store: "local files", source: Box::new(source) },
    };
    let walked = tokio::task::spawn_blocking(move || Walk::begin(&root, kept, since)).await;
    walked.map_err(|stopped| failed(std::io::Error::other(stopped)))?.map_err(failed)
}

struct Walk {
    /// The source's folder without links in it: what leads out of it is not read.
    root: PathBuf,
    kept: Kept,
}

impl Walk {
    fn begin(root: &Path, kept: Kept, since: Option<NaiveDateTime>) -> std::io::Result<Arrivals> {
        let root = match fs::canonicalize(root) {
            Ok(root) => root,
            Err(gone) if gone.kind() == ErrorKind::NotFound => return Ok(kept.arrivals()),
            Err(error) => return Err(error),
        };
        let folder = kept.pattern.folder.clone();
        let mut walk = Walk { root, kept };
        let start = walk.root.join(&folder);
        match fs::canonicalize(&start) {
            Ok(real) if !real.starts_with(&walk.root) => {
                let entry = entry(format!("{folder}/"), &fs::symlink_metadata(&start)?);
                walk.kept.pass_over(entry, LEADS_OUT);
            }
            Ok(real) => walk.folder(&real, &folder, 0, Stamp::default(), since, &mut vec![real.clone()])?,
            Err(gone) if gone.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(walk.kept.arrivals())
    }

    /// What lies in the folder `real`, whose name below the source's is `folder`. `trail` are the folders on the way here.
    fn folder(
        &mut self,
        real: &Path,
        folder: &str,
        depth: usize,
        stamp: Stamp,
        since: Option<NaiveDateTime>,
        trail: &mut Vec<PathBuf>,
    ) -> std::io::Result<()> {
        for found in fs::read_dir(real)? {
            let Ok(found) = found else { continue };
            let name = found.file_name();
            let path = join(folder, &name.to_string_lossy());
            let Ok(own) = fs::symlink_metadata(found.path()) else { continue };
            if let Some(reason) = unusable(name.to_str()) {
                if self.kept.pattern.matches(&path) {
                    self.kept.pass_over(entry(path, &own), reason);
                }
                continue;
            }
            let (place, metadata) = match self.follow(&found.path(), &own) {
                Ok(followed) => followed,
                Err(reason) => {
                    // A link to a folder may stand for files that match; one to nowhere only for itself.
                    let is_folder = fs::metadata(found.path()).is_ok_and(|metadata| metadata.is_dir());
                    if is_folder && self.enters(&path, depth, stamp, since).is_some() {
                        self.kept.pass_over(entry(format!("{path}/"), &own), reason);
                    } else if !is_folder && self.kept.pattern.matches(&path) {
                        self.kept.pass_over(entry(path, &own), reason);
                    }
                    continue;
                }
            };
            if metadata.is_dir() {
                let Some(stamp) = self.enters(&path, depth, stamp, since) else { continue };
                if trail.contains(&place) {
                    self.kept.pass_over(entry(format!("{path}/"), &own), "it is a link to a folder that it lies in");
                    continue;
                }
                trail.push(place.clone());
                if let Err(error) = self.folder(&place, &path, depth + 1, stamp, since, trail)
                    && error.kind() != ErrorKind::NotFound
                {
                    self.kept.pass_over(entry(format!("{path}/"), &own), format!("the folder cannot be read: {}", error.kind()));
                }
                trail.pop();
            } else if !self.kept.is_before(&path) && self.kept.pattern.matches(&path) {
                match metadata.is_file() {
                    true => self.kept.file(entry(path, &metadata)),
                    false => self.kept.pass_over(entry(path, &metadata), format!("it is {}, not a file", kind(&metadata))),
                }
            }
        }
        Ok(())
    }

    /// Where something lies without links, if that is in the source's folder.
    fn follow(&self, path: &Path, own: &Metadata) -> Result<(PathBuf, Metadata), &'static str> {
        if !own.is_symlink() {
            return Ok((path.to_owned(), own.clone()));
        }
        let real = fs::canonicalize(path).map_err(|_| "it is a link that leads nowhere")?;
        if !real.starts_with(&self.root) {
            return Err(LEADS_OUT);
        }
        let metadata = fs::metadata(&real).map_err(|_| "it is a link that leads nowhere")?;
        Ok((real, metadata))
    }

    /// Whether files below the folder at `path` may be asked for, and what its name adds to what is known of their time.
    fn enters(&self, path: &str, depth: usize, stamp: Stamp, since: Option<NaiveDateTime>) -> Option<Stamp> {
        let pattern = &self.kept.pattern;
        let name = path.rsplit('/').next().unwrap_or(path);
        match pattern.levels.get(depth) {
            Some(level) => level.read(name, stamp).filter(|stamp| since.is_none_or(|since| stamp.reaches(since))),
            None if pattern.flat || name.starts_with(['.', '_']) => None,
            None => Some(stamp),
        }
    }
}

const LEADS_OUT: &str = "it is a link that leads out of the source's folder";

/// Why a name cannot be that of a file that is read.
fn unusable(name: Option<&str>) -> Option<&'static str> {
    let Some(name) = name else { return Some("its name is not UTF-8") };
    if name.chars().any(|c| c.is_ascii_control()) {
        return Some("its name holds control characters");
    }
    let digits = name.split_once('#').map(|(_, end)| end).filter(|end| !end.is_empty());
    digits
        .is_some_and(|end| end.bytes().all(|byte| byte.is_ascii_digit()))
        .then_some("its name ends as that of an unfinished file does")
}

#[cfg(unix)]
fn kind(metadata: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    match (kind.is_fifo(), kind.is_socket()) {
        (true, _) => "a pipe",
        (_, true) => "a socket",
        _ => "a device",
    }
}

#[cfg(not(unix))]
fn kind(_: &Metadata) -> &'static str {
    "something else"
}

fn entry(path: String, metadata: &Metadata) -> FileEntry {
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    FileEntry {
        path,
        size: metadata.len(),
        modified: DateTime::<Utc>::from(modified),
        etag: metadata.is_file().then(|| etag(metadata)),
    }
}

/// The mark that the local file system's store gives a file's content: `inode-microseconds-size`, in hex.
fn etag(metadata: &Metadata) -> String {
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(metadata);
    #[cfg(not(unix))]
    let inode = 0;
    let modified = metadata.modified().ok().and_then(|modified| modified.duration_since(SystemTime::UNIX_EPOCH).ok());
    format!("{inode:x}-{:x}-{:x}", modified.unwrap_or_default().as_micros(), metadata.len())
}
