//! A project with its deliveries, and what is done with them in the simulated world.

use super::contents::{self, Contents};
use super::store::{Disk, LAKE, Wire};
use super::trace::Told;
use super::{audit, gate};
use crate::error::RunError;
use crate::lake::{Lake, Options};
use crate::landing::Landings;
use crate::phase::{Log, Witness};
use crate::refresh::Again;
use crate::report::{Event, Report};
use crate::world::World;
use chrono::{DateTime, Utc};
use lakesmith_compile::{Selection, TableName};
use lakesmith_engine::delta::Storage;
use lakesmith_project::Project;
use object_store::path::Path;
use std::collections::BTreeSet;
use std::fs;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// What time it is for one runner.
pub(super) type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// A project's files, or files of one delivery, by their paths in the project's folder.
pub(super) type Files = Vec<(String, Vec<u8>)>;

/// A project, and what its sources bring, one delivery after the other.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    folder: Arc<TempDir>,
    project: Project,
    pub(super) deliveries: Vec<Files>,
}

impl Scenario {
    /// A scenario of a project and its deliveries.
    pub(super) fn new(name: &'static str, files: &Files, deliveries: Vec<Files>) -> Scenario {
        let folder = TempDir::new().unwrap();
        for (path, bytes) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let (project, faults) = lakesmith_project::load(folder.path());
        assert!(!faults.has_errors(), "{}", lakesmith_text::render(&faults, &project.sources_text, false));
        Scenario { name, folder: Arc::new(folder), project, deliveries }
    }

    /// The same lake, once somebody has edited files of the project: in each, one text becomes another.
    pub(super) fn edited(&self, edits: &[(&str, &str, &str)]) -> Scenario {
        for (path, from, to) in edits {
            let path = self.folder.path().join(path);
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.contains(from), "{}: {from}", path.display());
            fs::write(path, text.replace(from, to)).unwrap();
        }
        let (project, faults) = lakesmith_project::load(self.folder.path());
        assert!(!faults.has_errors(), "{}", lakesmith_text::render(&faults, &project.sources_text, false));
        Scenario { name: self.name, folder: self.folder.clone(), project, deliveries: self.deliveries.clone() }
    }

    /// A scenario written in one text: `--- path` begins a file, `=== ` the next delivery.
    pub(super) fn parse(name: &'static str, text: &str) -> Scenario {
        let mut parts: Vec<Files> = vec![vec![]];
        for line in text.lines() {
            if let Some(path) = line.strip_prefix("--- ") {
                parts.last_mut().unwrap().push((path.to_owned(), vec![]));
            } else if line.starts_with("===") {
                parts.push(vec![]);
            } else if let Some((_, bytes)) = parts.last_mut().unwrap().last_mut() {
                bytes.extend_from_slice(line.as_bytes());
                bytes.push(b'\n');
            }
        }
        let files = parts.remove(0);
        Scenario::new(name, &files, parts)
    }

    /// A small shop: bronze, rules and quarantine, a type 2 dimension, a fact, the calendar.
    pub(super) fn shop() -> Scenario {
        Scenario::parse("shop", include_str!("shop.txt"))
    }

    /// A small market: nested lines that come and go with their orders, a type 1 dimension, keys of the fact's own,
    /// states in the order of their arrival, a table that is only appended to.
    pub(super) fn market() -> Scenario {
        Scenario::parse("market", include_str!("market.txt"))
    }

    /// An exchange: deletes and what comes back, lookups that change, full loads, inferred members, an aggregate.
    pub(super) fn exchange() -> Scenario {
        Scenario::parse("exchange", include_str!("exchange.txt"))
    }

    /// All of them. What is added here is run through every voyage.
    pub(super) fn all() -> [fn() -> Scenario; 3] {
        [Scenario::shop, Scenario::market, Scenario::exchange]
    }

    /// Puts a delivery where the sources find it.
    pub(super) async fn deliver(&self, disk: &Disk, delivery: usize) {
        let root = self.project.root.canonicalize().unwrap();
        for (path, bytes) in &self.deliveries[delivery] {
            disk.deliver(&Path::from_absolute_path(root.join(path)).unwrap(), bytes).await;
        }
    }

    /// The names of its flows, in order.
    pub(super) async fn flows(&self) -> Vec<String> {
        let lake = self.lake(&Runner::calm(&Arc::new(Disk::default()))).await.unwrap();
        lake.plan().flows.iter().map(|flow| flow.name.to_string()).collect()
    }

    /// A lake as one runner sees it: through its wire, by its clock.
    pub(super) async fn lake(&self, runner: &Runner) -> Result<Lake, RunError> {
        let url = format!("memory:///{LAKE}").parse().unwrap();
        let storage = Storage::with_store(runner.wire.clone(), url).unwrap().with_clock(runner.clock.clone());
        let witness = Arc::new(Told {
            runner: runner.wire.runner.clone(),
            trace: runner.wire.disk().trace.clone(),
            next: runner.witness.clone(),
        });
        let world = World {
            storage,
            landing: Landings::given(runner.wire.clone()),
            clock: runner.clock.clone(),
            witness,
            heartbeat: None,
        };
        let options = Options { threads: Some(1), memory: Some(64 << 20), ..Options::default() };
        let mut lake = Lake::over(world, self.project.clone(), &options)?;
        lake.learn().await?;
        Ok(lake)
    }

    /// One run, as the command line would do it.
    pub(super) async fn run(&self, runner: &Runner, select: &Select) -> Result<Report, RunError> {
        Scenario::execute(&mut self.lake(runner).await?, runner, select).await
    }

    async fn execute(lake: &mut Lake, runner: &Runner, select: &Select) -> Result<Report, RunError> {
        let told = runner.acknowledged.clone();
        let events = move |event| {
            if let Event::Committed { flow, batch, .. } = event {
                told.lock().unwrap().push((flow, batch));
            }
        };
        let selected = select.resolve(lake);
        if let Some(again) = select.again {
            lake.read_again(again, &selected, &[])?;
        }
        let report = lake.execute(&selected, Arc::new(events)).await?;
        for flow in &report.flows {
            assert!(flow.outcomes.add_up(), "{}: {:?}", flow.flow, flow.outcomes);
        }
        Ok(report)
    }

    /// A plain run over an undisturbed connection, which must go through; and what the tables then hold.
    pub(super) async fn settle(&self, disk: &Arc<Disk>, select: &Select, case: &str) -> Contents {
        let runner = Runner::calm(disk);
        let stopped =
            |error: RunError| -> ! { panic!("{case}: the plain run stopped: {error}\nit ended so:\n{}", disk.trace.end()) };
        let mut lake = self.lake(&runner).await.unwrap_or_else(|error| stopped(error));
        let report = Scenario::execute(&mut lake, &runner, select).await.unwrap_or_else(|error| stopped(error));
        let faults: Vec<_> = report.flows.iter().filter_map(|flow| Some((&flow.flow, flow.error.as_ref()?))).collect();
        assert!(report.succeeded(), "{case}: the plain run failed: {faults:?}\nit ended so:\n{}", disk.trace.end());
        contents::read(&lake, &select.resolve(&lake)).await
    }

    /// After whatever happened: a plain run goes through, the tables hold what they would hold if nothing had, and the
    /// logs keep their rules.
    pub(super) async fn check(&self, disk: &Arc<Disk>, select: &Select, expected: &Contents, case: &str) {
        let found = self.settle(disk, select, case).await;
        disk.trace.keep(case);
        let differs = contents::difference(expected, &found);
        assert!(differs.is_none(), "{case}: {}\nit ended so:\n{}", differs.unwrap(), disk.trace.end());
        let faults = audit::audit(disk).await;
        assert!(faults.is_empty(), "{case}: {}\nit ended so:\n{}", faults.join("\n"), disk.trace.end());
    }

    /// What the tables hold where all deliveries came and nothing went wrong.
    pub(super) async fn undisturbed(&self) -> Contents {
        let disk = Arc::new(Disk::default());
        for delivery in 0..self.deliveries.len() {
            self.deliver(&disk, delivery).await;
            self.settle(&disk, &Select::all(), "undisturbed").await;
        }
        let expected = self.settle(&disk, &Select::all(), "undisturbed").await;
        self.check(&disk, &Select::all(), &expected, &format!("{} undisturbed", self.name)).await;
        expected
    }

    /// A disk on which exactly the chosen flow has something to do: its first batch, or one after other batches.
    pub(super) async fn ready(&self, flow: &str, later: bool) -> Arc<Disk> {
        let disk = Arc::new(Disk::default());
        let everything = Select::all();
        self.deliver(&disk, 0).await;
        if later {
            self.settle(&disk, &everything, "preparing").await;
            self.deliver(&disk, 1).await;
        }
        let upstream = Select { select: vec![format!("+{flow}")], exclude: vec![flow.to_owned()], again: None };
        let lake = self.lake(&Runner::calm(&disk)).await.unwrap();
        if !upstream.resolve(&lake).is_empty() {
            self.settle(&disk, &upstream, "preparing").await;
        }
        disk
    }
}

