#![allow(clippy::unwrap_used)]

use std::io::Write;

use ::zip::write::SimpleFileOptions;
use flate2::write::GzEncoder;

use super::*;
use crate::content::fault;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text).unwrap();
    gzip.finish().unwrap()
}

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The parts of a file, or why it cannot be read.
fn unwrap(bytes: &[u8], path: &str) -> Result<Vec<String>, FileFault> {
    let compression = Compression::Auto.of(bytes, path);
    let parts = parts(&Blob::Held(bytes.to_vec().into()), compression)?;
    let read = |mut part: Part| {
        let mut text = Vec::new();
        part.reader.read_to_end(&mut text).map_err(fault)?;
        Ok(String::from_utf8(text).unwrap())
    };
    parts.into_iter().map(read).collect()
}

#[test]
fn a_file_is_known_by_its_bytes() {
    let zstd = |text: &[u8]| zstd::encode_all(text, 3).unwrap();
    for (bytes, path, expected) in [
        (b"a,b\n".to_vec(), "x.csv.gz", &["a,b\n"][..]),
        (gzip(b"a,b\n"), "x.csv", &["a,b\n"]),
        ([gzip(b"a,b\n"), gzip(b"1,2\n")].concat(), "x.csv.gz", &["a,b\n1,2\n"]),
        ([zstd(b"a,b\n"), zstd(b"1,2\n")].concat(), "x", &["a,b\n1,2\n"]),
        (archive(&[("b.csv", b"b"), ("_hidden/c.csv", b"c"), ("a.csv", b"a")]), "x.ZIP", &["a", "b"]),
        (archive(&[]), "x.zip", &[]),
        (Vec::new(), "x.gz", &[""]),
    ] {
        assert_eq!(unwrap(&bytes, path).unwrap(), expected, "{path}");
    }
    let office = archive(&[("a", b"a")]);
    assert_eq!(Compression::Auto.of(&office, "x.xlsx"), Compression::None);
}

#[test]
fn torn_files_say_where() {
    let rows: String = (0..20_000).map(|n| format!("{n},{}\n", n * 7919 % 10_007)).collect();
    let (gz, zst) = (gzip(rows.as_bytes()), zstd::encode_all(rows.as_bytes(), 3).unwrap());
    let zipped = archive(&[("a.csv", rows.as_bytes())]);
    for (bytes, path) in [(&gz, "x.gz"), (&zst, "x.zst"), (&zipped, "x.zip")] {
        let torn = unwrap(&bytes[..bytes.len() / 2], path);
        assert!(matches!(torn, Err(FileFault::Damaged { .. })), "{path}: {torn:?}");
    }
    let mut flipped = zipped.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x55;
    assert!(matches!(unwrap(&flipped, "x.zip"), Err(FileFault::Damaged { .. })));
    assert!(matches!(unwrap(&[gz, b"garbage".to_vec()].concat(), "x.gz"), Err(FileFault::Damaged { .. })));
}

#[test]
fn bombs_are_stopped() {
    let mut zeros = vec![];
    let mut gz = GzEncoder::new(&mut zeros, flate2::Compression::best());
    for _ in 0..300 {
        gz.write_all(&[b'0'; 1 << 20]).unwrap();
    }
    gz.finish().unwrap();
    let mut reader = stream(std::io::Cursor::new(zeros.clone()), zeros.len() as u64, Compression::Gzip);
    let error = std::io::copy(&mut reader, &mut std::io::sink()).unwrap_err();
    assert!(matches!(fault(error), FileFault::Bomb { times: 500, .. }));
}
