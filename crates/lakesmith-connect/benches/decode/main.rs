//! How fast files become batches, on one thread: this crate beside arrow-json, arrow-csv and parquet, into the same columns.
//!
//! `cargo bench -p lakesmith-connect --bench decode` measures each by itself and then all of them in turns, which is what the
//! table at the end and its ratios come from. With `LAKESMITH_PYTHON` (a Python that has `duckdb`) DuckDB reads the same files,
//! also on one thread: `benches/decode/duckdb_read.py`. `LAKESMITH_BENCH_FILES` names a folder with `orders/*.json` and
//! `customers/*.csv` to be read instead of what is generated; `LAKESMITH_BENCH_MB` says how large that is (32).

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)]

mod retail;

use std::hint::black_box;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use criterion::{Criterion, Throughput};
use lakesmith_connect::{CsvOptions, FileSource, Format, JsonOptions};
use object_store::local::LocalFileSystem;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

const ROWS_PER_BATCH: usize = 8192;

/// One file, to be read again and again.
struct Load {
    name: &'static str,
    source: FileSource,
    bytes: Bytes,
    schema: SchemaRef,
    runtime: tokio::runtime::Runtime,
}

impl Load {
    /// Writes the file below `folder`, and learns its columns.
    fn new(folder: &Path, name: &'static str, format: Format, bytes: impl Into<Bytes>) -> Load {
        let (file, bytes) = (folder.join(name), bytes.into());
        std::fs::write(&file, &bytes).unwrap();
        let store = Arc::new(LocalFileSystem::new_with_prefix(folder).unwrap());
        let source = FileSource::new(store, object_store::path::Path::default(), name, format);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let schema = runtime.block_on(async {
            let files = source.list().await.unwrap();
            source.infer(&files, None).await.unwrap().schema
        });
        Load { name, source, bytes, schema, runtime }
    }

    /// Bytes at hand, to batches.
    fn decode(&self) -> usize {
        let batches = self.source.decode(self.bytes.clone(), self.schema.clone()).unwrap();
        batches.map(|batch| black_box(batch.unwrap()).num_rows()).sum()
    }

    /// The same rows as Parquet, as other writers write it: compressed with Snappy.
    fn as_parquet(&self) -> Vec<u8> {
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let mut writer: Option<ArrowWriter<Vec<u8>>> = None;
        for batch in self.source.decode(self.bytes.clone(), self.schema.clone()).unwrap() {
            let batch = batch.unwrap();
            let data: Vec<usize> = (0..self.schema.fields().len()).collect();
            let batch = batch.project(&data).unwrap();
            let open = || ArrowWriter::try_new(vec![], batch.schema(), Some(properties.clone())).unwrap();
            writer.get_or_insert_with(open).write(&batch).unwrap();
        }
        writer.unwrap().into_inner().unwrap()
    }

    /// A file on disk, to batches: listed, read, hashed, decoded.
    fn read(&self) -> usize {
        self.runtime.block_on(async {
            let file = self.source.list().await.unwrap().remove(0);
            let mut rows = self.source.open(file, self.schema.clone()).await.unwrap();
            let mut count = 0;
            while let Some(batch) = rows.next().await.unwrap() {
                count += black_box(batch).num_rows();
            }
            count
        })
    }

    /// The same bytes by what Arrow has for them.
    fn arrow(&self) -> usize {
        match &self.source.format {
            Format::Json(_) => {
                let reader = arrow::json::ReaderBuilder::new(self.schema.clone()).with_batch_size(ROWS_PER_BATCH);
                let reader = reader.build(Cursor::new(&self.bytes)).unwrap();
                reader.map(|batch| black_box(batch.unwrap()).num_rows()).sum()
            }
            Format::Csv(_) => {
                let reader =
                    arrow::csv::ReaderBuilder::new(self.schema.clone()).with_header(true).with_batch_size(ROWS_PER_BATCH);
                let reader = reader.build(Cursor::new(&self.bytes)).unwrap();
                reader.map(|batch| black_box(batch.unwrap()).num_rows()).sum()
            }
            Format::Parquet => {
                let reader = ParquetRecordBatchReaderBuilder::try_new(self.bytes.clone()).unwrap();
                let reader = reader.with_batch_size(ROWS_PER_BATCH).build().unwrap();
                reader.map(|batch| black_box(batch.unwrap()).num_rows()).sum()
            }
            other => panic!("Arrow is not compared for {other:?}"),
        }
    }
}

