//! What an entity is read from: a bronze table, or another entity whose rows it follows.

use super::snapshot::Full;
use crate::name::{Layer, TableName};
use crate::queried::Queried;
use crate::table::{Column, Table};

/// The input of an entity.
#[derive(Clone, Debug)]
pub(crate) struct Parent {
    pub(crate) name: TableName,
    /// All its columns, once they are known.
    pub(crate) columns: Option<Vec<Column>>,
    /// What names its rows, if it is an entity.
    pub(crate) identity: Vec<String>,
    /// Whether no two of its rows have the same name.
    pub(crate) unique: bool,
    /// Whether its rows may say that their key is gone.
    pub(crate) feed: bool,
    /// Whether the source's table tells by which values.
    pub(crate) told: bool,
    /// Whether it is loaded in full: what it reads is never older than what it has read.
    pub(crate) snapshots: bool,
    /// How it deletes what its snapshots lack.
    pub(crate) full: Option<Full>,
    /// The query that its rows come from, in place of a table.
    pub(crate) query: Option<Queried>,
}

impl Parent {
    pub(crate) fn new(table: &Table, known: bool, identity: Vec<String>) -> Self {
        Parent::of(table.name.clone(), known.then(|| table.columns.clone()), identity)
    }

    /// The rows of a query. `name`: of the entity whose rows they become.
    pub(crate) fn of_query(name: TableName, query: Queried) -> Self {
        let identity = query.by().map(<[String]>::to_vec).unwrap_or_default();
        let read = Parent::of(name, query.columns.clone(), identity);
        Parent { query: Some(query), ..read }
    }

    /// Rows of which nothing further is known.
    fn of(name: TableName, columns: Option<Vec<Column>>, identity: Vec<String>) -> Self {
        let (feed, told, snapshots) = (false, false, false);
        Parent { name, columns, identity, unique: true, feed, told, snapshots, full: None, query: None }
    }

    /// Why each batch makes the whole table of all that its inputs hold.
    pub(crate) fn whole(&self) -> Option<String> {
        match (&self.query, &self.full) {
            (Some(query), _) => query.by().err().map(str::to_owned),
            (None, Some(_)) => Some("each batch is a snapshot of all rows".to_owned()),
            (None, None) => None,
        }
    }

    /// Whether its rows have an arrival order of their own. The rows of an entity do not: they are replaced together
    /// with their parent's.
    pub(crate) fn has_arrival(&self) -> bool {
        self.query.is_none() && self.name.layer() == Layer::Bronze
    }
}
