//! iCalendar files (RFC 5545), as far as holidays need them: whole days, ranges of days, and days that come back every
//! year. What is not understood is refused at its line, because a holiday that is passed over is not seen by anybody.

use super::holiday::{Holiday, HolidayDays, Yearly};
use chrono::{Datelike, Days, NaiveDate, Weekday};
use lakesmith_text::{Diagnostic, Diagnostics, FileId, Span};

const CODE: &str = "invalid-ics";
/// So many days a holiday may last.
const MAX_DAYS: i64 = 366;

/// The holidays of a file: one per event, and one per month and rule of those that come back.
pub(crate) fn read(file: FileId, text: &str, country: Option<&str>, diagnostics: &mut Diagnostics) -> Vec<Holiday> {
    let lines = unfolded(file, text);
    let opens = |line: &&Property| line.name == "BEGIN" && line.value.eq_ignore_ascii_case("VCALENDAR");
    if lines.first().filter(opens).is_none() {
        diagnostics.push(
            Diagnostic::error(CODE, "the file is no iCalendar file: it does not open with `BEGIN:VCALENDAR`")
                .at(Span::point(file, 0))
                .help("export the calendar as `.ics`, or list the days in `lakehouse.yaml`: `{ date: 2025-12-24, name: … }`"),
        );
        return vec![];
    }
    let mut holidays = vec![];
    let mut within: Vec<String> = vec![];
    let mut event: Vec<Property> = vec![];
    for line in lines {
        match line.name.as_str() {
            "BEGIN" => {
                within.push(line.value.to_ascii_uppercase());
                if within.len() == 2 {
                    event = vec![line];
                }
            }
            "END" => {
                let ended = within.pop();
                if ended.as_deref() == Some("VEVENT") && within.len() == 1 {
                    holidays.extend(self::event(&event, country, diagnostics));
                }
            }
            _ if within.len() == 2 => event.push(line),
            _ => {}
        }
    }
    holidays
}

/// A line: `NAME;PARAMETER=…:value`.
struct Property {
    name: String,
    value: String,
    at: Span,
}

/// The lines of a file; one that begins with a blank goes on with the line before.
fn unfolded(file: FileId, text: &str) -> Vec<Property> {
    let mut lines: Vec<(String, Span)> = vec![];
    let mut at = 0;
    for whole in text.split_inclusive('\n') {
        let line = whole.trim_end_matches(['\n', '\r']);
        let start = at;
        at += whole.len();
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some((last, _))) => last.push_str(more),
            _ if line.trim().is_empty() => {}
            _ => {
                let line = line.trim_start_matches('\u{feff}');
                let end = start + whole.trim_end_matches(['\n', '\r']).len();
                lines.push((line.to_owned(), Span::new(file, start as u32, end as u32)));
            }
        }
    }
    lines.into_iter().map(|(line, at)| property(&line, at)).collect()
}

fn property(line: &str, at: Span) -> Property {
    let mut quoted = false;
    let colon = line.find(|c: char| {
        quoted ^= c == '"';
        c == ':' && !quoted
    });
    let (head, value) = line.split_at(colon.unwrap_or(line.len()));
    let name = head.split(';').next().unwrap_or_default().trim().to_ascii_uppercase();
    Property { name, value: value.trim_start_matches(':').trim().to_owned(), at }
}

