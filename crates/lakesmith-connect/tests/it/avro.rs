//! Avro: containers written by hand, as their specification tells, and by arrow-avro.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use arrow_avro::compression::CompressionCodec;
use arrow_avro::writer::WriterBuilder;
use arrow_avro::writer::format::AvroOcfFormat;
use lakesmith_connect::{FileFault, Format};

use crate::case::{schema, show_rows};
use crate::typed::{Files, trimmed};

/// A container of blocks, each so many records.
pub(crate) fn container(schema: &str, codec: &str, blocks: &[(i64, &[u8])]) -> Vec<u8> {
    let mut file = b"Obj\x01".to_vec();
    file.extend(long(2));
    for part in ["avro.schema", schema, "avro.codec", codec] {
        file.extend(text(part));
    }
    file.extend(long(0));
    file.extend([7; 16]);
    for (count, data) in blocks {
        file.extend([long(*count), long(data.len() as i64), data.to_vec(), vec![7; 16]].concat());
    }
    file
}

fn long(value: i64) -> Vec<u8> {
    let mut rest = (value << 1 ^ value >> 63) as u64;
    let mut out = Vec::new();
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
    out
}

fn text(text: &str) -> Vec<u8> {
    [long(text.len() as i64), text.as_bytes().to_vec()].concat()
}

