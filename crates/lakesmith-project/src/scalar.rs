//! What single values mean: names, dates, sizes.

use crate::{ByteSize, Memory};
use chrono::{Month, NaiveDate};
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

/// A day as ISO 8601 writes it.
pub(crate) fn date(text: &str) -> Option<NaiveDate> {
    let shape = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| shape)
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
        "h" | "hour" | "hours" => 3600,
        "d" | "day" | "days" => 86_400,
        "w" | "week" | "weeks" => 604_800,
        _ => return None,
    };
    // A century is enough, and fits every type that times are reckoned in.
    let seconds = number.parse::<u64>().ok()?.checked_mul(seconds)?;
    (seconds <= 100 * 366 * 86_400).then_some(Duration::from_secs(seconds))
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
    fn lengths_of_time_have_a_unit() {
        assert_eq!(duration("3 days"), Some(Duration::from_secs(259_200)));
        assert_eq!(duration("0 h"), Some(Duration::ZERO));
        assert_eq!(duration("15min"), Some(Duration::from_secs(900)));
        assert_eq!([duration("3"), duration("days"), duration("-1 day"), duration("1.5 h"), duration("99999 weeks")], [None; 5]);
    }

    #[test]
    fn days_must_exist() {
        assert!(date("2024-02-29").is_some());
        assert_eq!([date("2023-02-29"), date("2023-2-1"), date("20230201"), date("+2023-02-1")], [None; 4]);
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
    }
}
