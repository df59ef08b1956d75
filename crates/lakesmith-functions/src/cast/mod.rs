//! `CAST` and `TRY_CAST` with Spark's rules (ANSI).
//!
//! In: a column of any type Delta can store. Out: the same rows in the other type; a value that does not convert is an
//! error, or NULL under `TRY_CAST`. Strings are read in UTC where they name no zone. The error names both types and no
//! value.

mod from_string;
mod function;
mod nested;
mod numbers;
mod to_string;

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray, new_null_array};
use datafusion::arrow::compute::cast_with_options;
use datafusion::arrow::compute::kernels::cast::CastOptions;
use datafusion::arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use datafusion::error::{DataFusionError, Result};

pub(crate) use from_string::offset;
pub(crate) use function::SparkCast;
pub(crate) use to_string::{date_text, double_text, strings, timestamp_text};

use crate::types::{spark_name, timestamp};

/// What becomes of a value that does not convert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum OnError {
    /// The query fails.
    Raise,
    /// NULL.
    Null,
}

/// A day in microseconds.
pub(crate) const DAY: i64 = 86_400_000_000;

/// `TRY_CAST` of a column: what does not convert is NULL.
///
/// # Errors
/// Two types between which there is no cast.
pub fn try_cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    cast(array, to, OnError::Null)
}

/// Casts a column.
pub(crate) fn cast(array: &ArrayRef, to: &DataType, on_error: OnError) -> Result<ArrayRef> {
    let from = array.data_type();
    if from == to {
        return Ok(array.clone());
    }
    if from.is_null() {
        return Ok(new_null_array(to, array.len()));
    }
    if let Some(plain) = normal(array)? {
        return cast(&plain, to, on_error);
    }
    let failed = || failure(from, to);
    match (from, to) {
        (_, DataType::Utf8) => Ok(Arc::new(strings(array)?)),
        (DataType::Utf8, _) => from_string::cast(array.as_string::<i32>(), to, on_error),
        (f, DataType::Boolean) if f.is_numeric() => {
            let number = cast(array, &DataType::Float64, on_error)?;
            Ok(Arc::new(number.as_primitive::<Float64Type>().iter().map(|v| v.map(|v| v != 0.0)).collect::<BooleanArray>()))
        }
        (f, t) if (f.is_numeric() || f == &DataType::Boolean) && t.is_numeric() => numbers::cast(array, to, on_error),
        (DataType::Date32, DataType::Timestamp(_, _)) => {
            map::<Date32Type, TimestampMicrosecondType>(array, on_error, failed, |d| i64::from(d).checked_mul(DAY))
                .map(|a| Arc::new(a.with_timezone("UTC")) as ArrayRef)
        }
        (DataType::Timestamp(_, _), DataType::Date32) => {
            primitive(map::<TimestampMicrosecondType, Date32Type>(array, on_error, failed, |t| {
                i32::try_from(t.div_euclid(DAY)).ok()
            }))
        }
        (DataType::Timestamp(_, _), DataType::Timestamp(_, _)) => engine(array, to, on_error),
        (DataType::Timestamp(_, _), t) if t.is_integer() => {
            let seconds: ArrayRef = primitive(map::<TimestampMicrosecondType, Int64Type>(array, on_error, failed, |t| {
                Some(t.div_euclid(1_000_000))
            }))?;
            cast(&seconds, to, on_error)
        }
        (DataType::Timestamp(_, _), t) if t.is_numeric() => {
            let seconds: ArrayRef =
                primitive(map::<TimestampMicrosecondType, Float64Type>(array, on_error, failed, |t| Some(t as f64 / 1e6)))?;
            cast(&seconds, to, on_error)
        }
        (f, DataType::Timestamp(_, _)) if f.is_numeric() => seconds_to_timestamp(array, on_error),
        (DataType::List(_), DataType::List(_))
        | (DataType::Struct(_), DataType::Struct(_))
        | (DataType::Map(_, _), DataType::Map(_, _)) => nested::cast(array, to, on_error),
        _ => engine(array, to, on_error),
    }
}

