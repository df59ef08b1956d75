//! Single values of files that have types, and which values of other types they are exactly.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int8Array,
    Int16Array, Int32Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit,
    TimestampMicrosecondType,
};
use arrow::error::ArrowError;
use chrono::{DateTime, NaiveDate, NaiveTime};

use crate::column::parse;
use crate::rescue::push_json_string;

/// Days since 1970-01-01 that a DATE can be: 0001-01-01 to 9999-12-31.
pub(super) const DAYS: std::ops::RangeInclusive<i32> = -719_162..=2_932_896;
/// Microseconds since 1970-01-01 UTC that a TIMESTAMP can be: the same years.
pub(super) const MICROS: std::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_999_999;
const MICROS_A_DAY: i64 = 86_400_000_000;
/// Days from 0001-01-01 (day 1) to 1970-01-01.
const EPOCH_DAY: i32 = 719_163;

/// One value that is not NULL.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'a> {
    Boolean(bool),
    Integer(i64),
    Single(f32),
    Double(f64),
    /// The unscaled value and the scale.
    Decimal(i128, i8),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01 UTC.
    Timestamp(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    /// Value `index` of an array of a type that bronze has and that is neither list, map nor struct; `None` for NULL.
    pub(super) fn of(array: &'a dyn Array, index: usize) -> Option<Value<'a>> {
        if array.is_null(index) {
            return None;
        }
        Some(match array.data_type() {
            DataType::Boolean => Value::Boolean(array.as_boolean().value(index)),
            DataType::Int8 => Value::Integer(array.as_primitive::<Int8Type>().value(index).into()),
            DataType::Int16 => Value::Integer(array.as_primitive::<Int16Type>().value(index).into()),
            DataType::Int32 => Value::Integer(array.as_primitive::<Int32Type>().value(index).into()),
            DataType::Int64 => Value::Integer(array.as_primitive::<Int64Type>().value(index)),
            DataType::Float32 => Value::Single(array.as_primitive::<Float32Type>().value(index)),
            DataType::Float64 => Value::Double(array.as_primitive::<Float64Type>().value(index)),
            DataType::Decimal128(_, scale) => Value::Decimal(array.as_primitive::<Decimal128Type>().value(index), *scale),
            DataType::Date32 => Value::Date(array.as_primitive::<Date32Type>().value(index)),
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                Value::Timestamp(array.as_primitive::<TimestampMicrosecondType>().value(index))
            }
            DataType::Utf8 => Value::Text(array.as_string::<i32>().value(index)),
            DataType::Binary => Value::Bytes(array.as_binary::<i32>().value(index)),
            _ => return None,
        })
    }

    /// As text; `None` for bytes that are no UTF-8.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        Some(match self {
            Value::Text(text) => Cow::Borrowed(text),
            Value::Bytes(bytes) => Cow::Borrowed(std::str::from_utf8(bytes).ok()?),
            Value::Boolean(value) => Cow::Borrowed(if value { "true" } else { "false" }),
            Value::Integer(value) => Cow::Owned(value.to_string()),
            Value::Single(value) => Cow::Owned(float_text(f64::from(value), serde_json::to_string(&value).ok())),
            Value::Double(value) => Cow::Owned(float_text(value, serde_json::to_string(&value).ok())),
            Value::Decimal(value, scale) => Cow::Owned(decimal_text(value, scale)),
            Value::Date(days) => Cow::Owned(date_text(days)),
            Value::Timestamp(micros) => Cow::Owned(timestamp_text(micros)),
        })
    }

    /// Appends it as JSON: bytes in Base64, dates and what is no finite number as strings.
    pub(crate) fn push_json(self, out: &mut String) {
        let is_number = match self {
            Value::Boolean(_) | Value::Integer(_) | Value::Decimal(..) => true,
            Value::Single(value) => value.is_finite(),
            Value::Double(value) => value.is_finite(),
            _ => false,
        };
        match (self, self.text()) {
            (Value::Bytes(bytes), _) => push_base64(out, bytes),
            (_, Some(text)) if is_number => out.push_str(&text),
            (_, text) => push_json_string(out, &text.unwrap_or_default()),
        }
    }

    fn boolean(self, lenient: bool) -> Option<bool> {
        match self {
            Value::Boolean(value) => Some(value),
            Value::Text(text) if lenient => parse::boolean(text.trim()),
            _ => None,
        }
    }

    fn integer(self, lenient: bool) -> Option<i64> {
        match self {
            Value::Integer(value) => Some(value),
            Value::Single(value) => Value::Double(value.into()).integer(lenient),
            // 2^63 is the first DOUBLE that is no BIGINT.
            Value::Double(value) if value.fract() == 0.0 && (-TWO_TO_63..TWO_TO_63).contains(&value) => Some(value as i64),
            Value::Decimal(..) => self.decimal(38, 0, lenient)?.try_into().ok(),
            Value::Text(text) if lenient => parse::integer(text.trim(), true),
            _ => None,
        }
    }

    fn double(self, lenient: bool) -> Option<f64> {
        match self {
            Value::Double(value) => Some(value),
            Value::Single(value) => Some(value.into()),
            Value::Integer(value) => Some(value as f64).filter(|double| *double as i128 == i128::from(value)),
            Value::Decimal(unscaled, scale) => {
                let double: f64 = decimal_text(unscaled, scale).parse().ok()?;
                (Value::Double(double).decimal(38, scale, false) == Some(unscaled)).then_some(double)
            }
            Value::Text(text) if lenient => parse::double(text.trim(), true),
            _ => None,
        }
    }

    fn single(self, lenient: bool) -> Option<f32> {
        match self {
            Value::Single(value) => Some(value),
            Value::Double(value) => Some(value as f32).filter(|single| f64::from(*single) == value || value.is_nan()),
            Value::Integer(value) => Some(value as f32).filter(|single| *single as i128 == i128::from(value)),
            Value::Decimal(unscaled, scale) => {
                let single: f32 = decimal_text(unscaled, scale).parse().ok()?;
                (Value::Single(single).decimal(38, scale, false) == Some(unscaled)).then_some(single)
            }
            Value::Text(text) if lenient => parse::float(text.trim(), true),
            _ => None,
        }
    }

    fn decimal(self, precision: u8, scale: i8, lenient: bool) -> Option<i128> {
        match self {
            Value::Integer(value) => Value::Decimal(value.into(), 0).decimal(precision, scale, lenient),
            Value::Decimal(unscaled, from) => {
                let factor = 10_i128.checked_pow(u32::from(scale.abs_diff(from)))?;
                let value = if scale >= from {
                    unscaled.checked_mul(factor)?
                } else if unscaled % factor == 0 {
                    unscaled / factor
                } else {
                    return None;
                };
                (value.unsigned_abs() < 10_u128.checked_pow(precision.into())?).then_some(value)
            }
            // As it is written, which is what everybody takes it for: 0.1 is 0.1.
            Value::Single(_) | Value::Double(_) => parse::decimal(&self.text()?, precision, scale),
            Value::Text(text) => parse::decimal(if lenient { text.trim() } else { text }, precision, scale),
            _ => None,
        }
    }

    fn date(self, lenient: bool) -> Option<i32> {
        match self {
            Value::Date(days) => Some(days).filter(|days| DAYS.contains(days)),
            Value::Timestamp(micros) if micros.rem_euclid(MICROS_A_DAY) == 0 => {
                Value::Date(i32::try_from(micros.div_euclid(MICROS_A_DAY)).ok()?).date(lenient)
            }
            Value::Text(text) => parse::date(if lenient { text.trim() } else { text }),
            _ => None,
        }
    }

    fn timestamp(self, lenient: bool) -> Option<i64> {
        match self {
            Value::Timestamp(micros) => Some(micros).filter(|micros| MICROS.contains(micros)),
            Value::Date(days) => Value::Timestamp(i64::from(days).checked_mul(MICROS_A_DAY)?).timestamp(lenient),
            Value::Text(text) => parse::timestamp(if lenient { text.trim() } else { text }),
            _ => None,
        }
    }
}

