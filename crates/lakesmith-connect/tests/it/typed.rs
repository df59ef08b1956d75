//! Files whose values have types: written by a test, read through a source.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use lakesmith_connect::{FileFault, FileRead, FileSource, Format, Inferred};
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path;

use crate::case::{hint, schema, show_rows, show_schema};

/// Files of one table.
pub(crate) struct Files {
    source: FileSource,
}

impl Files {
    /// These files, in their order.
    pub(crate) async fn new(format: Format, files: &[&[u8]]) -> Files {
        let store = Arc::new(InMemory::new());
        for (number, bytes) in files.iter().enumerate() {
            store.put(&Path::from(format!("in/{number:02}")), bytes.to_vec().into()).await.unwrap();
        }
        Files { source: FileSource::new(store, Path::from("in"), "*", format) }
    }

    /// With types told: `a bigint`, one a line.
    pub(crate) fn hinted(mut self, hints: &str) -> Files {
        self.source.hints = hints.lines().map(hint).collect();
        self
    }

    /// The columns that all files together have.
    pub(crate) async fn infer(&self, known: Option<&Schema>) -> Inferred {
        let mut files = self.source.list().await.unwrap();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        self.source.infer(&files, known).await.unwrap()
    }

    /// The last file, read into these columns.
    pub(crate) async fn read_into(&self, schema: SchemaRef) -> FileRead {
        let mut files = self.source.list().await.unwrap();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        self.source.read(files.pop().unwrap(), schema).await.unwrap()
    }

    /// The last file, read into the columns that all have, or into `known`; columns, rows and the report are compared.
    pub(crate) async fn check(&self, known: Option<&str>, columns: &str, rows: &str, report: &str) {
        let known = known.map(schema);
        let inferred = self.infer(known.as_ref()).await.schema;
        assert_eq!(show_schema(&inferred).trim(), trimmed(columns));
        let read = self.read_into(known.map_or(inferred, Arc::new)).await;
        assert_eq!(show_rows(&read.batches).trim(), trimmed(rows));
        assert_eq!(shown(&read), report);
    }

    /// Why the last file cannot be read.
    pub(crate) async fn fault(&self) -> FileFault {
        let read = self.read_into(self.infer(None).await.schema).await;
        assert_eq!((read.batches.len(), read.report.rows), (0, 0));
        read.report.error.expect("a file that cannot be read")
    }
}

fn shown(read: &FileRead) -> String {
    let error = read.report.error.as_ref().map_or(String::new(), |error| format!(", error: {error}"));
    format!("{} rows, {} rescued{error}", read.report.rows, read.report.rescued_rows)
}

/// Without the blanks that a text in a test is indented by.
pub(crate) fn trimmed(text: &str) -> String {
    text.trim().lines().map(str::trim).collect::<Vec<_>>().join("\n")
}
