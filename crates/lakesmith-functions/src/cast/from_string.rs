//! Strings to everything else. Blanks around the text do not count.

use std::sync::Arc;

use chrono::{NaiveDate, Offset, TimeZone};
use datafusion::arrow::array::timezone::Tz;
use datafusion::arrow::array::{Array, ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, PrimitiveArray, StringArray};
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use datafusion::error::Result;

use super::{DAY, OnError, failure};
use crate::decimal;

pub(super) fn cast(text: &StringArray, to: &DataType, on_error: OnError) -> Result<ArrayRef> {
    Ok(match to {
        DataType::Int8 => Arc::new(each::<Int8Type>(text, to, on_error, |s| integer(s)?.try_into().ok())?),
        DataType::Int16 => Arc::new(each::<Int16Type>(text, to, on_error, |s| integer(s)?.try_into().ok())?),
        DataType::Int32 => Arc::new(each::<Int32Type>(text, to, on_error, |s| integer(s)?.try_into().ok())?),
        DataType::Int64 => Arc::new(each::<Int64Type>(text, to, on_error, integer)?),
        DataType::Float32 => Arc::new(each::<Float32Type>(text, to, on_error, |s| float(s)?.parse().ok())?),
        DataType::Float64 => Arc::new(each::<Float64Type>(text, to, on_error, |s| float(s)?.parse().ok())?),
        DataType::Decimal128(precision, scale) => {
            let out = each::<Decimal128Type>(text, to, on_error, |s| decimal::parse(s, *precision, *scale))?;
            Arc::new(out.with_precision_and_scale(*precision, *scale)?)
        }
        DataType::Date32 => Arc::new(each::<Date32Type>(text, to, on_error, parse_date)?),
        DataType::Timestamp(_, _) => {
            Arc::new(each::<TimestampMicrosecondType>(text, to, on_error, parse_timestamp)?.with_timezone("UTC"))
        }
        DataType::Boolean => {
            let mut out = BooleanArray::builder(text.len());
            for value in text {
                match value.map(|s| boolean(s.trim_matches(blank))) {
                    None => out.append_null(),
                    Some(Some(b)) => out.append_value(b),
                    Some(None) if on_error == OnError::Null => out.append_null(),
                    Some(None) => return Err(failure(&DataType::Utf8, to)),
                }
            }
            Arc::new(out.finish())
        }
        DataType::Binary => Arc::new(text.iter().map(|s| s.map(str::as_bytes)).collect::<BinaryArray>()),
        _ => return Err(failure(&DataType::Utf8, to)),
    })
}

fn each<T: ArrowPrimitiveType>(
    text: &StringArray,
    to: &DataType,
    on_error: OnError,
    parse: impl Fn(&str) -> Option<T::Native>,
) -> Result<PrimitiveArray<T>> {
    let mut out = PrimitiveArray::<T>::builder(text.len());
    for value in text {
        match value.map(|s| parse(s.trim_matches(blank))) {
            None => out.append_null(),
            Some(Some(parsed)) => out.append_value(parsed),
            Some(None) if on_error == OnError::Null => out.append_null(),
            Some(None) => return Err(failure(&DataType::Utf8, to)),
        }
    }
    Ok(out.finish())
}

/// What Spark's casts trim: white space and control characters of ASCII.
fn blank(c: char) -> bool {
    c <= ' ' || c == '\u{7f}'
}

fn integer(s: &str) -> Option<i64> {
    // Rust's reading is Spark's: an optional sign, then digits alone.
    s.parse().ok()
}

/// The text without Java's type suffix, if it can be a floating-point number.
fn float(s: &str) -> Option<&str> {
    let s = match s.as_bytes() {
        [.., digit, b'd' | b'D' | b'f' | b'F'] if digit.is_ascii_digit() || *digit == b'.' => &s[..s.len() - 1],
        _ => s,
    };
    (!s.is_empty()).then_some(s)
}

