//! Values of types that only files have, as values of the types that bronze has.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, StringArray};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{
    DataType, Date32Type, DurationMicrosecondType, Field, Int64Type, IntervalMonthDayNanoType, IntervalUnit,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use arrow::error::ArrowError;

use super::UUID;
use super::kind::plain_type;
use super::place::{Lost, Origin};
use super::value::{DAYS, MICROS, date_text, nanos_text, time_text, timestamp_text};
use crate::rescue::push_json_string;

/// The values of `array` as the type of bronze that [`plain_type`] names. Not for lists, structs, maps and unions.
///
/// What that type cannot hold, as a date beyond the year 9999, is NULL and kept in `lost`; an instant is cut to its
/// microseconds, and kept with all its digits if it had more.
pub(super) fn plain(field: &Field, array: &ArrayRef, origin: &Origin<'_>, lost: &mut Lost) -> Result<ArrayRef, ArrowError> {
    let to = plain_type(field);
    Ok(match array.data_type() {
        DataType::Date32 => dates(array, origin, lost),
        DataType::Timestamp(TimeUnit::Second, _) => {
            instants(array.as_primitive::<TimestampSecondType>(), 1_000_000, origin, lost)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            instants(array.as_primitive::<TimestampMillisecondType>(), 1_000, origin, lost)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            instants(array.as_primitive::<TimestampMicrosecondType>(), 1, origin, lost)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => nanos(array.as_primitive::<TimestampNanosecondType>(), origin, lost),
        DataType::Time32(TimeUnit::Second) => times(array.as_primitive::<Time32SecondType>(), 1_000_000_000, origin, lost),
        DataType::Time32(_) => times(array.as_primitive::<Time32MillisecondType>(), 1_000_000, origin, lost),
        DataType::Time64(TimeUnit::Microsecond) => times(array.as_primitive::<Time64MicrosecondType>(), 1_000, origin, lost),
        DataType::Time64(_) => times(array.as_primitive::<Time64NanosecondType>(), 1, origin, lost),
        DataType::Interval(IntervalUnit::MonthDayNano) => durations(array),
        DataType::Duration(TimeUnit::Microsecond) => {
            Arc::new(array.as_primitive::<DurationMicrosecondType>().reinterpret_cast::<Int64Type>())
        }
        DataType::FixedSizeBinary(16) if field.metadata().contains_key(UUID) => uuids(array),
        from if *from == to => array.clone(),
        DataType::Decimal256(..) if matches!(to, DataType::Decimal128(..)) => {
            let narrow = cast_with_options(array, &to, &CastOptions { safe: true, ..CastOptions::default() })?;
            keep_nulled(array, &narrow, origin, lost, |index| {
                let mut json = String::new();
                push_json_string(&mut json, &array.as_primitive::<arrow::datatypes::Decimal256Type>().value_as_string(index));
                json
            });
            narrow
        }
        DataType::Dictionary(_, value) if matches!(value.as_ref(), DataType::Utf8) => cast(array, &DataType::Utf8)?,
        DataType::Dictionary(_, value) => {
            let values = cast(array, value)?;
            plain(&Field::new(field.name(), value.as_ref().clone(), true), &values, origin, lost)?
        }
        _ => cast(array, &to)?,
    })
}

/// Keeps the values that are NULL in `converted` alone.
pub(super) fn keep_nulled(
    array: &dyn Array,
    converted: &dyn Array,
    origin: &Origin<'_>,
    lost: &mut Lost,
    json: impl Fn(usize) -> String,
) {
    if converted.null_count() > array.null_count() {
        for index in 0..array.len() {
            if converted.is_null(index) && array.is_valid(index) {
                lost.keep(origin, index, || json(index));
            }
        }
    }
}

fn quoted(text: &str) -> String {
    let mut json = String::new();
    push_json_string(&mut json, text);
    json
}

fn dates(array: &ArrayRef, origin: &Origin<'_>, lost: &mut Lost) -> ArrayRef {
    let dates = array.as_primitive::<Date32Type>();
    if dates.values().iter().all(|days| DAYS.contains(days)) {
        return array.clone();
    }
    let kept: PrimitiveArray<Date32Type> = dates.iter().map(|days| days.filter(|days| DAYS.contains(days))).collect();
    keep_nulled(dates, &kept, origin, lost, |index| quoted(&date_text(dates.value(index))));
    Arc::new(kept)
}

fn instants<T: ArrowPrimitiveType<Native = i64>>(
    array: &PrimitiveArray<T>,
    micros_each: i64,
    origin: &Origin<'_>,
    lost: &mut Lost,
) -> ArrayRef {
    let (first, last) = (MICROS.start().div_euclid(micros_each), MICROS.end().div_euclid(micros_each));
    let instants: PrimitiveArray<TimestampMicrosecondType> = if array.values().iter().all(|value| (first..=last).contains(value))
    {
        if micros_each == 1 { array.reinterpret_cast() } else { array.unary(|value| value * micros_each) }
    } else {
        let fits = |value: &i64| (first..=last).contains(value);
        array.iter().map(|value| value.filter(fits).map(|value| value * micros_each)).collect()
    };
    keep_nulled(array, &instants, origin, lost, |index| {
        let value = array.value(index);
        quoted(&value.checked_mul(micros_each).map_or_else(|| value.to_string(), timestamp_text))
    });
    Arc::new(instants.with_timezone("UTC"))
}

fn nanos(array: &PrimitiveArray<TimestampNanosecondType>, origin: &Origin<'_>, lost: &mut Lost) -> ArrayRef {
    for (index, value) in array.values().iter().enumerate() {
        if value % 1_000 != 0 && array.is_valid(index) {
            lost.keep(origin, index, || quoted(&nanos_text(*value)));
        }
    }
    let instants: PrimitiveArray<TimestampMicrosecondType> = array.unary(|value| value.div_euclid(1_000));
    Arc::new(instants.with_timezone("UTC"))
}

fn times<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>, nanos_each: i64, origin: &Origin<'_>, lost: &mut Lost) -> ArrayRef
where
    T::Native: Into<i64>,
{
    let text = |value: T::Native| value.into().checked_mul(nanos_each).and_then(time_text);
    let times: StringArray = array.iter().map(|value| value.and_then(text)).collect();
    keep_nulled(array, &times, origin, lost, |index| array.value(index).into().to_string());
    Arc::new(times)
}

/// `P1M2DT3.5S`, ISO 8601.
fn durations(array: &ArrayRef) -> ArrayRef {
    let text = |value: arrow::datatypes::IntervalMonthDayNano| {
        let (seconds, nanos) = (value.nanoseconds / 1_000_000_000, (value.nanoseconds % 1_000_000_000).unsigned_abs());
        let mut text = format!("P{}M{}DT", value.months, value.days);
        let sign = if value.nanoseconds < 0 && seconds == 0 { "-" } else { "" };
        let _ = write!(text, "{sign}{seconds}");
        if nanos > 0 {
            let _ = write!(text, ".{}", format!("{nanos:09}").trim_end_matches('0'));
        }
        text.push('S');
        text
    };
    Arc::new(array.as_primitive::<IntervalMonthDayNanoType>().iter().map(|value| value.map(text)).collect::<StringArray>())
}

fn uuids(array: &ArrayRef) -> ArrayRef {
    let text = |bytes: &[u8]| {
        let mut text = String::with_capacity(36);
        for (index, byte) in bytes.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            let _ = write!(text, "{byte:02x}");
        }
        text
    };
    Arc::new(array.as_fixed_size_binary().iter().map(|bytes| bytes.map(text)).collect::<StringArray>())
}
