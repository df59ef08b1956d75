//! Conformed dimensions: facts that share a dimension can be compared by it. That holds where one name means one thing
//! everywhere, which is checked over the whole project.

use crate::gold::stamps;
use crate::plan::{FlowKind, Plan};
use crate::table::Column;
use lakesmith_project::{Dimension, FactDimension, Project};
use lakesmith_sql::DataType;
use lakesmith_text::{Diagnostic, Diagnostics, Spanned};

const CODE: &str = "not-conformed";

/// Says which names mean two things.
pub(crate) fn check(project: &Project, plan: &Plan, faults: &mut Diagnostics) {
    one_key_one_dimension(project, faults);
    one_attribute_one_type(project, plan, faults);
}

/// A key column of two facts leads to one dimension.
fn one_key_one_dimension(project: &Project, faults: &mut Diagnostics) {
    let mut seen: Vec<&FactDimension> = vec![];
    let of = |role: &FactDimension| role.dimension.value.trim_start_matches("gold.").to_owned();
    for role in project.facts.iter().flat_map(|fact| &fact.dimensions) {
        match seen.iter().find(|other| other.key.value == role.key.value) {
            None => seen.push(role),
            Some(first) if of(first) != of(role) => {
                let fault = format!("`{}` is a key of `{}` here, and of `{}` in another fact", role.key, of(role), of(first));
                faults.push(
                    Diagnostic::warning(CODE, fault)
                        .at(role.key.span)
                        .related(first.key.span, format!("a key of `{}`", of(first)))
                        .help(
                            "facts that share a key are compared by it: let both refer to one dimension, or name the keys apart",
                        ),
                );
            }
            Some(_) => {}
        }
    }
}

/// An attribute of two dimensions has one type.
fn one_attribute_one_type(project: &Project, plan: &Plan, faults: &mut Diagnostics) {
    let stamps = stamps();
    let own = |column: &&Column| !stamps.iter().any(|stamp| stamp.name == column.name);
    let dimensions = plan.flows.iter().filter(|flow| matches!(flow.kind, FlowKind::Dimension { .. }));
    let mut seen: Vec<(&Column, &Dimension)> = vec![];
    for flow in dimensions {
        let Some(dimension) = project.dimensions.iter().find(|dimension| dimension.table() == flow.name.to_string()) else {
            continue;
        };
        let validity = |column: &&Column| !column.name.starts_with("effective_");
        for column in flow.target.columns.iter().filter(own).filter(validity) {
            match seen.iter().find(|(other, _)| other.name == column.name) {
                None => seen.push((column, dimension)),
                Some((other, first)) if other.ty != column.ty => {
                    let fault =
                        format!("`{}` is of type {} here, and of type {} in `{}`", column.name, column.ty, other.ty, first.name);
                    faults.push(
                        Diagnostic::warning(CODE, fault)
                            .at(dimension.name.span)
                            .related(first.name.span, "the other dimension")
                            .help("give it one type in silver, or two names"),
                    );
                }
                Some(_) => {}
            }
        }
    }
}

/// Whether a fact's column and a dimension's natural key can be equal without being read as something else.
pub(crate) fn comparable(one: &DataType, other: &DataType) -> bool {
    one == other || (one.is_numeric() && other.is_numeric())
}

/// A column of a fact that cannot name a member of a dimension.
pub(crate) fn not_comparable(on: &Spanned<String>, ty: &DataType, key: &Column, dimension: &str) -> Diagnostic {
    let fault = format!("`{on}` is of type {ty}, and `{dimension}` is found by `{}` of type {}", key.name, key.ty);
    Diagnostic::error(CODE, fault)
        .at(on.span)
        .help("give both one type in silver: `type: string` keeps leading zeros, which a number loses")
}
