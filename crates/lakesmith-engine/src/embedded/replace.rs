//! *Replace keys*: the rows that the target holds of the keys concerned become those of the step. Copy-on-write: only
//! files that hold a row that changes or goes are written again, and a row that says the same stays as it is.

use super::compute::{RESULT, count_rest, is_new};
use super::kept::{Budget, Keeping, Kept};
use super::relations::Relations;
use super::{Embedded, table, write as files};
use crate::delta::{Action, CHANGE_TYPE, Snapshot, TablePath};
use crate::error::EngineError;
use crate::work::{Outcomes, Output, Work};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::{DataType, Int64Type};
use arrow::record_batch::RecordBatch;
use futures::TryStreamExt;
use lakesmith_compile::{Keyed, Replaces, Table, Write};
use std::collections::BTreeSet;

/// The column that names the file in which a row of the target stands.
const FILE: &str = "_held_file";
/// The rows of the target that are concerned.
const HELD: &str = "held";
/// The rows of the target that are to go.
const GONE: &str = "gone";
/// Up to so many rows are written into one file; beyond it each thread writes one.
const ROWS_OF_ONE_FILE: u64 = 250_000;
/// The rows that are to be written.
const FRESH: &str = "fresh";

/// Once the keys are known: the target is read only where a file holds one of them.
pub(super) async fn narrow(engine: &Embedded, relations: &mut Relations, work: &Work<'_>) -> Result<(), EngineError> {
    let Write::ReplaceKeys(keyed) = &work.step.write else { return Ok(()) };
    relations.add_held(&engine.storage, &[HELD], &work.flow.target, &work.target, None, Some(FILE)).await?;
    let sql =
        format!("SELECT DISTINCT `h`.`{FILE}` FROM `{HELD}` `h` LEFT SEMI JOIN `keys` ON {}", same("h", "keys", &keyed.keys));
    let kept = relations.rows(&sql).await?;
    let concerned: Vec<String> = texts(&kept, 0)?.into_iter().collect();
    relations.add_grown(&engine.storage, &work.flow.target, &work.target, Some(concerned.clone())).await?;
    relations.add_held(&engine.storage, &[HELD], &work.flow.target, &work.target, Some(concerned), Some(FILE)).await
}

/// A table that rows of a batch are written to.
pub(super) struct Goal<'a> {
    table: &'a Table,
    /// The table at the version on which the batch is to be committed.
    held: &'a Snapshot,
    /// How rows find those whose place they take; `None`: they are added.
    keyed: Option<&'a Keyed>,
    /// The relation of the rows that the table is to hold, with `_new` and `_outcome`.
    wanted: &'a str,
    /// The relation of the keys concerned; `None`: every row of the table is.
    keys: Option<&'a str>,
    /// The relation of the rows that the table holds, each with its file.
    rows: &'a str,
}

impl<'a> Goal<'a> {
    /// The target, whose rows are those of the step.
    pub(super) fn target(work: &'a Work<'_>) -> Self {
        let (keyed, keys) = match &work.step.write {
            Write::Append => (None, None),
            Write::ReplaceKeys(keyed) => (Some(keyed), (!keyed.keys.is_empty()).then_some("keys")),
            Write::ReplaceAll(keyed) => (Some(keyed), None),
        };
        Goal { table: &work.flow.target, held: &work.target, keyed, wanted: RESULT, keys, rows: HELD }
    }
}

/// Writes rows of a batch for a companion in the place of those that it holds.
pub(super) async fn beside(
    engine: &Embedded,
    relations: &mut Relations,
    work: &Work<'_>,
    (table, held): (&Table, &Snapshot),
    select: &str,
    replaces: &Replaces,
) -> Result<Output, EngineError> {
    const WANTED: &str = "beside";
    const KEYS: &str = "beside_keys";
    const ROWS: &str = "beside_held";
    let sql = format!("SELECT *, 1 AS `_new`, CAST(NULL AS STRING) AS `_outcome`\nFROM (\n{select}\n)");
    let wanted = relations.keep(WANTED, &sql).await?;
    if let Some(keys) = &replaces.keys {
        relations.keep(KEYS, keys).await?;
    }
    relations.add_held(&engine.storage, &[ROWS], table, held, None, Some(FILE)).await?;
    let keys = replaces.keys.as_ref().map(|_| KEYS);
    let goal = Goal { table, held, keyed: Some(&replaces.keyed), wanted: WANTED, keys, rows: ROWS };
    Ok(write(engine, relations, work, &goal, &wanted, &mut Outcomes::default()).await?.0)
}

