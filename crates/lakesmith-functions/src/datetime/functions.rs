//! Spark's functions on dates and times.

use std::cell::RefCell;
use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Float64Type, Int32Type, Int64Type, IntervalMonthDayNanoType, TimestampMicrosecondType,
};
use datafusion::common::{ScalarValue, exec_err};
use datafusion::error::{DataFusionError, Result};

use super::calendar::{add_months, date, days, last_day};
use super::pattern::Pattern;
use crate::cast::{DAY, OnError, cast};
use crate::operators::is_string;
use crate::scalar::{Args, SparkFunction, Strings, returns};
use crate::types::timestamp;

/// All functions on dates and times.
pub(crate) fn functions() -> Vec<SparkFunction> {
    let f = SparkFunction::new;
    let mut all = super::fields::functions();
    all.extend([
        f("to_date", (1, 2), returns::date, |a| to_date(a, OnError::Raise)),
        f("try_to_date", (1, 2), returns::date, |a| to_date(a, OnError::Null)),
        f("to_timestamp", (1, 2), returns::timestamp, |a| to_timestamp(a, OnError::Raise)),
        f("try_to_timestamp", (1, 2), returns::timestamp, |a| to_timestamp(a, OnError::Null)),
        f("date_format", (2, 2), returns::string, date_format),
        f("unix_timestamp", (1, 2), returns::bigint, unix_timestamp),
        f("from_unixtime", (1, 2), returns::string, from_unixtime),
        f("date_add", (2, 2), returns::date, |a| shift_days(a, 1)),
        f("date_sub", (2, 2), returns::date, |a| shift_days(a, -1)),
        f("datediff", (2, 2), returns::int, datediff),
        f("add_months", (2, 2), returns::date, |a| {
            let (day, months) = (a.primitive::<Date32Type>(0)?, a.primitive::<Int32Type>(1)?);
            a.to_primitive::<Date32Type>(|row| {
                match (day.is_valid(row) && months.is_valid(row)).then(|| add_months(day.value(row), months.value(row))) {
                    Some(None) => Err(out_of_range()),
                    found => Ok(found.flatten()),
                }
            })
        }),
        f("months_between", (2, 3), returns::double, months_between),
        f("last_day", (1, 1), returns::date, |a| {
            let day = a.primitive::<Date32Type>(0)?;
            a.to_primitive::<Date32Type>(|row| {
                Ok(day.is_valid(row).then(|| date(day.value(row)).and_then(last_day).map(days)).flatten())
            })
        }),
        f("next_day", (2, 2), returns::date, next_day),
        f("date_trunc", (2, 2), returns::timestamp, date_trunc),
        f("trunc", (2, 2), returns::date, trunc),
        f("make_date", (3, 3), returns::date, make_date),
        f("add_interval", (2, 2), plus_interval, |a| shift_interval(a, 1)),
        f("subtract_interval", (2, 2), plus_interval, |a| shift_interval(a, -1)),
    ]);
    all
}

/// The patterns of one batch, compiled once each.
#[derive(Default)]
struct Patterns(RefCell<HashMap<String, std::rc::Rc<Pattern>>>);

impl Patterns {
    fn get(&self, text: &str) -> Result<std::rc::Rc<Pattern>> {
        if let Some(found) = self.0.borrow().get(text) {
            return Ok(found.clone());
        }
        let compiled = std::rc::Rc::new(Pattern::compile(text)?);
        self.0.borrow_mut().insert(text.to_owned(), compiled.clone());
        Ok(compiled)
    }
}

fn out_of_range() -> DataFusionError {
    DataFusionError::Execution("[DATETIME_OVERFLOW] a date is outside the calendar".into())
}

/// The instant of each text by its pattern; `None`: the text or the pattern is NULL, or the text does not follow it.
fn parsed(args: &Args, on_error: OnError) -> Result<Vec<Option<i64>>> {
    let (texts, patterns) = (args.strings(0)?, args.strings(1)?);
    let compiled = Patterns::default();
    (0..args.rows)
        .map(|row| {
            let (Some(text), Some(pattern)) = (texts.get(row), patterns.get(row)) else { return Ok(None) };
            match compiled.get(pattern)?.parse(text) {
                None if on_error == OnError::Raise => exec_err!(
                    "[CANNOT_PARSE_TIMESTAMP] a text does not follow the pattern '{pattern}'; the try_ functions give NULL instead"
                ),
                found => Ok(found),
            }
        })
        .collect()
}

fn to_date(args: &Args, on_error: OnError) -> Result<ArrayRef> {
    if args.len() == 1 || !is_string(&args.data_type(0)) {
        return cast(&args.array(0)?, &DataType::Date32, on_error);
    }
    let instants = parsed(args, on_error)?;
    args.to_primitive::<Date32Type>(|row| Ok(instants[row].map(|t| t.div_euclid(DAY) as i32)))
}

fn to_timestamp(args: &Args, on_error: OnError) -> Result<ArrayRef> {
    if args.len() == 1 || !is_string(&args.data_type(0)) {
        return cast(&args.array(0)?, &timestamp(), on_error);
    }
    let instants = parsed(args, on_error)?;
    args.to_primitive::<TimestampMicrosecondType>(|row| Ok(instants[row]))
}

