//! A bronze table's data columns and those of the table that it reads.
//!
//! Columns have types on both sides, so nothing is guessed. A new column follows `schema_evolution`; a struct grows by
//! fields at its end where columns are added. A type that does not hold the source's values stops the flow, whatever the
//! policy: no value of it could be kept as it is.

use crate::drift::Learnt;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use lakesmith_compile::{Change, ChangeKind, Column, changes, widens};
use lakesmith_connect::{Names, SOURCE_NAME, source_name};
use lakesmith_engine::delta::OPERATION;
use lakesmith_engine::{column, spark_type};
use lakesmith_project::SchemaEvolution;
use lakesmith_sql::DataType as Spark;
use std::collections::HashMap;
use std::sync::Arc;

/// What becomes of the data columns `known` of a bronze table, which are none while it is new, once it has read a table
/// with the columns `sources`, one version after the other. What it has stays; what is new comes last. `feed`: rows say
/// what became of them.
pub(super) fn learn(policy: SchemaEvolution, known: Option<&Schema>, sources: &[SchemaRef], feed: bool) -> Learnt {
    let adds = known.is_none() || policy == SchemaEvolution::AddColumns;
    let mut fields: Vec<Field> =
        known.map(|known| known.fields().iter().map(|field| field.as_ref().clone()).collect()).unwrap_or_default();
    let told = feed && !fields.iter().any(|field| is_told(field, feed));
    if told && known.is_some() {
        fields.push(told_column());
    }
    let held = Schema::new(fields.clone());
    let unfit = take(&mut fields, sources, feed, adds);
    if told && known.is_none() {
        fields.push(told_column());
    }
    let all = Schema::new(fields);
    let new = match known {
        Some(known) => changes(&columns(known), &columns(&all)),
        None => vec![],
    };
    let shown = Arc::new(all);
    let schema = if adds { shown.clone() } else { Arc::new(held) };
    let mut learnt = Learnt { unfit, shown, ..Learnt::first(schema) };
    match adds {
        true => learnt.added = new,
        false => learnt.refused = new.into_iter().filter(|change| !(told && change.column == OPERATION)).collect(),
    }
    learnt
}

/// Adds the columns that `fields` lack, and gives what of the others does not go together. Names that Delta refuses, as
/// column mapping allows them, and those of bronze's own columns are changed, and the source's name is kept with the column.
fn take(fields: &mut Vec<Field>, sources: &[SchemaRef], feed: bool, grows: bool) -> Vec<Change> {
    let mut names = Names::of_table();
    fields.iter().for_each(|field| names.take(field.name()));
    if feed {
        names.take(OPERATION);
    }
    let mut unfit = vec![];
    for source in sources {
        for (position, found) in source.fields().iter().enumerate() {
            let ty = clean(found.data_type());
            match fields.iter_mut().find(|field| !is_told(field, feed) && source_name(field) == found.name()) {
                None => fields.push(named(names.name(found.name(), position), found.name(), ty)),
                Some(field) => match joined(field.data_type(), &ty) {
                    Some(same) if spark_type(&same) == spark_type(field.data_type()) => {}
                    Some(grown) if grows => *field = field.clone().with_data_type(grown),
                    _ => unfit.extend(differences(field, &ty)),
                },
            }
        }
    }
    unfit.dedup();
    unfit
}

/// What of a column's type does not go together with that of the source.
fn differences(field: &Field, seen: &DataType) -> Vec<Change> {
    let (held, now) = (column(field), Column::new(field.name(), spark_type(seen)));
    let mut found = changes(std::slice::from_ref(&held), std::slice::from_ref(&now));
    found.retain(|change| !matches!(change.kind, ChangeKind::Removed { .. }));
    if found.is_empty() {
        // The same fields in another order, or fewer.
        found.push(Change { column: held.name, kind: ChangeKind::Retyped { from: held.ty, to: now.ty } });
    }
    found
}

