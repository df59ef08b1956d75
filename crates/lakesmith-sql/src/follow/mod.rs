//! Which rows of a query a change of its tables concerns.
//!
//! A table that holds the rows of a query over several tables follows them by key: where a table has changed, the keys of
//! the rows concerned are found, and only the rows of these keys are computed again. Nothing is added to or taken from a
//! sum: a group is computed from all its rows, so that a maximum is right when its row goes.
//!
//! For each table that the query names, the keys come from the query's *skeleton*: the joins that lead from the table to the
//! key, over the rows that changed of this table (as they are and as they were) and over all rows that the others have or had. What
//! only narrows the result down is left out where it could hide a row that was there before. Sums and windows are left out
//! too: a group, or the partition of a window, is concerned as a whole.
//!
//! Not every query can be followed. [`Follow::of`] says why not.

mod keys;
mod rows;
mod tree;

use crate::Query;
use tree::{Node, Tree};

/// How a table is read to find out which keys a change concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The rows that it holds, and those it held before.
    Ever,
    /// The rows that changed: as they are, and as they were.
    Changed,
}

/// Gives the SQL of a part of a table, a name or a query in parentheses: of the parts of the table's name, and the columns
/// that are named of it.
pub type Read<'a> = dyn Fn(&[String], Part, &[String]) -> String + 'a;

/// The rows of a query.
#[derive(Debug, Clone)]
pub struct Rows {
    /// Queries that it reads, each with its name: few rows by which tables are narrowed down.
    pub with: Vec<(String, String)>,
    /// The query.
    pub sql: String,
}

/// A query whose rows can be computed again key by key.
#[derive(Debug, Clone)]
pub struct Follow {
    tree: Tree,
    by: Vec<String>,
}

/// Two columns that tell where a row comes from; every table has them.
const ORIGIN: [&str; 2] = ["_source_system", "_ingestion_timestamp"];

impl Follow {
    /// Takes a query apart, as `resolve_spelled` gives it. `key`: the columns that make one of its rows unique.
    ///
    /// # Errors
    /// Why its rows cannot be computed key by key, as words that follow "because".
    pub fn of(query: &Query, key: &[String]) -> Result<Self, String> {
        let tree = Tree::of(query.ast())?;
        let mut by = vec![];
        let mut reason = None;
        for column in key {
            match keys::each(&tree, std::slice::from_ref(column), &|_, _, _| String::new()) {
                Ok(_) => by.push(column.clone()),
                Err(why) => reason = reason.or(Some(why)),
            }
        }
        match reason {
            Some(why) if by.is_empty() => Err(why),
            _ => Ok(Follow { tree, by }),
        }
    }

    /// The columns by which rows are computed again: the key, or those of it that a change can be traced to. All rows
    /// that share them are computed together.
    pub fn by(&self) -> &[String] {
        &self.by
    }

    /// For each time that a table is named, a SELECT of the keys that its change concerns: the columns of [`Follow::by`].
    pub fn concerned(&self, read: &Read<'_>) -> Vec<String> {
        keys::each(&self.tree, &self.by, read).unwrap_or_default()
    }

    /// The query; of the keys that `keys` holds, a relation with the columns of [`Follow::by`], or of all.
    pub fn rows(&self, keys: Option<&str>) -> Rows {
        rows::rows(&self.tree, &self.by, keys)
    }

    /// Adds the columns `_source_system` and `_ingestion_timestamp` where the query does not have them: those of the
    /// table that a row begins with, of a group the largest.
    #[must_use]
    pub fn with_origin(mut self) -> Self {
        for (name, ty) in ORIGIN.iter().zip(["STRING", "TIMESTAMP"]) {
            self.tree.root.add_origin(name, ty);
        }
        self
    }

    /// The tables, as often as the query names them, in its order.
    pub fn tables(&self) -> Vec<Vec<String>> {
        let mut all = vec![];
        self.tree.root.each_table(&mut |table, _| all.push(table.to_vec()));
        all
    }

    /// The table and its column that a column of the query is, unchanged in every row; `None` if it is computed, or comes
    /// from several.
    pub fn column_of(&self, name: &str) -> Option<(Vec<String>, String)> {
        fn within(node: &Node, name: &str) -> Option<(Vec<String>, String)> {
            let [select] = node.selects() else { return None };
            let (_, expr) = select.items.iter().find(|(item, _)| item == name)?;
            let (relation, column) = select.plain(expr)?;
            match &select.relations.get(relation)?.source {
                tree::Source::Table { parts, .. } => Some((parts.clone(), column)),
                tree::Source::Query(node) => within(node, &column),
                tree::Source::Values(_) | tree::Source::View(_) => None,
            }
        }
        within(&self.tree.root, name)
    }
}

#[cfg(test)]
mod tests;
