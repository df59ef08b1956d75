//! Texts as values. Nothing is rounded, wrapped or guessed: a text either is a value of the type or it does not fit.
//!
//! Where a type was inferred, only *canonical* numbers fit (no plus, no leading zeros, no blanks), so that `007`
//! stays the text it is; where it was told by a hint, any number does.

use chrono::{Datelike, NaiveDate};

/// The largest whole number below which every whole number is a DOUBLE.
const EXACT_IN_DOUBLE: u64 = 1 << 53;
/// The most digits that a DOUBLE can be written with.
const DIGITS_OF_DOUBLE: usize = 17;
/// Days from 0001-01-01 (day 1) to 1970-01-01.
const EPOCH_DAY: i32 = 719_163;

/// `true` or `false` in any case.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// A BIGINT. A lenient one may have a plus, leading zeros and a fraction of zeros.
pub(crate) fn integer(text: &str, lenient: bool) -> Option<i64> {
    if !lenient {
        return if canonical_integer(text) { text.parse().ok() } else { None };
    }
    let number = Number::split(text)?;
    if number.exponent.is_some() || number.fraction.bytes().any(|digit| digit != b'0') || number.whole.is_empty() {
        return None;
    }
    let digits = number.whole;
    if number.negative { format!("-{digits}").parse().ok() } else { digits.parse().ok() }
}

/// A DOUBLE: finite, and as a canonical one no more precise than a DOUBLE can be.
pub(crate) fn double(text: &str, lenient: bool) -> Option<f64> {
    let number = Number::split(text)?;
    let fits = lenient || (number.is_canonical() && number.keeps_digits());
    if !fits {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    (value.is_finite() && (value != 0.0 || number.is_zero())).then_some(value)
}

/// A FLOAT: finite. It is never inferred, so any number does.
pub(crate) fn float(text: &str, lenient: bool) -> Option<f32> {
    double(text, lenient)?;
    let value: f32 = text.parse().ok()?;
    (value.is_finite() && (value != 0.0 || Number::split(text)?.is_zero())).then_some(value)
}

/// A DECIMAL as its unscaled value, exact: digits beyond the scale must be zeros.
pub(crate) fn decimal(text: &str, precision: u8, scale: i8) -> Option<i128> {
    let number = Number::split(text)?;
    let digits = number.whole.bytes().chain(number.fraction.bytes());
    // How many digits to the right of `whole` the unscaled value reaches; an exponent moves the point.
    let point = number.whole.len() as i64 + i64::from(number.exponent.unwrap_or(0));
    let kept = point + i64::from(scale);
    let mut value: i128 = 0;
    for (index, digit) in digits.enumerate() {
        let digit = i128::from(digit - b'0');
        if (index as i64) < kept {
            value = value.checked_mul(10)?.checked_add(digit)?;
        } else if digit != 0 {
            return None;
        }
    }
    let missing = kept - (number.whole.len() + number.fraction.len()) as i64;
    if value != 0 && missing > 0 {
        value = value.checked_mul(10_i128.checked_pow(u32::try_from(missing).ok()?)?)?;
    }
    let limit = power_of_ten(usize::from(precision))?;
    (value < limit).then_some(if number.negative { -value } else { value })
}

/// 10 to the power of `exponent`, if a DECIMAL can hold it.
#[inline]
pub(super) fn power_of_ten(exponent: usize) -> Option<i128> {
    const POWERS: [i128; 39] = {
        let mut powers = [1; 39];
        let mut exponent = 1;
        while exponent < powers.len() {
            powers[exponent] = powers[exponent - 1] * 10;
            exponent += 1;
        }
        powers
    };
    POWERS.get(exponent).copied()
}

/// A DATE `yyyy-MM-dd` of the calendar, as days since 1970-01-01.
pub(crate) fn date(text: &str) -> Option<i32> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = digits(&bytes[..4])?;
    if year == 0 {
        return None;
    }
    let day = NaiveDate::from_ymd_opt(year, digits(&bytes[5..7])? as u32, digits(&bytes[8..])? as u32)?;
    Some(day.num_days_from_ce() - EPOCH_DAY)
}

