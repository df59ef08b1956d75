//! Holidays: days that the calendar marks, written in `lakehouse.yaml` or in iCalendar files.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use lakesmith_text::{Span, Spanned};

/// A holiday: its name, where it is kept, and when it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Holiday {
    /// What people call it.
    pub name: String,
    /// The country as an ISO 3166 code in capitals, `DE` or `DE-BY`; none: it is kept everywhere.
    pub country: Option<String>,
    /// Its days.
    pub days: HolidayDays,
    /// Where it is written.
    pub at: Span,
}

/// When a holiday is.
#[derive(Debug, Clone, PartialEq)]
pub enum HolidayDays {
    /// From the first day to the last, both included.
    Once {
        /// The first day.
        first: NaiveDate,
        /// The last day.
        last: NaiveDate,
    },
    /// Year after year.
    Yearly(Yearly),
}

/// A rule that tells the days of every year. A day begins a holiday if it fits every part.
#[derive(Debug, Clone, PartialEq)]
pub struct Yearly {
    /// None begins before this day.
    pub first: NaiveDate,
    /// None begins after this day.
    pub last: Option<NaiveDate>,
    /// So many years lie between two, counted from that of `first`: 1 is every year.
    pub every: u32,
    /// The months it may be in, from 1.
    pub months: Vec<u32>,
    /// The days of the month it may be on; empty: any.
    pub days: Vec<u32>,
    /// The weekdays it may be on, each with its number in the month if only that one is meant: 1 is the first, -1 the
    /// last. Empty: any.
    pub weekdays: Vec<(Option<i32>, Weekday)>,
    /// So many days it lasts.
    pub length: u32,
}

impl Yearly {
    /// Whether a holiday of this rule begins on that day, the bounds aside.
    pub(crate) fn begins_on(&self, day: NaiveDate) -> bool {
        let in_month = day.day();
        let length = day.with_day(1).and_then(|first| first.checked_add_months(chrono::Months::new(1)));
        let to_end = length.map_or(0, |next| (next - day).num_days() as u32 - 1);
        let fits = |(nth, weekday): &(Option<i32>, Weekday)| {
            *weekday == day.weekday()
                && nth.is_none_or(|nth| match nth > 0 {
                    true => (in_month - 1) / 7 + 1 == nth.unsigned_abs(),
                    false => to_end / 7 + 1 == nth.unsigned_abs(),
                })
        };
        (day.year() - self.first.year()).unsigned_abs().is_multiple_of(self.every)
            && self.months.contains(&day.month())
            && (self.days.is_empty() || self.days.contains(&in_month))
            && (self.weekdays.is_empty() || self.weekdays.iter().any(fits))
    }

    /// The day on which the `count`-th holiday of this rule begins; none if it takes more than five hundred years.
    pub(crate) fn nth(&self, count: u32) -> Option<NaiveDate> {
        let days = (0..500 * 366).map_while(|n| self.first.checked_add_days(Days::new(n)));
        days.filter(|day| self.begins_on(*day)).nth(count.checked_sub(1)? as usize)
    }
}

/// An iCalendar file of holidays.
#[derive(Debug, Clone)]
pub struct HolidayFile {
    /// Its path, relative to the project.
    pub path: Spanned<String>,
    /// The country whose holidays it holds.
    pub country: Option<String>,
}

/// An ISO 3166 code in capitals: of a country, or of a part of it.
pub(crate) fn country(text: &str) -> Option<String> {
    let (country, part) = text.split_once('-').map_or((text, None), |(country, part)| (country, Some(part)));
    let good = country.len() == 2
        && country.bytes().all(|byte| byte.is_ascii_alphabetic())
        && part.is_none_or(|part| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    good.then(|| text.to_ascii_uppercase())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn rule(months: &[u32], days: &[u32], weekdays: &[(Option<i32>, Weekday)]) -> Yearly {
        Yearly {
            first: NaiveDate::from_ymd_opt(2020, 1, 1).unwrap(),
            last: None,
            every: 1,
            months: months.to_vec(),
            days: days.to_vec(),
            weekdays: weekdays.to_vec(),
            length: 1,
        }
    }

    #[test]
    fn rules_find_their_days() {
        let thanksgiving = rule(&[11], &[], &[(Some(4), Weekday::Thu)]);
        assert_eq!(thanksgiving.nth(6).unwrap().to_string(), "2025-11-27");
        let memorial = rule(&[5], &[], &[(Some(-1), Weekday::Mon)]);
        assert_eq!(memorial.nth(6).unwrap().to_string(), "2025-05-26");
        let election = Yearly { every: 4, ..rule(&[11], &[2, 3, 4, 5, 6, 7, 8], &[(None, Weekday::Tue)]) };
        assert_eq!(election.nth(2).unwrap().to_string(), "2024-11-05");
        assert_eq!(rule(&[2], &[29], &[]).nth(2).unwrap().to_string(), "2024-02-29");
        assert_eq!(rule(&[2], &[30], &[]).nth(1), None);
        assert_eq!(thanksgiving.nth(0), None);
    }

    #[test]
    fn countries_have_two_letters() {
        assert_eq!([country("de"), country("DE-by")], [Some("DE".to_owned()), Some("DE-BY".to_owned())]);
        assert_eq!([country("deu"), country("d1"), country("de-"), country("")], [None, None, None, None]);
    }
}
