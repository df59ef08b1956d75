//! Arrays of a file's types into arrays of the table's.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, ListArray, MapArray, StringArray, StructArray, UInt32Array, new_null_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{CastOptions, cast, cast_with_options, filter, interleave, take};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use arrow::error::ArrowError;

use super::kind::plain_type;
use super::place::{Lost, Origin};
use super::plain::{keep_nulled, plain};
use super::value::{Value, array_of};
use crate::column::Hints;
use crate::names::{Lookup, source_name};
use crate::rescue::push_json_string;

/// What was told of the column that values go to.
pub(super) struct Context<'a> {
    hints: Option<&'a Hints>,
    path: String,
    /// Its type was told: texts that are numbers fit.
    pub(super) lenient: bool,
}

impl<'a> Context<'a> {
    pub(super) fn of_column(field: &Field, hints: &'a Hints) -> Context<'a> {
        Context { hints: Some(hints), path: String::new(), lenient: false }.of_field(field)
    }

    /// Nothing was told.
    fn nothing() -> Context<'static> {
        Context { hints: None, path: String::new(), lenient: false }
    }

    fn of_field(&self, field: &Field) -> Context<'a> {
        let path = Hints::path(&self.path, source_name(field));
        let told = |hints: &Hints| hints.get(&path).is_some() || hints.get(&Hints::path(&self.path, field.name())).is_some();
        Context { hints: self.hints, lenient: self.lenient || self.hints.is_some_and(told), path }
    }
}

/// The values of `array`, which `field` of the file describes, as values of `to`. What is none is NULL and kept in `lost`.
pub(super) fn convert(
    field: &Field,
    array: &ArrayRef,
    to: &DataType,
    origin: &Origin<'_>,
    context: &Context<'_>,
    lost: &mut Lost,
) -> Result<ArrayRef, ArrowError> {
    match (array.data_type(), to) {
        (DataType::Null, _) => Ok(new_null_array(to, array.len())),
        (DataType::Union(..), _) => union(array, to, origin, context, lost),
        (DataType::Struct(_), DataType::Struct(fields)) => structs(field, array.as_struct(), fields, origin, context, lost),
        (DataType::List(element), DataType::List(to)) => lists(element, array.as_list(), to, origin, context, lost),
        (DataType::LargeList(element) | DataType::FixedSizeList(element, _) | DataType::ListView(element), _) => {
            let list = cast(array, &DataType::List(element.clone()))?;
            convert(&Field::new(field.name(), list.data_type().clone(), true), &list, to, origin, context, lost)
        }
        (DataType::Map(..), DataType::Map(entries, _)) => maps(array.as_map(), entries, origin, context, lost),
        (DataType::Struct(_) | DataType::List(_) | DataType::Map(..), DataType::Utf8) => {
            let plain = nested_plain(field, array, origin, lost)?;
            let text = |index| plain.is_valid(index).then(|| json_of(plain.as_ref(), index));
            Ok(Arc::new((0..plain.len()).map(text).collect::<StringArray>()))
        }
        (DataType::Struct(_) | DataType::List(_) | DataType::Map(..), _)
        | (_, DataType::Struct(_) | DataType::List(_) | DataType::Map(..)) => {
            rescue_all(field, array, origin, lost)?;
            Ok(new_null_array(to, array.len()))
        }
        _ => single_values(&plain(field, array, origin, lost)?, to, origin, context, lost),
    }
}

/// Keeps every value of `array`: no column takes it.
pub(super) fn rescue_all(field: &Field, array: &ArrayRef, origin: &Origin<'_>, lost: &mut Lost) -> Result<(), ArrowError> {
    let plain = nested_plain(field, array, origin, lost)?;
    for index in 0..plain.len() {
        if plain.is_valid(index) {
            lost.keep(origin, index, || json_of(plain.as_ref(), index));
        }
    }
    Ok(())
}

/// The values of `array` in types of bronze, whatever they hold.
fn nested_plain(field: &Field, array: &ArrayRef, origin: &Origin<'_>, lost: &mut Lost) -> Result<ArrayRef, ArrowError> {
    match (array.data_type(), plain_type(field)) {
        // What has no fields is `{}`.
        (DataType::Struct(fields), _) if fields.is_empty() => Ok(array.clone()),
        (_, to) => convert(field, array, &to, origin, &Context::nothing(), lost),
    }
}