/// Which flows run.
#[derive(Clone, Debug)]
pub(super) struct Select {
    pub(super) select: Vec<String>,
    pub(super) exclude: Vec<String>,
    /// What is read again.
    pub(super) again: Option<Again>,
}

impl Select {
    /// The flows of the project. What lakesmith says of the lakehouse is made as `dim_date` is.
    pub(super) fn all() -> Select {
        Select { select: vec![], exclude: vec!["layer:monitoring".to_owned()], again: None }
    }

    pub(super) fn one(flow: &str) -> Select {
        Select { select: vec![flow.to_owned()], exclude: vec![], again: None }
    }

    pub(super) fn again(again: Again) -> Select {
        Select { again: Some(again), ..Select::all() }
    }

    pub(super) fn resolve(&self, lake: &Lake) -> BTreeSet<TableName> {
        let selection = Selection { select: self.select.clone(), exclude: self.exclude.clone() };
        selection.resolve(lake.plan(), lake.project()).unwrap()
    }
}

/// One process that runs the project: its connection, its clock, and who may hold it.
#[derive(Clone)]
pub(super) struct Runner {
    pub(super) wire: Arc<Wire>,
    pub(super) clock: Clock,
    pub(super) witness: Arc<dyn Witness>,
    /// Batches of which it was told that they are committed.
    pub(super) acknowledged: Arc<Mutex<Vec<(TableName, i64)>>>,
}

impl Runner {
    pub(super) fn new(wire: Arc<Wire>) -> Runner {
        Runner { wire, clock: Arc::new(Utc::now), witness: Arc::new(Log), acknowledged: Arc::default() }
    }

    pub(super) fn calm(disk: &Arc<Disk>) -> Runner {
        Runner::new(Wire::calm(disk))
    }

    pub(super) fn with_clock(self, clock: Clock) -> Runner {
        Runner { clock, ..self }
    }

    /// The same one, to be led through its batches by hand.
    pub(super) fn led(self, scenario: &Arc<Scenario>, select: &Select, gates: gate::Gates) -> gate::Led {
        gate::Led::start(scenario.clone(), self, select.clone(), gates)
    }
}