const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

/// Values as an array of `target`; what is not exactly a value of it is NULL. A text is a number or boolean only if
/// `lenient`, since the file has types and chose text. `None` if `target` is no type of single values.
pub(crate) fn array_of<'a>(
    values: impl ExactSizeIterator<Item = Option<Value<'a>>>,
    target: &DataType,
    lenient: bool,
) -> Result<Option<ArrayRef>, ArrowError> {
    macro_rules! integers {
        ($array:ty) => {
            Arc::new(<$array>::from_iter(values.map(|value| value?.integer(lenient)?.try_into().ok()))) as ArrayRef
        };
    }
    Ok(Some(match target {
        DataType::Boolean => Arc::new(BooleanArray::from_iter(values.map(|value| value?.boolean(lenient)))),
        DataType::Int8 => integers!(Int8Array),
        DataType::Int16 => integers!(Int16Array),
        DataType::Int32 => integers!(Int32Array),
        DataType::Int64 => Arc::new(Int64Array::from_iter(values.map(|value| value?.integer(lenient)))),
        DataType::Float32 => Arc::new(Float32Array::from_iter(values.map(|value| value?.single(lenient)))),
        DataType::Float64 => Arc::new(Float64Array::from_iter(values.map(|value| value?.double(lenient)))),
        DataType::Decimal128(precision, scale) => {
            let decimals = Decimal128Array::from_iter(values.map(|value| value?.decimal(*precision, *scale, lenient)));
            Arc::new(decimals.with_precision_and_scale(*precision, *scale)?)
        }
        DataType::Date32 => Arc::new(Date32Array::from_iter(values.map(|value| value?.date(lenient)))),
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let instants = TimestampMicrosecondArray::from_iter(values.map(|value| value?.timestamp(lenient)));
            Arc::new(instants.with_timezone_opt(zone.clone()))
        }
        DataType::Utf8 => Arc::new(StringArray::from_iter(values.map(|value| value?.text()))),
        DataType::Binary => Arc::new(BinaryArray::from_iter(values.map(|value| match value? {
            Value::Bytes(bytes) => Some(bytes),
            Value::Text(text) => Some(text.as_bytes()),
            _ => None,
        }))),
        _ => return Ok(None),
    }))
}

