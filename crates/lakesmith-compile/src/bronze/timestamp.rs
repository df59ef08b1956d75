//! Extracts by a timestamp: each file holds the rows that changed since some time, and extracts overlap. A row that says
//! the same as one that bronze has is not taken again; any other row is, however old it is, so that the order in which
//! extracts arrive makes no difference. Only rows of the same time can say the same, so bronze is looked at where its
//! timestamps are those of the batch.

use super::append;
use crate::expression;
use crate::name::TableName;
use crate::select::{indent, items, list, named, of, quote};
use crate::step::{Counted, Cte, Step, parameter};
use crate::table::Column;
use lakesmith_project::Timestamp;
use lakesmith_sql::DataType;
use lakesmith_text::{Diagnostic, Diagnostics};

/// What a row says: equal for rows whose values are equal, columns that are NULL left out.
const SAYS: &str = "_says";

/// A table whose files are extracts.
pub(super) struct Extract<'a> {
    name: &'a TableName,
    data: &'a [Column],
    timestamp: &'a Timestamp,
    column: &'a str,
    ty: &'a DataType,
}

impl<'a> Extract<'a> {
    /// The column must be there, and tell a time.
    pub(super) fn new(
        name: &'a TableName,
        data: &'a [Column],
        timestamp: &'a Timestamp,
        faults: &mut Diagnostics,
    ) -> Option<Self> {
        let wanted = &timestamp.column;
        let fault = match expression::find(data, wanted) {
            Some(column) if matches!(column.ty, DataType::Timestamp | DataType::Date) => {
                return Some(Extract { name, data, timestamp, column: &column.name, ty: &column.ty });
            }
            Some(column) => Diagnostic::error("type-mismatch", format!("`{wanted}` is of type {}, which is no time", column.ty))
                .help(format!("declare it under `schema_hints`: `{{ {wanted}: timestamp }}`; a table that has it otherwise needs another name")),
            None => expression::no_such_column(&name.words(), data, wanted),
        };
        faults.push(fault.at(wanted.span));
        None
    }

    /// `columns`: the target's, over the columns of the batch. `whole`: there is nothing to compare with.
    pub(super) fn step(&self, columns: &[String], whole: bool) -> Step {
        let cte = |name: &str, sql| Cte { name: name.to_owned(), sql, kept: true };
        let mut with = vec![cte("batch", self.batch())];
        let (mut held, mut repeated) = (String::new(), "`_nth` > 1".to_owned());
        if !whole {
            with.extend([cte(parameter::SPAN, self.span()), cte("held", self.held()), cte("mark", self.mark())]);
            held = format!("\nLEFT JOIN `held` ON {} = {}", of("b", SAYS), of("held", SAYS));
            repeated += &format!(" OR {} IS NOT NULL", of("held", SAYS));
        }
        let rows = format!(
            "SELECT *, row_number() OVER (PARTITION BY {} ORDER BY `_source_modified`, `_source_file`, `_source_position`) AS `_nth`\nFROM `batch`",
            quote(SAYS)
        );
        let mut columns = columns.to_vec();
        columns.extend([named("1", "_new"), named(&format!("CASE WHEN {repeated} THEN 'unchanged' END"), "_outcome")]);
        let select = format!("SELECT\n  {}\nFROM (\n{}\n) `b`{held}", items(&columns), indent(&rows));
        Step { counts: self.counts(whole), ..append(with, select) }
    }

    /// The rows that were read, each with what it says.
    fn batch(&self) -> String {
        let place = ["_source_file", "_source_modified", "_source_position", "_rescued_data"];
        let columns = list(self.data.iter().map(|column| column.name.as_str()).chain(place));
        format!("SELECT {columns}, {}\nFROM {}", self.says(None), super::landing(self.name))
    }

    fn says(&self, qualifier: Option<&str>) -> String {
        let column = |name: &str| qualifier.map_or_else(|| quote(name), |q| of(q, name));
        let all = self.data.iter().map(|column| column.name.as_str()).chain(["_rescued_data"]);
        let all: Vec<String> = all.map(column).collect();
        named(&format!("sha2(to_json(struct({})), 256)", all.join(", ")), SAYS)
    }

    /// The times between which the rows of the batch lie.
    fn span(&self) -> String {
        let column = quote(self.column);
        format!("SELECT min({column}) AS `first`, max({column}) AS `last`\nFROM `batch`")
    }

    /// What of the batch bronze has already.
    fn held(&self) -> String {
        let at = of("h", self.column);
        let bound = |name: &str| format!("CAST(:{name} AS {})", self.ty);
        let rows = format!(
            "SELECT {}\nFROM {} `h`\nWHERE {at} IS NULL OR ({at} >= {} AND {at} <= {})",
            self.says(Some("h")),
            self.name.quoted(),
            bound(parameter::FIRST_TIME),
            bound(parameter::LAST_TIME)
        );
        let says = quote(SAYS);
        format!(
            "SELECT DISTINCT `h`.{says}\nFROM (\n{}\n) `h` LEFT SEMI JOIN `batch` ON `h`.{says} = `batch`.{says}",
            indent(&rows)
        )
    }

    /// The latest time that bronze had before the batch; none, if no row of the batch can be older.
    fn mark(&self) -> String {
        let (column, first) = (quote(self.column), parameter::FIRST_TIME);
        format!("SELECT max({column}) AS `mark`\nFROM {}\nWHERE {column} > CAST(:{first} AS {})", self.name.quoted(), self.ty)
    }

    fn counts(&self, whole: bool) -> Vec<Counted> {
        let column = quote(self.column);
        let new = "`_outcome` IS NULL";
        let timeless = Counted {
            name: format!("rows without {}", self.timestamp.column),
            sql: format!("SELECT count(*) FROM `result` WHERE {new} AND {column} IS NULL"),
        };
        let late = Counted {
            name: "late rows".to_owned(),
            sql: format!(
                "SELECT count(*) FROM `result` CROSS JOIN `mark`\nWHERE {new} AND CAST({column} AS TIMESTAMP) < CAST(`mark`.`mark` AS TIMESTAMP) - INTERVAL {} SECONDS",
                self.timestamp.overlap.as_secs()
            ),
        };
        std::iter::once(timeless).chain((!whole).then_some(late)).collect()
    }
}
