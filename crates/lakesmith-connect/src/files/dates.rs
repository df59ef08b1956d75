//! Folders that are named by dates: `{yyyy}/{MM}/{dd}/{HH}`.

use chrono::{NaiveDate, NaiveDateTime};

/// The parts of a date by how they are written in a pattern, with the number of their digits.
const WORDS: [(&str, Part); 4] = [("{yyyy}", Part::Year), ("{MM}", Part::Month), ("{dd}", Part::Day), ("{HH}", Part::Hour)];

/// A piece of a folder's name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Year,
    Month,
    Day,
    Hour,
    Text(String),
}

/// A folder's name with parts of dates in it: `{yyyy}`, `dt={yyyy}-{MM}-{dd}`.
#[derive(Debug, Clone)]
pub(crate) struct DatedName(Vec<Part>);

/// What the names of the folders on the way to a file say of its time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Stamp {
    year: Option<u32>,
    month: Option<u32>,
    day: Option<u32>,
    hour: Option<u32>,
}

/// The pattern as a glob: parts of dates are so many digits.
pub(crate) fn as_glob(pattern: &str) -> String {
    let mut glob = pattern.to_owned();
    for (word, part) in &WORDS {
        glob = glob.replace(word, &"[0-9]".repeat(digits(part)));
    }
    glob
}

/// The pattern without its parts of dates.
pub(crate) fn without(pattern: &str) -> String {
    WORDS.iter().fold(pattern.to_owned(), |rest, (word, _)| rest.replace(word, ""))
}

fn digits(part: &Part) -> usize {
    if *part == Part::Year { 4 } else { 2 }
}

impl DatedName {
    /// The name that a segment of a pattern describes; `None` if it holds no part of a date.
    pub(crate) fn parse(segment: &str) -> Option<DatedName> {
        let (mut parts, mut rest) = (vec![], segment);
        loop {
            let next = WORDS.iter().filter_map(|(word, part)| Some((rest.find(word)?, word, part))).min_by_key(|(at, ..)| *at);
            let Some((at, word, part)) = next else { break };
            parts.extend((at > 0).then(|| Part::Text(rest[..at].to_owned())));
            parts.push(part.clone());
            rest = &rest[at + word.len()..];
        }
        if parts.is_empty() {
            return None;
        }
        parts.extend((!rest.is_empty()).then(|| Part::Text(rest.to_owned())));
        Some(DatedName(parts))
    }

    /// What a folder's name adds to what is known of the time; `None` if it is none of these names.
    pub(crate) fn read(&self, name: &str, mut stamp: Stamp) -> Option<Stamp> {
        let mut rest = name;
        for part in &self.0 {
            let place = match part {
                Part::Text(text) => {
                    rest = rest.strip_prefix(text.as_str())?;
                    continue;
                }
                Part::Year => &mut stamp.year,
                Part::Month => &mut stamp.month,
                Part::Day => &mut stamp.day,
                Part::Hour => &mut stamp.hour,
            };
            let number = rest.get(..digits(part))?;
            if !number.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            *place = number.parse().ok();
            rest = &rest[number.len()..];
        }
        rest.is_empty().then_some(stamp)
    }
}

impl Stamp {
    /// The first moment it may mean; `None` if there is no such day, or not even a year.
    pub(crate) fn begins(&self) -> Option<NaiveDateTime> {
        let day = NaiveDate::from_ymd_opt(self.year? as i32, self.month.unwrap_or(1), self.day.unwrap_or(1))?;
        day.and_hms_opt(self.hour.unwrap_or(0), 0, 0)
    }

    /// Whether some of the time it may mean is not before `since`. Where that is not known, it may.
    pub(crate) fn reaches(&self, since: NaiveDateTime) -> bool {
        use chrono::{Datelike, Timelike};
        let Some(year) = self.year else { return true };
        let last = (year, self.month.unwrap_or(12), self.day.unwrap_or(31), self.hour.unwrap_or(23));
        last >= (since.year().max(0) as u32, since.month(), since.day(), since.hour())
    }

    /// Whether all of the time it may mean is not before `since`.
    pub(crate) fn is_after(&self, since: NaiveDateTime) -> bool {
        self.begins().is_some_and(|begins| begins >= since)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn moment(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(&format!("{text}:00"), "%Y-%m-%d %H:%M").unwrap()
    }

    #[test]
    fn names_say_when() {
        let name = DatedName::parse("dt={yyyy}-{MM}-{dd}T{HH}h").unwrap();
        let stamp = name.read("dt=2026-03-01T07h", Stamp::default()).unwrap();
        assert_eq!(stamp.begins(), Some(moment("2026-03-01 07")));
        for other in ["dt=2026-03-01", "dt=2026-03-01T7h", "2026-03-01T07h", "dt=2026-03-01T07hx", "dt=20ü6-03-01T07h"] {
            assert_eq!(name.read(other, Stamp::default()), None, "{other}");
        }
        assert!(DatedName::parse("orders").is_none());
        assert!(DatedName::parse("{YYYY}").is_none());
    }

    #[test]
    fn a_folder_is_passed_over_when_all_of_its_time_lies_before() {
        let year = Stamp { year: Some(2026), ..Stamp::default() };
        let march = Stamp { month: Some(3), ..year };
        let since = moment("2026-03-30 12");
        assert!(year.reaches(since) && !year.is_after(since));
        assert!(march.reaches(since));
        assert!(!Stamp { month: Some(2), ..year }.reaches(since));
        assert!(!Stamp { day: Some(29), ..march }.reaches(since));
        let day = Stamp { day: Some(30), ..march };
        assert!(day.reaches(since) && !day.is_after(since));
        assert!(!Stamp { hour: Some(11), ..day }.reaches(since));
        assert!(Stamp { hour: Some(12), ..day }.is_after(since));
        assert!(Stamp { month: Some(4), ..year }.is_after(since));
        // A month without a year may be of any year.
        assert!(Stamp { month: Some(1), ..Stamp::default() }.reaches(since));
    }
}
