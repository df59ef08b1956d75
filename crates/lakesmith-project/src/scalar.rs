//! What single values mean: names, dates, sizes.

use crate::{ByteSize, Memory};
use chrono::{DateTime, Month, NaiveDate, NaiveDateTime, Utc};
use std::time::Duration;

/// A letter or `_`, then letters, digits and `_`, all ASCII.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Two names with a dot between them.
pub(crate) fn is_table(text: &str) -> bool {
    text.split_once('.').is_some_and(|(layer, name)| is_name(layer) && is_name(name))
}

/// One ASCII character; a tab may be written `\t`.
pub(crate) fn character(text: &str) -> Option<char> {
    if text == "\\t" {
        return Some('\t');
    }
    let mut characters = text.chars();
    characters.next().filter(|c| c.is_ascii() && characters.next().is_none())
}

/// What stands between values or records: any text but none; a tab may be written `\t`, a line break `\n` or `\r`.
pub(crate) fn separator(text: &str) -> Option<String> {
    let text = text.replace("\\t", "\t").replace("\\n", "\n").replace("\\r", "\r");
    (!text.is_empty()).then_some(text)
}

/// A mark within numbers: one character that is no part of a number itself.
pub(crate) fn mark(text: &str) -> Option<char> {
    let mut characters = text.chars();
    let mark = characters.next().filter(|c| !c.is_alphanumeric() && !matches!(c, '-' | '+'))?;
    characters.next().is_none().then_some(mark)
}

/// A whole number of at least `least`.
pub(crate) fn whole(text: &str, least: u64) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number >= least)
}

/// A day as ISO 8601 writes it.
pub(crate) fn date(text: &str) -> Option<NaiveDate> {
    let shape = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| shape)
}

/// A time as ISO 8601 writes it; without a zone it is UTC, without a time of day the day's begin.
pub(crate) fn instant(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Some(day) = date(text) {
        return day.and_hms_opt(0, 0, 0).map(|time| time.and_utc());
    }
    let text = text.replacen(' ', "T", 1);
    let zoned = DateTime::parse_from_rfc3339(&text).map(|time| time.with_timezone(&Utc)).ok();
    zoned.or_else(|| NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f").ok().map(|time| time.and_utc()))
}

/// A month by its English name or the first three letters of it.
pub(crate) fn month(text: &str) -> Option<Month> {
    text.parse().ok()
}

/// A number of bytes with a unit: `B`, or `KiB`, `MiB`, `GiB`, `TiB` (powers of 1024; `KB` … mean the same).
pub(crate) fn size(text: &str) -> Option<ByteSize> {
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.')?);
    let power = match unit.trim().to_ascii_lowercase().as_str() {
        "b" => 0,
        "kib" | "kb" | "k" => 1,
        "mib" | "mb" | "m" => 2,
        "gib" | "gb" | "g" => 3,
        "tib" | "tb" | "t" => 4,
        _ => return None,
    };
    let bytes = number.parse::<f64>().ok()? * 1024f64.powi(power);
    (bytes >= 1.0 && bytes < 2f64.powi(60)).then_some(ByteSize(bytes as u64))
}

/// A length of time: a whole number and a unit, `90 seconds`, `15 minutes`, `6 hours`, `3 days`, `2 weeks`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let seconds = match unit.trim() {
        "s" | "second" | "seconds" => 1,
        "m" | "min" | "minute" | "minutes" => 60,
        "h" | "hour" | "hours" => 3_600,
        "d" | "day" | "days" => 86_400,
        "w" | "week" | "weeks" => 604_800,
        _ => return None,
    };
    let seconds = number.parse::<u64>().ok()?.checked_mul(seconds)?;
    // A thousand years: beyond that a timestamp cannot be reckoned with.
    (seconds <= 1_000 * 366 * 86_400).then_some(Duration::from_secs(seconds))
}

/// A number of bytes, or a share of the machine.
pub(crate) fn memory(text: &str) -> Option<Memory> {
    match text.trim().strip_suffix('%') {
        None => size(text).map(Memory::Bytes),
        Some(percent) => {
            let share = percent.trim().parse::<f64>().ok()? / 100.0;
            (share > 0.0 && share <= 1.0).then_some(Memory::Share(share))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_unit() {
        assert_eq!(size("10GiB"), Some(ByteSize(10 << 30)));
        assert_eq!(size("1.5 mb"), Some(ByteSize(3 << 19)));
        assert_eq!(size("100 B"), Some(ByteSize(100)));
        assert_eq!([size("10"), size("GiB"), size("0GiB"), size("1 XB"), size("-1GiB")], [None; 5]);
        assert_eq!(memory("50%"), Some(Memory::Share(0.5)));
        assert_eq!(memory("4GiB"), Some(Memory::Bytes(ByteSize(4 << 30))));
        assert_eq!([memory("0%"), memory("101%"), memory("%")], [None; 3]);
    }

    #[test]
    fn spans_of_time_have_a_unit() {
        let seconds = |text| duration(text).map(|span| span.as_secs());
        assert_eq!([seconds("2 days"), seconds("1 day"), seconds("90 minutes")], [Some(172_800), Some(86_400), Some(5_400)]);
        assert_eq!([seconds("0 seconds"), seconds("3 weeks"), seconds("36hours")], [Some(0), Some(1_814_400), Some(129_600)]);
        assert_eq!([seconds("0 h"), seconds("15min"), seconds("3d")], [Some(0), Some(900), Some(259_200)]);
        assert_eq!([seconds("2"), seconds("days"), seconds("-1 day"), seconds("1.5 days"), seconds("2 months")], [None; 5]);
        assert_eq!(seconds("99999999999999 weeks"), None);
    }

    #[test]
    fn days_must_exist() {
        assert!(date("2024-02-29").is_some());
        assert_eq!([date("2023-02-29"), date("2023-2-1"), date("20230201"), date("+2023-02-1")], [None; 4]);
        let time = |text| instant(text).map(|time| time.to_rfc3339());
        assert_eq!(time("2025-01-02").as_deref(), Some("2025-01-02T00:00:00+00:00"));
        assert_eq!(time("2025-01-02 03:04:05").as_deref(), Some("2025-01-02T03:04:05+00:00"));
        assert_eq!(time("2025-01-02T03:04:05+01:00").as_deref(), Some("2025-01-02T02:04:05+00:00"));
        assert_eq!([time("2025-13-02"), time("noon"), time("2025-01-02T25:00:00Z")], [None, None, None]);
        assert_eq!(month("april"), Some(Month::April));
        assert_eq!(month("smarch"), None);
    }

    #[test]
    fn names_are_ascii_identifiers() {
        assert!(is_name("order_id") && is_name("_x1"));
        assert!(!is_name("") && !is_name("1a") && !is_name("order-id") && !is_name("größe"));
        assert!(is_table("silver.sales_orders"));
        assert!(!is_table("orders") && !is_table("a.b.c") && !is_table("a."));
        assert_eq!([character(";"), character("\\t"), character("\t")], [Some(';'), Some('\t'), Some('\t')]);
        assert_eq!([character(""), character(";;"), character("§")], [None; 3]);
        assert_eq!([separator("||"), separator("\\t"), separator("")], [Some("||".to_owned()), Some("\t".to_owned()), None]);
        assert_eq!(
            [mark(","), mark("'"), mark(""), mark(",."), mark("1"), mark("-")],
            [Some(','), Some('\''), None, None, None, None]
        );
        assert_eq!(
            [whole("0", 0), whole("0", 1), whole("12", 1), whole("-1", 0), whole("1.5", 0)],
            [Some(0), None, Some(12), None, None]
        );
    }
}
