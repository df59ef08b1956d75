//! Values under another type, and values put where they were missing.

use crate::error::EngineError;
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, MapArray, StringArray, StructArray, new_null_array};
use arrow::compute::kernels::cmp::distinct;
use arrow::compute::kernels::zip::zip;
use arrow::datatypes::DataType;
use lakesmith_functions::try_cast;
use std::sync::Arc;

/// A text that is to be the value of a column in a row.
#[derive(Debug)]
pub(super) struct Fix {
    pub(super) row: usize,
    /// Which entry of the row's `_rescued_data` it is.
    pub(super) entry: usize,
    /// The numbers of the elements of the lists on the way.
    pub(super) places: Vec<usize>,
    pub(super) text: String,
}

/// A column under another type, fields found by name; and how many of its values are not the same there.
pub(super) fn converted(array: &ArrayRef, to: &DataType) -> Result<(ArrayRef, u64), EngineError> {
    if array.data_type() == to {
        return Ok((array.clone(), 0));
    }
    match (array.data_type(), to) {
        (DataType::Struct(_), DataType::Struct(fields)) => {
            let from = array.as_struct();
            let (mut columns, mut lost) = (vec![], 0);
            for field in fields {
                let column = match from.column_by_name(field.name()) {
                    Some(column) => {
                        let (column, gone) = converted(column, field.data_type())?;
                        lost += gone;
                        column
                    }
                    None => new_null_array(field.data_type(), from.len()),
                };
                columns.push(column);
            }
            let made = StructArray::try_new_with_length(fields.clone(), columns, from.nulls().cloned(), from.len())?;
            Ok((Arc::new(made), lost))
        }
        (DataType::List(_), DataType::List(element)) => {
            let from = array.as_list::<i32>();
            let (values, lost) = converted(from.values(), element.data_type())?;
            Ok((Arc::new(ListArray::try_new(element.clone(), from.offsets().clone(), values, from.nulls().cloned())?), lost))
        }
        (DataType::Map(_, _), DataType::Map(entries, sorted)) => {
            let from = array.as_map();
            let pairs: ArrayRef = Arc::new(from.entries().clone());
            let (pairs, lost) = converted(&pairs, entries.data_type())?;
            let pairs = pairs.as_struct().clone();
            let made = MapArray::try_new(entries.clone(), from.offsets().clone(), pairs, from.nulls().cloned(), *sorted)?;
            Ok((Arc::new(made), lost))
        }
        (from, to) if from.is_nested() || to.is_nested() => {
            Err(EngineError::Compute { reason: format!("{from} cannot be {to}"), at: None })
        }
        (from, to) => {
            let there = try_cast(array, to)?;
            let back = try_cast(&there, from)?;
            let lost = distinct(&back, array)?.true_count() as u64;
            Ok((there, lost))
        }
    }
}

/// Puts values into the column at `path` below `array`, where it has none; gives the numbers of those that fit.
pub(super) fn put(array: &ArrayRef, path: &[String], fixes: &[Fix]) -> Result<(ArrayRef, Vec<usize>), EngineError> {
    let wanted: Vec<Wanted<'_>> = fixes
        .iter()
        .enumerate()
        .map(|(number, fix)| Wanted { row: fix.row, places: &fix.places, text: &fix.text, number })
        .collect();
    place(array, path, &wanted)
}

#[derive(Clone, Copy)]
struct Wanted<'a> {
    row: usize,
    places: &'a [usize],
    text: &'a str,
    number: usize,
}

fn place(array: &ArrayRef, path: &[String], wanted: &[Wanted<'_>]) -> Result<(ArrayRef, Vec<usize>), EngineError> {
    match array.data_type() {
        DataType::List(element) => {
            let list = array.as_list::<i32>();
            let within = |wanted: &Wanted<'_>| -> Option<(usize, usize)> {
                let (place, _) = wanted.places.split_first()?;
                let (start, end) = (list.value_offsets()[wanted.row] as usize, list.value_offsets()[wanted.row + 1] as usize);
                (list.is_valid(wanted.row) && start + place < end).then_some((start + place, 1))
            };
            let inner: Vec<Wanted<'_>> = (wanted.iter())
                .filter_map(|wanted| {
                    let (row, taken) = within(wanted)?;
                    Some(Wanted { row, places: &wanted.places[taken..], ..*wanted })
                })
                .collect();
            let (values, taken) = place(list.values(), path, &inner)?;
            let made = ListArray::try_new(element.clone(), list.offsets().clone(), values, list.nulls().cloned())?;
            Ok((Arc::new(made), taken))
        }
        DataType::Struct(fields) => {
            let structure = array.as_struct();
            let at = path.split_first().and_then(|(name, rest)| Some((fields.find(name)?.0, rest)));
            let Some((at, rest)) = at else { return Ok((array.clone(), vec![])) };
            let inner: Vec<Wanted<'_>> = wanted.iter().filter(|wanted| structure.is_valid(wanted.row)).copied().collect();
            let mut columns = structure.columns().to_vec();
            let (column, taken) = place(&columns[at], rest, &inner)?;
            columns[at] = column;
            let made = StructArray::try_new_with_length(fields.clone(), columns, structure.nulls().cloned(), structure.len())?;
            Ok((Arc::new(made), taken))
        }
        _ if !path.is_empty() => Ok((array.clone(), vec![])),
        to => scalars(array, to, wanted),
    }
}

