//! Amounts as people write them.

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

#[cfg(test)]
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
