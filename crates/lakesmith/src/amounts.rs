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
