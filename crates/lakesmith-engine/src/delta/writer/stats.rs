//! Statistics of a data file, gathered while it is written.
//!
//! Readers skip files by them, so a bound may be wide but never narrow:
//! - decimals keep all digits;
//! - timestamps are cut to milliseconds, downward for the minimum, upward for the maximum;
//! - text is cut to 32 characters, and the maximum made larger than all that begins like it;
//! - a column with a NaN has no bounds, an infinite bound is left out, a zero bound is -0.0 below and 0.0 above;
//! - dates outside the years 1 to 9999 give no bound.
//!
//! Booleans, binary and nested columns have no bounds, as in Delta's own writers.

use std::fmt::Write as _;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{max, max_string, min, min_string};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Schema, TimeUnit, TimestampMicrosecondType,
};

use super::super::value::{date_text, decimal_text, timestamp_text};

const TEXT_LENGTH: usize = 32;

/// Statistics of the rows seen so far.
pub(super) struct FileStats {
    rows: u64,
    columns: Vec<ColumnStats>,
}

struct ColumnStats {
    name: String,
    index: usize,
    nulls: u64,
    bounds: Bounds,
}

enum Bounds {
    Integer(Option<(i64, i64)>),
    Decimal(Option<(i128, i128)>, i8),
    Date(Option<(i64, i64)>),
    Timestamp(Option<(i64, i64)>),
    Text(Option<(String, String)>),
    Float { range: Option<(f64, f64)>, nan: bool },
    None,
}

impl FileStats {
    /// For the columns of a file's `schema` that `wanted` accepts.
    pub(super) fn new(schema: &Schema, wanted: impl Fn(usize, &str) -> bool) -> Self {
        let columns = schema
            .fields()
            .iter()
            .enumerate()
            .filter(|(index, field)| wanted(*index, field.name()))
            .filter_map(|(index, field)| {
                let bounds = bounds_for(field.data_type())?;
                Some(ColumnStats { name: field.name().clone(), index, nulls: 0, bounds })
            })
            .collect();
        Self { rows: 0, columns }
    }

    /// Adds rows with the file's schema.
    pub(super) fn update(&mut self, batch: &RecordBatch) {
        self.rows += batch.num_rows() as u64;
        for column in &mut self.columns {
            let array = batch.column(column.index);
            column.nulls += array.null_count() as u64;
            if array.null_count() < array.len() {
                column.bounds.update(array);
            }
        }
    }

    /// The JSON text for `add.stats`.
    pub(super) fn json(&self) -> String {
        let (mut mins, mut maxs, mut nulls) = (String::new(), String::new(), String::new());
        for column in &self.columns {
            let name = json_text(&column.name);
            let (min, max) = column.bounds.json();
            for (list, value) in [(&mut mins, min), (&mut maxs, max), (&mut nulls, Some(column.nulls.to_string()))] {
                if let Some(value) = value {
                    let comma = if list.is_empty() { "" } else { "," };
                    let _ = write!(list, "{comma}{name}:{value}");
                }
            }
        }
        format!(r#"{{"numRecords":{},"minValues":{{{mins}}},"maxValues":{{{maxs}}},"nullCount":{{{nulls}}}}}"#, self.rows)
    }
}

/// `None` for types that have no statistics.
fn bounds_for(data_type: &DataType) -> Option<Bounds> {
    Some(match data_type {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => Bounds::Integer(None),
        DataType::Decimal128(_, scale) => Bounds::Decimal(None, *scale),
        DataType::Date32 => Bounds::Date(None),
        DataType::Timestamp(TimeUnit::Microsecond, _) => Bounds::Timestamp(None),
        DataType::Utf8 => Bounds::Text(None),
        DataType::Float32 | DataType::Float64 => Bounds::Float { range: None, nan: false },
        DataType::Boolean => Bounds::None,
        _ => return None,
    })
}

impl Bounds {
    /// `array` has at least one value.
    fn update(&mut self, array: &ArrayRef) {
        match self {
            Self::Integer(range) => match array.data_type() {
                DataType::Int8 => widen(range, ends::<Int8Type, _>(array)),
                DataType::Int16 => widen(range, ends::<Int16Type, _>(array)),
                DataType::Int32 => widen(range, ends::<Int32Type, _>(array)),
                _ => widen(range, ends::<Int64Type, _>(array)),
            },
            Self::Decimal(range, _) => widen(range, ends::<Decimal128Type, _>(array)),
            Self::Date(range) => widen(range, ends::<Date32Type, _>(array)),
            Self::Timestamp(range) => widen(range, ends::<TimestampMicrosecondType, _>(array)),
            Self::Text(range) => {
                let array = array.as_string::<i32>();
                let (Some(low), Some(high)) = (min_string(array), max_string(array)) else {
                    return;
                };
                match range {
                    None => *range = Some((low.to_owned(), high.to_owned())),
                    Some((from, to)) => {
                        if low < from.as_str() {
                            low.clone_into(from);
                        }
                        if high > to.as_str() {
                            high.clone_into(to);
                        }
                    }
                }
            }
            Self::Float { range, nan } => {
                if array.data_type() == &DataType::Float32 {
                    floats(array.as_primitive::<Float32Type>().iter().flatten().map(f64::from), range, nan);
                } else {
                    floats(array.as_primitive::<Float64Type>().iter().flatten(), range, nan);
                }
            }
            Self::None => {}
        }
    }

