//! Days since 1970 and the proleptic Gregorian calendar.

use chrono::{Datelike, Months, NaiveDate};

/// 1970-01-01 in chrono's count of days.
const EPOCH: i32 = 719_163;

/// The date of a day since 1970, if the calendar reaches it.
pub(crate) fn date(days: i32) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(days.checked_add(EPOCH)?)
}

/// The day since 1970 of a date.
pub(crate) fn days(date: NaiveDate) -> i32 {
    date.num_days_from_ce() - EPOCH
}

/// The same day of the month so many months on, or the last that the month has.
pub(crate) fn add_months(day: i32, months: i32) -> Option<i32> {
    let start = date(day)?;
    let by = Months::new(months.unsigned_abs());
    let end = if months < 0 { start.checked_sub_months(by) } else { start.checked_add_months(by) };
    end.map(days)
}

/// The last day of a date's month.
pub(super) fn last_day(date: NaiveDate) -> Option<NaiveDate> {
    let first = date.with_day(1)?;
    first.checked_add_months(Months::new(1))?.pred_opt()
}
