//! How a source writes numbers and dates as text, where that is not as `1234.5` and `2024-12-31`.

use std::borrow::Cow;
use std::str::FromStr;

/// How values are written as text. The default: a decimal point, no marks between thousands, ISO 8601 days and times.
///
/// What is not written so does not fit its column, and columns are inferred to be numbers by it. Days and times are never
/// inferred: their columns need hints.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notation {
    /// Before the fraction of a number, if it is not a point.
    pub decimal: Option<char>,
    /// Between groups of three digits before the fraction: `.` in `1.234,5`. It need not be there; where it is, every
    /// group has three digits but the first.
    pub thousands: Option<char>,
    /// How days are written.
    pub date: Option<DatePattern>,
    /// How times are written. A time without a zone is UTC.
    pub timestamp: Option<DatePattern>,
}

impl Notation {
    /// Whether numbers are written as they are in programs.
    fn has_plain_numbers(&self) -> bool {
        self.decimal.is_none_or(|mark| mark == '.') && self.thousands.is_none()
    }

    /// A number as it is in programs: `1234.5` for `1.234,5`. `None` if it is not written so.
    pub(crate) fn number<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        if self.has_plain_numbers() {
            return Some(Cow::Borrowed(text));
        }
        let decimal = self.decimal.unwrap_or('.');
        let (whole, fraction) = match text.split_once(decimal) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        let mut plain = match self.thousands.filter(|mark| whole.contains(*mark)) {
            Some(mark) => ungrouped(whole, mark)?,
            None => whole.to_owned(),
        };
        // A point that is no mark of this notation is no part of a number.
        if plain.contains('.') || fraction.is_some_and(|fraction| fraction.contains('.')) {
            return None;
        }
        if let Some(fraction) = fraction {
            plain.push('.');
            plain.push_str(fraction);
        }
        Some(Cow::Owned(plain))
    }

    /// A day as ISO 8601 has it. `None` if it is not written so.
    pub(crate) fn date<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        match &self.date {
            None => Some(Cow::Borrowed(text)),
            Some(pattern) => {
                let found = pattern.read(text)?;
                Some(Cow::Owned(found.day()))
            }
        }
    }

    /// A time as ISO 8601 has it. `None` if it is not written so.
    pub(crate) fn timestamp<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        match &self.timestamp {
            None => Some(Cow::Borrowed(text)),
            Some(pattern) => {
                let found = pattern.read(text)?;
                Some(Cow::Owned(format!("{}T{}", found.day(), found.time()?)))
            }
        }
    }
}

/// The digits of a whole number whose groups of three have `mark` between them.
fn ungrouped(whole: &str, mark: char) -> Option<String> {
    let unsigned = whole.strip_prefix(['-', '+']).unwrap_or(whole);
    let mut groups = unsigned.split(mark);
    let first = groups.next()?;
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    if !(1..=3).contains(&first.len()) || !digits(first) || !groups.all(|group| group.len() == 3 && digits(group)) {
        return None;
    }
    Some(whole.chars().filter(|character| *character != mark).collect())
}

/// How days or times are written: `dd.MM.yyyy`, `yyyy-MM-dd HH:mm:ss.SSS`. As Spark's datetime patterns, of which it knows
/// `y M d H h m s S a X x` and text; a letter twice or more is as many digits, once any number of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatePattern {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// A number: what of, and from how many digits to how many.
    Number(Of, usize, usize),
    /// The first three letters of a month's English name, or all of them.
    MonthName,
    /// Digits behind the second's point.
    Fraction(usize),
    /// AM or PM.
    HalfDay,
    /// `Z` or an offset such as `+02:00`, `+0200` or `+02`.
    Zone,
    Text(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Year,
    ShortYear,
    Month,
    Day,
    Hour,
    HalfDayHour,
    Minute,
    Second,
}

/// What is wrong with a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not known in a pattern of dates")]
pub struct UnknownLetters(String);

impl FromStr for DatePattern {
    type Err = UnknownLetters;

