//! How values are written as text: `decimal`, `thousands`, `date_format`, `timestamp_format` of a table.

use super::FileFormat;
use crate::fields::Fields;
use crate::names::no_effect;
use crate::scalar;
use lakesmith_text::{Diagnostic, Diagnostics, Spanned};

/// How values are written as text. The default: a decimal point, no marks between thousands, ISO 8601 days and times.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Notation {
    /// Before the fraction of a number, if it is not a point.
    pub decimal: Option<char>,
    /// Between groups of three digits before the fraction.
    pub thousands: Option<char>,
    /// How days are written: a datetime pattern of Spark.
    pub date_format: Option<Spanned<String>>,
    /// How times are written: a datetime pattern of Spark.
    pub timestamp_format: Option<Spanned<String>>,
}

/// How the values of a table are written. With a decimal comma, thousands are marked by points if nothing else is said.
pub(crate) fn notation(fields: &Fields<'_>, format: &FileFormat, diagnostics: &mut Diagnostics) -> Notation {
    if matches!(format, FileFormat::Text(_) | FileFormat::Parquet | FileFormat::Avro | FileFormat::Excel(_)) {
        for key in ["decimal", "thousands", "date_format", "timestamp_format"] {
            no_effect(fields, key, "`csv`, `json`, `xml` and `fixed_width` files", diagnostics);
        }
    }
    let mark = |key| scalar::mark(&fields.get(key)?.text()?);
    let decimal = mark("decimal");
    let thousands = mark("thousands");
    if thousands.is_some_and(|mark| mark == decimal.unwrap_or('.')) {
        diagnostics.push(
            Diagnostic::error("conflicting-keys", "`thousands` and `decimal` are the same mark")
                .at(fields.place("thousands"))
                .help("say both, such as `decimal: \",\"` and `thousands: \".\"`"),
        );
    }
    Notation {
        decimal,
        thousands: thousands.or_else(|| (decimal == Some(',')).then_some('.')),
        date_format: fields.text("date_format"),
        timestamp_format: fields.text("timestamp_format"),
    }
}

/// Whether a text is a pattern by which days and times are read.
pub(crate) fn pattern(text: &str) -> Option<()> {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(quoted) = rest.strip_prefix('\'') {
            rest = quoted.split_once('\'')?.1;
            continue;
        }
        let length = rest.chars().take_while(|letter| *letter == first).map(char::len_utf8).sum();
        let known = match first {
            'y' | 'u' => matches!(length, 1 | 2 | 4),
            'M' | 'L' => length <= 4,
            'd' | 'H' | 'h' | 'm' | 's' => length <= 2,
            'S' => length <= 9,
            'a' | 'Z' => length == 1,
            'X' | 'x' => length <= 3,
            letter => !letter.is_ascii_alphabetic(),
        };
        if !known {
            return None;
        }
        rest = &rest[length..];
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_known_letters() {
        for text in ["dd.MM.yyyy", "d MMM yy", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "MM/dd/yyyy hh:mm a", "yyyy''MM", "d. MMMM y"] {
            assert_eq!(pattern(text), Some(()), "{text}");
        }
        for text in ["dd.MM.YYYY", "EEE", "yyyyy", "ddd", "'T", "DD", "date"] {
            assert_eq!(pattern(text), None, "{text}");
        }
    }
}
