//! The rows of a batch, typed and judged: the queries up to the kept one, `batch`.

use super::columns::{Checked, lost};
use super::dedupe::Reads;
use super::{ARRIVAL, Parent, rescued, tombstones};
use crate::select::{in_range, indent, items, list, literal, named, quote, read_before};
use crate::step::{Cte, Keyed, Replaces, parameter};
use lakesmith_project::{Entity, OnFail};

/// All rows that bronze holds, of which a window takes those of some keys.
pub(crate) const WINDOW: &str = "rows";
/// The hidden column that is TRUE for a row that a window is asked to read: it is new, or reached bronze since.
pub(crate) const AGAIN: &str = "_again";

/// `read`, `typed`, `ruled`, `judged` and `batch`, in this order. `concerned`: of a query, the relation of the keys whose
/// rows are read; else all are.
pub(crate) fn queries(entity: &Entity, parent: &Parent, checked: &Checked, reads: Reads, concerned: Option<&str>) -> Vec<Cte> {
    let cte = |name: &str, sql, kept| Cte { name: name.to_owned(), sql, kept };
    let range = match reads {
        Reads::New | Reads::All => in_range(None, 1),
        Reads::Window => format!("{} <= :{}", quote("_batch_id"), parameter::upto(1)),
    };
    let (mut with, rows) = match (&parent.query, concerned) {
        (Some(query), Some(keys)) => query.rows_of(keys),
        (Some(query), None) => (vec![], query.rows()),
        (None, _) => (vec![], read(parent, checked, &range)),
    };
    let name = if reads == Reads::Window { WINDOW } else { "batch" };
    with.extend([
        cte("read", rows, false),
        cte("typed", typed(entity, parent, checked, "read", reads), false),
        cte("ruled", ruled(checked, "typed"), false),
        cte("judged", judged(checked, "ruled"), false),
        cte(name, batch(entity, parent, checked, "judged", reads), reads != Reads::Window),
    ]);
    with
}

/// The parent's rows that earlier batches have read and that are still there, typed and judged as those of `batch`:
/// queries up to the last one, `earlier`.
pub(crate) fn earlier(entity: &Entity, parent: &Parent, checked: &Checked) -> Vec<Cte> {
    let cte = |name: &str, sql| Cte { name: name.to_owned(), sql, kept: false };
    vec![
        cte("earlier_read", read(parent, checked, &read_before(1))),
        cte("earlier_typed", typed(entity, parent, checked, "earlier_read", Reads::New)),
        cte("earlier_ruled", ruled(checked, "earlier_typed")),
        cte("earlier_judged", judged(checked, "earlier_ruled")),
        cte("earlier", batch(entity, parent, checked, "earlier_judged", Reads::New)),
    ]
}

/// The parent's rows for which a condition holds.
fn read(parent: &Parent, checked: &Checked, condition: &str) -> String {
    let rows = format!("SELECT *\nFROM {}\nWHERE {condition}", parent.name.quoted());
    match &checked.explode {
        None => rows,
        Some((list, alias)) => {
            format!(
                "SELECT *\nFROM (\n{}\n)\nLATERAL VIEW posexplode({list}) `_list` AS `_position`, {}",
                indent(&rows),
                quote(alias)
            )
        }
    }
}

