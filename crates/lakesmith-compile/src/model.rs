//! The dimensional model of a project: which facts, dimensions and aggregates there are, what each of their columns is for,
//! and which refers to which.
//!
//! It is a description, made of the project and its plan alone: no table needs to exist. Where the columns of a table are
//! not known yet it has those that the project names. Pictures of it are drawn elsewhere.

mod columns;

use crate::date;
use crate::name::{Layer, TableName};
use crate::plan::{Flow, FlowKind, Plan};
use crate::step::Write;
use lakesmith_project::{Aggregate, Dimension, DimensionKind, Fact, MissingMember, Project};
use lakesmith_sql::DataType;
use serde::Serialize;
use std::collections::BTreeSet;

/// The dimensional model: the tables of gold, dimensions before the facts that refer to them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Model {
    /// The project's name.
    pub lakehouse: String,
    /// Its tables.
    pub tables: Vec<ModelTable>,
}

/// What a table of the model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    /// What facts are seen by.
    Dimension,
    /// What is measured.
    Fact,
    /// A fact summed up.
    Aggregate,
}

/// A table of the model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelTable {
    /// Its name.
    pub table: TableName,
    /// What it is.
    pub kind: ModelKind,
    /// Of a fact: `transaction`, `periodic_snapshot`, `accumulating_snapshot` or `factless`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fact_kind: Option<&'static str>,
    /// Of a dimension: `type1`, `type2`, `junk` or `calendar`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<&'static str>,
    /// What the project says of it.
    pub description: Option<String>,
    /// What one row is, in words.
    pub grain: String,
    /// The columns that tell its rows apart.
    pub grain_key: Vec<String>,
    /// Whether its columns are known. If not, it has those alone that the project names.
    pub columns_known: bool,
    /// Its columns in order.
    pub columns: Vec<ModelColumn>,
    /// Ways to drill down in a dimension, the coarsest level first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hierarchies: Vec<Hierarchy>,
    /// The dimensions that its rows refer to, in the order of its columns: each row to exactly one member of each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refers_to: Vec<Reference>,
    /// Of an aggregate: the table whose rows are summed up, each in exactly one of its rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sums_up: Option<TableName>,
}

impl ModelTable {
    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&ModelColumn> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnRole {
    /// The table's own key.
    SurrogateKey,
    /// The key of a member of a dimension.
    ForeignKey,
    /// What a source calls a member.
    NaturalKey,
    /// A column of a fact that is neither key nor measure, such as an order's number.
    DegenerateDimension,
    /// A date on which a process reached a step.
    Milestone,
    /// The first or the last day of a snapshot's period.
    Period,
    /// What is measured.
    Measure,
    /// What is known of a member.
    Attribute,
    /// From when to when a version of a member holds.
    Validity,
    /// What an aggregate sums up by, and no key of a dimension.
    Group,
    /// What lakesmith says of the row.
    Lakesmith,
}

impl ColumnRole {
    /// The role as people say it.
    pub fn words(self) -> &'static str {
        match self {
            ColumnRole::SurrogateKey => "surrogate key",
            ColumnRole::ForeignKey => "foreign key",
            ColumnRole::NaturalKey => "natural key",
            ColumnRole::DegenerateDimension => "degenerate dimension",
            ColumnRole::Milestone => "milestone",
            ColumnRole::Period => "period",
            ColumnRole::Measure => "measure",
            ColumnRole::Attribute => "attribute",
            ColumnRole::Validity => "validity",
            ColumnRole::Group => "group",
            ColumnRole::Lakesmith => "lakesmith",
        }
    }
}

/// A column of the model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelColumn {
    /// Its name.
    pub name: String,
    /// Its Spark type; `None` until the columns of its source are known.
    #[serde(rename = "type")]
    pub ty: Option<DataType>,
    /// What it is for.
    pub role: ColumnRole,
    /// Whether it is the table's primary key, or one of its columns.
    pub primary_key: bool,
    /// Whether it belongs to what else tells rows apart, where the primary key is a surrogate key.
    pub unique_key: bool,
    /// What a measure is counted in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Along which dimensions a fact's measure may be summed: `additive`, `semi_additive` or `non_additive`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additivity: Option<&'static str>,
    /// What is said of it.
    pub description: Option<String>,
}

