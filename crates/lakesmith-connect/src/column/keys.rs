//! Which field a key of an object means.

use std::sync::Arc;

use arrow::datatypes::Fields;

use crate::names::{Lookup, source_name};

/// The keys under which a source gives the fields of a struct or the columns of a table.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    known: Arc<Known>,
    /// Room for the decoder: per field, what the current object holds.
    pub(crate) slots: Vec<Option<Slot>>,
    /// Per field (and first, for the beginning) the field whose key came next in the last object: objects of one file
    /// mostly give their keys in one order, which need not be that of the columns.
    following: Vec<usize>,
    /// Per field the last object that gave it a value, by its number.
    given: Vec<u64>,
    object: u64,
}

/// What all decoders of a file share.
#[derive(Debug)]
struct Known {
    names: Vec<String>,
    /// The names as JSON writes them before a value: `"Qty":`. `None` where that takes escapes, or the name is that of an
    /// earlier field.
    quoted: Vec<Option<Box<[u8]>>>,
    /// Whether a name is the first of its kind: one that comes again is never found.
    first: Vec<bool>,
    lookup: Lookup,
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
        let first: Vec<bool> = names.iter().enumerate().map(is_first).collect();
        let plain = |name: &str| !name.bytes().any(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
        let quoted = |(name, first): (&String, &bool)| {
            (*first && plain(name)).then(|| format!("\"{name}\":").into_bytes().into_boxed_slice())
        };
        let quoted = names.iter().zip(&first).map(quoted).collect();
        let count = names.len();
        Keys {
            known: Arc::new(Known { names, quoted, first, lookup }),
            slots: vec![None; count],
            following: (0..=count).collect(),
            given: vec![0; count],
            object: 0,
        }
    }

    /// How the source calls field `index`.
    pub(crate) fn name(&self, index: usize) -> &str {
        &self.known.names[index]
    }

    /// The field that `key` means, and whether by its exact name. `expected` is the likely one: objects of one file
    /// mostly give their keys in one order.
    pub(crate) fn find(&self, key: &str, expected: usize) -> Option<(usize, bool)> {
        let known = &*self.known;
        if known.names.get(expected).is_some_and(|name| name == key) && known.first[expected] {
            return Some((expected, true));
        }
        match known.lookup.exact(key) {
            Some(found) => Some((found, true)),
            None => known.lookup.folded(key).map(|found| (found, false)),
        }
    }

    /// Starts an object: no field has a value yet.
    #[inline]
    pub(crate) fn begin(&mut self) {
        self.object += 1;
    }

    /// The field whose key will likely come after that of `last`.
    #[inline]
    pub(crate) fn next_after(&self, last: Option<usize>) -> usize {
        self.following[last.map_or(0, |last| last + 1)]
    }

    /// The length of the key of field `expected`, quotes and colon included, if `json` starts with it.
    #[inline]
    pub(crate) fn starts(&self, json: &[u8], expected: usize) -> Option<usize> {
        let quoted = self.known.quoted.get(expected)?.as_deref()?;
        json.starts_with(quoted).then_some(quoted.len())
    }

    /// Notes that field `index` comes after `last` and is given a value. False if the object gave it one before.
    #[inline]
    pub(crate) fn give(&mut self, last: Option<usize>, index: usize) -> bool {
        self.following[last.map_or(0, |last| last + 1)] = index;
        std::mem::replace(&mut self.given[index], self.object) != self.object
    }

    /// Whether the object gave field `index` a value.
    pub(crate) fn is_given(&self, index: usize) -> bool {
        self.given[index] == self.object
    }
}
