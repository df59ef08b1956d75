//! The rows of an XML file into columns.

use std::ops::Range;

use arrow::datatypes::Schema;

use super::XmlOptions;
use super::tree::{Value, row};
use crate::column::{Column, Keys, Slot};
use crate::content::TextPiece;
use crate::format::Stop;
use crate::format::elements::ElementDecoder;
use crate::rescue::{Place, Rescue};
use crate::rows::Rows;

/// The key under which `_rescued_data` keeps a row that is not well formed.
const CORRUPT_RECORD: &str = "_corrupt_record";

/// Decodes the rows of one file.
#[derive(Debug)]
pub(super) struct XmlDecoder {
    options: XmlOptions,
    keys: Keys,
}

impl XmlDecoder {
    /// A decoder into the columns of `schema`.
    pub(super) fn new(options: XmlOptions, schema: &Schema) -> XmlDecoder {
        XmlDecoder { options, keys: Keys::new(schema.fields()) }
    }
}

impl ElementDecoder for XmlDecoder {
    fn decode(&self, piece: &TextPiece, found: &[Range<usize>], rows: &mut Rows) -> Result<(), Stop> {
        let mut keys = self.keys.clone();
        for range in found {
            let text = &piece.text[range.clone()];
            match row(text, &self.options) {
                Some(values) => self.fields(&mut keys, &mut rows.columns, &values, None, &mut rows.rescue),
                None => {
                    rows.columns.iter_mut().for_each(Column::append_null);
                    rows.rescue.keep_text(CORRUPT_RECORD, text);
                }
            }
            rows.end_row_of(piece, range.clone())?;
        }
        Ok(())
    }
}

impl XmlDecoder {
    /// Gives each of `columns` its value, and keeps what has no column. The exact name wins over one that differs in case.
    fn fields(
        &self,
        keys: &mut Keys,
        columns: &mut [Column],
        values: &[(String, Value)],
        place: Option<&Place<'_>>,
        rescue: &mut Rescue,
    ) {
        keys.slots.fill(None);
        let mut expected = 0;
        for (index, (name, value)) in values.iter().enumerate() {
            let Some((field, exact)) = keys.find(name, expected) else {
                keep(name, value, place, rescue);
                continue;
            };
            expected = field + 1;
            let slot = Slot { key: index, value: index, exact };
            let loser = match keys.slots[field] {
                Some(former) if former.exact && !exact => Some(slot),
                former => {
                    keys.slots[field] = Some(slot);
                    former
                }
            };
            if let Some(loser) = loser {
                let (name, value) = &values[loser.value];
                keep(name, value, place, rescue);
            }
        }
        for (index, column) in columns.iter_mut().enumerate() {
            match keys.slots[index] {
                Some(slot) => self.append(column, &values[slot.value].1, &step(place, keys.name(index)), rescue),
                None => column.append_null(),
            }
        }
    }

    /// Appends `value` to `column`. What does not fit is NULL there and kept.
    fn append(&self, column: &mut Column, value: &Value, place: &Place<'_>, rescue: &mut Rescue) {
        let fits = match (column, value) {
            (Column::List(list), Value::List(values)) => {
                for (index, value) in values.iter().enumerate() {
                    self.append(&mut list.elements, value, &Place::Element(place, index), rescue);
                    list.count_element();
                }
                list.end(true);
                true
            }
            // What comes once is a list of one.
            (Column::List(list), value) => {
                self.append(&mut list.elements, value, &Place::Element(place, 0), rescue);
                list.count_element();
                list.end(true);
                true
            }
            (column, Value::Null) => {
                column.append_null();
                true
            }
            (Column::Struct(structure), Value::Struct(fields)) => {
                self.fields(&mut structure.keys, &mut structure.children, fields, Some(place), rescue);
                structure.end();
                true
            }
            (Column::Struct(structure), Value::Text(text)) if structure.keys.find(&self.options.value_tag, 0).is_some() => {
                let fields = [(self.options.value_tag.clone(), Value::Text(text.clone()))];
                self.fields(&mut structure.keys, &mut structure.children, &fields, Some(place), rescue);
                structure.end();
                true
            }
            (Column::Scalar(scalar), Value::Text(text)) => scalar.append_text(text),
            (Column::Scalar(scalar), Value::Struct(fields)) => match self.text_of(fields) {
                // Only attributes are too much.
                Some(text) => {
                    let fits = scalar.append_text(text);
                    for (name, value) in fields.iter().filter(|(name, _)| fits && *name != self.options.value_tag) {
                        keep(name, value, Some(place), rescue);
                    }
                    fits
                }
                None => scalar.append_nested(&value.json()),
            },
            (Column::Scalar(scalar), Value::List(_)) => scalar.append_nested(&value.json()),
            (column, _) => {
                column.append_null();
                false
            }
        };
        if !fits {
            rescue.keep_json(&place.to_string(), &value.json());
        }
    }

    /// The text of an element that has attributes beside it, and nothing else.
    fn text_of<'v>(&self, fields: &'v [(String, Value)]) -> Option<&'v str> {
        let (options, mut text) = (&self.options, None);
        for (name, value) in fields {
            match value {
                Value::Text(value) if *name == options.value_tag => text = Some(value.as_str()),
                Value::Text(_) if name.starts_with(&options.attribute_prefix) && !options.attribute_prefix.is_empty() => {}
                _ => return None,
            }
        }
        text
    }
}

/// Keeps a value that no column takes, under the source's name. A null says nothing and is not kept.
fn keep(name: &str, value: &Value, place: Option<&Place<'_>>, rescue: &mut Rescue) {
    if *value != Value::Null {
        rescue.keep_json(&step(place, name).to_string(), &value.json());
    }
}

fn step<'a>(parent: Option<&'a Place<'a>>, name: &'a str) -> Place<'a> {
    match parent {
        Some(parent) => Place::Field(parent, name),
        None => Place::Column(name),
    }
}
