//! What the project tells of values: types by the path of the field, and how they are written.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::DataType;

use super::Notation;
use crate::names::fold;

/// Type hints by path: `UpdatedAt`, `ShipTo.Zip`, `Lines.Qty` (a list adds no step; `Lines.element.Qty` is the same).
#[derive(Debug, Default)]
pub(crate) struct Hints {
    types: HashMap<String, DataType>,
    notation: Option<Arc<Notation>>,
}

impl Hints {
    /// From the hints as written.
    pub(crate) fn new(hints: &[(String, DataType)]) -> Hints {
        let types = hints.iter().map(|(path, data_type)| {
            let steps: Vec<String> = path.split('.').filter(|step| *step != "element").map(fold).collect();
            (steps.join("."), data_type.clone())
        });
        Hints { types: types.collect(), notation: None }
    }

    /// With values that are written as `notation` says.
    pub(crate) fn written(self, notation: &Notation) -> Hints {
        let notation = (*notation != Notation::default()).then(|| Arc::new(notation.clone()));
        Hints { notation, ..self }
    }

    /// How values are written, if not as by default.
    pub(crate) fn notation(&self) -> Option<&Arc<Notation>> {
        self.notation.as_ref()
    }

    /// The path of the field `name` in `parent` (empty for a table).
    pub(crate) fn path(parent: &str, name: &str) -> String {
        if parent.is_empty() { fold(name) } else { format!("{parent}.{}", fold(name)) }
    }

    /// The type told for the field at `path`.
    pub(crate) fn get(&self, path: &str) -> Option<&DataType> {
        self.types.get(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_ignore_case_and_list_elements() {
        let hints = Hints::new(&[("Lines.element.Qty".to_owned(), DataType::Int32)]);
        assert_eq!(hints.get(&Hints::path(&Hints::path("", "lines"), "QTY")), Some(&DataType::Int32));
        assert_eq!(hints.get("lines"), None);
    }
}
