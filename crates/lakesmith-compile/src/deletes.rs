//! Keys that are gone: an entity that keeps every state keeps those of a deleted key too, and its tombstones say when that
//! was. What shows each key as it is now, a type 1 dimension or a process, leaves out the keys whose last event is a delete.

use crate::entity::{self, Shape};
use crate::name::TableName;
use crate::plan::{Input, Known};
use crate::select::{former, in_range, indent, list, named, of, quote, same};
use crate::step::{Cte, parameter};
use lakesmith_text::Span;

/// The query of the keys that are gone.
const KEYS: &str = "gone";
/// The hidden column that is TRUE for a delete among the states of a key.
const GONE: &str = "_gone";

/// The deletes of an entity that keeps states, of a flow whose first input the entity is.
pub(crate) struct Deletes {
    /// The entity's table.
    states: TableName,
    tombstones: TableName,
    /// Which input of the flow the tombstones are, from 1.
    input: usize,
    key: Vec<String>,
    /// The columns that order states and deletes of a key.
    order: Vec<String>,
}

impl Deletes {
    /// Those of the entity's table, if it keeps states and rows of it can be deleted; their tombstones are input `input`.
    pub(crate) fn of(states: &TableName, shape: &Shape, known: &Known, input: usize) -> Option<Self> {
        let (tombstones, _) = shape.tombstones.as_ref().filter(|_| shape.keeps_states)?;
        let entity = known.project.entities.iter().find(|entity| entity::name(entity) == *states)?;
        Some(Deletes {
            states: states.clone(),
            tombstones: tombstones.clone(),
            input,
            key: entity.key.iter().map(|key| key.value.clone()).collect(),
            order: entity::sequence(entity),
        })
    }

    /// What the flow reads besides the states.
    pub(crate) fn input(&self, at: Span) -> Input {
        Input::new(self.tombstones.clone(), at)
    }

    /// Whether a delete tells these columns: then all states of a key have the same of them.
    fn tells(&self, columns: &[String]) -> bool {
        columns.iter().all(|column| self.key.contains(column))
    }

    /// Columns of the states of keys of which a delete came, or another state after one.
    pub(crate) fn concerned(&self, columns: &[String]) -> String {
        let (tombstones, came) = (self.tombstones.quoted(), in_range(None, self.input));
        if self.tells(columns) {
            return format!("SELECT {}\nFROM {tombstones}\nWHERE {came}", list(columns));
        }
        let select: Vec<String> = columns.iter().map(|column| of("s", column)).collect();
        let key: Vec<String> = self.key.iter().map(|column| of("t", column)).collect();
        let (states, keys) = (self.states.quoted(), list(&self.key));
        let new = format!("SELECT {keys}\nFROM {states}\nWHERE {}", in_range(None, 1));
        let moved = format!(
            "SELECT {keys}\nFROM {tombstones}\nWHERE {came}\nUNION\nSELECT {}\nFROM {tombstones} `t` LEFT SEMI JOIN (\n{}\n) `m` ON {}",
            key.join(", "),
            indent(&format!("{new}\nUNION\n{}", former(1, &self.key))),
            same("t", "m", &self.key)
        );
        format!(
            "SELECT {}\nFROM {states} `s` LEFT SEMI JOIN (\n{}\n) `d` ON {}",
            select.join(", "),
            indent(&moved),
            same("s", "d", &self.key)
        )
    }

    /// The query of the keys that are gone: all of them, or at least those whose `columns` the relation `keys` has. Of a
    /// delete and a state of the same instant the delete counts.
    pub(crate) fn gone(&self, columns: &[String], whole: bool) -> Cte {
        let near = match whole || !self.tells(columns) {
            true => String::new(),
            false => format!(" LEFT SEMI JOIN `keys` ON {}", same("s", "keys", columns)),
        };
        let mut event: Vec<String> = self.key.iter().map(|column| of("s", column)).collect();
        event.extend(self.order.iter().filter(|column| !self.key.contains(column)).map(|column| of("s", column)));
        let event = event.join(", ");
        let events = format!(
            "SELECT {event}, {}\nFROM {} `s`{near} LEFT SEMI JOIN {} `t` ON {}\nUNION ALL\nSELECT {event}, {}\nFROM {} `s`{near}\nWHERE `s`.`_batch_id` <= :{}",
            named("FALSE", GONE),
            self.states.quoted(),
            self.tombstones.quoted(),
            same("s", "t", &self.key),
            named("TRUE", GONE),
            self.tombstones.quoted(),
            parameter::upto(self.input)
        );
        let latest: Vec<String> =
            self.order.iter().map(String::as_str).chain([GONE]).map(|name| format!("{} DESC", quote(name))).collect();
        let ranked = format!(
            "SELECT *, row_number() OVER (PARTITION BY {} ORDER BY {}) AS `_rank`\nFROM (\n{}\n)",
            list(&self.key),
            latest.join(", "),
            indent(&events)
        );
        let sql = format!("SELECT {}\nFROM (\n{}\n)\nWHERE `_rank` = 1 AND {}", list(&self.key), indent(&ranked), quote(GONE));
        Cte { name: KEYS.to_owned(), sql, kept: false }
    }

    /// What follows the states `s` in a FROM, so that those of keys that are gone are left out.
    pub(crate) fn left_out(&self) -> String {
        format!(" LEFT ANTI JOIN {} ON {}", quote(KEYS), same("s", KEYS, &self.key))
    }
}
