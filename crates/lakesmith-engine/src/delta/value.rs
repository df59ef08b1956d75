//! Single values as the Delta log writes them: partition values and the bounds of statistics.
//!
//! Delta transaction log protocol, "Partition Value Serialization" and "Per-file Statistics".

use arrow::array::{Array, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta};
use datafusion::common::ScalarValue;
use serde_json::value::RawValue;

/// Which end of a column's range a statistic bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    Min,
    Max,
}

/// A partition value as text; `None` is NULL. An empty text is NULL in Delta.
/// `Err` when the type, or a date outside the years 1 to 9999, cannot be written.
pub(super) fn partition_text(array: &dyn Array, row: usize) -> Result<Option<String>, &'static str> {
    const RANGE: &str = "a date or time outside the years 1 to 9999 cannot be a partition value";
    if array.is_null(row) {
        return Ok(None);
    }
    let text = match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Int8 => array.as_primitive::<Int8Type>().value(row).to_string(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).to_string(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Date32 => date_text(array.as_primitive::<Date32Type>().value(row)).ok_or(RANGE)?,
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            timestamp_text(array.as_primitive::<TimestampMicrosecondType>().value(row), "%Y-%m-%dT%H:%M:%S%.6fZ").ok_or(RANGE)?
        }
        DataType::Decimal128(_, scale) => decimal_text(array.as_primitive::<Decimal128Type>().value(row), *scale),
        _ => return Err("this type cannot partition a table"),
    };
    Ok((!text.is_empty()).then_some(text))
}

/// A partition value read back. `None` when the text is not of the type.
pub(super) fn partition_scalar(text: Option<&str>, data_type: &DataType) -> Option<ScalarValue> {
    let Some(text) = text.filter(|t| !t.is_empty()) else {
        return ScalarValue::try_from(data_type).ok();
    };
    match data_type {
        DataType::Utf8 => Some(ScalarValue::Utf8(Some(text.to_owned()))),
        DataType::Boolean => text.to_ascii_lowercase().parse().ok().map(|v| ScalarValue::Boolean(Some(v))),
        DataType::Binary => Some(ScalarValue::Binary(Some(text.as_bytes().to_vec()))),
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            Some(ScalarValue::TimestampMicrosecond(Some(parse_timestamp(text)?), zone.clone()))
        }
        _ => number(text, data_type),
    }
}

/// One bound of a column, from JSON. `None` when it is not known, or tells nothing.
///
/// Foreign writers cut timestamps to milliseconds and pass decimals through floating point: such bounds are widened,
/// so that no file is skipped that might hold a row.
pub(super) fn bound_scalar(json: &RawValue, data_type: &DataType, bound: Bound) -> Option<ScalarValue> {
    let json = json.get();
    if json == "null" {
        return None;
    }
    let text = || serde_json::from_str::<String>(json).ok();
    match data_type {
        DataType::Utf8 => Some(ScalarValue::Utf8(Some(text()?))),
        DataType::Boolean => json.parse().ok().map(|v| ScalarValue::Boolean(Some(v))),
        DataType::Date32 => number(&text()?, data_type),
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let micros = parse_timestamp(&text()?)?;
            let micros = match bound {
                Bound::Max if micros.rem_euclid(1000) == 0 => micros.checked_add(999)?,
                _ => micros,
            };
            Some(ScalarValue::TimestampMicrosecond(Some(micros), zone.clone()))
        }
        DataType::Decimal128(precision, scale) => {
            let value = parse_decimal(json, *scale)?;
            // Beyond 15 digits a bound may have been rounded to the nearest double.
            let slack = if value.unsigned_abs() < 1_000_000_000_000_000 { 0 } else { (value.abs() >> 52) + 1 };
            let value = if bound == Bound::Min { value.checked_sub(slack)? } else { value.checked_add(slack)? };
            Some(ScalarValue::Decimal128(Some(value), *precision, *scale))
        }
        _ => number(json, data_type),
    }
}

fn number(text: &str, data_type: &DataType) -> Option<ScalarValue> {
    Some(match data_type {
        DataType::Int8 => ScalarValue::Int8(Some(text.parse().ok()?)),
        DataType::Int16 => ScalarValue::Int16(Some(text.parse().ok()?)),
        DataType::Int32 => ScalarValue::Int32(Some(text.parse().ok()?)),
        DataType::Int64 => ScalarValue::Int64(Some(text.parse().ok()?)),
        DataType::Float32 => ScalarValue::Float32(Some(text.parse().ok()?)),
        DataType::Float64 => ScalarValue::Float64(Some(text.parse().ok()?)),
        DataType::Date32 => {
            let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
            let days = date.signed_duration_since(DateTime::UNIX_EPOCH.date_naive()).num_days();
            ScalarValue::Date32(Some(i32::try_from(days).ok()?))
        }
        DataType::Decimal128(precision, scale) => ScalarValue::Decimal128(Some(parse_decimal(text, *scale)?), *precision, *scale),
        _ => return None,
    })
}

/// `2024-02-29`, for the years 1 to 9999.
pub(super) fn date_text(days: i32) -> Option<String> {
    let date = DateTime::UNIX_EPOCH.date_naive().checked_add_signed(TimeDelta::days(days.into()))?;
    (1..=9999).contains(&date.year()).then(|| date.format("%Y-%m-%d").to_string())
}

