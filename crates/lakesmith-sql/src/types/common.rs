//! What types become when they meet, and which are converted without being asked: Spark's ANSI rules.

use super::data_type::same_name;
use super::decimal::{as_decimal, widest};
use super::{DataType, Field};
use DataType::{
    Array, BigInt, Boolean, Date, Decimal, Double, Float, Int, Map, Null, SmallInt, String, Struct, Timestamp, TinyInt,
};

/// The type that both sides of `UNION`, the branches of `CASE` and the arguments of `coalesce` become. None if there is none.
///
/// A string gives way: with an integral type it becomes `BIGINT`, with another number `DOUBLE`, with any other atomic type that type.
pub fn common_type(a: &DataType, b: &DataType) -> Option<DataType> {
    match (a, b) {
        (a, b) if a == b => Some(a.clone()),
        (Null, other) | (other, Null) => Some(other.clone()),
        (String, other) | (other, String) => string_with(other),
        (Date, Timestamp) | (Timestamp, Date) => Some(Timestamp),
        (Array(a), Array(b)) => Some(Array(Box::new(common_type(a, b)?))),
        (Map(a_key, a_value), Map(b_key, b_value)) => {
            Some(Map(Box::new(common_type(a_key, b_key)?), Box::new(common_type(a_value, b_value)?)))
        }
        (Struct(a), Struct(b)) if a.len() == b.len() => {
            let field = |(a, b): (&Field, &Field)| {
                let ty = same_name(&a.name, &b.name).then(|| common_type(&a.ty, &b.ty))??;
                Some(Field { name: a.name.clone(), ty, nullable: a.nullable || b.nullable })
            };
            a.iter().zip(b).map(field).collect::<Option<_>>().map(Struct)
        }
        (a, b) if a.is_numeric() && b.is_numeric() => Some(wider_number(a, b)),
        _ => None,
    }
}

fn string_with(other: &DataType) -> Option<DataType> {
    match other {
        TinyInt | SmallInt | Int | BigInt => Some(BigInt),
        Float | Double | Decimal { .. } => Some(Double),
        Boolean | Date | Timestamp | DataType::Binary => Some(other.clone()),
        _ => None,
    }
}

fn wider_number(a: &DataType, b: &DataType) -> DataType {
    let rank = |ty: &DataType| match ty {
        TinyInt => 0,
        SmallInt => 1,
        Int => 2,
        BigInt => 3,
        Decimal { .. } => 4,
        Float => 5,
        _ => 6,
    };
    let (low, high) = if rank(a) <= rank(b) { (a, b) } else { (b, a) };
    match (low, high) {
        (Decimal { .. }, Float | Double) => Double,
        // An integral number may not fit a FLOAT exactly.
        (TinyInt | SmallInt | Int | BigInt, Float) => Double,
        (low, Decimal { .. }) => match (as_decimal(low), as_decimal(high)) {
            (Some(low), Some(high)) => widest(low, high),
            _ => Double,
        },
        (_, high) => high.clone(),
    }
}

/// Whether values of the type can be compared and ordered.
pub(crate) fn comparable(ty: &DataType) -> bool {
    match ty {
        Map(..) | DataType::Interval => false,
        Array(element) => comparable(element),
        Struct(fields) => fields.iter().all(|field| comparable(&field.ty)),
        _ => true,
    }
}

/// Whether an argument of type `from` is taken where `to` is asked for, without a cast being written.
pub(crate) fn implicit(from: &DataType, to: &DataType) -> bool {
    match (from, to) {
        (from, to) if from == to => true,
        (Null, _) => true,
        (String, to) => to.is_atomic() && *to != DataType::Interval && *to != Null,
        (from, String) => from.is_atomic() && *from != DataType::Binary && *from != DataType::Interval,
        (from, to) if from.is_numeric() && to.is_numeric() => true,
        (Date, Timestamp) | (Timestamp, Date) => true,
        (Array(from), Array(to)) => implicit(from, to),
        (Map(from_key, from_value), Map(to_key, to_value)) => implicit(from_key, to_key) && implicit(from_value, to_value),
        (Struct(from), Struct(to)) => from.len() == to.len() && from.iter().zip(to).all(|(from, to)| implicit(&from.ty, &to.ty)),
        _ => false,
    }
}

