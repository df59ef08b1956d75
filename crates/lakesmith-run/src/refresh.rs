//! Reading again what was read: when the project has changed, rows of the former definition stay as they were computed
//! until somebody asks for them to be computed again. All of a table, or what reached bronze since a given time.
//!
//! Either is one batch of the flow like any other: planned, computed, recorded and committed, finished by the next run if
//! it is interrupted. Only what differs is written.

use crate::error::RunError;
use crate::lake::Lake;
use crate::{read, versions};
use chrono::{DateTime, SecondsFormat, Utc};
use lakesmith_compile::{Flow, FlowKind, Layer, TableName};
use lakesmith_engine::Pinned;
use lakesmith_project::History;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is to be read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Again {
    /// All that the inputs hold: the table is computed as if it had never been.
    #[serde(rename = "full_refresh")]
    Whole,
    /// What reached bronze at this time or later, with all that bronze holds of the same keys.
    #[serde(rename = "from")]
    Since(DateTime<Utc>),
}

impl Again {
    /// From when on bronze is read again.
    pub(crate) fn since(self) -> Option<DateTime<Utc>> {
        match self {
            Again::Whole => None,
            Again::Since(time) => Some(time),
        }
    }
}

/// What runs of this lake are asked to read again, by flow.
pub(crate) type Asked = BTreeMap<TableName, Again>;

/// Why a flow reads nothing again, and what to do instead.
struct Reason {
    words: String,
    help: String,
}

impl Lake {
    /// Has the next run read again what those of the selected flows have read that can. Flows that cannot run as ever.
    /// `named`: the selectors as they were written.
    ///
    /// # Errors
    /// [`RunError::NotAgain`] where one of `named` is just such a table, or none of the selected ones can; and for a time
    /// that is yet to come.
    pub fn read_again(&mut self, again: Again, selected: &BTreeSet<TableName>, named: &[String]) -> Result<(), RunError> {
        if let Again::Since(time) = again
            && time > self.now()
        {
            let words = format!("{} is yet to come: nothing has reached bronze since", said(time));
            return Err(refused(Reason { words, help: "give a day or a time that has passed".to_owned() }));
        }
        let (mut asked, mut first) = (Asked::new(), None);
        for flow in self.plan().flows.iter().filter(|flow| selected.contains(&flow.name)) {
            match reason(flow, again) {
                None => {
                    asked.insert(flow.name.clone(), again);
                }
                Some(reason) if self.is_named(flow, named) => return Err(refused(reason)),
                Some(reason) => first = first.or(Some(reason)),
            }
        }
        match first.filter(|_| asked.is_empty()) {
            Some(reason) => Err(refused(reason)),
            None => {
                self.ask_again(asked);
                Ok(())
            }
        }
    }

    /// Whether a table is selected by its own name, and nothing else is by that.
    fn is_named(&self, flow: &Flow, named: &[String]) -> bool {
        let full = flow.name.to_string();
        let own = format!("{}.", self.plan().lakehouse);
        named.iter().flat_map(|written| written.split_whitespace()).any(|written| {
            let plain = written.strip_prefix(&own).unwrap_or(written);
            plain.eq_ignore_ascii_case(&full) || plain.eq_ignore_ascii_case(flow.name.name())
        })
    }
}

/// Before a table is computed again from all that bronze holds: bronze must hold every row that its receipts tell of. What
/// somebody took away from it would go from the table too.
pub(crate) async fn complete(lake: &Lake, inputs: &[Pinned]) -> Result<(), RunError> {
    for input in inputs.iter().filter(|input| input.table.layer() == Layer::Bronze) {
        let Some((owner, _)) = lake.plan().table(&input.table).filter(|(owner, _)| owner.name == input.table) else { continue };
        // The receipts of an existing table count what was read of it, which may be more than what is new.
        if versions::source(lake, owner).is_some() {
            continue;
        }
        let rows: Option<u64> = input.snapshot.files().await?.iter().map(|file| file.num_records()).sum();
        let told = read::rows_told(lake, owner, input.upto).await?;
        if let Some(rows) = rows.filter(|rows| *rows < told) {
            return Err(RunError::BronzeLost { table: input.table.clone(), rows, told });
        }
    }
    Ok(())
}

/// Why a flow cannot be asked; `None`: it can.
fn reason(flow: &Flow, again: Again) -> Option<Reason> {
    let name = &flow.name;
    match (flow.kind, again) {
        (FlowKind::Bronze { .. }, _) => Some(Reason {
            words: format!("`{name}` keeps rows as they came: nothing in it is computed, and rows are only added to it"),
            help: format!(
                "select what reads it, such as `{name}+`; reading a source's files again (`--from-source`) is not built yet"
            ),
        }),
        (FlowKind::Entity { history: History::Append }, _) => Some(Reason {
            words: format!("`{name}` keeps every row as it came (`history: append`): it has no key that tells them apart"),
            help: "give it a `key` and `history: changes`, in an entity of another name".to_owned(),
        }),
        (FlowKind::Entity { .. }, _) if flow.inputs.iter().any(|input| input.each) => Some(Reason {
            words: format!("`{name}` deletes what a full load lacks: each load was weighed against the table as it was then"),
            help: "the next full load makes every row that it names anew; what reads the table can be refreshed".to_owned(),
        }),
        (FlowKind::Entity { .. }, Again::Whole) => None,
        (_, Again::Whole) if flow.rebuilds => None,
        (_, Again::Whole) => Some(Reason {
            words: format!("`{name}` cannot be made anew from what its inputs hold"),
            help: "select other tables".to_owned(),
        }),
        (FlowKind::Entity { .. }, Again::Since(_)) if flow.window.is_some() || !flow.columns_known => None,
        (_, Again::Since(_)) => Some(Reason {
            words: format!("`{name}` does not read bronze, and `--from` says from when on bronze is read again"),
            help: "select the silver tables that read bronze; what reads those follows them by what differs".to_owned(),
        }),
    }
}

/// Whether a table can be computed again as a whole.
pub(crate) fn can(flow: &Flow) -> bool {
    reason(flow, Again::Whole).is_none()
}

fn refused(reason: Reason) -> RunError {
    RunError::NotAgain { reason: reason.words, help: reason.help }
}

/// A time as it is shown, UTC.
fn said(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests;