/// Writes the part of a batch for one table and counts what became of the rows. Gives the new key mark.
pub(super) async fn write(
    engine: &Embedded,
    relations: &mut Relations,
    work: &Work<'_>,
    goal: &Goal<'_>,
    result: &Kept,
    outcomes: &mut Outcomes,
) -> Result<(Output, i64), EngineError> {
    count_rest(result, outcomes)?;
    let (target, held) = (goal.table, goal.held);
    let (schema, metadata) = table::grown(target, held).await?;
    let mut key_mark = work.key_mark;
    let keyed = goal.keyed;
    let mut removed: Vec<Action> = vec![];
    let mut former = None;
    let mut rewritten = None;
    let mut stay = 0;
    let files_held = held.files().await?;
    let fresh = match keyed {
        Some(keyed) if !files_held.is_empty() => {
            if goal.keys.is_none() {
                relations.add_held(&engine.storage, &[goal.rows], target, held, None, Some(FILE)).await?;
            }
            let changes = Changes::of(relations, goal, keyed, result, outcomes).await?;
            if changes.is_empty() && metadata.is_none() {
                let output = Output {
                    table: TablePath::new(&target.path),
                    table_id: held.metadata().id.clone(),
                    base: held.version(),
                    replaces: true,
                    actions: vec![],
                    rows: 0,
                };
                return Ok((output, key_mark));
            }
            let files = changes.files()?;
            let written_again = || files_held.iter().filter(|file| files.contains(&file.path));
            removed = written_again().map(|file| file.to_remove(work.now.timestamp_millis())).collect();
            stay = written_again().filter_map(|file| file.num_records()).sum();
            if !removed.is_empty() {
                relations.add_kept(&[GONE], &changes.gone)?;
                former = target.change_data.then(|| former_rows(target, held));
                let files = Some(files.into_iter().collect());
                relations.add_held(&engine.storage, &["kept"], target, held, files, None).await?;
                let gone: Vec<String> =
                    keyed.identity.iter().map(|name| format!("`k`.`{name}` <=> `{GONE}`.`_held_{name}`")).collect();
                let columns: Vec<String> = columns_of(held).iter().map(|name| format!("`k`.`{name}`")).collect();
                rewritten = Some(format!(
                    "SELECT {} FROM `kept` `k` LEFT ANTI JOIN `{GONE}` ON {}",
                    columns.join(", "),
                    gone.join(" AND ")
                ));
            }
            changes.fresh
        }
        _ => {
            let fresh = wanted(result, relations.budget())?;
            for batch in fresh.batches() {
                let batch = batch?;
                outcomes.inserted += (0..batch.num_rows()).filter(|row| is_new(&batch, *row)).count() as u64;
            }
            fresh
        }
    };
    let fresh = match keyed.and_then(|keyed| keyed.surrogate.as_ref()) {
        Some(surrogate) => numbered(&fresh, surrogate, &mut key_mark, relations.budget())?,
        None => fresh,
    };
    relations.add_kept(&[FRESH], &fresh)?;
    let rows = fresh.rows();
    let sql = contents(target, held, rewritten, rows);
    let mut plan = relations.plan(&sql).await?;
    if rows as u64 + stay <= ROWS_OF_ONE_FILE {
        plan = files::one(plan);
    }
    let (added, _) = files::files(engine, target, &schema, plan, relations.context()).await?;
    let mut actions: Vec<Action> = metadata.into_iter().collect();
    actions.extend(removed);
    actions.extend(added);
    if let Some(former) = former {
        let plan = relations.plan(&change_data(target, &former)).await?;
        actions.extend(files::changes(engine, target, &schema, plan, relations.context()).await?);
    }
    Ok((
        Output {
            table: TablePath::new(&target.path),
            table_id: held.metadata().id.clone(),
            base: held.version(),
            // Also without a row to take away: whether there was one is what was looked up.
            replaces: keyed.is_some(),
            actions,
            rows: rows as u64,
        },
        key_mark,
    ))
}

