//! Where something lies outside the project: a folder, or a bucket of a cloud and a prefix in it.

/// A place for tables or files, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A folder of this machine, relative to the project unless it is absolute.
    Folder(String),
    /// Objects of a cloud.
    Bucket(Bucket),
}

/// A bucket or container, and a prefix in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Whose protocol is spoken.
    pub cloud: Cloud,
    /// The bucket alone: `s3://bucket`, `abfss://container@account.dfs.core.windows.net`.
    pub root: String,
    /// What the names of all objects begin with, as it is written, without slashes at its ends.
    pub prefix: String,
}

/// Whose protocol an object store speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cloud {
    /// Amazon S3, and what is compatible with it.
    Amazon,
    /// Azure Blob Storage, Data Lake Storage, OneLake.
    Azure,
    /// Google Cloud Storage.
    Google,
}

/// Why a text is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocationFault {
    /// A scheme that is not handled.
    UnknownScheme,
    /// A URL of a bucket without the bucket.
    NoBucket,
    /// More than a bucket and a prefix: a password, a query with a signature.
    Credentials,
    /// A file URL that is not absolute.
    NotAbsolute,
}

impl LocationFault {
    /// Whether what was written may hold a secret, so that it must not be shown again.
    pub fn may_hold_a_secret(self) -> bool {
        self == LocationFault::Credentials
    }
}

impl std::fmt::Display for LocationFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            LocationFault::UnknownScheme => {
                "use a local folder, `s3://bucket/prefix`, `abfss://container@account.dfs.core.windows.net/prefix`, \
                 `az://container/prefix` or `gs://bucket/prefix`"
            }
            LocationFault::NoBucket => "no bucket or container is named",
            LocationFault::Credentials => {
                "only the bucket and a prefix may be named; credentials come from the environment or from secrets"
            }
            LocationFault::NotAbsolute => "a file URL begins with `file:///`",
        })
    }
}

impl Location {
    /// Takes a place apart. Text without a scheme is a folder.
    ///
    /// # Errors
    /// What it says beyond a place, or lacks.
    pub fn parse(text: &str) -> Result<Location, LocationFault> {
        let Some((scheme, rest)) = text.split_once("://") else { return Ok(Location::Folder(text.to_owned())) };
        let cloud = match scheme {
            "file" if rest.starts_with('/') => return Ok(Location::Folder(rest.to_owned())),
            "file" => return Err(LocationFault::NotAbsolute),
            "s3" | "s3a" => Cloud::Amazon,
            "abfss" | "abfs" | "az" | "azure" => Cloud::Azure,
            "gs" => Cloud::Google,
            _ => return Err(LocationFault::UnknownScheme),
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, host) = match bucket.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, bucket),
        };
        let signed = rest.contains('?') || bucket.contains('#');
        if signed || user.is_some_and(|user| user.contains(':') || cloud != Cloud::Azure) {
            return Err(LocationFault::Credentials);
        }
        if host.is_empty() || user.is_some_and(str::is_empty) {
            return Err(LocationFault::NoBucket);
        }
        let prefix = prefix.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
        Ok(Location::Bucket(Bucket { cloud, root: format!("{scheme}://{bucket}"), prefix }))
    }
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_and_a_prefix_are_told_apart() {
        for (text, cloud, root, prefix) in [
            ("s3://acme", Cloud::Amazon, "s3://acme", ""),
            ("s3a://acme/landing//shop/", Cloud::Amazon, "s3a://acme", "landing/shop"),
            ("gs://acme/a b#1/ü%20", Cloud::Google, "gs://acme", "a b#1/ü%20"),
            ("abfss://in@acme.dfs.core.windows.net/x", Cloud::Azure, "abfss://in@acme.dfs.core.windows.net", "x"),
            ("az://in", Cloud::Azure, "az://in", ""),
        ] {
            let Ok(Location::Bucket(bucket)) = Location::parse(text) else { panic!("{text}") };
            assert_eq!((bucket.cloud, bucket.root.as_str(), bucket.prefix.as_str()), (cloud, root, prefix));
        }
    }

    #[test]
    fn folders_have_no_scheme_or_file() {
        assert_eq!(Location::parse("landing/"), Ok(Location::Folder("landing/".to_owned())));
        assert_eq!(Location::parse("file:///data/in"), Ok(Location::Folder("/data/in".to_owned())));
        assert_eq!(Location::parse("file://data/in"), Err(LocationFault::NotAbsolute));
    }

    #[test]
    fn what_is_no_place_says_why() {
        for (text, fault) in [
            ("hdfs://node/x", LocationFault::UnknownScheme),
            ("s3:///x", LocationFault::NoBucket),
            ("abfss://@acme.dfs.core.windows.net/x", LocationFault::NoBucket),
            ("s3://key:secret@acme/x", LocationFault::Credentials),
            ("s3://key@acme/x", LocationFault::Credentials),
            ("abfss://in:secret@acme.dfs.core.windows.net/x", LocationFault::Credentials),
            ("az://in/x?sig=abc", LocationFault::Credentials),
        ] {
            assert_eq!(Location::parse(text), Err(fault), "{text}");
        }
    }
}
