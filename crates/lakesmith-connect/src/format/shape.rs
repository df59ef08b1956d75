//! The narrowest type that holds every value seen: what a schema is inferred from.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema};

use super::typed::wider;
use crate::column::{Hints, Notation, parse};
use crate::names::{Lookup, Names, clean, fold, source_name, with_source_name};

/// The most columns of a table. A source with more is read, and the values of the others are rescued.
pub(crate) const MAX_COLUMNS: usize = 10_000;
/// Levels of lists and structs beyond which a value is kept as its JSON text.
const MAX_LEVELS: usize = 16;

/// What the values of one field have in common.
#[derive(Debug, Default)]
pub(crate) enum Shape {
    /// No value seen.
    #[default]
    Nothing,
    Boolean,
    Number {
        /// Some have a fraction or an exponent.
        fractional: bool,
        /// Some are whole numbers that a DOUBLE would round.
        wide: bool,
    },
    /// Texts, or values that have nothing in common but their text.
    Text,
    List(Box<Shape>),
    Struct(Shapes),
    /// Values of a type that the file itself tells.
    Typed(DataType),
}

impl Shape {
    /// Of a number as it is written.
    pub(crate) fn of_number(text: &str) -> Shape {
        if let Some(value) = parse::integer(text, false) {
            Shape::Number { fractional: false, wide: !parse::exact_in_double(value) }
        } else if parse::double(text, false).is_some() {
            Shape::Number { fractional: true, wide: false }
        } else {
            Shape::Text
        }
    }

    /// Of a text in a format without types, whose numbers are written as `notation` says.
    pub(crate) fn of_text(text: &str, notation: &Notation) -> Shape {
        if parse::boolean(text).is_some() {
            return Shape::Boolean;
        }
        notation.number(text).map_or(Shape::Text, |number| Shape::of_number(&number))
    }

    /// Widens the shape to hold a scalar of another.
    pub(crate) fn see(&mut self, scalar: Shape) {
        *self = match (std::mem::take(self), scalar) {
            (Shape::Nothing, other) => other,
            (Shape::Boolean, Shape::Boolean) => Shape::Boolean,
            (Shape::Number { fractional: f1, wide: w1 }, Shape::Number { fractional: f2, wide: w2 }) => {
                let (fractional, wide) = (f1 || f2, w1 || w2);
                if fractional && wide { Shape::Text } else { Shape::Number { fractional, wide } }
            }
            (Shape::Typed(a), Shape::Typed(b)) if a == b => Shape::Typed(a),
            (Shape::Typed(a), Shape::Typed(b)) => wider(&a, &b).map_or(Shape::Text, Shape::Typed),
            _ => Shape::Text,
        };
    }

    /// The type of the field at `path`, for which none was told.
    pub(crate) fn data_type(&self, path: &str, level: usize, hints: &Hints) -> DataType {
        match self {
            Shape::List(_) | Shape::Struct(_) if level == MAX_LEVELS => DataType::Utf8,
            Shape::Nothing | Shape::Text => DataType::Utf8,
            Shape::Boolean => DataType::Boolean,
            Shape::Typed(told) => told.clone(),
            Shape::Number { fractional: true, .. } => DataType::Float64,
            Shape::Number { fractional: false, .. } => DataType::Int64,
            Shape::List(elements) => {
                DataType::List(Arc::new(Field::new("element", elements.data_type(path, level + 1, hints), true)))
            }
            // Neither Delta nor Parquet has a struct without fields.
            Shape::Struct(shapes) if shapes.names.is_empty() => DataType::Utf8,
            Shape::Struct(shapes) => {
                DataType::Struct(shapes.named(0, Names::default(), path, level + 1, hints).into_iter().collect::<Fields>())
            }
        }
    }
}

/// The fields of a table or a struct, in order of appearance.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    names: Vec<String>,
    shapes: Vec<Shape>,
    lookup: Lookup,
    /// How values are written; of a table only, not of the structs in it.
    pub(crate) notation: Notation,
}

impl Shapes {
    /// The fields of a table of which `known` are known already.
    pub(crate) fn of_table(known: Option<&Schema>) -> Shapes {
        let mut shapes = Shapes::default();
        for field in known.into_iter().flat_map(|schema| schema.fields()) {
            shapes.add(source_name(field));
        }
        shapes
    }

    /// The fields that the source calls `names`; those not seen before are added, as long as there are no more than
    /// [`MAX_COLUMNS`].
    pub(crate) fn fields(&mut self, names: &[&str]) -> Vec<Option<usize>> {
        let assigned = self.lookup.assign(names);
        let mut field = |(known, name): (Option<usize>, &&str)| match known {
            None if self.names.len() < MAX_COLUMNS => Some(self.add(name)),
            known => known,
        };
        assigned.into_iter().zip(names).map(&mut field).collect()
    }

    /// The shape of a field.
    pub(crate) fn shape_mut(&mut self, field: usize) -> &mut Shape {
        &mut self.shapes[field]
    }

    fn add(&mut self, name: &str) -> usize {
        self.names.push(name.to_owned());
        self.shapes.push(Shape::Nothing);
        self.lookup.add(name)
    }

    /// How the source calls the fields.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    pub(crate) fn shape(&self, field: usize) -> &Shape {
        &self.shapes[field]
    }

    /// The columns of a table: those of `known`, whose structs gain the fields that were seen beyond their own; then the
    /// others, then those only hinted at.
    pub(crate) fn into_fields(mut self, known: Option<&Schema>, told: &[(String, DataType)]) -> Vec<Field> {
        let hints = Hints::new(told);
        for (name, _) in told {
            let seen = self
                .names
                .iter()
                .enumerate()
                .any(|(position, source)| fold(source) == fold(name) || fold(&clean(source, position)) == fold(name));
            if !seen && !name.contains('.') {
                self.add(name);
            }
        }
        let mut names = Names::of_table();
        let held = known.into_iter().flat_map(|schema| schema.fields()).zip(&self.shapes);
        let mut fields: Vec<Field> =
            held.map(|(field, shape)| shape.grown(field, &Hints::path("", source_name(field)), 0, &hints)).collect();
        fields.iter().for_each(|field| names.take(field.name()));
        fields.extend(self.named(fields.len(), names, "", 0, &hints));
        fields
    }

    /// The fields from `first` on, named and typed.
    fn named(&self, first: usize, mut names: Names, path: &str, level: usize, hints: &Hints) -> Vec<Field> {
        let unnamed = self.names.iter().zip(&self.shapes).enumerate().skip(first);
        let fields = unnamed.map(|(position, (source, shape))| {
            let name = names.name(source, position);
            let field_path = Hints::path(path, source);
            let told = hints.get(&field_path).or_else(|| hints.get(&Hints::path(path, &name)));
            let data_type = told.cloned().unwrap_or_else(|| shape.data_type(&field_path, level, hints));
            with_source_name(Field::new(name, data_type, true), source)
        });
        fields.collect()
    }
}
