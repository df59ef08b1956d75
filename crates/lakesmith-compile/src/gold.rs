//! What every table of gold has: member -1 for what is not known, and the columns that say when and by which batch a row
//! was written.

use crate::select::{literal, named};
use crate::step::parameter;
use crate::table::Column;
use lakesmith_sql::DataType;

/// The text attributes of member -1.
pub(crate) const UNKNOWN: &str = "(unknown)";
/// The surrogate key of the member that stands for a missing one.
pub(crate) const UNKNOWN_KEY: i64 = -1;

/// From when member -1 is valid, and an inferred one; and a first version that holds from the beginning.
pub(crate) const BEGINNING: &str = "1900-01-01";

/// What stands for an attribute of a member of which nothing is known.
pub(crate) fn nothing_known(column: &Column) -> String {
    match &column.ty {
        DataType::String => literal(UNKNOWN),
        ty => format!("CAST(NULL AS {ty})"),
    }
}

/// The `_` columns of every gold table.
pub(crate) fn stamps() -> Vec<Column> {
    let column = |name: &str, ty, words: &str| Column::new(name, ty).described(Some(words.to_owned()));
    vec![
        column("_created_timestamp", DataType::Timestamp, "When the row was first written, UTC"),
        column("_updated_timestamp", DataType::Timestamp, "When the row last changed, UTC"),
        column("_source_system", DataType::String, "The source's name"),
        column("_batch_id", DataType::BigInt, "The batch that last wrote the row"),
    ]
}

pub(crate) fn stamp_names() -> Vec<String> {
    stamps().into_iter().map(|column| column.name).filter(|name| name != "_source_system").collect()
}

/// The end of a select list: the stamps of a row, and what the write wants to know of it. `source`: SQL of the source's
/// name; `new`: whether the row counts among those that the batch computed.
pub(crate) fn stamped(source: &str, new: bool) -> [String; 6] {
    let now = format!(":{}", parameter::NOW);
    [
        named(&now, "_created_timestamp"),
        named(&now, "_updated_timestamp"),
        named(source, "_source_system"),
        named(&format!(":{}", parameter::BATCH), "_batch_id"),
        named(if new { "1" } else { "0" }, "_new"),
        named("CAST(NULL AS STRING)", "_outcome"),
    ]
}

/// SQL of the source of rows that come from no source.
pub(crate) fn own() -> String {
    literal("lakesmith")
}
