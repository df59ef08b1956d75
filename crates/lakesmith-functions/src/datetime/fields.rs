//! `year(d)`, `hour(t)` and their like: one field of a DATE or TIMESTAMP, as INT.

use chrono::{Datelike, NaiveDate};
use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int32Type, TimestampMicrosecondType};
use datafusion::error::Result;

use super::calendar::date;
use crate::cast::DAY;
use crate::scalar::{Args, SparkFunction, returns};

pub(super) fn functions() -> Vec<SparkFunction> {
    let field = |name, eval| SparkFunction::new(name, (1, 1), returns::int, eval);
    vec![
        field("year", |a| of_date(a, |d| d.year())),
        field("quarter", |a| of_date(a, |d| d.month0() as i32 / 3 + 1)),
        field("month", |a| of_date(a, |d| d.month() as i32)),
        field("day", |a| of_date(a, |d| d.day() as i32)),
        // Sunday is 1.
        field("dayofweek", |a| of_date(a, |d| d.weekday().num_days_from_sunday() as i32 + 1)),
        // Monday is 0.
        field("weekday", |a| of_date(a, |d| d.weekday().num_days_from_monday() as i32)),
        // Monday is 1.
        field("isodow", |a| of_date(a, |d| d.weekday().number_from_monday() as i32)),
        field("dayofyear", |a| of_date(a, |d| d.ordinal() as i32)),
        field("weekofyear", |a| of_date(a, |d| d.iso_week().week() as i32)),
        field("hour", |a| of_time(a, |s| s / 3600)),
        field("minute", |a| of_time(a, |s| s / 60 % 60)),
        field("second", |a| of_time(a, |s| s % 60)),
        SparkFunction::new(
            "extract_second",
            (1, 1),
            |_, _| Ok(DataType::Decimal128(8, 6)),
            |a| {
                let time = a.primitive::<TimestampMicrosecondType>(0)?;
                a.to_primitive::<Decimal128Type>(|row| {
                    Ok(time.is_valid(row).then(|| i128::from(time.value(row).rem_euclid(60_000_000))))
                })
            },
        ),
    ]
}

fn of_date(args: &Args, field: fn(NaiveDate) -> i32) -> Result<ArrayRef> {
    let days = args.primitive::<Date32Type>(0)?;
    args.to_primitive::<Int32Type>(|row| Ok(days.is_valid(row).then(|| date(days.value(row)).map(field)).flatten()))
}

/// `field` takes the second of the day.
fn of_time(args: &Args, field: fn(i64) -> i64) -> Result<ArrayRef> {
    let time = args.primitive::<TimestampMicrosecondType>(0)?;
    args.to_primitive::<Int32Type>(|row| {
        Ok(time.is_valid(row).then(|| field(time.value(row).rem_euclid(DAY) / 1_000_000) as i32))
    })
}