fn single_values(
    array: &ArrayRef,
    to: &DataType,
    origin: &Origin<'_>,
    context: &Context<'_>,
    lost: &mut Lost,
) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == to {
        return Ok(array.clone());
    }
    let converted = if cast_is_exact(array.data_type(), to) {
        cast_with_options(array, to, &CastOptions { safe: true, ..CastOptions::default() })?
    } else {
        let values = (0..array.len()).map(|index| Value::of(array.as_ref(), index));
        array_of(values, to, context.lenient)?.unwrap_or_else(|| new_null_array(to, array.len()))
    };
    keep_nulled(array, &converted, origin, lost, |index| json_of(array.as_ref(), index));
    Ok(converted)
}

/// Whether Arrow's cast gives the exact value or NULL.
fn cast_is_exact(from: &DataType, to: &DataType) -> bool {
    use DataType::{Binary, Decimal128, Float32, Float64, Int8, Int16, Int32, Utf8};
    match (from, to) {
        (from, to) if from.is_signed_integer() && to.is_signed_integer() => true,
        (Float32 | Int8 | Int16 | Int32, Float64) | (Int8 | Int16, Float32) | (Utf8, Binary) => true,
        (from, Decimal128(..)) if from.is_signed_integer() => true,
        (Decimal128(_, from), Decimal128(_, to)) => to >= from,
        _ => false,
    }
}

fn structs(
    field: &Field,
    array: &StructArray,
    to: &Fields,
    origin: &Origin<'_>,
    context: &Context<'_>,
    lost: &mut Lost,
) -> Result<ArrayRef, ArrowError> {
    // The file's own description, which may know more than the array does.
    let described = match field.data_type() {
        DataType::Struct(fields) if fields.len() == array.num_columns() => fields,
        _ => array.fields(),
    };
    let names: Vec<&str> = described.iter().map(|field| field.name().as_str()).collect();
    let lookup = Lookup::new(to.iter().map(|field| source_name(field)));
    let mut children: Vec<Option<ArrayRef>> = vec![None; to.len()];
    for ((from, child), place) in described.iter().zip(array.columns()).zip(lookup.assign(&names)) {
        let origin = Origin::Field { parent: origin, name: from.name(), valid: array.nulls() };
        match place {
            Some(place) => {
                let context = context.of_field(&to[place]);
                children[place] = Some(convert(from, child, to[place].data_type(), &origin, &context, lost)?);
            }
            None => rescue_all(from, child, &origin, lost)?,
        }
    }
    let missing =
        |(child, field): (Option<ArrayRef>, &FieldRef)| child.unwrap_or_else(|| new_null_array(field.data_type(), array.len()));
    let children = children.into_iter().zip(to).map(missing).collect();
    Ok(Arc::new(StructArray::try_new_with_length(to.clone(), children, array.nulls().cloned(), array.len())?))
}

fn lists(
    element: &Field,
    array: &ListArray,
    to: &FieldRef,
    origin: &Origin<'_>,
    context: &Context<'_>,
    lost: &mut Lost,
) -> Result<ArrayRef, ArrowError> {
    let origin = Origin::Element { parent: origin, offsets: array.offsets(), valid: array.nulls() };
    let elements = convert(element, array.values(), to.data_type(), &origin, context, lost)?;
    Ok(Arc::new(ListArray::try_new(to.clone(), array.offsets().clone(), elements, array.nulls().cloned())?))
}