/// `micros` since 1970 in UTC, for the years 1 to 9999.
pub(super) fn timestamp_text(micros: i64, format: &str) -> Option<String> {
    let at = DateTime::from_timestamp_micros(micros)?;
    (1..=9999).contains(&at.year()).then(|| at.format(format).to_string())
}

/// Microseconds since 1970. Without a zone the text is in UTC.
fn parse_timestamp(text: &str) -> Option<i64> {
    let naive = |format| NaiveDateTime::parse_from_str(text, format).ok().map(|t| t.and_utc().timestamp_micros());
    DateTime::parse_from_str(text, "%+")
        .ok()
        .map(|t| t.timestamp_micros())
        .or_else(|| naive("%Y-%m-%d %H:%M:%S%.f"))
        .or_else(|| naive("%Y-%m-%dT%H:%M:%S%.f"))
}

/// All digits, with `scale` of them after the point.
pub(super) fn decimal_text(value: i128, scale: i8) -> String {
    let digits = value.unsigned_abs().to_string();
    let sign = if value < 0 { "-" } else { "" };
    let scale = usize::try_from(scale).unwrap_or_default();
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

/// The value without its point, or `None` if it has more digits after the point than `scale`. Takes `1.5E3`.
fn parse_decimal(text: &str, scale: i8) -> Option<i128> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (sign, unsigned) = match mantissa.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let shift = i32::from(scale) + exponent - i32::try_from(fraction.len()).ok()?;
    let value: i128 = digits.parse().ok()?;
    let factor = 10_i128.checked_pow(shift.unsigned_abs())?;
    let value = if shift >= 0 {
        value.checked_mul(factor)?
    } else if value % factor == 0 {
        value / factor
    } else {
        return None;
    };
    Some(sign * value)
}

/// Every byte but letters, digits, `-`, `_`, `.` and `~` as `%XX`: safe in a path, a URL and a Hive partition folder.
pub(super) fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(byte.into()),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// Takes `%XX` back. A `%` that begins no code stays; `None` when the bytes are not UTF-8.
pub(super) fn percent_decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = (*byte == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(value) => {
                decoded.push(value);
                at += 3;
            }
            None => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn bound(json: &str, data_type: DataType, bound: Bound) -> Option<ScalarValue> {
        bound_scalar(&RawValue::from_string(json.to_owned()).unwrap(), &data_type, bound)
    }

    #[test]
    fn decimals_keep_every_digit() {
        let big = 12_345_678_901_234_567_890_123_456_789_012_345_678_i128;
        for (value, scale, text) in [
            (big, 10, "1234567890123456789012345678.9012345678"),
            (-5, 2, "-0.05"),
            (0, 2, "0.00"),
            (9_007_199_254_740_993, 0, "9007199254740993"),
        ] {
            assert_eq!(decimal_text(value, scale), text);
            assert_eq!(parse_decimal(text, scale), Some(value));
        }
        assert_eq!(parse_decimal("1.5E3", 2), Some(150_000));
        assert_eq!(parse_decimal("1.234", 2), None);
        assert_eq!(parse_decimal("", 2), None);
    }

    #[test]
    fn bounds_are_never_narrower_than_the_rows() {
        let decimal = DataType::Decimal128(38, 0);
        let ScalarValue::Decimal128(Some(max), ..) = bound("9007199254740992", decimal.clone(), Bound::Max).unwrap() else {
            panic!()
        };
        assert!(max >= 9_007_199_254_740_993);
        assert_eq!(bound("100", decimal, Bound::Max), Some(ScalarValue::Decimal128(Some(100), 38, 0)));
        let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let micros = |json: &str, b| match bound(json, utc.clone(), b) {
            Some(ScalarValue::TimestampMicrosecond(Some(v), _)) => v,
            other => panic!("{other:?}"),
        };
        assert_eq!(micros("\"1970-01-01T00:00:00.001Z\"", Bound::Min), 1000);
        assert_eq!(micros("\"1970-01-01T00:00:00.001Z\"", Bound::Max), 1999);
        assert_eq!(micros("\"1970-01-01T01:00:00.000001+01:00\"", Bound::Max), 1);
        assert_eq!(bound("null", DataType::Int32, Bound::Min), None);
        assert_eq!(bound("\"x\"", DataType::Int32, Bound::Min), None);
    }

    #[test]
    fn partition_values_are_read_in_every_form() {
        let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        for text in ["1970-01-01T00:00:01.000000Z", "1970-01-01 00:00:01", "1970-01-01 00:00:01.000000"] {
            let read = partition_scalar(Some(text), &utc);
            assert_eq!(read, Some(ScalarValue::TimestampMicrosecond(Some(1_000_000), Some("UTC".into()))));
        }
        assert_eq!(partition_scalar(Some("1970-01-02"), &DataType::Date32), Some(ScalarValue::Date32(Some(1))));
        assert_eq!(partition_scalar(Some(""), &DataType::Int32), Some(ScalarValue::Int32(None)));
        assert_eq!(partition_scalar(Some("x"), &DataType::Int32), None);
    }

    #[test]
    fn any_text_survives_encoding() {
        for text in ["a b", "100%", "ü", "😀", "a/b=c", "%41", "\u{1}"] {
            let encoded = percent_encode(text);
            assert!(encoded.bytes().all(|b| b.is_ascii_graphic() && b != b'/'), "{encoded}");
            assert_eq!(percent_decode(&encoded).unwrap(), text);
        }
        assert_eq!(percent_decode("50%").unwrap(), "50%");
    }
}
