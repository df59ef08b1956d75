//! What a batch has to say of its source's columns, and of the definition by which it was computed.

use super::watch::{MOST_NAMES, Seen};
use crate::error::RunError;
use crate::lake::Lake;
use crate::refresh;
use lakesmith_compile::{Change, Flow, TableName};
use lakesmith_engine::delta::{DeltaError, Snapshot};
use lakesmith_project::SchemaEvolution;
use lakesmith_sql::DataType;
use lakesmith_text::Diagnostic;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many commits are looked at for the beginning of what still goes on.
const COMMITS_BACK: i64 = 100;

/// What a batch has to say beside its counts. Kept in its record and its commit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// Columns that the batch added to its table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<Change>,
    /// Values that did not fit their columns and are in `_rescued_data`, by column.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unfit: BTreeMap<String, Unfit>,
    /// Values for which the table has no column, by their names in the source.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unknown: BTreeMap<String, Unknown>,
    /// How many values have no column either, under names beyond the first hundred.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unknown_further: u64,
    /// Columns without a value in the batch that had values in every file before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<String>,
    /// Parts of the table's definition that earlier rows were not computed by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redefined: Vec<String>,
}

/// Values of one column that do not fit its type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unfit {
    /// How many in the batch.
    pub values: u64,
    /// The column's type.
    pub holds: DataType,
    /// A type that would hold these values and those that the column has.
    pub fits: DataType,
    /// How many since this began.
    pub total: u64,
    /// The batch in which it began.
    pub since: i64,
}

/// Values that have no column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unknown {
    /// How many in the batch.
    pub values: u64,
    /// A type that would hold them.
    pub fits: DataType,
    /// Whether they are kept in `_rescued_data`; else they are left out.
    pub kept: bool,
}

impl Drift {
    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        *self == Drift::default()
    }

    /// What the next batch of the same run has to say beside it.
    pub(crate) fn extend(&mut self, next: Drift) {
        self.added.extend(next.added);
        for (column, unfit) in next.unfit {
            let values = self.unfit.get(&column).map_or(0, |former| former.values) + unfit.values;
            self.unfit.insert(column, Unfit { values, ..unfit });
        }
        self.unknown_further += next.unknown_further;
        for (column, unknown) in next.unknown {
            if self.unknown.len() >= MOST_NAMES && !self.unknown.contains_key(&column) {
                self.unknown_further += unknown.values;
                continue;
            }
            let values = self.unknown.get(&column).map_or(0, |former| former.values) + unknown.values;
            self.unknown.insert(column, Unknown { values, ..unknown });
        }
        self.absent.extend(next.absent);
        self.redefined.extend(next.redefined);
        self.redefined.sort();
        self.redefined.dedup();
    }
}

/// What was seen in the rows of a batch, with since when values have not fitted.
pub(crate) async fn since(lake: &Lake, base: &Snapshot, batch: i64, seen: &Seen, kept: bool) -> Result<Drift, RunError> {
    let mut drift = Drift { unknown_further: seen.further, ..Drift::default() };
    for (name, (values, looks)) in &seen.unknown {
        drift.unknown.insert(name.clone(), Unknown { values: *values, fits: looks.ty(None), kept });
    }
    for (column, (values, holds, looks)) in &seen.unfit {
        let fits = looks.ty(Some(holds));
        drift.unfit.insert(column.clone(), Unfit { values: *values, holds: holds.clone(), fits, total: *values, since: batch });
    }
    let mut open: Vec<String> = drift.unfit.keys().cloned().collect();
    let mut version = base.version();
    while version > 0 && base.version() - version < COMMITS_BACK && !open.is_empty() {
        let facts = match lake.storage().commit_facts(base.table(), version).await {
            Ok(facts) => facts,
            Err(DeltaError::Missing { .. }) => break,
            Err(error) => return Err(error.into()),
        };
        let accepted: Vec<String> =
            facts.get("accepted").and_then(|v| serde_json::from_value(v.clone()).ok()).unwrap_or_default();
        open.retain(|column| !accepted.contains(column));
        let former: Option<Drift> = facts.get("drift").and_then(|v| serde_json::from_value(v.clone()).ok());
        for (column, former) in former.into_iter().flat_map(|former| former.unfit) {
            if let Some(unfit) = drift.unfit.get_mut(&column).filter(|_| open.contains(&column)) {
                unfit.total += former.total;
                unfit.since = former.since;
                if former.fits != unfit.fits {
                    let wider = lakesmith_compile::widens(&unfit.fits, &former.fits);
                    unfit.fits = if wider { former.fits } else { widest(&unfit.fits, &former.fits) };
                }
                open.retain(|other| *other != column);
            }
        }
        version -= 1;
    }
    Ok(drift)
}

/// Of two types the one that holds the values of both.
fn widest(one: &DataType, other: &DataType) -> DataType {
    if lakesmith_compile::widens(other, one) { one.clone() } else { DataType::String }
}

