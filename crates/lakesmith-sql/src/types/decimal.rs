//! Result types of decimal arithmetic: exact as long as 38 digits suffice, then at the cost of digits behind the point.

use super::DataType;
use sqlparser::ast::BinaryOperator;

/// The digits of a decimal type, or of the decimal that holds every value of an integral type.
pub(crate) fn as_decimal(ty: &DataType) -> Option<(u8, u8)> {
    match ty {
        DataType::TinyInt => Some((3, 0)),
        DataType::SmallInt => Some((5, 0)),
        DataType::Int => Some((10, 0)),
        DataType::BigInt => Some((20, 0)),
        DataType::Decimal { precision, scale } => Some((*precision, *scale)),
        _ => None,
    }
}

/// The decimal that holds the values of both. More than 38 digits are cut off at the top: the scale is kept.
pub(super) fn widest((p1, s1): (u8, u8), (p2, s2): (u8, u8)) -> DataType {
    let scale = s1.max(s2);
    DataType::decimal((p1 - s1).max(p2 - s2) + scale, scale)
}

/// The type of `a op b` for `+ - * / %` of decimals with these digits.
pub(crate) fn arithmetic(op: &BinaryOperator, (p1, s1): (u8, u8), (p2, s2): (u8, u8)) -> DataType {
    let (p1, s1, p2, s2) = (i32::from(p1), i32::from(s1), i32::from(p2), i32::from(s2));
    let (precision, scale) = match op {
        BinaryOperator::Multiply => (p1 + p2 + 1, s1 + s2),
        BinaryOperator::Divide => {
            let scale = 6.max(s1 + p2 + 1);
            (p1 - s1 + s2 + scale, scale)
        }
        BinaryOperator::Modulo => ((p1 - s1).min(p2 - s2) + s1.max(s2), s1.max(s2)),
        _ => (s1.max(s2) + (p1 - s1).max(p2 - s2) + 1, s1.max(s2)),
    };
    adjusted(precision, scale)
}

/// Fits a type into 38 digits: the digits before the point win, but six behind it are kept.
fn adjusted(precision: i32, scale: i32) -> DataType {
    let (precision, scale) =
        if precision <= 38 { (precision, scale) } else { (38, (38 - (precision - scale)).max(scale.min(6))) };
    let byte = |number: i32| u8::try_from(number).unwrap_or_default();
    DataType::decimal(byte(precision), byte(scale))
}

#[cfg(test)]
mod tests {
    use super::*;
    use BinaryOperator::{Divide, Minus, Modulo, Multiply, Plus};

    #[test]
    fn results_are_sparks() {
        let cases = [
            (Plus, (18, 2), (18, 2), "DECIMAL(19,2)"),
            (Minus, (5, 2), (10, 4), "DECIMAL(11,4)"),
            (Multiply, (18, 2), (10, 0), "DECIMAL(29,2)"),
            (Multiply, (38, 20), (38, 20), "DECIMAL(38,6)"),
            (Divide, (18, 2), (18, 2), "DECIMAL(38,20)"),
            (Divide, (38, 10), (38, 10), "DECIMAL(38,6)"),
            (Divide, (5, 2), (3, 1), "DECIMAL(10,6)"),
            (Modulo, (18, 2), (5, 3), "DECIMAL(5,3)"),
            (Plus, (38, 0), (38, 0), "DECIMAL(38,0)"),
        ];
        for (op, a, b, expected) in cases {
            assert_eq!(arithmetic(&op, a, b).to_string(), expected, "{a:?} {op} {b:?}");
        }
    }
}