/// The type of `held` with the fields that `seen` has beyond it, at the end of a struct; `None` where a value of `seen` does
/// not fit. Fields go together by their places, as rows are read.
fn joined(held: &DataType, seen: &DataType) -> Option<DataType> {
    match (held, seen) {
        (DataType::Struct(ours), DataType::Struct(theirs)) => {
            let mut fields: Vec<Arc<Field>> = vec![];
            for (ours, theirs) in ours.iter().zip(theirs) {
                if ours.name() != theirs.name() {
                    return None;
                }
                let ty = joined(ours.data_type(), theirs.data_type())?;
                fields.push(Arc::new(ours.as_ref().clone().with_data_type(ty)));
            }
            let longer = if ours.len() > theirs.len() { ours } else { theirs };
            fields.extend(longer.iter().skip(fields.len()).cloned());
            Some(DataType::Struct(fields.into()))
        }
        (DataType::List(ours), DataType::List(theirs)) => {
            let ty = joined(ours.data_type(), theirs.data_type())?;
            Some(DataType::List(Arc::new(ours.as_ref().clone().with_data_type(ty))))
        }
        (held, seen) => holds(&spark_type(held), &spark_type(seen)).then(|| held.clone()),
    }
}

/// Whether every value of a type is one of a column's type, written as a cast would write it.
pub(super) fn holds(held: &Spark, seen: &Spark) -> bool {
    let written_otherwise = matches!((seen, held), (Spark::Timestamp | Spark::Float | Spark::Double, Spark::String));
    held == seen || (widens(seen, held) && !written_otherwise)
}

fn columns(schema: &Schema) -> Vec<Column> {
    schema.fields().iter().map(|field| column(field)).collect()
}

fn told_column() -> Field {
    Field::new(OPERATION, DataType::Utf8, true)
}

/// Whether a column of the bronze table is the one in which a feed says what a row is.
pub(super) fn is_told(field: &Field, feed: bool) -> bool {
    feed && field.name() == OPERATION && source_name(field) == OPERATION
}

fn named(name: String, source: &str, ty: DataType) -> Field {
    let metadata = match name == source {
        true => HashMap::new(),
        false => HashMap::from([(SOURCE_NAME.to_owned(), source.to_owned())]),
    };
    Field::new(name, ty, true).with_metadata(metadata)
}