fn event(properties: &[Property], country: Option<&str>, diagnostics: &mut Diagnostics) -> Option<Holiday> {
    let find = |name: &str| properties.iter().find(|property| property.name == name);
    let begin = properties.first()?;
    if find("STATUS").is_some_and(|status| status.value.eq_ignore_ascii_case("CANCELLED")) {
        return None;
    }
    let refused = ["RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"].into_iter().find_map(find);
    if let Some(property) = refused {
        diagnostics.push(not_understood(&property.name, property.at));
        return None;
    }
    let missing = |what: &str| Diagnostic::error(CODE, format!("the event has no `{what}`")).at(begin.at);
    let name = find("SUMMARY").map(|summary| unescaped(&summary.value)).filter(|name| !name.is_empty());
    let (Some(start), Some(name)) = (find("DTSTART"), name) else {
        let what = if find("DTSTART").is_none() { "DTSTART" } else { "SUMMARY" };
        diagnostics.push(missing(what).help("a holiday needs a day, `DTSTART;VALUE=DATE:20251224`, and a name, `SUMMARY`"));
        return None;
    };
    let first = day(start, diagnostics)?;
    let length = length(first, find("DTEND"), find("DURATION"), diagnostics)?;
    let last = first.checked_add_days(Days::new(u64::from(length) - 1))?;
    let days = match find("RRULE") {
        None => HolidayDays::Once { first, last },
        Some(rule) => HolidayDays::Yearly(yearly(rule, first, length, diagnostics)?),
    };
    Some(Holiday { name, country: country.map(str::to_owned), days, at: start.at })
}

