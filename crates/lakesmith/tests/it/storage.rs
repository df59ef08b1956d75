//! Lakes on the storages of clouds: the same tables as on the local disk, also after a kill, and in spite of failing answers.

use crate::examples::{deliver, example, retail_by};
use crate::lakesmith;
use crate::servers::Server;
use crate::tier::{Dice, amount, seed, tally};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Where a project's tables lie, and what the environment says of it.
struct Place {
    storage: String,
    environment: Vec<(&'static str, String)>,
}

fn s3(endpoint: String) -> Place {
    let environment = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "the-canary-secret"),
    ];
    let environment = environment.map(|(name, value)| (name, value.to_owned())).to_vec();
    Place { storage: "s3://lake/some/prefix".to_owned(), environment }
}

fn on_s3(server: &Server) -> Place {
    s3(format!("http://127.0.0.1:{}", server.port))
}

fn on_azure(server: &Server) -> Place {
    let endpoint = format!("http://127.0.0.1:{}", server.port);
    let environment = vec![("AZURE_STORAGE_USE_EMULATOR", "true".to_owned()), ("AZURITE_BLOB_STORAGE_URL", endpoint)];
    Place { storage: "abfss://lake@devstoreaccount1.dfs.core.windows.net/dev".to_owned(), environment }
}

impl Place {
    /// The project has its tables here.
    fn take(&self, project: &Path) {
        let path = project.join("lakehouse.yaml");
        let text = fs::read_to_string(&path).unwrap();
        let moved = text.replace("storage: .lake", &format!("storage: \"{}\"", self.storage));
        assert_ne!(text, moved);
        fs::write(path, moved).unwrap();
    }

    fn command(&self, project: &Path, arguments: &[&str]) -> Command {
        let mut command = lakesmith();
        command.current_dir(project).args(arguments).envs(self.environment.iter().cloned());
        command
    }

    fn run(&self, project: &Path) -> Value {
        let output = self.command(project, &["run", "--format", "json"]).output().unwrap();
        assert!(output.status.success(), "{}", told(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn retail(&self, project: &Path) -> BTreeMap<&'static str, Vec<Value>> {
        retail_by(|sql| {
            let output = self.command(project, &["query", "--format", "json", sql]).output().unwrap();
            assert!(output.status.success(), "{sql}: {}", told(&output));
            serde_json::from_slice(&output.stdout).unwrap()
        })
    }
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What the tables of retail are on the local disk.
fn expected() -> BTreeMap<&'static str, Vec<Value>> {
    let project = example("retail", |_| true);
    let local = Place { storage: ".lake".to_owned(), environment: vec![] };
    local.run(project.path());
    local.retail(project.path())
}

fn same(place: &Place, project: &TempDir, case: &str) {
    let (expected, found) = (expected(), place.retail(project.path()));
    for (name, rows) in &expected {
        assert_eq!(rows, &found[name], "{case}: {name}");
    }
    assert!(!project.path().join(".lake").exists(), "{case}: nothing lies beside the project");
}

/// In two deliveries, and once more with nothing new.
fn in_two_deliveries(place: &Place) -> TempDir {
    let project = example("retail", |file| file.contains("_d1_"));
    place.take(project.path());
    place.run(project.path());
    deliver("retail", project.path(), |_| true);
    place.run(project.path());
    project
}

#[test]
fn retail_is_the_same_on_s3_and_an_idle_run_asks_little() {
    let Some(mut server) = Server::s3(&[]) else { return };
    let place = on_s3(&server);
    let project = in_two_deliveries(&place);
    same(&place, &project, "s3");
    server.counts();
    let report = place.run(project.path());
    assert!(report["flows"].as_array().unwrap().iter().all(|flow| flow["status"] == "up_to_date"), "{report}");
    let counts = server.counts();
    assert_eq!(counts.get("PUT"), None, "{counts:?}");
    let requests: u64 = counts.values().sum();
    assert!(requests <= IDLE_REQUESTS, "an idle run of retail made {requests} requests: {counts:?}");
}

/// Of an idle run over retail: eleven flows, eighteen tables.
const IDLE_REQUESTS: u64 = 150;

#[test]
fn retail_is_the_same_on_azure() {
    let Some(server) = Server::azure() else { return };
    let place = on_azure(&server);
    let project = in_two_deliveries(&place);
    same(&place, &project, "azure");
}

#[test]
fn c2_a_run_on_s3_goes_on_where_it_was_killed() {
    let Some(server) = Server::s3(&[]) else { return };
    let place = on_s3(&server);
    let project = example("retail", |_| true);
    place.take(project.path());
    let kills = amount(2, 5, 40);
    let mut pauses = vec![];
    for kill in 0..kills {
        let mut child = place.command(project.path(), &["run"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let pause = 100 + Dice::of("c2_s3", kill).below(900) as u64;
        pauses.push(pause);
        std::thread::sleep(Duration::from_millis(pause));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    place.run(project.path());
    same(&place, &project, &format!("LAKESMITH_SEED={}, killed after {pauses:?} ms", seed()));
    tally("c2_a_run_on_s3_goes_on_where_it_was_killed", &[("kills", kills)]);
}

#[test]
fn s1_s2_retail_is_the_same_where_a_tenth_of_the_answers_fail() {
    let seed = (seed() % 1_000_000_007).to_string();
    let Some(server) = Server::s3(&["--fail", "10", "--conflicts", "--seed", &seed]) else { return };
    let place = on_s3(&server);
    let project = example("retail", |_| true);
    place.take(project.path());
    place.run(project.path());
    same(&place, &project, &format!("LAKESMITH_SEED={seed}"));
}

#[test]
fn s4_a_storage_that_ignores_if_none_match_is_refused_before_anything_runs() {
    let Some(mut server) = Server::s3(&["--ignore-conditions"]) else { return };
    let place = on_s3(&server);
    let project = example("retail", |_| true);
    place.take(project.path());
    let output = place.command(project.path(), &["run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    assert!(told(&output).contains("unsafe-storage"), "{}", told(&output));
    assert!(told(&output).contains("If-None-Match"), "{}", told(&output));
    let counts = server.counts();
    assert!(counts["PUT"] <= 2, "only the probe was put: {counts:?}");
}

/// The endpoint speaks TLS, or would if it were there: a run says so within a minute, and says no secret.
#[test]
fn s1_a_storage_that_does_not_answer_ends_the_run_with_its_name() {
    let place = s3("https://127.0.0.1:9".to_owned());
    let project = example("retail", |_| true);
    place.take(project.path());
    let started = Instant::now();
    let output = place.command(project.path(), &["run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(started.elapsed() < Duration::from_secs(100), "{:?}", started.elapsed());
    assert!(told(&output).contains("storage `s3://lake/some/prefix/`"), "{}", told(&output));
    assert!(!told(&output).contains("canary"), "{}", told(&output));
}
