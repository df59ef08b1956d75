//! A text read by a pattern, strictly: every field in its range, no rest, days that exist.

use chrono::NaiveDate;

use super::calendar::days;
use super::pattern::{Field, Item, MONTHS, Pattern, WEEKDAYS};
use crate::cast::DAY;

/// The fields that a text had.
#[derive(Debug, Clone, Default)]
struct Found {
    before_christ: bool,
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    weekday: Option<usize>,
    afternoon: Option<bool>,
    hour: Option<i64>,
    hour12: Option<i64>,
    minute: i64,
    second: i64,
    micros: i64,
    zone: Option<String>,
}

impl Pattern {
    /// Reads microseconds since 1970; fields that are missing are those of 1970-01-01T00:00:00Z. `None`: the text does not
    /// follow the pattern, or names a time that is none.
    pub(super) fn parse(&self, text: &str) -> Option<i64> {
        let mut found = Found::default();
        let rest = items(&self.0, text, &mut found)?;
        if !rest.is_empty() {
            return None;
        }
        resolve(&found)
    }
}

fn items<'a>(list: &[Item], mut text: &'a str, found: &mut Found) -> Option<&'a str> {
    for (i, item) in list.iter().enumerate() {
        text = match item {
            Item::Literal(literal) => {
                let head = text.get(..literal.len())?;
                if !head.eq_ignore_ascii_case(literal) {
                    return None;
                }
                &text[literal.len()..]
            }
            Item::Optional(inner) => {
                let mut attempt = found.clone();
                match items(inner, text, &mut attempt) {
                    Some(rest) => {
                        *found = attempt;
                        rest
                    }
                    None => text,
                }
            }
            Item::Field(field, letters) => {
                // Digits that touch the next number end where its own begin.
                let adjacent = matches!(list.get(i + 1), Some(Item::Field(next, n)) if next.is_number(*n));
                read(*field, *letters, adjacent, text, found)?
            }
        };
    }
    Some(text)
}

fn read<'a>(field: Field, letters: usize, adjacent: bool, text: &'a str, found: &mut Found) -> Option<&'a str> {
    match field {
        Field::Year => {
            let (year, rest) = match letters {
                2 => {
                    let (year, rest) = number(text, 2, 2)?;
                    (2000 + year, rest)
                }
                _ if adjacent => number(text, letters.max(4), letters.max(4))?,
                1 => number(text, 1, 9)?,
                n => number(text, n, 9).filter(|(y, _)| *y < 10i64.pow(n as u32))?,
            };
            found.year = Some(year);
            Some(rest)
        }
        Field::Month if letters > 2 => {
            let (at, rest) = name(text, &MONTHS, letters)?;
            found.month = Some(at as i64 + 1);
            Some(rest)
        }
        Field::Weekday => {
            let (at, rest) = name(text, &WEEKDAYS, letters.max(3))?;
            found.weekday = Some(at);
            Some(rest)
        }
        Field::AmPm => {
            let head = text.get(..2)?;
            found.afternoon = Some(match head.to_ascii_uppercase().as_str() {
                "AM" => false,
                "PM" => true,
                _ => return None,
            });
            Some(&text[2..])
        }
        Field::Era => {
            let head = text.get(..2)?;
            found.before_christ = match head.to_ascii_uppercase().as_str() {
                "AD" => false,
                "BC" => true,
                _ => return None,
            };
            Some(&text[2..])
        }
        Field::Fraction => {
            let most = if adjacent { letters } else { letters.max(1) };
            let len = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
            if len == 0 {
                return None;
            }
            found.micros = format!("{:0<6.6}", &text[..len]).parse().ok()?;
            Some(&text[len..])
        }
        Field::OffsetX | Field::Offsetx | Field::OffsetZ | Field::OffsetO | Field::ZoneId | Field::ZoneName => {
            let len =
                text.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b':' | b'/' | b'_')).count();
            if len == 0 {
                return None;
            }
            found.zone = Some(text[..len].to_owned());
            Some(&text[len..])
        }
        Field::Quarter if letters > 2 => None,
        _ => {
            let (least, most) = match (letters, field) {
                (1, _) if !adjacent => (1, if field == Field::DayOfYear { 3 } else { 2 }),
                (n, _) => (n, n),
            };
            let (value, rest) = number(text, least, most)?;
            let (low, high) = range(field);
            if !(low..=high).contains(&value) {
                return None;
            }
            match field {
                Field::Month => found.month = Some(value),
                Field::Day => found.day = Some(value),
                Field::DayOfYear => found.day_of_year = Some(value),
                Field::Quarter => found.month = found.month.or(Some(value * 3 - 2)),
                Field::Hour => found.hour = Some(value),
                Field::ClockHour24 => found.hour = Some(value % 24),
                Field::Hour12 => found.hour12 = Some(value),
                Field::ClockHour12 => found.hour12 = Some(value % 12),
                Field::Minute => found.minute = value,
                Field::Second => found.second = value,
                _ => return None,
            }
            Some(rest)
        }
    }
}

