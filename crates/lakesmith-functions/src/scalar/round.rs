//! `round` (HALF_UP), `bround` (HALF_EVEN), `ceil` and `floor`, on the decimal digits that a number prints with.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type, i256};
use datafusion::common::{ScalarValue, plan_err};
use datafusion::error::Result;

use super::{Args, SparkFunction};
use crate::arithmetic::overflow;
use crate::cast::{OnError, cast};
use crate::decimal::{adjusted, fit, of_integer, power_of_ten};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    HalfUp,
    HalfEven,
    Up,
    Down,
}

pub(super) fn functions() -> Vec<SparkFunction> {
    let f = SparkFunction::new;
    vec![
        f("round", (1, 2), round_type, |a| round(a, Mode::HalfUp)),
        f("bround", (1, 2), round_type, |a| round(a, Mode::HalfEven)),
        f("ceil", (1, 2), whole_type, |a| round(a, Mode::Up)),
        f("floor", (1, 2), whole_type, |a| round(a, Mode::Down)),
    ]
}

/// The number of digits that a literal second argument asks for; 0 without one.
fn digits(types: &[DataType], literals: &[Option<&ScalarValue>]) -> Result<i32> {
    if types.len() < 2 {
        return Ok(0);
    }
    let literal = literals.get(1).copied().flatten().map(|v| v.cast_to(&DataType::Int32)).transpose()?;
    match literal {
        Some(ScalarValue::Int32(Some(n))) => Ok(n),
        _ => plan_err!("the number of digits to round to is a literal"),
    }
}

fn decimal_type(precision: u8, scale: i8, to: i32) -> DataType {
    let whole = i32::from(precision) - i32::from(scale) + 1;
    let (p, s) = if to < 0 {
        adjusted(whole.max(1 - to), 0)
    } else {
        let scale = i32::from(scale).min(to);
        adjusted(whole + scale, scale)
    };
    DataType::Decimal128(p, s)
}

fn round_type(types: &[DataType], literals: &[Option<&ScalarValue>]) -> Result<DataType> {
    let to = digits(types, literals)?;
    Ok(match types.first() {
        Some(DataType::Decimal128(p, s)) => decimal_type(*p, *s, to),
        Some(t) if t.is_signed_integer() || t == &DataType::Float32 => t.clone(),
        _ => DataType::Float64,
    })
}

fn whole_type(types: &[DataType], literals: &[Option<&ScalarValue>]) -> Result<DataType> {
    let to = digits(types, literals)?;
    Ok(match (types.first(), types.len()) {
        (Some(DataType::Decimal128(p, s)), 1) => {
            let (p, _) = adjusted(i32::from(*p) - i32::from(*s) + i32::from(*s > 0), 0);
            DataType::Decimal128(p.max(1), 0)
        }
        (_, 1) => DataType::Int64,
        (Some(t), _) => match of_integer(t) {
            DataType::Decimal128(p, s) => decimal_type(p, s, to),
            // A DOUBLE counts as DECIMAL(30,15).
            _ => decimal_type(30, 15, to),
        },
        (None, _) => DataType::Int64,
    })
}

