//! Archives of golden tables: `.tar.zst` files into folders. Tests of other crates include this file.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the archives.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../lakesmith-engine/tests/golden")
}

/// The names of all archives, in order.
pub(crate) fn names() -> Vec<String> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = files.filter_map(|name| Some(name.strip_suffix(".tar.zst")?.to_owned())).collect();
    names.sort();
    names
}

/// Unpacks the archive of that name below `to`.
pub(crate) fn unpack(name: &str, to: &Path) {
    let packed = fs::read(folder().join(format!("{name}.tar.zst"))).unwrap();
    let bytes = zstd::decode_all(packed.as_slice()).unwrap();
    let mut rest = bytes.as_slice();
    // What the header of a long name says of the entry that follows.
    let mut long: Option<String> = None;
    while rest.len() >= BLOCK && rest[0] != 0 {
        let (header, after) = rest.split_at(BLOCK);
        let size = octal(&header[124..136]);
        let content = &after[..size];
        rest = &after[size.div_ceil(BLOCK) * BLOCK..];
        match header[156] {
            b'x' => long = pax_path(content).or(long),
            b'L' => long = Some(text(content)),
            b'0' | 0 => {
                let path = place(to, &long.take().unwrap_or_else(|| plain(header)));
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, content).unwrap();
            }
            b'5' => fs::create_dir_all(place(to, &long.take().unwrap_or_else(|| plain(header)))).unwrap(),
            b'g' => {}
            other => panic!("{name}: an entry of type {other}"),
        }
    }
}

/// A header, and what contents are filled up to.
const BLOCK: usize = 512;

fn place(to: &Path, name: &str) -> PathBuf {
    assert!(!name.starts_with('/') && !name.split('/').any(|part| part == ".."), "{name}");
    to.join(name)
}

fn plain(header: &[u8]) -> String {
    let (name, prefix) = (text(&header[..100]), text(&header[345..500]));
    if prefix.is_empty() || &header[257..262] != b"ustar" || header[263] != b'0' { name } else { format!("{prefix}/{name}") }
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8(bytes[..end].to_vec()).unwrap()
}

fn octal(bytes: &[u8]) -> usize {
    usize::from_str_radix(text(bytes).trim(), 8).unwrap()
}

/// `path` among records such as `18 path=data/a.csv`.
fn pax_path(content: &[u8]) -> Option<String> {
    let mut rest = content;
    while !rest.is_empty() {
        let space = rest.iter().position(|byte| *byte == b' ')?;
        let length: usize = std::str::from_utf8(&rest[..space]).ok()?.parse().ok()?;
        let record = &rest[space + 1..length - 1];
        if let Some(path) = record.strip_prefix(b"path=") {
            return Some(text(path));
        }
        rest = &rest[length..];
    }
    None
}