fn range(field: Field) -> (i64, i64) {
    match field {
        Field::Month => (1, 12),
        Field::Quarter => (1, 4),
        Field::Day => (1, 31),
        Field::DayOfYear => (1, 366),
        Field::Hour => (0, 23),
        Field::ClockHour24 => (1, 24),
        Field::Hour12 => (0, 11),
        Field::ClockHour12 => (1, 12),
        _ => (0, 59),
    }
}

fn number(text: &str, least: usize, most: usize) -> Option<(i64, &str)> {
    let len = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if len < least {
        return None;
    }
    Some((text[..len].parse().ok()?, &text[len..]))
}

/// Which of the names the text begins with, whatever its case.
fn name<'a>(text: &'a str, names: &[&str], letters: usize) -> Option<(usize, &'a str)> {
    names.iter().enumerate().find_map(|(at, name)| {
        let name = if letters == 4 { name } else { &name[..3] };
        let head = text.get(..name.len())?;
        head.eq_ignore_ascii_case(name).then(|| (at, &text[name.len()..]))
    })
}

fn resolve(found: &Found) -> Option<i64> {
    let year = found.year.unwrap_or(1970);
    let year = i32::try_from(if found.before_christ { 1 - year } else { year }).ok()?;
    let date = match found.day_of_year {
        Some(day) => NaiveDate::from_yo_opt(year, day as u32)?,
        None => NaiveDate::from_ymd_opt(year, found.month.unwrap_or(1) as u32, found.day.unwrap_or(1) as u32)?,
    };
    let day = days(date);
    // Thursday was 1970-01-01.
    if found.weekday.is_some_and(|w| w != (day + 3).rem_euclid(7) as usize) {
        return None;
    }
    let hour = match (found.hour, found.hour12, found.afternoon) {
        (Some(hour), _, _) => hour,
        (None, Some(hour), afternoon) => hour + if afternoon == Some(true) { 12 } else { 0 },
        (None, None, Some(true)) => 12,
        (None, None, _) => 0,
    };
    let local = i64::from(day) * DAY + (hour * 3600 + found.minute * 60 + found.second) * 1_000_000 + found.micros;
    match &found.zone {
        Some(zone) => local.checked_sub(crate::cast::offset(zone, local)? * 1_000_000),
        None => Some(local),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(pattern: &str, text: &str) -> Option<String> {
        let pattern = Pattern::compile(pattern).unwrap();
        pattern.parse(text).map(crate::cast::timestamp_text)
    }

    #[test]
    fn texts_are_read_strictly() {
        for (pattern, text, expected) in [
            ("yyyy-MM-dd", "2023-02-28", Some("2023-02-28 00:00:00")),
            ("yyyy-MM-dd", "2023-02-30", None),
            ("yyyy-MM-dd", "2023-02-28 ", None),
            ("yyyy-MM-dd", "23-02-28", None),
            ("yyyy-MM-dd", "2023-2-28", None),
            ("yyyy-M-d", "2023-2-28", Some("2023-02-28 00:00:00")),
            ("yyyyMMdd", "20230228", Some("2023-02-28 00:00:00")),
            ("yyyyMMddHHmmss", "20230228235959", Some("2023-02-28 23:59:59")),
            ("dd.MM.yy", "28.02.23", Some("2023-02-28 00:00:00")),
            ("d MMM yyyy", "8 feb 2023", Some("2023-02-08 00:00:00")),
            ("hh:mm a", "12:05 AM", Some("1970-01-01 00:05:00")),
            ("hh:mm a", "12:05 PM", Some("1970-01-01 12:05:00")),
            ("yyyy-MM-dd'T'HH:mm:ss.SSS", "2023-02-28T01:02:03.45", Some("2023-02-28 01:02:03.45")),
            ("yyyy-MM-dd HH:mmXXX", "2023-02-28 01:30+01:00", Some("2023-02-28 00:30:00")),
            ("yyyy-MM-dd[ HH:mm]", "2023-02-28", Some("2023-02-28 00:00:00")),
            ("E yyyy-MM-dd", "Tue 2023-02-28", Some("2023-02-28 00:00:00")),
            ("E yyyy-MM-dd", "Mon 2023-02-28", None),
            ("HH:mm", "24:00", None),
        ] {
            assert_eq!(read(pattern, text).as_deref(), expected, "{text} by {pattern}");
        }
    }
}