fn round(args: &Args, mode: Mode) -> Result<ArrayRef> {
    let types: Vec<DataType> = (0..args.len()).map(|i| args.data_type(i)).collect();
    let to = if args.len() < 2 {
        0
    } else {
        let n = args.primitive::<datafusion::arrow::datatypes::Int32Type>(1)?;
        if n.is_empty() || n.is_null(0) { 0 } else { n.value(0) }
    };
    match (&types[0], args.returns) {
        (DataType::Float32 | DataType::Float64, DataType::Float32 | DataType::Float64)
        | (DataType::Utf8 | DataType::Utf8View | DataType::Null, _) => {
            let x = args.primitive::<Float64Type>(0)?;
            let out: ArrayRef = Arc::new(x.unary::<_, Float64Type>(|v| round_double(v, to, mode)));
            cast(&out, args.returns, OnError::Raise)
        }
        (t, DataType::Int64) if !t.is_integer() && matches!(t, DataType::Float32 | DataType::Float64) => {
            let x = args.primitive::<Float64Type>(0)?;
            args.to_primitive::<Int64Type>(|row| {
                if x.is_null(row) {
                    return Ok(None);
                }
                let whole = if mode == Mode::Up { x.value(row).ceil() } else { x.value(row).floor() };
                if whole.is_finite() && whole.abs() < 9.3e18 { Ok(Some(whole as i64)) } else { Err(overflow(DataType::Int64)) }
            })
        }
        (t, returns) => {
            // Integers and decimals: exactly, as decimals.
            let exact = match of_integer(t) {
                decimal @ DataType::Decimal128(_, _) => decimal,
                _ => DataType::Decimal128(30, 15),
            };
            let DataType::Decimal128(_, scale) = exact else { return Err(args.wrong("takes a number")) };
            let x = args.cast(0, &exact)?;
            let x = x.as_primitive::<Decimal128Type>();
            let (target, precision) = match returns {
                DataType::Decimal128(p, s) => (*s, *p),
                _ => (0, 38),
            };
            let mut out = datafusion::arrow::array::Decimal128Builder::with_capacity(args.rows);
            for value in x {
                let rounded = value.map(|v| {
                    let rounded = round_at(i256::from_i128(v), i32::from(scale) - to, mode);
                    let moved = i32::from(target) - i32::from(scale);
                    let moved = if moved >= 0 {
                        rounded.checked_mul(power_of_ten(moved as u32))
                    } else {
                        Some(rounded.wrapping_div(power_of_ten(moved.unsigned_abs())))
                    };
                    moved.and_then(|m| fit(m, precision)).ok_or_else(|| overflow(returns.clone()))
                });
                out.append_option(rounded.transpose()?);
            }
            let out: ArrayRef = Arc::new(out.finish().with_precision_and_scale(precision, target)?);
            cast(&out, returns, OnError::Raise)
        }
    }
}

/// Rounds away the last `drop` digits of a number, leaving zeros.
fn round_at(value: i256, drop: i32, mode: Mode) -> i256 {
    if drop <= 0 {
        return value;
    }
    if drop > 75 {
        return i256::ZERO;
    }
    let unit = power_of_ten(drop as u32);
    let (quotient, rest) = (value.wrapping_div(unit), value.wrapping_rem(unit));
    let negative = value < i256::ZERO;
    let twice = rest.wrapping_abs().wrapping_mul(i256::from_i128(2));
    let odd = quotient.wrapping_rem(i256::from_i128(2)) != i256::ZERO;
    let away = match mode {
        Mode::HalfUp => twice >= unit,
        Mode::HalfEven => twice > unit || (twice == unit && odd),
        Mode::Up => !negative && rest != i256::ZERO,
        Mode::Down => negative && rest != i256::ZERO,
    };
    let step = if negative { i256::MINUS_ONE } else { i256::ONE };
    let quotient = if away { quotient.wrapping_add(step) } else { quotient };
    quotient.wrapping_mul(unit)
}

/// Rounds the shortest decimal that names the double.
fn round_double(value: f64, to: i32, mode: Mode) -> f64 {
    if !value.is_finite() {
        return value;
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let fraction = mantissa.split_once('.').map_or(0, |(_, f)| f.len() as i32);
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    // value = digits * 10^-scale
    let (Ok(digits), scale) = (digits.parse::<i128>(), fraction - exponent) else { return value };
    let drop = scale - to;
    if drop <= 0 {
        return value;
    }
    let rounded = if drop > 38 { i256::ZERO } else { round_at(i256::from_i128(digits), drop, mode) };
    format!("{rounded}e{}", -scale).parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_round_by_the_digits_they_print() {
        for (value, to, expected) in
            [(2.5, 0, 3.0), (-2.5, 0, -3.0), (0.615, 2, 0.62), (1.005, 2, 1.01), (1234.5, -2, 1200.0), (1e300, 2, 1e300)]
        {
            assert_eq!(round_double(value, to, Mode::HalfUp), expected, "{value} to {to}");
        }
        assert_eq!(round_double(2.5, 0, Mode::HalfEven), 2.0);
        assert_eq!(round_double(3.5, 0, Mode::HalfEven), 4.0);
    }
}
