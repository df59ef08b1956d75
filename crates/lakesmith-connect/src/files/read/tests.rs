#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::format::{CsvOptions, JsonOptions};
use crate::rows::SOURCE_POSITION;
use arrow::array::AsArray;
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::sync::Arc;

async fn read(bytes: &[u8], format: Format, held_bytes: u64) -> (Option<RecordBatch>, FileReport) {
    let store = Arc::new(InMemory::new());
    store.put(&Path::from("in/a"), bytes.to_vec().into()).await.unwrap();
    let source = FileSource::new(store as Arc<dyn ObjectStore>, Path::from("in"), "*", format);
    let fields = [Field::new("t", DataType::Utf8, true), Field::new("n", DataType::Int64, true)];
    let schema = Arc::new(Schema::new(fields.to_vec()));
    let file = source.list().await.unwrap().remove(0);
    let mut rows = source.open_held(file, schema, held_bytes).await.unwrap();
    let mut batches = Vec::new();
    loop {
        match rows.next().await {
            Ok(Some(batch)) => batches.push(batch),
            Ok(None) => break,
            Err(ConnectError::Broken { fault, .. }) => {
                rows.give_up(fault);
                batches.clear();
                break;
            }
            Err(error) => panic!("{error}"),
        }
    }
    let whole = batches.first().map(|first| arrow::compute::concat_batches(&first.schema(), &batches).unwrap());
    (whole, rows.report())
}

fn csv() -> Format {
    Format::Csv(CsvOptions::default())
}

/// A large file lies in a temporary file and is decoded in many pieces; the outcome must not differ.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_large_file_reads_as_a_small_one() {
    let long = "x\nü".repeat(500);
    let rows: String = (0..4000).map(|n| format!("\"{long}\",{}\r\n", if n % 7 == 0 { -1 } else { n })).collect();
    let wide = format!("t,n\n\"{}\",1\nb,2", "y\n".repeat(3 << 20));
    let json: String = (0..40_000).map(|n| format!("{{\"n\":{n},\"t\":\"{}\"}}\n", "ü".repeat(50))).collect();
    let long_line = format!("{{\"n\":1,\"t\":\"{}\"}}\n{{\"n\":2}}\n", "z".repeat(20 << 20));
    for (text, format, rows) in [
        (format!("\u{feff}t,n\n{rows}short,oops"), csv(), 4001),
        (wide, csv(), 2),
        (format!("\u{feff}{json}not json\n\n{json}"), Format::Json(JsonOptions::default()), 80_001),
        (long_line, Format::Json(JsonOptions::default()), 2),
        (String::new(), Format::Json(JsonOptions::default()), 0),
        ("t,n".to_owned(), csv(), 0),
    ] {
        let held = read(text.as_bytes(), format.clone(), u64::MAX).await;
        assert_eq!((held.1.rows, &held.1.error), (rows, &None));
        let positions: Vec<i64> =
            held.0.iter().flat_map(|batch| batch[SOURCE_POSITION].as_primitive::<Int64Type>().values().to_vec()).collect();
        assert_eq!(positions, (0..rows as i64).collect::<Vec<_>>());
        assert_eq!(read(text.as_bytes(), format, 0).await, held);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_large_file_with_a_fault_has_no_rows() {
    let rows = format!("t,n\n{}", "some text,1\n".repeat(5_000_000));
    for (text, expected) in [
        (format!("{rows}\"open\n"), FileFault::UnbalancedQuote { line: 5_000_002 }),
        (format!("{rows}{}", "\0".repeat(600)), FileFault::BinaryNul { offset: rows.len() as u64 + 511 }),
    ] {
        for held_bytes in [0, u64::MAX] {
            let (found, report) = read(text.as_bytes(), csv(), held_bytes).await;
            assert_eq!((found, report.rows, report.error), (None, 0, Some(expected.clone())));
            assert_eq!(report.hash, sha256(text.as_bytes()));
        }
    }
}

/// In whatever it is wrapped, and however its characters are written, a file has the same rows.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn wrapped_files_read_as_plain_ones() {
    let text: String =
        "t,n\n".chars().chain((0..50_000).flat_map(|n| format!("Größe {n},{n}\n").chars().collect::<Vec<_>>())).collect();
    let plain = read(text.as_bytes(), csv(), u64::MAX).await.0;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let utf16: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let latin1: Vec<u8> = text.chars().map(|c| c as u8).collect();
    for (bytes, notes) in [
        (gzip.finish().unwrap(), 0),
        (zstd::encode_all(text.as_bytes(), 1).unwrap(), 0),
        (zstd::encode_all(utf16.as_slice(), 1).unwrap(), 0),
        (utf16, 0),
        (latin1, 1),
    ] {
        for held_bytes in [0, u64::MAX] {
            let (found, report) = read(&bytes, csv(), held_bytes).await;
            assert_eq!((report.rows, report.error, report.notes.len()), (50_000, None, notes));
            assert!(found == plain);
        }
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
