//! Avro object container files: a schema, then blocks of records.
//!
//! Where blocks begin and end is found here, so that runs of them are decoded side by side; records are decoded by
//! `arrow-avro`. That reader believes what it is told, so what a block says of itself is checked first ([`layout`]).
//!
//! Enums become STRING, `duration` an ISO 8601 text, UUIDs STRING, maps MAP. A union with null is its other branch; one of
//! several branches becomes the narrowest type that holds all of them, or STRING with the text of the value, or its JSON.
//! A schema that holds itself and arrays of nothing (`null`) are refused by name.

mod blocks;
mod layout;
mod schema;

use std::io::Cursor;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use arrow_avro::reader::ReaderBuilder;

use super::shape::Shapes;
use super::typed::{Lost, UUID, add_batch, guarded, observe};
use super::{FileFormat, FileReader, Piece, Stop, Target};
use crate::content::{Content, Wants};
use crate::error::{ConnectError, FileFault};
use crate::rows::{Decoded, ROWS_PER_BATCH};
use blocks::{Block, Container};

/// What faults name.
const AVRO: &str = "Avro";
/// Bytes of packed records that are decoded at once.
const PIECE: u64 = 4 << 20;

/// Avro object container files.
#[derive(Debug)]
pub(crate) struct Avro;

impl FileFormat for Avro {
    fn wants(&self) -> Wants {
        Wants::Blob
    }

    fn check(&self, _: &Target) -> Result<(), ConnectError> {
        Ok(())
    }

    fn sample(&self, content: Content, limit: u64, shapes: &mut Shapes) -> Result<u64, FileFault> {
        let mut container = Container::open(content)?;
        let fields = guarded(AVRO, || fields(&container))?;
        let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
        for (place, field) in shapes.fields(&names).into_iter().zip(&fields) {
            if let Some(place) = place {
                observe(shapes.shape_mut(place), field);
            }
        }
        let mut rows = 0;
        while rows < limit
            && let Some(block) = container.next()?
        {
            rows += block.count as u64;
        }
        Ok(rows.min(limit))
    }

    fn open(&self, content: Content, target: Arc<Target>) -> Result<Box<dyn FileReader>, FileFault> {
        let container = Container::open(content)?;
        let fields = guarded(AVRO, || fields(&container))?;
        Ok(Box::new(AvroReader { container, fields, target }))
    }
}

struct AvroReader {
    container: Container,
    fields: Fields,
    target: Arc<Target>,
}

impl FileReader for AvroReader {
    fn next(&mut self) -> Result<Option<Piece>, FileFault> {
        let (mut run, mut size) = (Vec::new(), 0);
        while size < PIECE
            && let Some(block) = self.container.next()?
        {
            size += block.size;
            run.push(block);
        }
        if run.is_empty() {
            return Ok(None);
        }
        let (container, fields, target) = (self.container.clone(), self.fields.clone(), self.target.clone());
        Ok(Some(Box::new(move || guarded(AVRO, || decode(&container, &run, &fields, &target)))))
    }
}

fn decode(container: &Container, run: &[Block], fields: &Fields, target: &Target) -> Result<Decoded, Stop> {
    let mut decoded = Decoded::default();
    // Blocks that can be unpacked here are decoded as one.
    let mut joined: Option<(Block, Vec<u8>)> = None;
    for block in run {
        match container.unpacked(block)? {
            Some(data) => match &mut joined {
                Some((first, before)) if before.len() < 4 * PIECE as usize => {
                    first.count += block.count;
                    before.extend(data);
                }
                open => {
                    if let Some((first, data)) = open.replace((*block, data)) {
                        records(container, &first, &data, false, fields, target, &mut decoded)?;
                    }
                }
            },
            None => records(container, block, &container.packed(block)?, true, fields, target, &mut decoded)?,
        }
    }
    if let Some((first, data)) = joined {
        records(container, &first, &data, false, fields, target, &mut decoded)?;
    }
    Ok(decoded)
}

/// Adds the records of a block.
fn records(
    container: &Container,
    block: &Block,
    data: &[u8],
    packed: bool,
    fields: &Fields,
    target: &Target,
    decoded: &mut Decoded,
) -> Result<(), FileFault> {
    if block.count == 0 {
        return Ok(());
    }
    let damaged = |error: &dyn std::fmt::Display| FileFault::Damaged {
        what: AVRO,
        offset: block.offset,
        reason: error.to_string().lines().next().unwrap_or_default().chars().take(200).collect(),
    };
    // The reader is done once it has all the rows; asked for more it would not come to an end.
    let file = container.of_one_block(block.count, data, packed);
    let reader = ReaderBuilder::new().with_batch_size(block.count).build(Cursor::new(file));
    let batch = reader.map_err(|error| damaged(&error))?.next().transpose().map_err(|error| damaged(&error))?;
    let rows = batch.as_ref().map_or(0, arrow::record_batch::RecordBatch::num_rows);
    let Some(batch) = batch.filter(|_| rows == block.count) else {
        return Err(damaged(&format!("a block has fewer records than it says: {rows} of {}", block.count)));
    };
    for start in (0..rows).step_by(ROWS_PER_BATCH) {
        let slice = batch.slice(start, ROWS_PER_BATCH.min(rows - start));
        add_batch(fields, slice.columns(), slice.num_rows(), target, Lost::default(), decoded)
            .map_err(|error| damaged(&error))?;
    }
    Ok(())
}

/// The columns of the file.
fn fields(container: &Container) -> Result<Fields, FileFault> {
    let reader = ReaderBuilder::new().build(Cursor::new(container.of_one_block(0, &[], false)));
    let unreadable = |error: arrow::error::ArrowError| FileFault::Unsupported { what: format!("this Avro schema: {error}") };
    Ok(reader.map_err(unreadable)?.schema().fields().iter().map(marked).collect())
}

/// The field with its UUIDs marked as such.
fn marked(field: &FieldRef) -> FieldRef {
    let with = |data_type| Arc::new(field.as_ref().clone().with_data_type(data_type));
    match field.data_type() {
        DataType::Struct(fields) => with(DataType::Struct(fields.iter().map(marked).collect())),
        DataType::List(element) => with(DataType::List(marked(element))),
        DataType::FixedSizeBinary(16) if field.metadata().get("logicalType").is_some_and(|told| told == "uuid") => Arc::new(
            Field::new(field.name(), DataType::FixedSizeBinary(16), true)
                .with_metadata([(UUID.to_owned(), String::new())].into()),
        ),
        _ => field.clone(),
    }
}
