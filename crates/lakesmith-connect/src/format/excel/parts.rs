//! What a file that is a zip archive unpacks to, looked at before a reader holds it.

use std::io::{BufReader, Read};

use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::book::damaged;
use crate::content::{Blob, BlobReader};
use crate::error::FileFault;

/// What a file may unpack to, whatever its size, and how many times its size beyond that; and at most.
const ALWAYS: u64 = 64 << 20;
const TIMES: u64 = 500;
const MOST: u64 = 1 << 30;
/// Cells that an `.ods` may have: its reader holds all of them, empty ones too.
const MAX_CELLS: u64 = 20_000_000;

/// The names of the parts of a file that is a zip archive, which together unpack to no more than is read.
///
/// The sizes in the directory of an archive are what its writer claims, so the parts are unpacked once to see.
pub(super) fn check_parts(blob: &Blob) -> Result<Vec<String>, FileFault> {
    let mut archive = archive(blob)?;
    let limit = blob.length().saturating_mul(TIMES).clamp(ALWAYS, MOST);
    let bomb = |offset| FileFault::Bomb { times: limit / blob.length().max(1), offset };
    let (mut names, mut total) = (Vec::new(), 0_u64);
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(damaged)?;
        let name = part.name().to_owned();
        // Pictures and the like are not read.
        if name.ends_with(".xml") || name.ends_with(".bin") || name.ends_with(".rels") {
            if total.saturating_add(part.size()) > limit {
                return Err(bomb(limit));
            }
            let left = limit - total;
            total += std::io::copy(&mut part.by_ref().take(left + 1), &mut std::io::sink()).map_err(damaged)?;
            if total > limit {
                return Err(bomb(limit));
            }
        }
        names.push(name);
    }
    Ok(names)
}

fn archive(blob: &Blob) -> Result<ZipArchive<BufReader<BlobReader>>, FileFault> {
    ZipArchive::new(BufReader::new(blob.reader(0))).map_err(damaged)
}

/// Refuses an `.ods` whose cells repeat themselves beyond what can be held.
pub(super) fn check_repeats(blob: &Blob) -> Result<(), FileFault> {
    let mut archive = archive(blob)?;
    let content = BufReader::new(archive.by_name("content.xml").map_err(damaged)?);
    let mut reader = quick_xml::Reader::from_reader(content);
    let (mut buffer, mut cells, mut rows, mut width, mut used, mut empty_rows) = (Vec::new(), 0_u64, 1_u64, 0_u64, 0_u64, 0_u64);
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer).map_err(damaged)?;
        let repeated = |element: &BytesStart<'_>, name: &str| {
            let told = element.try_get_attribute(name).ok().flatten();
            told.and_then(|told| told.value.parse::<u64>().ok()).unwrap_or(1)
        };
        match &event {
            Event::Eof => return Ok(()),
            Event::Start(element) | Event::Empty(element) => match element.name().as_ref() {
                "table:table" => empty_rows = 0,
                "table:table-row" => {
                    rows = repeated(element, "table:number-rows-repeated");
                    (width, used) = (0, 0);
                }
                "table:table-cell" | "table:covered-table-cell" => {
                    width = width.saturating_add(repeated(element, "table:number-columns-repeated"));
                    if element.attributes().flatten().any(|told| told.key.as_ref().ends_with(":value-type")) {
                        used = width;
                    }
                }
                _ => {}
            },
            Event::End(element) if element.name().as_ref() == "table:table-row" => {
                if used == 0 {
                    empty_rows = empty_rows.saturating_add(rows);
                } else {
                    // Empty rows count only where others follow them.
                    cells = cells.saturating_add(rows.saturating_add(empty_rows).saturating_mul(used));
                    empty_rows = 0;
                }
            }
            _ => {}
        }
        if cells > MAX_CELLS {
            return Err(FileFault::Unsupported { what: format!("a spreadsheet of more than {MAX_CELLS} cells") });
        }
    }
}