fn formatted(args: &Args, instant: impl Fn(usize) -> Result<Option<i64>>, patterns: &Strings) -> Result<ArrayRef> {
    let compiled = Patterns::default();
    args.to_strings(|row| {
        let (Some(instant), Some(pattern)) = (instant(row)?, patterns.get(row)) else { return Ok(None) };
        compiled.get(pattern)?.format(instant).map(Some).ok_or_else(out_of_range)
    })
}

fn date_format(args: &Args) -> Result<ArrayRef> {
    let instant = args.primitive::<TimestampMicrosecondType>(0)?;
    formatted(args, |row| Ok(instant.is_valid(row).then(|| instant.value(row))), &args.strings(1)?)
}

fn from_unixtime(args: &Args) -> Result<ArrayRef> {
    let seconds = args.primitive::<Int64Type>(0)?;
    let default = Strings::One(Some("yyyy-MM-dd HH:mm:ss".into()));
    let patterns = if args.len() > 1 { args.strings(1)? } else { default };
    let instant = |row| {
        if seconds.is_null(row) {
            return Ok(None);
        }
        seconds.value(row).checked_mul(1_000_000).map(Some).ok_or_else(out_of_range)
    };
    formatted(args, instant, &patterns)
}

fn unix_timestamp(args: &Args) -> Result<ArrayRef> {
    if is_string(&args.data_type(0)) && args.len() == 2 {
        let instants = parsed(args, OnError::Raise)?;
        return args.to_primitive::<Int64Type>(|row| Ok(instants[row].map(|t| t.div_euclid(1_000_000))));
    }
    let instant = args.primitive::<TimestampMicrosecondType>(0)?;
    args.to_primitive::<Int64Type>(|row| Ok(instant.is_valid(row).then(|| instant.value(row).div_euclid(1_000_000))))
}

fn shift_days(args: &Args, sign: i32) -> Result<ArrayRef> {
    let (day, by) = (args.primitive::<Date32Type>(0)?, args.primitive::<Int32Type>(1)?);
    args.to_primitive::<Date32Type>(|row| {
        if day.is_null(row) || by.is_null(row) {
            return Ok(None);
        }
        by.value(row).checked_mul(sign).and_then(|n| day.value(row).checked_add(n)).map(Some).ok_or_else(out_of_range)
    })
}

fn datediff(args: &Args) -> Result<ArrayRef> {
    let (end, start) = (args.primitive::<Date32Type>(0)?, args.primitive::<Date32Type>(1)?);
    args.to_primitive::<Int32Type>(|row| {
        Ok((end.is_valid(row) && start.is_valid(row)).then(|| end.value(row).wrapping_sub(start.value(row))))
    })
}

/// Whole months where both are the same day or both the last of their month; otherwise 31 days make a month.
fn months_between(args: &Args) -> Result<ArrayRef> {
    let (a, b) = (args.primitive::<TimestampMicrosecondType>(0)?, args.primitive::<TimestampMicrosecondType>(1)?);
    let round = if args.len() > 2 { args.strings(2)?.get(0) != Some("false") } else { true };
    args.to_primitive::<Float64Type>(|row| {
        if a.is_null(row) || b.is_null(row) {
            return Ok(None);
        }
        let split = |t: i64| {
            let day = date(i32::try_from(t.div_euclid(DAY)).ok()?)?;
            Some((day, t.rem_euclid(DAY) / 1_000_000))
        };
        let (Some((d1, s1)), Some((d2, s2))) = (split(a.value(row)), split(b.value(row))) else {
            return Err(out_of_range());
        };
        let months = f64::from((d1.year() - d2.year()) * 12 + d1.month() as i32 - d2.month() as i32);
        let both_last = last_day(d1) == Some(d1) && last_day(d2) == Some(d2);
        if d1.day() == d2.day() || both_last {
            return Ok(Some(months));
        }
        let seconds = (i64::from(d1.day()) - i64::from(d2.day())) * 86_400 + s1 - s2;
        let exact = months + seconds as f64 / (31.0 * 86_400.0);
        Ok(Some(if round { (exact * 1e8).round() / 1e8 } else { exact }))
    })
}

fn next_day(args: &Args) -> Result<ArrayRef> {
    let (day, names) = (args.primitive::<Date32Type>(0)?, args.strings(1)?);
    args.to_primitive::<Date32Type>(|row| {
        let Some(name) = names.get(row).filter(|_| day.is_valid(row)) else { return Ok(None) };
        let wanted = match name.trim().to_ascii_uppercase().as_str() {
            "MO" | "MON" | "MONDAY" => 0,
            "TU" | "TUE" | "TUESDAY" => 1,
            "WE" | "WED" | "WEDNESDAY" => 2,
            "TH" | "THU" | "THURSDAY" => 3,
            "FR" | "FRI" | "FRIDAY" => 4,
            "SA" | "SAT" | "SATURDAY" => 5,
            "SU" | "SUN" | "SUNDAY" => 6,
            _ => return exec_err!("[ILLEGAL_DAY_OF_WEEK] next_day is given no day of the week"),
        };
        let today = (day.value(row) + 3).rem_euclid(7);
        Ok(Some(day.value(row) + (wanted - today + 6).rem_euclid(7) + 1))
    })
}

