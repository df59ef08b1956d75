//! An instant printed by a pattern, in UTC.

use std::fmt::Write;

use chrono::{Datelike, NaiveDate};

use super::calendar::date;
use super::pattern::{Field, Item, MONTHS, Pattern, WEEKDAYS};
use crate::cast::DAY;

impl Pattern {
    /// Prints microseconds since 1970. `None`: the calendar does not reach there.
    pub(super) fn format(&self, micros: i64) -> Option<String> {
        let day = date(i32::try_from(micros.div_euclid(DAY)).ok()?)?;
        let mut out = String::new();
        items(&self.0, day, micros.rem_euclid(DAY), &mut out);
        Some(out)
    }
}

fn items(items_: &[Item], day: NaiveDate, of_day: i64, out: &mut String) {
    for item in items_ {
        match item {
            Item::Literal(text) => out.push_str(text),
            Item::Optional(inner) => items(inner, day, of_day, out),
            Item::Field(field, letters) => print(*field, *letters, day, of_day, out),
        }
    }
}

fn print(field: Field, letters: usize, day: NaiveDate, of_day: i64, out: &mut String) {
    let seconds = of_day / 1_000_000;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let era_year = if day.year() > 0 { day.year() } else { 1 - day.year() };
    let mut number = |n: i64| {
        // Writing to a String does not fail.
        let _ = write!(out, "{n:0letters$}");
    };
    match field {
        Field::Year if letters == 2 => number(i64::from(era_year % 100)),
        Field::Year => number(i64::from(era_year)),
        Field::Month if letters <= 2 => number(i64::from(day.month())),
        Field::Day => number(i64::from(day.day())),
        Field::DayOfYear => number(i64::from(day.ordinal())),
        Field::Quarter if letters <= 2 => number(i64::from(day.month0() / 3 + 1)),
        Field::Hour => number(hour),
        Field::ClockHour12 => number((hour + 11) % 12 + 1),
        Field::Hour12 => number(hour % 12),
        Field::ClockHour24 => number((hour + 23) % 24 + 1),
        Field::Minute => number(minute),
        Field::Second => number(second),
        Field::Fraction => {
            let digits = format!("{:06}000", of_day % 1_000_000);
            out.push_str(&digits[..letters.min(9)]);
        }
        Field::Month => out.push_str(shortened(MONTHS[day.month0() as usize], letters)),
        Field::Weekday => {
            out.push_str(shortened(WEEKDAYS[day.weekday().num_days_from_monday() as usize], letters.max(3)));
        }
        Field::Quarter => {
            let quarter = day.month0() / 3;
            let full = ["1st quarter", "2nd quarter", "3rd quarter", "4th quarter"][quarter as usize];
            out.push_str(if letters == 3 { ["Q1", "Q2", "Q3", "Q4"][quarter as usize] } else { full });
        }
        Field::Era => out.push_str(match (letters, day.year() > 0) {
            (4, true) => "Anno Domini",
            (4, false) => "Before Christ",
            (_, true) => "AD",
            (_, false) => "BC",
        }),
        Field::AmPm => out.push_str(if hour < 12 { "AM" } else { "PM" }),
        Field::OffsetX => out.push('Z'),
        Field::Offsetx => out.push_str(["+00", "+0000", "+00:00", "+0000", "+00:00"][letters - 1]),
        Field::OffsetZ => out.push_str(["+0000", "+0000", "+0000", "GMT", "Z"][letters - 1]),
        Field::OffsetO => out.push_str("GMT"),
        Field::ZoneId => out.push_str("UTC"),
        Field::ZoneName => out.push_str(if letters == 4 { "Coordinated Universal Time" } else { "UTC" }),
    }
}

/// Three letters, or the whole name for a pattern of four.
fn shortened(name: &str, letters: usize) -> &str {
    if letters == 4 { name } else { &name[..3] }
}
