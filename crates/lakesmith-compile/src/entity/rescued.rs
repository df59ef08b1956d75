//! What bronze rescued is not lost on the way to silver: a value that did not fit its bronze column is taken from
//! `_rescued_data`, and where it does not fit the silver column either, the row is one whose value does not parse.

use crate::expression::Compiled;
use crate::select::{literal, named, quote};
use crate::table::Column;
use lakesmith_sql::DataType;

/// The column in which bronze keeps what did not fit.
pub(crate) const COLUMN: &str = "_rescued_data";
/// The hidden column that is TRUE for a row of which nothing could be read.
pub(crate) const CORRUPT: &str = "_lost_row";

/// A column that is one of the source's.
pub(crate) fn column(compiled: Compiled, source: &Column) -> Compiled {
    let Some(kept) = kept(source) else { return compiled };
    if matches!(compiled.ty, DataType::Array(_) | DataType::Map(..) | DataType::Struct(_) | DataType::Binary) {
        return expression(compiled, std::iter::once(source));
    }
    let kept_typed = match &compiled.ty {
        DataType::String => kept.clone(),
        ty => format!("TRY_CAST({kept} AS {ty})"),
    };
    let sql = format!("coalesce({}, {kept_typed})", compiled.sql);
    if compiled.ty == DataType::String {
        return Compiled { sql, fails: None, ..compiled }; // every value is a text
    }
    let fails = Some(format!("({} IS NOT NULL OR {kept} IS NOT NULL) AND {sql} IS NULL", quote(&source.name)));
    Compiled { sql, fails, ..compiled }
}

/// An expression over columns of the source: it cannot be computed for a row where one of them was rescued.
pub(crate) fn expression<'a>(compiled: Compiled, read: impl Iterator<Item = &'a Column>) -> Compiled {
    let missing = read.filter_map(|source| Some(format!("({} IS NULL AND {} IS NOT NULL)", quote(&source.name), kept(source)?)));
    let fails: Vec<String> = compiled.fails.iter().map(|fails| format!("coalesce({fails}, FALSE)")).chain(missing).collect();
    Compiled { fails: (!fails.is_empty()).then(|| fails.join(" OR ")), ..compiled }
}

/// The text of a column's value as bronze rescued it, under the name that the source has for it.
fn kept(source: &Column) -> Option<String> {
    let name = source.source_name.as_ref().unwrap_or(&source.name);
    let own = source.name.starts_with('_') || name.contains(['\'', ']', '\\']);
    (!own).then(|| format!("get_json_object({}, {})", quote(COLUMN), literal(&format!("$['{name}']"))))
}

/// Whether nothing of a row could be read.
pub(crate) fn corrupt() -> String {
    let whole = literal("$['_corrupt_record']");
    named(&format!("coalesce(get_json_object({}, {whole}) IS NOT NULL, FALSE)", quote(COLUMN)), CORRUPT)
}
