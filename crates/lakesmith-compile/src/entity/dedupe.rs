//! Which of several rows of a key stays: the highest sequence; of equal ones the columns decide in declared order, as
//! stored. The rows of the batch stand against each other and against the target's rows of the same keys.

use super::columns::Checked;
use super::{Parent, batch, sequence, shape};
use crate::select::{in_range, list, named, of, quote, same, vanished};
use crate::step::{Check, Cte, Keyed, Step, Write};
use crate::table::Table;
use lakesmith_project::{Entity, History, OnFail};
use lakesmith_sql::DataType;
use std::collections::BTreeSet;

/// The step of an entity. `whole`: for a target without rows, where there is nothing to stand against.
pub(crate) fn step(entity: &Entity, parent: &Parent, checked: &Checked, target: &Table, whole: bool) -> Step {
    let mut with = batch::queries(entity, parent, checked);
    let (select, write) = if entity.history == History::Append {
        (appended(target), Write::Append)
    } else {
        let identity = shape(entity).identity;
        let keys = if parent.has_arrival() { identity.clone() } else { parent_keys(parent, checked) };
        let keyed = Keyed { keys: keys.clone(), identity: identity.clone(), surrogate: None, kept: vec![], stamps: stamps() };
        if !whole {
            with.push(cte("keys", concerned(parent, checked, target, &keys), true));
        }
        // The rows of an entity that follows another are replaced together: nothing of the target counts.
        let against = !whole && parent.has_arrival();
        with.extend(candidates(target, &identity, against));
        let write = match whole {
            true => Write::ReplaceAll(Keyed { keys: vec![], ..keyed }),
            false => Write::ReplaceKeys(keyed),
        };
        (winners(entity, checked, target, &identity), write)
    };
    Step {
        with,
        select,
        write,
        quarantine: Some(batch::quarantine(checked)),
        outcomes: Some("SELECT `_outcome`, count(*) AS `rows`\nFROM `batch`\nGROUP BY `_outcome`".to_owned()),
        checks: checks(entity, checked),
        counts: vec![],
        places: checked.places.clone(),
    }
}

fn cte(name: &str, sql: String, kept: bool) -> Cte {
    Cte { name: name.to_owned(), sql, kept }
}

/// Columns that tell when a row came, not what it says.
fn stamps() -> Vec<String> {
    ["_ingestion_timestamp", "_processing_timestamp", "_batch_id"].map(str::to_owned).to_vec()
}

/// Which columns of the entity are the parent's identity: its rows are replaced together with their parent's.
pub(super) fn parent_keys(parent: &Parent, checked: &Checked) -> Vec<String> {
    let column = |key: &String| checked.values.iter().find(|v| v.passes.as_ref() == Some(key)).map(|v| v.column.name.clone());
    parent.identity.iter().filter_map(column).collect()
}

/// The keys that this batch concerns. An entity that follows another one is concerned by every row of the parent that
/// was written, also one without any element left, and by those that are gone.
fn concerned(parent: &Parent, checked: &Checked, target: &Table, keys: &[String]) -> String {
    if parent.has_arrival() {
        return format!("SELECT DISTINCT {}\nFROM `batch`\nWHERE `_outcome` IS NULL", list(keys));
    }
    let source = |key: &String| {
        let value = checked.values.iter().find(|value| value.column.name == *key);
        value.map_or_else(|| quote(key), |value| named(&value.compiled.sql, key))
    };
    let select: Vec<String> = keys.iter().map(source).collect();
    let pairs: Vec<(String, String)> = keys.iter().cloned().zip(parent.identity.iter().cloned()).collect();
    let from = parent.name.quoted();
    let gone = vanished(&target.name.quoted(), &from, 1, &pairs);
    format!("SELECT {}\nFROM {from}\nWHERE {}\nUNION\n{gone}", select.join(", "), in_range(None, 1))
}

fn appended(target: &Table) -> String {
    format!("SELECT {}, 1 AS `_new`, `_outcome`\nFROM `batch`\nWHERE `_outcome` IS NULL", list(target.names()))
}

