//! What happened in a simulated run, one JSON object a line, for the model of the protocol.
//!
//! | field | |
//! | --- | --- |
//! | `runner` | who: `a`, `b` … |
//! | `event` | `plan`: there is a new batch; `found`: a record is to be finished; `compute`: data files lie in the storage; `record`; `commit_companion`; `commit_target`; `crash`: the runner is gone; `fail`: its run ended with an error |
//! | `flow` | its table, `silver.sales_orders`; `null` with `crash` and `fail`, as is all that follows |
//! | `batch` | the batch's number |
//! | `attempt` | which computation of it, from 1 |
//! | `output` | with a commit: the table's path in the storage |
//! | `version` | with a commit: the version it made |
//!
//! Records and commits are told by the store when they land, in that order, whatever their runner learns of it.

use crate::phase::{Moment, Phase, Witness};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::fs;
use std::sync::{Arc, Mutex};

/// The lines of one simulated run. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace(Arc<Mutex<Vec<Value>>>);

impl Trace {
    pub(super) fn tell(&self, runner: &str, event: &str, flow: Value, batch: Value, attempt: Value) {
        let line = json!({ "runner": runner, "event": event, "flow": flow, "batch": batch, "attempt": attempt, "output": null, "version": null });
        self.0.lock().unwrap().push(line);
    }

    /// A runner is gone, or its run has failed.
    pub(super) fn ended(&self, runner: &str, event: &str) {
        self.tell(runner, event, Value::Null, Value::Null, Value::Null);
    }

    /// An object that was put at `path` of the storage for the first time.
    pub(super) fn landed(&self, runner: &str, path: &str, bytes: &[u8]) {
        if let Some(name) = path.strip_prefix("_lakesmith/flows/") {
            let (flow, number) = name.split_once('/').unwrap_or((name, "0"));
            let (batch, attempt) = numbers(number);
            self.tell(runner, "record", flow.into(), batch, attempt);
        } else if let Some((output, entry)) = path.split_once("/_delta_log/")
            && let Some(version) = entry.strip_suffix(".json").and_then(|digits| digits.parse::<i64>().ok())
        {
            let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let Ok(line) = serde_json::from_slice::<Value>(first) else { return };
            let info = &line["commitInfo"]["lakesmith"];
            // Without a batch it is somebody else's commit to the model: descriptions that follow the project, a compaction.
            if info["flow"].is_null() || info["batch"].is_null() {
                return;
            }
            let record = info["record"].as_str().and_then(|path| path.rsplit_once('/')).map(|(_, name)| numbers(name));
            let attempt = record.map_or(json!(1), |(_, attempt)| attempt);
            let event = if info["outcomes"].is_null() { "commit_companion" } else { "commit_target" };
            let line = json!({ "runner": runner, "event": event, "flow": info["flow"], "batch": info["batch"], "attempt": attempt, "output": output, "version": version });
            self.0.lock().unwrap().push(line);
        }
    }

    /// How often something happened.
    pub(super) fn count(&self, event: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|line| line["event"] == event).count()
    }

    /// The last lines, for a message.
    pub(super) fn end(&self) -> String {
        let lines = self.0.lock().unwrap();
        lines.iter().skip(lines.len().saturating_sub(30)).map(|line| format!("{line}\n")).collect()
    }

    /// Writes it to the folder for traces, if there is one.
    pub(super) fn keep(&self, case: &str) {
        let Some(folder) = super::dice::traces() else { return };
        fs::create_dir_all(&folder).unwrap();
        let name: String = case.chars().map(|c| if c.is_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect();
        fs::write(folder.join(format!("{name}.jsonl")), self.to_string()).unwrap();
    }
}

impl std::fmt::Display for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.lock().unwrap().iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// `7.2` is the second computation of batch 7.
fn numbers(name: &str) -> (Value, Value) {
    let (batch, attempt) = name.split_once('.').unwrap_or((name, "1"));
    (json!(batch.parse::<i64>().ok()), json!(attempt.parse::<i64>().ok()))
}

/// Tells the trace what a runner does, and then whoever else wants to know.
pub(super) struct Told {
    pub(super) runner: String,
    pub(super) trace: Trace,
    pub(super) next: Arc<dyn Witness>,
}

impl Witness for Told {
    fn reached(&self, moment: Moment) -> BoxFuture<'_, ()> {
        let event = match moment.phase {
            Phase::Planned => Some("plan"),
            Phase::Found => Some("found"),
            Phase::FilesClosed => Some("compute"),
            _ => None,
        };
        if let Some(event) = event {
            let flow = moment.flow.to_string();
            self.trace.tell(&self.runner, event, flow.into(), moment.batch.into(), moment.attempt.into());
        }
        self.next.reached(moment)
    }
}
