//! Two files that would fill one table, and names that are companions' or the calendar's.

use crate::Project;
use lakesmith_text::{Diagnostic, Diagnostics, Span};

/// What lies beside a table under a name of its own.
const COMPANIONS: [&str; 3] = ["_quarantine", "_receipts", "_tombstones"];
/// The dimensions that follow from the calendar.
const DIM_DATE: &str = "gold.dim_date";
const DIM_TIME: &str = "gold.dim_time";

/// Says which tables of the project collide.
pub(crate) fn check(project: &Project, diagnostics: &mut Diagnostics) {
    let tables = tables(project);
    for (index, (table, at)) in tables.iter().enumerate() {
        if let Some((_, first)) = tables[..index].iter().find(|(other, _)| other.eq_ignore_ascii_case(table)) {
            diagnostics.push(
                Diagnostic::error("duplicate-table", format!("`{table}` is filled twice"))
                    .at(*at)
                    .label("this fills it too")
                    .related(*first, "filled from here already")
                    .help("a table is filled by one file: rename one of the two"),
            );
        }
        let belongs_to = COMPANIONS.iter().filter_map(|suffix| table.strip_suffix(suffix));
        for (owner, place) in belongs_to.flat_map(|owner| tables.iter().filter(move |(other, _)| other == owner)) {
            diagnostics.push(
                Diagnostic::error("reserved-name", format!("`{table}` is the name of a companion of `{owner}`"))
                    .at(*at)
                    .related(*place, format!("`{owner}` is filled from here"))
                    .help("choose a name that does not end with `_quarantine`, `_receipts` or `_tombstones`"),
            );
        }
        if let Some(calendar) = &project.lakehouse.calendar
            && (table == DIM_DATE || (table == DIM_TIME && calendar.time.is_some()))
        {
            diagnostics.push(
                Diagnostic::error("reserved-name", format!("`{table}` follows from the calendar"))
                    .at(*at)
                    .related(calendar.start.span, "the calendar is here")
                    .help("remove the file, or name the dimension otherwise"),
            );
        }
    }
}

/// Every table with the place that names it.
fn tables(project: &Project) -> Vec<(String, Span)> {
    let bronze =
        project.sources.iter().flat_map(|source| source.tables.iter().map(|table| (source.bronze_table(table), table.name.span)));
    let silver = project.entities.iter().map(|entity| (entity.table(), entity.at));
    let dimensions = project.dimensions.iter().map(|dimension| (dimension.table(), dimension.name.span));
    let facts = project.facts.iter().map(|fact| (fact.table(), fact.name.span));
    let aggregates = project.aggregates.iter().map(|aggregate| (aggregate.table(), aggregate.name.span));
    bronze.chain(silver).chain(dimensions).chain(facts).chain(aggregates).collect()
}
