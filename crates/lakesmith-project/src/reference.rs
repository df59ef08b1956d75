//! The keys as a page for people.

use crate::document::DOCUMENTS;
use crate::schema::described;
use crate::shape::{Key, Object, Shape};
use std::fmt::Write;

/// The reference of all keys of all kinds of file, as Markdown.
pub fn reference() -> String {
    let mut page = String::from(
        "# The project's files\n\n\
         Every key of every kind of file. A key that is not listed is an error. Where a list is asked for, a single value\n\
         counts as a list of one. This page is generated from the table that checks the files.\n",
    );
    for document in DOCUMENTS {
        let _ = write!(page, "\n## {}: `{}`\n\n{}\n\n", document.name, document.path, document.doc);
        object(&mut page, document.keys, "");
    }
    page
}

/// The keys of an object as a table, then the tables of what lies below.
fn object(page: &mut String, object: &Object, path: &str) {
    page.push_str("| key | value | |\n| --- | --- | --- |\n");
    for key in object.keys {
        let _ = writeln!(page, "| `{}` | {} | {} |", key.name, described(&key.shape), meaning(key));
    }
    for key in object.keys {
        let below = format!("{path}{}", key.name);
        words(page, &key.shape, &below);
        if let Some((inner, step)) = inner(&key.shape) {
            let _ = write!(page, "\n### `{below}{step}`\n\n");
            self::object(page, inner, &format!("{below}{step}."));
        }
    }
}

fn meaning(key: &Key) -> String {
    let need = match (key.required, key.default) {
        (true, _) => " **Required.**".to_owned(),
        (false, Some(default)) => format!(" Default: `{default}`."),
        (false, None) => String::new(),
    };
    format!("{}{need}", key.doc)
}

/// The meaning of each word of a key.
fn words(page: &mut String, shape: &Shape, path: &str) {
    if let Shape::Choice(words) = shape {
        let _ = write!(page, "\n`{path}` is one of\n\n");
        for word in words.words {
            let _ = writeln!(page, "- `{}`: {}", word.word, word.doc);
        }
    }
}

/// The object below a key, and how one gets there.
fn inner(shape: &Shape) -> Option<(&'static Object, &'static str)> {
    match shape {
        Shape::Object(object) => Some((object, "")),
        Shape::Named(Shape::Object(object) | Shape::Or(_, Shape::Object(object))) | Shape::Columns(Shape::Object(object)) => {
            Some((object, ".<name>"))
        }
        Shape::Or(_, Shape::Object(object)) => Some((object, "")),
        Shape::List(Shape::Object(object) | Shape::Or(_, Shape::Object(object))) => Some((object, "[]")),
        _ => None,
    }
}
