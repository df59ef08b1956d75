//! The keys as JSON Schema, so that editors complete and check.

use crate::check::expected;
use crate::document::DOCUMENTS;
use crate::shape::{Object, Shape};
use serde_json::{Map, Value, json};

/// A JSON Schema (draft 2020-12) for each kind of file: its name, such as `entity`, and the schema.
pub fn schemas() -> Vec<(&'static str, Value)> {
    let schema = |document: &crate::document::Document| {
        let mut schema = object(document.keys);
        let mut whole = Map::new();
        whole.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        whole.insert("title".to_owned(), json!(document.path));
        whole.insert("description".to_owned(), json!(document.doc));
        if let Some(schema) = schema.as_object_mut() {
            whole.append(schema);
        }
        (document.name, Value::Object(whole))
    };
    DOCUMENTS.iter().map(schema).collect()
}

fn object(object: &Object) -> Value {
    let mut properties = Map::new();
    for key in object.keys {
        let mut schema = value(&key.shape);
        schema["description"] = json!(key.doc);
        if let Some(default) = key.default.filter(|_| !matches!(key.shape, Shape::Named(_) | Shape::Object(_))) {
            schema["default"] = match (&key.shape, serde_json::from_str::<Value>(default)) {
                (Shape::Bool | Shape::Fraction | Shape::Whole(_), Ok(default)) => default,
                _ => json!(default.trim_matches(['"', '\''])),
            };
        }
        properties.insert(key.name.to_owned(), schema);
    }
    let required: Vec<&str> = object.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut schema = json!({
        "type": if object.may_be_empty { json!(["object", "null"]) } else { json!("object") },
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn value(shape: &Shape) -> Value {
    const NAME: &str = "^[A-Za-z_][A-Za-z0-9_]*$";
    match shape {
        Shape::Text | Shape::Sql | Shape::SqlType => json!({ "type": "string", "minLength": 1 }),
        Shape::Name => json!({ "type": "string", "pattern": NAME }),
        Shape::ColumnOf => json!({ "type": "string", "pattern": "^([A-Za-z_][A-Za-z0-9_]*\\.)?[A-Za-z_][A-Za-z0-9_]*$" }),
        Shape::Table => json!({ "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*\\.[A-Za-z_][A-Za-z0-9_]*$" }),
        Shape::Bool => json!({ "type": "boolean" }),
        Shape::Char => json!({ "type": "string", "maxLength": 2 }),
        Shape::Separator => json!({ "type": "string", "minLength": 1 }),
        Shape::Mark => json!({ "type": "string", "minLength": 1, "maxLength": 1 }),
        Shape::Whole(least) => json!({ "type": "integer", "minimum": least }),
        Shape::JsonPath => json!({ "type": "string", "pattern": "^\\$" }),
        Shape::DatePattern => json!({ "type": "string", "minLength": 1 }),
        Shape::CellRange => json!({ "type": "string", "pattern": ":" }),
        Shape::Fraction => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
        Shape::Date => json!({ "type": "string", "format": "date" }),
        Shape::Instant => json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}" }),
        Shape::Rows => json!({ "anyOf": [{ "type": "array", "items": { "type": "object" } }, { "type": "string" }] }),
        Shape::Month => json!({ "type": "string" }),
        Shape::Size => json!({ "type": "string", "pattern": "^[0-9.]+ *[KMGTkmgt]?[Ii]?[Bb]?$" }),
        Shape::Memory => json!({ "type": "string", "pattern": "^[0-9.]+ *(%|[KMGTkmgt]?[Ii]?[Bb]?)$" }),
        Shape::Duration => {
            json!({ "type": "string", "pattern": "^[0-9]+ *(s|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?)$" })
        }
        Shape::Verbatim => json!({ "type": ["string", "number", "boolean", "null"] }),
        Shape::Literal => json!({ "type": ["string", "number", "boolean"] }),
        Shape::Choice(words) => {
            let one = words.words.iter().map(|word| json!({ "const": word.word, "description": word.doc }));
            json!({ "oneOf": one.collect::<Vec<_>>() })
        }
        // A single value counts as a list of one.
        Shape::List(of) => json!({ "anyOf": [{ "type": "array", "items": value(of) }, value(of)] }),
        Shape::Named(of) => json!({
            "type": "object",
            "propertyNames": { "pattern": NAME },
            "additionalProperties": value(of),
        }),
        Shape::Columns(of) => json!({
            "type": "object",
            "properties": { "*": { "const": "snake_case", "description": "Passes the columns that are not listed." } },
            "propertyNames": { "pattern": "^(\\*|[A-Za-z_][A-Za-z0-9_]*)$" },
            "additionalProperties": value(of),
        }),
        Shape::Labelled(of) => json!({ "type": "object", "additionalProperties": value(of) }),
        Shape::Object(keys) => object(keys),
        Shape::Or(one, other) => json!({ "anyOf": [value(one), value(other)] }),
    }
}

/// What a shape is called in the reference.
pub(crate) fn described(shape: &Shape) -> String {
    match shape {
        Shape::Choice(words) => words.words.iter().map(|word| format!("`{}`", word.word)).collect::<Vec<_>>().join(" \\| "),
        Shape::Or(one, other) if matches!(**one, Shape::Choice(_)) => format!("{} or {}", described(one), expected(other)),
        _ => expected(shape).to_owned(),
    }
}