/// Whole seconds, or a fraction of them, since 1970.
fn seconds_to_timestamp(array: &ArrayRef, on_error: OnError) -> Result<ArrayRef> {
    let to = timestamp();
    let failed = || failure(array.data_type(), &to);
    let out = if array.data_type().is_integer() {
        let seconds = cast(array, &DataType::Int64, on_error)?;
        map::<Int64Type, TimestampMicrosecondType>(&seconds, on_error, failed, |s| s.checked_mul(1_000_000))?
    } else {
        let seconds = cast(array, &DataType::Float64, on_error)?;
        map::<Float64Type, TimestampMicrosecondType>(&seconds, on_error, failed, |s| {
            let micros = s * 1e6;
            (micros.is_finite() && micros.abs() < i64::MAX as f64).then_some(micros as i64)
        })?
    };
    Ok(Arc::new(out.with_timezone("UTC")))
}

/// The column in the representation that the casts are written for, if it is in another one.
fn normal(array: &ArrayRef) -> Result<Option<ArrayRef>> {
    let to = match array.data_type() {
        DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
        DataType::Dictionary(_, value) => value.as_ref().clone(),
        DataType::Timestamp(_, _) if array.data_type() != &timestamp() => timestamp(),
        DataType::Date64 => DataType::Date32,
        DataType::UInt8 => DataType::Int16,
        DataType::UInt16 => DataType::Int32,
        DataType::UInt32 | DataType::UInt64 => DataType::Int64,
        DataType::LargeList(f) | DataType::FixedSizeList(f, _) | DataType::ListView(f) => DataType::List(f.clone()),
        DataType::LargeBinary | DataType::BinaryView => DataType::Binary,
        DataType::Decimal32(p, s) | DataType::Decimal64(p, s) => DataType::Decimal128(*p, *s),
        _ => return Ok(None),
    };
    engine(array, &to, OnError::Raise).map(Some)
}

/// Arrow's own cast, where its answer is Spark's.
fn engine(array: &ArrayRef, to: &DataType, on_error: OnError) -> Result<ArrayRef> {
    let options = CastOptions { safe: on_error == OnError::Null, ..CastOptions::default() };
    cast_with_options(array, to, &options).map_err(|_| failure(array.data_type(), to))
}

/// The error of a value that does not convert.
pub(crate) fn failure(from: &DataType, to: &DataType) -> DataFusionError {
    DataFusionError::Execution(format!(
        "[CAST_INVALID_INPUT] a {} cannot be cast to {}; try_cast gives NULL instead",
        spark_name(from).to_uppercase(),
        spark_name(to).to_uppercase()
    ))
}

fn primitive<T: ArrowPrimitiveType>(array: Result<PrimitiveArray<T>>) -> Result<ArrayRef> {
    array.map(|a| Arc::new(a) as ArrayRef)
}

/// Converts value by value; `None` is a value that does not convert.
fn map<F: ArrowPrimitiveType, T: ArrowPrimitiveType>(
    array: &ArrayRef,
    on_error: OnError,
    failed: impl Fn() -> DataFusionError,
    convert: impl Fn(F::Native) -> Option<T::Native>,
) -> Result<PrimitiveArray<T>> {
    let array = array.as_primitive::<F>();
    let mut out = PrimitiveArray::<T>::builder(array.len());
    for value in array {
        match value.map(&convert) {
            None => out.append_null(),
            Some(Some(converted)) => out.append_value(converted),
            Some(None) if on_error == OnError::Null => out.append_null(),
            Some(None) => return Err(failed()),
        }
    }
    Ok(out.finish())
}

/// The texts of a column as Spark prints it: doubles as Java, timestamps in UTC, `[1, 2]`, `{a, b}`, `{k -> v}`.
///
/// Errors: a type that Spark does not have.
pub fn print(column: &ArrayRef) -> Result<datafusion::arrow::array::StringArray> {
    strings(column)
}