/// The rows that the target is to hold, without those that only say what became of a row read.
fn wanted(result: &Kept, budget: &Budget) -> Result<Kept, EngineError> {
    result.map(budget, |batch| match batch.column_by_name("_outcome") {
        Some(outcome) => Ok(filter_record_batch(&batch, &arrow::compute::is_null(outcome)?)?),
        None => Ok(batch),
    })
}

/// What the new files hold: rows of the files that go, as far as they stay, and the fresh ones; sorted as the table is.
fn contents(target: &Table, held: &Snapshot, rewritten: Option<String>, fresh: usize) -> String {
    let known: Vec<String> = columns_of(held);
    let list = |missing: bool| -> String {
        let each = target.names().filter(|name| !missing || known.iter().any(|k| k == name)).map(|name| format!("`{name}`"));
        each.collect::<Vec<_>>().join(", ")
    };
    let sql = match rewritten {
        // A column that the table does not have yet is NULL in the rows that stay: the project's new columns come last.
        Some(rewritten) if fresh > 0 => {
            let stay = target.columns.iter().map(|column| match known.contains(&column.name) {
                true => format!("`{}`", column.name),
                false => format!("CAST(NULL AS {}) AS `{}`", column.ty, column.name),
            });
            format!(
                "SELECT {} FROM ({rewritten})\nUNION ALL\nSELECT {} FROM `{FRESH}`",
                stay.collect::<Vec<_>>().join(", "),
                list(false)
            )
        }
        Some(rewritten) => format!("SELECT {} FROM ({rewritten})", list(true)),
        None => format!("SELECT {} FROM `{FRESH}`", list(false)),
    };
    match target.cluster_by.is_empty() {
        true => sql,
        false => {
            let order: Vec<String> = target.cluster_by.iter().map(|name| format!("`{name}`")).collect();
            format!("SELECT * FROM (\n{sql}\n) ORDER BY {}", order.join(", "))
        }
    }
}

/// The rows that go, as they were.
fn former_rows(target: &Table, held: &Snapshot) -> String {
    let known = columns_of(held);
    let columns = target.columns.iter().map(|column| match known.contains(&column.name) {
        true => format!("`_held_{name}` AS `{name}`", name = column.name),
        false => format!("CAST(NULL AS {}) AS `{}`", column.ty, column.name),
    });
    let change = "CASE WHEN `_change` = 'updated' THEN 'update_preimage' ELSE 'delete' END";
    format!("SELECT {}, {change} AS `{CHANGE_TYPE}` FROM `{GONE}`", columns.collect::<Vec<_>>().join(", "))
}

/// What the batch does to each row: the former rows and those in their place.
fn change_data(target: &Table, former: &str) -> String {
    let columns: Vec<String> = target.names().map(|name| format!("`{name}`")).collect();
    let change = "CASE WHEN `_change` = 'updated' THEN 'update_postimage' ELSE 'insert' END";
    format!("{former}\nUNION ALL\nSELECT {}, {change} AS `{CHANGE_TYPE}` FROM `{FRESH}`", columns.join(", "))
}

fn columns_of(held: &Snapshot) -> Vec<String> {
    held.schema().fields().iter().map(|field| field.name().clone()).collect()
}

