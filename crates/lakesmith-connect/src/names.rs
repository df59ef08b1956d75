//! Column names: from what a source calls a field to what Delta accepts, and back.

use std::collections::{HashMap, HashSet};

use arrow::datatypes::Field;

/// The field metadata that keeps the source's name where the column's differs.
pub const SOURCE_NAME: &str = "lakesmith.source_name";

/// Columns that bronze adds itself: a source's field of such a name gets a suffix. `_operation` is the source's own.
pub const RESERVED_COLUMNS: [&str; 8] = [
    "_ingestion_timestamp",
    "_ingestion_date",
    "_source_file",
    "_source_modified",
    "_source_position",
    "_source_system",
    "_batch_id",
    "_rescued_data",
];

/// What the source calls the field.
pub fn source_name(field: &Field) -> &str {
    field.metadata().get(SOURCE_NAME).map_or(field.name(), String::as_str)
}

/// `field`, remembering that the source calls it `source`.
pub(crate) fn with_source_name(field: Field, source: &str) -> Field {
    if field.name() == source {
        return field;
    }
    let mut metadata = field.metadata().clone();
    metadata.insert(SOURCE_NAME.to_owned(), source.to_owned());
    field.with_metadata(metadata)
}

/// Names taken by the columns of a table or the fields of a struct, without regard to case.
#[derive(Debug, Default)]
pub struct Names {
    taken: HashSet<String>,
    /// Names of which more than one was wanted, each with the number from which the next is looked for.
    numbers: HashMap<String, usize>,
}

impl Names {
    /// The names of a table's columns: those of bronze are taken.
    pub fn of_table() -> Names {
        Names { taken: RESERVED_COLUMNS.iter().map(|name| (*name).to_owned()).collect(), ..Names::default() }
    }

    /// Takes `name`, which is in use as it is.
    pub fn take(&mut self, name: &str) {
        self.taken.insert(name.to_lowercase());
    }

    /// A free name for the field that the source calls `source` and has at `position` (from 0): the clean name, with
    /// `_2`, `_3`, … if that is taken.
    pub fn name(&mut self, source: &str, position: usize) -> String {
        let base = clean(source, position);
        if self.taken.insert(base.to_lowercase()) {
            return base;
        }
        let number = self.numbers.entry(base.to_lowercase()).or_insert(2);
        loop {
            let name = format!("{base}_{number}");
            *number += 1;
            if self.taken.insert(name.to_lowercase()) {
                return name;
            }
        }
    }
}

/// The source's name as Delta accepts it: trimmed, with `_` for what is refused, `_c<position>` for a blank one.
pub(crate) fn clean(source: &str, position: usize) -> String {
    let trimmed = source.trim();
    if trimmed.is_empty() {
        return format!("_c{position}");
    }
    trimmed.chars().map(|c| if refused(c) { '_' } else { c }).collect()
}

/// Characters that Delta refuses in column names.
fn refused(c: char) -> bool {
    matches!(c, ' ' | ',' | ';' | '{' | '}' | '(' | ')' | '=' | '\t' | '\n' | '\r')
}

/// Finds the field that a source's name means: the exact name, else the same without regard to case and blanks
/// around it.
#[derive(Debug, Default, Clone)]
pub(crate) struct Lookup {
    exact: HashMap<String, Vec<usize>>,
    folded: HashMap<String, Vec<usize>>,
    len: usize,
}

impl Lookup {
    /// Over source names in the order of their fields.
    pub(crate) fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Lookup {
        let mut lookup = Lookup::default();
        for name in names {
            lookup.add(name);
        }
        lookup
    }

    /// Adds the next field; returns its index.
    pub(crate) fn add(&mut self, name: &str) -> usize {
        let index = self.len;
        self.exact.entry(name.to_owned()).or_default().push(index);
        self.folded.entry(fold(name)).or_default().push(index);
        self.len += 1;
        index
    }

    /// The first field of exactly this name.
    pub(crate) fn exact(&self, name: &str) -> Option<usize> {
        self.exact.get(name).and_then(|found| found.first()).copied()
    }

    /// The first field of this name without regard to case and blanks.
    pub(crate) fn folded(&self, name: &str) -> Option<usize> {
        self.folded.get(&fold(name)).and_then(|found| found.first()).copied()
    }

    /// The field of each of `names`, no field twice: exact names first, in order, then the others.
    pub(crate) fn assign(&self, names: &[&str]) -> Vec<Option<usize>> {
        let mut used = vec![false; self.len];
        let mut found = vec![None; names.len()];
        // Of the fields of one name, so many are known to be used: those of equal names are not looked at again and again.
        let mut passed: HashMap<(bool, usize), usize> = HashMap::new();
        let mut take = |fields: Option<&Vec<usize>>, exact: bool| {
            let fields = fields?;
            let at = passed.entry((exact, *fields.first()?)).or_default();
            let free = fields[*at..].iter().position(|field| !used[*field]);
            *at = free.map_or(fields.len(), |free| *at + free);
            let free = *fields.get(*at)?;
            used[free] = true;
            Some(free)
        };
        for (slot, name) in found.iter_mut().zip(names) {
            *slot = take(self.exact.get(*name), true);
        }
        for (slot, name) in found.iter_mut().zip(names) {
            if slot.is_none() {
                *slot = take(self.folded.get(&fold(name)), false);
            }
        }
        found
    }
}

/// A name without case and the blanks around it.
pub(crate) fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::DataType;

    #[test]
    fn names_are_what_delta_accepts() {
        let cases: &[(&[&str], &[&str])] = &[
            (&["First Name", "E-Mail", " a ", "x(=)y", "größe"], &["First_Name", "E-Mail", "a", "x___y", "größe"]),
            (&["id", "ID", "Id"], &["id", "ID_2", "Id_3"]),
            (&["a", "a", "a_2"], &["a", "a_2", "a_2_2"]),
            (&["", "b", "  "], &["_c0", "b", "_c2"]),
            (&["_batch_id", "_Source_File", "_operation"], &["_batch_id_2", "_Source_File_2", "_operation"]),
        ];
        for (sources, expected) in cases {
            let mut names = Names::of_table();
            let found: Vec<String> = sources.iter().enumerate().map(|(i, s)| names.name(s, i)).collect();
            assert_eq!(&found, expected);
        }
    }

    #[test]
    fn a_field_remembers_its_source() {
        let field = with_source_name(Field::new("First_Name", DataType::Utf8, true), "First Name");
        assert_eq!(source_name(&field), "First Name");
        assert_eq!(source_name(&Field::new("a", DataType::Utf8, true)), "a");
    }

    #[test]
    fn lookup_prefers_the_exact_name() {
        let lookup = Lookup::new(["ID", "id", " Name"]);
        assert_eq!((lookup.exact("id"), lookup.folded("iD"), lookup.folded("NAME")), (Some(1), Some(0), Some(2)));
        assert_eq!((lookup.exact("Name"), lookup.folded("x")), (None, None));
    }

    #[test]
    fn each_field_is_assigned_once() {
        let lookup = Lookup::new(["a", "a", "B"]);
        assert_eq!(lookup.assign(&["A", "a", "b", "a", "c"]), [None, Some(0), Some(2), Some(1), None]);
        assert_eq!(lookup.assign(&["A"]), [Some(0)]);
    }
}
