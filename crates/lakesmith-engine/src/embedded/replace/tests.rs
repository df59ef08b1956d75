//! Replacements against an oracle (W6): generated changes on real tables, each batch compared with a map in memory: rows, batches,
//! numbers, counts, and which files were written again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bench;
mod model;
mod palette;

use self::bench::{Bench, Shape};
use self::model::{Change, Row};
use self::palette::{KEYS, NESTED, PARTITIONS, Palette};
use crate::delta::Storage;
use crate::embedded::{Embedded, Settings};
use crate::readers::read_alike;
use crate::tier::{Dice, amount, tally};
use tempfile::TempDir;

fn engine(memory: usize) -> (TempDir, Embedded) {
    let dir = tempfile::tempdir().unwrap();
    let storage = Storage::open("lake", dir.path()).unwrap();
    (dir, Embedded::new(storage, Settings { threads: 2, memory }).unwrap())
}

fn shape(name: String, types: &[&str], key: usize) -> Shape {
    Shape { name, columns: types.iter().map(|ty| Palette::of(ty, 20)).collect(), key, partition_by: vec![], surrogate: false }
}

/// Rows drawn at random: of a small table most keys come several times in a batch and again in the next.
struct Drawn {
    widths: Vec<usize>,
    random: Dice,
}

impl Drawn {
    fn new(shape: &Shape, random: Dice) -> Self {
        Drawn { widths: shape.columns.iter().map(Palette::len).collect(), random }
    }

    fn row(&mut self) -> Row {
        let random = &mut self.random;
        self.widths.iter().map(|width| random.below(*width)).collect()
    }

    /// Some rows: new ones, some of them gone; held ones again as they are; and held ones that differ in one column.
    fn changes(&mut self, bench: &Bench<'_>, most: usize, key: usize) -> Vec<Change> {
        let held: Vec<Row> = bench.model.rows.values().map(|held| held.row.clone()).collect();
        let count = self.random.below(most + 1);
        let mut changes = vec![];
        for _ in 0..count {
            let mut row = self.row();
            if !held.is_empty() && self.random.chance(60) {
                let new = std::mem::replace(&mut row, self.random.pick(&held).clone());
                if self.random.chance(60) && key < row.len() {
                    let n = key + self.random.below(row.len() - key);
                    row[n] = new[n];
                }
            }
            changes.push(Change { row, gone: self.random.chance(15) });
            if self.random.chance(10) {
                changes.push(changes[changes.len() - 1].clone());
            }
        }
        changes
    }
}

async fn rounds(engine: &Embedded, shape: Shape, random: Dice, rounds: usize, most: usize) {
    let key = shape.key;
    let mut drawn = Drawn::new(&shape, random);
    let mut bench = Bench::new(engine, shape);
    for round in 0..rounds {
        let changes = drawn.changes(&bench, most, key);
        // The first batch finds an empty table, as a flow's first step does; now and then everything is replaced.
        let all = round == 0 || drawn.random.chance(10);
        bench.replace(&changes, all).await;
    }
}

/// Every type as the key, with every type beside it.
#[tokio::test(flavor = "multi_thread")]
async fn w6_keys_of_every_type() {
    let (dir, engine) = engine(256 << 20);
    for (n, ty) in KEYS.iter().enumerate() {
        let types: Vec<&str> = std::iter::once(*ty).chain(KEYS).chain(NESTED).collect();
        let shape = shape(format!("key_{}", ty.replace(" ", "_")), &types, 1);
        rounds(&engine, shape, Dice::of("keys", n), amount(3, 4, 40), 20).await;
    }
    read_alike(&dir.path().join("lake"), None);
}

/// Keys of several columns, of which any may be NULL; folders by any column, of the key or not; numbered rows.
#[tokio::test(flavor = "multi_thread")]
async fn w6_tables_of_every_shape() {
    let (dir, engine) = engine(256 << 20);
    let tables = amount(4, 12, 300);
    for n in 0..tables {
        let mut random = Dice::of("shapes", n);
        let key = 1 + random.below(3);
        let mut types: Vec<&str> = (0..key).map(|_| *random.pick(&KEYS)).collect();
        types.extend((0..random.below(4)).map(|_| *random.pick(&KEYS)));
        types.extend((0..random.below(2)).map(|_| *random.pick(&NESTED)));
        let mut shape = shape(format!("shape_{n}"), &types, key);
        let able: Vec<usize> = (0..types.len()).filter(|n| PARTITIONS.contains(&types[*n])).collect();
        if random.chance(60) && !able.is_empty() && able.len() < types.len() {
            let first = *random.pick(&able);
            shape.partition_by.push(first);
            let second = *random.pick(&able);
            if random.chance(30) && second != first && types.len() > 2 {
                shape.partition_by.push(second);
            }
        }
        shape.surrogate = random.chance(40);
        let batches = 3 + random.below(5);
        rounds(&engine, shape, random, batches, 24).await;
    }
    read_alike(&dir.path().join("lake"), None);
    tally("w6_tables_of_every_shape", &[("tables", tables)]);
}

