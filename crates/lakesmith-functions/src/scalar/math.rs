//! Numbers: roots, logarithms, signs. Everything here is DOUBLE but `abs`.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use datafusion::arrow::datatypes::{
    ArrowNativeTypeOp, DataType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::{Args, SparkFunction, returns};
use crate::arithmetic::overflow;

pub(super) fn functions() -> Vec<SparkFunction> {
    let f = SparkFunction::new;
    vec![
        f("sqrt", (1, 1), returns::double, |a| of_double(a, |x| Some(x.sqrt()))),
        f("exp", (1, 1), returns::double, |a| of_double(a, |x| Some(x.exp()))),
        // A logarithm of what has none is NULL.
        f("ln", (1, 1), returns::double, |a| of_double(a, |x| (x > 0.0).then(|| x.ln()))),
        f("log10", (1, 1), returns::double, |a| of_double(a, |x| (x > 0.0).then(|| x.log10()))),
        f("log", (1, 2), returns::double, log),
        f("pow", (2, 2), returns::double, |a| {
            let (x, y) = (a.primitive::<Float64Type>(0)?, a.primitive::<Float64Type>(1)?);
            a.to_primitive::<Float64Type>(|row| Ok((x.is_valid(row) && y.is_valid(row)).then(|| x.value(row).powf(y.value(row)))))
        }),
        f("sign", (1, 1), returns::double, |a| of_double(a, |x| Some(if x == 0.0 || x.is_nan() { x } else { x.signum() }))),
        f("abs", (1, 1), abs_type, abs),
    ]
}

fn of_double(args: &Args, f: fn(f64) -> Option<f64>) -> Result<ArrayRef> {
    let x = args.primitive::<Float64Type>(0)?;
    args.to_primitive::<Float64Type>(|row| Ok(x.is_valid(row).then(|| f(x.value(row))).flatten()))
}

/// `log(x)` is natural, `log(base, x)` is to a base.
fn log(args: &Args) -> Result<ArrayRef> {
    if args.len() == 1 {
        return of_double(args, |x| (x > 0.0).then(|| x.ln()));
    }
    let (base, x) = (args.primitive::<Float64Type>(0)?, args.primitive::<Float64Type>(1)?);
    args.to_primitive::<Float64Type>(|row| {
        let defined = base.is_valid(row) && x.is_valid(row) && base.value(row) > 0.0 && x.value(row) > 0.0;
        Ok(defined.then(|| x.value(row).ln() / base.value(row).ln()))
    })
}

fn abs_type(types: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
    Ok(types.first().filter(|t| t.is_numeric()).cloned().unwrap_or(DataType::Float64))
}

fn abs(args: &Args) -> Result<ArrayRef> {
    fn of<T: ArrowPrimitiveType>(args: &Args) -> Result<ArrayRef>
    where
        T::Native: ArrowNativeTypeOp,
    {
        let x = args.cast(0, args.returns)?;
        let x: &PrimitiveArray<T> = x.as_primitive::<T>();
        args.to_primitive::<T>(|row| {
            if x.is_null(row) {
                return Ok(None);
            }
            let value = x.value(row);
            let positive = if value.is_lt(T::Native::ZERO) { value.neg_checked() } else { Ok(value) };
            positive.map(Some).map_err(|_| overflow(T::DATA_TYPE))
        })
    }
    match args.returns {
        DataType::Int8 => of::<Int8Type>(args),
        DataType::Int16 => of::<Int16Type>(args),
        DataType::Int32 => of::<Int32Type>(args),
        DataType::Int64 => of::<Int64Type>(args),
        DataType::Float32 => of::<Float32Type>(args),
        DataType::Decimal128(_, _) => of::<Decimal128Type>(args),
        _ => {
            let x = args.primitive::<Float64Type>(0)?;
            Ok(Arc::new(x.unary::<_, Float64Type>(f64::abs)))
        }
    }
}
