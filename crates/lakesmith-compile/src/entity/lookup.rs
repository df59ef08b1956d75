//! Reference data joined in: today's value in every row that uses it, past states included. A lookup never drops or
//! multiplies a row.

use crate::entity::Shape;
use crate::expression;
use crate::name::{Layer, TableName};
use crate::plan::{Input, Known};
use crate::select::{equal, former, in_range, indent, list, of, quote};
use crate::step::{Check, parameter};
use crate::table::Column;
use lakesmith_project::{Entity, Lookup};
use lakesmith_text::{Diagnostic, Diagnostics, Span};

/// A lookup of an entity, over a table whose columns are known.
#[derive(Clone, Debug)]
pub(crate) struct Looked {
    table: TableName,
    /// The name of the relation that is joined.
    relation: String,
    /// Which input of the flow it is, from 1.
    input: usize,
    on: Vec<String>,
    /// The columns taken over.
    pub(crate) columns: Vec<Column>,
    /// Whether the table has one row per `on` by its own making.
    unique: bool,
    at: Span,
}

/// The lookups of an entity and the inputs that they are, from number `first` on. A table that has no columns yet is
/// looked up once it has: nothing waits for it.
pub(crate) fn lookups(entity: &Entity, known: &Known, first: usize, faults: &mut Diagnostics) -> (Vec<Looked>, Vec<Input>) {
    let (mut all, mut inputs): (Vec<Looked>, Vec<Input>) = (vec![], vec![]);
    for lookup in &entity.lookup {
        let Some((table, columns, shape)) = table(entity, lookup, known, faults) else { continue };
        let column = |name: &lakesmith_text::Spanned<String>, faults: &mut Diagnostics| {
            let found = columns.iter().find(|column| column.name == name.value);
            if found.is_none() {
                faults.push(expression::no_such_column(&table.words(), &columns, name));
            }
            found.cloned()
        };
        let before = faults.errors();
        lookup.on.iter().for_each(|on| drop(column(on, faults)));
        let taken: Vec<Column> = lookup.columns.iter().filter_map(|name| column(name, faults)).collect();
        if before != faults.errors() {
            continue;
        }
        let input = match inputs.iter().position(|input| input.table == table) {
            Some(index) => first + index,
            None => {
                inputs.push(Input::changes(table.clone(), lookup.table.span));
                first + inputs.len() - 1
            }
        };
        let on: Vec<String> = lookup.on.iter().map(|on| on.value.clone()).collect();
        all.push(Looked {
            relation: format!("l{}", all.len() + 1),
            unique: shape.unique && shape.identity.iter().all(|name| on.contains(name)),
            columns: taken,
            table,
            input,
            on,
            at: lookup.name.span,
        });
    }
    (all, inputs)
}

fn table(entity: &Entity, lookup: &Lookup, known: &Known, faults: &mut Diagnostics) -> Option<(TableName, Vec<Column>, Shape)> {
    let name = known.table_name(&lookup.table, faults)?;
    let refused = |words: String, help: &str| Diagnostic::error("layer-skipped", words).at(lookup.table.span).help(help);
    if name.layer() != Layer::Silver {
        faults.push(refused(
            format!("a lookup reads silver, and `{name}` is not there"),
            "define an entity in silver/ that holds one row per key, and look that up",
        ));
        return None;
    }
    let (Some(flow), Some(shape)) = (known.plan.flow(&name), known.entities.get(&name)) else {
        if name == super::name(entity) {
            faults.push(
                Diagnostic::error("cycle", format!("`{name}` looks itself up"))
                    .at(lookup.table.span)
                    .help("flows must have an order: read from an earlier table"),
            );
        } else {
            known.unknown(&name, &lookup.table, faults);
        }
        return None;
    };
    if shape.keeps_states {
        let fault = format!("`{name}` keeps every state of a key, so a lookup would find several rows");
        let help = "look up an entity with `history: none`, which has one row per key";
        faults.push(Diagnostic::error("lookup-not-unique", fault).at(lookup.table.span).help(help));
        return None;
    }
    flow.columns_known.then(|| (name, flow.target.columns.clone(), shape.clone()))
}

impl Looked {
    fn pairs(&self) -> Vec<(String, String)> {
        self.on.iter().map(|on| (on.clone(), on.clone())).collect()
    }

    /// The keys of the target's rows that use a row of the table that has changed or is gone; all of them where it is
    /// not known what changed.
    pub(crate) fn concerned(&self, target: &TableName, keys: &[String]) -> String {
        let on = list(&self.on);
        let changed = format!(
            "SELECT {on}\nFROM {}\nWHERE {}\nUNION\n{}",
            self.table.quoted(),
            in_range(None, self.input),
            former(self.input, &self.on)
        );
        let columns: Vec<String> = keys.iter().map(|key| of("t", key)).collect();
        let target = target.quoted();
        format!(
            "SELECT {}\nFROM {target} `t` LEFT SEMI JOIN (\n{}\n) `m` ON {}\nUNION\nSELECT {}\nFROM {target}\nWHERE :{} < 0",
            columns.join(", "),
            indent(&changed),
            equal("t", "m", &self.pairs()),
            list(keys),
            parameter::since(self.input)
        )
    }

    /// What stands after `FROM … w`.
    pub(crate) fn join(&self) -> String {
        format!("\nLEFT JOIN {} {} ON {}", self.table.quoted(), quote(&self.relation), equal("w", &self.relation, &self.pairs()))
    }

    /// The column that is taken over, if it is this lookup's.
    pub(crate) fn column(&self, name: &str) -> Option<String> {
        self.columns.iter().any(|column| column.name == name).then(|| of(&self.relation, name))
    }

    /// A row must find at most one. NULL finds none.
    pub(crate) fn check(&self) -> Option<Check> {
        let on = list(&self.on);
        let told: Vec<String> = self.on.iter().map(|name| format!("{} IS NOT NULL", quote(name))).collect();
        (!self.unique).then(|| Check {
            code: "lookup-not-unique",
            sql: format!(
                "SELECT count(*) FROM (SELECT {on} FROM {} WHERE {} GROUP BY {on} HAVING count(*) > 1)",
                self.table.quoted(),
                told.join(" AND ")
            ),
            message: format!("{{count}} values of ({}) stand in several rows of `{}`", self.on.join(", "), self.table),
            help: "a lookup never multiplies a row: look up by the table's whole key".to_owned(),
            at: Some(self.at),
        })
    }
}
