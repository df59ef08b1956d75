//! Where a target's storage lies, as the project writes it: a folder, or a bucket and a prefix in it.
//!
//! Credentials, endpoints and regions come from the environment, under the names that each cloud's own tools use.
//! The page "Storages" of the book lists them.

use std::path::Path as FsPath;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::{BackoffConfig, ObjectStore, RetryConfig};
use url::{Position, Url};

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
    let fail = |reason: String| DeltaError::Location { location: location.to_owned(), reason };
    let refused = |error: object_store::Error| fail(error.to_string());
    let Some((scheme, _)) = location.split_once("://") else { return folder(&base_dir.join(location), make, &fail) };
    let url = Url::parse(location).map_err(|error| fail(error.to_string()))?;
    if scheme == "file" {
        let path = url.to_file_path().map_err(|()| fail("not a valid file URL".to_owned()))?;
        return folder(&path, make, &fail);
    }
    check(&url).map_err(&fail)?;
    let bucket = &url[..Position::BeforePath];
    let store: Arc<dyn ObjectStore> = match scheme {
        "s3" | "s3a" => Arc::new(AmazonS3Builder::from_env().with_url(bucket).with_retry(retries()).build().map_err(refused)?),
        "abfss" | "abfs" | "az" | "azure" => {
            Arc::new(MicrosoftAzureBuilder::from_env().with_url(bucket).with_retry(retries()).build().map_err(refused)?)
        }
        "gs" => Arc::new(GoogleCloudStorageBuilder::from_env().with_url(bucket).with_retry(retries()).build().map_err(refused)?),
        _ => {
            let known = "a local folder, `s3://bucket/prefix`, `abfss://container@account.dfs.core.windows.net/prefix`, \
                         `az://container/prefix` or `gs://bucket/prefix`";
            return Err(fail(format!("`{scheme}` storage is not known: use {known}")));
        }
    };
    Ok((store, url))
}

fn folder(folder: &FsPath, make: bool, fail: &dyn Fn(String) -> DeltaError) -> Result<(Arc<dyn ObjectStore>, Url), DeltaError> {
    if make {
        std::fs::create_dir_all(folder).map_err(|e| fail(e.to_string()))?;
    }
    let folder = folder.canonicalize().map_err(|e| fail(e.to_string()))?;
    let url = Url::from_directory_path(&folder).map_err(|()| fail("not an absolute path".to_owned()))?;
    Ok((Arc::new(LocalFiles::new(folder)), url))
}

/// What a URL of a bucket may say.
fn check(url: &Url) -> Result<(), String> {
    if url.host_str().is_none_or(str::is_empty) {
        return Err("no bucket or container is named".to_owned());
    }
    if url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err("only the bucket and a prefix may be named; credentials come from the environment".to_owned());
    }
    // Names that a URL has to encode are taken for other ones by readers of Delta tables.
    match url.path().chars().find(|c| !c.is_ascii_alphanumeric() && !"/-_.=".contains(*c)) {
        Some(_) => Err("the prefix may have letters of the Latin alphabet, digits, `-`, `_`, `.` and `=` only".to_owned()),
        None => Ok(()),
    }
}

/// A request is tried again after an error of the server or the network, for about half a minute in all.
fn retries() -> RetryConfig {
    let backoff = BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(5), base: 2.0 };
    RetryConfig { backoff, max_retries: 10, retry_timeout: Duration::from_secs(30) }
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
    }
}
