//! Which columns a column is made of, table by table, from what the project says of it.

use crate::entity::snake_case;
use crate::name::TableName;
use crate::plan::{FlowKind, Plan};
use lakesmith_project::{Aggregate, ColumnValue, Dimension, Entity, Fact, Project};
use lakesmith_text::Located;
use std::collections::{BTreeMap, BTreeSet};

/// A table's columns, each with the columns of the flow's inputs that it is made of.
pub type Lineage = BTreeMap<String, BTreeSet<(TableName, String)>>;

/// The same, by the names of the columns in what the flow reads: its first input, or its query.
type Made = BTreeMap<String, BTreeSet<String>>;

/// Every column that is made of one, near ones first: table and column.
pub fn downstream(plan: &Plan, table: &TableName, column: &str) -> Vec<(TableName, String)> {
    let mut all: Vec<(TableName, String)> = vec![(table.clone(), column.to_owned())];
    let mut at = 0;
    while let Some((table, column)) = all.get(at).cloned() {
        for reader in &plan.flows {
            let is = |(from, name): &(TableName, String)| *from == table && name.eq_ignore_ascii_case(&column);
            for (name, _) in reader.lineage.iter().filter(|(_, made)| made.iter().any(is)) {
                let found = (reader.name.clone(), name.clone());
                if !all.contains(&found) {
                    all.push(found);
                }
            }
        }
        at += 1;
    }
    all.split_off(1)
}

/// Fills in the lineage of every flow.
pub(crate) fn trace(plan: &mut Plan, project: &Project) {
    for at in 0..plan.flows.len() {
        let flow = &plan.flows[at];
        let input = flow.inputs.first().and_then(|input| plan.table(&input.table));
        let Some((_, input)) = input else { continue };
        // What the flow's query, if it reads one, is made of.
        let queried = flow.kind != FlowKind::Aggregate && !flow.lineage.is_empty();
        let columns: Vec<&str> = match queried {
            true => flow.lineage.keys().map(String::as_str).collect(),
            false => input.columns.iter().map(|c| c.name.as_str()).collect(),
        };
        let sources: BTreeMap<&str, &str> =
            input.columns.iter().filter_map(|c| Some((c.source_name.as_deref()?, c.name.as_str()))).collect();
        let reads = Reads { columns, sources };
        let name = flow.name.to_string();
        let lineage = match flow.kind {
            FlowKind::Entity { .. } => project.entities.iter().find(|e| e.table() == name).map(|e| reads.entity(e)),
            FlowKind::Dimension { .. } => project.dimensions.iter().find(|d| d.table() == name).map(|d| reads.dimension(d)),
            FlowKind::Fact => project.facts.iter().find(|f| f.table() == name).map(|f| reads.fact(f)),
            FlowKind::Aggregate => project.aggregates.iter().find(|a| a.table() == name).map(|a| reads.aggregate(a)),
            FlowKind::Bronze { .. } | FlowKind::DateDimension | FlowKind::Dictionary => None,
        };
        let made_of = |column: String| match queried {
            true => flow.lineage.get(&column).cloned().unwrap_or_default(),
            false => BTreeSet::from([(input.name.clone(), column)]),
        };
        let whole = |(name, made): (String, BTreeSet<String>)| (name, made.into_iter().flat_map(made_of).collect());
        let mut lineage: Lineage = lineage.unwrap_or_default().into_iter().map(whole).collect();
        if !queried {
            lineage.extend(flow.lineage.clone());
        }
        plan.flows[at].lineage = lineage;
    }
}

/// What a flow reads: the columns of its first input, and those whose source has another name for them.
struct Reads<'a> {
    columns: Vec<&'a str>,
    sources: BTreeMap<&'a str, &'a str>,
}