/// The step's rows against the table's: one row for each that is in one of them, with what happens to it. `surplus`: the
/// table may hold several rows of one identity, of which one stays; it is written again, because its file is gone through for
/// the others.
fn difference(goal: &Goal<'_>, keyed: &Keyed, surplus: bool) -> String {
    let (target, rows, wanted) = (goal.table, goal.rows, goal.wanted);
    let known = columns_of(goal.held);
    let compared = target.names().filter(|name| {
        let own = |list: &[String]| list.iter().any(|own| own == name);
        !own(&keyed.identity) && !own(&keyed.stamps) && !own(&keyed.kept) && keyed.surrogate.as_deref() != Some(*name)
    });
    let mut differs: Vec<String> = compared
        .map(|name| match known.iter().any(|k| k == name) {
            true => format!("NOT (`w`.`{name}` <=> `h`.`{name}`)"),
            false => format!("`w`.`{name}` IS NOT NULL"),
        })
        .collect();
    // A row never stays without a surrogate key.
    differs.push(keyed.surrogate.as_ref().map_or_else(|| "FALSE".to_owned(), |key| format!("`h`.`{key}` IS NULL")));
    if surplus {
        differs.push("`h`.`_times` > 1".to_owned());
    }
    let mut select: Vec<String> = vec![];
    for name in target.names() {
        let keeps = keyed.kept.iter().any(|kept| kept == name) && known.iter().any(|k| k == name);
        select.push(match name {
            _ if keyed.surrogate.as_deref() == Some(name) => format!("coalesce(`h`.`{name}`, `w`.`{name}`) AS `{name}`"),
            _ if keeps => format!("coalesce(`h`.`{name}`, `w`.`{name}`) AS `{name}`"),
            _ => format!("`w`.`{name}` AS `{name}`"),
        });
    }
    // Of a table that keeps change data the whole former row, else what finds it.
    let whole = known.iter().filter(|name| target.change_data && !keyed.identity.contains(name));
    select.extend(keyed.identity.iter().chain(whole).map(|name| format!("`h`.`{name}` AS `_held_{name}`")));
    select.push(format!("`h`.`{FILE}` AS `{FILE}`"));
    select.push("`w`.`_new` AS `_new`".to_owned());
    select.push(format!(
        "CASE WHEN `h`.`{FILE}` IS NULL THEN 'inserted' WHEN `w`.`_wanted` IS NULL THEN 'removed' WHEN {} THEN 'updated' ELSE 'unchanged' END AS `_change`",
        differs.join(" OR ")
    ));
    let held = match goal.keys {
        Some(keys) => format!("SELECT `t`.* FROM `{rows}` `t` LEFT SEMI JOIN `{keys}` ON {}", same("t", keys, &keyed.keys)),
        None => format!("SELECT * FROM `{rows}`"),
    };
    let mut on = same("w", "h", &keyed.identity);
    let held = match surplus {
        false => held,
        true => {
            on += " AND `w`.`_wanted` <=> `h`.`_nth`";
            let one = keyed.identity.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let first = keyed.surrogate.iter().map(|key| format!("`{key}` IS NULL, `{key}`, ")).collect::<String>();
            format!(
                "SELECT *, CAST(row_number() OVER (PARTITION BY {one} ORDER BY {first}`{FILE}`) AS INT) AS `_nth`, \
                 count(*) OVER (PARTITION BY {one}) AS `_times`\nFROM ({held})"
            )
        }
    };
    format!(
        "SELECT {}\nFROM (SELECT *, 1 AS `_wanted` FROM `{wanted}` WHERE `_outcome` IS NULL) `w`\nFULL JOIN ({held}) `h` ON {on}",
        select.join(",\n  "),
    )
}

/// What of the difference is to be done.
struct Changes {
    /// Rows to be written.
    fresh: Kept,
    /// Identities of rows to go, and their files.
    gone: Kept,
}

impl Changes {
    /// Finds them. A table ought to hold one row of an identity at most; where somebody else wrote a further one, or the key
    /// was another, it is told by rows that come out twice, and the further ones go.
    async fn of(
        relations: &Relations,
        goal: &Goal<'_>,
        keyed: &Keyed,
        result: &Kept,
        outcomes: &mut Outcomes,
    ) -> Result<Self, EngineError> {
        let mut wanted = 0;
        for batch in result.batches() {
            let batch = batch?;
            let outcome = batch.column_by_name("_outcome");
            wanted += outcome.map_or(batch.num_rows(), |outcome| outcome.logical_null_count()) as u64;
        }
        let before = *outcomes;
        let (changes, found) = Changes::read(relations, &difference(goal, keyed, false), outcomes).await?;
        if found <= wanted {
            return Ok(changes);
        }
        tracing::warn!(table = %goal.table.name, rows = found - wanted, "rows that stand there more than once go");
        *outcomes = before;
        Ok(Changes::read(relations, &difference(goal, keyed, true), outcomes).await?.0)
    }