fn float_text(value: f64, finite: Option<String>) -> String {
    match finite {
        Some(text) if value.is_finite() => text,
        _ if value.is_nan() => "NaN".to_owned(),
        _ if value > 0.0 => "Infinity".to_owned(),
        _ => "-Infinity".to_owned(),
    }
}

fn decimal_text(unscaled: i128, scale: i8) -> String {
    let scale = usize::try_from(scale).unwrap_or(0);
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if unscaled < 0 { "-" } else { "" };
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// `yyyy-MM-dd`, or the number of days where the calendar ends.
pub(super) fn date_text(days: i32) -> String {
    match days.checked_add(EPOCH_DAY).and_then(NaiveDate::from_num_days_from_ce_opt) {
        Some(date) => date.to_string(),
        None => days.to_string(),
    }
}

/// `yyyy-MM-ddTHH:mm:ss[.ffffff]Z`, or the number of microseconds where the calendar ends.
pub(super) fn timestamp_text(micros: i64) -> String {
    match DateTime::from_timestamp_micros(micros) {
        Some(instant) if micros.rem_euclid(1_000_000) == 0 => instant.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Some(instant) => instant.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
        None => micros.to_string(),
    }
}

/// An instant with all its digits.
pub(super) fn nanos_text(nanos: i64) -> String {
    DateTime::from_timestamp_nanos(nanos).format("%Y-%m-%dT%H:%M:%S%.9fZ").to_string()
}

/// A time of day `HH:mm:ss[.fffffffff]` with as many digits as it needs; `None` if it is none.
pub(super) fn time_text(nanos: i64) -> Option<String> {
    let nanos = u64::try_from(nanos).ok()?;
    let seconds = u32::try_from(nanos / 1_000_000_000).ok()?;
    let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds, (nanos % 1_000_000_000) as u32)?;
    Some(time.format("%H:%M:%S%.f").to_string())
}

