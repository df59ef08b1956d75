//! Where a source's table lies.

use super::TableFault;
use crate::lake::Lake;
use lakesmith_engine::delta::{DeltaError, ForeignTable, Storage};
use lakesmith_project::{Source, SourceTable};
use object_store::path::Path as StorePath;
use std::path::{Path, PathBuf};

/// The table, at a version or at its newest one.
pub(super) async fn open(
    lake: &Lake,
    source: &Source,
    table: &SourceTable,
    version: Option<i64>,
) -> Result<ForeignTable, TableFault> {
    let (folder, last) = locate(&lake.project().root, &source.path.value, &table.path.value)?;
    let storage = Storage::existing(&folder, Path::new("/"))?;
    let found = match storage.foreign(&last.as_str().into(), version).await {
        Err(DeltaError::Missing { version: None, .. }) => {
            return Err(TableFault::NoTable { location: format!("{folder}/{last}") });
        }
        found => found?,
    };
    if let Some(table) = own(lake, &found) {
        return Err(TableFault::Own { table });
    }
    Ok(found)
}

/// The folder or URL in which a table lies, and its own name there.
fn locate(root: &Path, source: &str, table: &str) -> Result<(String, String), TableFault> {
    let joined = match (table.contains("://"), source.contains("://")) {
        (true, _) => table.to_owned(),
        (false, true) if !table.starts_with('/') => format!("{}/{table}", source.trim_end_matches('/')),
        _ => return folder(&root.join(source).join(table)),
    };
    let whole = joined.trim_end_matches('/');
    match whole.rsplit_once('/') {
        Some((folder, last)) if !folder.ends_with('/') => Ok((folder.to_owned(), last.to_owned())),
        _ => Err(TableFault::NoTable { location: joined }),
    }
}

fn folder(path: &Path) -> Result<(String, String), TableFault> {
    let missing = || TableFault::NoTable { location: path.display().to_string() };
    let whole: PathBuf = path.canonicalize().map_err(|_| missing())?;
    let text = |path: &Path| path.to_str().map(str::to_owned).ok_or_else(missing);
    let (Some(folder), Some(last)) = (whole.parent(), whole.file_name()) else { return Err(missing()) };
    Ok((text(folder)?, text(Path::new(last))?))
}

/// The table of this lake that lies there, if one does.
fn own(lake: &Lake, found: &ForeignTable) -> Option<String> {
    let relative = found.url().as_str().strip_prefix(lake.storage().url().as_str())?;
    let relative = StorePath::from_url_path(relative).ok()?;
    let relative: &str = relative.as_ref();
    let (_, table) = lake.plan().tables().find(|(_, table)| table.path == relative)?;
    Some(table.name.to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_found_by_folder_or_url() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("lake/or ders")).unwrap();
        let lake = root.join("lake").to_str().unwrap().to_owned();
        let found = |source: &str, table: &str| locate(&root, source, table).ok();
        assert_eq!(found("lake", "or ders/"), Some((lake.clone(), "or ders".to_owned())));
        assert_eq!(found("elsewhere", &format!("{lake}/or ders")), Some((lake, "or ders".to_owned())));
        assert_eq!(found("lake", "missing"), None);
        let remote = Some(("s3://bucket/lake/silver".to_owned(), "orders".to_owned()));
        assert_eq!(found("s3://bucket/lake/", "silver/orders/"), remote);
        assert_eq!(found("lake", "s3://bucket/lake/silver/orders"), remote);
        assert_eq!(found("lake", "s3://bucket"), None);
    }
}
