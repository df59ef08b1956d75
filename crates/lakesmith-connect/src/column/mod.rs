//! Columns being built, one value per row: scalars from text, lists and structs of them.

mod digits;
mod hints;
mod keys;
mod notation;
pub(crate) mod parse;
mod scalar;
mod texts;

use std::sync::Arc;

use arrow::array::{ArrayRef, ListArray, NullBufferBuilder, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema};

pub(crate) use digits::Digits;
pub(crate) use hints::Hints;
pub(crate) use keys::{Keys, Slot};
pub use notation::{DatePattern, Notation, UnknownLetters};
pub(crate) use scalar::Scalar;

use crate::error::ConnectError;
use crate::names::source_name;

/// A column of one batch.
#[derive(Debug)]
pub(crate) enum Column {
    /// Numbers, texts, dates.
    Scalar(Scalar),
    /// Lists of one kind of element.
    List(ListColumn),
    /// Structs.
    Struct(StructColumn),
}

/// Lists being built.
#[derive(Debug)]
pub(crate) struct ListColumn {
    field: FieldRef,
    /// The elements of all rows.
    pub(crate) elements: Box<Column>,
    offsets: Vec<i32>,
    validity: NullBufferBuilder,
    count: i32,
}

/// Structs being built.
#[derive(Debug)]
pub(crate) struct StructColumn {
    fields: Fields,
    /// How the source calls the fields.
    pub(crate) keys: Keys,
    /// One column per field.
    pub(crate) children: Vec<Column>,
    validity: NullBufferBuilder,
}

impl Column {
    /// One column per field of `schema`.
    pub(crate) fn for_schema(schema: &Schema, hints: &Hints) -> Result<Vec<Column>, ConnectError> {
        schema.fields().iter().map(|field| Column::new(field, "", false, hints)).collect()
    }

    fn new(field: &Field, parent: &str, hinted: bool, hints: &Hints) -> Result<Column, ConnectError> {
        let path = Hints::path(parent, source_name(field));
        let hinted = hinted || hints.get(&path).is_some() || hints.get(&Hints::path(parent, field.name())).is_some();
        match field.data_type() {
            DataType::List(element) => Ok(Column::List(ListColumn {
                field: element.clone(),
                elements: Box::new(Column::element(element, &path, hinted, hints)?),
                offsets: vec![0],
                validity: NullBufferBuilder::new(0),
                count: 0,
            })),
            DataType::Struct(fields) => Column::structure(fields, &path, hinted, hints),
            scalar => Scalar::new(scalar, hinted, hints.notation())
                .map(Column::Scalar)
                .ok_or_else(|| ConnectError::UnsupportedType { column: path, data_type: scalar.clone() }),
        }
    }

    /// The elements of the list at `path`, which add no step to the path of what they hold.
    fn element(field: &Field, path: &str, hinted: bool, hints: &Hints) -> Result<Column, ConnectError> {
        match field.data_type() {
            DataType::Struct(fields) => Column::structure(fields, path, hinted, hints),
            _ => {
                let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
                Column::new(&Field::new(name, field.data_type().clone(), true), parent, hinted, hints)
            }
        }
    }

    fn structure(fields: &Fields, path: &str, hinted: bool, hints: &Hints) -> Result<Column, ConnectError> {
        let children = fields.iter().map(|field| Column::new(field, path, hinted, hints)).collect::<Result<Vec<_>, _>>()?;
        let keys = Keys::new(fields);
        Ok(Column::Struct(StructColumn { fields: fields.clone(), keys, children, validity: NullBufferBuilder::new(0) }))
    }

    /// Appends NULL.
    pub(crate) fn append_null(&mut self) {
        match self {
            Column::Scalar(scalar) => scalar.append_null(),
            Column::List(list) => list.end(false),
            Column::Struct(structure) => {
                structure.children.iter_mut().for_each(Column::append_null);
                structure.validity.append_null();
            }
        }
    }

    /// Appends a text of a format without types. False if it does not fit: the row then has NULL.
    pub(crate) fn append_text(&mut self, text: &str) -> bool {
        let mut fits = true;
        self.append_texts(std::iter::once(Some(text)), |_, _| fits = false);
        fits
    }

    /// Appends texts of a format without types, or NULL for none. Where one does not fit the row has NULL, and `misfit` is
    /// told its number among `texts` and the text.
    pub(crate) fn append_texts<'t>(
        &mut self,
        texts: impl Iterator<Item = Option<&'t str>>,
        mut misfit: impl FnMut(usize, &'t str),
    ) {
        if let Column::Scalar(scalar) = self {
            return scalar.append_texts(texts, misfit);
        }
        for (row, text) in texts.enumerate() {
            self.append_null();
            if let Some(text) = text {
                misfit(row, text);
            }
        }
    }

    /// Takes back what was appended after the first `rows` rows, a row that was begun included.
    pub(crate) fn truncate(&mut self, rows: usize) {
        match self {
            Column::Scalar(scalar) => scalar.truncate(rows),
            Column::List(list) => {
                list.offsets.truncate(rows + 1);
                list.count = list.offsets.last().copied().unwrap_or(0);
                list.elements.truncate(list.count as usize);
                list.validity.truncate(rows);
            }
            Column::Struct(structure) => {
                structure.children.iter_mut().for_each(|child| child.truncate(rows));
                structure.validity.truncate(rows);
            }
        }
    }

    /// Single values of a row, where a list has one element.
    pub(crate) fn leaves(&self) -> usize {
        match self {
            Column::Scalar(_) => 1,
            Column::List(list) => 1 + list.elements.leaves(),
            Column::Struct(structure) => 1 + structure.children.iter().map(Column::leaves).sum::<usize>(),
        }
    }

    /// The array of what was appended; the column starts again empty.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ConnectError> {
        match self {
            Column::Scalar(scalar) => scalar.finish(),
            Column::List(list) => {
                let offsets = std::mem::replace(&mut list.offsets, vec![0]);
                list.count = 0;
                let elements = list.elements.finish()?;
                let offsets = OffsetBuffer::new(offsets.into());
                Ok(Arc::new(ListArray::try_new(list.field.clone(), offsets, elements, list.validity.finish())?))
            }
            Column::Struct(structure) => {
                let length = structure.validity.len();
                let validity = structure.validity.finish();
                let children = structure.children.iter_mut().map(Column::finish).collect::<Result<Vec<_>, ConnectError>>()?;
                let fields = structure.fields.clone();
                Ok(Arc::new(StructArray::try_new_with_length(fields, children, validity, length)?))
            }
        }
    }
}

impl ListColumn {
    /// Notes that one element was appended to `elements`.
    pub(crate) fn count_element(&mut self) {
        self.count += 1;
    }

    /// Ends the list of one row: of the elements counted since the last, or NULL.
    pub(crate) fn end(&mut self, valid: bool) {
        self.offsets.push(self.count);
        self.validity.append(valid);
    }
}

impl StructColumn {
    /// Ends a struct whose children have each been given one value.
    pub(crate) fn end(&mut self) {
        self.validity.append_non_null();
    }
}
