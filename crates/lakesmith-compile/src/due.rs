//! Flows whose tables go on with time, though nothing arrives: a periodic snapshot begins a row per member with each period.

use crate::date;
use crate::plan::{Flow, FlowKind};
use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use lakesmith_project::{Fact, FactKind, PeriodLength, Project};

/// The number of the period in which `now` lies, for a flow whose table has rows for it: another number makes a batch due.
/// It is the first day of the period, counted from 1970-01-01.
pub fn period_number(flow: &Flow, project: &Project, now: DateTime<Utc>) -> Option<i64> {
    let today = now.date_naive();
    let day = match flow.kind {
        FlowKind::Fact => {
            let fact = project.facts.iter().find(|fact| fact.table() == flow.name.to_string())?;
            begin_of(periodic(fact)?, today)
        }
        // Within the calendar `dim_date` has every day already.
        FlowKind::DateDimension if flow.name.name() == date::NAME => {
            let on_days =
                |fact: &Fact| fact.dimensions.iter().any(|role| role.dimension.value.trim_start_matches("gold.") == date::NAME);
            project.facts.iter().find(|fact| periodic(fact).is_some() && on_days(fact))?;
            today.max(project.lakehouse.calendar.as_ref()?.end.value)
        }
        _ => return None,
    };
    Some((day - NaiveDate::default()).num_days())
}

/// The first day of the period with a number.
pub fn first_day(number: i64) -> Option<NaiveDate> {
    NaiveDate::default().checked_add_signed(TimeDelta::try_days(number)?)
}

fn periodic(fact: &Fact) -> Option<PeriodLength> {
    let period = fact.period.as_ref().filter(|_| fact.kind == FactKind::PeriodicSnapshot);
    period.map(|period| period.every)
}

/// The first day of the period in which a day lies.
fn begin_of(every: PeriodLength, day: NaiveDate) -> NaiveDate {
    let first_of = |month| NaiveDate::from_ymd_opt(day.year(), month, 1);
    let first = match every {
        PeriodLength::Day => Some(day),
        PeriodLength::Week => day.checked_sub_days(Days::new(u64::from(day.weekday().num_days_from_monday()))),
        PeriodLength::Month => first_of(day.month()),
        PeriodLength::Quarter => first_of(day.month0() / 3 * 3 + 1),
        PeriodLength::Year => first_of(1),
    };
    first.unwrap_or(day)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn periods_begin_as_the_calendar_says() {
        let first = |every, day: &str| begin_of(every, day.parse().unwrap()).to_string();
        assert_eq!(first(PeriodLength::Day, "2025-05-04"), "2025-05-04");
        assert_eq!(first(PeriodLength::Week, "2025-05-04"), "2025-04-28");
        assert_eq!(first(PeriodLength::Week, "2025-04-28"), "2025-04-28");
        assert_eq!(first(PeriodLength::Month, "2024-02-29"), "2024-02-01");
        assert_eq!(first(PeriodLength::Quarter, "2025-12-31"), "2025-10-01");
        assert_eq!(first(PeriodLength::Quarter, "2025-01-01"), "2025-01-01");
        assert_eq!(first(PeriodLength::Year, "2025-12-31"), "2025-01-01");
    }
}
