//! Where in a batch a value stands, and what of the batch did not fit.

use arrow::array::{ArrayRef, StringBuilder};
use arrow::buffer::NullBuffer;
use std::sync::Arc;

use crate::rescue::Rescue;

/// How the index of a value in some array leads to a row of the batch. Built on the stack while converting.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin<'a> {
    /// The array is a column, which the source calls so.
    Column(&'a str),
    /// The array is a field of structs.
    Field { parent: &'a Origin<'a>, name: &'a str, valid: Option<&'a NullBuffer> },
    /// The array is the elements of lists, or the keys or values of maps.
    Element { parent: &'a Origin<'a>, offsets: &'a [i32], valid: Option<&'a NullBuffer> },
}

impl Origin<'_> {
    /// The row and the place in it of value `index`. None if no row has the value, as with what a NULL struct holds.
    fn locate(&self, index: usize) -> Option<(usize, String)> {
        let is_valid = |valid: &Option<&NullBuffer>, index| valid.is_none_or(|nulls| nulls.is_valid(index));
        match self {
            Origin::Column(name) => Some((index, (*name).to_owned())),
            Origin::Field { parent, name, valid } => {
                let (row, place) = is_valid(valid, index).then(|| parent.locate(index))??;
                Some((row, format!("{place}.{name}")))
            }
            Origin::Element { parent, offsets, valid } => {
                let after = offsets.partition_point(|offset| *offset as usize <= index);
                let list = after.checked_sub(1).filter(|_| after < offsets.len())?;
                let (row, place) = is_valid(valid, list).then(|| parent.locate(list))??;
                Some((row, format!("{place}[{}]", index - offsets[list] as usize)))
            }
        }
    }
}

/// What of a batch did not fit.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    /// Row, place and JSON.
    entries: Vec<(usize, String, String)>,
}

impl Lost {
    /// Keeps the JSON of value `index` of the array at `origin`.
    pub(super) fn keep(&mut self, origin: &Origin<'_>, index: usize, json: impl FnOnce() -> String) {
        if let Some((row, place)) = origin.locate(index) {
            self.entries.push((row, place, json()));
        }
    }

    /// Keeps the JSON of a value of a column.
    pub(crate) fn keep_in_column(&mut self, row: usize, column: &str, json: String) {
        self.entries.push((row, column.to_owned(), json));
    }

    /// The column `_rescued_data` of `rows` rows, and how many of them have something in it.
    pub(super) fn into_column(mut self, rows: usize) -> (ArrayRef, u64) {
        // Stable: what a row lost stays in the order of its columns.
        self.entries.sort_by_key(|(row, ..)| *row);
        let (mut builder, mut rescue, mut rescued) = (StringBuilder::new(), Rescue::default(), 0);
        let mut entries = self.entries.into_iter().peekable();
        for row in 0..rows {
            while let Some((_, place, json)) = entries.next_if(|(at, ..)| *at == row) {
                rescue.keep_json(&place, &json);
            }
            if rescue.is_empty() {
                builder.append_null();
            } else {
                builder.append_value(rescue.take());
                rescued += 1;
            }
        }
        (Arc::new(builder.finish()), rescued)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lead_through_lists_and_structs() {
        let column = Origin::Column("Lines");
        let elements = Origin::Element { parent: &column, offsets: &[2, 2, 5], valid: None };
        let nulls = NullBuffer::from(vec![true, true, true, false, true]);
        let field = Origin::Field { parent: &elements, name: "Qty", valid: Some(&nulls) };
        assert_eq!(field.locate(4), Some((1, "Lines[2].Qty".to_owned())));
        assert_eq!((field.locate(3), field.locate(1)), (None, None));
    }
}
