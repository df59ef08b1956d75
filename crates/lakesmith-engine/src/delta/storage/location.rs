//! Where a target's storage lies, as the project writes it: a folder, or a bucket and a prefix in it.
//!
//! Credentials, endpoints and regions come from the environment, under the names that each cloud's own tools use.
//! The page "Storages" of the book lists them.

use std::path::Path as FsPath;
use std::sync::Arc;

use lakesmith_project::Location;
use object_store::ObjectStore;
use url::Url;

use super::local::LocalFiles;
use crate::delta::DeltaError;

/// The store of a location, rooted at the root of the URL that comes with it. A path without a scheme is a folder, relative
/// to `base_dir`; it is made if missing.
pub(super) fn open(location: &str, base_dir: &FsPath) -> Result<(Arc<dyn ObjectStore>, Url), DeltaError> {
    at(location, base_dir, true)
}

/// The same without making a folder that is missing.
pub(super) fn existing(location: &str, base_dir: &FsPath) -> Result<(Arc<dyn ObjectStore>, Url), DeltaError> {
    at(location, base_dir, false)
}

fn at(location: &str, base_dir: &FsPath, make: bool) -> Result<(Arc<dyn ObjectStore>, Url), DeltaError> {
    let fail = |reason: String| DeltaError::Location { location: shown(location), reason };
    let bucket = match Location::parse(location) {
        Ok(Location::Bucket(bucket)) => bucket,
        Ok(Location::Folder(_)) if location.starts_with("file://") => {
            let path = Url::parse(location).ok().and_then(|url| url.to_file_path().ok());
            return folder(&path.ok_or_else(|| fail("not a valid file URL".to_owned()))?, make, &fail);
        }
        Ok(Location::Folder(path)) => return folder(&base_dir.join(path), make, &fail),
        Err(fault) => {
            let scheme = location.split_once("://").map_or("", |(scheme, _)| scheme);
            return Err(fail(match fault {
                lakesmith_project::LocationFault::UnknownScheme => format!("`{scheme}` storage is not known: {fault}"),
                fault => fault.to_string(),
            }));
        }
    };
    // Names that a URL has to encode are taken for other ones by readers of Delta tables.
    if bucket.prefix.chars().any(|c| !c.is_ascii_alphanumeric() && !"/-_.=".contains(c)) {
        let allowed = "the prefix may have letters of the Latin alphabet, digits, `-`, `_`, `.` and `=` only";
        return Err(fail(allowed.to_owned()));
    }
    let url = Url::parse(&format!("{}/{}", bucket.root, bucket.prefix)).map_err(|error| fail(error.to_string()))?;
    let opened = lakesmith_store::open(&bucket, None, base_dir).map_err(|error| fail(error.to_string()))?;
    Ok((opened.store, url))
}

/// A location without what may be a secret in it.
fn shown(location: &str) -> String {
    match Location::parse(location) {
        Err(fault) if fault.may_hold_a_secret() => {
            let scheme = location.split_once("://").map_or("", |(scheme, _)| scheme);
            format!("{scheme}://…")
        }
        _ => location.to_owned(),
    }
}

fn folder(folder: &FsPath, make: bool, fail: &dyn Fn(String) -> DeltaError) -> Result<(Arc<dyn ObjectStore>, Url), DeltaError> {
    if make {
        std::fs::create_dir_all(folder).map_err(|e| fail(e.to_string()))?;
    }
    let folder = folder.canonicalize().map_err(|e| fail(e.to_string()))?;
    let url = Url::from_directory_path(&folder).map_err(|()| fail("not an absolute path".to_owned()))?;
    Ok((Arc::new(LocalFiles::new(folder)), url))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn refusal(location: &str) -> String {
        open(location, "/nowhere".as_ref()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_storage_is_refused_with_the_reason() {
        assert!(refusal("hdfs://node/lake").contains("`hdfs` storage is not known: use a local folder"));
        assert!(refusal("s3:///lake").contains("no bucket or container is named"));
        assert!(refusal("s3://bucket/the%20lake").contains("the prefix may have letters"));
        let secret = refusal("abfss://lake:secret@account.dfs.core.windows.net/x");
        assert!(secret.contains("credentials come from the environment"), "{secret}");
        assert!(!secret.contains("secret@"), "{secret}");
    }
}
