//! A step: one `SELECT` in Spark SQL and how its rows are written.

use crate::name::TableName;
use lakesmith_text::Span;
use serde::{Deserialize, Serialize};

/// The named parameters that the runner binds for each batch.
pub mod parameter {
    /// The batch's number, BIGINT.
    pub const BATCH: &str = "batch_id";
    /// The batch's time, TIMESTAMP; `current_timestamp()` means this.
    pub const NOW: &str = "now";

    /// The earliest time of the rows of a batch, TIMESTAMP or NULL: the column `first` of the kept query [`SPAN`].
    pub const FIRST_TIME: &str = "first_time";
    /// The latest one: its column `last`.
    pub const LAST_TIME: &str = "last_time";
    /// The kept query whose one row gives these two, so that a table is read only where it has such times.
    pub const SPAN: &str = "span";

    /// Whether a companion holds rows that those of the batch may take the place of, BOOLEAN: not in the first batch.
    pub const BESIDE: &str = "beside";

    /// Rows that reached bronze at this time or later are read again, TIMESTAMP: in the step [`Flow::window`](crate::Flow).
    pub const INGESTED_SINCE: &str = "ingested_since";

    /// The first day of the period in which the last batch ran, of a flow whose table goes on with time, DATE or NULL.
    pub const PERIOD_BEFORE: &str = "period_before";

    /// The last `_batch_id` of input `n` (from 1) that earlier batches have read, BIGINT.
    pub fn after(n: usize) -> String {
        format!("after_{n}")
    }

    /// The last `_batch_id` of input `n` that this batch reads, BIGINT.
    pub fn upto(n: usize) -> String {
        format!("upto_{n}")
    }

    /// The version at which input `n` was read before, BIGINT; -1 where that is not known.
    pub fn since(n: usize) -> String {
        format!("since_{n}")
    }

    /// The relation of what changed in input `n` since then: its columns and `_change_type`, as `table_changes` of Delta.
    pub fn changes(n: usize) -> String {
        format!("changes_{n}")
    }
}

/// One named query before the `SELECT`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cte {
    /// The name by which later queries read it.
    pub name: String,
    /// Its query.
    pub sql: String,
    /// An engine computes it once and keeps the rows, because several queries read them.
    pub kept: bool,
}

/// How the rows of a step are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Write {
    /// Every row is added.
    Append,
    /// The rows that the target holds of the keys in the query `keys` become those of the step. A row that stands
    /// there already with equal values stays as it is.
    ReplaceKeys(Keyed),
    /// The rows that the target holds become those of the step; only the difference is written.
    ReplaceAll(Keyed),
}

/// What tells rows apart in a replacement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Keyed {
    /// Columns of the query `keys`, by which the target's rows are concerned; empty with `ReplaceAll`.
    pub keys: Vec<String>,
    /// Columns that make one row of the target unique, NULLs included.
    pub identity: Vec<String>,
    /// The column that numbers rows, if the table has surrogate keys: a row that has one keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surrogate: Option<String>,
    /// Columns that a replaced row takes from the row it replaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<String>,
    /// Columns that say when or how a row came, not what it says: a row that differs in them alone is unchanged.
    pub stamps: Vec<String>,
}

/// A condition that must hold before anything is committed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// The diagnostic's code.
    pub code: &'static str,
    /// A query of one BIGINT: how many rows or keys break it.
    pub sql: String,
    /// What is wrong, without a row's values; `{count}` stands for the number.
    pub message: String,
    /// What to do next.
    pub help: String,
    /// The line that asked for it.
    #[serde(skip)]
    pub at: Option<Span>,
}

/// The rows of a batch for a companion of its table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Beside {
    /// The companion.
    pub table: TableName,
    /// Its rows, as its columns.
    pub select: String,
    /// What of the companion they take the place of; `None`: they are added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Replaces>,
}

/// Which rows of a companion those of a batch take the place of, where a batch reads again what earlier ones have read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replaces {
    /// A query of the columns `keyed.keys`: the rows that the companion holds of these keys are concerned. `None`: all are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<String>,
    /// What tells its rows apart.
    pub keyed: Keyed,
}

/// A number that the run reports beside the outcomes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// What is counted: `unknown customer_key`.
    pub name: String,
    /// A query of one BIGINT over `result`, the rows of the step.
    pub sql: String,
}

/// An expression that a person wrote, where it stands, and how to try it alone when a step fails.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The expression in the step's SQL.
    pub sql: String,
    /// The relation whose rows it is computed over: a CTE of the step.
    pub over: String,
    /// Where it was written.
    pub at: Span,
}

/// One `SELECT` and a write, for every batch of one flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Named queries, in order.
    pub with: Vec<Cte>,
    /// The rows for the target, as its columns, with two further ones: `_new` INT, 1 for a row that this batch read;
    /// and `_outcome` STRING, NULL for a row that the target is to hold, else what became of it.
    pub select: String,
    /// How they are written.
    pub write: Write,
    /// The rows for the companions, from the kept queries; a step that reads only what is new adds them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub companions: Vec<Beside>,
    /// `_outcome`, number of rows: what became of the rows of `batch` before the select.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcomes: Option<String>,
    /// What must hold before the first commit. A recorded step has passed them: a record does not bring them back.
    #[serde(skip_deserializing, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// What is counted and reported.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counts: Vec<Counted>,
    /// The expressions within, each with its line.
    #[serde(skip)]
    pub places: Vec<Place>,
}

impl Step {
    /// The whole query as one text.
    pub fn sql(&self) -> String {
        let ctes: Vec<String> = self
            .with
            .iter()
            .map(|cte| format!("{} AS (\n{}\n)", crate::select::quote(&cte.name), crate::select::indent(&cte.sql)))
            .collect();
        match ctes.is_empty() {
            true => self.select.clone(),
            false => format!("WITH {}\n{}", ctes.join(", "), self.select),
        }
    }
}
