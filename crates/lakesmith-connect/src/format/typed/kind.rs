//! The types that bronze gives the values of files which have types.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, IntervalUnit, TimeUnit};

use super::UUID;
use crate::format::shape::Shape;

/// Digits a DECIMAL can have.
const DIGITS: u8 = 38;

/// The type that a field of a file becomes where nothing else was told. What lists, structs and maps hold keeps its name.
///
/// Unsigned integers become the next wider signed ones (the widest DECIMAL(20,0)), instants TIMESTAMP whatever their unit
/// and zone, times of day and durations STRING, UUIDs STRING, decimals of more than 38 digits STRING; a union becomes the
/// narrowest type of its branches, STRING if they have none in common.
pub(crate) fn plain_type(field: &Field) -> DataType {
    match field.data_type() {
        DataType::Null => DataType::Utf8,
        DataType::UInt8 => DataType::Int16,
        DataType::UInt16 => DataType::Int32,
        DataType::UInt32 => DataType::Int64,
        DataType::UInt64 => DataType::Decimal128(20, 0),
        DataType::Float16 => DataType::Float32,
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => {
            let fits = (1..=DIGITS).contains(precision) && (0..=*precision as i8).contains(scale);
            if fits { DataType::Decimal128(*precision, *scale) } else { DataType::Utf8 }
        }
        DataType::Date64 => DataType::Date32,
        DataType::Timestamp(..) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        DataType::LargeUtf8 | DataType::Utf8View | DataType::Time32(_) | DataType::Time64(_) => DataType::Utf8,
        DataType::Interval(IntervalUnit::MonthDayNano | IntervalUnit::DayTime | IntervalUnit::YearMonth) => DataType::Utf8,
        DataType::Duration(_) => DataType::Int64,
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) | DataType::Binary => {
            if field.metadata().contains_key(UUID) { DataType::Utf8 } else { DataType::Binary }
        }
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::ListView(element)
        | DataType::LargeListView(element)
        | DataType::FixedSizeList(element, _) => DataType::List(Arc::new(Field::new("element", plain_type(element), true))),
        DataType::Struct(fields) if fields.is_empty() => DataType::Utf8,
        DataType::Struct(fields) => {
            let field = |field: &Arc<Field>| Field::new(field.name(), plain_type(field), true);
            DataType::Struct(fields.iter().map(field).collect::<Fields>())
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) if pair.len() == 2 => map_of(plain_type(&pair[0]), plain_type(&pair[1])),
            _ => DataType::Utf8,
        },
        DataType::Dictionary(_, value) => plain_type(&Field::new(field.name(), value.as_ref().clone(), true)),
        DataType::Union(branches, _) => {
            let types =
                branches.iter().map(|(_, branch)| branch).filter(|branch| !branch.data_type().is_null()).map(|b| plain_type(b));
            let common = types.map(Some).reduce(|a, b| match (a?, b?) {
                (a, b) if a == b => Some(a),
                (a, b) => wider(&a, &b),
            });
            common.flatten().unwrap_or(DataType::Utf8)
        }
        DataType::RunEndEncoded(_, values) => plain_type(values),
        other => other.clone(),
    }
}

/// The type of maps, as Delta's are written.
pub(crate) fn map_of(key: DataType, value: DataType) -> DataType {
    let pair = vec![Field::new("key", key, false), Field::new("value", value, true)];
    DataType::Map(Arc::new(Field::new("key_value", DataType::Struct(pair.into()), false)), false)
}

/// The narrowest type that holds every value of two types of bronze exactly, if one does.
///
/// A BIGINT is not always a DOUBLE, nor is a DECIMAL.
pub(crate) fn wider(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType::{Date32, Decimal128, Float32, Float64, Int8, Int16, Int32, Int64, Timestamp};
    let digits = |integer: &DataType| match integer {
        Int8 => Some(3),
        Int16 => Some(5),
        Int32 => Some(10),
        Int64 => Some(19),
        _ => None,
    };
    let decimal = |whole: u8, scale: i8| {
        let precision = whole.checked_add(u8::try_from(scale).ok()?)?;
        (precision <= DIGITS).then_some(Decimal128(precision, scale))
    };
    match (a, b) {
        (a, b) if a == b => Some(a.clone()),
        (Decimal128(p1, s1), Decimal128(p2, s2)) => {
            let whole = |precision: &u8, scale: &i8| precision.saturating_sub(scale.unsigned_abs());
            decimal(whole(p1, s1).max(whole(p2, s2)), *s1.max(s2))
        }
        (Decimal128(precision, scale), integer) | (integer, Decimal128(precision, scale)) => {
            decimal(digits(integer)?.max(precision.saturating_sub(scale.unsigned_abs())), *scale)
        }
        (Float32 | Float64, Float32 | Float64) => Some(Float64),
        (Int8 | Int16 | Int32, Float32 | Float64) | (Float32 | Float64, Int8 | Int16 | Int32) => Some(Float64),
        (Date32, Timestamp(..)) => Some(b.clone()),
        (Timestamp(..), Date32) => Some(a.clone()),
        (a, b) => Some(if digits(a)? >= digits(b)? { a.clone() } else { b.clone() }),
    }
}

/// Widens `shape` to hold the values of `field`.
pub(crate) fn observe(shape: &mut Shape, field: &Field) {
    match field.data_type() {
        DataType::Null => {}
        DataType::Struct(fields) if !fields.is_empty() => {
            if matches!(shape, Shape::Nothing) {
                *shape = Shape::Struct(Default::default());
            }
            let Shape::Struct(shapes) = shape else { return *shape = Shape::Text };
            let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
            for (place, field) in shapes.fields(&names).into_iter().zip(fields) {
                if let Some(place) = place {
                    observe(shapes.shape_mut(place), field);
                }
            }
        }
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::ListView(element)
        | DataType::LargeListView(element)
        | DataType::FixedSizeList(element, _) => {
            if matches!(shape, Shape::Nothing) {
                *shape = Shape::List(Box::new(Shape::Nothing));
            }
            match shape {
                Shape::List(elements) => observe(elements, element),
                other => *other = Shape::Text,
            }
        }
        DataType::Union(branches, _) => {
            branches.iter().filter(|(_, branch)| !branch.data_type().is_null()).for_each(|(_, branch)| {
                shape.see(Shape::Typed(plain_type(branch)));
            });
        }
        _ => shape.see(Shape::Typed(plain_type(field))),
    }
}