fn typed(entity: &Entity, parent: &Parent, checked: &Checked, over: &str, reads: Reads) -> String {
    let mut select: Vec<String> = vec![];
    for value in &checked.values {
        select.push(named(&value.compiled.sql, &value.column.name));
    }
    for value in &checked.values {
        if let Some(fails) = &value.compiled.fails {
            select.push(named(&format!("coalesce({fails}, FALSE)"), &lost(&value.column.name)));
        }
    }
    if checked.rescues {
        select.push(rescued::corrupt());
    }
    if checked.feed {
        let gone = format!("coalesce({} = 'delete', FALSE)", quote(tombstones::OPERATION));
        select.push(named(&gone, tombstones::GONE));
        if checked.asks_operation {
            select.push(named(&tombstones::unknown(parent.told), tombstones::UNKNOWN));
        }
    }
    select.extend(["_source_system", "_ingestion_timestamp"].map(quote));
    if parent.has_arrival() {
        select.extend(ARRIVAL.map(quote));
        if reads == Reads::Window {
            let new = format!("`_batch_id` > :{}", parameter::after(1));
            let again = format!("`_ingestion_timestamp` >= :{}", parameter::INGESTED_SINCE);
            select.push(named(&format!("{new} OR {again}"), AGAIN));
        }
        let id = "concat_ws('/', CAST(`_batch_id` AS STRING), `_source_file`, CAST(`_source_position` AS STRING))";
        select.push(named(id, "_row_id"));
    } else {
        let all = || parent.columns.iter().flatten().map(|column| column.name.as_str()).collect::<Vec<_>>();
        let named_by = match &parent.query {
            Some(_) => entity.key.iter().map(|key| key.value.as_str()).collect(),
            None if parent.unique => parent.identity.iter().map(String::as_str).collect(),
            None => all(),
        };
        let mut id: Vec<String> = named_by.into_iter().map(quote).collect();
        id.extend(checked.explode.is_some().then(|| quote("_position")));
        let id = format!("to_json(struct({}))", id.join(", "));
        select.push(named(&if parent.unique { id } else { format!("sha2({id}, 256)") }, "_row_id"));
    }
    // The row as it was read. Of an exploded parent it is the element, with what names the parent.
    let read = match &checked.explode {
        None => list(parent.columns.iter().flatten().map(|column| column.name.as_str())),
        Some((_, alias)) => list(parent.identity.iter().map(String::as_str).chain(["_position", alias.as_str()])),
    };
    select.push(named(&format!("struct({read})"), "_read"));
    format!("SELECT\n  {}\nFROM {}", items(&select), quote(over))
}

/// One BOOLEAN a rule: whether it failed.
fn ruled(checked: &Checked, over: &str) -> String {
    let mut select = vec!["*".to_owned()];
    for (n, rule) in checked.rules.iter().enumerate() {
        // Of a row that says that its key is gone only the key and the sequence count.
        let failure = match checked.feed && !rule.of_identity {
            true => format!("CASE WHEN {} THEN FALSE ELSE {} END", quote(tombstones::GONE), rule.failed),
            false => rule.failed.clone(),
        };
        select.push(named(&failure, &failed(n)));
    }
    format!("SELECT\n  {}\nFROM {}", items(&select), quote(over))
}

/// The reasons of each row, and what becomes of it.
fn judged(checked: &Checked, over: &str) -> String {
    let texts = |text: &dyn Fn(&super::columns::Rule) -> String| {
        let each: Vec<String> = checked
            .rules
            .iter()
            .enumerate()
            .map(|(n, rule)| format!("CASE WHEN {} THEN {} END", quote(&failed(n)), literal(&text(rule))))
            .collect();
        match each.is_empty() {
            true => NO_REASONS.to_owned(),
            false => format!(
                "CASE WHEN {} THEN array_compact(array({})) ELSE {NO_REASONS} END",
                any_failed(checked, None).unwrap_or_default(),
                each.join(", ")
            ),
        }
    };
    let outcomes = [(OnFail::Quarantine, "quarantined"), (OnFail::Fail, "failed"), (OnFail::Drop, "dropped")];
    let outcomes: Vec<String> = outcomes
        .into_iter()
        .filter_map(|(on_fail, word)| any_failed(checked, Some(on_fail)).map(|any| format!("WHEN {any} THEN {}", literal(word))))
        .collect();
    let outcome = match outcomes.is_empty() {
        true => "CAST(NULL AS STRING)".to_owned(),
        false => format!("CASE {} END", outcomes.join(" ")),
    };
    let select = [
        "*".to_owned(),
        named(&texts(&|rule| rule.message.clone()), "_validation_errors"),
        named(&texts(&|rule| rule.name.clone()), "_failed_rules"),
        named(&outcome, "_outcome"),
    ];
    format!("SELECT\n  {}\nFROM {}", items(&select), quote(over))
}

const NO_REASONS: &str = "CAST(array() AS ARRAY<STRING>)";

