//! Amounts as people write them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use std::time::Duration;

/// `1 flow`, `2 flows`.
pub(crate) fn count(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

/// `0.042 s`, `12.3 s`, `4 min 05 s`.
pub(crate) fn time(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match seconds {
        s if s < 1.0 => format!("{s:.3} s"),
        s if s < 120.0 => format!("{s:.1} s"),
        s => format!("{} min {:02} s", s as u64 / 60, s as u64 % 60),
    }
}

/// A number of bytes with a unit, as `512MiB`, `4GB` (powers of 1024) or plain bytes.
///
/// # Errors
/// In words, for clap.
pub(crate) fn bytes(text: &str) -> Result<usize, String> {
    let wrong = || format!("`{text}` is no size; write `512MiB` or `4GiB`");
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len()));
    let power = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        "t" | "tb" | "tib" => 4,
        _ => return Err(wrong()),
    };
    let bytes = number.parse::<f64>().map_err(|_| wrong())? * 1024f64.powi(power);
    if (1.0..2f64.powi(53)).contains(&bytes) { Ok(bytes as usize) } else { Err(wrong()) }
}

/// The least memory with which anything can be computed.
const LEAST_MEMORY: usize = 16 << 20;

/// The memory that computing may take, as [`bytes`] reads it.
///
/// # Errors
/// In words, for clap.
pub(crate) fn memory(text: &str) -> Result<usize, String> {
    let bytes = bytes(text)?;
    match bytes < LEAST_MEMORY {
        true => Err(format!("`{text}` is less than computing takes: give it 16MiB or more, such as `512MiB`")),
        false => Ok(bytes),
    }
}

/// A span of time with a unit, as `30s`, `5m`, `1h`; not none.
///
/// # Errors
/// In words, for clap.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no span of time; write `30s`, `5m` or `1h`");
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?);
    let unit = match unit.trim() {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        _ => return Err(wrong()),
    };
    let seconds = number.parse::<u32>().map_err(|_| wrong())?;
    if seconds == 0 { Err(wrong()) } else { Ok(Duration::from_secs(u64::from(seconds) * unit)) }
}

/// A moment: one that is given, or so long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    At(DateTime<Utc>),
    Ago(TimeDelta),
}

impl Moment {
    /// The moment itself, for whoever asks at `now`.
    pub(crate) fn before(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Moment::At(time) => time,
            Moment::Ago(span) => now - span,
        }
    }
}

/// A moment from a day (`2025-01-02`), a time of UTC or with an offset (`2025-01-02 06:00`, `2025-01-02T06:00:00+02:00`),
/// or how long ago (`7d`, `12h`).
///
/// # Errors
/// In words, for clap.
pub(crate) fn moment(text: &str) -> Result<Moment, String> {
    let text = text.trim();
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(Moment::At(day.and_time(NaiveTime::MIN).and_utc()));
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(&text.replacen(' ', "T", 1)) {
        return Ok(Moment::At(time.to_utc()));
    }
    let forms = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f"];
    if let Some(time) = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok()) {
        return Ok(Moment::At(time.and_utc()));
    }
    let ago = text.split_at_checked(text.len().saturating_sub(1)).and_then(|(number, unit)| {
        let number = number.trim().parse::<u32>().ok().filter(|number| *number > 0)?;
        match unit {
            "d" => TimeDelta::try_days(number.into()),
            "h" => TimeDelta::try_hours(number.into()),
            _ => None,
        }
    });
    // What lies before all time is no moment.
    ago.filter(|span| DateTime::<Utc>::UNIX_EPOCH.checked_sub_signed(*span).is_some())
        .map(Moment::Ago)
        .ok_or_else(|| format!("`{text}` is no date; write `2025-01-02`, `2025-01-02 06:00` (UTC), `7d` or `12h`"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_well() {
        assert_eq!([count(0, "flow"), count(1, "flow"), count(2, "flow")], ["0 flows", "1 flow", "2 flows"]);
        let times = [42, 12_345, 245_900].map(|ms| time(Duration::from_millis(ms)));
        assert_eq!(times, ["0.042 s", "12.3 s", "4 min 05 s"]);
    }

    #[test]
    fn spans_have_a_unit() {
        assert_eq!([span("30s"), span("5m"), span("2 h")], [30, 300, 7_200].map(|s| Ok(Duration::from_secs(s))));
        for text in ["", "5", "m", "0s", "-1s", "1d", "99999999999s"] {
            assert!(span(text).is_err(), "{text}");
        }
    }

    #[test]
    fn moments_are_days_times_or_so_long_ago() {
        let at = |text: &str| Ok(Moment::At(text.parse().unwrap()));
        assert_eq!(moment("2025-01-02"), at("2025-01-02T00:00:00Z"));
        assert_eq!(moment("2025-01-02 06:00"), at("2025-01-02T06:00:00Z"));
        assert_eq!(moment("2025-01-02T06:00:00.5"), at("2025-01-02T06:00:00.5Z"));
        assert_eq!(moment("2025-01-02 06:00:00+02:00"), at("2025-01-02T04:00:00Z"));
        assert_eq!([moment("7d"), moment("12h")], [Ok(Moment::Ago(TimeDelta::days(7))), Ok(Moment::Ago(TimeDelta::hours(12)))]);
        for text in ["", "d", "0d", "-1d", "7", "7m", "yesterday", "2025-13-01", "2025-02-30", "01.02.2025", "4294967295d"] {
            assert!(moment(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_may_have_a_unit() {
        let good = [("4GiB", 4 << 30), ("1.5 mb", 3 << 19), ("100", 100), ("2k", 2048)];
        for (text, expected) in good {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "GiB", "0", "-1", "50%", "1 XB", "1e400"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
