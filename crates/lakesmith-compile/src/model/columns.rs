//! The columns of a table of the model: what each is for, and which of them tell rows apart.

use super::{ColumnRole, ModelColumn, Reference, names};
use crate::expression;
use crate::fact::period;
use crate::plan::Flow;
use lakesmith_project::{Aggregate, Dimension, DimensionHistory, Fact, Validity};
use lakesmith_sql::DataType;
use lakesmith_text::Diagnostics;

/// The columns that a flow's table has, each with what it is for.
pub(super) fn known(flow: &Flow, role: impl Fn(&str) -> ColumnRole) -> Vec<ModelColumn> {
    let column = |column: &crate::Column| {
        let role = if column.name.starts_with('_') { ColumnRole::Lakesmith } else { role(&column.name) };
        ModelColumn { description: column.description.clone(), ..plain(&column.name, Some(column.ty.clone()), role) }
    };
    flow.target.columns.iter().map(column).collect()
}

fn plain(name: &str, ty: Option<DataType>, role: ColumnRole) -> ModelColumn {
    ModelColumn {
        name: name.to_owned(),
        ty,
        role,
        primary_key: false,
        unique_key: false,
        unit: None,
        additivity: None,
        description: None,
    }
}

/// A surrogate key is the primary key, and what else tells rows apart is unique; without one the latter is the key.
pub(super) fn mark_keys(columns: &mut [ModelColumn], identity: &[String]) {
    let surrogate = columns.iter().any(|column| column.role == ColumnRole::SurrogateKey);
    for column in columns {
        let identifies = identity.contains(&column.name);
        column.primary_key = if surrogate { column.role == ColumnRole::SurrogateKey } else { identifies };
        column.unique_key = surrogate && identifies && !column.primary_key;
    }
}

/// The columns that the project names, of a table whose columns are not known yet: each once.
fn named(all: Vec<(&str, Option<DataType>)>, role: impl Fn(&str) -> ColumnRole) -> Vec<ModelColumn> {
    let mut columns: Vec<ModelColumn> = vec![];
    for (name, ty) in all {
        if !columns.iter().any(|column| column.name == name) {
            columns.push(plain(name, ty, role(name)));
        }
    }
    columns
}

pub(super) fn of_dimension(dimension: &Dimension, flow: &Flow) -> Vec<ModelColumn> {
    let type2 = dimension.history == DimensionHistory::Type2;
    let natural_key = names(&dimension.natural_key);
    let validity = ["effective_start_date", "effective_end_date", "is_current"];
    let role = |name: &str| match name {
        _ if name == dimension.surrogate_key.value => ColumnRole::SurrogateKey,
        _ if natural_key.iter().any(|key| key == name) => ColumnRole::NaturalKey,
        _ if type2 && validity.contains(&name) => ColumnRole::Validity,
        _ => ColumnRole::Attribute,
    };
    let mut columns = match flow.columns_known {
        true => known(flow, role),
        false => {
            let listed = dimension.attributes.iter().flatten().chain(&dimension.track).chain(&dimension.overwrite);
            let levels = dimension.hierarchies.iter().flat_map(|(_, levels)| levels);
            let mut all = vec![(dimension.surrogate_key.value.as_str(), Some(DataType::BigInt))];
            all.extend(dimension.natural_key.iter().chain(listed).chain(levels).map(|name| (name.value.as_str(), None)));
            if type2 {
                let day = if dimension.validity == Validity::Date { DataType::Date } else { DataType::Timestamp };
                all.extend(validity.into_iter().zip([day.clone(), day, DataType::Boolean].map(Some)));
            }
            named(all, role)
        }
    };
    let mut identity = natural_key.clone();
    identity.extend(type2.then(|| validity[0].to_owned()));
    mark_keys(&mut columns, &identity);
    columns
}

pub(super) fn of_fact(fact: &Fact, flow: &Flow, key_type: impl Fn(&str) -> Option<DataType>) -> Vec<ModelColumn> {
    let role = |name: &str| match name {
        _ if fact.surrogate_key.as_ref().is_some_and(|key| key.value == name) => ColumnRole::SurrogateKey,
        _ if fact.dimensions.iter().any(|role| role.key.value == name) => ColumnRole::ForeignKey,
        _ if fact.measures.iter().any(|measure| measure.name.value == name) => ColumnRole::Measure,
        _ if fact.milestones.iter().any(|milestone| milestone.name.value == name) => ColumnRole::Milestone,
        period::START | period::END if fact.period.is_some() => ColumnRole::Period,
        _ => ColumnRole::DegenerateDimension,
    };
    let mut columns = match flow.columns_known {
        true => known(flow, role),
        false => {
            let written = |ty: &Option<lakesmith_text::Spanned<String>>| {
                ty.as_ref().and_then(|ty| expression::data_type(ty, &mut Diagnostics::default()))
            };
            let mut all: Vec<(&str, Option<DataType>)> = vec![];
            all.extend(fact.surrogate_key.iter().map(|key| (key.value.as_str(), Some(DataType::BigInt))));
            all.extend(fact.dimensions.iter().map(|role| (role.key.value.as_str(), key_type(&role.key.value))));
            all.extend(fact.degenerate.iter().chain(&fact.grain_key).map(|name| (name.value.as_str(), None)));
            if fact.period.is_some() {
                all.extend([period::START, period::END].map(|name| (name, Some(DataType::Date))));
            }
            all.extend(fact.milestones.iter().map(|milestone| (milestone.name.value.as_str(), written(&milestone.ty))));
            all.extend(fact.measures.iter().map(|measure| (measure.name.value.as_str(), written(&measure.ty))));
            named(all, role)
        }
    };
    for measure in &fact.measures {
        if let Some(column) = columns.iter_mut().find(|column| column.name == measure.name.value) {
            column.unit = super::text(measure.unit.as_ref());
            column.additivity = Some(measure.additivity.as_str());
            column.description = super::text(measure.description.as_ref());
        }
    }
    mark_keys(&mut columns, &names(&fact.grain_key));
    columns
}

pub(super) fn of_aggregate(aggregate: &Aggregate, flow: &Flow, groups: &[String], keys: &[Reference]) -> Vec<ModelColumn> {
    let role = |name: &str| match name {
        _ if keys.iter().any(|key| key.column == name) => ColumnRole::ForeignKey,
        _ if groups.iter().any(|group| group == name) => ColumnRole::Group,
        _ => ColumnRole::Measure,
    };
    let mut columns = match flow.columns_known {
        true => known(flow, role),
        false => {
            let measures = aggregate.measures.iter().map(|(name, _)| (name.value.as_str(), None));
            named(groups.iter().map(|name| (name.as_str(), None)).chain(measures).collect(), role)
        }
    };
    for (name, expression) in &aggregate.measures {
        if let Some(column) = columns.iter_mut().find(|column| column.name == name.value) {
            let words = aggregate.words.get(&name.value).cloned().unwrap_or_default();
            column.unit = super::text(words.unit.as_ref());
            column.description = super::text(words.description.as_ref()).or_else(|| Some(expression.text().to_owned()));
        }
    }
    mark_keys(&mut columns, groups);
    columns
}
