//! The schema of an Avro file, looked at before its reader trusts it.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::AVRO;
use super::layout::Layout;
use crate::error::FileFault;

/// Values that a schema may describe, names followed. Few lines can name each other a billion times.
const MAX_NODES: usize = 100_000;

/// The schema as its reader is to see it, and how records lie.
///
/// # Errors
/// [`FileFault::Unsupported`] for a schema that holds itself, for arrays of nothing, and for what is no record.
pub(super) fn read(bytes: &[u8]) -> Result<(String, Layout), FileFault> {
    let unreadable = |error: serde_json::Error| FileFault::Damaged {
        what: AVRO,
        offset: 0,
        reason: format!("its schema is no JSON: {error}"),
    };
    let mut schema: Value = serde_json::from_slice(bytes).map_err(unreadable)?;
    let mut walk = Walk { names: HashMap::new(), nodes: 0 };
    let layout = walk.layout(&mut schema, "")?;
    match layout {
        Layout::Record(_) if layout.is_empty() => Err(unsupported("an Avro record without a value")),
        Layout::Record(_) => Ok((schema.to_string(), layout)),
        _ => Err(unsupported("an Avro file whose schema is no record")),
    }
}

fn unsupported(what: &str) -> FileFault {
    FileFault::Unsupported { what: what.to_owned() }
}

struct Walk {
    /// Types by full name; those that are being read are not there yet.
    names: HashMap<String, Option<Layout>>,
    nodes: usize,
}

impl Walk {
    fn layout(&mut self, schema: &mut Value, space: &str) -> Result<Layout, FileFault> {
        self.count(1)?;
        match schema {
            Value::String(name) => self.named(name, space),
            Value::Array(branches) => {
                Ok(Layout::Union(branches.iter_mut().map(|branch| self.layout(branch, space)).collect::<Result<_, _>>()?))
            }
            Value::Object(object) => self.object(object, space),
            _ => Err(unsupported("an Avro schema that is neither name, object nor list")),
        }
    }

    fn count(&mut self, nodes: usize) -> Result<(), FileFault> {
        self.nodes += nodes;
        if self.nodes > MAX_NODES { Err(unsupported(&format!("an Avro schema of more than {MAX_NODES} values"))) } else { Ok(()) }
    }

    fn named(&mut self, name: &str, space: &str) -> Result<Layout, FileFault> {
        let primitive = match name {
            "null" => Layout::Nothing,
            "boolean" => Layout::Boolean,
            "int" | "long" => Layout::Long,
            "float" => Layout::Fixed(4),
            "double" => Layout::Fixed(8),
            "bytes" | "string" => Layout::Bytes,
            _ => {
                let found = self.names.get(&full_name(name, space)).or_else(|| self.names.get(name));
                match found.cloned() {
                    Some(Some(layout)) => {
                        self.count(nodes(&layout))?;
                        return Ok(layout);
                    }
                    Some(None) => return Err(unsupported(&format!("the Avro type `{name}`, which holds itself"))),
                    None => return Err(unsupported(&format!("the Avro type `{name}`, which the schema does not tell"))),
                }
            }
        };
        Ok(primitive)
    }

    fn object(&mut self, object: &mut Map<String, Value>, space: &str) -> Result<Layout, FileFault> {
        let Some(kind) = object.get_mut("type") else { return Err(unsupported("an Avro schema without `type`")) };
        let Value::String(kind) = kind else { return self.layout(kind, space) };
        let kind = kind.clone();
        match kind.as_str() {
            "record" | "error" => {
                let (name, inner) = self.open(object, space)?;
                let mut layouts = Vec::new();
                if let Some(Value::Array(fields)) = object.get_mut("fields") {
                    for field in fields {
                        let told = field.get_mut("type").ok_or_else(|| unsupported("an Avro field without `type`"))?;
                        layouts.push(self.layout(told, &inner)?);
                    }
                }
                Ok(self.close(name, Layout::Record(layouts)))
            }
            "enum" => {
                let (name, _) = self.open(object, space)?;
                Ok(self.close(name, Layout::Long))
            }
            "fixed" => {
                let (name, _) = self.open(object, space)?;
                let size = object.get("size").and_then(Value::as_u64).and_then(|size| u32::try_from(size).ok());
                let size = size.ok_or_else(|| unsupported("an Avro `fixed` without a size"))?;
                Ok(self.close(name, Layout::Fixed(size as usize)))
            }
            "array" => {
                let items = object.get_mut("items").ok_or_else(|| unsupported("an Avro array without `items`"))?;
                let element = self.layout(items, space)?;
                // Two bytes could say that there are billions of them.
                if element.is_empty() {
                    Err(unsupported("an Avro array of nothing"))
                } else {
                    Ok(Layout::Array(Box::new(element)))
                }
            }
            "map" => {
                let values = object.get_mut("values").ok_or_else(|| unsupported("an Avro map without `values`"))?;
                Ok(Layout::Map(Box::new(self.layout(values, space)?)))
            }
            "string" => {
                // A UUID is the text that it is; as one it would have to be well formed.
                object.remove("logicalType");
                Ok(Layout::Bytes)
            }
            other => self.named(other, space),
        }
    }