/// A way to drill down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hierarchy {
    /// Its name.
    pub name: String,
    /// Its levels, the coarsest first.
    pub levels: Vec<String>,
}

/// A key of a dimension in another table. The column's name is the role that the dimension plays there: `ship_date_key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reference {
    /// The column that holds the key.
    pub column: String,
    /// The dimension.
    pub dimension: TableName,
    /// The dimension's surrogate key.
    pub key: String,
    /// The column whose time selects the version of a member; `None`: the current one, or there is one only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    /// Of a fact: what a missing member means, `unknown`, `inferred` or `fail`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<&'static str>,
}

/// The history of `dim_date` and `dim_time`.
const CALENDAR: &str = "calendar";

impl Model {
    /// The model of a project with this plan.
    pub fn of(project: &Project, plan: &Plan) -> Model {
        let mut model = Model { lakehouse: plan.lakehouse.clone(), tables: vec![] };
        for flow in &plan.flows {
            let table = match flow.kind {
                FlowKind::DateDimension => Some(calendar(flow)),
                FlowKind::Dimension { .. } => {
                    project.dimensions.iter().find(|d| d.table() == flow.name.to_string()).map(|d| dimension(d, flow))
                }
                FlowKind::Fact => {
                    project.facts.iter().find(|f| f.table() == flow.name.to_string()).map(|f| fact(f, flow, &model))
                }
                FlowKind::Aggregate => {
                    project.aggregates.iter().find(|a| a.table() == flow.name.to_string()).map(|a| aggregate(a, flow, &model))
                }
                FlowKind::Bronze { .. } | FlowKind::Entity { .. } | FlowKind::Dictionary => None,
            };
            model.tables.extend(table);
        }
        model
    }

    /// The table of that name.
    pub fn table(&self, name: &TableName) -> Option<&ModelTable> {
        self.tables.iter().find(|table| table.table == *name)
    }

    /// One table, those that it refers to or sums up, and those that refer to it or sum it up. `None`: it is not in the
    /// model.
    pub fn around(&self, name: &TableName) -> Option<Model> {
        let table = self.table(name)?;
        let near = |from: &ModelTable, to: &TableName| {
            from.sums_up.as_ref() == Some(to) || from.refers_to.iter().any(|reference| reference.dimension == *to)
        };
        let shown: BTreeSet<&TableName> = (self.tables.iter())
            .filter(|other| other.table == *name || near(table, &other.table) || near(other, name))
            .map(|other| &other.table)
            .collect();
        let tables = self.tables.iter().filter(|other| shown.contains(&other.table)).cloned();
        Some(Model { lakehouse: self.lakehouse.clone(), tables: tables.collect() })
    }

    /// The key of a dimension, if the table is one of the model.
    fn key_of(&self, dimension: &TableName) -> Option<&ModelColumn> {
        self.table(dimension)?.columns.iter().find(|column| column.primary_key)
    }
}

/// What tells the rows of a flow's table apart.
fn identity(flow: &Flow) -> Option<&[String]> {
    match &flow.step.as_ref()?.write {
        Write::ReplaceKeys(keyed) | Write::ReplaceAll(keyed) => Some(&keyed.identity),
        Write::Append => None,
    }
}

fn text(written: Option<&lakesmith_text::Spanned<String>>) -> Option<String> {
    written.map(|words| words.value.clone())
}

fn names(written: &[lakesmith_text::Spanned<String>]) -> Vec<String> {
    written.iter().map(|name| name.value.clone()).collect()
}

