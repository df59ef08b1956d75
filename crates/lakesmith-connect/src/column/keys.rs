//! Which field a key of an object means.

use arrow::datatypes::Fields;

use crate::names::{Lookup, source_name};

/// The keys under which a source gives the fields of a struct or the columns of a table.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    names: Vec<String>,
    /// Whether a name is the first of its kind: one that comes again is never found.
    first: Vec<bool>,
    lookup: Lookup,
    /// Room for the decoder: per field, what the current object holds.
    pub(crate) slots: Vec<Option<Slot>>,
}

/// Where the current object gives a field: the key and the value, and whether the key is the exact name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    pub(crate) key: usize,
    pub(crate) value: usize,
    pub(crate) exact: bool,
}

impl Keys {
    /// The keys of `fields`.
    pub(crate) fn new(fields: &Fields) -> Keys {
        let names: Vec<String> = fields.iter().map(|field| source_name(field).to_owned()).collect();
        let lookup = Lookup::new(names.iter().map(String::as_str));
        let is_first = |(index, name): (usize, &String)| lookup.exact(name) == Some(index);
        Keys { first: names.iter().enumerate().map(is_first).collect(), lookup, slots: vec![None; names.len()], names }
    }

    /// How the source calls field `index`.
    pub(crate) fn name(&self, index: usize) -> &str {
        &self.names[index]
    }

    /// The field that `key` means, and whether by its exact name. `expected` is the likely one: objects of one file
    /// mostly give their keys in one order.
    pub(crate) fn find(&self, key: &str, expected: usize) -> Option<(usize, bool)> {
        if self.names.get(expected).is_some_and(|name| name == key) && self.first[expected] {
            return Some((expected, true));
        }
        match self.lookup.exact(key) {
            Some(found) => Some((found, true)),
            None => self.lookup.folded(key).map(|found| (found, false)),
        }
    }
}
