//! What the columns of an XML file look like.

use super::XmlOptions;
use super::tree::{Value, row};
use crate::column::Notation;
use crate::format::shape::{Shape, Shapes};

/// Adds up to `limit` of `texts` to `shapes`; returns how many. Those that are not well formed are passed over.
pub(super) fn rows<'t>(options: &XmlOptions, texts: impl Iterator<Item = &'t str>, limit: u64, shapes: &mut Shapes) -> u64 {
    let notation = shapes.notation.clone();
    let sample = Sample { options, notation: &notation };
    let mut rows = 0;
    for text in texts {
        if rows == limit {
            break;
        }
        if let Some(fields) = row(text, options) {
            sample.fields(shapes, &fields);
            rows += 1;
        }
    }
    rows
}

struct Sample<'a> {
    options: &'a XmlOptions,
    notation: &'a Notation,
}

impl Sample<'_> {
    fn fields(&self, shapes: &mut Shapes, fields: &[(String, Value)]) {
        let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        for (field, (_, value)) in shapes.fields(&names).into_iter().zip(fields) {
            if let Some(field) = field {
                self.value(shapes.shape_mut(field), value);
            }
        }
    }

    /// What comes once here and several times there is a list; what has attributes here and none there is a struct.
    fn value(&self, shape: &mut Shape, value: &Value) {
        match (&mut *shape, value) {
            (_, Value::Null) => {}
            (Shape::List(elements), Value::List(values)) => values.iter().for_each(|value| self.value(elements, value)),
            (Shape::List(elements), value) => self.value(elements, value),
            (_, Value::List(values)) => {
                let mut elements = std::mem::take(shape);
                values.iter().for_each(|value| self.value(&mut elements, value));
                *shape = Shape::List(Box::new(elements));
            }
            (Shape::Struct(shapes), Value::Struct(fields)) => self.fields(shapes, fields),
            (Shape::Struct(shapes), Value::Text(text)) => self.text_field(shapes, Shape::of_text(text, self.notation)),
            (_, Value::Struct(fields)) => {
                let former = std::mem::take(shape);
                let mut shapes = Shapes::default();
                self.fields(&mut shapes, fields);
                if !matches!(former, Shape::Nothing) {
                    self.text_field(&mut shapes, former);
                }
                *shape = Shape::Struct(shapes);
            }
            (_, Value::Text(text)) => shape.see(Shape::of_text(text, self.notation)),
        }
    }

    fn text_field(&self, shapes: &mut Shapes, shape: Shape) {
        if let Some(Some(field)) = shapes.fields(&[&self.options.value_tag]).first() {
            shapes.shape_mut(*field).see(shape);
        }
    }
}
