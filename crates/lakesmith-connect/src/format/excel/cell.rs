//! The value of a cell.

use calamine::{Data, DataRef, ExcelDateTime};
use chrono::{Datelike, NaiveDate};

use crate::column::parse;
use crate::format::typed::Value;
use crate::rescue::push_json_string;

/// Serial numbers that are dates: to the end of the year 9999.
const SERIALS: std::ops::Range<f64> = 0.0..2_958_466.0;
/// Whole numbers below which every one is a DOUBLE.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// Days from 0001-01-01 (day 1) to 1970-01-01.
const EPOCH_DAY: i32 = 719_163;

/// A cell that is not empty.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Boolean(bool),
    Integer(i64),
    Double(f64),
    Date(i32),
    Timestamp(i64),
    Text(String),
    /// What is no value: an error, by its name, or a number that its format calls a date and that is none.
    Error(String),
}

impl Cell {
    /// Its value; none for an error.
    pub(super) fn value(&self) -> Option<Value<'_>> {
        Some(match self {
            Cell::Boolean(value) => Value::Boolean(*value),
            Cell::Integer(value) => Value::Integer(*value),
            Cell::Double(value) => Value::Double(*value),
            Cell::Date(days) => Value::Date(*days),
            Cell::Timestamp(micros) => Value::Timestamp(*micros),
            Cell::Text(text) => Value::Text(text),
            Cell::Error(_) => return None,
        })
    }

    /// As JSON.
    pub(super) fn json(&self) -> String {
        let mut json = String::new();
        match (self, self.value()) {
            (_, Some(value)) => value.push_json(&mut json),
            (Cell::Error(name), None) => push_json_string(&mut json, name),
            (_, None) => json.push_str("null"),
        }
        json
    }

    /// Of what the reader gives; `None` for an empty cell, as one is whose formula gives an empty text.
    pub(super) fn of_data(data: &Data) -> Option<Cell> {
        Some(match data {
            Data::Empty => return None,
            Data::Int(value) => Cell::Integer(*value),
            Data::Float(value) => Cell::of_number(*value),
            Data::String(text) | Data::DurationIso(text) => return Cell::of_text(text),
            Data::Bool(value) => Cell::Boolean(*value),
            Data::DateTime(instant) => Cell::of_instant(instant),
            Data::DateTimeIso(text) => Cell::of_iso(text),
            Data::Error(error) => Cell::Error(error.to_string()),
        })
    }

    /// The same.
    pub(super) fn of_data_ref(data: &DataRef<'_>) -> Option<Cell> {
        Some(match data {
            DataRef::Empty => return None,
            DataRef::Int(value) => Cell::Integer(*value),
            DataRef::Float(value) => Cell::of_number(*value),
            DataRef::String(text) | DataRef::DurationIso(text) => return Cell::of_text(text),
            DataRef::SharedString(text) => return Cell::of_text(text),
            DataRef::Bool(value) => Cell::Boolean(*value),
            DataRef::DateTime(instant) => Cell::of_instant(instant),
            DataRef::DateTimeIso(text) => Cell::of_iso(text),
            DataRef::Error(error) => Cell::Error(error.to_string()),
        })
    }

    fn of_text(text: &str) -> Option<Cell> {
        (!text.is_empty()).then(|| Cell::Text(text.to_owned()))
    }

    /// Spreadsheets have no whole numbers; these are those that look like one.
    fn of_number(value: f64) -> Cell {
        if value.fract() == 0.0 && value.abs() <= EXACT { Cell::Integer(value as i64) } else { Cell::Double(value) }
    }

    fn of_iso(text: &str) -> Cell {
        match (parse::date(text), parse::timestamp(text)) {
            (Some(days), _) => Cell::Date(days),
            (_, Some(micros)) => Cell::Timestamp(micros),
            _ => Cell::Text(text.to_owned()),
        }
    }

    fn of_instant(instant: &ExcelDateTime) -> Cell {
        let serial = instant.as_f64();
        if instant.is_duration() {
            return Cell::Text(duration_text(serial));
        }
        let (year, month, day, hour, minute, second, milli) = instant.to_ymd_hms_milli();
        let date = NaiveDate::from_ymd_opt(year.into(), month.into(), day.into()).filter(|_| SERIALS.contains(&serial));
        // 1900-02-29 among them, which Excel takes for a day.
        let Some(date) = date else { return Cell::Error(serial.to_string()) };
        if serial < 1.0 {
            let fraction = if milli > 0 { format!(".{milli:03}") } else { String::new() };
            return Cell::Text(format!("{hour:02}:{minute:02}:{second:02}{fraction}"));
        }
        let days = date.num_days_from_ce() - EPOCH_DAY;
        let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        match seconds * 1_000 + i64::from(milli) {
            0 => Cell::Date(days),
            millis => Cell::Timestamp(i64::from(days) * 86_400_000_000 + millis * 1_000),
        }
    }
}

/// `[-]HH:mm:ss[.fff]` with as many hours as there are.
fn duration_text(days: f64) -> String {
    let millis = (days.abs() * 86_400_000.0).round() as u64;
    let (seconds, rest) = (millis / 1_000, millis % 1_000);
    let sign = if days < 0.0 && millis > 0 { "-" } else { "" };
    let fraction = if rest > 0 { format!(".{rest:03}") } else { String::new() };
    format!("{sign}{:02}:{:02}:{:02}{fraction}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::ExcelDateTimeType;

    #[test]
    fn serial_numbers_are_dates_by_their_format() {
        let of = |serial, kind| Cell::of_instant(&ExcelDateTime::new(serial, kind, false));
        for (serial, expected) in [
            (1.0, Cell::Date(-25_567)),
            (59.0, Cell::Date(-25_509)),
            (60.0, Cell::Error("60".to_owned())),
            (61.0, Cell::Date(-25_508)),
            (25_569.0, Cell::Date(0)),
            (25_569.5, Cell::Timestamp(43_200_000_000)),
            (0.5, Cell::Text("12:00:00".to_owned())),
            (2_958_465.0, Cell::Date(2_932_896)),
            (2_958_466.0, Cell::Error("2958466".to_owned())),
            (-1.0, Cell::Error("-1".to_owned())),
        ] {
            assert_eq!(of(serial, ExcelDateTimeType::DateTime), expected, "{serial}");
        }
        assert_eq!(of(1.25, ExcelDateTimeType::TimeDelta), Cell::Text("30:00:00".to_owned()));
        assert_eq!(of(-0.000_001_5, ExcelDateTimeType::TimeDelta), Cell::Text("-00:00:00.130".to_owned()));
        assert_eq!(
            Cell::of_instant(&ExcelDateTime::new(0.0, ExcelDateTimeType::DateTime, true)),
            Cell::Text("00:00:00".to_owned())
        );
        assert_eq!(Cell::of_instant(&ExcelDateTime::new(1.0, ExcelDateTimeType::DateTime, true)), Cell::Date(-24_106));
        assert_eq!(Cell::of_number(9_007_199_254_740_994.0), Cell::Double(9_007_199_254_740_994.0));
        assert_eq!(Cell::of_number(-0.0), Cell::Integer(0));
    }
}
