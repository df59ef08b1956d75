//! Full loads: what a batch reads is the whole table as the source has it. A key that the snapshot does not name is
//! deleted; one that it names in bad rows only keeps its older good row.

use crate::name::TableName;
use crate::select::{in_range, list, of, quote, same};
use crate::step::{Check, Cte};
use crate::table::Table;
use lakesmith_text::Span;

/// That the parent is loaded in full and what a snapshot lacks is to be deleted.
#[derive(Clone, Debug)]
pub(crate) struct Full {
    /// The receipts of the parent: a snapshot that could not be read deletes nothing.
    pub(crate) receipts: TableName,
    /// Whether those are of versions of a table, each of which was read whole; else they are of files.
    pub(crate) of_versions: bool,
    /// The share of keys that a snapshot may delete.
    pub(crate) max_delete_fraction: f64,
    /// Where the source's table is defined.
    pub(crate) at: Span,
}

/// Which input of the flow the receipts are.
pub(crate) const RECEIPTS: usize = 2;

/// `named`: the keys that the snapshot names. `complete`: whether it was read whole.
pub(crate) fn queries(full: &Full, keys: &[String], rescues: bool) -> Vec<Cte> {
    let cte = |name: &str, sql| Cte { name: name.to_owned(), sql, kept: true };
    let broken = match rescues {
        true => format!("SELECT count(*) AS `n`\n  FROM `batch`\n  WHERE {}", quote(super::rescued::CORRUPT)),
        false => "SELECT 0 AS `n`".to_owned(),
    };
    // A file that was touched and says the same as before is no snapshot: none of its rows are in the batch. A folder of
    // which a file could not be read is not whole; a version that could not be read has no receipt.
    let receipts = full.receipts.quoted();
    let of_batch = in_range(None, RECEIPTS);
    let (is_read, is_failed) = match full.of_versions {
        true => ("`reading` = 'snapshot'", "false"),
        false => ("`status` IN ('read', 'new_version')", "`error` IS NOT NULL"),
    };
    let complete = format!(
        "SELECT `read`.`n` > 0 AND `failed`.`n` = 0 AND `broken`.`n` = 0 AS `complete`
FROM (
  SELECT count(*) AS `n`
  FROM {receipts}
  WHERE {of_batch} AND {is_read}
) `read` CROSS JOIN (
  SELECT count(*) AS `n`
  FROM {receipts}
  WHERE {of_batch} AND {is_failed}
) `failed` CROSS JOIN (
  {broken}
) `broken`"
    );
    vec![cte("named", format!("SELECT DISTINCT {}\nFROM `batch`", list(keys))), cte("complete", complete)]
}

/// The rows of the target that stay unless the snapshot has a better one.
pub(crate) fn rivals(target: &Table, columns: &[&str], keys: &[String]) -> String {
    let held: Vec<String> = columns.iter().map(|name| of("held", name)).collect();
    let (held, table, same) = (held.join(", "), target.name.quoted(), same("held", "named", keys));
    format!(
        "SELECT {held}\nFROM {table} `held` LEFT SEMI JOIN `named` ON {same}\nUNION ALL\nSELECT {held}\nFROM (\n  SELECT `held`.* FROM {table} `held` LEFT ANTI JOIN `named` ON {same}\n) `held` CROSS JOIN `complete`\nWHERE NOT `complete`.`complete`"
    )
}

/// A snapshot that lacks too many keys is more likely broken than right.
pub(crate) fn check(full: &Full, target: &Table, keys: &[String]) -> Option<Check> {
    let fraction = full.max_delete_fraction;
    let (table, same) = (target.name.quoted(), same("held", "named", keys));
    (fraction < 1.0).then(|| Check {
        code: "too-many-deletes",
        sql: format!(
            "SELECT CASE WHEN `gone`.`n` > {fraction} * `held`.`n` THEN `gone`.`n` ELSE 0 END\nFROM (\n  SELECT count(*) AS `n`\n  FROM {table} `held` LEFT ANTI JOIN `named` ON {same}\n) `gone` CROSS JOIN (\n  SELECT count(*) AS `n` FROM {table}\n) `held` CROSS JOIN `complete`\nWHERE `complete`.`complete`"
        ),
        message: format!(
            "the newest snapshot lacks {{count}} keys of {}, more than {fraction} of them (`max_delete_fraction`)",
            target.name
        ),
        help: "nothing was deleted; if the snapshot is right, raise `max_delete_fraction` for this table, run, and put it back"
            .to_owned(),
        at: Some(full.at),
    })
}
