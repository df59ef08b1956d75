//! The dimensions of a fact, whose attributes may make the groups of an aggregate.

use crate::name::{Layer, TableName};
use crate::plan::Known;
use crate::table::{Column, Table, schema};
use crate::{date, gold};
use lakesmith_project::{Aggregate, Project};
use lakesmith_sql::Scope;
use lakesmith_text::{Diagnostic, Span};

/// A dimension as a group names it.
pub(super) struct Joined<'a> {
    /// The role's name, `ship_date` of the key `ship_date_key`; or the dimension's, where the fact refers to it once.
    pub(super) alias: String,
    pub(super) name: TableName,
    /// The fact's column that refers to it.
    pub(super) key: &'a str,
    /// The dimension's column that is referred to.
    pub(super) surrogate: &'a str,
    /// The dimension, once its columns are known.
    pub(super) table: Option<&'a Table>,
    /// Where the fact names it.
    pub(super) at: Span,
}

/// All of them.
pub(super) struct Dimensions<'a> {
    pub(super) all: Vec<Joined<'a>>,
}

impl<'a> Dimensions<'a> {
    /// Those of the fact that `from` names; an aggregate has none.
    pub(super) fn of(known: &'a Known<'_>, from: &TableName) -> Self {
        let fact = known.project.facts.iter().find(|fact| fact.table() == from.to_string());
        let mut all: Vec<Joined<'a>> = vec![];
        for role in fact.iter().flat_map(|fact| &fact.dimensions) {
            let dimension = role.dimension.value.trim_start_matches("gold.");
            let name = TableName::new(Layer::Gold, dimension);
            let Some(surrogate) = surrogate(known.project, dimension) else { continue };
            let table = known.plan.flow(&name).filter(|flow| flow.columns_known).map(|flow| &flow.target);
            let key = role.key.value.as_str();
            let joined =
                |alias: &str| Joined { alias: alias.to_owned(), name: name.clone(), key, surrogate, table, at: role.key.span };
            let same = |other: &&lakesmith_project::FactDimension| other.dimension.value.trim_start_matches("gold.") == dimension;
            let once = fact.iter().flat_map(|fact| &fact.dimensions).filter(same).count() == 1;
            all.extend(key.strip_suffix("_key").filter(|role| *role != from.name()).map(joined));
            all.extend(once.then(|| joined(dimension)));
        }
        Dimensions { all }
    }

    /// Those that the groups of an aggregate name.
    pub(super) fn named_in(&self, aggregate: &Aggregate) -> impl Iterator<Item = &Joined<'a>> {
        let texts: Vec<String> =
            aggregate.group_by.iter().filter_map(|group| group.expr.as_ref()).map(|expr| expr.text().to_owned()).collect();
        self.all.iter().filter(move |joined| texts.iter().any(|text| names(text, &joined.alias)))
    }

    /// What a group's expression may name: the fact's columns, and its dimensions' attributes by the dimension's name.
    pub(super) fn scope(&self, from: &TableName, columns: &[Column]) -> Scope {
        let mut scope = Scope::default().with(from.name(), schema(columns)).qualified();
        for joined in &self.all {
            let attributes = joined.table.iter().flat_map(|table| &table.columns).filter(|column| is_attribute(column));
            scope = scope.with(joined.alias.clone(), schema(&attributes.cloned().collect::<Vec<_>>()));
        }
        scope
    }

    /// A dimension's column that a group names.
    pub(super) fn column(&self, written: &str, name: &str) -> Option<&'a Column> {
        let joined = self.all.iter().find(|joined| names(written, &joined.alias))?;
        joined.table?.columns.iter().find(|column| column.name == name)
    }

    /// The table that a qualifier in [`Dimensions::scope`] means.
    pub(super) fn table(&self, from: &TableName, qualifier: &str) -> Option<TableName> {
        if qualifier == from.name() {
            return Some(from.clone());
        }
        self.all.iter().find(|joined| joined.alias == qualifier).map(|joined| joined.name.clone())
    }

    /// A fault with what could be named.
    pub(super) fn explained(&self, written: &str, fault: Diagnostic) -> Diagnostic {
        let first = written.split('.').next().unwrap_or_default().trim();
        let known = self.all.iter().any(|joined| joined.alias == first);
        if fault.code != "unknown-column" || known || self.all.is_empty() {
            return fault;
        }
        let names: Vec<&str> = self.all.iter().map(|joined| joined.alias.as_str()).collect();
        let help = format!("the fact's columns by their names, and attributes of its dimensions: {}", names.join(", "));
        fault.help(help)
    }
}

/// Whether a dimension's column says something of its members.
fn is_attribute(column: &Column) -> bool {
    !gold::stamps().iter().any(|stamp| stamp.name == column.name)
}

/// Whether a text names a relation before a dot.
fn names(text: &str, alias: &str) -> bool {
    let plain = text.replace('`', "");
    let boundary = |at: usize| plain[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '_');
    plain.match_indices(&format!("{alias}.")).any(|(at, _)| boundary(at))
}

/// The column by which facts refer to a dimension.
fn surrogate<'a>(project: &'a Project, dimension: &str) -> Option<&'a str> {
    match project.dimensions.iter().find(|known| known.name.value == dimension) {
        Some(known) => Some(&known.surrogate_key.value),
        None if dimension == date::NAME => Some(date::KEY),
        None if dimension == date::time::NAME => Some(date::time::KEY),
        None => None,
    }
}