/// The rows of which one stays: those of the batch, and those of the target with the same keys; and the keys that have
/// several of them.
fn candidates(target: &Table, identity: &[String], against: bool) -> Vec<Cte> {
    let columns = list(target.names());
    let mut with = vec![];
    let mut rows = format!("SELECT {columns}, 1 AS `_new`\nFROM `batch`\nWHERE `_outcome` IS NULL");
    if against {
        let held: Vec<String> = target.names().map(|name| of("held", name)).collect();
        let sql = format!(
            "SELECT {}\nFROM {} `held` LEFT SEMI JOIN `keys` ON {}",
            held.join(", "),
            target.name.quoted(),
            same("held", "keys", identity)
        );
        with.push(cte("rivals", sql, true));
        rows += &format!("\nUNION ALL\nSELECT {columns}, 0 AS `_new`\nFROM `rivals`");
    }
    with.push(cte("candidates", rows, false));
    let keys = list(identity);
    with.push(cte("contested", format!("SELECT {keys}\nFROM `candidates`\nGROUP BY {keys}\nHAVING count(*) > 1"), true));
    with
}

/// A row that is the only one of its key stays; of several the one that counts for most.
fn winners(entity: &Entity, checked: &Checked, target: &Table, identity: &[String]) -> String {
    let columns = list(target.names());
    let alone = target.names().map(|name| of("c", name)).collect::<Vec<_>>().join(", ");
    let contested = same("c", "contested", identity);
    let partition = format!("PARTITION BY {}", list(identity));
    let mut order: Vec<String> =
        weight(entity, checked, target, identity).iter().map(|name| format!("{} DESC", quote(name))).collect();
    let tie = match order.is_empty() {
        true => "1".to_owned(),
        false => format!("rank() OVER ({partition} ORDER BY {})", order.join(", ")),
    };
    order.push("`_new`".to_owned());
    let order = order.join(", ");
    format!(
        "SELECT {alone}, `c`.`_new`, CAST(NULL AS STRING) AS `_outcome`
FROM `candidates` `c` LEFT ANTI JOIN `contested` ON {contested}
UNION ALL
SELECT {columns}, `_new`,
  CASE WHEN `_rank` = 1 THEN CAST(NULL AS STRING) WHEN `_tie` = 1 THEN 'unchanged' ELSE 'superseded' END AS `_outcome`
FROM (
  SELECT *,
    row_number() OVER ({partition} ORDER BY {order}) AS `_rank`,
    {tie} AS `_tie`
  FROM (
    SELECT `c`.* FROM `candidates` `c` LEFT SEMI JOIN `contested` ON {contested}
  )
)
WHERE `_rank` = 1 OR `_new` = 1"
    )
}

/// What a row says, in order of weight: its sequence, then its columns as they are stored.
fn weight(entity: &Entity, checked: &Checked, target: &Table, identity: &[String]) -> Vec<String> {
    let mut weight = sequence(entity);
    weight.extend(checked.names().map(str::to_owned));
    let stored = |name: &String| target.columns.iter().any(|column| column.name == *name && comparable(&column.ty));
    let mut seen = BTreeSet::new();
    weight.retain(|name| !identity.contains(name) && stored(name) && seen.insert(name.clone()));
    weight
}

/// Spark orders every type but MAP.
fn comparable(ty: &DataType) -> bool {
    match ty {
        DataType::Map(..) => false,
        DataType::Array(element) => comparable(element),
        DataType::Struct(fields) => fields.iter().all(|field| comparable(&field.ty)),
        _ => true,
    }
}

fn checks(entity: &Entity, checked: &Checked) -> Vec<Check> {
    let strict: Vec<_> = checked.rules.iter().filter(|rule| rule.on_fail == OnFail::Fail).collect();
    let Some(first) = strict.first() else { return vec![] };
    let names: Vec<&str> = strict.iter().map(|rule| rule.name.as_str()).collect();
    vec![Check {
        code: "rule-failed",
        sql: "SELECT count(*) FROM `batch` WHERE `_outcome` = 'failed'".to_owned(),
        message: format!("{{count}} rows fail a rule of {} that stops the flow: {}", super::name(entity), names.join(", ")),
        help: "mend the source or the rule and run again; nothing of this batch was written".to_owned(),
        at: Some(first.at),
    }]
}
