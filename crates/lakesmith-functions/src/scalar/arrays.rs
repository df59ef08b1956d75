//! Arrays: `a[0]` counts from 0, `element_at` from 1.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int32Array, ListArray, StructArray, UInt32Array, make_comparator};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::{SortOptions, concat, take};
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Field, Int32Type, Int64Type, IntervalMonthDayNanoType, TimestampMicrosecondType,
};
use datafusion::common::{ScalarValue, exec_err, plan_err};
use datafusion::error::{DataFusionError, Result};

use super::maps::map_value;
use super::{Args, SparkFunction, returns};
use crate::cast::{DAY, OnError, cast};
use crate::datetime::add_months;
use crate::types::{list, timestamp};

pub(super) fn functions() -> Vec<SparkFunction> {
    let f = SparkFunction::new;
    vec![
        f("list_get", (2, 2), element_type, |a| get(a, Base::Zero)),
        f("get", (2, 2), element_type, |a| get(a, Base::ZeroLenient)),
        f("element_at", (2, 2), element_type, |a| get(a, Base::One)),
        f("try_element_at", (2, 2), element_type, |a| get(a, Base::OneLenient)),
        f("size", (1, 1), returns::int, size),
        f("array_position", (2, 2), returns::bigint, position),
        f("list_with_places", (1, 1), placed_type, with_places),
        f("list_positions", (1, 1), |_, _| Ok(list(DataType::Int32)), positions),
        f("array_compact", (1, 1), returns::first, |a| {
            let list = a.list(0)?;
            picked(&list, |list, row| within(list, row).filter(|i| list.values().is_valid(*i as usize)).collect())
        }),
        f("array_append", (2, 2), returns::first, append),
        f("array_join", (2, 3), returns::string, join),
        f("sort_array", (1, 2), returns::first, sort),
        f("slice", (3, 3), returns::first, slice),
        f("sequence", (2, 3), sequence_type, sequence),
    ]
}

/// The places of a row's elements among all values.
pub(super) fn within(list: &ListArray, row: usize) -> std::ops::Range<u32> {
    list.value_offsets()[row] as u32..list.value_offsets()[row + 1] as u32
}

/// A list made of some values of another, row by row; NULL where that is.
pub(super) fn picked(list: &ListArray, pick: impl Fn(&ListArray, usize) -> Vec<u32>) -> Result<ArrayRef> {
    let (mut places, mut lengths) = (vec![], vec![]);
    for row in 0..list.len() {
        let picks = if list.is_valid(row) { pick(list, row) } else { vec![] };
        lengths.push(picks.len());
        places.extend(picks);
    }
    let values = take(list.values(), &UInt32Array::from(places), None)?;
    let DataType::List(field) = list.data_type() else {
        return Err(DataFusionError::Internal("a list array has a list type".into()));
    };
    Ok(Arc::new(ListArray::try_new(field.clone(), OffsetBuffer::from_lengths(lengths), values, list.nulls().cloned())?))
}

