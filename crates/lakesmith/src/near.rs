//! Tables whose names are left incomplete: `fact_sales` for `gold.fact_sales`.

use crate::exit::Stop;
use lakesmith_run::{Lake, RunError};
use lakesmith_text::{Diagnostic, Sources, nearest};

/// The table that a name without its layer most likely means.
fn meant(lake: &Lake, name: &str) -> Option<String> {
    let tables: Vec<String> = lake.plan().tables().map(|(_, table)| table.name.to_string()).collect();
    among(&tables, name)
}

fn among(tables: &[String], name: &str) -> Option<String> {
    fn last(table: &str) -> &str {
        table.rsplit('.').next().unwrap_or(table)
    }
    let found = tables.iter().find(|table| last(table).eq_ignore_ascii_case(name));
    let near = || nearest(name, tables.iter().map(|table| last(table)));
    found.or_else(|| near().and_then(|near| tables.iter().find(|table| last(table) == near))).cloned()
}

/// The error of a command that names a table, with the table that is meant.
pub(crate) fn stop(error: RunError, lake: &Lake) -> Stop {
    let error = match error {
        RunError::UnknownTable { name, near: None } => RunError::UnknownTable { near: meant(lake, &name), name },
        other => other,
    };
    Stop::of(error, &lake.project().sources_text)
}

/// The error of a query, with the table that is meant where one is named without its layer.
pub(crate) fn offered(stop: Stop, lake: &Lake) -> Stop {
    let Stop::Faults { faults, sources, exit } = stop else { return stop };
    let faults = faults.into_iter().map(|fault| with_offer(fault, lake, &sources)).collect();
    Stop::Faults { faults, sources, exit }
}

fn with_offer(fault: Diagnostic, lake: &Lake, sources: &Sources) -> Diagnostic {
    if fault.code != "unknown-table" || fault.help.is_some() {
        return fault;
    }
    let Some(span) = fault.span else { return fault };
    let written = sources.text(span.file).get(span.start as usize..span.end as usize).unwrap_or_default();
    match meant(lake, written.trim_matches('`')) {
        Some(table) => fault.help(format!("did you mean `{table}`?")),
        None => fault.help("tables are named `layer.name`; `lakesmith tables` lists them all"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_its_layer_means_the_table_of_that_name() {
        let tables = ["silver.sales_orders", "gold.fact_sales"].map(str::to_owned);
        let found = |name| among(&tables, name);
        assert_eq!(found("fact_sales").as_deref(), Some("gold.fact_sales"));
        assert_eq!(found("FACT_SALES").as_deref(), Some("gold.fact_sales"));
        assert_eq!(found("fact_salse").as_deref(), Some("gold.fact_sales"));
        assert_eq!(found("weather"), None);
    }
}