fn record(fields: &str) -> String {
    format!(r#"{{"type":"record","name":"R","namespace":"n","fields":[{fields}]}}"#)
}

async fn files(bytes: &[u8]) -> Files {
    Files::new(Format::Avro, &[bytes]).await
}

#[tokio::test]
async fn every_type_becomes_one_of_bronze() {
    let schema = record(
        r#"{"name":"nothing","type":"null"},{"name":"b","type":"boolean"},{"name":"i","type":"int"},{"name":"l","type":"long"},
        {"name":"f","type":"float"},{"name":"d","type":"double"},{"name":"by","type":"bytes"},{"name":"s","type":"string"},
        {"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}},
        {"name":"x","type":{"type":"fixed","name":"X","size":2}},
        {"name":"dec","type":{"type":"bytes","logicalType":"decimal","precision":38,"scale":2}},
        {"name":"decf","type":{"type":"fixed","name":"D","size":4,"logicalType":"decimal","precision":9,"scale":9}},
        {"name":"id","type":{"type":"string","logicalType":"uuid"}},
        {"name":"idf","type":{"type":"fixed","name":"U","size":16,"logicalType":"uuid"}},
        {"name":"day","type":{"type":"int","logicalType":"date"}},
        {"name":"tm","type":{"type":"int","logicalType":"time-millis"}},
        {"name":"tu","type":{"type":"long","logicalType":"time-micros"}},
        {"name":"ms","type":{"type":"long","logicalType":"timestamp-millis"}},
        {"name":"us","type":{"type":"long","logicalType":"timestamp-micros"}},
        {"name":"lms","type":{"type":"long","logicalType":"local-timestamp-millis"}},
        {"name":"lus","type":{"type":"long","logicalType":"local-timestamp-micros"}},
        {"name":"ns","type":{"type":"long","logicalType":"timestamp-nanos"}},
        {"name":"dur","type":{"type":"fixed","name":"Du","size":12,"logicalType":"duration"}},
        {"name":"opt","type":["null","long"]},{"name":"tpo","type":["long","null"]},
        {"name":"arr","type":{"type":"array","items":["null","int"]}},
        {"name":"m","type":{"type":"map","values":"E"}},
        {"name":"o","type":{"type":"record","name":"O","fields":[{"name":"x","type":"X"}]}}"#,
    );
    let row = [
        vec![1],
        long(i32::MIN.into()),
        long(i64::MAX),
        f32::MAX.to_le_bytes().to_vec(),
        (-0.0_f64).to_le_bytes().to_vec(),
        long(2),
        vec![0, 255],
        text("ü"),
        long(1),
        vec![1, 2],
        long(16),
        10_i128.pow(38).wrapping_sub(1).to_be_bytes().to_vec(),
        (-1_i32).to_be_bytes().to_vec(),
        text("no uuid"),
        (0..16).collect(),
        long(-719_162),
        long(86_399_999),
        long(1),
        long(-62_135_596_800_000),
        long(253_402_300_799_999_999),
        long(0),
        long(-1),
        long(1_999),
        [1_u32, 2, 3_500].iter().flat_map(|part| part.to_le_bytes()).collect(),
        long(0),
        [long(0), long(5)].concat(),
        [long(-2), long(3), long(1), long(3), long(0), long(0)].concat(), // 3, then null, in a block that tells its length
        [long(1), text("k"), long(0), long(0)].concat(),
        vec![3, 4],
    ]
    .concat();
    let bytes = container(&schema, "null", &[(1, &row)]);
    let columns = "nothing string\nb boolean\ni int\nl bigint\nf float\nd double\nby binary\ns string\ne string\nx binary
        dec decimal(38,2)\ndecf decimal(9,9)\nid string\nidf string\nday date\ntm string\ntu string\nms timestamp\nus timestamp
        lms timestamp\nlus timestamp\nns timestamp\ndur string\nopt bigint\ntpo bigint\narr array<int>\nm map<string,string>
        o struct<x:binary>";
    let rows = r#"{"b":true,"i":-2147483648,"l":9223372036854775807,"f":3.4028235e38,"d":-0.0,"by":"00ff","s":"ü","e":"B","x":"0102","dec":999999999999999999999999999999999999.99,"decf":-0.000000001,"id":"no uuid","idf":"00010203-0405-0607-0809-0a0b0c0d0e0f","day":"0001-01-01","tm":"23:59:59.999","tu":"00:00:00.000001","ms":"0001-01-01T00:00:00Z","us":"9999-12-31T23:59:59.999999Z","lms":"1970-01-01T00:00:00Z","lus":"1969-12-31T23:59:59.999999Z","ns":"1970-01-01T00:00:00.000001Z","dur":"P1M2DT3.5S","tpo":5,"arr":[3,null],"m":{"k":"A"},"o":{"x":"0304"},"_rescued_data":"{\"ns\":\"1970-01-01T00:00:00.000001999Z\"}"}"#;
    files(&bytes).await.check(None, columns, rows, "1 rows, 1 rescued").await;
}

#[tokio::test]
async fn unions_become_what_holds_their_branches() {
    let told = record(
        r#"{"name":"n","type":["null","int","long"]},{"name":"d","type":["float","double"]},{"name":"t","type":["int","string","null"]},
        {"name":"o","type":[{"type":"record","name":"O","fields":[{"name":"x","type":"int"}]},"boolean",{"type":"array","items":"int"}]}"#,
    );
    let rows = [
        [long(1), long(1), long(0), 0.5_f32.to_le_bytes().to_vec(), long(0), long(7), long(0), long(3)].concat(),
        [long(2), long(1 << 40), long(1), 0.1_f64.to_le_bytes().to_vec(), long(1), text("7"), long(1), vec![1]].concat(),
        [long(0), long(0), 1_f32.to_le_bytes().to_vec(), long(2), long(2), long(2), long(1), long(2), long(0)].concat(),
    ]
    .concat();
    let bytes = container(&told, "null", &[(3, &rows)]);
    let rows = r#"{"n":1,"d":0.5,"t":"7","o":"{\"x\":3}"}
        {"n":1099511627776,"d":0.1,"t":"7","o":"true"}
        {"d":1.0,"o":"[1,2]"}"#;
    files(&bytes).await.check(None, "n bigint\nd double\nt string\no string", rows, "3 rows, 0 rescued").await;
    let rows = r#"{"n":1,"d":0.5,"t":7,"o":{"x":3}}
        {"d":0.1,"_rescued_data":"{\"n\":1099511627776,\"t\":\"7\",\"o\":true}"}
        {"d":1.0,"_rescued_data":"{\"o\":[1,2]}"}"#;
    let read = files(&bytes).await.read_into(Arc::new(schema("n int\nd double\nt int\no struct<x:int>"))).await;
    assert_eq!(show_rows(&read.batches).trim(), trimmed(rows));
}

/// Whatever the blocks are packed by; blocks stay in their order.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn every_codec_is_read() {
    let rows = 60_000_i64;
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values((0..rows).map(|n| format!("{n:0>150}"))));
    let batch = RecordBatch::try_from_iter([("n", numbers), ("t", texts)]).unwrap();
    for codec in [
        None,
        Some(CompressionCodec::Deflate),
        Some(CompressionCodec::Snappy),
        Some(CompressionCodec::ZStandard),
        Some(CompressionCodec::Bzip2),
        Some(CompressionCodec::Xz),
    ] {
        let builder = WriterBuilder::new(batch.schema().as_ref().clone()).with_compression(codec);
        let mut writer = builder.build::<_, AvroOcfFormat>(Vec::new()).unwrap();
        for start in (0..rows as usize).step_by(700) {
            writer.write(&batch.slice(start, 700.min(rows as usize - start))).unwrap();
        }
        writer.finish().unwrap();
        let files = files(&writer.into_inner()).await;
        let read = files.read_into(Arc::new(schema("n bigint\nt bigint"))).await;
        assert_eq!((read.report.rows, read.report.rescued_rows, read.report.error), (rows as u64, rows as u64, None));
        let read = files.hinted("t bigint").read_into(Arc::new(schema("n bigint\nt bigint"))).await;
        assert_eq!((read.report.rows, read.report.rescued_rows), (rows as u64, 0));
        let mut next = 0;
        for batch in &read.batches {
            assert!(batch.num_rows() <= lakesmith_connect::ROWS_PER_BATCH);
            assert_eq!(batch["n"].as_ref(), batch["t"].as_ref());
            assert_eq!(batch["n"].as_ref(), &Int64Array::from_iter_values(next..next + batch.num_rows() as i64));
            next += batch.num_rows() as i64;
        }
        assert_eq!(next, rows);
    }
}