fn calendar(flow: &Flow) -> ModelTable {
    let time = flow.name.name() == date::time::NAME;
    let (key, natural) = if time { (date::time::KEY, None) } else { (date::KEY, Some(date::NATURAL_KEY)) };
    let mut columns = columns::known(flow, |name| match name {
        _ if name == key => ColumnRole::SurrogateKey,
        _ if natural == Some(name) => ColumnRole::NaturalKey,
        _ => ColumnRole::Attribute,
    });
    columns::mark_keys(&mut columns, &natural.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    ModelTable {
        table: flow.name.clone(),
        kind: ModelKind::Dimension,
        fact_kind: None,
        history: Some(CALENDAR),
        description: None,
        grain: flow.target.description.clone().unwrap_or_default(),
        grain_key: vec![natural.unwrap_or(key).to_owned()],
        columns_known: true,
        columns,
        hierarchies: vec![],
        refers_to: vec![],
        sums_up: None,
    }
}

fn dimension(dimension: &Dimension, flow: &Flow) -> ModelTable {
    let type2 = dimension.history == lakesmith_project::DimensionHistory::Type2;
    let natural_key = names(&dimension.natural_key);
    let columns = columns::of_dimension(dimension, flow);
    let mut grain_key = natural_key.clone();
    grain_key.extend(type2.then(|| "effective_start_date".to_owned()));
    let hierarchy = |(name, levels): &(lakesmith_text::Spanned<String>, Vec<lakesmith_text::Spanned<String>>)| Hierarchy {
        name: name.value.clone(),
        levels: names(levels),
    };
    let (grain, history) = match dimension.kind {
        DimensionKind::Junk => ("one row per combination of values", "junk"),
        DimensionKind::Regular if type2 => ("one row per version of a member", "type2"),
        DimensionKind::Regular => ("one row per member", "type1"),
    };
    ModelTable {
        table: flow.name.clone(),
        kind: ModelKind::Dimension,
        fact_kind: None,
        history: Some(history),
        description: text(dimension.description.as_ref()),
        grain: grain.to_owned(),
        grain_key,
        columns_known: flow.columns_known,
        columns,
        hierarchies: dimension.hierarchies.iter().map(hierarchy).collect(),
        refers_to: vec![],
        sums_up: None,
    }
}

fn fact(fact: &Fact, flow: &Flow, model: &Model) -> ModelTable {
    let reference = |role: &lakesmith_project::FactDimension| {
        let name = role.dimension.value.trim_start_matches("gold.");
        let dimension = TableName::new(Layer::Gold, name);
        let key = model.key_of(&dimension)?.name.clone();
        let calendar = model.table(&dimension).is_some_and(|table| table.history == Some(CALENDAR));
        let missing = (!calendar || role.missing == MissingMember::Fail).then(|| role.missing.as_str());
        Some(Reference { column: role.key.value.clone(), dimension, key, as_of: text(role.as_of.as_ref()), missing })
    };
    let refers_to: Vec<Reference> = fact.dimensions.iter().filter_map(reference).collect();
    let key_type = |name: &str| {
        let reference = refers_to.iter().find(|reference| reference.column == name)?;
        model.key_of(&reference.dimension)?.ty.clone()
    };
    let grain_key = names(&fact.grain_key);
    let grain = text(fact.grain.as_ref()).unwrap_or_else(|| format!("one row per {}", grain_key.join(", ")));
    ModelTable {
        table: flow.name.clone(),
        kind: ModelKind::Fact,
        fact_kind: Some(fact.kind.as_str()),
        history: None,
        description: text(fact.description.as_ref()),
        grain,
        grain_key,
        columns_known: flow.columns_known,
        columns: columns::of_fact(fact, flow, key_type),
        hierarchies: vec![],
        refers_to,
        sums_up: None,
    }
}

fn aggregate(aggregate: &Aggregate, flow: &Flow, model: &Model) -> ModelTable {
    let from = flow.inputs.first().map(|input| input.table.clone());
    let below = from.as_ref().and_then(|from| model.table(from));
    let groups =
        identity(flow).map_or_else(|| aggregate.group_by.iter().map(|g| g.name.value.clone()).collect(), <[String]>::to_vec);
    // A group that is a key of the fact, as it is, refers to the same dimension.
    let reference = |group: &String| {
        let found = below?.refers_to.iter().find(|reference| reference.column == *group)?;
        Some(Reference { as_of: None, missing: None, ..found.clone() })
    };
    let refers_to: Vec<Reference> = groups.iter().filter_map(reference).collect();
    ModelTable {
        table: flow.name.clone(),
        kind: ModelKind::Aggregate,
        fact_kind: None,
        history: None,
        description: text(aggregate.description.as_ref()),
        grain: format!("one row per {}", groups.join(", ")),
        columns_known: flow.columns_known,
        columns: columns::of_aggregate(aggregate, flow, &groups, &refers_to),
        grain_key: groups,
        hierarchies: vec![],
        refers_to,
        sums_up: from,
    }
}
