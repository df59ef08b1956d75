//! How columns that are known grow by what a sample shows of them: structs, and structs in lists, gain fields.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema};

use super::shape::{Shape, Shapes};
use crate::column::Hints;
use crate::names::{Lookup, Names, clean, source_name, with_source_name};

impl Shape {
    /// A known field with the nested fields that were seen beyond its own, last. `path` leads to it, through `level` lists
    /// and structs.
    pub(crate) fn grown(&self, field: &Field, path: &str, level: usize, hints: &Hints) -> Field {
        let grown = self.grown_type(field.data_type(), path, level, hints);
        grown.map_or_else(|| field.clone(), |data_type| field.clone().with_data_type(data_type))
    }

    fn grown_type(&self, held: &DataType, path: &str, level: usize, hints: &Hints) -> Option<DataType> {
        match (held, self) {
            (DataType::Struct(fields), Shape::Struct(shapes)) => {
                Some(DataType::Struct(shapes.grown(fields, path, level + 1, hints)))
            }
            (DataType::List(element), Shape::List(shape)) => {
                let grown = shape.grown_type(element.data_type(), path, level + 1, hints)?;
                Some(DataType::List(Arc::new(element.as_ref().clone().with_data_type(grown))))
            }
            _ => None,
        }
    }
}

impl Shapes {
    fn grown(&self, held: &Fields, path: &str, level: usize, hints: &Hints) -> Fields {
        let sources: Vec<&str> = self.names().collect();
        let mut fields: Vec<FieldRef> = held.iter().cloned().collect();
        let mut assigned = Lookup::new(held.iter().map(|field| source_name(field))).assign(&sources);
        let mut names = Names::default();
        held.iter().for_each(|field| names.take(field.name()));
        for (position, source) in sources.iter().enumerate() {
            if assigned[position].is_none() {
                // A table does not keep what the source calls a nested field whose name Delta refuses.
                let plain = clean(source, position);
                let known = held.iter().position(|field| *field.name() == plain && source_name(field) == field.name());
                assigned[position] = known.filter(|known| !assigned.contains(&Some(*known)));
            }
            let shape = self.shape(position);
            let field_path = Hints::path(path, source);
            match assigned[position] {
                Some(known) => {
                    let grown = shape.grown(&fields[known], &field_path, level, hints);
                    let renamed = source_name(&grown).to_lowercase() != source.trim().to_lowercase();
                    fields[known] = Arc::new(if renamed { with_source_name(grown, source) } else { grown });
                }
                None => {
                    let name = names.name(source, position);
                    let told = hints.get(&field_path).or_else(|| hints.get(&Hints::path(path, &name)));
                    let data_type = told.cloned().unwrap_or_else(|| shape.data_type(&field_path, level, hints));
                    fields.push(Arc::new(with_source_name(Field::new(name, data_type, true), source)));
                }
            }
        }
        fields.into()
    }

    /// The columns of `known` of which a value was seen, each with the type that the sample alone would give it.
    pub(crate) fn seen(&self, known: Option<&Schema>, hints: &Hints) -> Vec<Field> {
        let known = known.into_iter().flat_map(|schema| schema.fields()).enumerate();
        let seen = known.filter_map(|(position, field)| {
            let shape = self.shape(position);
            let path = Hints::path("", source_name(field));
            (!matches!(shape, Shape::Nothing)).then(|| Field::new(field.name(), shape.data_type(&path, 0, hints), true))
        });
        seen.collect()
    }
}
