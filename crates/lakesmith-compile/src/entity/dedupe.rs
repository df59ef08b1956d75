//! Which of several rows of a key stays: the highest sequence; of equal ones the columns decide in declared order, as
//! stored. The rows of the batch stand against each other and against the target's rows of the same keys.

use super::columns::Checked;
use super::{Parent, batch, sequence, shape};
use crate::select::{in_range, indent, items, list, named, quote, same};
use crate::step::{Check, Cte, Keyed, Step, Write};
use crate::table::Table;
use lakesmith_project::{Entity, History, OnFail};
use lakesmith_sql::DataType;

/// The step of an entity. `whole`: for a target without rows, where there is nothing to stand against.
pub(crate) fn step(entity: &Entity, parent: &Parent, checked: &Checked, target: &Table, whole: bool) -> Step {
    let mut with = batch::queries(entity, parent, checked);
    let (select, write) = match (entity.history, parent.has_arrival()) {
        (History::Append, _) => (appended(target), Write::Append),
        (_, from_bronze) => {
            let identity = shape(entity).identity;
            let keys = if from_bronze { identity.clone() } else { parent_keys(parent, checked) };
            let keyed = Keyed { keys: keys.clone(), identity: identity.clone(), surrogate: None, kept: vec![], stamps: stamps() };
            if whole {
                (winners(entity, checked, target, &identity, None), Write::ReplaceAll(Keyed { keys: vec![], ..keyed }))
            } else {
                with.push(Cte { name: "keys".to_owned(), sql: concerned(parent, checked, &keys), kept: true });
                (winners(entity, checked, target, &identity, from_bronze.then_some(keys.as_slice())), Write::ReplaceKeys(keyed))
            }
        }
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

/// Columns that tell when a row came, not what it says.
fn stamps() -> Vec<String> {
    ["_ingestion_timestamp", "_processing_timestamp", "_batch_id"].map(str::to_owned).to_vec()
}

/// Which columns of the entity are the parent's identity: its rows are replaced together with their parent's.
fn parent_keys(parent: &Parent, checked: &Checked) -> Vec<String> {
    let column = |key: &String| checked.values.iter().find(|v| v.passes.as_ref() == Some(key)).map(|v| v.column.name.clone());
    parent.identity.iter().filter_map(column).collect()
}

/// The keys that this batch concerns. An entity that follows another one is concerned by every row of the parent that
/// was written, also one without any element left.
fn concerned(parent: &Parent, checked: &Checked, keys: &[String]) -> String {
    if parent.has_arrival() {
        return format!("SELECT DISTINCT {}\nFROM `batch`\nWHERE `_outcome` IS NULL", list(keys));
    }
    let source = |key: &String| {
        let value = checked.values.iter().find(|value| value.column.name == *key);
        value.map_or_else(|| quote(key), |value| named(&value.compiled.sql, key))
    };
    let select: Vec<String> = keys.iter().map(source).collect();
    format!("SELECT DISTINCT {}\nFROM {}\nWHERE {}", select.join(", "), parent.name.quoted(), in_range(None, 1))
}

fn appended(target: &Table) -> String {
    format!("SELECT {}, 1 AS `_new`, `_outcome`\nFROM `batch`\nWHERE `_outcome` IS NULL", list(target.names()))
}

fn winners(entity: &Entity, checked: &Checked, target: &Table, identity: &[String], against: Option<&[String]>) -> String {
    let columns = list(target.names());
    let mut rows = format!("SELECT {columns}, 1 AS `_new`\nFROM `batch`\nWHERE `_outcome` IS NULL");
    if let Some(keys) = against {
        let held: Vec<String> = target.names().map(|name| crate::select::of("held", name)).collect();
        rows += &format!(
            "\nUNION ALL\nSELECT {}, 0 AS `_new`\nFROM {} `held` LEFT SEMI JOIN `keys` ON {}",
            held.join(", "),
            target.name.quoted(),
            same("held", "keys", keys)
        );
    }
    // What a row says, in order of weight: its sequence, then its columns as they are stored.
    let ordered =
        |name: &str| checked.values.iter().any(|v| v.column.name == name && comparable(&v.column.ty)) || name.starts_with('_');
    let mut weight: Vec<String> = if against.is_some() || entity.sequence_by.is_some() { sequence(entity) } else { vec![] };
    if against.is_none() && entity.sequence_by.is_none() && target.names().any(|name| name == super::ARRIVAL[0]) {
        weight = sequence(entity);
    }
    for name in checked.names() {
        if !weight.iter().chain(identity).any(|known| known == name) {
            weight.push(name.to_owned());
        }
    }
    weight.retain(|name| !identity.contains(name) && ordered(name));
    let mut order: Vec<String> = weight.iter().map(|name| format!("{} DESC", quote(name))).collect();
    let partition = format!("PARTITION BY {}", list(identity));
    let tie = match order.is_empty() {
        true => "1".to_owned(),
        false => format!("rank() OVER ({partition} ORDER BY {})", order.join(", ")),
    };
    order.push("`_new`".to_owned());
    let ranked = format!(
        "SELECT *,\n  row_number() OVER ({partition} ORDER BY {}) AS `_rank`,\n  {tie} AS `_tie`\nFROM (\n{}\n)",
        order.join(", "),
        indent(&rows)
    );
    let select = [
        columns,
        quote("_new"),
        named(
            "CASE WHEN `_rank` = 1 THEN CAST(NULL AS STRING) WHEN `_tie` = 1 THEN 'unchanged' ELSE 'superseded' END",
            "_outcome",
        ),
    ];
    format!("SELECT\n  {}\nFROM (\n{}\n)\nWHERE `_rank` = 1 OR `_new` = 1", items(&select), indent(&ranked))
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
