//! What arrives in real folders, and what becomes of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod changes;
mod feeds;
mod listing;
mod snapshots;

use crate::lake::{Lake, Options};
use crate::report::{FlowReport, Report};
use arrow::util::pretty::pretty_format_batches;
use lakesmith_compile::{Selection, TableName};
use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// A project with one source's table and an entity that reads it.
pub(super) struct House(TempDir);

const BRONZE: &str = "bronze.shop_prices";
const SILVER: &str = "silver.sales_prices";

impl House {
    /// `table`: the keys of the source's table after its format; `entity`: those of the entity after `from`.
    fn new(table: &str, entity: &str) -> House {
        let house = House(TempDir::new().unwrap());
        house.write("lakehouse.yaml", "lakehouse: shop\n");
        house.table(table);
        house.write("silver/sales/prices.yaml", &format!("from: {BRONZE}\n{entity}"));
        house
    }

    /// The source's table anew.
    fn table(&self, table: &str) {
        let source = format!("source: shop\ntype: files\npath: landing/\ntables:\n  prices: {{ format: csv, {table} }}\n");
        self.write("sources/shop.yaml", &source);
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn landing(&self, path: &str) -> PathBuf {
        self.0.path().join("landing").join(path)
    }

    /// A file that was last written in a certain minute.
    fn put(&self, path: &str, minute: u64, text: &str) {
        self.write(&format!("landing/{path}"), text);
        self.touch(path, minute);
    }

    fn touch(&self, path: &str, minute: u64) {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_735_689_600 + 60 * minute);
        File::options().write(true).open(self.landing(path)).unwrap().set_modified(time).unwrap();
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.landing(path)).unwrap();
    }

    async fn open(&self, options: Options) -> Lake {
        let (project, faults) = lakesmith_project::load(self.0.path());
        assert!(!faults.has_errors(), "{}", lakesmith_text::render(&faults, &project.sources_text, false));
        let lake = Lake::open(project, &Options { threads: Some(2), ..options }).await.unwrap();
        assert!(!lake.faults().has_errors(), "{}", lakesmith_text::render(lake.faults(), &lake.project().sources_text, false));
        lake
    }

    async fn run(&self) -> Ran {
        let mut lake = self.open(Options::default()).await;
        Ran::of(&mut lake).await
    }

    async fn retry(&self) -> Ran {
        let mut lake = self.open(Options { retry_files: true, ..Options::default() }).await;
        Ran::of(&mut lake).await
    }

    async fn relist(&self) -> Ran {
        let mut lake = self.open(Options { relist: true, ..Options::default() }).await;
        Ran::of(&mut lake).await
    }

    /// The rows of a query, one a line.
    async fn rows(&self, sql: &str) -> Vec<String> {
        let rows = self.open(Options::default()).await.query(sql).await.unwrap();
        lines(&rows.batches)
    }

    /// What the receipts say of each file, newest first.
    async fn files(&self, failed: bool) -> Vec<String> {
        let rows = self.open(Options::default()).await.files(BRONZE, failed, 100).await.unwrap();
        let schema = rows.schema.clone();
        let columns: Vec<usize> =
            ["path", "status", "batch", "rows", "same_as"].iter().map(|name| schema.index_of(name).unwrap()).collect();
        lines(&rows.batches.iter().map(|batch| batch.project(&columns).unwrap()).collect::<Vec<_>>())
    }
}

/// Cells with a blank between them.
fn lines(batches: &[arrow::record_batch::RecordBatch]) -> Vec<String> {
    let text = pretty_format_batches(batches).unwrap().to_string();
    let rows = text.lines().filter(|line| line.starts_with('|')).skip(1);
    rows.map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned()).collect()
}

/// A run that is over.
struct Ran(Report);

impl Ran {
    async fn of(lake: &mut Lake) -> Ran {
        let chosen = Selection::default().resolve(lake.plan(), lake.project()).unwrap();
        let report = lake.execute(&chosen, Arc::new(|_| {})).await.unwrap();
        for flow in &report.flows {
            assert!(flow.outcomes.add_up(), "{}: {:?}", flow.flow, flow.outcomes);
        }
        Ran(report)
    }

    fn flow(&self, name: &str) -> &FlowReport {
        let name = TableName::parse(name).unwrap();
        self.0.flows.iter().find(|flow| flow.flow == name).unwrap()
    }

    /// What is counted of files beside how many there were.
    fn told(&self) -> String {
        let flow = self.flow(BRONZE);
        assert_eq!(flow.error, None);
        let counts = flow.counts.iter().filter(|(what, count)| *what != "files" && **count > 0);
        counts.map(|(what, n)| format!("{what}: {n}")).collect::<Vec<_>>().join(", ")
    }

    fn read(&self, name: &str) -> u64 {
        self.flow(name).outcomes.read
    }

    /// The code and the words of what is wrong.
    fn fault(&self, name: &str) -> String {
        self.flow(name).fault.as_ref().map(|fault| format!("{}: {}", fault.code, fault.message)).unwrap_or_default()
    }
}
