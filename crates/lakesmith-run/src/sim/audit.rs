//! The logs as they lie in the storage, read without the program's own eyes.
//!
//! Of every table: versions without a gap; the flow's batches 1, 2, 3 …, each in one commit; every file that a commit
//! names is there and is added once; what is removed was there. Of every flow: each batch's outcomes add up, and together
//! they make as many rows as the table has.

use super::store::{Disk, LAKE};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What is wrong, in words.
pub(super) async fn audit(disk: &Disk) -> Vec<String> {
    let objects = disk.objects(LAKE).await;
    let mut faults = vec![];
    let mut logs: BTreeMap<&str, Vec<(i64, Vec<Value>)>> = BTreeMap::new();
    for (path, bytes) in &objects {
        let Some((table, entry)) = path.split_once("/_delta_log/") else { continue };
        let Some(version) = entry.strip_suffix(".json").and_then(|digits| digits.parse().ok()) else { continue };
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        match lines.map(serde_json::from_slice).collect::<Result<Vec<Value>, _>>() {
            Ok(actions) => logs.entry(table).or_default().push((version, actions)),
            Err(error) => faults.push(format!("{path}: {error}")),
        }
    }
    for (table, log) in &mut logs {
        log.sort_by_key(|(version, _)| *version);
        let there = |file: &str| objects.contains_key(&format!("{table}/{}", file.replace("%25", "%")));
        // Nobody reads the member -1 of a dimension: it has no outcome.
        let unread = i64::from(table.starts_with("gold/dimensions/") && *table != "gold/dimensions/dim_date");
        faults.extend(of_table(log, unread, &there).into_iter().map(|fault| format!("{table}: {fault}")));
    }
    faults
}

fn of_table(log: &[(i64, Vec<Value>)], unread: i64, there: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut faults = vec![];
    let mut active: BTreeMap<String, i64> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let (mut batch, mut rows, mut counted) = (0, 0_i64, false);
    for (expected, (version, actions)) in (0..).zip(log) {
        if *version != expected {
            faults.push(format!("version {expected} is missing"));
            break;
        }
        let mut own = None;
        for action in actions {
            if let Some(path) = action["remove"]["path"].as_str()
                && active.remove(path).is_none()
            {
                faults.push(format!("version {version} removes {path}, which is not there"));
            }
        }
        for action in actions {
            if let Some(path) = action["add"]["path"].as_str() {
                if !there(path) {
                    faults.push(format!("version {version} names {path}, which is lost"));
                }
                if !seen.insert(path.to_owned()) {
                    faults.push(format!("version {version} adds {path} again"));
                }
                let stats: Value = action["add"]["stats"].as_str().and_then(|s| serde_json::from_str(s).ok()).unwrap_or_default();
                active.insert(path.to_owned(), stats["numRecords"].as_i64().unwrap_or_default());
            }
            if let Some(cdc) = action["cdc"]["path"].as_str()
                && !there(cdc)
            {
                faults.push(format!("version {version} names {cdc}, which is lost"));
            }
            let info = &action["commitInfo"]["lakesmith"];
            if let (Some(flow), Some(number)) = (info["flow"].as_str(), info["batch"].as_i64()) {
                own = Some((flow.to_owned(), number));
                let outcomes = &info["outcomes"];
                if outcomes.is_object() {
                    counted = true;
                    let of = |name: &str| outcomes[name].as_i64().unwrap_or_default();
                    let sum: i64 = ["inserted", "updated", "unchanged", "superseded", "quarantined", "dropped", "deleted"]
                        .map(of)
                        .iter()
                        .sum();
                    if of("read") != sum {
                        faults.push(format!("batch {number} has read {} rows and tells of {sum}", of("read")));
                    }
                    rows += of("inserted") - of("removed");
                }
            }
        }
        let Some((flow, number)) = own else { continue };
        let stamped = actions.iter().any(|a| a["txn"]["appId"] == *flow && a["txn"]["version"] == number);
        if !stamped {
            faults.push(format!("version {version} is of batch {number} and does not say so to the log"));
        }
        // A companion has no row in every batch; the target has each.
        if number <= batch || (counted && number != batch + 1) {
            faults.push(format!("batch {number} follows batch {batch}"));
        }
        batch = number;
    }
    let held: i64 = active.values().sum();
    if counted && held != rows + unread {
        faults.push(format!("its outcomes make {} rows, its files have {held}", rows + unread));
    }
    faults
}
