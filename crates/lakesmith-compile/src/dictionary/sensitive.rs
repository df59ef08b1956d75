//! Which columns hold something sensitive: those that the project tags so, those of a source that it says so of, and all
//! that is made of them.

use crate::name::TableName;
use crate::plan::{FlowKind, Plan};
use crate::select::literal;
use lakesmith_project::{Entity, Project};
use lakesmith_text::Spanned;
use std::collections::{BTreeMap, BTreeSet};

/// First words of tags that say so: `pii.email` is `pii`.
const SENSITIVE: [&str; 6] = ["pii", "phi", "pci", "confidential", "restricted", "secret"];

/// What is sensitive in each column, by table and column.
#[derive(Default)]
pub(super) struct Sensitive(BTreeMap<(TableName, String), BTreeSet<String>>);

/// Columns that may hold any value of the row that was read.
const WHOLE_ROW: [&str; 3] = ["_raw", "_rescued_data", "_validation_errors"];

impl Sensitive {
    pub(super) fn of(project: &Project, plan: &Plan) -> Sensitive {
        let mut all = Sensitive::default();
        for flow in &plan.flows {
            let entity = project.entities.iter().find(|entity| entity.table() == flow.name.to_string());
            let of_source = match flow.kind {
                FlowKind::Bronze { source, table } => words(&project.sources[source].tables[table].sensitivity),
                _ => BTreeSet::new(),
            };
            // What a row may have had, for columns that hold all of it.
            let mut whole = of_source.clone();
            whole.extend(flow.inputs.iter().flat_map(|input| all.any(&input.table)));
            for column in &flow.target.columns {
                let mut found = if column.name.starts_with('_') { BTreeSet::new() } else { of_source.clone() };
                let made = flow.lineage.get(&column.name).into_iter().flatten();
                found.extend(made.flat_map(|(table, made)| all.get(table, made)));
                if let Some(entity) = entity {
                    found.extend(tagged(entity, &column.name));
                    found.extend(all.looked_up(entity, &column.name));
                }
                if WHOLE_ROW.contains(&column.name.as_str()) {
                    found.extend(whole.iter().cloned());
                }
                all.add(&flow.name, &column.name, found);
            }
            for companion in &flow.companions {
                for column in &companion.columns {
                    let mut found = all.get(&flow.name, &column.name);
                    if WHOLE_ROW.contains(&column.name.as_str()) {
                        found.extend(whole.iter().cloned());
                    }
                    all.add(&companion.name, &column.name, found);
                }
            }
        }
        all
    }

    /// Whether a column is sensitive in any way.
    pub(super) fn is(&self, table: &TableName, column: &str) -> bool {
        !self.get(table, column).is_empty()
    }

    /// What is sensitive in a column, as SQL.
    pub(super) fn words(&self, table: &TableName, column: &str) -> String {
        match self.get(table, column) {
            words if words.is_empty() => "NULL".to_owned(),
            words => literal(&Vec::from_iter(words).join(", ")),
        }
    }

    fn add(&mut self, table: &TableName, column: &str, words: BTreeSet<String>) {
        if !words.is_empty() {
            self.0.insert((table.clone(), column.to_owned()), words);
        }
    }

    fn get(&self, table: &TableName, column: &str) -> BTreeSet<String> {
        self.0.get(&(table.clone(), column.to_owned())).cloned().unwrap_or_default()
    }

    /// What is sensitive in any column of a table.
    fn any(&self, table: &TableName) -> BTreeSet<String> {
        self.0.iter().filter(|((of, _), _)| of == table).flat_map(|(_, words)| words.iter().cloned()).collect()
    }

    /// A column that a lookup brings is what it is in its table.
    fn looked_up(&self, entity: &Entity, column: &str) -> BTreeSet<String> {
        let lookups = entity.lookup.iter().filter(|lookup| lookup.columns.iter().any(|name| name.value == column));
        lookups.filter_map(|lookup| TableName::parse(&lookup.table.value)).flat_map(|table| self.get(&table, column)).collect()
    }
}

fn tagged(entity: &Entity, column: &str) -> BTreeSet<String> {
    let tags = entity.column(column).map(|column| column.tags.as_slice()).unwrap_or_default();
    let sensitive = |tag: &&Spanned<String>| {
        let first = tag.value.split(['.', ':', '_', '-']).next().unwrap_or_default();
        SENSITIVE.iter().any(|word| word.eq_ignore_ascii_case(first))
    };
    tags.iter().filter(sensitive).map(|tag| tag.value.clone()).collect()
}

/// What a source says is sensitive in a table: any word that does not say that nothing is.
fn words(written: &[Spanned<String>]) -> BTreeSet<String> {
    let nothing = |word: &&Spanned<String>| !["none", "public"].iter().any(|none| none.eq_ignore_ascii_case(&word.value));
    written.iter().filter(nothing).map(|word| word.value.clone()).collect()
}