fn scalars(array: &ArrayRef, to: &DataType, wanted: &[Wanted<'_>]) -> Result<(ArrayRef, Vec<usize>), EngineError> {
    let mut texts: Vec<Option<&str>> = vec![None; array.len()];
    for wanted in wanted.iter().filter(|wanted| array.is_null(wanted.row) && exact(wanted.text, to)) {
        texts[wanted.row].get_or_insert(wanted.text);
    }
    let texts: ArrayRef = Arc::new(StringArray::from(texts));
    let values = try_cast(&texts, to)?;
    let fits: BooleanArray = (0..values.len()).map(|row| Some(values.is_valid(row))).collect();
    let taken = wanted.iter().filter(|wanted| array.is_null(wanted.row) && fits.value(wanted.row));
    let taken = taken.map(|wanted| wanted.number).collect();
    Ok((zip(&fits, &values, array)?, taken))
}

/// Whether a text is not rounded on its way to a type.
fn exact(text: &str, to: &DataType) -> bool {
    let DataType::Decimal128(_, scale) = to else { return true };
    let fraction = text.trim().split_once('.').map_or(0, |(_, fraction)| fraction.trim_end_matches('0').len());
    !text.contains(['e', 'E']) && fraction <= (*scale).max(0) as usize
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use arrow::array::{Float64Array, Int64Array};
    use arrow::datatypes::{Field, Fields, Float64Type, Int64Type};

    fn fix(row: usize, places: &[usize], text: &str) -> Fix {
        Fix { row, entry: 0, places: places.to_vec(), text: text.to_owned() }
    }

    #[test]
    fn values_that_do_not_come_back_are_counted() {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some((1 << 53) + 1)]));
        let (doubles, lost) = converted(&numbers, &DataType::Float64).unwrap();
        assert_eq!((doubles.as_primitive::<Float64Type>().value(0), lost), (1.0, 1));
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["7", "007", "x"]));
        assert_eq!(converted(&texts, &DataType::Int64).unwrap().1, 2);
        let doubles: ArrayRef = Arc::new(Float64Array::from(vec![1.5, f64::NAN, -0.1]));
        assert_eq!(converted(&doubles, &DataType::Utf8).unwrap().1, 0);
        let nested = DataType::Struct(Fields::from(vec![Field::new("a", DataType::Int32, true)]));
        assert!(converted(&numbers, &nested).is_err());
    }

    #[test]
    fn a_value_goes_where_there_is_none_and_only_if_it_fits() {
        let numbers: ArrayRef = Arc::new(Float64Array::from(vec![None, Some(2.0), None, None]));
        let fixes = [fix(0, &[], "1.5"), fix(1, &[], "9"), fix(3, &[], "x")];
        let (numbers, taken) = put(&numbers, &[], &fixes).unwrap();
        assert_eq!(taken, [0]);
        let values: Vec<_> = numbers.as_primitive::<Float64Type>().iter().collect();
        assert_eq!(values, [Some(1.5), Some(2.0), None, None]);
        let decimals: ArrayRef =
            Arc::new(arrow::array::Decimal128Array::from(vec![None, None]).with_precision_and_scale(5, 2).unwrap());
        assert_eq!(put(&decimals, &[], &[fix(0, &[], "1.255"), fix(1, &[], "1.250")]).unwrap().1, [1]);
    }

    #[test]
    fn a_value_finds_its_way_into_a_struct_of_a_list() {
        let fields = Fields::from(vec![Field::new("no", DataType::Int64, true), Field::new("qty", DataType::Int64, true)]);
        let no: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 1]));
        let qty: ArrayRef = Arc::new(Int64Array::from(vec![Some(5), None, None]));
        let lines = StructArray::new(fields.clone(), vec![no, qty], None);
        let element = Arc::new(Field::new("element", DataType::Struct(fields), true));
        let offsets = arrow::buffer::OffsetBuffer::from_lengths([2, 0, 1]);
        let list: ArrayRef = Arc::new(ListArray::new(element, offsets, Arc::new(lines), None));
        let path = ["qty".to_owned()];
        let (list, taken) = put(&list, &path, &[fix(0, &[1], "7"), fix(1, &[0], "8"), fix(2, &[0], "9")]).unwrap();
        assert_eq!(taken, [0, 2]);
        let quantities: Vec<_> =
            list.as_list::<i32>().values().as_struct().column(1).as_primitive::<Int64Type>().iter().collect();
        assert_eq!(quantities, [Some(5), Some(7), Some(9)]);
    }
}
