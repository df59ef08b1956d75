//! The dimensional model as a diagram: text that Mermaid or Graphviz draws.

mod dot;
mod mermaid;

use clap::ValueEnum;
use lakesmith_compile::{ColumnRole, Model, ModelColumn, ModelTable};

/// The language that a diagram is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Erd {
    /// Mermaid's `erDiagram`, which GitHub, GitLab and many editors draw
    Mermaid,
    /// Graphviz: `lakesmith describe --erd=dot | dot -Tsvg`
    Dot,
}

/// The diagram of a model.
pub(crate) fn diagram(model: &Model, erd: Erd) -> String {
    match erd {
        Erd::Mermaid => mermaid::diagram(model),
        Erd::Dot => dot::diagram(model),
    }
}

/// What one row of a table is, with the history of a dimension.
fn grain(table: &ModelTable) -> String {
    match table.history {
        Some("type1") => format!("type 1, {}", table.grain),
        Some("type2") => format!("type 2, {}", table.grain),
        Some(other) => format!("{other}, {}", table.grain),
        None => table.grain.clone(),
    }
}

/// The columns that a diagram shows: not those that lakesmith adds to every table.
fn columns(table: &ModelTable) -> impl Iterator<Item = &ModelColumn> {
    table.columns.iter().filter(|column| column.role != ColumnRole::Lakesmith)
}

/// `PK`, `FK`, `UK` or several of them.
fn keys(column: &ModelColumn) -> String {
    let foreign = column.role == ColumnRole::ForeignKey;
    let all = [(column.primary_key, "PK"), (foreign, "FK"), (column.unique_key, "UK")];
    all.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect::<Vec<_>>().join(", ")
}

/// What a column is for and what it means, in one line.
fn words(table: &ModelTable, column: &ModelColumn) -> String {
    let reference = table.refers_to.iter().find(|reference| reference.column == column.name);
    let about = column.description.clone();
    let mut parts: Vec<String> = match (column.role, reference) {
        (ColumnRole::ForeignKey, Some(reference)) => {
            let as_of = reference.as_of.iter().map(|as_of| format!(" as of {as_of}"));
            return format!("{}{}", reference.dimension.name(), as_of.collect::<String>());
        }
        (ColumnRole::SurrogateKey, _) if about.is_some() => vec![],
        (ColumnRole::Attribute | ColumnRole::Validity | ColumnRole::Period | ColumnRole::Milestone, _) if about.is_some() => {
            vec![]
        }
        (ColumnRole::Attribute, _) => vec![],
        (ColumnRole::Measure, _) => {
            let additivity = column.additivity.map(|word| word.replace('_', "-"));
            let unit = column.unit.as_ref().map(|unit| format!("in {unit}"));
            std::iter::once("measure".to_owned()).chain(additivity).chain(unit).collect()
        }
        (role, _) => vec![role.words().to_owned()],
    };
    match (parts.is_empty(), about) {
        (true, about) => about.unwrap_or_default(),
        (false, None) => parts.join(", "),
        (false, Some(about)) => {
            let last = parts.len() - 1;
            parts[last] += &format!(": {about}");
            parts.join(", ")
        }
    }
}

/// A text in one line.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