#[tokio::test]
async fn what_is_not_read_is_told_by_name() {
    let one = record(r#"{"name":"a","type":"long"}"#);
    let good = container(&one, "null", &[(2, &[2, 4]), (1, &[6])]);
    for (bytes, expected) in [
        (b"{\"a\":1}".to_vec(), "not an Avro file: it does not begin with `Obj` and 1"),
        (container(&one, "lz4", &[]), "not supported: the Avro codec `lz4`"),
        (container("\"string\"", "null", &[]), "not supported: an Avro file whose schema is no record"),
        (container("{", "null", &[]), "damaged Avro at offset 0: its schema is no JSON"),
        (
            container(&record(r#"{"name":"a","type":["null","R"]}"#), "null", &[]),
            "not supported: the Avro type `R`, which holds itself",
        ),
        (
            container(&record(r#"{"name":"a","type":"null"}"#), "null", &[(5, &[])]),
            "not supported: an Avro record without a value",
        ),
        // More and fewer records than there are; and bytes that no codec wrote.
        (
            container(&one, "null", &[(1, &[2, 4])]),
            "damaged Avro at offset 136: a block does not hold the records it says it holds",
        ),
        (
            container(&one, "null", &[(3, &[2, 4])]),
            "damaged Avro at offset 136: a block does not hold the records it says it holds",
        ),
        (container(&one, "snappy", &[(3, &[2, 4, 1])]), "damaged Avro at offset 138: a block is not packed by snappy"),
        (container(&one, "deflate", &[(3, &[255, 4, 1])]), "damaged Avro at offset 139: a block is not packed by deflate"),
        (container(&one, "xz", &[(3, &[255, 4, 1])]), "damaged Avro at offset "),
    ] {
        let fault = files(&bytes).await.fault().await.to_string();
        assert!(fault.starts_with(expected), "{fault}");
    }
    for length in 0..good.len() {
        let read = files(&good[..length]).await.read_into(Arc::new(schema("a bigint"))).await;
        let ends_with_a_block = length == good.len() - 19 || length == good.len() - 19 - 20;
        match read.report.error {
            None => assert!(ends_with_a_block, "{length}"),
            Some(FileFault::NotOfFormat(_) | FileFault::Damaged { .. }) => assert_eq!(read.report.rows, 0),
            Some(other) => panic!("{other}"),
        }
    }
    assert_eq!(files(&good).await.read_into(Arc::new(schema("a bigint"))).await.report.rows, 3);
}

#[tokio::test]
async fn blocks_that_unpack_without_measure_are_stopped() {
    let one = record(r#"{"name":"a","type":"bytes"}"#);
    let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..300 {
        std::io::Write::write_all(&mut deflate, &[0; 1 << 20]).unwrap();
    }
    let packed = deflate.finish().unwrap();
    let bytes = container(&one, "deflate", &[(300 << 20, &packed)]);
    let read = files(&bytes).await.read_into(Arc::new(schema("a binary"))).await;
    assert!(matches!(read.report.error, Some(FileFault::Bomb { .. })), "{:?}", read.report.error);
    // A list of 2^40 elements in four bytes.
    let list = record(r#"{"name":"a","type":{"type":"array","items":"long"}}"#);
    let bytes = container(&list, "null", &[(1, &long(1 << 40))]);
    assert!(matches!(files(&bytes).await.fault().await, FileFault::Damaged { .. }));
}
