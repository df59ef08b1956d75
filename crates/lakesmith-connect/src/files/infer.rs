//! The schema of a table, from a sample of its files.

use std::io::{Cursor, Read};
use std::sync::Arc;

use arrow::datatypes::Schema;

use super::fetch::Remote;
use super::read::{HELD_BYTES, contents};
use super::{FileEntry, FileSource, Inferred};
use crate::column::Hints;
use crate::content::{Compression, Content, Notes, TextStream, Wants, unwrapped};
use crate::error::ConnectError;
use crate::format::Stop;
use crate::format::shape::Shapes;

/// Files that are looked at.
const SAMPLE_FILES: usize = 32;
/// Bytes that are looked at, over all files.
const SAMPLE_BYTES: u64 = 8 << 20;
/// Rows that are looked at, over all files.
const SAMPLE_ROWS: u64 = 20_000;
/// The most that is read of a file whose first row is larger than its share.
const FIRST_ROW_BYTES: u64 = 128 << 20;

impl FileSource {
    /// Infers the table's columns from the beginnings of up to 32 of `files`, spread over all of them.
    ///
    /// BIGINT if every value is a canonical whole number that fits; DOUBLE if every value is a canonical finite number
    /// and none would be rounded; BOOLEAN for `true` and `false`; lists and structs of JSON; STRING for the rest, and
    /// where no value was seen. A hint wins; a column of `known` keeps its type and place, but for structs,
    /// which gain the fields that they lack. A column that has a hint
    /// but was not seen is the last. Files that cannot be read are passed over.
    ///
    /// # Errors
    /// [`ConnectError::Store`] if the store fails.
    pub async fn infer(&self, files: &[FileEntry], known: Option<&Schema>) -> Result<Inferred, ConnectError> {
        let picked: Vec<&FileEntry> = spread(files, SAMPLE_FILES);
        let count = picked.len().max(1) as u64;
        let (bytes, rows) = (SAMPLE_BYTES / count, SAMPLE_ROWS / count);
        let mut shapes = Shapes::of_table(known);
        shapes.notation = self.notation.clone();
        let mut sampled_rows = 0;
        for file in picked {
            let remote = Remote { store: self.store.clone(), location: self.locate(&file.path)?, entry: file.clone() };
            match self.sample_file(&remote, bytes, rows, &mut shapes).await {
                Ok(found) => sampled_rows += found,
                Err(Stop::Failed(error)) => return Err(error),
                Err(Stop::Fault(fault)) => {
                    tracing::debug!(path = file.path, error = %fault, "a file was left out of the sample");
                }
            }
        }
        let seen = shapes.seen(known, &Hints::new(&self.hints));
        let fields = shapes.into_fields(known, &self.hints);
        let first_added = known.map_or(0, |schema| schema.fields().len());
        let added = fields.iter().skip(first_added).map(|field| field.name().clone()).collect();
        Ok(Inferred { schema: Arc::new(Schema::new(fields)), added, seen, sampled_rows })
    }

    async fn sample_file(&self, remote: &Remote, bytes: u64, rows: u64, shapes: &mut Shapes) -> Result<u64, Stop> {
        let format = self.format.reader();
        let path = &remote.entry.path;
        let mut taken = bytes;
        loop {
            let beginning = remote.beginning(taken).await?;
            let complete = beginning.len() as u64 >= remote.entry.size;
            let compression = self.compression.of(&beginning, path);
            if format.wants() == Wants::Blob || compression == Compression::Zip {
                return self.sample_whole(remote, rows, shapes).await;
            }
            let length = beginning.len() as u64;
            let reader = unwrapped(Cursor::new(beginning), length, compression);
            let reader: Box<dyn Read + Send> = if complete { reader } else { Box::new(Torn(reader)) };
            // What unpacks to much is sampled as much as what is plain.
            let limited = complete && length <= bytes && compression == Compression::None;
            let reader: Box<dyn Read + Send> = if limited { reader } else { Box::new(reader.take(taken)) };
            let stream = TextStream::new(reader, self.charset, limited, Notes::default());
            let found = format.sample(Content::Text(stream), rows, shapes)?;
            if found > 0 || complete || taken >= FIRST_ROW_BYTES {
                return Ok(found);
            }
            taken *= 4;
        }
    }

    /// For what cannot be sampled by its beginning.
    async fn sample_whole(&self, remote: &Remote, limit: u64, shapes: &mut Shapes) -> Result<u64, Stop> {
        let format = self.format.reader();
        let (blob, _) = remote.blob(HELD_BYTES).await?;
        let mut found = 0;
        for content in contents(&blob, &remote.entry.path, self, format.wants(), &Notes::default())? {
            found += format.sample(content, limit.saturating_sub(found), shapes)?;
        }
        Ok(found)
    }
}

/// A sample ends where the file was cut: what is wrapped then ends in the middle, which is no fault.
struct Torn(Box<dyn Read + Send>);

impl Read for Torn {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        Ok(self.0.read(out).unwrap_or(0))
    }
}

/// Up to `count` of `all`, evenly spread, first and last among them.
fn spread<T>(all: &[T], count: usize) -> Vec<&T> {
    if all.len() <= count {
        return all.iter().collect();
    }
    (0..count).map(|index| &all[index * (all.len() - 1) / (count - 1)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_spread_over_the_files() {
        let all: Vec<usize> = (0..100).collect();
        assert_eq!(spread(&all, 4), [&0, &33, &66, &99]);
        assert_eq!(spread(&all[..3], 4), [&0, &1, &2]);
    }
}