    fn from_str(text: &str) -> Result<DatePattern, UnknownLetters> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if first == '\'' {
                let inner = &rest[1..];
                let end = inner.find('\'').ok_or_else(|| UnknownLetters(rest.to_owned()))?;
                parts.push(Part::Text(if end == 0 { "'".to_owned() } else { inner[..end].to_owned() }));
                rest = &inner[end + 1..];
                continue;
            }
            let length = rest.chars().take_while(|letter| *letter == first).map(char::len_utf8).sum();
            let (run, after) = rest.split_at(length);
            rest = after;
            let several = |of, width: usize| match run.len() {
                1 => Some(Part::Number(of, 1, width)),
                2 => Some(Part::Number(of, 2, 2)),
                _ => None,
            };
            let part = match (first, length) {
                ('y' | 'u', 2) => Some(Part::Number(Of::ShortYear, 2, 2)),
                ('y' | 'u', 1 | 4) => Some(Part::Number(Of::Year, length, 4)),
                ('M' | 'L', 3 | 4) => Some(Part::MonthName),
                ('M' | 'L', _) => several(Of::Month, 2),
                ('d', _) => several(Of::Day, 2),
                ('H', _) => several(Of::Hour, 2),
                ('h', _) => several(Of::HalfDayHour, 2),
                ('m', _) => several(Of::Minute, 2),
                ('s', _) => several(Of::Second, 2),
                ('S', 1..=9) => Some(Part::Fraction(length)),
                ('a', 1) => Some(Part::HalfDay),
                ('X' | 'x', 1..=3) | ('Z', 1) => Some(Part::Zone),
                (letter, _) if letter.is_ascii_alphabetic() => None,
                _ => Some(Part::Text(run.to_owned())),
            };
            parts.push(part.ok_or_else(|| UnknownLetters(run.to_owned()))?);
        }
        Ok(DatePattern { parts })
    }
}

/// What a text says of a day and a time.
#[derive(Debug, Default)]
struct Found {
    year: Option<u32>,
    month: Option<u32>,
    day: Option<u32>,
    hour: u32,
    afternoon: Option<bool>,
    half_day_hour: Option<u32>,
    minute: u32,
    second: u32,
    fraction: String,
    zone: String,
}

impl Found {
    /// As ISO 8601; whether the calendar has the day is for others to say.
    fn day(&self) -> String {
        format!("{:04}-{:02}-{:02}", self.year.unwrap_or(1970), self.month.unwrap_or(1), self.day.unwrap_or(1))
    }

    /// As ISO 8601, with fraction and zone.
    fn time(&self) -> Option<String> {
        let hour = match (self.half_day_hour, self.afternoon) {
            (None, None) => self.hour,
            (Some(hour @ 1..=12), Some(afternoon)) => hour % 12 + if afternoon { 12 } else { 0 },
            _ => return None,
        };
        let fraction = if self.fraction.is_empty() { String::new() } else { format!(".{}", self.fraction) };
        Some(format!("{hour:02}:{:02}:{:02}{fraction}{}", self.minute, self.second, self.zone))
    }
}

impl DatePattern {
    fn read(&self, text: &str) -> Option<Found> {
        let mut found = Found::default();
        let mut rest = text;
        for part in &self.parts {
            rest = match part {
                Part::Text(expected) => rest.strip_prefix(expected.as_str())?,
                Part::Number(of, least, most) => {
                    let length = rest.bytes().take(*most).take_while(u8::is_ascii_digit).count();
                    if length < *least {
                        return None;
                    }
                    let value = rest[..length].parse().ok()?;
                    match of {
                        Of::Year => found.year = Some(value),
                        Of::ShortYear => found.year = Some(2000 + value),
                        Of::Month => found.month = Some(value),
                        Of::Day => found.day = Some(value),
                        Of::Hour => found.hour = value,
                        Of::HalfDayHour => found.half_day_hour = Some(value),
                        Of::Minute => found.minute = value,
                        Of::Second => found.second = value,
                    }
                    &rest[length..]
                }
                Part::MonthName => {
                    let (month, length) = month(rest)?;
                    found.month = Some(month);
                    &rest[length..]
                }
                Part::Fraction(length) => {
                    let digits = rest.get(..*length).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
                    digits.clone_into(&mut found.fraction);
                    &rest[*length..]
                }
                Part::HalfDay => {
                    let word = rest.get(..2)?;
                    found.afternoon = match word.to_ascii_lowercase().as_str() {
                        "am" => Some(false),
                        "pm" => Some(true),
                        _ => return None,
                    };
                    &rest[2..]
                }
                Part::Zone => {
                    let (zone, length) = zone(rest)?;
                    found.zone = zone;
                    &rest[length..]
                }
            };
        }
        rest.is_empty().then_some(found)
    }
}