    /// Begins a named type; its name and the namespace of what it holds.
    fn open(&mut self, object: &Map<String, Value>, space: &str) -> Result<(String, String), FileFault> {
        let text = |key: &str| object.get(key).and_then(Value::as_str);
        let name = text("name").ok_or_else(|| unsupported("an Avro type without a name"))?;
        let full = full_name(name, text("namespace").unwrap_or(space));
        let inner = full.rsplit_once('.').map_or("", |(space, _)| space).to_owned();
        self.names.insert(full.clone(), None);
        Ok((full, inner))
    }

    fn close(&mut self, name: String, layout: Layout) -> Layout {
        self.names.insert(name, Some(layout.clone()));
        layout
    }
}

fn full_name(name: &str, space: &str) -> String {
    if name.contains('.') || space.is_empty() { name.to_owned() } else { format!("{space}.{name}") }
}

fn nodes(layout: &Layout) -> usize {
    match layout {
        Layout::Record(parts) | Layout::Union(parts) => 1 + parts.iter().map(nodes).sum::<usize>(),
        Layout::Array(inner) | Layout::Map(inner) => 1 + nodes(inner),
        _ => 1,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn schemas_that_hold_themselves_or_grow_without_measure_are_refused() {
        let told = |schema: &str| read(schema.as_bytes()).map(|(_, layout)| layout).map_err(|fault| fault.to_string());
        let node = r#"{"type":"record","name":"a.Node","fields":[{"name":"next","type":["null","Node"]}]}"#;
        assert_eq!(told(node).unwrap_err(), "not supported: the Avro type `Node`, which holds itself");
        let nulls = r#"{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"array","items":"null"}}]}"#;
        assert_eq!(told(nulls).unwrap_err(), "not supported: an Avro array of nothing");
        let mut fields =
            vec![r#"{"name":"x","type":{"type":"record","name":"T0","fields":[{"name":"v","type":"int"}]}}"#.to_owned()];
        for level in 1..40 {
            let inner = level - 1;
            fields.push(format!(
                r#"{{"name":"f{level}","type":{{"type":"record","name":"T{level}","fields":[{{"name":"l","type":"T{inner}"}},{{"name":"r","type":"T{inner}"}}]}}}}"#
            ));
        }
        let laughs = format!(r#"{{"type":"record","name":"R","fields":[{}]}}"#, fields.join(","));
        assert_eq!(told(&laughs).unwrap_err(), "not supported: an Avro schema of more than 100000 values");
        assert_eq!(told(r#""string""#).unwrap_err(), "not supported: an Avro file whose schema is no record");
        let again = r#"{"type":"record","name":"n.R","fields":[{"name":"a","type":{"type":"enum","name":"E","symbols":["x"]}},{"name":"b","type":"n.E"}]}"#;
        assert_eq!(told(again).unwrap(), Layout::Record(vec![Layout::Long, Layout::Long]));
    }

    #[test]
    fn records_take_the_bytes_that_their_schema_tells() {
        let layout = Layout::Record(vec![
            Layout::Union(vec![Layout::Nothing, Layout::Bytes]),
            Layout::Array(Box::new(Layout::Long)),
            Layout::Map(Box::new(Layout::Boolean)),
        ]);
        // "a"; [1, 2] in a block with its length; {"k": true}.
        let record = [2, 2, b'a', 3, 4, 2, 4, 0, 2, 2, b'k', 1, 0];
        assert!(layout.is_of(&record, 1));
        assert!(layout.is_of(&[record, record].concat(), 2));
        for (data, count) in [(&record[..12], 1), (&record[..], 2), (&[record, record].concat()[..], 1), (&[4; 13][..], 1)] {
            assert!(!layout.is_of(data, count));
        }
    }
}
