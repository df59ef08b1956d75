//! A project that gets its files in deliveries, and is run by the real binary.
//!
//! A house is a folder below `tests/houses/` with a folder per delivery, each laid over what was there; the first holds the project. Or it
//! is an example, whose landing files are told apart by a word in their names.

use crate::examples::REPOSITORY;
use crate::lakesmith;
use serde_json::Value;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// One file of a delivery: its place in the project, and where it is taken from.
type Delivered = (PathBuf, PathBuf);

/// The deliveries of a project.
#[derive(Clone)]
pub(crate) struct Deliveries(pub(crate) Vec<Vec<Delivered>>);

impl Deliveries {
    /// Those of a folder below `tests/houses/`.
    pub(crate) fn of_house(name: &str) -> Deliveries {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/houses").join(name);
        let numbered = (1..).map(|n| root.join(n.to_string())).take_while(|folder| folder.is_dir());
        Deliveries(numbered.map(|folder| files(&folder)).collect())
    }

    /// Those of an example: `words[n]` is in the names of the landing files of delivery n.
    pub(crate) fn of_example(name: &str, words: &[&str]) -> Deliveries {
        let all = files(&Path::new(REPOSITORY).join("examples").join(name));
        let all: Vec<Delivered> = all.into_iter().filter(|(place, _)| !place.starts_with(".lake")).collect();
        let of = |n: usize, place: &Path| match place.starts_with("landing") {
            true => place.to_string_lossy().contains(words[n]),
            false => n == 0,
        };
        Deliveries((0..words.len()).map(|n| all.iter().filter(|(place, _)| of(n, place)).cloned().collect()).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The files below a folder by their place in it, in order.
pub(crate) fn files(root: &Path) -> Vec<Delivered> {
    let (mut all, mut folders) = (vec![], vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            match entry.path().is_dir() {
                true => folders.push(entry.path()),
                false => all.push((entry.path().strip_prefix(root).unwrap().to_owned(), entry.path())),
            }
        }
    }
    all.sort();
    all
}

/// A project on disk with its lake.
pub(crate) struct House {
    folder: TempDir,
    deliveries: Deliveries,
}

impl House {
    /// Nothing is delivered yet.
    pub(crate) fn new(deliveries: &Deliveries) -> House {
        House { folder: TempDir::new().unwrap(), deliveries: deliveries.clone() }
    }

    /// After the first deliveries, each of which was run undisturbed.
    pub(crate) fn after(deliveries: &Deliveries, count: usize) -> House {
        let house = House::new(deliveries);
        for n in 0..count {
            house.deliver(n);
            house.run();
        }
        house
    }

    /// Another one that looks the same.
    pub(crate) fn copy(&self) -> House {
        let copy = House::new(&self.deliveries);
        for (place, from) in files(self.root()) {
            let modified = from.metadata().unwrap().modified().unwrap();
            put(&copy.root().join(place), &fs::read(from).unwrap(), modified);
        }
        copy
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Lays a delivery over what is there, at the same times in every house.
    pub(crate) fn deliver(&self, n: usize) {
        let mut time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_709_251_200 + 86_400 * n as u64);
        for (place, from) in &self.deliveries.0[n] {
            time += Duration::from_secs(1);
            put(&self.root().join(place), &fs::read(from).unwrap(), time);
        }
    }

    /// Writes a file of the project anew.
    pub(crate) fn write(&self, place: &str, text: &str) {
        put(&self.root().join(place), text.as_bytes(), SystemTime::now());
    }

    pub(crate) fn text(&self, place: &str) -> String {
        fs::read_to_string(self.root().join(place)).unwrap()
    }

    /// The binary in this project.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = lakesmith();
        command.current_dir(self.root()).args(arguments).args(["--threads", "2"]);
        command
    }

    /// Starts a run that goes on beside.
    pub(crate) fn start(&self, abort_at: Option<&str>) -> Running {
        self.begin(&["run", "--format", "json"], abort_at)
    }

    /// The same of a full refresh.
    pub(crate) fn refresh(&self, abort_at: Option<&str>) -> Running {
        self.begin(&["run", "--full-refresh", "--format", "json"], abort_at)
    }

    fn begin(&self, arguments: &[&str], abort_at: Option<&str>) -> Running {
        let mut command = self.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.envs(abort_at.map(|words| ("LAKESMITH_ABORT_AT", words)));
        Running(command.spawn().unwrap())
    }

    /// Runs undisturbed: it succeeds, and its outcomes add up.
    pub(crate) fn run(&self) -> Value {
        self.start(None).report().unwrap_or_else(|told| panic!("a plain run ended so: {told}"))
    }

    /// Runs into an abort; `false` if the run did not come to that place.
    pub(crate) fn run_and_abort(&self, words: &str) -> bool {
        let output = self.start(Some(words)).output();
        let told = String::from_utf8_lossy(&output.stderr);
        match output.status.signal() {
            Some(6) => true,
            None if output.status.success() => false,
            _ => panic!("{words}: {} {told}", output.status),
        }
    }

    pub(crate) fn query(&self, sql: &str) -> Vec<Value> {
        self.json(&["query", "--format", "json", sql]).as_array().unwrap().clone()
    }

    /// A command that succeeds.
    pub(crate) fn succeeds(&self, arguments: &[&str]) {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// What a command prints.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

fn put(path: &Path, bytes: &[u8], modified: SystemTime) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
    File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
}

/// A run that goes on.
pub(crate) struct Running(Child);

impl Running {
    /// Sends a signal by its name; whether there was somebody to take it.
    pub(crate) fn signal(&mut self, name: &str) -> bool {
        let alive = self.0.try_wait().unwrap().is_none();
        alive && Command::new("kill").args([&format!("-{name}"), &self.0.id().to_string()]).status().unwrap().success()
    }

    /// Kills it; whether it was still there.
    pub(crate) fn kill(mut self) -> bool {
        let hit = self.signal("KILL");
        hit && self.output().status.signal() == Some(9)
    }

    /// Waits until it says this on standard error; what it says is not kept. `false` if it ends without.
    pub(crate) fn says(&mut self, words: &str) -> bool {
        let mut lines = BufReader::new(self.0.stderr.take().unwrap()).lines();
        let said = lines.by_ref().any(|line| line.unwrap().contains(words));
        std::thread::spawn(move || lines.for_each(drop));
        said
    }

    pub(crate) fn ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// Waits until it stands still.
    pub(crate) fn frozen(&mut self) {
        for _ in 0..3_000 {
            let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
            if stat.rsplit_once(')').unwrap().1.trim_start().starts_with('T') {
                return;
            }
            assert!(!self.ended(), "it ended before it came to the place where it freezes");
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("it does not freeze");
    }

    pub(crate) fn output(self) -> Output {
        self.0.wait_with_output().unwrap()
    }

    /// Its report if it ended with 0; what it said if not.
    pub(crate) fn report(self) -> Result<Value, String> {
        let output = self.output();
        if !output.status.success() {
            return Err(format!("{} {}", output.status, String::from_utf8_lossy(&output.stderr)));
        }
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        for flow in report["flows"].as_array().unwrap() {
            let count = |word: &str| flow["outcomes"][word].as_u64().unwrap_or(0);
            let outcomes = ["inserted", "updated", "unchanged", "superseded", "quarantined", "dropped", "deleted"];
            assert_eq!(count("read"), outcomes.iter().map(|word| count(word)).sum::<u64>(), "{flow}");
        }
        Ok(report)
    }
}