    /// Runs a difference, counts, and keeps what is not unchanged. Gives also how many rows of the step it found.
    async fn read(relations: &Relations, sql: &str, outcomes: &mut Outcomes) -> Result<(Self, u64), EngineError> {
        let plan = relations.plan(sql).await?;
        let mut found = 0;
        let schema = plan.schema();
        let mut stream = datafusion::physical_plan::execute_stream(plan, relations.context())?;
        let mut fresh = Keeping::new(schema.clone(), relations.budget());
        let mut gone = Keeping::new(schema, relations.budget());
        while let Some(batch) = stream.try_next().await? {
            let change = column(&batch, "_change")?;
            let change = cast(&change, &DataType::Utf8)?;
            let change = change.as_string::<i32>();
            for (row, word) in change.iter().enumerate() {
                match word {
                    Some("inserted") if is_new(&batch, row) => outcomes.inserted += 1,
                    Some("updated") if is_new(&batch, row) => outcomes.updated += 1,
                    Some("unchanged") if is_new(&batch, row) => outcomes.unchanged += 1,
                    Some("removed") => outcomes.removed += 1,
                    _ => {}
                }
            }
            found += change.iter().filter(|word| *word != Some("removed")).count() as u64;
            let is = |words: [&str; 2]| -> BooleanArray {
                change.iter().map(|word| Some(word.is_some_and(|word| words.contains(&word)))).collect()
            };
            let (comes, goes) = (is(["inserted", "updated"]), is(["removed", "updated"]));
            if comes.true_count() > 0 {
                fresh.push(filter_record_batch(&batch, &comes)?)?;
            }
            if goes.true_count() > 0 {
                gone.push(filter_record_batch(&batch, &goes)?)?;
            }
        }
        Ok((Changes { fresh: fresh.finish()?, gone: gone.finish()? }, found))
    }

    fn is_empty(&self) -> bool {
        self.fresh.rows() == 0 && self.gone.rows() == 0
    }

    fn files(&self) -> Result<BTreeSet<String>, EngineError> {
        let Ok(index) = self.gone.schema.index_of(FILE) else { return Ok(BTreeSet::new()) };
        texts(&self.gone, index)
    }
}

fn column(batch: &RecordBatch, name: &str) -> Result<ArrayRef, EngineError> {
    let missing = || EngineError::Compute { reason: format!("the step gives no column `{name}`"), at: None };
    batch.column_by_name(name).cloned().ok_or_else(missing)
}

fn texts(kept: &Kept, index: usize) -> Result<BTreeSet<String>, EngineError> {
    let mut all = BTreeSet::new();
    for batch in kept.batches() {
        let column = cast(batch?.column(index), &DataType::Utf8)?;
        all.extend(column.as_string::<i32>().iter().flatten().map(str::to_owned));
    }
    Ok(all)
}

/// Gives every row that has no surrogate key the next one.
fn numbered(rows: &Kept, surrogate: &str, mark: &mut i64, budget: &Budget) -> Result<Kept, EngineError> {
    let index = rows.schema.index_of(surrogate)?;
    rows.map(budget, |batch| {
        let held = batch.column(index).as_primitive::<Int64Type>();
        let mut next = |row: usize| match held.is_valid(row) {
            true => held.value(row),
            false => {
                *mark += 1;
                *mark
            }
        };
        let keys: Int64Array = (0..batch.num_rows()).map(&mut next).collect();
        let mut columns = batch.columns().to_vec();
        columns[index] = std::sync::Arc::new(keys);
        Ok(RecordBatch::try_new(batch.schema(), columns)?)
    })
}

fn same(left: &str, right: &str, columns: &[String]) -> String {
    columns.iter().map(|name| format!("`{left}`.`{name}` <=> `{right}`.`{name}`")).collect::<Vec<_>>().join(" AND ")
}

#[cfg(test)]
mod tests;