/// A TIMESTAMP `yyyy-MM-dd[ T]HH:mm:ss[.ffffff][Z|±hh:mm]`, as microseconds since 1970-01-01 UTC. Without a zone it
/// is UTC.
pub(crate) fn timestamp(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() < 19 || !matches!(bytes[10], b' ' | b'T') || bytes[13] != b':' || bytes[16] != b':' {
        return None;
    }
    let day = date(text.get(..10)?)?;
    let (hour, minute, second) = (digits(&bytes[11..13])?, digits(&bytes[14..16])?, digits(&bytes[17..19])?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (micros, zone) = fraction_of_second(&bytes[19..])?;
    let offset_minutes = match zone {
        [] | [b'Z'] => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
            if hours > 18 || minutes > 59 {
                return None;
            }
            let offset = hours * 60 + minutes;
            if *sign == b'-' { -offset } else { offset }
        }
        _ => return None,
    };
    let seconds = i64::from(day) * 86_400 + i64::from(hour * 3600 + minute * 60 + second - offset_minutes * 60);
    Some(seconds * 1_000_000 + micros)
}

/// The microseconds of `.ffffff` at the start of `bytes`, and what follows. Digits beyond the sixth must be zeros.
fn fraction_of_second(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let Some(fraction) = bytes.strip_prefix(b".") else {
        return Some((0, bytes));
    };
    let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 || fraction[..length].iter().skip(6).any(|digit| *digit != b'0') {
        return None;
    }
    let micros = (0..6).fold(0, |value, place| value * 10 + fraction[..length].get(place).map_or(0, |d| i64::from(d - b'0')));
    Some((micros, &fraction[length..]))
}

fn digits(bytes: &[u8]) -> Option<i32> {
    bytes.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i32::from(byte - b'0')))
}

/// `-?(0|[1-9][0-9]*)`, and not `-0`.
fn canonical_integer(text: &str) -> bool {
    let magnitude = text.strip_prefix('-').unwrap_or(text);
    match magnitude.as_bytes() {
        [b'0'] => magnitude.len() == text.len(),
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// A decimal number in its parts: `-12.50e3`.
struct Number<'a> {
    negative: bool,
    plus: bool,
    whole: &'a str,
    fraction: &'a str,
    point: bool,
    /// Kept within ±100 000, where nothing fits any type but zero.
    exponent: Option<i32>,
}

impl<'a> Number<'a> {
    fn split(text: &'a str) -> Option<Number<'a>> {
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(bounded_exponent(exponent)?)),
            None => (unsigned, None),
        };
        let (whole, fraction, point) = match mantissa.split_once('.') {
            Some((whole, fraction)) => (whole, fraction, true),
            None => (mantissa, "", false),
        };
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let (negative, plus) = (text.starts_with('-'), text.starts_with('+'));
        Some(Number { negative, plus, whole, fraction, point, exponent })
    }

    /// No plus, no leading zeros, digits on both sides of a point.
    fn is_canonical(&self) -> bool {
        let zeros = self.whole.len() > 1 && self.whole.starts_with('0');
        !self.plus && !zeros && !self.whole.is_empty() && (!self.point || !self.fraction.is_empty())
    }

    /// Whether a DOUBLE has room for all its digits.
    fn keeps_digits(&self) -> bool {
        if !self.point && self.exponent.is_none() {
            return self.whole.parse::<u64>().is_ok_and(|value| value <= EXACT_IN_DOUBLE);
        }
        if self.whole.len() + self.fraction.len() <= DIGITS_OF_DOUBLE {
            return true;
        }
        let significant = format!("{}{}", self.whole, self.fraction);
        significant.trim_start_matches('0').trim_end_matches('0').len() <= DIGITS_OF_DOUBLE
    }

    fn is_zero(&self) -> bool {
        self.whole.bytes().chain(self.fraction.bytes()).all(|digit| digit == b'0')
    }
}

fn bounded_exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let magnitude = digits.parse().unwrap_or(i32::MAX).min(100_000);
    Some(if text.starts_with('-') { -magnitude } else { magnitude })
}

