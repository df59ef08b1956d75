//! The rows of a JSON file into columns.

use std::ops::Range;

use arrow::datatypes::Schema;

use super::lines;
use super::tape::{Document, Kind, Tape};
use crate::column::{Column, Keys, Slot};
use crate::content::TextPiece;
use crate::format::Stop;
use crate::format::elements::ElementDecoder;
use crate::format::lines::LineDecoder;
use crate::rescue::{Place, Rescue};
use crate::rows::Rows;

/// The key under which `_rescued_data` keeps a line that is no JSON object.
const CORRUPT_RECORD: &str = "_corrupt_record";

/// Decodes the lines of one file.
#[derive(Debug)]
pub(super) struct JsonDecoder {
    keys: Keys,
}

impl JsonDecoder {
    /// A decoder into the columns of `schema`.
    pub(super) fn new(schema: &Schema) -> JsonDecoder {
        JsonDecoder { keys: Keys::new(schema.fields()) }
    }
}

impl LineDecoder for JsonDecoder {
    fn decode(&self, piece: &TextPiece, rows: &mut Rows) -> Result<(), Stop> {
        let mut line = Line { keys: self.keys.clone(), tape: Tape::default() };
        let mut start = 0;
        for (end, text) in lines(&piece.text, true) {
            if !text.is_empty() {
                line.row(text, rows);
                rows.end_row_of(piece, start..end)?;
            }
            start = end;
        }
        Ok(())
    }
}

impl ElementDecoder for JsonDecoder {
    fn decode(&self, piece: &TextPiece, found: &[Range<usize>], rows: &mut Rows) -> Result<(), Stop> {
        let mut line = Line { keys: self.keys.clone(), tape: Tape::default() };
        for row in found {
            line.row(&piece.text[row.clone()], rows);
            rows.end_row_of(piece, row.clone())?;
        }
        Ok(())
    }
}

/// Room for one line after another.
struct Line {
    keys: Keys,
    tape: Tape,
}

impl Line {
    fn row(&mut self, line: &str, rows: &mut Rows) {
        match self.tape.parse(line) {
            Ok(document) if document.kind(0) == Kind::Object => {
                fields(&mut self.keys, &mut rows.columns, document, 0, None, &mut rows.rescue);
            }
            _ => {
                rows.columns.iter_mut().for_each(Column::append_null);
                rows.rescue.keep_text(CORRUPT_RECORD, line);
            }
        }
    }
}

/// Gives each of `columns` its value of the object at `node`, and keeps what has no column.
///
/// The exact name wins over one that differs in case; of equal names the last wins. The losers are kept.
fn fields(
    keys: &mut Keys,
    columns: &mut [Column],
    document: Document<'_>,
    node: usize,
    place: Option<&Place<'_>>,
    rescue: &mut Rescue,
) {
    keys.slots.fill(None);
    let mut expected = 0;
    for (key, value) in document.entries(node) {
        let name = document.key(key);
        let Some((field, exact)) = keys.find(&name, expected) else {
            keep(document, &name, value, place, rescue);
            continue;
        };
        expected = field + 1;
        let slot = Slot { key, value, exact };
        let loser = match keys.slots[field] {
            Some(former) if former.exact && !exact => Some(slot),
            former => {
                keys.slots[field] = Some(slot);
                former
            }
        };
        if let Some(loser) = loser {
            keep(document, &document.key(loser.key), loser.value, place, rescue);
        }
    }
    for (index, column) in columns.iter_mut().enumerate() {
        match keys.slots[index] {
            Some(slot) => append(column, document, slot.value, &step(place, keys.name(index)), rescue),
            None => column.append_null(),
        }
    }
}

/// Appends the value at `node` to `column`. What does not fit is NULL there and kept.
fn append(column: &mut Column, document: Document<'_>, node: usize, place: &Place<'_>, rescue: &mut Rescue) {
    let kind = document.kind(node);
    let fits = match (column, kind) {
        (column, Kind::Null) => {
            column.append_null();
            true
        }
        (Column::Scalar(scalar), _) => match kind {
            Kind::True | Kind::False => scalar.append_boolean(kind == Kind::True),
            Kind::Number => scalar.append_number(document.raw(node)),
            Kind::Array | Kind::Object => scalar.append_nested(document.raw(node)),
            _ => match document.string(node) {
                Some(text) => scalar.append_string(&text),
                None => {
                    scalar.append_null();
                    false
                }
            },
        },
        (Column::List(list), Kind::Array) => {
            for (index, element) in document.children(node).enumerate() {
                append(&mut list.elements, document, element, &Place::Element(place, index), rescue);
                list.count_element();
            }
            list.end(true);
            true
        }
        (Column::Struct(structure), Kind::Object) => {
            fields(&mut structure.keys, &mut structure.children, document, node, Some(place), rescue);
            structure.end();
            true
        }
        (column, _) => {
            column.append_null();
            false
        }
    };
    if !fits {
        rescue.keep_json(&place.to_string(), document.raw(node));
    }
}

/// Keeps a value that no column takes, under the source's name. A null says nothing and is not kept.
fn keep(document: Document<'_>, name: &str, value: usize, place: Option<&Place<'_>>, rescue: &mut Rescue) {
    if document.kind(value) != Kind::Null {
        rescue.keep_json(&step(place, name).to_string(), document.raw(value));
    }
}

fn step<'a>(parent: Option<&'a Place<'a>>, name: &'a str) -> Place<'a> {
    match parent {
        Some(parent) => Place::Field(parent, name),
        None => Place::Column(name),
    }
}