    /// Minimum and maximum as JSON.
    fn json(&self) -> (Option<String>, Option<String>) {
        match self {
            Self::Integer(Some((from, to))) => (Some(from.to_string()), Some(to.to_string())),
            Self::Decimal(Some((from, to)), scale) => (Some(decimal_text(*from, *scale)), Some(decimal_text(*to, *scale))),
            Self::Date(Some((from, to))) => {
                let text = |days: i64| i32::try_from(days).ok().and_then(date_text).map(|t| json_text(&t));
                (text(*from), text(*to))
            }
            Self::Timestamp(Some((from, to))) => {
                let text =
                    |millis: i64| timestamp_text(millis.checked_mul(1000)?, "%Y-%m-%dT%H:%M:%S%.3fZ").map(|t| json_text(&t));
                let up = to.div_euclid(1000) + i64::from(to.rem_euclid(1000) > 0);
                (text(from.div_euclid(1000)), text(up))
            }
            Self::Text(Some((from, to))) => {
                let low: String = from.chars().take(TEXT_LENGTH).collect();
                (Some(json_text(&low)), upper_text(to).map(|t| json_text(&t)))
            }
            Self::Float { range: Some((from, to)), nan: false } => {
                let from = if *from == 0.0 { -0.0 } else { *from };
                let to = if *to == 0.0 { 0.0 } else { *to };
                let text = |v: f64| v.is_finite().then(|| serde_json::to_string(&v).ok()).flatten();
                (text(from), text(to))
            }
            _ => (None, None),
        }
    }
}

fn ends<T: ArrowPrimitiveType, V: From<T::Native>>(array: &ArrayRef) -> Option<(V, V)>
where
    T::Native: PartialOrd,
{
    let array = array.as_primitive::<T>();
    Some((min(array)?.into(), max(array)?.into()))
}

fn widen<V: PartialOrd>(range: &mut Option<(V, V)>, found: Option<(V, V)>) {
    let Some((low, high)) = found else { return };
    match range {
        None => *range = Some((low, high)),
        Some((from, to)) => {
            if low < *from {
                *from = low;
            }
            if high > *to {
                *to = high;
            }
        }
    }
}

fn floats(values: impl Iterator<Item = f64>, range: &mut Option<(f64, f64)>, nan: &mut bool) {
    for value in values {
        if value.is_nan() {
            *nan = true;
        } else {
            widen(range, Some((value, value)));
        }
    }
}

/// The text itself, or a short one that is larger than all texts up to it. `None` if there is none.
fn upper_text(text: &str) -> Option<String> {
    let mut rest = text.chars();
    let mut short: String = rest.by_ref().take(TEXT_LENGTH).collect();
    match rest.next() {
        None => Some(short),
        Some(char::MAX) => None,
        Some(_) => {
            short.push(char::MAX);
            Some(short)
        }
    }
}

fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int64Array, StringArray,
        TimestampMicrosecondArray,
    };
    use serde_json::{Value, json};

    use super::*;

    fn stats(array: impl Array + 'static) -> String {
        let batch = RecordBatch::try_from_iter_with_nullable([("c", Arc::new(array) as ArrayRef, true)]).unwrap();
        let mut stats = FileStats::new(batch.schema_ref(), |_, _| true);
        stats.update(&batch.slice(0, 0));
        stats.update(&batch);
        stats.json()
    }

    /// (minimum, maximum) as JSON text.
    fn range(array: impl Array + 'static) -> (Option<String>, Option<String>) {
        let parsed: super::super::super::Stats = serde_json::from_str(&stats(array)).unwrap();
        (parsed.min.get("c").map(|v| v.get().to_owned()), parsed.max.get("c").map(|v| v.get().to_owned()))
    }

    fn both(min: &str, max: &str) -> (Option<String>, Option<String>) {
        (Some(min.to_owned()), Some(max.to_owned()))
    }

    #[test]
    fn counts_and_bounds() {
        let read: Value = serde_json::from_str(&stats(Int64Array::from(vec![Some(3), None, Some(-7)]))).unwrap();
        assert_eq!(read, json!({"numRecords": 3, "minValues": {"c": -7}, "maxValues": {"c": 3}, "nullCount": {"c": 1}}));
        let nulls: Value = serde_json::from_str(&stats(Int64Array::from(vec![None::<i64>, None]))).unwrap();
        assert_eq!(nulls, json!({"numRecords": 2, "minValues": {}, "maxValues": {}, "nullCount": {"c": 2}}));
    }

    #[test]
    fn decimals_beyond_a_double_are_exact() {
        let array = Decimal128Array::from(vec![9_007_199_254_740_993, 99_999_999_999_999_999_999_999_999_999_999_999_999_i128])
            .with_precision_and_scale(38, 2)
            .unwrap();
        assert_eq!(range(array), both("90071992547409.93", "999999999999999999999999999999999999.99"));
    }

    #[test]
    fn floats_with_nan_have_no_bounds_and_zeros_have_the_wider_sign() {
        assert_eq!(range(Float64Array::from(vec![1.0, f64::NAN])), (None, None));
        assert_eq!(range(Float64Array::from(vec![0.0])), both("-0.0", "0.0"));
        assert_eq!(range(Float64Array::from(vec![-0.0])), both("-0.0", "0.0"));
        assert_eq!(range(Float64Array::from(vec![1.5, f64::INFINITY])), (Some("1.5".to_owned()), None));
        let (min, _) = range(Float32Array::from(vec![0.1_f32]));
        assert_eq!(min.unwrap().parse::<f32>().unwrap(), 0.1_f32);
    }

    #[test]
    fn timestamps_are_widened_to_milliseconds() {
        let at = |values: Vec<i64>| TimestampMicrosecondArray::from(values).with_timezone("UTC");
        assert_eq!(
            range(at(vec![1_700_000_000_123_456, 1_700_000_000_123_457])),
            both("\"2023-11-14T22:13:20.123Z\"", "\"2023-11-14T22:13:20.124Z\"")
        );
        assert_eq!(range(at(vec![-1])), both("\"1969-12-31T23:59:59.999Z\"", "\"1970-01-01T00:00:00.000Z\""));
        assert_eq!(range(at(vec![i64::MIN, i64::MAX])), (None, None));
    }

    #[test]
    fn dates() {
        assert_eq!(range(Date32Array::from(vec![0, 19_782])), both("\"1970-01-01\"", "\"2024-02-29\""));
        assert_eq!(range(Date32Array::from(vec![i32::MIN, 0])), (None, Some("\"1970-01-01\"".to_owned())));
    }

    #[test]
    fn long_texts_are_cut_and_still_bound() {
        let long = "ü".repeat(40);
        let (min, max) = range(StringArray::from(vec![long.as_str()]));
        let (min, max): (String, String) =
            (serde_json::from_str(&min.unwrap()).unwrap(), serde_json::from_str(&max.unwrap()).unwrap());
        assert_eq!(min.chars().count(), 32);
        assert!(min <= long && long <= max && max.chars().count() == 33);
        let last = format!("{}{}", "a".repeat(32), char::MAX);
        assert_eq!(range(StringArray::from(vec![last.as_str()])).1, None);
        assert_eq!(range(StringArray::from(vec!["a\"b"])), both(r#""a\"b""#, r#""a\"b""#));
    }

    #[test]
    fn booleans_are_counted_and_binary_is_left_out() {
        assert_eq!(
            stats(BooleanArray::from(vec![Some(true), None])),
            r#"{"numRecords":2,"minValues":{},"maxValues":{},"nullCount":{"c":1}}"#
        );
        assert_eq!(
            stats(BinaryArray::from(vec![b"x".as_slice()])),
            r#"{"numRecords":1,"minValues":{},"maxValues":{},"nullCount":{}}"#
        );
    }
}
