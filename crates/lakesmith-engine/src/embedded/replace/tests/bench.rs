//! The engine's side: a table, a table of changes that its flow reads, and one batch after the other.

use super::model::{Change, Counts, Held, Model, Row};
use super::palette::Palette;
use crate::delta::{Action, CommitInfo, ScanOptions, Snapshot, TablePath, provider};
use crate::embedded::Embedded;
use crate::work::{Engine, Pinned, Work};
use arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch};
use arrow::datatypes::Int64Type;
use datafusion::prelude::SessionContext;
use lakesmith_compile::{Column, Cte, Flow, FlowKind, Keyed, Layer, Step, Table, TableName, Write};
use lakesmith_sql::DataType;
use lakesmith_text::{Sources, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a table of the tests is like.
pub(super) struct Shape {
    /// The table's name, and what a failure is called.
    pub(super) name: String,
    /// Palettes of its columns `c0`, `c1` …, the key's first.
    pub(super) columns: Vec<Palette>,
    /// How many columns are the key.
    pub(super) key: usize,
    /// Columns whose values make folders.
    pub(super) partition_by: Vec<usize>,
    /// Whether its rows are numbered.
    pub(super) surrogate: bool,
}

/// A table under test, and what it is to hold.
pub(super) struct Bench<'a> {
    engine: &'a Embedded,
    shape: Shape,
    changes: Table,
    flow: Flow,
    pub(super) model: Model,
    batch: i64,
    key_mark: i64,
    /// The number of each row.
    numbers: BTreeMap<Row, i64>,
}

fn column(n: usize) -> String {
    format!("c{n}")
}

fn list(columns: impl Iterator<Item = String>) -> String {
    columns.collect::<Vec<_>>().join(", ")
}

impl<'a> Bench<'a> {
    pub(super) fn new(engine: &'a Embedded, shape: Shape) -> Self {
        let table = |name: String, path: String, columns: Vec<Column>| Table {
            name: TableName::new(Layer::Silver, name),
            path,
            description: None,
            columns,
            partition_by: vec![],
            cluster_by: vec![],
            append_only: false,
            change_data: false,
        };
        let own: Vec<Column> = shape.columns.iter().enumerate().map(|(n, p)| Column::new(column(n), p.ty.clone())).collect();
        let with = |further: &[(&str, DataType)]| -> Vec<Column> {
            let further = further.iter().map(|(name, ty)| Column::new(*name, ty.clone()));
            own.iter().cloned().chain(further).collect()
        };
        let stamps = [("_seq", DataType::BigInt), ("_gone", DataType::Boolean), ("_batch_id", DataType::BigInt)];
        let changes = table("changes".to_owned(), format!("silver/{}/changes", shape.name), with(&stamps));
        let mut stamps = vec![("_created", DataType::BigInt), ("_batch_id", DataType::BigInt)];
        if shape.surrogate {
            stamps.insert(0, ("number", DataType::BigInt));
        }
        let mut target = table("target".to_owned(), format!("silver/{}/target", shape.name), with(&stamps));
        target.partition_by = shape.partition_by.iter().map(|n| column(*n)).collect();
        let flow = Flow {
            name: target.name.clone(),
            kind: FlowKind::Fact,
            at: Span::point(Sources::default().add("a test", ""), 0),
            tags: vec![],
            inputs: vec![],
            target,
            companions: vec![],
            columns_known: true,
            step: None,
            first: None,
            definition: Default::default(),
            lineage: Default::default(),
            whole: None,
            fingerprint: None,
            window: None,
            rebuilds: false,
        };
        let model = Model { rows: BTreeMap::new(), equal: shape.columns.iter().map(Palette::equal).collect() };
        Bench { engine, shape, changes, flow, model, batch: 0, key_mark: 0, numbers: BTreeMap::new() }
    }

