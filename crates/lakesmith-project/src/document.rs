//! The kinds of file a project has.

use crate::shape::Object;
use crate::{aggregate, dimension, entity, fact, lakehouse, source, unit_test};

/// A kind of file.
pub(crate) struct Document {
    /// What it is called.
    pub(crate) name: &'static str,
    /// Where such files lie.
    pub(crate) path: &'static str,
    /// What it is for.
    pub(crate) doc: &'static str,
    pub(crate) keys: &'static Object,
}

/// All kinds, in the order data flows.
pub(crate) const DOCUMENTS: &[Document] = &[
    Document {
        name: "lakehouse",
        path: "lakehouse.yaml",
        doc: "The project itself: its name, its calendar, and the environments it runs in.",
        keys: &lakehouse::KEYS,
    },
    Document {
        name: "source",
        path: "sources/*.yaml",
        doc: "A system outside. Each of its tables fills a bronze table, which needs no file of its own.",
        keys: &source::KEYS,
    },
    Document {
        name: "entity",
        path: "silver/<domain>/<entity>.yaml",
        doc: "A cleansed table, `silver.<domain>_<entity>`.",
        keys: &entity::KEYS,
    },
    Document {
        name: "dimension",
        path: "gold/*.yaml",
        doc: "What facts are seen by. The date dimension `dim_date` needs no file: it follows from the calendar.",
        keys: &dimension::KEYS,
    },
    Document { name: "fact", path: "gold/*.yaml", doc: "What is measured, one row per grain.", keys: &fact::KEYS },
    Document { name: "aggregate", path: "gold/*.yaml", doc: "A fact summed up, one row per group.", keys: &aggregate::KEYS },
    Document {
        name: "test",
        path: "tests/*.yaml",
        doc: "A unit test: rows that are given, run by run, and rows that tables are to hold then. `lakesmith test` runs it in memory.",
        keys: &unit_test::KEYS,
    },
    Document { name: "tests", path: "tests/*.yaml", doc: "Several unit tests in one file.", keys: &unit_test::FILE },
];
