//! `lakesmith run --watch`: files are read as soon as they arrive, and it ends when it is asked to.
#![cfg(unix)]

use crate::house::{Deliveries, House};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(60);

fn house() -> House {
    let house = House::new(&Deliveries(vec![]));
    house.write("lakehouse.yaml", "lakehouse: shop\n");
    house.write(
        "sources/shop.yaml",
        "source: shop\ntype: files\npath: landing/\ntables:\n  events: { path: \"events/*.csv\", change_capture: event }\n  other: { path: \"other/*.csv\" }\n",
    );
    house.write("silver/sales/events.yaml", "from: bronze.shop_events\nhistory: append\ncolumns:\n  id: { type: string }\n");
    house
}

/// A run that watches.
struct Watching {
    child: Child,
    /// A report a line.
    reports: Receiver<Value>,
    talk: Receiver<String>,
}

impl Watching {
    fn start(house: &House, every: &str) -> Watching {
        let mut command = house.command(&["run", "--watch", "--every", every, "--format", "json"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (told, reports) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in out.lines() {
                let _ = told.send(serde_json::from_str(&line.unwrap()).unwrap());
            }
        });
        let (said, talk) = channel();
        let err = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in err.lines() {
                let _ = said.send(line.unwrap());
            }
        });
        Watching { child, reports, talk }
    }

    fn hears(&self, words: &str) {
        while !self.talk.recv_timeout(SOON).unwrap_or_else(|_| panic!("it does not say {words:?}")).contains(words) {}
    }

    /// The flows of the next run in which something happened, with what each read.
    fn ran(&self) -> Vec<(String, u64)> {
        let report = self.reports.recv_timeout(SOON).expect("a run");
        let flows = report["flows"].as_array().unwrap();
        flows.iter().map(|flow| (flow["flow"].as_str().unwrap().to_owned(), flow["outcomes"]["read"].as_u64().unwrap())).collect()
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap().success());
    }

    fn ends_with(mut self, code: i32) {
        for _ in 0..600 {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert_eq!(status.code(), Some(code));
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("it does not end");
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn files_are_read_when_they_arrive_with_what_follows_from_them() {
    let house = house();
    house.write("landing/events/1.csv", "id\n1\n");
    // An hour: what is read before that is read because somebody told of it.
    let watching = Watching::start(&house, "1h");
    assert_eq!(watching.ran().len(), 3, "everything, at the start");
    watching.hears("watching");
    house.write("landing/events/2.csv", "id\n2\n3\n");
    assert_eq!(watching.ran(), [("bronze.shop_events".to_owned(), 2), ("silver.sales_events".to_owned(), 2)]);
    // A folder that was not there.
    house.write("landing/other/1.csv", "id\n7\n");
    assert!(watching.ran().contains(&("bronze.shop_other".to_owned(), 1)));
    house.write("landing/other/2.csv", "id\n8\n");
    assert_eq!(watching.ran(), [("bronze.shop_other".to_owned(), 1)]);
    watching.signal("INT");
    watching.hears("ended after");
    watching.ends_with(0);
    assert_eq!(house.query("SELECT count(*) AS n FROM silver.sales_events")[0]["n"], 3);
}

#[test]
fn now_and_then_everything_is_listed_without_being_told() {
    let house = house();
    house.write("landing/events/1.csv", "id\n1\n");
    let watching = Watching::start(&house, "1s");
    watching.ran();
    // What was broken by hand is told, and does not end it.
    house.write("silver/sales/events.yaml", "from: bronze.shop_events\nnonsense: 1\n");
    watching.hears("unknown key `nonsense`");
    house.write("silver/sales/events.yaml", "from: bronze.shop_events\nhistory: append\ncolumns:\n  id: { type: string }\n");
    house.write("landing/events/2.csv", "id\n2\n");
    assert!(watching.ran().contains(&("bronze.shop_events".to_owned(), 1)));
    watching.signal("TERM");
    watching.ends_with(0);
}

#[test]
fn a_project_with_faults_is_not_watched() {
    let house = house();
    house.write("silver/sales/events.yaml", "from: bronze.shop_events\nnonsense: 1\n");
    Watching::start(&house, "1h").ends_with(2);
}
