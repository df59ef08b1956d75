//! What a table and its columns are said to be: the table's `description`, and `comment` among the metadata of a field.
//! Delta transaction log protocol, "Change Metadata" and "Column Metadata".

use serde_json::{Map, Value};

use super::DeltaError;
use super::action::Metadata;
use super::storage::TablePath;

/// The key of a field's metadata under which its comment stands.
pub(crate) const COMMENT: &str = "comment";

impl Metadata {
    /// The same table with other words: its description, and the comments of its columns at the top level. `comment` says
    /// `None` of a column whose comment stays as it is, `Some(None)` of one that has none. Gives also the columns whose
    /// comments change; `None` where every word is as it is to be. Nothing but words is touched.
    ///
    /// # Errors
    /// [`DeltaError::Schema`] for a schema that is no JSON.
    pub fn commented(
        &self,
        table: &TablePath,
        description: Option<&str>,
        comment: impl Fn(&str) -> Option<Option<String>>,
    ) -> Result<Option<(Self, Vec<String>)>, DeltaError> {
        let broken = |reason: String| DeltaError::Schema { table: table.clone(), column: String::new(), reason };
        let mut schema: Value = serde_json::from_str(&self.schema_string).map_err(|error| broken(error.to_string()))?;
        let fields =
            schema.get_mut("fields").and_then(Value::as_array_mut).ok_or_else(|| broken("it has no fields".to_owned()))?;
        let mut changed = vec![];
        for field in fields.iter_mut().filter_map(Value::as_object_mut) {
            let Some(name) = field.get("name").and_then(Value::as_str).map(str::to_owned) else { continue };
            let Some(wanted) = comment(&name) else { continue };
            let metadata = field.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
            let Some(metadata) = metadata.as_object_mut() else { continue };
            if metadata.get(COMMENT).and_then(Value::as_str) == wanted.as_deref() {
                continue;
            }
            match wanted {
                Some(words) => metadata.insert(COMMENT.to_owned(), words.into()),
                None => metadata.remove(COMMENT),
            };
            changed.push(name);
        }
        if changed.is_empty() && self.description.as_deref() == description {
            return Ok(None);
        }
        let schema_string = if changed.is_empty() { self.schema_string.clone() } else { schema.to_string() };
        Ok(Some((Metadata { description: description.map(str::to_owned), schema_string, ..self.clone() }, changed)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::delta::Format;

    fn metadata() -> Metadata {
        let schema = r#"{"type":"struct","fields":[
            {"name":"a","type":"long","nullable":true,"metadata":{"comment":"was","lakesmith.source_name":"A b","delta.x":3}},
            {"name":"b","type":{"type":"struct","fields":[{"name":"a","type":"long","nullable":true,"metadata":{}}]},"nullable":true,"metadata":{}},
            {"name":"c","type":"string","nullable":true,"metadata":{"comment":"by hand"}}]}"#;
        Metadata {
            id: "id".to_owned(),
            name: None,
            description: Some("what it was".to_owned()),
            format: Format::default(),
            schema_string: schema.to_owned(),
            partition_columns: vec![],
            configuration: [("x".to_owned(), "y".to_owned())].into(),
            created_time: Some(1),
        }
    }

    #[test]
    fn only_words_change() {
        let (held, table) = (metadata(), TablePath::new("t"));
        let wanted = |name: &str| match name {
            "a" => Some(Some("is \"now\"".to_owned())),
            "b" => Some(None),
            _ => None,
        };
        let (now, columns) = held.commented(&table, Some("what it was"), wanted).unwrap().unwrap();
        assert_eq!(columns, ["a"]);
        let schema: Value = serde_json::from_str(&now.schema_string).unwrap();
        assert_eq!(
            schema["fields"][0]["metadata"],
            serde_json::json!({ "comment": "is \"now\"", "lakesmith.source_name": "A b", "delta.x": 3 })
        );
        assert_eq!(schema["fields"][1]["type"]["fields"][0]["metadata"], serde_json::json!({}));
        assert_eq!(schema["fields"][2]["metadata"]["comment"], "by hand", "a column that the project does not have");
        assert_eq!(Metadata { schema_string: held.schema_string.clone(), ..now.clone() }, held);

        assert!(now.commented(&table, Some("what it was"), wanted).unwrap().is_none(), "once is enough");
        let (gone, columns) = now.commented(&table, None, |_| Some(None)).unwrap().unwrap();
        assert_eq!((gone.description, columns), (None, vec!["a".to_owned(), "c".to_owned()]));
    }

    #[test]
    fn a_description_alone_leaves_the_schema_byte_for_byte() {
        let held = metadata();
        let (now, columns) = held.commented(&TablePath::new("t"), Some("now"), |_| None).unwrap().unwrap();
        assert_eq!((now.description.as_deref(), now.schema_string == held.schema_string), (Some("now"), true));
        assert!(columns.is_empty());
    }
}