impl Reads<'_> {
    fn named(&self, name: &str) -> Option<String> {
        let plain = self.columns.iter().find(|column| column.eq_ignore_ascii_case(name));
        plain.or_else(|| self.sources.get(name)).map(|column| (*column).to_owned())
    }

    /// The columns that an expression names.
    fn of(&self, text: &str) -> BTreeSet<String> {
        words(text).iter().filter_map(|word| self.named(word)).collect()
    }

    /// The column that `from:` means: by its whole name, or the first step of a path.
    fn from(&self, written: &Located) -> BTreeSet<String> {
        match self.named(written.text()) {
            Some(column) => BTreeSet::from([column]),
            None => self.of(written.text().split('.').next().unwrap_or_default()),
        }
    }

    fn same<'b>(&self, names: impl Iterator<Item = &'b str>) -> Made {
        names.filter_map(|name| Some((name.to_owned(), BTreeSet::from([self.named(name)?])))).collect()
    }

    fn entity(&self, entity: &Entity) -> Made {
        let mut lineage = Made::new();
        let list = |text: &str| match &entity.explode {
            Some(explode) if words(text).iter().any(|word| *word == explode.alias.value) => self.from(&explode.path),
            _ => BTreeSet::new(),
        };
        for column in &entity.columns {
            let mut made = match &column.value {
                ColumnValue::From(from) => &self.from(from) | &list(from.text()),
                ColumnValue::Expr(expr) => &self.of(expr.text()) | &list(expr.text()),
                ColumnValue::Same => self.named(&column.name.value).into_iter().collect(),
            };
            made.retain(|name| !name.is_empty());
            lineage.insert(column.name.value.clone(), made);
        }
        let passed = |name: &&&str| entity.star || entity.key.iter().any(|key| key.value.eq_ignore_ascii_case(name));
        for column in self.columns.iter().filter(passed).filter(|column| !column.starts_with('_')) {
            let used = lineage.values().any(|made| made.contains(*column));
            if !used {
                lineage.entry(snake_case(column)).or_insert_with(|| BTreeSet::from([(*column).to_owned()]));
            }
        }
        lineage
    }

    fn dimension(&self, dimension: &Dimension) -> Made {
        let own = |column: &&&str| !column.starts_with('_');
        match &dimension.attributes {
            None => self.same(self.columns.iter().filter(own).copied()),
            Some(attributes) => self.same(attributes.iter().chain(&dimension.natural_key).map(|name| name.value.as_str())),
        }
    }

    fn fact(&self, fact: &Fact) -> Made {
        let kept = fact.grain_key.iter().chain(&fact.degenerate).map(|name| name.value.as_str());
        let mut lineage = self.same(kept);
        for milestone in &fact.milestones {
            let time = milestone.time.as_ref().map(|time| self.of(time.text()));
            let time = time.unwrap_or_else(|| fact.sequence_by.iter().filter_map(|name| self.named(&name.value)).collect());
            lineage.insert(milestone.name.value.clone(), &self.of(milestone.when.text()) | &time);
        }
        for to in &fact.dimensions {
            let made = to.on.iter().chain(&to.as_of).flat_map(|name| match lineage.get(&name.value) {
                Some(milestone) => milestone.clone(),
                None => self.named(&name.value).into_iter().collect(),
            });
            let made = made.collect();
            lineage.insert(to.key.value.clone(), made);
        }
        for measure in &fact.measures {
            let made = match (&measure.from, &measure.expr) {
                (_, Some(expr)) => self.of(expr.text()),
                (Some(from), None) => self.from(from),
                (None, None) => self.named(&measure.name.value).into_iter().collect(),
            };
            lineage.insert(measure.name.value.clone(), made);
        }
        lineage
    }

    fn aggregate(&self, aggregate: &Aggregate) -> Made {
        let plain = aggregate.group_by.iter().filter(|group| group.expr.is_none());
        let mut lineage = self.same(plain.map(|group| group.name.value.as_str()));
        lineage.extend(aggregate.measures.iter().map(|(name, expr)| (name.value.clone(), self.of(expr.text()))));
        lineage
    }
}

/// The names in an expression: words that stand in no text, and what stands in backticks.
fn words(text: &str) -> Vec<&str> {
    let mut all = vec![];
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let quoted = |quote: char| rest[1..].find(quote).map_or(rest.len(), |end| end + 1);
        let end = match first {
            '\'' => quoted('\'') + 1,
            '`' => {
                let end = quoted('`');
                all.push(&rest[1..end.max(1)]);
                end + 1
            }
            c if c.is_alphanumeric() || c == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                all.push(&rest[..end]);
                end
            }
            c => c.len_utf8(),
        };
        rest = &rest[end.min(rest.len())..];
    }
    all
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn names_stand_outside_of_texts() {
        assert_eq!(words("to_date(day, 'yyyy-MM') + `Order ID` * l.Qty"), ["to_date", "day", "Order ID", "l", "Qty"]);
        assert_eq!(words("'it' || a"), ["a"]);
        assert_eq!(words("'open"), [""; 0]);
        assert_eq!(words("größe > `x"), ["größe", "x"]);
    }
}