fn not_understood(what: &str, at: Span) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{what}` is not understood here"))
        .at(at)
        .help("a holiday is a day, a range of days, or `RRULE:FREQ=YEARLY` with BYMONTH, BYMONTHDAY, BYDAY, INTERVAL, COUNT and UNTIL: write the days out as events of their own")
}

/// `20251224`. An hour would make it something else than a day.
fn day(property: &Property, diagnostics: &mut Diagnostics) -> Option<NaiveDate> {
    let found = (property.value.len() == 8).then(|| NaiveDate::parse_from_str(&property.value, "%Y%m%d").ok()).flatten();
    if found.is_none() {
        diagnostics.push(
            Diagnostic::error(CODE, format!("`{}` must be a whole day", property.name))
                .at(property.at)
                .help(format!("write `{};VALUE=DATE:20251224`, without an hour", property.name)),
        );
    }
    found
}

/// How many days an event lasts: its `DTEND` is the day after the last one.
fn length(first: NaiveDate, end: Option<&Property>, duration: Option<&Property>, diagnostics: &mut Diagnostics) -> Option<u32> {
    let (days, at) = match (end, duration) {
        (Some(end), _) => match (day(end, diagnostics)? - first).num_days() {
            // Some programs write the day itself as its end.
            0 => (1, end.at),
            days => (days, end.at),
        },
        (None, Some(duration)) => {
            let number = |unit: char| duration.value.strip_prefix('P')?.strip_suffix(unit)?.parse::<i64>().ok();
            let Some(days) = number('D').or_else(|| number('W')?.checked_mul(7)) else {
                diagnostics.push(
                    Diagnostic::error(CODE, "`DURATION` must be a number of days or weeks").at(duration.at).help("write `P2D`"),
                );
                return None;
            };
            (days, duration.at)
        }
        (None, None) => return Some(1),
    };
    if !(1..=MAX_DAYS).contains(&days) {
        let fault = Diagnostic::error(CODE, format!("a holiday of {days} days is none"));
        diagnostics.push(fault.at(at).help("`DTEND` is the day after the last one, at most a year after `DTSTART`"));
        return None;
    }
    u32::try_from(days).ok()
}

fn yearly(rule: &Property, first: NaiveDate, length: u32, diagnostics: &mut Diagnostics) -> Option<Yearly> {
    let mut yearly = Yearly { first, last: None, every: 1, months: vec![], days: vec![], weekdays: vec![], length };
    let (mut count, mut frequency) = (None, false);
    for part in rule.value.split(';').filter(|part| !part.trim().is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let known = match key.trim().to_ascii_uppercase().as_str() {
            "FREQ" => {
                frequency = value.eq_ignore_ascii_case("YEARLY");
                frequency.then_some(())
            }
            "INTERVAL" => numbers(value, 1..=100).and_then(|all| single(&all)).map(|every| yearly.every = every),
            "COUNT" => numbers(value, 1..=1000).and_then(|all| single(&all)).map(|number| count = Some(number)),
            "UNTIL" => value.get(..8).and_then(|day| NaiveDate::parse_from_str(day, "%Y%m%d").ok()).map(|day| {
                yearly.last = Some(day);
            }),
            "BYMONTH" => numbers(value, 1..=12).map(|months| yearly.months = months),
            "BYMONTHDAY" => numbers(value, 1..=31).map(|days| yearly.days = days),
            "BYDAY" => value.split(',').map(weekday).collect::<Option<_>>().map(|days| yearly.weekdays = days),
            "WKST" => Some(()),
            _ => None,
        };
        if known.is_none() {
            diagnostics.push(not_understood(part, rule.at));
            return None;
        }
    }
    let fixed = yearly.days.is_empty() && yearly.weekdays.is_empty();
    if !frequency || (yearly.months.is_empty() && !fixed) {
        let what = if frequency { "a yearly rule without `BYMONTH`" } else { "a rule without `FREQ=YEARLY`" };
        diagnostics.push(not_understood(what, rule.at));
        return None;
    }
    if yearly.months.is_empty() {
        yearly.months = vec![first.month()];
    }
    if fixed {
        yearly.days = vec![first.day()];
    }
    if let Some(count) = count {
        let Some(last) = yearly.nth(count) else {
            diagnostics.push(not_understood("a rule that finds no such day", rule.at));
            return None;
        };
        yearly.last = Some(last);
    }
    Some(yearly)
}

fn numbers(text: &str, range: std::ops::RangeInclusive<u32>) -> Option<Vec<u32>> {
    text.split(',').map(|number| number.trim().parse().ok().filter(|number| range.contains(number))).collect()
}

fn single(numbers: &[u32]) -> Option<u32> {
    match numbers {
        [one] => Some(*one),
        _ => None,
    }
}

/// `MO`, `4TH`, `-1MO`.
fn weekday(text: &str) -> Option<(Option<i32>, Weekday)> {
    let text = text.trim();
    let (number, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let weekday = match name.to_ascii_uppercase().as_str() {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return None,
    };
    let nth = match number {
        "" => None,
        number => Some(number.parse().ok().filter(|nth: &i32| (1..=5).contains(&nth.abs()))?),
    };
    Some((nth, weekday))
}

/// A text without what iCalendar escapes.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n' | 'N') => out.push(' '),
                Some(c) => out.push(c),
                None => {}
            },
            (c, false) => out.push(c),
        }
    }
    out.trim().to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;
    use lakesmith_text::Sources;

    fn parsed(events: &str) -> (Vec<Holiday>, Vec<String>) {
        let text = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}END:VCALENDAR\r\n", events.replace('\n', "\r\n"));
        let mut sources = Sources::new();
        let file = sources.add("holidays/x.ics", text.clone());
        let mut diagnostics = Diagnostics::new();
        let holidays = read(file, &text, Some("DE"), &mut diagnostics);
        let said = diagnostics.iter().map(|d| format!("{} {}", sources.place(d.span.unwrap()), d.message)).collect();
        (holidays, said)
    }

    fn once(holiday: &Holiday) -> (String, String) {
        let HolidayDays::Once { first, last } = &holiday.days else { panic!("{holiday:?}") };
        (first.to_string(), last.to_string())
    }

    #[test]
    fn days_ranges_and_folded_lines() {
        let (holidays, said) = parsed(
            "BEGIN:VTIMEZONE\nTZID:x\nEND:VTIMEZONE\n\
             BEGIN:VEVENT\nDTSTART;VALUE=DATE:20250418\nDTEND;VALUE=DATE:20250419\nSUMMARY;LANGUAGE=de:Kar\n freitag\\, still\n\
             BEGIN:VALARM\nSUMMARY:no\nEND:VALARM\nEND:VEVENT\n\
             BEGIN:VEVENT\nDTSTART:20251224\nDTEND;VALUE=DATE:20251227\nSUMMARY;X=\"a:b\":Betriebsruhe\nEND:VEVENT\n\
             BEGIN:VEVENT\nDTSTART;VALUE=DATE:20260101\nDURATION:P1W\nSUMMARY:Woche\nEND:VEVENT\n\
             BEGIN:VEVENT\nDTSTART;VALUE=DATE:20260101\nSTATUS:CANCELLED\nSUMMARY:Nie\nEND:VEVENT\n",
        );
        assert_eq!(said, [""; 0]);
        let names: Vec<&str> = holidays.iter().map(|holiday| holiday.name.as_str()).collect();
        assert_eq!(names, ["Karfreitag, still", "Betriebsruhe", "Woche"]);
        let pair = |first: &str, last: &str| (first.to_owned(), last.to_owned());
        assert_eq!(once(&holidays[0]), pair("2025-04-18", "2025-04-18"));
        assert_eq!(once(&holidays[1]), pair("2025-12-24", "2025-12-26"));
        assert_eq!(once(&holidays[2]), pair("2026-01-01", "2026-01-07"));
        assert_eq!(holidays[0].country.as_deref(), Some("DE"));
    }

    #[test]
    fn yearly_rules() {
        let event = |rule: &str| format!("BEGIN:VEVENT\nDTSTART;VALUE=DATE:20201126\nRRULE:{rule}\nSUMMARY:x\nEND:VEVENT\n");
        let rule = |text: &str| {
            let (holidays, said) = parsed(&event(text));
            assert_eq!(said, [""; 0], "{text}");
            let HolidayDays::Yearly(yearly) = holidays[0].days.clone() else { panic!("{holidays:?}") };
            yearly
        };
        let plain = rule("FREQ=YEARLY");
        assert_eq!((plain.months, plain.days, plain.last, plain.every), (vec![11], vec![26], None, 1));
        let thanksgiving = rule("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=3");
        assert_eq!(thanksgiving.weekdays, [(Some(4), Weekday::Thu)]);
        assert_eq!(thanksgiving.last.unwrap().to_string(), "2022-11-24");
        assert_eq!(rule("FREQ=YEARLY;UNTIL=20251231T000000Z").last.unwrap().to_string(), "2025-12-31");
        assert_eq!(rule("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYMONTHDAY=2,3;BYDAY=TU;WKST=SU").every, 4);
        for text in ["FREQ=MONTHLY", "FREQ=YEARLY;BYDAY=20MO", "FREQ=YEARLY;BYSETPOS=1", "FREQ=YEARLY;BYDAY=1MO", "COUNT=3"] {
            let (holidays, said) = parsed(&event(text));
            assert!(holidays.is_empty(), "{text}");
            assert!(said[0].starts_with("holidays/x.ics:5:1 `") || said[0].contains(" is not understood here"), "{said:?}");
        }
    }

    #[test]
    fn what_is_no_day_is_refused_at_its_line() {
        let (holidays, said) = parsed(
            "BEGIN:VEVENT\nDTSTART:20250101T100000\nSUMMARY:x\nEND:VEVENT\n\
             BEGIN:VEVENT\nDTSTART;VALUE=DATE:20250102\nEND:VEVENT\n\
             BEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT\n\
             BEGIN:VEVENT\nDTSTART;VALUE=DATE:20250102\nDTEND;VALUE=DATE:20250101\nSUMMARY:x\nEND:VEVENT\n\
             BEGIN:VEVENT\nDTSTART;VALUE=DATE:20250102\nEXDATE;VALUE=DATE:20260102\nSUMMARY:x\nEND:VEVENT\n",
        );
        assert!(holidays.is_empty());
        assert_eq!(
            said,
            [
                "holidays/x.ics:4:1 `DTSTART` must be a whole day",
                "holidays/x.ics:7:1 the event has no `SUMMARY`",
                "holidays/x.ics:10:1 the event has no `DTSTART`",
                "holidays/x.ics:15:1 a holiday of -1 days is none",
                "holidays/x.ics:20:1 `EXDATE` is not understood here",
            ]
        );
        let mut diagnostics = Diagnostics::new();
        let file = Sources::new().add("x", "");
        assert!(read(file, "day,name\n", None, &mut diagnostics).is_empty());
        assert_eq!(diagnostics.len(), 1);
    }
}
