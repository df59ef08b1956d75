//! Results that no type variable can tell.

use crate::DataType;
use crate::types::{arithmetic, as_decimal, common_type};
use sqlparser::ast::BinaryOperator;

/// The type of a function's result by its rule's name (`@sum` in the table). `digits`: a literal last argument.
pub(crate) fn rule(name: &str, arguments: &[DataType], digits: Option<i32>) -> DataType {
    let first = arguments.first().cloned().unwrap_or(DataType::Null);
    let second = arguments.get(1).cloned().unwrap_or(DataType::Null);
    match (name, &first) {
        ("same" | "first", _) => first,
        ("sum", DataType::Decimal { precision, scale }) => DataType::decimal(precision + 10, *scale),
        ("sum", ty) if ty.is_integral() => DataType::BigInt,
        ("avg", DataType::Decimal { precision, scale }) => DataType::decimal(precision + 4, scale + 4),
        ("sum" | "avg", _) => DataType::Double,
        ("ceil", DataType::Decimal { precision, scale }) => DataType::decimal(precision - scale + u8::from(*scale > 0), 0),
        ("ceil", _) => DataType::BigInt,
        ("round", DataType::Decimal { precision, scale }) => rounded(*precision, *scale, digits.unwrap_or(0)),
        ("round", _) => first,
        ("sequence", _) => DataType::Array(Box::new(common_type(&first, &second).unwrap_or(DataType::BigInt))),
        ("divide", _) => operator(&BinaryOperator::Divide, &first, &second),
        ("add", _) => operator(&BinaryOperator::Plus, &first, &second),
        ("multiply", _) => operator(&BinaryOperator::Multiply, &first, &second),
        ("remainder", _) => operator(&BinaryOperator::Modulo, &first, &second),
        _ => DataType::Null,
    }
}

/// The type of `a op b` for numbers.
pub(crate) fn operator(op: &BinaryOperator, a: &DataType, b: &DataType) -> DataType {
    match (as_decimal(a), as_decimal(b)) {
        (Some(left), Some(right)) if !(a.is_integral() && b.is_integral()) => arithmetic(op, left, right),
        _ if *op == BinaryOperator::Divide => DataType::Double,
        _ => common_type(a, b).filter(DataType::is_numeric).unwrap_or(DataType::Double),
    }
}

fn rounded(precision: u8, scale: u8, digits: i32) -> DataType {
    let whole = i32::from(precision - scale) + 1;
    let byte = |number: i32| u8::try_from(number.clamp(0, 38)).unwrap_or_default();
    if digits < 0 {
        return DataType::decimal(byte(whole.max(1 - digits)), 0);
    }
    let kept = i32::from(scale).min(digits);
    DataType::decimal(byte(whole + kept), byte(kept))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::parse_type;

    #[test]
    fn results_are_sparks() {
        let cases = [
            ("sum", "INT", None, "BIGINT"),
            ("sum", "DECIMAL(18,2)", None, "DECIMAL(28,2)"),
            ("sum", "DECIMAL(35,2)", None, "DECIMAL(38,2)"),
            ("sum", "FLOAT", None, "DOUBLE"),
            ("avg", "DECIMAL(18,2)", None, "DECIMAL(22,6)"),
            ("avg", "BIGINT", None, "DOUBLE"),
            ("ceil", "DECIMAL(10,2)", None, "DECIMAL(9,0)"),
            ("ceil", "DOUBLE", None, "BIGINT"),
            ("round", "DECIMAL(18,4)", Some(2), "DECIMAL(17,2)"),
            ("round", "DECIMAL(18,4)", None, "DECIMAL(15,0)"),
            ("round", "DECIMAL(5,2)", Some(-1), "DECIMAL(4,0)"),
            ("round", "INT", Some(-1), "INT"),
        ];
        for (name, ty, digits, expected) in cases {
            assert_eq!(rule(name, &[parse_type(ty).unwrap()], digits).to_string(), expected, "{name}({ty})");
        }
    }
}
