//! What a bronze table makes of the columns that have just arrived.

use arrow::datatypes::{DataType as Arrow, Field, Schema, SchemaRef};
use lakesmith_compile::{Change, ChangeKind, Column, changes, widens};
use lakesmith_connect::{Inferred, source_name};
use lakesmith_engine::{column, spark_type};
use lakesmith_project::{SchemaEvolution, SourceTable};
use lakesmith_sql::{DataType, parse_type};
use std::sync::Arc;

/// A bronze table's data columns, and what about its source they do not follow.
#[derive(Clone, Debug)]
pub(crate) struct Learnt {
    /// The data columns that the next batch writes.
    pub(crate) schema: SchemaRef,
    /// All that the source shows: those that the table does not take in, too.
    pub(crate) shown: SchemaRef,
    /// Those of them that the table does not have yet.
    pub(crate) added: Vec<Change>,
    /// Columns in the sample that the table does not take in by itself.
    pub(crate) refused: Vec<Change>,
    /// Columns of which the sample has values of another type: those are rescued.
    pub(crate) unfit: Vec<Change>,
    /// Columns for which `schema_hints` says another type than the table has.
    pub(crate) hinted: Vec<Change>,
}

impl Learnt {
    /// How the source calls a column that it shows, where that is another name than the table's.
    pub(crate) fn source_name_of(&self, column: &str) -> Option<String> {
        let fields = self.shown.fields();
        let field = fields.iter().find(|field| field.name().eq_ignore_ascii_case(column))?;
        Some(source_name(field).to_owned()).filter(|name| name != field.name())
    }

    /// Of a table that nothing was written to: it takes what is there.
    pub(crate) fn first(schema: SchemaRef) -> Learnt {
        Learnt { shown: schema.clone(), schema, added: vec![], refused: vec![], unfit: vec![], hinted: vec![] }
    }
}

/// What becomes of the columns `held`, by the table's policy, given what a sample of new files shows.
pub(crate) fn learn(table: &SourceTable, held: &SchemaRef, inferred: Option<Inferred>) -> Learnt {
    let mut learnt = Learnt { hinted: hinted(table, held), ..Learnt::first(held.clone()) };
    let Some(inferred) = inferred else { return learnt };
    let new = changes(&columns(held), &columns(&inferred.schema));
    learnt.shown = inferred.schema.clone();
    match table.schema_evolution {
        SchemaEvolution::AddColumns => (learnt.added, learnt.schema) = (new, inferred.schema),
        SchemaEvolution::Rescue | SchemaEvolution::Fail | SchemaEvolution::None => learnt.refused = new,
    }
    for seen in &inferred.seen {
        if let Ok(field) = held.field_with_name(seen.name()) {
            misfits(field.name(), field.data_type(), seen.data_type(), &mut learnt.unfit);
        }
    }
    learnt
}

fn columns(schema: &Schema) -> Vec<Column> {
    schema.fields().iter().map(|field| column(field)).collect()
}

/// The columns whose values, of the type that a sample would give them, do not all fit the type that they have.
fn misfits(path: &str, held: &Arrow, seen: &Arrow, all: &mut Vec<Change>) {
    match (held, seen) {
        (Arrow::Struct(fields), Arrow::Struct(found)) => {
            for field in fields {
                let same = |other: &&Arc<Field>| other.name().eq_ignore_ascii_case(field.name());
                if let Some(found) = found.iter().find(same) {
                    misfits(&format!("{path}.{}", field.name()), field.data_type(), found.data_type(), all);
                }
            }
        }
        (Arrow::List(element), Arrow::List(found)) => misfits(path, element.data_type(), found.data_type(), all),
        (held, seen) => {
            let (from, to) = (spark_type(held), spark_type(seen));
            // A value of a column with a hint is read by its type's own rules, of which a sample tells nothing.
            let inferred =
                matches!(from, DataType::BigInt | DataType::Double | DataType::Boolean) || from.is_atomic() != to.is_atomic();
            let fits = from == to
                || from == DataType::String
                || (from == DataType::Double && to == DataType::BigInt)
                || widens(&to, &from);
            if inferred && !fits {
                all.push(Change { column: path.to_owned(), kind: ChangeKind::Retyped { from, to } });
            }
        }
    }
}

/// The hints that say another type than the table has. A struct may have grown beyond its hint.
fn hinted(table: &SourceTable, held: &Schema) -> Vec<Change> {
    let differs = |(name, ty): &(lakesmith_text::Spanned<String>, lakesmith_text::Spanned<String>)| {
        let (column, from) = find(held, &name.value)?;
        let to = parse_type(&ty.value).ok()?;
        let found = changes(&[Column::new(&column, from)], &[Column::new(&column, to)]);
        Some(found.into_iter().filter(|change| !matches!(change.kind, ChangeKind::Removed { .. })))
    };
    table.schema_hints.iter().filter_map(differs).flatten().collect()
}

/// The column at a path of names, either the table's or the source's, whatever the case: its own path, and its type.
pub(crate) fn find(schema: &Schema, path: &str) -> Option<(String, DataType)> {
    let same = |field: &Field, name: &str| {
        let name = name.trim().to_lowercase();
        field.name().to_lowercase() == name || source_name(field).trim().to_lowercase() == name
    };
    if let Some(field) = schema.fields().iter().find(|field| same(field, path)) {
        return Some((field.name().clone(), spark_type(field.data_type())));
    }
    let (first, rest) = path.split_once('.')?;
    let field = schema.fields().iter().find(|field| same(field, first))?;
    let mut ty = field.data_type();
    while let Arrow::List(element) = ty {
        ty = element.data_type();
    }
    let Arrow::Struct(fields) = ty else { return None };
    let rest = rest.strip_prefix("element.").unwrap_or(rest);
    let (inner, ty) = find(&Schema::new(fields.clone()), rest)?;
    Some((format!("{}.{inner}", field.name()), ty))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_found_by_either_name_and_within_lists() {
        let line = Arrow::Struct(vec![Field::new("Qty", Arrow::Int64, true)].into());
        let source = [(lakesmith_connect::SOURCE_NAME.to_owned(), "Order ID".to_owned())].into();
        let schema = Schema::new(vec![
            Field::new("Order_ID", Arrow::Utf8, true).with_metadata(source),
            Field::new("Lines", Arrow::List(Arc::new(Field::new("element", line, true))), true),
        ]);
        assert_eq!(find(&schema, "order id"), Some(("Order_ID".to_owned(), DataType::String)));
        assert_eq!(find(&schema, "lines.element.qty"), Some(("Lines.Qty".to_owned(), DataType::BigInt)));
        assert_eq!(find(&schema, "lines.sku"), None);
    }
}
