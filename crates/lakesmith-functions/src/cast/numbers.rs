//! Numbers to numbers: checked, towards zero for integers, HALF_UP for decimals.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Decimal128Array};
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Float32Type, Float64Type, i256};
use datafusion::error::Result;

use super::{OnError, double_text, engine, failure, map, primitive};
use crate::decimal;

/// Casts between number types; a BOOLEAN counts as 1 or 0.
pub(super) fn cast(array: &ArrayRef, to: &DataType, on_error: OnError) -> Result<ArrayRef> {
    let failed = || failure(array.data_type(), to);
    match (array.data_type(), to) {
        (DataType::Decimal128(_, s), DataType::Float64) => {
            let s = *s;
            primitive(map::<Decimal128Type, Float64Type>(array, on_error, failed, |v| Some(decimal::to_f64(v, s))))
        }
        (DataType::Decimal128(_, s), DataType::Float32) => {
            let s = *s;
            primitive(map::<Decimal128Type, Float32Type>(array, on_error, failed, |v| Some(decimal::to_f64(v, s) as f32)))
        }
        (DataType::Decimal128(_, s), DataType::Decimal128(precision, scale)) => {
            let s = *s;
            let out = map::<Decimal128Type, Decimal128Type>(array, on_error, failed, |v| {
                decimal::rescale(i256::from_i128(v), s, *scale, *precision)
            })?;
            with_type(out, *precision, *scale)
        }
        (DataType::Float64, DataType::Decimal128(precision, scale)) => {
            // The decimal of the shortest text that names the double, as Java's BigDecimal.valueOf.
            let out = map::<Float64Type, Decimal128Type>(array, on_error, failed, |v| {
                v.is_finite().then(|| decimal::parse(&double_text(v), *precision, *scale)).flatten()
            })?;
            with_type(out, *precision, *scale)
        }
        (DataType::Float32, DataType::Decimal128(precision, scale)) => {
            let out = map::<Float32Type, Decimal128Type>(array, on_error, failed, |v| {
                v.is_finite().then(|| decimal::parse(&double_text(f64::from(v)), *precision, *scale)).flatten()
            })?;
            with_type(out, *precision, *scale)
        }
        (DataType::Boolean, DataType::Decimal128(_, _)) => super::cast(&engine(array, &DataType::Int32, on_error)?, to, on_error),
        // Arrow's integers are checked and its fractions are cut off, as Spark's.
        _ => {
            if let DataType::Float64 | DataType::Float32 = array.data_type()
                && to.is_integer()
                && on_error == OnError::Raise
                && has_nan(array)
            {
                return Err(failed());
            }
            engine(array, to, on_error)
        }
    }
}

fn has_nan(array: &ArrayRef) -> bool {
    match array.data_type() {
        DataType::Float64 => array.as_primitive::<Float64Type>().iter().flatten().any(f64::is_nan),
        _ => array.as_primitive::<Float32Type>().iter().flatten().any(f32::is_nan),
    }
}

fn with_type(array: Decimal128Array, precision: u8, scale: i8) -> Result<ArrayRef> {
    Ok(Arc::new(array.with_precision_and_scale(precision, scale)?))
}