/// Whether a conversion can fail or change the value's meaning, so that it is written out as a cast where it happens.
/// Widening a number is the engine's daily bread and is not written out.
pub(crate) fn loses(from: &DataType, to: &DataType) -> bool {
    match (from, to) {
        (from, to) if from == to => false,
        (Null, _) => false,
        (from, to) if from.is_numeric() && to.is_numeric() => common_type(from, to).as_ref() != Some(to) && !matches!(to, Double),
        _ => true,
    }
}

/// Whether `CAST` from one type to the other exists at all.
pub(crate) fn castable(from: &DataType, to: &DataType) -> bool {
    match (from, to) {
        (from, to) if from == to => true,
        (Null, _) | (_, String) => true,
        (DataType::Interval, _) | (_, DataType::Interval | Null) => false,
        (String, to) => to.is_atomic(),
        (Boolean, to) => to.is_numeric(),
        (from, Boolean) => from.is_numeric(),
        (Date, Timestamp) | (Timestamp, Date) => true,
        (Timestamp, to) => to.is_numeric(),
        (from, Timestamp) => from.is_numeric(),
        (from, DataType::Binary) => from.is_integral(),
        (Array(from), Array(to)) => castable(from, to),
        (Map(from_key, from_value), Map(to_key, to_value)) => castable(from_key, to_key) && castable(from_value, to_value),
        (Struct(from), Struct(to)) => from.len() == to.len() && from.iter().zip(to).all(|(from, to)| castable(&from.ty, &to.ty)),
        (from, to) => from.is_numeric() && to.is_numeric(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_type;

    #[test]
    #[allow(clippy::unwrap_used)]
    fn types_that_meet() {
        let cases = [
            ("INT", "BIGINT", "BIGINT"),
            ("INT", "VOID", "INT"),
            ("INT", "FLOAT", "DOUBLE"),
            ("INT", "DECIMAL(5,2)", "DECIMAL(12,2)"),
            ("BIGINT", "DECIMAL(18,2)", "DECIMAL(22,2)"),
            ("DECIMAL(10,2)", "DECIMAL(8,4)", "DECIMAL(12,4)"),
            ("DECIMAL(38,10)", "DECIMAL(38,0)", "DECIMAL(38,10)"),
            ("DECIMAL(5,2)", "DOUBLE", "DOUBLE"),
            ("STRING", "INT", "BIGINT"),
            ("STRING", "DECIMAL(5,2)", "DOUBLE"),
            ("STRING", "DATE", "DATE"),
            ("DATE", "TIMESTAMP", "TIMESTAMP"),
            ("ARRAY<INT>", "ARRAY<BIGINT>", "ARRAY<BIGINT>"),
            ("STRUCT<a: INT>", "STRUCT<A: BIGINT>", "STRUCT<a: BIGINT>"),
        ];
        for (a, b, expected) in cases {
            let (a, b) = (parse_type(a).unwrap(), parse_type(b).unwrap());
            assert_eq!(common_type(&a, &b).unwrap().to_string(), expected, "{a}, {b}");
            assert_eq!(common_type(&b, &a).unwrap().to_string().to_lowercase(), expected.to_lowercase(), "{b}, {a}");
        }
        for (a, b) in [("INT", "DATE"), ("BOOLEAN", "INT"), ("ARRAY<INT>", "INT"), ("STRING", "ARRAY<INT>")] {
            assert_eq!(common_type(&parse_type(a).unwrap(), &parse_type(b).unwrap()), None, "{a}, {b}");
        }
    }
}