fn boolean(s: &str) -> Option<bool> {
    match s.to_ascii_lowercase().as_str() {
        "t" | "true" | "y" | "yes" | "1" => Some(true),
        "f" | "false" | "n" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// Days since 1970 of `yyyy`, `yyyy-[m]m`, `yyyy-[m]m-[d]d`, the last also before a `T` or a blank and anything.
pub(super) fn parse_date(s: &str) -> Option<i32> {
    let (date, rest) = date_prefix(s)?;
    if !(rest.is_empty() || (rest.full && rest.text.starts_with([' ', 'T']))) {
        return None;
    }
    Some(date)
}

struct Rest<'a> {
    text: &'a str,
    /// The date had a day.
    full: bool,
}

impl Rest<'_> {
    fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

fn date_prefix(s: &str) -> Option<(i32, Rest<'_>)> {
    let (negative, body) = match s.as_bytes().first()? {
        b'-' => (true, &s[1..]),
        b'+' => (false, &s[1..]),
        _ => (false, s),
    };
    let (year, body) = digits(body, 4, 7)?;
    let year = if negative { -(year as i32) } else { year as i32 };
    let mut parts = [1u32, 1];
    let mut rest = body;
    let mut found = 0;
    for part in &mut parts {
        let Some(after) = rest.strip_prefix('-') else { break };
        let (value, after) = digits(after, 1, 2)?;
        *part = value as u32;
        rest = after;
        found += 1;
    }
    let date = NaiveDate::from_ymd_opt(year, parts[0], parts[1])?;
    Some((crate::datetime::days(date), Rest { text: rest, full: found == 2 }))
}

/// The number that the text begins with, if it has that many digits.
fn digits(s: &str, least: usize, most: usize) -> Option<(i64, &str)> {
    let len = s.bytes().take_while(u8::is_ascii_digit).count();
    if !(least..=most).contains(&len) {
        return None;
    }
    Some((s[..len].parse().ok()?, &s[len..]))
}

/// Microseconds since 1970 of a date, or a date and `[h]h:[m]m[:[s]s[.fraction]]` with an optional zone; UTC otherwise.
pub(super) fn parse_timestamp(s: &str) -> Option<i64> {
    let (date, rest) = date_prefix(s)?;
    let midnight = i64::from(date).checked_mul(DAY)?;
    if rest.is_empty() {
        return Some(midnight);
    }
    if !rest.full {
        return None;
    }
    let time = rest.text.strip_prefix(['T', ' '])?;
    if time.is_empty() {
        return Some(midnight);
    }
    let (hour, mut rest) = digits(time, 1, 2)?;
    let (mut minute, mut second, mut micros) = (0, 0, 0);
    if let Some(after) = rest.strip_prefix(':') {
        (minute, rest) = digits(after, 1, 2)?;
        if let Some(after) = rest.strip_prefix(':') {
            (second, rest) = digits(after, 1, 2)?;
            if let Some(after) = rest.strip_prefix('.') {
                let len = after.bytes().take_while(u8::is_ascii_digit).count();
                if len > 9 {
                    return None;
                }
                // Beyond microseconds is cut off.
                micros = format!("{:0<6.6}", &after[..len]).parse::<i64>().ok()?;
                rest = &after[len..];
            }
        }
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let local = midnight.checked_add((hour * 3600 + minute * 60 + second) * 1_000_000 + micros)?;
    local.checked_sub(offset(rest.trim_start(), local)? * 1_000_000)
}

/// Seconds that a zone is ahead of UTC at a local time.
pub(crate) fn offset(zone: &str, local_micros: i64) -> Option<i64> {
    if zone.is_empty() || zone == "Z" {
        return Some(0);
    }
    let fixed = ["UTC", "GMT", "UT"].iter().find_map(|p| zone.strip_prefix(p)).unwrap_or(zone);
    if fixed.is_empty() {
        return Some(0);
    }
    if let Some(sign) = fixed.strip_prefix('+').map(|_| 1).or_else(|| fixed.strip_prefix('-').map(|_| -1)) {
        let body = &fixed[1..];
        let (hours, minutes) = match body.split_once(':') {
            Some((h, m)) => (digits(h, 1, 2)?, digits(m, 1, 2)?),
            None if body.len() == 4 => (digits(&body[..2], 2, 2)?, digits(&body[2..], 2, 2)?),
            None => (digits(body, 1, 2)?, (0, "")),
        };
        let ((hours, ""), (minutes, "")) = (hours, minutes) else { return None };
        return (hours <= 18 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60));
    }
    let tz: Tz = zone.parse().ok()?;
    let local = chrono::DateTime::from_timestamp_micros(local_micros)?.naive_utc();
    let found = tz.offset_from_local_datetime(&local).earliest();
    // A local time that a clock change skipped: the offset before it.
    let offset = found.or_else(|| tz.offset_from_local_datetime(&(local - chrono::Duration::hours(3))).earliest())?;
    Some(i64::from(offset.fix().local_minus_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_spark_reads_them() {
        assert_eq!(parse_date("1970-01-02"), Some(1));
        assert_eq!(parse_date("1970"), Some(0));
        assert_eq!(parse_date("1970-2"), Some(31));
        assert_eq!(parse_date("1970-1-3T10:00"), Some(2));
        assert_eq!(parse_date("2023-02-30"), None);
        assert_eq!(parse_date("1970-01-02x"), None);
        assert_eq!(parse_date("70-01-02"), None);
        assert_eq!(parse_date(""), None);
    }

    #[test]
    fn timestamps_may_name_a_zone() {
        assert_eq!(parse_timestamp("1970-01-01 00:00:01"), Some(1_000_000));
        assert_eq!(parse_timestamp("1970-01-01T00:00:00.5Z"), Some(500_000));
        assert_eq!(parse_timestamp("1970-01-01T01:00:00+01:00"), Some(0));
        assert_eq!(parse_timestamp("1970-01-01 01:00:00 Europe/Berlin"), Some(0));
        assert_eq!(parse_timestamp("1970-01-01 24:00:00"), None);
        assert_eq!(parse_timestamp("1970-01-01 10:00:00 nowhere"), None);
    }
}
