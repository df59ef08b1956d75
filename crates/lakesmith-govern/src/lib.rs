//! The one gate: whoever reads the lake passes here.
//!
//! [`admit`] is the only way that a surface gets a [`Read`], the thing an engine answers. Today there is one principal,
//! the owner of the machine the lake lies on, who may read every table; grants, row filters and masks become rewrites
//! of the query in this place, and no surface will have to change.

use chrono::{DateTime, Utc};
use lakesmith_compile::TableName;
use lakesmith_engine::Read;
use lakesmith_engine::delta::Snapshot;
use std::collections::BTreeMap;

/// Who reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Whoever may read the storage itself: the command line on the lake's own machine.
    Owner,
}

/// What somebody wants to know.
#[derive(Clone, Debug)]
pub struct Question {
    /// Spark SQL.
    pub sql: String,
    /// The tables it names, at the versions readers see.
    pub tables: BTreeMap<TableName, Snapshot>,
    /// The lakehouse's name, which may stand before a table's.
    pub lakehouse: String,
    /// What `current_timestamp()` is.
    pub now: DateTime<Utc>,
}

/// Lets a question through, rewritten to what the principal may see.
pub fn admit(principal: &Principal, question: Question) -> Read {
    match principal {
        Principal::Owner => Read { sql: question.sql, tables: question.tables, lakehouse: question.lakehouse, now: question.now },
    }
}
