//! Deletes: a row of a change feed that says `delete` takes its key away, and a tombstone stays behind, so that a late
//! older state does not come back. Batches add tombstones; one that reads keys again replaces theirs.

use super::columns::Checked;
use super::dedupe::Reads;
use super::{ARRIVAL, sequence};
use crate::name::TableName;
use crate::select::{list, named, of, quote, same};
use crate::step::{Beside, Keyed, Replaces, parameter};
use crate::table::{Column, Table};
use lakesmith_project::Entity;
use lakesmith_sql::DataType;

/// The hidden column that is TRUE for a row that says that its key is gone.
pub(crate) const GONE: &str = "_gone";
/// The hidden column that is TRUE for a row of which it is not known what it is.
pub(crate) const UNKNOWN: &str = "_unknown_operation";
pub(crate) use crate::bronze::OPERATION;

/// Whether a row does not say what it is: a feed whose operations are told leaves them NULL where a value is none of those;
/// in another one a row that says nothing is a state.
pub(crate) fn unknown(told: bool) -> String {
    let operation = quote(OPERATION);
    match told {
        true => format!("{operation} IS NULL"),
        false => format!("coalesce({operation} NOT IN ('insert', 'update', 'upsert', 'delete'), FALSE)"),
    }
}

/// The columns by which a tombstone is found: key and sequence.
pub(crate) fn identity(entity: &Entity) -> Vec<String> {
    let mut columns: Vec<String> = entity.key.iter().map(|key| key.value.clone()).collect();
    columns.extend(sequence(entity).into_iter().filter(|name| !entity.key.iter().any(|key| key.value == *name)));
    columns
}

pub(crate) fn table(of: &TableName, path: &str, entity: &Entity, checked: &Checked) -> Table {
    let column = |name: &str, ty, words: &str| Column::new(name, ty).described(Some(words.to_owned()));
    let typed = |name: &String| match ARRIVAL.iter().position(|arrival| arrival == name) {
        Some(0) => column(name, DataType::Timestamp, "When the file that tells the delete was last changed, UTC"),
        Some(1) => column(name, DataType::String, "The file that tells the delete"),
        Some(_) => column(name, DataType::BigInt, "The number of the row in that file"),
        None => (checked.values.iter().find(|value| value.column.name == *name))
            .map_or_else(|| Column::new(name.clone(), DataType::String), |value| value.column.clone()),
    };
    let mut columns: Vec<Column> = identity(entity).iter().map(typed).collect();
    columns.extend([
        column("_source_system", DataType::String, "The source's name"),
        column("_ingestion_timestamp", DataType::Timestamp, "When the delete reached bronze, UTC"),
        column("_batch_id", DataType::BigInt, "The batch that read the delete"),
    ]);
    Table {
        name: of.companion("tombstones"),
        path: format!("{path}_tombstones"),
        description: Some(format!("Keys that were deleted from {of}, with the sequence of each delete")),
        columns,
        partition_by: vec![],
        cluster_by: vec![],
        append_only: false,
        change_data: false,
    }
}

/// The tombstones of the keys concerned, of earlier batches.
pub(crate) fn buried(entity: &Entity, table: &TableName, keys: &[String]) -> String {
    let columns: Vec<String> = identity(entity).iter().map(|name| of("t", name)).collect();
    format!(
        "SELECT {}\nFROM {} `t` LEFT SEMI JOIN `keys` ON {}\nWHERE `t`.`_batch_id` < :{}",
        columns.join(", "),
        table.quoted(),
        same("t", "keys", keys),
        parameter::BATCH
    )
}

/// The tombstones that a batch brings: those that are not there yet. A batch that reads again brings all of its keys, in
/// place of those that are there.
pub(crate) fn added(entity: &Entity, table: &Table, keys: &[String], reads: Reads) -> Beside {
    let identity = identity(entity);
    let mut columns = list(&identity);
    columns += &format!(
        ", min(`_source_system`) AS `_source_system`, min(`_ingestion_timestamp`) AS `_ingestion_timestamp`, {}",
        named(&format!(":{}", parameter::BATCH), "_batch_id")
    );
    let new = format!(
        "SELECT `b`.*\n  FROM `batch` `b`{}\n  WHERE `b`.{} AND `b`.`_outcome` IS NULL",
        match reads {
            Reads::New => format!(" LEFT ANTI JOIN `buried` ON {}", same("b", "buried", &identity)),
            Reads::All | Reads::Window => String::new(),
        },
        quote(GONE)
    );
    let of_keys = |keys: &[String]| (!keys.is_empty()).then(|| format!("SELECT {}\nFROM `keys`", list(keys)));
    let replaces = |keys: &[String]| Replaces {
        keys: of_keys(keys),
        keyed: Keyed {
            keys: keys.to_vec(),
            identity: identity.clone(),
            surrogate: None,
            kept: vec![],
            stamps: ["_ingestion_timestamp", "_batch_id"].map(str::to_owned).to_vec(),
        },
    };
    Beside {
        table: table.name.clone(),
        select: format!("SELECT {columns}\nFROM (\n  {new}\n)\nGROUP BY {}", list(&identity)),
        replaces: match reads {
            Reads::New => None,
            Reads::All => Some(replaces(&[])),
            Reads::Window => Some(replaces(keys)),
        },
    }
}