fn maps(
    array: &MapArray,
    to: &FieldRef,
    origin: &Origin<'_>,
    context: &Context<'_>,
    lost: &mut Lost,
) -> Result<ArrayRef, ArrowError> {
    let DataType::Struct(pair) = to.data_type() else {
        return Ok(new_null_array(&DataType::Map(to.clone(), false), array.len()));
    };
    let (from_key, from_value) = array.entries_fields();
    let keys = {
        let mut lost = Lost::default();
        convert(from_key, array.keys(), pair[0].data_type(), origin, context, &mut lost)?
    };
    let entries = Origin::Element { parent: origin, offsets: array.offsets(), valid: array.nulls() };
    let values = convert(from_value, array.values(), pair[1].data_type(), &entries, context, lost)?;
    if keys.null_count() == 0 {
        let pairs = StructArray::try_new(pair.clone(), vec![keys, values], None)?;
        return Ok(Arc::new(MapArray::try_new(to.clone(), array.offsets().clone(), pairs, array.nulls().cloned(), false)?));
    }
    // A map with a key that does not fit is kept whole.
    let (mut kept, mut offsets, mut valid) = (vec![false; keys.len()], vec![0_i32], Vec::with_capacity(array.len()));
    for row in 0..array.len() {
        let range = array.offsets()[row] as usize..array.offsets()[row + 1] as usize;
        let fits = array.is_valid(row) && range.clone().all(|entry| keys.is_valid(entry));
        if fits {
            kept[range.clone()].fill(true);
        }
        let length = if fits { range.len() as i32 } else { 0 };
        offsets.push(offsets[row] + length);
        valid.push(fits);
    }
    let kept = BooleanArray::from(kept);
    let pairs = StructArray::try_new(pair.clone(), vec![filter(&keys, &kept)?, filter(&values, &kept)?], None)?;
    let valid = NullBuffer::from(valid);
    let source: ArrayRef = Arc::new(array.clone());
    let plain = nested_plain(&Field::new("", source.data_type().clone(), true), &source, origin, &mut Lost::default())?;
    for row in 0..array.len() {
        if array.is_valid(row) && valid.is_null(row) {
            lost.keep(origin, row, || json_of(plain.as_ref(), row));
        }
    }
    Ok(Arc::new(MapArray::try_new(to.clone(), OffsetBuffer::new(offsets.into()), pairs, Some(valid), false)?))
}

/// Each value as its branch has it.
fn union(
    array: &ArrayRef,
    to: &DataType,
    origin: &Origin<'_>,
    context: &Context<'_>,
    lost: &mut Lost,
) -> Result<ArrayRef, ArrowError> {
    let DataType::Union(branches, _) = array.data_type() else { return Ok(new_null_array(to, array.len())) };
    let union = array.as_union();
    let mut chosen: Vec<(usize, usize)> = (0..array.len()).map(|row| (0, row)).collect();
    let mut converted = vec![new_null_array(to, array.len())];
    for (id, branch) in branches.iter() {
        let place = |row: usize| (union.type_id(row) == id).then(|| union.value_offset(row) as u32);
        let places: UInt32Array = (0..array.len()).map(place).collect();
        let values = take(union.child(id), &places, None)?;
        for (row, chosen) in chosen.iter_mut().enumerate() {
            if places.is_valid(row) {
                *chosen = (converted.len(), row);
            }
        }
        converted.push(convert(branch, &values, to, origin, context, lost)?);
    }
    interleave(&converted.iter().map(AsRef::as_ref).collect::<Vec<&dyn Array>>(), &chosen)
}

/// Value `index` of an array of types that bronze has, as JSON.
fn json_of(array: &dyn Array, index: usize) -> String {
    let mut json = String::new();
    push_json(array, index, &mut json);
    json
}

fn push_json(array: &dyn Array, index: usize, out: &mut String) {
    if array.is_null(index) {
        return out.push_str("null");
    }
    match array.data_type() {
        DataType::Struct(fields) => {
            out.push('{');
            for (place, (field, child)) in fields.iter().zip(array.as_struct().columns()).enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                push_json_string(out, field.name());
                out.push(':');
                push_json(child.as_ref(), index, out);
            }
            out.push('}');
        }
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            out.push('[');
            for (place, element) in (list.offsets()[index]..list.offsets()[index + 1]).enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                push_json(list.values().as_ref(), element as usize, out);
            }
            out.push(']');
        }
        DataType::Map(..) => {
            let map = array.as_map();
            let by_name = map.keys().data_type() == &DataType::Utf8;
            out.push(if by_name { '{' } else { '[' });
            for (place, entry) in (map.offsets()[index]..map.offsets()[index + 1]).enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                out.push_str(if by_name { "" } else { "{\"key\":" });
                push_json(map.keys().as_ref(), entry as usize, out);
                out.push_str(if by_name { ":" } else { ",\"value\":" });
                push_json(map.values().as_ref(), entry as usize, out);
                out.push_str(if by_name { "" } else { "}" });
            }
            out.push(if by_name { '}' } else { ']' });
        }
        _ => match Value::of(array, index) {
            Some(value) => value.push_json(out),
            None => out.push_str("null"),
        },
    }
}
