//! `_rescued_data`: one JSON object of what of a row did not fit, by its place: `amount`, `Lines[2].Qty`.

use crate::types::SOURCE_NAME;
use arrow::datatypes::Schema;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::fmt;

/// A place, and the JSON of the value that stood there.
pub type Entry = (String, Box<RawValue>);

/// What a row's `_rescued_data` holds, in its order; `None` if it is no such object.
pub fn entries(text: &str) -> Option<Vec<Entry>> {
    struct Entries(Vec<Entry>);
    struct Read;
    impl<'de> Visitor<'de> for Read {
        type Value = Entries;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
            let mut all = vec![];
            while let Some(entry) = map.next_entry()? {
                all.push(entry);
            }
            Ok(Entries(all))
        }
    }
    impl<'de> Deserialize<'de> for Entries {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(Read)
        }
    }
    serde_json::from_str::<Entries>(text).ok().map(|entries| entries.0)
}

/// The text of the object; `None` if nothing is left in it.
pub fn object(entries: &[Entry]) -> Option<String> {
    let each = entries.iter().map(|(key, value)| format!("{}:{}", serde_json::Value::from(key.as_str()), value.get()));
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| format!("{{{}}}", each.join(",")))
}

/// The numbers of the elements on the way, if `place` is that of `path`, whatever the case: `Lines[2].Qty` of `lines`, `qty`
/// is `[2]`.
pub fn matched(place: &str, path: &[String]) -> Option<Vec<usize>> {
    let mut rest = place;
    let mut numbers = vec![];
    for (step, name) in path.iter().enumerate() {
        if step > 0 {
            rest = rest.strip_prefix('.')?;
        }
        let end = rest.char_indices().nth(name.chars().count()).map_or(rest.len(), |(at, _)| at);
        let (own, further) = rest.split_at(end);
        if own.to_lowercase() != name.to_lowercase() {
            return None;
        }
        rest = further;
        while let Some(inner) = rest.strip_prefix('[') {
            let (number, further) = inner.split_once(']')?;
            numbers.push(number.parse().ok()?);
            rest = further;
        }
    }
    rest.is_empty().then_some(numbers)
}

/// A path of columns as the source calls them.
pub(super) fn named(schema: &Schema, path: &[String]) -> Vec<String> {
    let mut named = path.to_vec();
    if let Some(first) = named.first_mut()
        && let Ok(field) = schema.field_with_name(first)
        && let Some(source) = field.metadata().get(SOURCE_NAME)
    {
        first.clone_from(source);
    }
    named
}

/// The text of a JSON value: what a string says, the value as it is written else.
pub(super) fn text(json: &str) -> String {
    serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_in_order_and_written_back() {
        let text = r#"{"b":1.50,"a":"x\"y","Lines[0].Qty":[1,{"k":null}]}"#;
        let found = entries(text).unwrap();
        assert_eq!(found.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["b", "a", "Lines[0].Qty"]);
        assert_eq!(object(&found).unwrap(), text);
        assert_eq!(object(&[]), None);
        assert!(entries("[1]").is_none() && entries("x").is_none());
    }

    #[test]
    fn places_are_matched_with_the_numbers_of_their_elements() {
        let path = |names: &[&str]| -> Vec<String> { names.iter().map(|name| (*name).to_owned()).collect() };
        for (place, names, numbers) in [
            ("amount", &["amount"][..], Some(vec![])),
            ("Amount", &["amount"], Some(vec![])),
            ("Lines[2].Qty", &["lines", "qty"], Some(vec![2])),
            ("m[1][0]", &["m"], Some(vec![1, 0])),
            ("a.b.c", &["a.b", "c"], Some(vec![])),
            ("amount#2", &["amount"], None),
            ("amount.x", &["amount"], None),
            ("amounts", &["amount"], None),
            ("Lines[x].Qty", &["lines", "qty"], None),
        ] {
            assert_eq!(matched(place, &path(names)), numbers, "{place}");
        }
    }
}
