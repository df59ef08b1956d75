//! A lake on disk into which the events of many cases are delivered.

use super::events::{Event, Price, case, prices};
use super::oracle::{ARRIVAL, Arrived, Rows, rows};
use super::project::{KEYS, files, queries};
use crate::examples::{query, run};
use crate::house::files as files_below;
use crate::lakesmith;
use crate::tier::{Dice, seed};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};
use tempfile::TempDir;

/// So many snapshots of the prices come.
pub(crate) const SNAPSHOTS: usize = 6;

/// The events of many cases.
pub(crate) struct Story {
    /// The number of the first case: a case is drawn by its number, whatever others there are.
    first: usize,
    pub(crate) cases: Vec<Vec<Event>>,
    /// Whole tables, one after the other: what each says of every case.
    pub(crate) snapshots: Vec<Vec<Vec<Price>>>,
}

impl Story {
    /// `LAKESMITH_CASE` leaves one of them.
    pub(crate) fn new(first: usize, count: usize) -> Self {
        let only: Option<usize> =
            std::env::var("LAKESMITH_CASE").ok().map(|text| text.parse().expect("LAKESMITH_CASE is a number"));
        let told = |n: usize| only.is_none_or(|only| only == first + n);
        let events = |n: usize| if told(n) { case(&mut Dice::of("events", first + n)) } else { vec![] };
        let said = |snapshot: usize| {
            let test = format!("snapshot {snapshot}");
            (0..count).map(|n| if told(n) { prices(&mut Dice::of(&test, first + n)) } else { vec![] }).collect()
        };
        Story { first, cases: (0..count).map(events).collect(), snapshots: (0..SNAPSHOTS).map(said).collect() }
    }

    /// All events, each with its case, cut into deliveries: in which it comes, and where it stands there, is up to the dice of its case.
    pub(crate) fn deal(&self, name: &str, deliveries: usize) -> Vec<Vec<Dealt>> {
        let mut dealt: Vec<Vec<Dealt>> = (0..deliveries).map(|_| vec![]).collect();
        for (case, events) in self.cases.iter().enumerate() {
            let mut dice = Dice::of(name, self.first + case);
            for event in events {
                let (delivery, file, place) = (dice.below(deliveries), dice.below(2), dice.below(1 << 30));
                dealt[delivery].push(Dealt { case, event: event.clone(), file, place });
            }
        }
        dealt.iter_mut().for_each(|delivery| delivery.sort_by_key(|dealt| dealt.place));
        dealt
    }
}

/// An event in a delivery.
pub(crate) struct Dealt {
    case: usize,
    event: Event,
    /// Which of the files of its feed it comes in.
    file: usize,
    place: usize,
}

/// A lake, and what has come to it.
pub(crate) struct World<'a> {
    name: String,
    story: &'a Story,
    folder: TempDir,
    arrived: Vec<Vec<Arrived>>,
    /// Who has which surrogate key, by dimension.
    keys: BTreeMap<&'static str, BTreeMap<i64, String>>,
    /// The same the other way round, of those that were there when last looked at.
    owners: BTreeMap<&'static str, BTreeMap<String, i64>>,
    deliveries: usize,
    /// The snapshots that have come.
    snapshots: usize,
}

