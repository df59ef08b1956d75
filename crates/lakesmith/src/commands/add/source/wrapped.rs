//! JSON whose rows are the elements of a list within one object: `{"catalog":{"items":[…]}}`.

use lakesmith_compile::Column;
use lakesmith_sql::DataType;

/// Where the rows of a document are.
#[derive(Debug, PartialEq)]
pub(super) struct Wrapped {
    /// The path, such as `$.catalog.items[*]`.
    pub(super) path: String,
    /// Whether there is nothing beside the list.
    pub(super) alone: bool,
}

/// The one list of objects in documents of these columns; none if there is none, or several.
pub(super) fn rows(columns: &[Column]) -> Option<Wrapped> {
    let mut lists = vec![];
    let mut others = false;
    for column in columns {
        let name = column.source_name.as_ref().unwrap_or(&column.name);
        look(name, &column.ty, "$", &mut lists, &mut others);
    }
    match lists.as_slice() {
        [path] => Some(Wrapped { path: path.clone(), alone: !others }),
        _ => None,
    }
}

fn look(name: &str, ty: &DataType, above: &str, lists: &mut Vec<String>, others: &mut bool) {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let path = format!("{above}.{name}");
    match ty {
        DataType::Struct(fields) if plain => {
            fields.iter().for_each(|field| look(&field.name, &field.ty, &path, lists, others));
        }
        DataType::Array(element) if plain && matches!(**element, DataType::Struct(_)) => lists.push(format!("{path}[*]")),
        _ => *others = true,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use lakesmith_sql::parse_type;

    fn found(columns: &[(&str, &str)]) -> Option<(String, bool)> {
        let column = |(name, ty): &(&str, &str)| Column::new(*name, parse_type(ty).unwrap());
        rows(&columns.iter().map(column).collect::<Vec<_>>()).map(|found| (found.path, found.alone))
    }

    #[test]
    fn the_only_list_of_objects_holds_the_rows() {
        let catalog = ("catalog", "struct<items: array<struct<id: int>>>");
        assert_eq!(found(&[catalog]), Some(("$.catalog.items[*]".to_owned(), true)));
        assert_eq!(found(&[("page", "int"), catalog]), Some(("$.catalog.items[*]".to_owned(), false)));
        assert_eq!(found(&[("a", "array<struct<id: int>>"), catalog]), None);
        assert_eq!(found(&[("a", "array<int>")]), None);
    }
}
