//! The types of literals.

use super::resolver::Typed;
use crate::{DataType, SqlError};
use sqlparser::ast::Value;

/// The type of a literal.
pub(super) fn literal(value: &Value) -> Result<Typed, SqlError> {
    Ok(match value {
        Value::Number(digits, long) => number(digits, *long)?,
        Value::SingleQuotedString(_) => Typed::new(DataType::String, false),
        Value::HexStringLiteral(_) => Typed::new(DataType::Binary, false),
        Value::Boolean(_) => Typed::new(DataType::Boolean, false),
        Value::Null => Typed::new(DataType::Null, true),
        // A parameter takes the type that its place asks for.
        Value::Placeholder(_) => Typed::new(DataType::Null, false),
        other => return Err(SqlError::unsupported(format!("`{other}` is a literal that is not supported"))),
    })
}

/// INT if it fits, else BIGINT, else DECIMAL; with a point DECIMAL, with an exponent DOUBLE.
fn number(digits: &str, long: bool) -> Result<Typed, SqlError> {
    if let Ok(value) = digits.parse::<i64>() {
        let ty = if long || i32::try_from(value).is_err() { DataType::BigInt } else { DataType::Int };
        return Ok(Typed { number: Some(value), ..Typed::new(ty, false) });
    }
    if digits.contains(['e', 'E']) {
        if !digits.parse::<f64>().is_ok_and(f64::is_finite) {
            return Err(SqlError::new("type-mismatch", format!("`{digits}` is larger than any DOUBLE")));
        }
        return Ok(Typed::new(DataType::Double, false));
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0').len();
    match (u8::try_from(whole + fraction.len()), u8::try_from(fraction.len())) {
        (Ok(precision @ 0..=38), Ok(scale)) if !long => Ok(Typed::new(DataType::decimal(precision.max(scale), scale), false)),
        _ => Err(SqlError::new("type-mismatch", format!("`{digits}` has more digits than a number can have"))),
    }
}

/// Whether a text can be the literal of a DATE or TIMESTAMP: `yyyy[-M[-d]]`, then the time, whose form the engine checks.
pub(super) fn is_date(text: &str) -> bool {
    let date = text.trim().split([' ', 'T']).next().unwrap_or_default();
    let date = date.strip_prefix(['-', '+']).unwrap_or(date);
    let whole_year = date.split('-').next().is_some_and(|year| year.len() >= 4);
    let parts: Vec<Option<u32>> = date.split('-').map(|part| part.parse().ok()).collect();
    let possible = match parts.as_slice() {
        [Some(_)] | [Some(_), Some(1..=12)] => true,
        [Some(year), Some(month @ 1..=12), Some(day)] => (1..=days(*year, *month)).contains(day),
        _ => false,
    };
    whole_year && possible
}

fn days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::is_date;

    #[test]
    fn dates_that_exist() {
        for text in ["2024-02-29", "2024-1-5", "2024", "2024-12", "9999-12-31 00:00:00", "2024-01-01T10:00:00Z", " 2024-01-01 "] {
            assert!(is_date(text), "{text}");
        }
        for text in ["2023-02-29", "2024-13-01", "24-01-01", "", "today", "2024-00-01", "2024-01-01-01", "2024/01/01"] {
            assert!(!is_date(text), "{text}");
        }
    }
}
