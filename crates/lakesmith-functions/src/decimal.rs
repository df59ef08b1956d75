//! Spark's decimal rules: result types (`spark.sql.decimalOperations.allowPrecisionLoss = true`), HALF_UP, 38 digits.

use datafusion::arrow::datatypes::{DataType, i256};

/// The most digits a decimal has.
pub(crate) const MAX_DIGITS: i32 = 38;
/// The digits after the point that survive when 38 are not enough.
const MIN_SCALE: i32 = 6;

/// `DECIMAL(precision, scale)` cut to 38 digits at the expense of the scale, of which six are kept.
pub(crate) fn adjusted(precision: i32, scale: i32) -> (u8, i8) {
    if precision <= MAX_DIGITS {
        return (precision as u8, scale as i8);
    }
    let whole = precision - scale;
    let scale = (MAX_DIGITS - whole).max(scale.min(MIN_SCALE));
    (MAX_DIGITS as u8, scale as i8)
}

/// `DECIMAL(precision, scale)` cut to 38 digits, keeping the scale.
pub(crate) fn bounded(precision: i32, scale: i32) -> (u8, i8) {
    (precision.min(MAX_DIGITS) as u8, scale.min(MAX_DIGITS) as i8)
}

/// The decimal that holds every value of an integer type; a decimal is its own.
pub(crate) fn of_integer(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Int8 => DataType::Decimal128(3, 0),
        DataType::Int16 => DataType::Decimal128(5, 0),
        DataType::Int32 => DataType::Decimal128(10, 0),
        DataType::Int64 => DataType::Decimal128(20, 0),
        other => other.clone(),
    }
}

/// The decimal that holds both.
pub(crate) fn common(left: &DataType, right: &DataType) -> DataType {
    match (left, right) {
        (DataType::Decimal128(p1, s1), DataType::Decimal128(p2, s2)) => {
            let (p1, s1, p2, s2) = (i32::from(*p1), i32::from(*s1), i32::from(*p2), i32::from(*s2));
            let scale = s1.max(s2);
            let (p, s) = adjusted((p1 - s1).max(p2 - s2) + scale, scale);
            DataType::Decimal128(p, s)
        }
        _ => left.clone(),
    }
}

/// `10^n`; `n` is at most 76.
pub(crate) fn power_of_ten(n: u32) -> i256 {
    i256::from_i128(10).wrapping_pow(n)
}

/// `n / d`, rounded half away from zero; `d` is positive and not zero.
pub(crate) fn divide_half_up(n: i256, d: i256) -> i256 {
    let (quotient, rest) = (n.wrapping_div(d), n.wrapping_rem(d));
    let rest = rest.wrapping_abs();
    // rest >= d - rest is 2 * rest >= d without overflow.
    if rest >= d.wrapping_sub(rest) {
        let one = if n < i256::ZERO { i256::MINUS_ONE } else { i256::ONE };
        quotient.wrapping_add(one)
    } else {
        quotient
    }
}

/// An unscaled value at another scale, HALF_UP; `None` if it has more than `precision` digits there.
pub(crate) fn rescale(value: i256, from: i8, to: i8, precision: u8) -> Option<i128> {
    let by = i32::from(to) - i32::from(from);
    let moved = if by >= 0 {
        value.checked_mul(power_of_ten(by as u32))?
    } else if by < -76 {
        i256::ZERO
    } else {
        divide_half_up(value, power_of_ten(by.unsigned_abs()))
    };
    fit(moved, precision)
}

/// The value, if it has no more than `precision` digits.
pub(crate) fn fit(value: i256, precision: u8) -> Option<i128> {
    let value = value.to_i128()?;
    (value.unsigned_abs() < 10u128.pow(u32::from(precision))).then_some(value)
}

/// Reads `-12.345e6` as an unscaled value of `DECIMAL(precision, scale)`, HALF_UP.
///
/// `None`: no number, or too large. Blanks around it have to be trimmed before.
pub(crate) fn parse(text: &str, precision: u8, scale: i8) -> Option<i128> {
    let (negative, text) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    if !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    // The value is 0.DIGITS * 10^point; `keep` digits are left of the new scale's end.
    let point = whole.len() as i64 + i64::from(exponent);
    let keep = point + i64::from(scale);
    let mut value: i128 = 0;
    let digits = || whole.bytes().chain(fraction.bytes()).map(|b| i128::from(b - b'0'));
    if keep < 0 {
        return Some(0);
    }
    let mut taken = 0i64;
    for digit in digits().take(usize::try_from(keep).ok()?) {
        value = value.checked_mul(10)?.checked_add(digit)?;
        taken += 1;
    }
    if value != 0 {
        for _ in taken..keep {
            value = value.checked_mul(10)?;
        }
    }
    if digits().nth(usize::try_from(keep).ok()?).is_some_and(|d| d >= 5) {
        value += 1;
    }
    if value.unsigned_abs() >= 10u128.pow(u32::from(precision)) {
        return None;
    }
    Some(if negative { -value } else { value })
}

/// Prints an unscaled value plainly: `123456` at scale 2 is `1234.56`.
pub(crate) fn print(value: i128, scale: i8) -> String {
    let digits = value.unsigned_abs().to_string();
    let sign = if value < 0 { "-" } else { "" };
    let scale = usize::from(scale.unsigned_abs());
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

/// The nearest DOUBLE.
pub(crate) fn to_f64(value: i128, scale: i8) -> f64 {
    // Both operands exact: one rounding, so the quotient is the nearest.
    if value.unsigned_abs() < 1 << 53 && (0..=22).contains(&scale) {
        return value as f64 / 10f64.powi(i32::from(scale));
    }
    print(value, scale).parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_decimal_is_read_with_half_up_at_its_scale() {
        assert_eq!(parse("0.615", 10, 2), Some(62));
        assert_eq!(parse("-0.615", 10, 2), Some(-62));
        assert_eq!(parse("261.96", 18, 4), Some(2_619_600));
        assert_eq!(parse("1.5e3", 10, 0), Some(1500));
        assert_eq!(parse("0.0000001", 10, 2), Some(0));
        assert_eq!(parse("999.995", 5, 2), None);
        assert_eq!(parse("1e400", 38, 0), None);
        assert_eq!(parse("", 5, 2), None);
        assert_eq!(parse(".", 5, 2), None);
        assert_eq!(parse("1x", 5, 2), None);
    }

    #[test]
    fn precision_beyond_38_costs_scale_down_to_six_digits() {
        assert_eq!(adjusted(76, 40), (38, 6));
        assert_eq!(adjusted(41, 10), (38, 7));
        assert_eq!(adjusted(39, 2), (38, 2));
        assert_eq!(adjusted(20, 4), (20, 4));
    }

    #[test]
    fn division_rounds_half_away_from_zero() {
        let divided = |n: i128, d: i128| divide_half_up(i256::from_i128(n), i256::from_i128(d)).to_i128().unwrap();
        assert_eq!(divided(5, 2), 3);
        assert_eq!(divided(-5, 2), -3);
        assert_eq!(divided(4, 3), 1);
        assert_eq!(divided(-7, 3), -2);
    }

    #[test]
    fn a_decimal_prints_plainly() {
        assert_eq!(print(5, 3), "0.005");
        assert_eq!(print(-12345, 2), "-123.45");
        assert_eq!(print(7, 0), "7");
    }
}