/// Whether a canonical BIGINT is also exact as a DOUBLE.
pub(crate) fn exact_in_double(value: i64) -> bool {
    value.unsigned_abs() <= EXACT_IN_DOUBLE
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn integers() {
        for (text, strict, lenient) in [
            ("0", Some(0), Some(0)),
            ("-9223372036854775808", Some(i64::MIN), Some(i64::MIN)),
            ("9223372036854775807", Some(i64::MAX), Some(i64::MAX)),
            ("9223372036854775808", None, None),
            ("007", None, Some(7)),
            ("+7", None, Some(7)),
            ("-0", None, Some(0)),
            ("7.00", None, Some(7)),
            ("7.5", None, None),
            ("7e2", None, None),
            ("", None, None),
            ("-", None, None),
            ("0x1F", None, None),
            ("1_000", None, None),
            ("٣", None, None),
        ] {
            assert_eq!((integer(text, false), integer(text, true)), (strict, lenient), "{text}");
        }
    }

    #[test]
    fn doubles() {
        for (text, strict, lenient) in [
            ("1.5", Some(1.5), Some(1.5)),
            ("-0", Some(-0.0), Some(-0.0)),
            ("1e3", Some(1000.0), Some(1000.0)),
            ("0.1234567890123456", Some(0.1234567890123456), Some(0.1234567890123456)),
            ("1.00000000000000000000", Some(1.0), Some(1.0)),
            ("9007199254740992", Some(9007199254740992.0), Some(9007199254740992.0)),
            ("9007199254740993", None, Some(9007199254740992.0)),
            ("1.234567890123456789", None, Some(1.234_567_890_123_456_7)),
            ("01.5", None, Some(1.5)),
            ("+1.5", None, Some(1.5)),
            (".5", None, Some(0.5)),
            ("5.", None, Some(5.0)),
            ("1e400", None, None),
            ("1e-400", None, None),
            ("0e-400", Some(0.0), Some(0.0)),
            ("NaN", None, None),
            ("inf", None, None),
            ("Infinity", None, None),
            ("1,5", None, None),
            ("1.5 ", None, None),
        ] {
            assert_eq!((double(text, false), double(text, true)), (strict, lenient), "{text}");
        }
        assert_eq!((float("1.5", true), float("1e39", true), float("1e-60", true)), (Some(1.5), None, None));
    }

    #[test]
    fn decimals_are_exact() {
        for (text, expected) in [
            ("12.34", Some(1234)),
            ("-12.3", Some(-1230)),
            ("12.3400", Some(1234)),
            ("12.345", None),
            ("0.005", None),
            ("1e2", Some(10000)),
            ("125e-2", Some(125)),
            ("125e-3", None),
            ("999.99", Some(99999)),
            ("1000", None),
            ("0e99999999999", Some(0)),
            ("1e99999999999", None),
            ("000012.3", Some(1230)),
            (".5", Some(50)),
            ("abc", None),
            ("", None),
        ] {
            assert_eq!(decimal(text, 5, 2), expected, "{text}");
        }
        let widest = "9".repeat(38);
        assert_eq!(decimal(&widest, 38, 0), Some(10_i128.pow(38) - 1));
        assert_eq!(decimal("0.1", 38, 18), Some(10_i128.pow(17)));
    }

    #[test]
    fn dates_are_of_the_calendar() {
        for (text, expected) in [
            ("1970-01-01", Some(0)),
            ("1969-12-31", Some(-1)),
            ("2024-02-29", Some(19782)),
            ("2023-02-30", None),
            ("2023-02-29", None),
            ("0001-01-01", Some(-719162)),
            ("9999-12-31", Some(2932896)),
            ("0000-01-01", None),
            ("2023-1-01", None),
            ("2023/01/01", None),
            ("2023-01-01 ", None),
            ("20230101", None),
            ("2023-13-01", None),
        ] {
            assert_eq!(date(text), expected, "{text}");
        }
    }

    #[test]
    fn timestamps_are_utc_microseconds() {
        for (text, expected) in [
            ("1970-01-01 00:00:01", Some(1_000_000)),
            ("1970-01-01T00:00:00.5Z", Some(500_000)),
            ("1970-01-01T00:00:00.123456", Some(123_456)),
            ("1970-01-01T00:00:00.123456000", Some(123_456)),
            ("1970-01-01T00:00:00.1234567", None),
            ("1970-01-01T02:00:00+02:00", Some(0)),
            ("1969-12-31T23:59:59.999999Z", Some(-1)),
            ("1970-01-01 00:00:00-01:30", Some(5_400_000_000)),
            ("1970-01-01", None),
            ("1970-01-01 24:00:00", None),
            ("1970-01-01 00:00:60", None),
            ("1970-01-01 00:00", None),
            ("1970-01-01 00:00:00.", None),
            ("1970-01-01 00:00:00 UTC", None),
            ("1970-01-01 00:00:00+0200", None),
            ("2023-02-30 00:00:00", None),
            ("äöü0-01-01 00:00:0", None),
        ] {
            assert_eq!(timestamp(text), expected, "{text}");
        }
    }
}
