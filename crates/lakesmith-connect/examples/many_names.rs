//! What listing a bucket costs: `cargo run --release -p lakesmith-connect --example many_names -- 1000000`.
//!
//! Prints requests, seconds, and the most memory that the process had (Linux), as a run lists a table for the first time and as
//! it lists it when nothing is new.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

#[path = "../tests/it/endless.rs"]
mod endless;

use std::sync::Arc;
use std::time::Instant;

use endless::Endless;
use lakesmith_connect::{FileSource, Format, JsonOptions, Place, Scope};
use object_store::memory::InMemory;
use object_store::path::Path;

/// As many as a run keeps of one listing.
const MOST: usize = 500_000;

fn most_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.map_or("unknown".to_owned(), |line| line.trim_start_matches("VmHWM:").trim().to_owned())
}

#[tokio::main]
async fn main() {
    let count = std::env::args().nth(1).map_or(1_000_000, |count| count.parse().unwrap());
    let format = Format::Json(JsonOptions::default());
    let source = FileSource::new(Arc::new(InMemory::new()), Path::from("landing"), "*.json", format);
    println!("before: {} at most", most_memory());
    for (what, new) in [("nothing new", false), ("all new", true)] {
        let endless = Arc::new(Endless::of(count));
        let begun = Instant::now();
        let source = FileSource { place: Place::Pages(endless.clone()), ..source.clone() };
        let scope = Scope { most: MOST, wanted: Arc::new(move |_| new), ..Scope::default() };
        let found = source.arrivals(&scope).await.unwrap();
        let (kept, seconds) = (found.files.len(), begun.elapsed().as_secs_f64());
        println!("{what}: {count} names, {} requests, {seconds:.1} s, {kept} kept, {} at most", endless.calls(), most_memory());
    }
}
