//! The cells of Arrow rows, as every format shows them.
//!
//! A cell is a JSON value, so that a table, a CSV file and a JSON array never disagree on what a value is:
//!
//! | Spark type | cell |
//! | --- | --- |
//! | BOOLEAN, TINYINT … BIGINT, FLOAT, DOUBLE | boolean, number; `"NaN"`, `"Infinity"`, `"-Infinity"` |
//! | DECIMAL | string with all digits of its scale, since a JSON number would lose some |
//! | DATE, TIMESTAMP | string, `2025-01-31`, `2025-01-31T08:30:00Z` with microseconds where there are any |
//! | BINARY | string of hexadecimal digits |
//! | ARRAY, STRUCT, MAP | array, object, object with the keys as text |
//! | any other | Arrow's own words |
//!
//! NULL is null.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    DecimalType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow::temporal_conversions::{as_date, as_datetime};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{NaiveDateTime, Timelike};
use serde_json::{Map, Value};
use std::fmt::Write;

/// The cell at `row` of a column.
pub(crate) fn cell(column: &dyn Array, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    match column.data_type() {
        DataType::Null => Value::Null,
        DataType::Boolean => column.as_boolean().value(row).into(),
        DataType::Int8 => primitive::<Int8Type>(column, row).into(),
        DataType::Int16 => primitive::<Int16Type>(column, row).into(),
        DataType::Int32 => primitive::<Int32Type>(column, row).into(),
        DataType::Int64 => primitive::<Int64Type>(column, row).into(),
        DataType::UInt8 => primitive::<UInt8Type>(column, row).into(),
        DataType::UInt16 => primitive::<UInt16Type>(column, row).into(),
        DataType::UInt32 => primitive::<UInt32Type>(column, row).into(),
        DataType::UInt64 => primitive::<UInt64Type>(column, row).into(),
        DataType::Float16 => single(primitive::<Float16Type>(column, row).to_f32()),
        DataType::Float32 => single(primitive::<Float32Type>(column, row)),
        DataType::Float64 => double(primitive::<Float64Type>(column, row)),
        DataType::Decimal32(precision, scale) => decimal::<Decimal32Type>(column, row, *precision, *scale),
        DataType::Decimal64(precision, scale) => decimal::<Decimal64Type>(column, row, *precision, *scale),
        DataType::Decimal128(precision, scale) => decimal::<Decimal128Type>(column, row, *precision, *scale),
        DataType::Decimal256(precision, scale) => decimal::<Decimal256Type>(column, row, *precision, *scale),
        DataType::Utf8 => column.as_string::<i32>().value(row).into(),
        DataType::LargeUtf8 => column.as_string::<i64>().value(row).into(),
        DataType::Utf8View => column.as_string_view().value(row).into(),
        DataType::Binary => hex(column.as_binary::<i32>().value(row)),
        DataType::LargeBinary => hex(column.as_binary::<i64>().value(row)),
        DataType::BinaryView => hex(column.as_binary_view().value(row)),
        DataType::FixedSizeBinary(_) => hex(column.as_fixed_size_binary().value(row)),
        DataType::Date32 => date(as_date::<Date32Type>(primitive::<Date32Type>(column, row).into()), column, row),
        DataType::Date64 => date(as_date::<Date64Type>(primitive::<Date64Type>(column, row)), column, row),
        DataType::Timestamp(TimeUnit::Second, _) => timestamp::<TimestampSecondType>(column, row),
        DataType::Timestamp(TimeUnit::Millisecond, _) => timestamp::<TimestampMillisecondType>(column, row),
        DataType::Timestamp(TimeUnit::Microsecond, _) => timestamp::<TimestampMicrosecondType>(column, row),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => timestamp::<TimestampNanosecondType>(column, row),
        DataType::List(_) => list(&column.as_list::<i32>().value(row)),
        DataType::LargeList(_) => list(&column.as_list::<i64>().value(row)),
        DataType::FixedSizeList(..) => list(&column.as_fixed_size_list().value(row)),
        DataType::ListView(_) => list(&column.as_list_view::<i32>().value(row)),
        DataType::LargeListView(_) => list(&column.as_list_view::<i64>().value(row)),
        DataType::Struct(fields) => {
            let columns = column.as_struct().columns();
            fields
                .iter()
                .zip(columns)
                .map(|(field, column)| (field.name().clone(), cell(column, row)))
                .collect::<Map<_, _>>()
                .into()
        }
        DataType::Map(..) => {
            let entries = column.as_map().value(row);
            let (keys, values) = (entries.column(0), entries.column(1));
            (0..entries.len()).map(|n| (words(&cell(keys, n)), cell(values, n))).collect::<Map<_, _>>().into()
        }
        DataType::Dictionary(..) => {
            let dictionary = column.as_any_dictionary();
            dictionary.normalized_keys().get(row).map_or(Value::Null, |key| cell(dictionary.values(), *key))
        }
        _ => in_arrows_words(column, row),
    }
}

/// A cell as plain text: nested values as JSON, NULL as nothing.
pub(crate) fn words(cell: &Value) -> String {
    match cell {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn primitive<T: ArrowPrimitiveType>(column: &dyn Array, row: usize) -> T::Native {
    column.as_primitive::<T>().value(row)
}

/// The shortest number that reads back as the same FLOAT: 0.1, not 0.10000000149.
fn single(value: f32) -> Value {
    match value.is_finite().then(|| value.to_string().parse()) {
        Some(Ok(shortest)) => double(shortest),
        _ => double(value.into()),
    }
}

fn double(value: f64) -> Value {
    match value {
        v if v.is_nan() => "NaN".into(),
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        v => v.into(),
    }
}

fn decimal<T: DecimalType>(column: &dyn Array, row: usize, precision: u8, scale: i8) -> Value {
    T::format_decimal(primitive::<T>(column, row), precision, scale).into()
}

fn hex(bytes: &[u8]) -> Value {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text.into()
}

fn date(day: Option<chrono::NaiveDate>, column: &dyn Array, row: usize) -> Value {
    day.map_or_else(|| in_arrows_words(column, row), |day| day.format("%Y-%m-%d").to_string().into())
}

fn timestamp<T: ArrowPrimitiveType<Native = i64>>(column: &dyn Array, row: usize) -> Value {
    let instant: Option<NaiveDateTime> = as_datetime::<T>(primitive::<T>(column, row));
    match instant {
        Some(instant) => self::instant(instant).into(),
        None => primitive::<T>(column, row).to_string().into(),
    }
}

/// An instant in UTC: `2025-01-31T08:30:00Z`, with microseconds where there are any, and nanoseconds likewise.
pub(crate) fn instant(instant: NaiveDateTime) -> String {
    let seconds = instant.format("%Y-%m-%dT%H:%M:%S");
    match instant.nanosecond() {
        0 => format!("{seconds}Z"),
        nanos if nanos % 1000 == 0 => format!("{seconds}.{:06}Z", nanos / 1000),
        nanos => format!("{seconds}.{nanos:09}Z"),
    }
}

fn list(elements: &ArrayRef) -> Value {
    (0..elements.len()).map(|n| cell(elements, n)).collect()
}

fn in_arrows_words(column: &dyn Array, row: usize) -> Value {
    match ArrayFormatter::try_new(column, &FormatOptions::default()) {
        Ok(formatter) => formatter.value(row).try_to_string().map_or(Value::Null, Value::from),
        Err(_) => Value::Null,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