/// Appends a JSON string of the bytes in Base64 (RFC 4648), as Spark's `to_json` does.
fn push_base64(out: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out.push('"');
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(group >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out.push('"');
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn values_convert_exactly_or_not_at_all() {
        let two_to_53 = 1_i64 << 53;
        for (value, expected) in [
            (Value::Double(1.0), Some(1)),
            (Value::Double(-0.0), Some(0)),
            (Value::Double(1.5), None),
            (Value::Double(f64::NAN), None),
            (Value::Double(-TWO_TO_63), Some(i64::MIN)),
            (Value::Double(TWO_TO_63), None),
            (Value::Decimal(1200, 2), Some(12)),
            (Value::Decimal(1201, 2), None),
            (Value::Decimal(i128::from(i64::MAX) + 1, 0), None),
            (Value::Text("7"), None),
            (Value::Boolean(true), None),
            (Value::Date(1), None),
        ] {
            assert_eq!(value.integer(false), expected, "{value:?}");
        }
        assert_eq!(Value::Text(" +7 ").integer(true), Some(7));
        assert_eq!(Value::Integer(two_to_53 + 1).double(false), None);
        assert_eq!(Value::Integer(two_to_53 * 2).double(false), Some(two_to_53 as f64 * 2.0));
        assert_eq!(Value::Integer(i64::MAX).double(false), None);
        assert_eq!(Value::Double(0.1).single(false), None);
        assert_eq!(Value::Double(0.5).single(false), Some(0.5));
        assert!(Value::Double(f64::NAN).single(false).unwrap().is_nan());
        assert_eq!(Value::Double(f64::NEG_INFINITY).single(false), Some(f32::NEG_INFINITY));
        assert_eq!(Value::Double(0.1).decimal(10, 2, false), Some(10));
        assert_eq!(Value::Double(0.125).decimal(10, 2, false), None);
        assert_eq!(Value::Double(f64::INFINITY).decimal(10, 2, false), None);
        assert_eq!(Value::Single(0.1).decimal(10, 2, false), Some(10));
        assert_eq!(Value::Integer(12345).decimal(6, 2, false), None);
        assert_eq!(Value::Decimal(10_i128.pow(38) - 1, 0).decimal(38, 0, false), Some(10_i128.pow(38) - 1));
        assert_eq!(Value::Decimal(10_i128.pow(38) - 1, 0).decimal(38, 1, false), None);
        assert_eq!(Value::Decimal(10_i128.pow(38) - 1, 10).double(false), None);
        assert_eq!(Value::Decimal(-1230, 3).double(false), Some(-1.23));
        assert_eq!(Value::Timestamp(-MICROS_A_DAY).date(false), Some(-1));
        assert_eq!(Value::Timestamp(1).date(false), None);
        assert_eq!(Value::Date(*DAYS.end()).timestamp(false), Some(MICROS.end() + 1 - MICROS_A_DAY));
        assert_eq!(Value::Date(DAYS.end() + 1).timestamp(false), None);
        assert_eq!(Value::Text("2024-02-29").date(false), Some(19_782));
    }

    #[test]
    fn every_value_has_a_text() {
        for (value, text, json) in [
            (Value::Decimal(-5, 3), "-0.005", "-0.005"),
            (
                Value::Decimal(i128::MIN, 0),
                "-170141183460469231731687303715884105728",
                "-170141183460469231731687303715884105728",
            ),
            (Value::Double(1e300), "1e+300", "1e+300"),
            (Value::Double(-0.0), "-0.0", "-0.0"),
            (Value::Double(f64::NEG_INFINITY), "-Infinity", "\"-Infinity\""),
            (Value::Single(0.1), "0.1", "0.1"),
            (Value::Single(f32::NAN), "NaN", "\"NaN\""),
            (Value::Date(*DAYS.start()), "0001-01-01", "\"0001-01-01\""),
            (Value::Date(DAYS.end() + 1), "+10000-01-01", "\"+10000-01-01\""),
            (Value::Date(i32::MAX), "2147483647", "\"2147483647\""),
            (Value::Timestamp(-1), "1969-12-31T23:59:59.999999Z", "\"1969-12-31T23:59:59.999999Z\""),
            (Value::Timestamp(i64::MIN), "-9223372036854775808", "\"-9223372036854775808\""),
            (Value::Bytes(b"M\xFF"), "", "\"Tf8=\""),
            (Value::Bytes(b"abc"), "abc", "\"YWJj\""),
        ] {
            let mut found = String::new();
            value.push_json(&mut found);
            assert_eq!((value.text().unwrap_or_default().as_ref(), found.as_str()), (text, json), "{value:?}");
        }
        assert_eq!(time_text(86_399_999_999_999).unwrap(), "23:59:59.999999999");
        assert_eq!((time_text(0).unwrap().as_str(), time_text(86_400_000_000_000), time_text(-1)), ("00:00:00", None, None));
    }
}