/// Whether a rule failed, or one of those that end in a certain way.
fn any_failed(checked: &Checked, on_fail: Option<OnFail>) -> Option<String> {
    let rules = checked.rules.iter().enumerate().filter(|(_, rule)| on_fail.is_none_or(|on_fail| rule.on_fail == on_fail));
    let each: Vec<String> = rules.map(|(n, _)| quote(&failed(n))).collect();
    (!each.is_empty()).then(|| each.join(" OR "))
}

fn failed(rule: usize) -> String {
    format!("_failed_{}", rule + 1)
}

/// The rows as they are stored: defaults filled in, for rows that go on.
fn batch(entity: &Entity, parent: &Parent, checked: &Checked, over: &str, reads: Reads) -> String {
    let mut select: Vec<String> = vec![];
    for value in &checked.values {
        let name = quote(&value.column.name);
        select.push(match &value.default {
            Some(default) => named(
                &format!("CASE WHEN `_outcome` IS NULL THEN coalesce({name}, {default}) ELSE {name} END"),
                &value.column.name,
            ),
            None => name,
        });
    }
    select.extend(["_source_system", "_ingestion_timestamp"].map(quote));
    select.push(named(&format!(":{}", parameter::NOW), "_processing_timestamp"));
    select.push(named("size(`_validation_errors`) = 0", "_is_valid"));
    select.push(quote("_validation_errors"));
    if parent.has_arrival() && entity.sequence_by.is_none() {
        select.extend(ARRIVAL.map(quote));
    }
    select.push(named(&format!(":{}", parameter::BATCH), "_batch_id"));
    select.extend(["_failed_rules", "_row_id", "_outcome"].map(quote));
    select.extend(checked.feed.then(|| quote(tombstones::GONE)));
    select.extend((parent.full.is_some() && checked.rescues).then(|| quote(rescued::CORRUPT)));
    select.extend((reads == Reads::Window).then(|| quote(AGAIN)));
    // Where a row is told by it, every row has it, if there is one to be found.
    select.push(match reads != Reads::New && !told_by_id(parent, checked) {
        true => {
            named(&format!("CASE WHEN `_outcome` = 'quarantined' OR :{} THEN to_json(`_read`) END", parameter::BESIDE), "_raw")
        }
        false => named("CASE WHEN `_outcome` = 'quarantined' THEN to_json(`_read`) END", "_raw"),
    });
    format!("SELECT\n  {}\nFROM {}", items(&select), quote(over))
}

/// Whether `_row_id` tells the rows apart: several elements of one row share it, and so do the states of a parent's row.
fn told_by_id(parent: &Parent, checked: &Checked) -> bool {
    parent.has_arrival() && checked.explode.is_none()
}

/// Which rows of the quarantine those of a batch take the place of that reads again: those of the rows that it read. One
/// that is bad as before stays as it is, one that is good by now goes. What is there no more is not judged again, and stays.
pub(crate) fn judged_again(parent: &Parent, checked: &Checked) -> Replaces {
    let names = |names: &[&str]| -> Vec<String> { names.iter().map(|name| (*name).to_owned()).collect() };
    let row = names(if told_by_id(parent, checked) { &["_row_id"] } else { &["_row_id", "_raw"] });
    Replaces {
        keys: Some(format!("SELECT DISTINCT {}\nFROM `batch`", list(&row))),
        keyed: Keyed {
            keys: row.clone(),
            identity: row,
            surrogate: None,
            kept: names(&["_status", "_quarantined_at", "_resolved_at", "_resolved_by"]),
            stamps: names(&["_ingestion_timestamp", "_batch_id"]),
        },
    }
}

/// The rows of `batch` that go to the quarantine, as its columns.
pub(crate) fn quarantine(checked: &Checked) -> String {
    let mut select: Vec<String> = checked.names().map(quote).collect();
    select
        .extend(["_source_system", "_ingestion_timestamp", "_raw", "_validation_errors", "_failed_rules", "_row_id"].map(quote));
    select.extend([
        named("'open'", "_status"),
        named(&format!(":{}", parameter::NOW), "_quarantined_at"),
        named("CAST(NULL AS TIMESTAMP)", "_resolved_at"),
        named("CAST(NULL AS STRING)", "_resolved_by"),
        quote("_batch_id"),
    ]);
    format!("SELECT\n  {}\nFROM `batch`\nWHERE `_outcome` = 'quarantined'", items(&select))
}