/// The columns that have no value in a batch and had one in every data file since they came.
pub(crate) async fn absent(base: &Snapshot, seen: &Seen, data: &[String]) -> Result<Vec<String>, RunError> {
    let missing: Vec<&String> = data.iter().filter(|name| !seen.present.contains(*name)).collect();
    if seen.rows == 0 || missing.is_empty() {
        return Ok(vec![]);
    }
    let files = base.files().await?;
    let delivered = |name: &&&String| {
        let mut had = false;
        for file in files.iter() {
            let (Some(rows), Some(nulls)) = (file.num_records(), file.stats().and_then(|stats| stats.nulls(name))) else {
                continue;
            };
            if rows > 0 && nulls >= rows {
                return false;
            }
            had |= rows > 0;
        }
        had
    };
    Ok(missing.iter().filter(delivered).map(|name| (*name).clone()).collect())
}

/// The same in words, each with what to do about it.
pub(crate) fn notes(flow: &Flow, drift: &Drift, policy: Option<SchemaEvolution>) -> Vec<Diagnostic> {
    let (table, at) = (&flow.name, flow.at);
    let note = |words: String| Diagnostic::warning("schema-drift", words).at(at);
    let mut notes = vec![];
    if !drift.added.is_empty() && policy.is_some() {
        let columns: Vec<String> = drift.added.iter().map(ToString::to_string).collect();
        let help = "earlier rows have NULL there; `schema_evolution: rescue`, `fail` or `none` keeps new columns out";
        notes.push(note(format!("{table} has grown: {}", columns.join(", "))).help(help));
    }
    for (column, Unfit { values, holds, fits, total, since }) in &drift.unfit {
        let now = if total > values { format!(", {values} of them now") } else { String::new() };
        let words = format!("column `{column}` of {table}: {} did not fit {holds} since batch {since}{now}", counted(*total));
        let nested = |ty: &DataType| !ty.is_atomic();
        let help = match nested(holds) {
            true => "they are kept in `_rescued_data`; read them with `get_json_object`".to_owned(),
            false => format!("they are kept in `_rescued_data`; accept them with `{}`", command(table, column, Some(fits))),
        };
        notes.push(note(words).help(help));
    }
    for (name, Unknown { values, fits, kept }) in &drift.unknown {
        let policy = policy.map_or("add_columns", SchemaEvolution::as_str);
        let words = match kept {
            true => {
                format!("{table} has no column `{name}`: {} kept in `_rescued_data` (`schema_evolution: {policy}`)", are(*values))
            }
            false => format!("{table} has no column `{name}`: {} left out (`schema_evolution: {policy}`)", are(*values)),
        };
        let help = format!("take the column in with `{}`", command(table, name, Some(fits)));
        notes.push(note(words).help(help));
    }
    if drift.unknown_further > 0 {
        let what = match drift.unknown.values().all(|unknown| unknown.kept) {
            true => format!("{} kept in `_rescued_data`", are(drift.unknown_further)),
            false => format!("{} left out", are(drift.unknown_further)),
        };
        let help =
            "names without end are values: deliver them as an array of pairs, or declare the field as STRING in `schema_hints`";
        notes.push(note(format!("{table} has no column for more names than the {MOST_NAMES} told: {what}")).help(help));
    }
    for column in &drift.absent {
        let new: Vec<String> = drift.added.iter().map(|change| format!("`{}`", change.column)).collect();
        let new: Vec<String> = new.into_iter().chain(drift.unknown.keys().map(|name| format!("`{name}`"))).collect();
        let words = format!(
            "column `{column}` of {table} is no longer delivered: no row of this batch has a value, and every file before had one"
        );
        let help = match new.is_empty() {
            true => "nothing is lost: earlier rows keep their values, new ones have NULL".to_owned(),
            false => format!("if it was renamed to {}, read both: `coalesce(…)` in silver", new.join(" or ")),
        };
        notes.push(note(words).help(help));
    }
    if !drift.redefined.is_empty() {
        let words =
            format!("{table} is defined otherwise than when its earlier rows were computed: {}", drift.redefined.join(", "));
        let stay = "rows that this run did not touch stay as they were computed";
        let help = match refresh::can(flow) {
            true => format!("{stay}; `lakesmith run --full-refresh {table}` computes them again and writes what differs"),
            false => format!("{stay}; `lakesmith history` shows from which version on"),
        };
        notes.push(Diagnostic::warning("definition-changed", words).at(at).help(help));
    }
    notes
}

/// The command that accepts a column.
pub(crate) fn command(table: &TableName, column: &str, ty: Option<&DataType>) -> String {
    let plain = |text: &str| text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'));
    let word = |text: String| if plain(&text) { text } else { format!("'{}'", text.replace('\'', "'\\''")) };
    let name = word(format!("{table}.{column}"));
    match ty {
        Some(ty) => format!("lakesmith schema accept {name} --type {}", word(ty.to_string().to_lowercase())),
        None => format!("lakesmith schema accept {name}"),
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn counted(values: u64) -> String {
    if values == 1 { "1 value".to_owned() } else { format!("{values} values") }
}

fn are(values: u64) -> String {
    if values == 1 { "1 value is".to_owned() } else { format!("{values} values are") }
}
