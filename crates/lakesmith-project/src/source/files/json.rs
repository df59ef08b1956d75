//! `json:`

use crate::fields::Fields;
use crate::shape::{Key, Object, Shape};

/// Where in a JSON file its rows are.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JsonOptions {
    /// The way to the rows from the top of each document; empty: each line, each object, each element of an array.
    pub rows_at: Vec<PathStep>,
}

/// One step of the way to the rows of a JSON document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathStep {
    /// `.name`: into a field of an object.
    Field(String),
    /// `[*]`: into every element of an array.
    Elements,
}

pub(crate) const JSON: Object = Object {
    name: "`json`",
    may_be_empty: true,
    keys: &[Key::optional(
        "rows_at",
        Shape::JsonPath,
        "Where the rows are in each document: `$.data[*]`, `$.regions[*].stores[*]`, `$['the data'][*]`. Left out: each line \
         is one, or each element where the file is an array, or each object where it spans several lines.",
    )],
};

/// The options under `json:`.
pub(super) fn json(fields: Option<Fields<'_>>) -> JsonOptions {
    let rows_at = fields.and_then(|fields| fields.parsed("rows_at", path)).map(|path| path.value);
    JsonOptions { rows_at: rows_at.unwrap_or_default() }
}

/// The steps of `$.data[*]`. Of JSONPath that is `.name`, `['name']` and `[*]`.
pub(crate) fn path(text: &str) -> Option<Vec<PathStep>> {
    let mut rest = text.trim().strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("[*]") {
            steps.push(PathStep::Elements);
            rest = after;
        } else if let Some(quoted) = rest.strip_prefix('[') {
            let quote = quoted.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
            let (name, after) = quoted[1..].split_once(quote)?;
            steps.push(PathStep::Field(name.to_owned()));
            rest = after.strip_prefix(']')?;
        } else {
            let dotted = rest.strip_prefix('.')?;
            let end = dotted.find(['.', '[']).unwrap_or(dotted.len());
            let name = &dotted[..end];
            if name.is_empty() || name.contains(['*', ']', '?', '(', '@', '\'', '"', ' ']) {
                return None;
            }
            steps.push(PathStep::Field(name.to_owned()));
            rest = &dotted[end..];
        }
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_names_and_all_elements() {
        let field = |name: &str| PathStep::Field(name.to_owned());
        assert_eq!(path("$"), Some(vec![]));
        assert_eq!(path("$[*]"), Some(vec![PathStep::Elements]));
        let nested = vec![field("regions"), PathStep::Elements, field("stores"), PathStep::Elements];
        assert_eq!(path("$.regions[*].stores[*]"), Some(nested));
        assert_eq!(path("$['the data'][\"x.y\"][*]"), Some(vec![field("the data"), field("x.y"), PathStep::Elements]));
        for text in
            ["", "data", ".data", "$data", "$.", "$..data", "$.a[0]", "$.a[1:2]", "$.*", "$.a[?(@.x)]", "$[", "$['a", "$['a'"]
        {
            assert_eq!(path(text), None, "{text}");
        }
    }
}
