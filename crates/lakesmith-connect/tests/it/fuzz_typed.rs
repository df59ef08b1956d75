//! Files of types, broken in any way: nothing panics, hangs or takes memory without measure.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{
    ArrayRef, BinaryArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array, ListArray, StringArray,
    TimestampMillisecondArray,
};
use arrow::datatypes::Int64Type;
use arrow::record_batch::RecordBatch;
use lakesmith_connect::{ExcelOptions, Format};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{WriterProperties, WriterVersion};

use crate::{avro, excel, fuzz, tier};

#[test]
fn f10_any_bytes_are_read_as_parquet() {
    let list =
        ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1), None]), None, Some(vec![]), Some(vec![Some(2)])]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("a", Arc::new(Int64Array::from(vec![Some(1), None, Some(i64::MAX), Some(1)]))),
        ("b", Arc::new(StringArray::from(vec![Some("x"), Some("x"), None, Some("üü")]))),
        ("c", Arc::new(list)),
        ("d", Arc::new(Float64Array::from(vec![0.5, f64::NAN, -0.0, 1e300]))),
        ("value", Arc::new(Date32Array::from(vec![0, 1, 2, 3]))),
        ("_VALUE", Arc::new(TimestampMillisecondArray::from(vec![0, 1, 2, 3]))),
        ("e", Arc::new(Decimal128Array::from(vec![1, 2, 3, 4]).with_precision_and_scale(30, 2).unwrap())),
        ("f", Arc::new(BinaryArray::from(vec![b"\0".as_slice(), b"", b"ab", b"c"]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let written = |properties: WriterProperties| {
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.into_inner().unwrap()
    };
    let plain = WriterProperties::builder().set_dictionary_enabled(false).build();
    let second = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_compression(Compression::ZSTD(Default::default()))
        .set_column_encoding("b".into(), Encoding::DELTA_BYTE_ARRAY)
        .set_dictionary_enabled(false)
        .set_max_row_group_row_count(Some(3))
        .build();
    let snappy = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let small = RecordBatch::try_from_iter([("a", Arc::new(Int32Array::from(vec![7; 100])) as ArrayRef)]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), small.schema(), None).unwrap();
    writer.write(&small).unwrap();
    broken(&[writer.into_inner().unwrap(), written(plain), written(second), written(snappy)], &Format::Parquet);
}

#[test]
fn f10_any_bytes_are_read_as_avro() {
    let schema = r#"{"type":"record","name":"R","fields":[{"name":"a","type":["null","long","string"]},{"name":"b","type":"string"},
        {"name":"c","type":{"type":"array","items":{"type":"map","values":"double"}}},{"name":"e","type":{"type":"enum","name":"E","symbols":["x","y"]}},
        {"name":"d","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}},{"name":"f","type":{"type":"fixed","name":"F","size":2}}]}"#;
    let row = [&[2, 8][..], &[2, b'x'], &[2, 2, 2, b'k'], &1.5_f64.to_le_bytes(), &[0, 0], &[2], &[2, 1], &[9, 9]].concat();
    let seeds: Vec<Vec<u8>> = ["null", "deflate", "snappy", "zstandard", "bzip2", "xz"]
        .iter()
        .map(|codec| avro::container(schema, codec, &[(1, &row), (2, &[row.clone(), row.clone()].concat())]))
        .collect();
    broken(&seeds, &Format::Avro);
}

#[test]
fn f4_any_bytes_are_read_as_spreadsheets() {
    let rows = r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>b</t></is></c></row><row r="2"><c r="A2"><v>1.5</v></c><c r="B2" s="1"><v>45000</v></c></row>"#;
    let ods = r#"<table:table-row><table:table-cell office:value-type="float" office:value="7" table:number-columns-repeated="2"/></table:table-row>"#;
    broken(
        &[excel::xlsx(&[("A", false, rows)]), excel::ods(ods), excel::stored_xlsx(&[("A", false, rows)])],
        &Format::Excel(ExcelOptions::default()),
    );
}

/// Tries any bytes, and good files of which some bytes are others, some are gone, and some are there twice.
fn broken(seeds: &[Vec<u8>], format: &Format) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let target = bolero::check!().with_max_len(64).with_shrink_time(Duration::from_secs(5));
    let time = Duration::from_millis(tier::of(500, 5_000, 60_000));
    target.with_test_time(time).for_each(|input: &[u8]| {
        let Some((first, rest)) = input.split_first() else { return };
        let bytes = match seeds.get(usize::from(*first) % (seeds.len() + 1)) {
            Some(seed) => rest.chunks_exact(4).fold(seed.clone(), changed),
            None => rest.to_vec(),
        };
        runtime.block_on(fuzz::check(&bytes, format.clone(), false));
    });
}

/// `bytes` with one change, which four bytes describe: what is done, where, and with what. Ends are changed most, since
/// most formats begin or end with what tells where the rest is.
fn changed(mut bytes: Vec<u8>, change: &[u8]) -> Vec<u8> {
    if bytes.is_empty() {
        return bytes;
    }
    let place = usize::from(u16::from_le_bytes([change[1], change[2]]));
    let at = match change[0] % 4 {
        0 => place % bytes.len(),
        1 => bytes.len() - 1 - place % bytes.len().min(400),
        _ => place % bytes.len().min(400),
    };
    match change[0] / 4 % 8 {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..(at + usize::from(change[3])).min(bytes.len()))),
        2 => {
            let twice = bytes[at..(at + usize::from(change[3])).min(bytes.len())].to_vec();
            bytes.splice(at..at, twice);
        }
        3 => bytes[at] = 0xFF,
        4 => bytes[at] = 0,
        5 => bytes[at] ^= 1 << (change[3] % 8),
        _ => bytes[at] = change[3],
    }
    bytes
}
