//! Everything to strings, as Spark prints it.

use chrono::Datelike;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, TimestampMicrosecondType};
use datafusion::error::Result;

use super::{DAY, failure};
use crate::datetime::date;
use crate::decimal;

/// The texts of a column.
pub(crate) fn strings(array: &ArrayRef) -> Result<StringArray> {
    if let Some(plain) = super::normal(array)? {
        return strings(&plain);
    }
    let mut out = StringBuilder::with_capacity(array.len(), array.len() * 8);
    let rows = 0..array.len();
    match array.data_type() {
        DataType::Utf8 => return Ok(array.as_string::<i32>().clone()),
        DataType::Float64 => {
            rows.for_each(|i| push(&mut out, array, i, |i| double_text(array.as_primitive::<Float64Type>().value(i))))
        }
        DataType::Float32 => {
            rows.for_each(|i| push(&mut out, array, i, |i| float_text(array.as_primitive::<Float32Type>().value(i))))
        }
        DataType::Decimal128(_, s) => {
            rows.for_each(|i| push(&mut out, array, i, |i| decimal::print(array.as_primitive::<Decimal128Type>().value(i), *s)));
        }
        DataType::Date32 => {
            rows.for_each(|i| push(&mut out, array, i, |i| date_text(array.as_primitive::<Date32Type>().value(i))))
        }
        DataType::Timestamp(_, _) => rows.for_each(|i| {
            push(&mut out, array, i, |i| timestamp_text(array.as_primitive::<TimestampMicrosecondType>().value(i)));
        }),
        DataType::Binary => rows.for_each(|i| {
            push(&mut out, array, i, |i| String::from_utf8_lossy(array.as_binary::<i32>().value(i)).into_owned());
        }),
        DataType::List(_) => {
            let lists = array.as_list::<i32>();
            let items = strings(lists.values())?;
            rows.for_each(|i| {
                push(&mut out, array, i, |i| {
                    let (from, to) = (lists.value_offsets()[i] as usize, lists.value_offsets()[i + 1] as usize);
                    format!("[{}]", (from..to).map(|j| text(&items, j)).collect::<Vec<_>>().join(", "))
                });
            });
        }
        DataType::Struct(_) => {
            let columns = array.as_struct().columns().iter().map(strings).collect::<Result<Vec<_>>>()?;
            rows.for_each(|i| {
                push(&mut out, array, i, |i| {
                    format!("{{{}}}", columns.iter().map(|c| text(c, i)).collect::<Vec<_>>().join(", "))
                });
            });
        }
        DataType::Map(_, _) => {
            let map = array.as_map();
            let (keys, values) = (strings(map.keys())?, strings(map.values())?);
            rows.for_each(|i| {
                push(&mut out, array, i, |i| {
                    let (from, to) = (map.value_offsets()[i] as usize, map.value_offsets()[i + 1] as usize);
                    let entries = (from..to).map(|j| format!("{} -> {}", text(&keys, j), text(&values, j)));
                    format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
                });
            });
        }
        other => {
            let texts = cast(array, &DataType::Utf8).map_err(|_| failure(other, &DataType::Utf8))?;
            return Ok(texts.as_string::<i32>().clone());
        }
    }
    Ok(out.finish())
}

fn push(out: &mut StringBuilder, array: &ArrayRef, row: usize, print: impl Fn(usize) -> String) {
    if array.is_null(row) { out.append_null() } else { out.append_value(print(row)) }
}

fn text(array: &StringArray, row: usize) -> &str {
    if array.is_null(row) { "null" } else { array.value(row) }
}

/// `2025-01-31`.
pub(crate) fn date_text(days: i32) -> String {
    match date(days) {
        Some(d) if (0..=9999).contains(&d.year()) => format!("{:04}-{:02}-{:02}", d.year(), d.month(), d.day()),
        Some(d) if d.year() > 9999 => format!("+{}-{:02}-{:02}", d.year(), d.month(), d.day()),
        Some(d) => format!("{:05}-{:02}-{:02}", d.year(), d.month(), d.day()),
        None => String::new(),
    }
}

/// `2025-01-31 10:00:00.25`: as many digits of the second as it has, UTC.
pub(crate) fn timestamp_text(micros: i64) -> String {
    let day = i32::try_from(micros.div_euclid(DAY)).unwrap_or_default();
    let of_day = micros.rem_euclid(DAY);
    let seconds = of_day / 1_000_000;
    let mut out = format!("{} {:02}:{:02}:{:02}", date_text(day), seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = of_day % 1_000_000;
    if fraction != 0 {
        let digits = format!("{fraction:06}");
        out.push('.');
        out.push_str(digits.trim_end_matches('0'));
    }
    out
}

/// A DOUBLE as Java prints it: `1.0`, `1.0E10`, `1.0E-5`, `NaN`, `Infinity`.
pub(crate) fn double_text(value: f64) -> String {
    java(value, &format!("{value:e}"))
}

fn float_text(value: f32) -> String {
    java(f64::from(value), &format!("{value:e}"))
}

/// `scientific` is the shortest text that names the value: `1.2345e-7`.
fn java(value: f64, scientific: &str) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |m| ("-", m));
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    if !(-3..7).contains(&exponent) {
        let fraction = if digits.len() > 1 { &digits[1..] } else { "0" };
        return format!("{sign}{}.{fraction}E{exponent}", &digits[..1]);
    }
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat((-exponent - 1) as usize));
    }
    let whole = exponent as usize + 1;
    let digits = format!("{digits:0<whole$}");
    let fraction = if digits.len() > whole { &digits[whole..] } else { "0" };
    format!("{sign}{}.{fraction}", &digits[..whole])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_print_as_in_java() {
        for (value, expected) in [
            (1.0, "1.0"),
            (0.0, "0.0"),
            (-2.5, "-2.5"),
            (1e7, "1.0E7"),
            (1234567.0, "1234567.0"),
            (0.001, "0.001"),
            (1.5e-4, "1.5E-4"),
            (123.456, "123.456"),
            (1e21, "1.0E21"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(double_text(value), expected);
        }
    }

    #[test]
    fn timestamps_print_only_the_fraction_they_have() {
        assert_eq!(timestamp_text(0), "1970-01-01 00:00:00");
        assert_eq!(timestamp_text(-1), "1969-12-31 23:59:59.999999");
        assert_eq!(timestamp_text(250_000), "1970-01-01 00:00:00.25");
    }
}
