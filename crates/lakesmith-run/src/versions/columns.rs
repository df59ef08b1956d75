//! A bronze table's data columns and those of the table that it reads.

use super::TableFault;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use lakesmith_connect::{Names, SOURCE_NAME, source_name};
use lakesmith_engine::delta::OPERATION;
use lakesmith_engine::spark_type;
use std::collections::HashMap;
use std::sync::Arc;

/// The data columns of a bronze table that has `known`, or is new, once it has read a table with these columns, one
/// version after the other. What it has stays; what is new comes last. Names that Delta refuses, as column mapping
/// allows them, and those of bronze's own columns are changed, and the source's name is kept with the column. `feed`: rows
/// say what became of them.
pub(super) fn data(known: Option<&Schema>, sources: &[SchemaRef], feed: bool) -> Result<Schema, TableFault> {
    let mut fields: Vec<Field> =
        known.map(|known| known.fields().iter().map(|field| field.as_ref().clone()).collect()).unwrap_or_default();
    let mut names = Names::of_table();
    fields.iter().for_each(|field| names.take(field.name()));
    if feed {
        names.take(OPERATION);
    }
    for source in sources {
        for (position, column) in source.fields().iter().enumerate() {
            let ty = clean(column.data_type());
            match fields.iter().find(|field| !is_told(field, feed) && source_name(field) == column.name()) {
                Some(field) if spark_type(field.data_type()) == spark_type(&ty) => {}
                Some(field) => {
                    return Err(TableFault::TypeChanged {
                        column: column.name().clone(),
                        held: spark_type(field.data_type()).to_string(),
                        now: spark_type(&ty).to_string(),
                    });
                }
                None => fields.push(named(names.name(column.name(), position), column.name(), ty)),
            }
        }
    }
    if feed && !fields.iter().any(|field| is_told(field, feed)) {
        fields.push(Field::new(OPERATION, DataType::Utf8, true));
    }
    Ok(Schema::new(fields))
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

    #[test]
    fn names_that_are_taken_or_refused_are_changed_and_remembered() {
        let source = schema(&[("order id", DataType::Int64), ("_batch_id", DataType::Int64), ("_operation", DataType::Utf8)]);
        let first = data(None, std::slice::from_ref(&source), false).unwrap();
        let wanted = [("order_id", "order id"), ("_batch_id_2", "_batch_id"), ("_operation", "_operation")];
        assert_eq!(names(&first), wanted);
        let feed = data(None, std::slice::from_ref(&source), true).unwrap();
        let wanted = [
            ("order_id", "order id"),
            ("_batch_id_2", "_batch_id"),
            ("_operation_2", "_operation"),
            ("_operation", "_operation"),
        ];
        assert_eq!(names(&feed), wanted);
        // Nothing new, nothing changed.
        assert_eq!(data(Some(&feed), std::slice::from_ref(&source), true).unwrap(), feed);
    }

    #[test]
    fn columns_stay_and_new_ones_come_last_as_long_as_types_do() {
        let (first, then) = (schema(&[("a", DataType::Int32), ("b", DataType::Utf8)]), schema(&[("c", DataType::Utf8)]));
        let both = data(Some(&first), &[then], false).unwrap();
        assert_eq!(names(&both), [("a", "a"), ("b", "b"), ("c", "c")]);
        let said = data(Some(&first), &[schema(&[("a", DataType::Int64)])], false).unwrap_err().to_string();
        assert_eq!(said, "its column `a` is BIGINT now and INT in the bronze table");
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
