//! What the columns of a JSON file look like.

use std::borrow::Cow;
use std::collections::HashMap;

use super::lines;
use super::tape::{Document, Kind, Tape};
use crate::format::shape::{Shape, Shapes};

/// Adds up to `limit` rows of `text` to `shapes`; returns how many. Lines that are no JSON objects are passed over.
/// Without `complete`, `text` is the beginning of a file and its last line may be cut.
pub(super) fn sample(text: &str, complete: bool, limit: u64, shapes: &mut Shapes) -> u64 {
    rows(lines(text, complete).map(|(_, line)| line), limit, shapes)
}

/// Adds up to `limit` of `texts` to `shapes`; returns how many. Those that are no JSON objects are passed over.
pub(super) fn rows<'t>(texts: impl Iterator<Item = &'t str>, limit: u64, shapes: &mut Shapes) -> u64 {
    let mut tape = Tape::default();
    let mut rows = 0;
    for text in texts {
        if rows == limit {
            break;
        }
        if let Ok(document) = tape.parse(text)
            && document.kind(0) == Kind::Object
        {
            object(shapes, document, 0);
            rows += 1;
        }
    }
    rows
}

fn object(shapes: &mut Shapes, document: Document<'_>, node: usize) {
    // Of equal keys the last wins, as when it is read.
    let mut keys: Vec<(Cow<'_, str>, usize)> = Vec::new();
    let mut places: HashMap<Cow<'_, str>, usize> = HashMap::new();
    for (key, value) in document.entries(node) {
        let key = document.key(key);
        match places.get(&key) {
            Some(place) => keys[*place].1 = value,
            None => {
                places.insert(key.clone(), keys.len());
                keys.push((key, value));
            }
        }
    }
    let names: Vec<&str> = keys.iter().map(|(key, _)| key.as_ref()).collect();
    for (field, (_, value)) in shapes.fields(&names).into_iter().zip(&keys) {
        if let Some(field) = field {
            observe(shapes.shape_mut(field), document, *value);
        }
    }
}

fn observe(shape: &mut Shape, document: Document<'_>, node: usize) {
    match document.kind(node) {
        Kind::Null => {}
        Kind::True | Kind::False => shape.see(Shape::Boolean),
        Kind::Number => shape.see(Shape::of_number(document.raw(node))),
        Kind::Plain | Kind::Escaped => shape.see(Shape::Text),
        Kind::Array => {
            if matches!(shape, Shape::Nothing) {
                *shape = Shape::List(Box::new(Shape::Nothing));
            }
            match shape {
                Shape::List(elements) => document.children(node).for_each(|child| observe(elements, document, child)),
                other => *other = Shape::Text,
            }
        }
        Kind::Object => {
            if matches!(shape, Shape::Nothing) {
                *shape = Shape::Struct(Shapes::default());
            }
            match shape {
                Shape::Struct(shapes) => object(shapes, document, node),
                other => *other = Shape::Text,
            }
        }
    }
}
