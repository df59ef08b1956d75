//! Java's date patterns (`yyyy-MM-dd HH:mm:ss`), compiled once per text.
//!
//! Letters as in Spark's documentation of datetime patterns; a letter that Spark refuses, or that only other calendars
//! need, is an error.

use datafusion::common::exec_err;
use datafusion::error::Result;

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// This text.
    Literal(String),
    /// A field of the date or time, and how many letters named it.
    Field(Field, usize),
    /// `[` … `]`: may be missing from a text that is read.
    Optional(Vec<Item>),
}

/// A field of a date or time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Era,
    Year,
    Quarter,
    Month,
    Day,
    DayOfYear,
    Weekday,
    AmPm,
    /// 0-23.
    Hour,
    /// 1-12.
    ClockHour12,
    /// 0-11.
    Hour12,
    /// 1-24.
    ClockHour24,
    Minute,
    Second,
    Fraction,
    /// `Z` for UTC, `+01:00` (X), or never `Z` (x).
    OffsetX,
    Offsetx,
    /// `+0100`, or `GMT+01:00` for four letters.
    OffsetZ,
    /// `GMT+1`.
    OffsetO,
    /// `UTC`, the zone's name.
    ZoneId,
    ZoneName,
}

impl Field {
    /// Is it written in digits?
    pub(super) fn is_number(self, letters: usize) -> bool {
        match self {
            Self::Year | Self::Day | Self::DayOfYear | Self::Hour | Self::ClockHour12 | Self::Hour12 => true,
            Self::ClockHour24 | Self::Minute | Self::Second | Self::Fraction => true,
            Self::Month | Self::Quarter => letters <= 2,
            _ => false,
        }
    }
}

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(pub(super) Vec<Item>);

impl Pattern {
    /// Reads a pattern.
    ///
    /// Errors: a letter that Spark does not have, an open quote or bracket.
    pub(super) fn compile(text: &str) -> Result<Self> {
        let mut rest = text.chars().peekable();
        let mut open: Vec<Vec<Item>> = vec![vec![]];
        while let Some(c) = rest.next() {
            let item = match c {
                '\'' => {
                    let mut literal = String::new();
                    let mut closed = false;
                    while let Some(c) = rest.next() {
                        if c != '\'' {
                            literal.push(c);
                        } else if rest.next_if_eq(&'\'').is_some() {
                            literal.push('\'');
                        } else {
                            closed = true;
                            break;
                        }
                    }
                    if !closed {
                        return exec_err!("a date pattern has an open quote");
                    }
                    Item::Literal(if literal.is_empty() { "'".into() } else { literal })
                }
                '[' => {
                    open.push(vec![]);
                    continue;
                }
                ']' => match (open.pop(), open.last_mut()) {
                    (Some(items), Some(outer)) => {
                        outer.push(Item::Optional(items));
                        continue;
                    }
                    _ => return exec_err!("a date pattern has a ] without a ["),
                },
                '#' | '{' | '}' => return exec_err!("a date pattern cannot have {c}"),
                c if c.is_ascii_alphabetic() => {
                    let mut letters = 1;
                    while rest.next_if_eq(&c).is_some() {
                        letters += 1;
                    }
                    Item::Field(field(c, letters)?, letters)
                }
                c => Item::Literal(c.into()),
            };
            if let Some(items) = open.last_mut() {
                items.push(item);
            }
        }
        match (open.pop(), open.is_empty()) {
            (Some(items), true) => Ok(Self(items)),
            _ => exec_err!("a date pattern has an open ["),
        }
    }
}

fn field(letter: char, letters: usize) -> Result<Field> {
    let (field, most) = match letter {
        'G' => (Field::Era, 4),
        'y' => (Field::Year, 6),
        'Q' | 'q' => (Field::Quarter, 4),
        'M' | 'L' => (Field::Month, 4),
        'd' => (Field::Day, 2),
        'D' => (Field::DayOfYear, 3),
        'E' => (Field::Weekday, 4),
        'a' => (Field::AmPm, 1),
        'H' => (Field::Hour, 2),
        'h' => (Field::ClockHour12, 2),
        'K' => (Field::Hour12, 2),
        'k' => (Field::ClockHour24, 2),
        'm' => (Field::Minute, 2),
        's' => (Field::Second, 2),
        'S' => (Field::Fraction, 9),
        'X' => (Field::OffsetX, 5),
        'x' => (Field::Offsetx, 5),
        'Z' => (Field::OffsetZ, 5),
        'O' => (Field::OffsetO, 4),
        'V' => (Field::ZoneId, 2),
        'z' => (Field::ZoneName, 4),
        _ => return exec_err!("a date pattern has the letter {letter}, which has no meaning in Spark"),
    };
    if letters > most {
        return exec_err!("a date pattern has more than {most} times the letter {letter}");
    }
    Ok(field)
}

pub(super) const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// From Monday.
pub(super) const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_pattern_has_fields_literals_and_optional_parts() {
        let pattern = Pattern::compile("yyyy-MM'T'[HH]''").unwrap();
        assert_eq!(
            pattern.0,
            [
                Item::Field(Field::Year, 4),
                Item::Literal("-".into()),
                Item::Field(Field::Month, 2),
                Item::Literal("T".into()),
                Item::Optional(vec![Item::Field(Field::Hour, 2)]),
                Item::Literal("'".into()),
            ]
        );
    }

    #[test]
    fn letters_that_spark_refuses_are_errors() {
        for pattern in ["YYYY", "ww", "e", "n", "yyyy'", "[yyyy", "ddd", "MMMMM"] {
            assert!(Pattern::compile(pattern).is_err(), "{pattern}");
        }
    }
}