/// A type whose fields have names that Delta allows.
fn clean(ty: &DataType) -> DataType {
    let within = |field: &Field| Arc::new(field.clone().with_data_type(clean(field.data_type())));
    match ty {
        DataType::Struct(fields) => {
            let mut names = Names::default();
            let field = |(position, field): (usize, &Arc<Field>)| {
                Field::new(names.name(field.name(), position), clean(field.data_type()), true)
            };
            DataType::Struct(fields.iter().enumerate().map(field).collect::<Fields>())
        }
        DataType::List(element) => DataType::List(within(element)),
        DataType::Map(entries, sorted) => match entries.data_type() {
            DataType::Struct(pair) => {
                let pair: Fields = pair.iter().map(|field| within(field)).collect();
                DataType::Map(Arc::new(entries.as_ref().clone().with_data_type(DataType::Struct(pair))), *sorted)
            }
            _ => ty.clone(),
        },
        other => other.clone(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn schema(fields: &[(&str, DataType)]) -> SchemaRef {
        Arc::new(Schema::new(fields.iter().map(|(name, ty)| Field::new(*name, ty.clone(), true)).collect::<Vec<_>>()))
    }

    fn names(schema: &Schema) -> Vec<(&str, &str)> {
        schema.fields().iter().map(|field| (field.name().as_str(), source_name(field))).collect()
    }

    fn learnt(policy: SchemaEvolution, known: &Schema, source: &[(&str, DataType)]) -> Learnt {
        learn(policy, Some(known), &[schema(source)], false)
    }

    fn words(changes: &[Change]) -> Vec<String> {
        changes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn names_that_are_taken_or_refused_are_changed_and_remembered() {
        let add = SchemaEvolution::AddColumns;
        let source = schema(&[("order id", DataType::Int64), ("_batch_id", DataType::Int64), ("_operation", DataType::Utf8)]);
        let first = learn(add, None, std::slice::from_ref(&source), false).schema;
        let wanted = [("order_id", "order id"), ("_batch_id_2", "_batch_id"), ("_operation", "_operation")];
        assert_eq!(names(&first), wanted);
        let feed = learn(add, None, std::slice::from_ref(&source), true).schema;
        let wanted = [
            ("order_id", "order id"),
            ("_batch_id_2", "_batch_id"),
            ("_operation_2", "_operation"),
            ("_operation", "_operation"),
        ];
        assert_eq!(names(&feed), wanted);
        // Nothing new, nothing changed.
        assert_eq!(learn(add, Some(feed.as_ref()), std::slice::from_ref(&source), true).schema, feed);
    }

    #[test]
    fn columns_stay_and_new_ones_follow_the_policy() {
        let known = schema(&[("a", DataType::Int32), ("b", DataType::Utf8)]);
        let added = learnt(SchemaEvolution::AddColumns, &known, &[("c", DataType::Utf8)]);
        assert_eq!(names(&added.schema), [("a", "a"), ("b", "b"), ("c", "c")]);
        assert_eq!(words(&added.added), ["new column `c` STRING"]);
        for policy in [SchemaEvolution::Rescue, SchemaEvolution::Fail, SchemaEvolution::None] {
            let refused = learnt(policy, &known, &[("c", DataType::Utf8)]);
            assert_eq!(refused.schema, known);
            assert_eq!(words(&refused.refused), ["new column `c` STRING"]);
        }
    }

    #[test]
    fn a_type_that_holds_the_values_stays_and_another_one_is_told() {
        let known = schema(&[("a", DataType::Int32), ("b", DataType::Int64), ("c", DataType::Utf8)]);
        let fits = learnt(SchemaEvolution::AddColumns, &known, &[("b", DataType::Int16), ("c", DataType::Int64)]);
        assert_eq!((fits.schema, fits.unfit), (known.clone(), vec![]));
        let wider = learnt(SchemaEvolution::AddColumns, &known, &[("a", DataType::Int64), ("b", DataType::Utf8)]);
        assert_eq!(words(&wider.unfit), ["`a` widened from INT to BIGINT", "`b` widened from BIGINT to STRING"]);
        let float = learnt(SchemaEvolution::AddColumns, &known, &[("c", DataType::Float64)]);
        assert_eq!(words(&float.unfit), ["`c` changed from STRING to DOUBLE"]);
    }

    #[test]
    fn structs_grow_at_their_end_if_columns_are_added() {
        let of = |names: &[&str]| {
            let fields: Vec<Field> = names.iter().map(|name| Field::new(*name, DataType::Int32, true)).collect();
            DataType::List(Arc::new(Field::new("element", DataType::Struct(fields.into()), true)))
        };
        let known = schema(&[("lines", of(&["a"]))]);
        let grown = learnt(SchemaEvolution::AddColumns, &known, &[("lines", of(&["a", "b"]))]);
        assert_eq!(words(&grown.added), ["new column `lines.b` INT"]);
        assert_eq!(grown.schema.field(0).data_type(), &of(&["a", "b"]));
        // Rows of an earlier version lack the field.
        let before = learnt(SchemaEvolution::AddColumns, &grown.schema, &[("lines", of(&["a"]))]);
        assert_eq!((before.schema, before.unfit), (grown.schema, vec![]));
        let refused = learnt(SchemaEvolution::Rescue, &known, &[("lines", of(&["a", "b"]))]);
        assert_eq!(words(&refused.unfit), ["new column `lines.b` INT"]);
        let moved = learnt(SchemaEvolution::AddColumns, &known, &[("lines", of(&["b", "a"]))]);
        assert_eq!(words(&moved.unfit), ["new column `lines.b` INT"]);
    }

    #[test]
    fn names_within_are_changed_too() {
        let inner = DataType::Struct(vec![Field::new("unit price", DataType::Int32, true)].into());
        let list = DataType::List(Arc::new(Field::new("element", inner, true)));
        let DataType::List(element) = clean(&list) else { unreachable!("a list stays one") };
        let DataType::Struct(fields) = element.data_type() else { unreachable!("a struct stays one") };
        assert_eq!(fields[0].name(), "unit_price");
    }
}