    /// The batch's rows, the keys they concern, and of each key the last one.
    fn step(&self, all: bool) -> Step {
        let key = list((0..self.shape.key).map(column));
        let columns = list((0..self.shape.columns.len()).map(column));
        let cte = |name: &str, sql: String| Cte { name: name.to_owned(), sql, kept: true };
        let mut with = vec![cte(
            "batch",
            format!("SELECT * FROM {} WHERE _batch_id > :after_1 AND _batch_id <= :upto_1", self.changes.name.quoted()),
        )];
        if !all {
            with.push(cte("keys", format!("SELECT DISTINCT {key} FROM batch")));
        }
        let number = if self.shape.surrogate { ", CAST(NULL AS BIGINT) AS number" } else { "" };
        let keyed = Keyed {
            keys: if all { vec![] } else { (0..self.shape.key).map(column).collect() },
            identity: (0..self.shape.key).map(column).collect(),
            surrogate: self.shape.surrogate.then(|| "number".to_owned()),
            kept: vec!["_created".to_owned()],
            stamps: vec!["_batch_id".to_owned()],
        };
        Step {
            with,
            select: format!(
                "SELECT {columns}{number}, :batch_id AS _created, :batch_id AS _batch_id, 1 AS _new,
                   CASE WHEN _rank = 1 THEN CAST(NULL AS STRING) ELSE 'superseded' END AS _outcome
                 FROM (SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY _seq DESC) AS _rank FROM batch)
                 WHERE NOT (_rank = 1 AND _gone)"
            ),
            write: if all { Write::ReplaceAll(keyed) } else { Write::ReplaceKeys(keyed) },
            companions: vec![],
            outcomes: None,
            checks: vec![],
            counts: vec![],
            places: vec![],
        }
    }

    /// One batch: what the engine makes of the changes is what the model makes of them. Gives how many files it wrote.
    pub(super) async fn replace(&mut self, changes: &[Change], all: bool) -> usize {
        self.batch += 1;
        let snapshot = self.arrive(changes).await;
        let target = self.engine.ensure(&self.flow.target).await.unwrap();
        let held_in = self.files(&target).await;
        let step = self.step(all);
        let work = Work {
            flow: &self.flow,
            step: &step,
            batch: self.batch,
            now: chrono::Utc::now(),
            target: target.clone(),
            companions: vec![],
            inputs: vec![Pinned {
                table: self.changes.name.clone(),
                snapshot,
                after: self.batch - 1,
                upto: self.batch,
                since: None,
                changes: vec![],
            }],
            key_mark: self.key_mark,
            ingested_since: None,
            period_before: None,
        };
        let computed = self.engine.compute(work, None).await.unwrap();
        let (counts, touched) = self.model.replace(changes, self.shape.key, self.batch, all);
        let found = Counts {
            read: computed.outcomes.read,
            inserted: computed.outcomes.inserted,
            updated: computed.outcomes.updated,
            unchanged: computed.outcomes.unchanged,
            superseded: computed.outcomes.superseded,
            removed: computed.outcomes.removed,
        };
        let place = format!("LAKESMITH_SEED={} {}, batch {}", crate::tier::seed(), self.shape.name, self.batch);
        assert_eq!(found, counts, "{place}");
        let [output] = &computed.outputs[..] else { panic!("{place}: {} outputs", computed.outputs.len()) };
        assert!(output.replaces, "{place}: rows of these keys that come meanwhile would go unnoticed");
        let path = |action: &'_ Action| match action {
            Action::Remove(remove) => Some(remove.path.clone()),
            _ => None,
        };
        let taken: BTreeSet<String> = output.actions.iter().filter_map(path).collect();
        let concerned: BTreeSet<String> =
            held_in.iter().filter(|(key, _)| touched.contains(*key)).map(|(_, file)| file.clone()).collect();
        assert_eq!(taken, concerned, "{place}: files that are written again, and those with a row that changed or went");
        let before = std::mem::replace(&mut self.key_mark, computed.key_mark);
        let after = match output.actions.is_empty() {
            true => target,
            false => {
                let info = CommitInfo { operation: "WRITE".to_owned(), ..CommitInfo::default() };
                self.engine.commit(&output.table, target.version() + 1, &output.actions, &info).await.unwrap()
            }
        };
        self.compare(&after, before, &place).await;
        // As another process would see it.
        let fresh = self.engine.storage().snapshot_at(after.table(), after.version()).await.unwrap();
        let rows: u64 = fresh.files().await.unwrap().iter().map(|file| file.num_records().unwrap()).sum();
        assert_eq!(rows, self.model.rows.len() as u64, "{place}: rows by the statistics");
        assert_eq!(self.engine.budget.left(), self.engine.settings.memory / 2, "{place}: memory that was not given back");
        output.actions.iter().filter(|action| matches!(action, Action::Add(_))).count()
    }

    /// The changes as the batch that the flow is to read.
    async fn arrive(&self, changes: &[Change]) -> Snapshot {
        let base = self.engine.ensure(&self.changes).await.unwrap();
        let mut columns: Vec<(String, ArrayRef)> = (self.shape.columns.iter().enumerate())
            .map(|(n, palette)| (column(n), palette.column(changes.iter().map(|change| change.row[n]))))
            .collect();
        columns.push(("_seq".to_owned(), Arc::new(Int64Array::from_iter_values(0..changes.len() as i64))));
        columns.push(("_gone".to_owned(), Arc::new(changes.iter().map(|change| Some(change.gone)).collect::<BooleanArray>())));
        columns.push(("_batch_id".to_owned(), Arc::new(Int64Array::from(vec![self.batch; changes.len()]))));
        let rows = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap();
        let output = self.engine.append(&self.changes, &base, vec![rows]).await.unwrap();
        let info = CommitInfo { operation: "WRITE".to_owned(), ..CommitInfo::default() };
        self.engine.commit(&TablePath::new(&self.changes.path), base.version() + 1, &output.actions, &info).await.unwrap()
    }

    async fn read(&self, snapshot: &Snapshot) -> Vec<RecordBatch> {
        let context = SessionContext::new();
        self.engine.storage().register(&context.runtime_env());
        let options = ScanOptions { file_column: Some("_file".to_owned()), ..ScanOptions::default() };
        let table = provider(self.engine.storage(), snapshot, options).await.unwrap();
        context.read_table(table).unwrap().collect().await.unwrap()
    }

    /// In which file the row of a key stands.
    async fn files(&self, snapshot: &Snapshot) -> BTreeMap<Row, String> {
        let mut files = BTreeMap::new();
        for batch in self.read(snapshot).await {
            let names = arrow::compute::cast(batch.column_by_name("_file").unwrap(), &arrow::datatypes::DataType::Utf8).unwrap();
            for row in 0..batch.num_rows() {
                files.insert(
                    self.model.says(&self.row(&batch, row, self.shape.key)),
                    names.as_string::<i32>().value(row).to_owned(),
                );
            }
        }
        files
    }

    fn row(&self, batch: &RecordBatch, row: usize, columns: usize) -> Row {
        let palettes = self.shape.columns[..columns].iter().enumerate();
        palettes.map(|(n, palette)| palette.number(batch.column_by_name(&column(n)).unwrap(), row)).collect()
    }

    /// The table's rows are the model's, with their batches and numbers. `before`: the highest number until this batch.
    async fn compare(&mut self, snapshot: &Snapshot, before: i64, place: &str) {
        let mut found: BTreeMap<Row, Held> = BTreeMap::new();
        let mut numbers = BTreeMap::new();
        for batch in self.read(snapshot).await {
            let number = |name: &str, row: usize| batch.column_by_name(name).unwrap().as_primitive::<Int64Type>().value(row);
            for row in 0..batch.num_rows() {
                let held = Held {
                    row: self.row(&batch, row, self.shape.columns.len()),
                    batch: number("_batch_id", row),
                    created: number("_created", row),
                };
                let key = self.model.says(&held.row[..self.shape.key]);
                if self.shape.surrogate {
                    numbers.insert(key.clone(), number("number", row));
                }
                assert!(found.insert(key, held).is_none(), "{place}: a key twice");
            }
        }
        // A row keeps its number, and a new one has a number that nobody had.
        for (key, number) in &numbers {
            match self.numbers.get(key).filter(|_| found[key].created < self.batch) {
                Some(held) => assert_eq!(number, held, "{place}: another number"),
                None => assert!(
                    (before + 1..=self.key_mark).contains(number),
                    "{place}: number {number} of ({before}, {}]",
                    self.key_mark
                ),
            }
        }
        let each: BTreeSet<&i64> = numbers.values().collect();
        assert_eq!(each.len(), numbers.len(), "{place}: a number twice");
        self.numbers = numbers;
        if found != self.model.rows {
            let differs = |key: &&Row| found.get(*key) != self.model.rows.get(*key);
            let keys: BTreeSet<&Row> = found.keys().chain(self.model.rows.keys()).filter(differs).collect();
            let first = keys.iter().next().unwrap();
            panic!(
                "{place}: {} keys differ; {first:?} is {:?}, not {:?}",
                keys.len(),
                found.get(*first),
                self.model.rows.get(*first)
            );
        }
    }
}