/// The files of `folder` with this ending, as one text.
fn given(folder: &str, below: &str, header: bool) -> Option<String> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(Path::new(folder).join(below)).ok()?.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut text = String::new();
    for file in files {
        let more = std::fs::read_to_string(file).unwrap();
        let skipped = if header && !text.is_empty() { more.find('\n').unwrap() + 1 } else { 0 };
        text.push_str(&more[skipped..]);
    }
    Some(text)
}

fn loads(folder: &Path) -> Vec<Load> {
    let csv = || Format::Csv(CsvOptions::default());
    let given = |below, header| given(&std::env::var("LAKESMITH_BENCH_FILES").ok()?, below, header);
    let size = std::env::var("LAKESMITH_BENCH_MB").map_or(32, |size| size.parse::<usize>().unwrap()) << 20;
    let orders = given("orders", false).unwrap_or_else(|| retail::orders(size));
    let customers = given("customers", true).unwrap_or_else(|| retail::customers(size));
    let lines = Load::new(folder, "lines.csv", csv(), retail::lines(size));
    let columnar = Load::new(folder, "lines.parquet", Format::Parquet, lines.as_parquet());
    vec![
        Load::new(folder, "orders.json", Format::Json(JsonOptions::default()), orders),
        Load::new(folder, "customers.csv", csv(), customers),
        lines,
        columnar,
    ]
}

/// How long this thread has been running, or else the time: others may want the processor too.
fn clock() -> Duration {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let running = || std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok();
    running().map_or_else(|| START.elapsed(), Duration::from_nanos)
}

/// The best of several runs that take turns, so that what else the machine does hits all alike; in MB/s.
fn in_turns(load: &Load, contenders: &[fn(&Load) -> usize]) -> Vec<f64> {
    let mut best = vec![Duration::MAX; contenders.len()];
    let rows = load.decode();
    // The clock is too coarse for small files.
    let rounds = (32 << 20) / load.bytes.len() + 1;
    for _ in 0..15 {
        for (best, contender) in best.iter_mut().zip(contenders) {
            let start = clock();
            for _ in 0..rounds {
                assert_eq!(contender(load), rows);
            }
            *best = ((clock() - start) / rounds as u32).min(*best);
        }
    }
    best.iter().map(|time| load.bytes.len() as f64 / 1e6 / time.as_secs_f64()).collect()
}

fn main() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("decode");
    std::fs::create_dir_all(&folder).unwrap();
    let loads = loads(&folder);
    let mut criterion = Criterion::default().configure_from_args();
    for load in &loads {
        let mut group = criterion.benchmark_group(load.name);
        group.throughput(Throughput::Bytes(load.bytes.len() as u64)).sample_size(10);
        group.bench_function("decode", |bench| bench.iter(|| load.decode()));
        group.bench_function("read", |bench| bench.iter(|| load.read()));
        group.bench_function("arrow", |bench| bench.iter(|| load.arrow()));
        group.finish();
    }
    criterion.final_summary();
    // Not where only some are asked for.
    if std::env::args().skip(1).any(|argument| argument != "--bench" && argument != "--quick") {
        return;
    }
    println!("\n| one thread, MB/s | decode | arrow | ratio | whole path |\n| --- | ---: | ---: | ---: | ---: |");
    for load in &loads {
        let speeds = in_turns(load, &[Load::decode, Load::arrow, Load::read]);
        println!("| {} | {:.0} | {:.0} | {:.2} | {:.0} |", load.name, speeds[0], speeds[1], speeds[0] / speeds[1], speeds[2]);
    }
    if let Ok(python) = std::env::var("LAKESMITH_PYTHON") {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/decode/duckdb_read.py");
        std::process::Command::new(python).arg(script).arg(&folder).status().unwrap();
    }
}