/// The month whose name a text begins with, and the length of it.
fn month(text: &str) -> Option<(u32, usize)> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let begins = |name: &str| text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    let of = |(number, name): (u32, &&str)| {
        let length = [name.len(), 3].into_iter().find(|length| begins(&name[..*length]))?;
        Some((number, length))
    };
    (1..).zip(NAMES.iter()).find_map(of)
}

/// The zone that a text begins with, as ISO 8601 has it, and the length of it.
fn zone(text: &str) -> Option<(String, usize)> {
    if text.starts_with('Z') {
        return Some(("Z".to_owned(), 1));
    }
    let sign = text.chars().next().filter(|sign| matches!(sign, '+' | '-'))?;
    let digits = |from: usize| text.get(from..from + 2).filter(|two| two.bytes().all(|byte| byte.is_ascii_digit()));
    let hours = digits(1)?;
    let colon = usize::from(text.get(3..4) == Some(":"));
    Some(match digits(3 + colon) {
        Some(minutes) => (format!("{sign}{hours}:{minutes}"), 5 + colon),
        None => (format!("{sign}{hours}:00"), 3),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_other_countries() {
        let german = Notation { decimal: Some(','), thousands: Some('.'), ..Notation::default() };
        let swiss = Notation { thousands: Some('\''), ..Notation::default() };
        let comma = Notation { decimal: Some(','), ..Notation::default() };
        for (notation, text, expected) in [
            (&german, "1.234,5", Some("1234.5")),
            (&german, "-1.234.567", Some("-1234567")),
            (&german, "1234,50", Some("1234.50")),
            (&german, "12.34", None),
            (&german, "1.2345,6", None),
            (&german, ".234", None),
            (&german, "1,234.5", None),
            (&german, "1,2,3", Some("1.2,3")),
            (&german, "31.12.2024", None),
            (&german, "abc", Some("abc")),
            (&comma, "1,5", Some("1.5")),
            (&comma, "1.5", None),
            (&swiss, "1'234.5", Some("1234.5")),
            (&swiss, "1,5", Some("1,5")),
            (&Notation::default(), "1,5", Some("1,5")),
        ] {
            assert_eq!(notation.number(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn days_and_times_by_their_patterns() {
        for (pattern, text, expected) in [
            ("dd.MM.yyyy", "31.12.2024", Some("2024-12-31T00:00:00")),
            ("dd.MM.yyyy", "1.12.2024", None),
            ("d.M.yyyy", "1.2.2024", Some("2024-02-01T00:00:00")),
            ("d.M.yy", "31.12.24", Some("2024-12-31T00:00:00")),
            ("dd.MM.yyyy", "31.12.2024 ", None),
            ("MM/dd/yyyy hh:mm:ss a", "12/31/2024 12:05:09 AM", Some("2024-12-31T00:05:09")),
            ("MM/dd/yyyy hh:mm a", "12/31/2024 01:05 pm", Some("2024-12-31T13:05:00")),
            ("MM/dd/yyyy hh:mm a", "12/31/2024 13:05 pm", None),
            ("dd-MMM-yyyy", "05-mar-2024", Some("2024-03-05T00:00:00")),
            ("d MMMM yyyy", "5 March 2024", Some("2024-03-05T00:00:00")),
            ("yyyyMMdd'T'HHmmss.SSSXXX", "20240305T010203.456+02:00", Some("2024-03-05T01:02:03.456+02:00")),
            ("yyyyMMddHHmmssX", "20240305010203Z", Some("2024-03-05T01:02:03Z")),
            ("yyyyMMddHHmmssX", "20240305010203-0530", Some("2024-03-05T01:02:03-05:30")),
            ("yyyy''MM", "2024'03", Some("2024-03-01T00:00:00")),
            ("yyyy", "äö", None),
        ] {
            let notation = Notation { timestamp: Some(pattern.parse().unwrap()), ..Notation::default() };
            assert_eq!(notation.timestamp(text).as_deref(), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn letters_without_a_meaning_are_refused() {
        for (pattern, letters) in [("dd.MM.YYYY", "YYYY"), ("EEE", "EEE"), ("yyyyy", "yyyyy"), ("ddd", "ddd"), ("'T", "'T")] {
            assert_eq!(pattern.parse::<DatePattern>(), Err(UnknownLetters(letters.to_owned())));
        }
    }
}
