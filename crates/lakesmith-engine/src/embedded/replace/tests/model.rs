//! What a table is to hold after a replacement, worked out row by row in memory.

use std::collections::{BTreeMap, BTreeSet};

/// The numbers of a row's values, key first.
pub(super) type Row = Vec<usize>;

/// A row that the step reads: a state of its key, or the end of it. Of several of one key the last counts.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) row: Row,
    pub(super) gone: bool,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) row: Row,
    /// The batch that last wrote it.
    pub(super) batch: i64,
    /// The batch that first wrote it.
    pub(super) created: i64,
}

/// What a batch does.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) read: u64,
    pub(super) inserted: u64,
    pub(super) updated: u64,
    pub(super) unchanged: u64,
    pub(super) superseded: u64,
    pub(super) removed: u64,
}

/// The table: rows by what their key says.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) rows: BTreeMap<Row, Held>,
    /// Of each column and value the first of those that are equal to it: `0.0` is `-0.0`.
    pub(super) equal: Vec<Vec<usize>>,
}

impl Model {
    /// The row, with equal values as one.
    pub(super) fn says(&self, row: &[usize]) -> Row {
        row.iter().zip(&self.equal).map(|(number, equal)| equal[*number]).collect()
    }

    /// The rows of the changes' keys become the changes; with `all`, the rows of every key. Gives what happened, and the keys of which the
    /// held row changed or went.
    pub(super) fn replace(&mut self, changes: &[Change], key: usize, batch: i64, all: bool) -> (Counts, BTreeSet<Row>) {
        let mut counts = Counts { read: changes.len() as u64, ..Counts::default() };
        let mut last: BTreeMap<Row, &Change> = BTreeMap::new();
        for change in changes {
            if last.insert(self.says(&change.row[..key]), change).is_some() {
                counts.superseded += 1;
            }
        }
        let mut touched = BTreeSet::new();
        if all {
            let kept = |key: &Row| last.get(key).is_some_and(|change| !change.gone);
            touched.extend(self.rows.keys().filter(|key| !kept(key)).cloned());
        }
        for (key, change) in last {
            let unchanged = self.rows.get(&key).is_some_and(|held| self.says(&held.row) == self.says(&change.row));
            match self.rows.get_mut(&key) {
                Some(_) if change.gone => drop(touched.insert(key)),
                None if change.gone => {}
                None => {
                    counts.inserted += 1;
                    self.rows.insert(key, Held { row: change.row.clone(), batch, created: batch });
                }
                Some(_) if unchanged => counts.unchanged += 1,
                Some(held) => {
                    counts.updated += 1;
                    *held = Held { row: change.row.clone(), batch, created: held.created };
                    touched.insert(key);
                }
            }
        }
        let before = self.rows.len();
        self.rows.retain(|key, held| held.batch == batch || !touched.contains(key));
        counts.removed = (before - self.rows.len()) as u64;
        (counts, touched)
    }
}