fn element_type(types: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
    match types.first() {
        Some(DataType::List(f) | DataType::LargeList(f)) => Ok(f.data_type().clone()),
        Some(DataType::Map(entries, _)) => match entries.data_type() {
            DataType::Struct(kv) if kv.len() == 2 => Ok(kv[1].data_type().clone()),
            _ => plan_err!("a map has keys and values"),
        },
        Some(DataType::Null) | None => Ok(DataType::Null),
        Some(other) => plan_err!("an element is taken of an array or a map, not of {}", crate::types::spark_name(other)),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Base {
    Zero,
    One,
    /// NULL where there is no such element.
    ZeroLenient,
    OneLenient,
}

fn get(args: &Args, base: Base) -> Result<ArrayRef> {
    if matches!(args.data_type(0), DataType::Map(_, _)) {
        return map_value(args);
    }
    let (list, index) = (args.list(0)?, args.primitive::<Int64Type>(1)?);
    let mut places = Vec::with_capacity(args.rows);
    for row in 0..args.rows {
        if list.is_null(row) || index.is_null(row) {
            places.push(None);
            continue;
        }
        let (elements, index) = (within(&list, row), index.value(row));
        let len = i64::from(elements.end - elements.start);
        let at = match base {
            Base::Zero | Base::ZeroLenient => index,
            _ if index == 0 => return exec_err!("[INVALID_INDEX_OF_ZERO] element_at counts from 1"),
            _ if index < 0 => len + index,
            _ => index - 1,
        };
        if (0..len).contains(&at) {
            places.push(Some(elements.start + at as u32));
        } else if matches!(base, Base::OneLenient | Base::ZeroLenient) {
            places.push(None);
        } else {
            return exec_err!("[INVALID_ARRAY_INDEX] an array has no such element; try_element_at gives NULL instead");
        }
    }
    Ok(take(list.values(), &UInt32Array::from(places), None)?)
}

/// `array_position(array, element)`: the place of the first such element from 1, 0 if there is none.
fn position(args: &Args) -> Result<ArrayRef> {
    let list = args.list(0)?;
    let wanted = args.cast(1, list.values().data_type())?;
    let compare = make_comparator(list.values(), &wanted, SortOptions::default())?;
    args.to_primitive::<Int64Type>(|row| {
        if list.is_null(row) || wanted.is_null(row) {
            return Ok(None);
        }
        let found = within(&list, row).position(|i| compare(i as usize, row).is_eq());
        Ok(Some(found.map_or(0, |at| at as i64 + 1)))
    })
}

/// Structs of an element and its 0-based place.
fn placed_type(types: &[DataType], literals: &[Option<&ScalarValue>]) -> Result<DataType> {
    let element = element_type(types, literals)?;
    let fields = vec![Field::new("element", element, true), Field::new("place", DataType::Int32, true)];
    Ok(list(DataType::Struct(fields.into())))
}

fn with_places(args: &Args) -> Result<ArrayRef> {
    let lists = args.list(0)?;
    let DataType::List(field) = args.returns else { return Err(args.wrong("makes a list")) };
    let DataType::Struct(fields) = field.data_type() else { return Err(args.wrong("makes a list of structs")) };
    let mut places = vec![0; lists.values().len()];
    for row in 0..lists.len() {
        for (place, i) in within(&lists, row).enumerate() {
            places[i as usize] = place as i32;
        }
    }
    let columns: Vec<ArrayRef> = vec![lists.values().clone(), Arc::new(Int32Array::from(places))];
    let elements = StructArray::try_new_with_length(fields.clone(), columns, None, lists.values().len())?;
    Ok(Arc::new(ListArray::try_new(field.clone(), lists.offsets().clone(), Arc::new(elements), lists.nulls().cloned())?))
}

fn size(args: &Args) -> Result<ArrayRef> {
    let array = args.array(0)?;
    if let Some(map) = array.as_map_opt() {
        return args.to_primitive::<Int32Type>(|row| Ok(map.is_valid(row).then(|| map.value_length(row))));
    }
    let list = args.list(0)?;
    args.to_primitive::<Int32Type>(|row| Ok(list.is_valid(row).then(|| list.value_length(row))))
}

/// The 0-based positions of a list's elements; NULL where the list is.
fn positions(args: &Args) -> Result<ArrayRef> {
    let lists = args.list(0)?;
    let mut values = vec![];
    for row in 0..lists.len() {
        if lists.is_valid(row) {
            values.extend(0..lists.value_length(row));
        }
    }
    let lengths = (0..lists.len()).map(|row| if lists.is_valid(row) { lists.value_length(row) as usize } else { 0 });
    let offsets = OffsetBuffer::from_lengths(lengths);
    let DataType::List(field) = list(DataType::Int32) else { return Err(args.wrong("makes a list")) };
    Ok(Arc::new(ListArray::try_new(field, offsets, Arc::new(Int32Array::from(values)), lists.nulls().cloned())?))
}

fn append(args: &Args) -> Result<ArrayRef> {
    let list = args.list(0)?;
    let DataType::List(field) = list.data_type() else { return Err(args.wrong("takes an array")) };
    let last = cast(&args.array(1)?, field.data_type(), OnError::Raise)?;
    let both = concat(&[list.values().as_ref(), last.as_ref()])?;
    let base = list.values().len() as u32;
    let (mut places, mut lengths) = (vec![], vec![]);
    for row in 0..list.len() {
        let before = places.len();
        if list.is_valid(row) {
            places.extend(within(&list, row));
            places.push(base + row as u32);
        }
        lengths.push(places.len() - before);
    }
    let values = take(&both, &UInt32Array::from(places), None)?;
    Ok(Arc::new(ListArray::try_new(field.clone(), OffsetBuffer::from_lengths(lengths), values, list.nulls().cloned())?))
}

/// `array_join(array, separator [, nullText])`: NULLs are left out without a text for them.
fn join(args: &Args) -> Result<ArrayRef> {
    let (list, separator) = (args.list(0)?, args.strings(1)?);
    let null_text = if args.len() > 2 { Some(args.strings(2)?) } else { None };
    let items = crate::cast::strings(list.values())?;
    args.to_strings(|row| {
        let Some(separator) = separator.get(row).filter(|_| list.is_valid(row)) else { return Ok(None) };
        let missing = null_text.as_ref().and_then(|t| t.get(row));
        let found = within(&list, row).map(|i| i as usize);
        let texts = found.filter_map(|i| if items.is_valid(i) { Some(items.value(i)) } else { missing });
        Ok(Some(texts.collect::<Vec<_>>().join(separator)))
    })
}

/// `sort_array(array [, ascending])`: NULLs first when ascending, last otherwise.
fn sort(args: &Args) -> Result<ArrayRef> {
    let list = args.list(0)?;
    let ascending =
        if args.len() > 1 { args.cast(1, &DataType::Boolean)?.as_boolean().clone() } else { vec![true; args.rows].into() };
    let options = |descending| SortOptions { descending, nulls_first: !descending };
    let compare = [false, true].map(|descending| make_comparator(list.values(), list.values(), options(descending)));
    let [up, down] = compare;
    let (up, down) = (up?, down?);
    picked(&list, |list, row| {
        let mut places: Vec<u32> = within(list, row).collect();
        let compare = if ascending.is_valid(row) && !ascending.value(row) { &down } else { &up };
        places.sort_by(|a, b| compare(*a as usize, *b as usize));
        places
    })
}

/// `slice(array, start, length)`: start counts from 1, from the end if negative.
fn slice(args: &Args) -> Result<ArrayRef> {
    let (list, start, len) = (args.list(0)?, args.primitive::<Int32Type>(1)?, args.primitive::<Int32Type>(2)?);
    for row in 0..args.rows {
        if start.is_valid(row) && start.value(row) == 0 {
            return exec_err!("[INVALID_PARAMETER_VALUE.START] slice counts from 1");
        }
        if len.is_valid(row) && len.value(row) < 0 {
            return exec_err!("[INVALID_PARAMETER_VALUE.LENGTH] slice takes a length that is not negative");
        }
    }
    picked(&list, |list, row| {
        let elements = within(list, row);
        let count = i64::from(elements.end - elements.start);
        let start = i64::from(start.value(row));
        let first = if start < 0 { count + start } else { start - 1 };
        if first < 0 || first >= count {
            return vec![];
        }
        let end = (first + i64::from(len.value(row))).min(count);
        (elements.start + first as u32..elements.start + end as u32).collect()
    })
}

fn sequence_type(types: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
    let (first, second) = (types.first().unwrap_or(&DataType::Null), types.get(1).unwrap_or(&DataType::Null));
    let element = match (first, second) {
        (DataType::Timestamp(_, _), _) | (_, DataType::Timestamp(_, _)) => timestamp(),
        (DataType::Date32, _) => DataType::Date32,
        (DataType::Int64, _) | (_, DataType::Int64) => DataType::Int64,
        (t, _) if t.is_integer() => DataType::Int32,
        (other, _) => {
            return plan_err!("sequence takes whole numbers, dates or timestamps, not {}", crate::types::spark_name(other));
        }
    };
    Ok(list(element))
}

/// `sequence(start, stop [, step])`: both ends included; the step is 1 or a day, downwards if stop is smaller.
fn sequence(args: &Args) -> Result<ArrayRef> {
    const MOST: usize = 10_000_000;
    let DataType::List(field) = args.returns else { return Err(args.wrong("makes a list")) };
    let element = field.data_type().clone();
    let numbers = |i: usize| -> Result<Vec<Option<i64>>> {
        Ok(match &element {
            DataType::Date32 => args.primitive::<Date32Type>(i)?.iter().map(|d| d.map(i64::from)).collect(),
            DataType::Timestamp(_, _) => args.primitive::<TimestampMicrosecondType>(i)?.iter().collect(),
            _ => args.primitive::<Int64Type>(i)?.iter().collect(),
        })
    };
    let (start, stop) = (numbers(0)?, numbers(1)?);
    let by_interval = args.len() > 2 && matches!(args.data_type(2), DataType::Interval(_));
    let intervals = if by_interval { Some(args.primitive::<IntervalMonthDayNanoType>(2)?) } else { None };
    let steps = if args.len() > 2 && !by_interval { Some(args.primitive::<Int64Type>(2)?) } else { None };
    let one = if matches!(element, DataType::Timestamp(_, _)) { DAY } else { 1 };

    // The n-th value, so that months do not drift: start + n * step.
    let nth = |start: i64, n: i64, row: usize| -> Option<i64> {
        if let Some(intervals) = &intervals {
            let step = intervals.value(row);
            let (months, days) = (i32::try_from(i64::from(step.months) * n).ok()?, i64::from(step.days) * n);
            let micros = step.nanoseconds / 1000 * n;
            return match &element {
                DataType::Date32 => {
                    Some(i64::from(add_months(i32::try_from(start).ok()?, months)?) + days + micros.div_euclid(DAY))
                }
                _ => {
                    let day = add_months(i32::try_from(start.div_euclid(DAY)).ok()?, months)?;
                    Some((i64::from(day) + days) * DAY + start.rem_euclid(DAY) + micros)
                }
            };
        }
        let step = steps.as_ref().map(|s| s.value(row));
        start.checked_add(step.unwrap_or(one).checked_mul(n)?)
    };
    let (mut values, mut lengths, mut valid) = (vec![], vec![], vec![]);
    for row in 0..args.rows {
        let no_step = intervals.as_ref().is_some_and(|s| s.is_null(row)) || steps.as_ref().is_some_and(|s| s.is_null(row));
        let (Some(start), Some(stop), false) = (start[row], stop[row], no_step) else {
            lengths.push(0);
            valid.push(false);
            continue;
        };
        let without_step = intervals.is_none() && steps.is_none();
        let sign = if without_step && stop < start { -1 } else { 1 };
        let second = nth(start, sign, row).unwrap_or(start);
        if stop != start && (second == start || (second > start) != (stop > start)) {
            return exec_err!("[ILLEGAL_SEQUENCE_BOUNDARIES] sequence is given a step that does not lead to its end");
        }
        let before = values.len();
        for n in 0.. {
            let Some(value) = nth(start, n * sign, row) else { break };
            if (second > start && value > stop) || (second < start && value < stop) || (second == start && n > 0) {
                break;
            }
            if start == stop && n > 0 {
                break;
            }
            if values.len() - before >= MOST {
                return exec_err!("sequence makes more than {MOST} elements");
            }
            values.push(value);
        }
        lengths.push(values.len() - before);
        valid.push(true);
    }
    let raw: ArrayRef = match &element {
        DataType::Date32 => {
            Arc::new(values.iter().map(|v| i32::try_from(*v).ok()).collect::<datafusion::arrow::array::Date32Array>())
        }
        DataType::Timestamp(_, _) => {
            Arc::new(datafusion::arrow::array::TimestampMicrosecondArray::from(values).with_timezone("UTC"))
        }
        _ => cast(&(Arc::new(datafusion::arrow::array::Int64Array::from(values)) as ArrayRef), &element, OnError::Raise)?,
    };
    Ok(Arc::new(ListArray::try_new(field.clone(), OffsetBuffer::from_lengths(lengths), raw, Some(valid.into()))?))
}