/// The first day of the unit that a date is in; `None`: no such unit.
fn first_day(day: NaiveDate, unit: &str) -> Option<NaiveDate> {
    match unit {
        "YEAR" | "YYYY" | "YY" => NaiveDate::from_ymd_opt(day.year(), 1, 1),
        "QUARTER" => NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1),
        "MONTH" | "MM" | "MON" => day.with_day(1),
        "WEEK" => day.checked_sub_days(chrono::Days::new(u64::from(day.weekday().num_days_from_monday()))),
        _ => None,
    }
}

fn trunc(args: &Args) -> Result<ArrayRef> {
    let (day, units) = (args.primitive::<Date32Type>(0)?, args.strings(1)?);
    args.to_primitive::<Date32Type>(|row| {
        let Some(unit) = units.get(row).filter(|_| day.is_valid(row)) else { return Ok(None) };
        Ok(date(day.value(row)).and_then(|d| first_day(d, &unit.to_ascii_uppercase())).map(days))
    })
}

fn date_trunc(args: &Args) -> Result<ArrayRef> {
    let (units, instant) = (args.strings(0)?, args.primitive::<TimestampMicrosecondType>(1)?);
    args.to_primitive::<TimestampMicrosecondType>(|row| {
        let Some(unit) = units.get(row).filter(|_| instant.is_valid(row)) else { return Ok(None) };
        let unit = unit.to_ascii_uppercase();
        let t = instant.value(row);
        let step = match unit.as_str() {
            "MICROSECOND" => 1,
            "MILLISECOND" => 1_000,
            "SECOND" => 1_000_000,
            "MINUTE" => 60_000_000,
            "HOUR" => 3_600_000_000,
            "DAY" | "DD" => DAY,
            _ => {
                let day = date(t.div_euclid(DAY) as i32).ok_or_else(out_of_range)?;
                return Ok(first_day(day, &unit).map(|d| i64::from(days(d)) * DAY));
            }
        };
        Ok(Some(t.div_euclid(step) * step))
    })
}

fn make_date(args: &Args) -> Result<ArrayRef> {
    let parts = [args.primitive::<Int32Type>(0)?, args.primitive::<Int32Type>(1)?, args.primitive::<Int32Type>(2)?];
    args.to_primitive::<Date32Type>(|row| {
        if parts.iter().any(|p| p.is_null(row)) {
            return Ok(None);
        }
        let [year, month, day] = [0, 1, 2].map(|i| parts[i].value(row));
        let (Ok(month), Ok(day)) = (u32::try_from(month), u32::try_from(day)) else {
            return exec_err!("[DATETIME_FIELD_OUT_OF_BOUNDS] make_date is given a date that is none");
        };
        match NaiveDate::from_ymd_opt(year, month, day) {
            Some(d) => Ok(Some(days(d))),
            None => exec_err!("[DATETIME_FIELD_OUT_OF_BOUNDS] make_date is given a date that is none"),
        }
    })
}

/// A DATE stays one; the rest are TIMESTAMPs.
fn plus_interval(types: &[DataType], literals: &[Option<&ScalarValue>]) -> Result<DataType> {
    let part_of_day = match literals.get(1) {
        Some(Some(ScalarValue::IntervalMonthDayNano(Some(i)))) => i.nanoseconds != 0,
        Some(Some(ScalarValue::IntervalDayTime(Some(i)))) => i.milliseconds != 0,
        _ => false,
    };
    Ok(if types.first() == Some(&DataType::Date32) && !part_of_day { DataType::Date32 } else { timestamp() })
}

fn shift_interval(args: &Args, sign: i32) -> Result<ArrayRef> {
    let by = args.primitive::<IntervalMonthDayNanoType>(1)?;
    let shifted = |micros: i64, row: usize| {
        let by = by.value(row);
        let day = i32::try_from(micros.div_euclid(DAY)).ok()?;
        let day = add_months(day, by.months.checked_mul(sign)?)?.checked_add(by.days.checked_mul(sign)?)?;
        let rest = micros.rem_euclid(DAY).checked_add(by.nanoseconds / 1000 * i64::from(sign))?;
        i64::from(day).checked_mul(DAY)?.checked_add(rest)
    };
    let start = args.primitive::<TimestampMicrosecondType>(0)?;
    let at = |row: usize| -> Result<Option<i64>> {
        if start.is_null(row) || by.is_null(row) {
            return Ok(None);
        }
        shifted(start.value(row), row).map(Some).ok_or_else(out_of_range)
    };
    if args.returns == &DataType::Date32 {
        return args.to_primitive::<Date32Type>(|row| Ok(at(row)?.map(|t| t.div_euclid(DAY) as i32)));
    }
    args.to_primitive::<TimestampMicrosecondType>(at)
}