/// Partition values with spaces, `%`, umlauts and emoji; rows move from one folder to the other. The first table's log has a checkpoint.
#[tokio::test(flavor = "multi_thread")]
async fn w6_partition_values_of_every_kind() {
    let (dir, engine) = engine(256 << 20);
    for (n, (types, by)) in
        [(["bigint", "string", "int"], 1), (["string", "date", "double"], 0), (["date", "timestamp", "string"], 1)]
            .into_iter()
            .enumerate()
    {
        let mut shape = shape(format!("folders_{n}"), &types, 1);
        shape.partition_by = vec![by];
        let batches = if n == 0 { amount(3, 22, 100) } else { amount(3, 5, 50) };
        rounds(&engine, shape, Dice::of("folders", n), batches, 60).await;
    }
    read_alike(&dir.path().join("lake"), None);
}

/// An empty source, also on an empty table; a source whose rows are all gone; one that says what is there.
#[tokio::test(flavor = "multi_thread")]
async fn w6_sources_without_rows_and_without_news() {
    let (_dir, engine) = engine(256 << 20);
    let mut bench = Bench::new(&engine, shape("no_news".to_owned(), &["bigint", "string"], 1));
    let state = |key: usize, value: usize, gone: bool| Change { row: vec![key, value], gone };
    bench.replace(&[], true).await;
    bench.replace(&[], false).await;
    bench.replace(&[state(1, 1, true), state(2, 1, true)], false).await;
    bench.replace(&[state(0, 1, false), state(1, 0, false), state(2, 3, false)], false).await;
    bench.replace(&[state(2, 3, false), state(0, 1, false)], false).await;
    bench.replace(&[], false).await;
    // NULL to a value and back, and the key NULL goes.
    bench.replace(&[state(1, 5, false)], false).await;
    bench.replace(&[state(1, 0, false)], false).await;
    bench.replace(&[state(0, 0, true)], false).await;
    bench.replace(&[], true).await;
    assert!(bench.model.rows.is_empty());
}

/// Files as long as a batch of the engine, and a row more: changes at every edge of them.
#[tokio::test(flavor = "multi_thread")]
async fn w6_files_of_8193_rows() {
    const ROWS: usize = 8193;
    let (_dir, engine) = engine(256 << 20);
    let columns = vec![Palette::of("bigint", 4 * ROWS), Palette::of("string", 0), Palette::of("decimal", 0)];
    let shape = Shape { name: "of_8193".to_owned(), columns, key: 1, partition_by: vec![], surrogate: true };
    let mut bench = Bench::new(&engine, shape);
    let state = |key: usize, value: usize| Change { row: vec![key, value, key % 7], gone: false };
    for file in 0..3 {
        let changes: Vec<Change> = (0..ROWS).map(|n| state(file * ROWS + n, 1)).collect();
        bench.replace(&changes, file == 0).await;
    }
    for edge in [0, 8191, 8192, 8193] {
        bench.replace(&[state(edge, 2)], false).await;
    }
    // Every row twice, then every second one gone, and more rows than a batch of the engine has.
    let twice: Vec<Change> = (0..ROWS + 1).flat_map(|n| [state(n, 3), state(n, 4)]).collect();
    bench.replace(&twice, false).await;
    let gone: Vec<Change> = (0..2 * ROWS).map(|n| Change { gone: n % 2 == 0, ..state(n, 4) }).collect();
    bench.replace(&gone, false).await;
}

/// Many updates at once, with less memory than they take.
#[tokio::test(flavor = "multi_thread")]
async fn w6_100_000_updates() {
    let rows = amount(10_000, 100_000, 1_000_000);
    let (_dir, engine) = engine(64 << 20);
    let columns = vec![Palette::of("bigint", 2 * rows), Palette::of("string", 0), Palette::of("timestamp", 0)];
    let (strings, stamps) = (columns[1].len(), columns[2].len());
    let shape = Shape { name: "many".to_owned(), columns, key: 1, partition_by: vec![], surrogate: false };
    let mut bench = Bench::new(&engine, shape);
    let state = |key: usize, value: usize| Change { row: vec![key, value % strings, value % stamps], gone: false };
    bench.replace(&(0..rows + rows / 2).map(|n| state(n, n)).collect::<Vec<_>>(), true).await;
    bench.replace(&(rows / 2..rows + rows / 2).map(|n| state(n, n + 1)).collect::<Vec<_>>(), false).await;
    bench.replace(&(0..2 * rows).step_by(3).map(|n| state(n, n + 1)).collect::<Vec<_>>(), false).await;
    tally("w6_100_000_updates", &[("updates", rows)]);
}

/// However large the table is, what is written again is counted by the files that go.
#[tokio::test(flavor = "multi_thread")]
async fn a_small_change_of_a_large_table_writes_one_file() {
    const ROWS: usize = 300_000;
    let (_dir, engine) = engine(512 << 20);
    let columns = vec![Palette::of("bigint", 2 * ROWS), Palette::of("string", 0)];
    let shape = Shape { name: "large".to_owned(), columns, key: 1, partition_by: vec![], surrogate: false };
    let mut bench = Bench::new(&engine, shape);
    let state = |key: usize, value: usize| Change { row: vec![key, value], gone: false };
    for part in 0..3 {
        let third = ROWS / 3;
        bench.replace(&(part * third..(part + 1) * third).map(|n| state(n, 1)).collect::<Vec<_>>(), part == 0).await;
    }
    assert_eq!(bench.replace(&[state(7, 2)], false).await, 1);
}
