//! What the kernel says of a table that it cannot read, in words that somebody can act on, and without values of rows.

use delta_kernel::Error as KernelError;

use super::super::{DeltaError, TablePath};
use crate::error::without_values;

/// An error of reading a foreign table at `version`, as far as that is known.
pub(super) fn told(version: Option<i64>, error: DeltaError) -> DeltaError {
    match error {
        DeltaError::Kernel { table, source } => of_kernel(table, version, *source),
        other => other,
    }
}

pub(super) fn of_kernel(table: TablePath, version: Option<i64>, error: KernelError) -> DeltaError {
    let damaged = |table: TablePath, reason: String| match version {
        Some(version) => DeltaError::Log { table, version, reason },
        None => DeltaError::Unreadable { table, reason },
    };
    match error {
        KernelError::Backtraced { source, .. } => of_kernel(table, version, *source),
        KernelError::FileNotFound(path) => gone(table, version, &path),
        KernelError::ObjectStore(object_store::Error::NotFound { path, .. }) => gone(table, version, &path),
        KernelError::Unsupported(said) => DeltaError::UnsupportedFeature { table, feature: feature(&said), access: "read" },
        KernelError::MissingVersion => DeltaError::Missing { table, version },
        KernelError::ChangeDataFeedUnsupported(version) => {
            DeltaError::NoChangeData { table, version: i64::try_from(version).unwrap_or(i64::MAX) }
        }
        KernelError::ParseError(_, ty) => damaged(table, format!("a partition value is no {ty}")),
        KernelError::MissingMetadata | KernelError::MissingProtocol | KernelError::MissingMetadataAndProtocol => {
            damaged(table, "it does not say what the table's columns or its protocol are".to_owned())
        }
        other => {
            if let Some(path) = missing_object(&other) {
                return gone(table, version, &path);
            }
            let said = other.to_string();
            let reason = match said.contains("Expected contiguous commit files") {
                true => "versions are missing in its log".to_owned(),
                false => without_values(said.lines().next().unwrap_or(&said)),
            };
            DeltaError::Unreadable { table, reason }
        }
    }
}

/// The object that the store does not have, however deep in an error that stands.
fn missing_object(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(object_store::Error::NotFound { path, .. }) = error.downcast_ref::<object_store::Error>() {
            return Some(path.clone());
        }
        next = error.source();
    }
    None
}

fn gone(table: TablePath, version: Option<i64>, path: &str) -> DeltaError {
    let file = path.rsplit('/').next().unwrap_or(path).to_owned();
    DeltaError::FileGone { table, version, file }
}

/// `Feature 'geospatial' is not supported` names the feature; other words are told as they are.
fn feature(said: &str) -> String {
    match said.split('\'').nth(1) {
        Some(name) if said.starts_with("Feature ") => name.to_owned(),
        _ => without_values(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_is_named_and_no_value_is_told() {
        let said = |error| of_kernel("orders".into(), Some(3), error).to_string();
        let feature = said(KernelError::unsupported("Feature 'geospatial' is not supported"));
        assert_eq!(feature, "table `orders` cannot be read: it uses geospatial");
        let gone = said(KernelError::FileNotFound("file:///data/orders/part-0001.parquet".to_owned()));
        assert!(gone.contains("`part-0001.parquet`") && gone.contains("version 3"), "{gone}");
        let value = said(KernelError::generic("cannot take 'anna@example.com' for a date"));
        assert!(!value.contains("anna"), "{value}");
    }
}
