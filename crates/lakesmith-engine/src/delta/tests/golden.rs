//! Tables of other writers: the rows that are known to be in them, or a refusal that says why.

mod unpack;

use std::fs;
use std::fs::File;
use std::path::Path;

use arrow::util::display::{ArrayFormatter, FormatOptions};
use futures::TryStreamExt;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::*;

/// Tables without `expected`: the number of their rows, or what is said instead. Their data files were left out, their
/// logs are broken on purpose, or, `hive`, they are a folder of tables. Of the `canonicalized-paths` the kernel takes
/// `file:/path` and `/path` for two files, so that one is left which is not there.
const OTHERS: &[(&str, Result<usize, &str>)] = &[
    ("canonicalized-paths-normal-a", Err("is gone")),
    ("canonicalized-paths-normal-b", Err("is gone")),
    ("canonicalized-paths-special-a", Err("is gone")),
    ("canonicalized-paths-special-b", Err("is gone")),
    ("checkpoint", Err("footer")),
    ("data-reader-absolute-paths-escaped-chars", Err("does not say what the table's columns")),
    ("delete-re-add-same-file-different-transactions", Err("footer")),
    ("deltalog-commit-info", Err("non-nullable StructArray")),
    ("deltalog-invalid-protocol-version", Err("Invalid protocol action")),
    ("deltalog-state-reconstruction-from-checkpoint-missing-metadata", Err("does not say what the table's columns")),
    ("deltalog-state-reconstruction-from-checkpoint-missing-protocol", Err("non-nullable StructArray")),
    ("deltalog-state-reconstruction-without-metadata", Err("does not say what the table's columns")),
    ("deltalog-state-reconstruction-without-protocol", Err("does not say what the table's columns")),
    ("hive", Err("does not exist")),
    ("log-replay-special-characters-b", Err("is gone")),
    ("no-delta-log-folder", Err("does not exist")),
    ("update-deleted-directory", Err("non-nullable StructArray")),
    ("versions-not-contiguous", Err("versions are missing in its log")),
];

/// Tables of which something else is read than `expected` has, with the number of their rows: the timestamps that
/// partition this one are written in UTC, and `expected` has them in the zone of the machine that made it.
const DIFFERENT: &[(&str, Result<usize, &str>)] = &[("data-reader-partition-values", Ok(3))];

/// A row a text, in order of the texts.
type Texts = Vec<String>;

fn texts(batches: &[RecordBatch], schema: &SchemaRef) -> Texts {
    let options = FormatOptions::default().with_null("NULL");
    let mut all = vec![];
    for batch in batches {
        let columns: Vec<ArrayRef> = (schema.fields().iter())
            .map(|field| {
                let column = batch.column_by_name(field.name()).unwrap_or_else(|| panic!("no column {}", field.name()));
                fit(column, field.data_type()).unwrap()
            })
            .collect();
        let columns: Vec<_> = columns.iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            all.push(columns.iter().map(|column| column.value(row).to_string()).collect::<Vec<_>>().join(" | "));
        }
    }
    all.sort();
    all
}

/// The rows of the Parquet files in a folder.
fn parquet(folder: &Path) -> Vec<RecordBatch> {
    let mut batches = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.ends_with(".parquet") && !name.starts_with('.') {
            let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
            batches.extend(reader.map(|batch| batch.unwrap()));
        }
    }
    batches
}

/// The rows of a table at its newest version.
async fn read(folder: &Path) -> Result<(SchemaRef, Vec<RecordBatch>), DeltaError> {
    let storage = Storage::existing(folder.parent().unwrap().to_str().unwrap(), Path::new("/"))?;
    let table = storage.foreign(&folder.file_name().unwrap().to_str().unwrap().into(), None).await?;
    let rows: Vec<ForeignRows> = table.rows().try_collect().await?;
    Ok((table.schema(), rows.into_iter().map(|rows| rows.batch).collect()))
}

#[tokio::test]
async fn w7_golden_tables_have_the_rows_that_are_known_or_say_why_not() {
    let mut wrong = vec![];
    let mut compared = 0;
    for name in unpack::names() {
        let folder = tempfile::tempdir().unwrap();
        unpack::unpack(&name, folder.path());
        let folder = folder.path().join(&name);
        let found = read(&folder.join("delta")).await;
        let different = OTHERS.iter().chain(DIFFERENT).find(|(other, _)| *other == name).map(|(_, wanted)| *wanted);
        match (different, found) {
            (None, Ok((schema, rows))) if folder.join("expected").is_dir() => {
                compared += 1;
                let (found, wanted) = (texts(&rows, &schema), texts(&parquet(&folder.join("expected")), &schema));
                if found != wanted {
                    let first = found.iter().zip(&wanted).find(|(found, wanted)| found != wanted);
                    wrong.push(format!("{name}: {} rows, not {}; {first:?}", found.len(), wanted.len()));
                }
            }
            (Some(Ok(wanted)), Ok((_, rows))) if rows.iter().map(RecordBatch::num_rows).sum::<usize>() == wanted => {}
            (Some(Err(wanted)), Err(error)) if error.to_string().contains(wanted) => {}
            (_, Ok((_, rows))) => {
                wrong.push(format!("{name}: {} rows", rows.iter().map(RecordBatch::num_rows).sum::<usize>()));
            }
            (_, Err(error)) => wrong.push(format!("{name}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared >= 60, "only {compared} tables were compared");
}
