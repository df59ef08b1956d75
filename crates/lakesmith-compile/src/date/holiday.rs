//! The holidays of a day. A holiday is a condition on the day, not a list of days: so those that come back every year are
//! known of any day that a fact brings, however far beyond the calendar it lies.

use crate::select::{literal, named};
use crate::table::Column;
use chrono::{NaiveDate, Weekday};
use lakesmith_project::{Calendar, Holiday, HolidayDays, Yearly};
use lakesmith_sql::DataType;

/// The name where there is no holiday.
const NONE: &str = "CAST(NULL AS STRING)";
/// The days of a holiday that lasts no longer than this are written out.
const WRITTEN_OUT: i64 = 31;

/// `is_holiday` and `holiday_name`, and the same of every country that is named.
pub(super) fn columns(calendar: &Calendar) -> Vec<(Column, String)> {
    let pair = |suffix: &str, of: &str, sql: &str| {
        let column = |name: &str, ty, words: String| Column::new(format!("{name}{suffix}"), ty).described(Some(words));
        [
            (column("is_holiday", DataType::Boolean, format!("Whether it is a holiday{of}")), format!("{sql} IS NOT NULL")),
            (
                column("holiday_name", DataType::String, format!("What the holiday{of} is called; several with a comma")),
                sql.to_owned(),
            ),
        ]
    };
    let countries = countries(calendar);
    let nothing = calendar.holidays.is_empty() && countries.is_empty();
    let all = if nothing { NONE.to_owned() } else { relation_column(None) };
    let mut columns = Vec::from(pair("", "", &all));
    for country in countries {
        columns.extend(pair(&suffix(country), &format!(" in {country}"), &relation_column(Some(country))));
    }
    columns
}

/// The names of the holidays of the day `d`: of all, and country by country.
pub(super) fn names(calendar: &Calendar) -> Vec<String> {
    let (holidays, countries) = (&calendar.holidays, countries(calendar));
    if holidays.is_empty() && countries.is_empty() {
        return vec![];
    }
    let all = countries.into_iter().map(Some);
    std::iter::once(None)
        .chain(all)
        .map(|country| {
            let kept = |holiday: &&Holiday| match (country, holiday.country.as_deref()) {
                (None, _) | (_, None) => true,
                (Some(country), Some(of)) => is_in(country, of),
            };
            let name = names_of(&holidays.iter().filter(kept).collect::<Vec<_>>());
            named(&name, relation_column(country).trim_matches('`'))
        })
        .collect()
}

/// The column of the relation in between that holds the names.
fn relation_column(country: Option<&str>) -> String {
    format!("`_holiday{}`", country.map(suffix).unwrap_or_default())
}

fn suffix(country: &str) -> String {
    format!("_{}", country.to_ascii_lowercase().replace('-', "_"))
}

/// Whether a country or a part of one keeps the holidays of another: it is the same, or a part of it.
fn is_in(country: &str, of: &str) -> bool {
    country.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// The countries that are named, in the order in which they are: of days, then of files, whatever a file holds.
fn countries(calendar: &Calendar) -> Vec<&str> {
    let of_days = calendar.holidays.iter().filter(|holiday| holiday.at.file == calendar.start.span.file);
    let of_files = calendar.holiday_files.iter().filter_map(|file| file.country.as_deref());
    let mut all: Vec<&str> = vec![];
    for country in of_days.filter_map(|holiday| holiday.country.as_deref()).chain(of_files) {
        if !all.contains(&country) {
            all.push(country);
        }
    }
    all
}

/// The names of those that are on the day `d`, each once; NULL if there is none.
fn names_of(holidays: &[&Holiday]) -> String {
    let mut names: Vec<&str> = vec![];
    for holiday in holidays {
        if !names.contains(&holiday.name.as_str()) {
            names.push(&holiday.name);
        }
    }
    if names.is_empty() {
        return NONE.to_owned();
    }
    let cases: Vec<String> = names
        .iter()
        .map(|name| {
            let days: Vec<&HolidayDays> = holidays.iter().filter(|holiday| holiday.name == *name).map(|h| &h.days).collect();
            format!("CASE WHEN {} THEN {} END", condition(&days), literal(name))
        })
        .collect();
    format!("nullif(array_join(array_compact(array(\n    {}\n  )), ', '), '')", cases.join(",\n    "))
}

/// Whether `d` is one of these days.
fn condition(days: &[&HolidayDays]) -> String {
    let mut written: Vec<NaiveDate> = vec![];
    let mut all = vec![];
    for days in days {
        match days {
            HolidayDays::Once { first, last } if (*last - *first).num_days() < WRITTEN_OUT => {
                written.extend(first.iter_days().take_while(|day| day <= last));
            }
            HolidayDays::Once { first, last } => all.push(format!("d BETWEEN DATE '{first}' AND DATE '{last}'")),
            HolidayDays::Yearly(rule) => all.extend((0..rule.length).map(|n| yearly(rule, n))),
        }
    }
    written.sort_unstable();
    written.dedup();
    if !written.is_empty() {
        let list: Vec<String> = written.iter().map(|day| format!("DATE '{day}'")).collect();
        all.insert(0, format!("d IN ({})", list.join(", ")));
    }
    all.join(" OR ")
}

/// Whether a holiday of the rule begins `before` days before `d`.
fn yearly(rule: &Yearly, before: u32) -> String {
    let x = if before == 0 { "d".to_owned() } else { format!("date_sub(d, {before})") };
    let one_of = |part: &str, numbers: &[u32]| match numbers {
        [one] => format!("{part}({x}) = {one}"),
        several => {
            let list: Vec<String> = several.iter().map(u32::to_string).collect();
            format!("{part}({x}) IN ({})", list.join(", "))
        }
    };
    let mut all = vec![one_of("month", &rule.months)];
    if !rule.days.is_empty() {
        all.push(one_of("day", &rule.days));
    }
    if !rule.weekdays.is_empty() {
        let each: Vec<String> = rule.weekdays.iter().map(|(nth, day)| weekday(&x, *nth, *day)).collect();
        all.push(if each.len() == 1 { each.concat() } else { format!("({})", each.join(" OR ")) });
    }
    if rule.every > 1 {
        let since = format!("year({x}) - {}", rule.first.format("%Y"));
        all.push(format!("({since}) % {} = 0", rule.every));
    }
    all.push(format!("{x} >= DATE '{}'", rule.first));
    if let Some(last) = rule.last {
        all.push(format!("{x} <= DATE '{last}'"));
    }
    format!("({})", all.join(" AND "))
}

/// Whether `x` is that weekday, the n-th of its month if that is asked for.
fn weekday(x: &str, nth: Option<i32>, day: Weekday) -> String {
    let is = format!("weekday({x}) = {}", day.num_days_from_monday());
    let week = |n: i32| (7 * n - 7, 7 * n - 1);
    match nth {
        None => is,
        Some(n) if n > 0 => {
            let (from, to) = week(n);
            format!("{is} AND day({x}) BETWEEN {} AND {}", from + 1, to + 1)
        }
        Some(n) => {
            let (from, to) = week(-n);
            format!("{is} AND datediff(last_day({x}), {x}) BETWEEN {from} AND {to}")
        }
    }
}