impl<'a> World<'a> {
    pub(crate) fn new(name: &str, story: &'a Story) -> Self {
        let folder = TempDir::new().unwrap();
        for (path, text) in files() {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let arrived = story.cases.iter().map(|_| vec![]).collect();
        World {
            name: name.to_owned(),
            story,
            folder,
            arrived,
            keys: BTreeMap::new(),
            owners: BTreeMap::new(),
            deliveries: 0,
            snapshots: 0,
        }
    }

    /// The folder of the project.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Puts events into files of their feeds. A file may say that it is older than others that came before it.
    pub(crate) fn deliver(&mut self, events: Vec<Dealt>) {
        self.deliveries += 1;
        let mut rows: BTreeMap<(&str, usize), Vec<Dealt>> = BTreeMap::new();
        for dealt in events {
            rows.entry((dealt.event.feed(), dealt.file)).or_default().push(dealt);
        }
        for ((feed, file), rows) in rows {
            let relative = format!("{feed}/{}_{file}.json", self.deliveries);
            let changed = 1_700_000_000 + Dice::of(&relative, self.story.first).below(4) as u64;
            let lines: Vec<String> = rows.iter().map(|dealt| dealt.event.json(dealt.case)).collect();
            write(&self.folder.path().join("landing").join(&relative), &lines.join("\n"), changed);
            for (position, dealt) in rows.into_iter().enumerate() {
                let place = (changed, relative.clone(), position);
                self.arrived[dealt.case].push(Arrived { event: dealt.event, place });
            }
        }
    }

    /// Puts the snapshots until that one beside those that are there. Each is newer than the one before.
    pub(crate) fn snapshots(&mut self, until: usize) {
        for n in self.snapshots..until.min(self.story.snapshots.len()) {
            let mut lines = vec![];
            for (case, prices) in self.story.snapshots[n].iter().enumerate() {
                lines.extend(prices.iter().map(|price| price.json(case)));
            }
            write(&self.folder.path().join(format!("landing/prices/{n}.json")), &lines.join("\n"), 1_700_000_000 + n as u64);
            self.snapshots = n + 1;
        }
    }

    pub(crate) fn run(&self) {
        run(self.folder.path());
    }

    /// A run with further arguments.
    pub(crate) fn run_with(&self, arguments: &[&str]) {
        let output = lakesmith().current_dir(self.folder.path()).args(["run", "-q"]).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// The data files of all tables.
    pub(crate) fn data_files(&self) -> BTreeSet<PathBuf> {
        let is_data = |place: &PathBuf| place.extension().is_some_and(|end| end == "parquet");
        files_below(&self.folder.path().join(".lake")).into_iter().map(|(place, _)| place).filter(is_data).collect()
    }

    /// Every table's rows by case, and for each dimension its keys.
    pub(crate) fn tables(&self) -> Vec<Rows> {
        let mut cases: Vec<Rows> = self.story.cases.iter().map(|_| Rows::new()).collect();
        for (table, sql) in queries() {
            for row in query(self.folder.path(), &sql) {
                let Value::Object(row) = row else { panic!("a row is an object") };
                let mut values = row.into_iter().map(|(_, value)| value);
                let Some(case) = values.next().unwrap().as_u64() else { continue };
                let row = Value::Array(values.collect()).to_string();
                cases[case as usize].entry(table).or_default().push(row);
            }
        }
        for case in &mut cases {
            case.values_mut().for_each(|rows| rows.sort());
        }
        cases
    }

    /// What the tables hold is what the oracle says of the events that have come.
    pub(crate) fn check(&mut self) -> Vec<Rows> {
        let found = self.tables();
        let mut wrong = vec![];
        for (n, found) in found.iter().enumerate() {
            let snapshots: Vec<Vec<Price>> = self.story.snapshots[..self.snapshots].iter().map(|said| said[n].clone()).collect();
            let expected = rows(&self.arrived[n], &snapshots);
            if *found != expected {
                wrong.push((n, expected));
            }
        }
        if let Some((n, expected)) = wrong.iter().min_by_key(|(n, _)| self.arrived[*n].len()) {
            let mut said = format!(
                "{}, delivery {}: {} of {} cases are wrong: {:?}\nLAKESMITH_SEED={} LAKESMITH_CASE={} has the smallest again\n",
                self.name,
                self.deliveries,
                wrong.len(),
                found.len(),
                wrong.iter().map(|(n, _)| n).take(20).collect::<Vec<_>>(),
                seed(),
                self.story.first + n
            );
            for (number, snapshot) in self.story.snapshots[..self.snapshots].iter().enumerate() {
                said +=
                    &snapshot[*n].iter().map(|price| format!("  prices/{number}.json: {}\n", price.json(*n))).collect::<String>();
            }
            for arrived in &self.arrived[*n] {
                said += &format!("  {} {}: {}\n", arrived.place.1, arrived.place.2, arrived.event.json(*n));
            }
            said += &differences(expected, &found[*n], "the oracle", "the lake");
            panic!("{said}");
        }
        self.check_keys();
        found
    }

    /// A surrogate key belongs to one member and version, now and before, which keep it as long as they exist; member -1 is there.
    fn check_keys(&mut self) {
        for (table, key, of) in KEYS {
            let mut now: BTreeMap<i64, String> = BTreeMap::new();
            for row in query(self.folder.path(), &format!("SELECT {key} AS key, {of} FROM {table}")) {
                let Value::Object(mut row) = row else { panic!("a row is an object") };
                let key = row.remove("key").unwrap().as_i64().unwrap();
                let owner = Value::Object(row).to_string();
                assert!(now.insert(key, owner).is_none(), "{}: {table} has the key {key} twice", self.name);
            }
            assert!(now.contains_key(&-1), "{}: {table} has no member -1", self.name);
            let held = self.keys.entry(table).or_default();
            let before = self.owners.remove(table).unwrap_or_default();
            let mut owners = BTreeMap::new();
            for (key, owner) in &now {
                assert!(owners.insert(owner.clone(), *key).is_none(), "{}: {table} has {owner} twice", self.name);
                assert!(before.get(owner).is_none_or(|former| former == key), "{}: {table} gave {owner} another key", self.name);
                if let Some(other) = held.get(key) {
                    assert_eq!(other, owner, "{}: {table} gave the key {key} to another", self.name);
                }
            }
            held.extend(now);
            self.owners.insert(table, owners);
        }
    }
}

/// A file that says when it was changed.
fn write(path: &Path, text: &str, changed: u64) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(changed)).unwrap();
}

/// Tables of two worlds are equal, apart from the one that follows arrival.
pub(crate) fn compare(story: &Story, (left, a): (&str, &[Rows]), (right, b): (&str, &[Rows])) {
    for (n, (a, b)) in a.iter().zip(b).enumerate() {
        let [a, b] = [a, b].map(|rows| {
            let mut rows = rows.clone();
            rows.remove(ARRIVAL);
            rows
        });
        let case = story.first + n;
        assert!(a == b, "LAKESMITH_SEED={} LAKESMITH_CASE={case}\n{}", seed(), differences(&a, &b, left, right));
    }
}

fn differences(a: &Rows, b: &Rows, left: &str, right: &str) -> String {
    let mut said = String::new();
    let tables: BTreeSet<&str> = a.keys().chain(b.keys()).copied().collect();
    for table in tables {
        let none = vec![];
        let (a, b) = (a.get(table).unwrap_or(&none), b.get(table).unwrap_or(&none));
        if a != b {
            said += &format!("{table}\n  {left}:\n    {}\n  {right}:\n    {}\n", a.join("\n    "), b.join("\n    "));
        }
    }
    said
}
