//! The functions that the language has, one line each: `name(parameters) -> result [marks]`.
//!
//! A function that is not here is not understood. To add one, write its line in the file of its family, and implement it under its
//! name in `lakesmith-functions`. A name may have several lines; the first that takes the arguments counts.
//!
//! ```text
//! substring(string, int, int?) -> string       `?`: may be left out
//! coalesce(T, T...) -> T  all                  capital letters: one type, the common one; `...`: any number more
//! transform(array<T>, (T) => U) -> array<U>    a lambda
//! sum(number) -> @sum  nullable                `@`: a rule in `result`
//! ```
//!
//! Parameters: a type, `T`, `any`, `number`, `integral`, `array<..>`, `map<.., ..>`. Marks: `nullable` (may be NULL
//! whatever the arguments), `never` (is never NULL), `all` (NULL only if all arguments are); without one: NULL if an argument is.
//! `unordered`: depends on the order of rows.

mod aggregate;
mod array;
mod conditional;
mod date;
mod json;
mod matching;
mod number;
mod pattern;
mod random;
mod result;
mod string;
mod window;

pub(crate) use matching::{Argument, matching};
pub(crate) use pattern::Pattern;
pub(crate) use random::is_random;
pub(crate) use result::{operator, rule};

use pattern::parse_line;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// How a function is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Row by row.
    Scalar,
    /// Over groups; over windows too.
    Aggregate,
    /// Over windows only.
    Window,
    /// One row to many, in `LATERAL VIEW`.
    Generator,
}

/// One line.
#[derive(Debug, Clone)]
pub(crate) struct Signature {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) parameters: Vec<Pattern>,
    /// How many may be left out, from the last.
    pub(crate) optional: usize,
    /// Whether the last may come again.
    pub(crate) repeated: bool,
    pub(crate) result: Pattern,
    pub(crate) null: Null,
    pub(crate) unordered: bool,
    /// The line, for messages.
    pub(crate) text: &'static str,
}

/// When a result may be NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Null {
    AnyArgument,
    AllArguments,
    Always,
    Never,
}

const FAMILIES: &[(Kind, &str)] = &[
    (Kind::Scalar, string::FUNCTIONS),
    (Kind::Scalar, number::FUNCTIONS),
    (Kind::Scalar, date::FUNCTIONS),
    (Kind::Scalar, array::FUNCTIONS),
    (Kind::Scalar, conditional::FUNCTIONS),
    (Kind::Scalar, json::FUNCTIONS),
    (Kind::Aggregate, aggregate::FUNCTIONS),
    (Kind::Window, window::FUNCTIONS),
    (Kind::Generator, array::GENERATORS),
];

static TABLE: LazyLock<BTreeMap<&'static str, Vec<Signature>>> = LazyLock::new(|| {
    let mut table: BTreeMap<&'static str, Vec<Signature>> = BTreeMap::new();
    for (kind, lines) in FAMILIES {
        for signature in lines.lines().filter_map(|line| parse_line(*kind, line.trim())) {
            table.entry(signature.name).or_default().push(signature);
        }
    }
    table
});

/// The lines of a function, by its lower-case name.
pub(crate) fn lookup(name: &str) -> Option<&'static [Signature]> {
    TABLE.get(name).map(Vec::as_slice)
}

/// The names of all functions that expressions and queries may use, in order. A function has one name here; synonyms
/// (`substr`, `now`, `ifnull` …) are replaced by it when a text is parsed.
pub fn function_names() -> Vec<&'static str> {
    TABLE.keys().copied().collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_understood() {
        let mut lines = 0;
        for (kind, text) in FAMILIES {
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
                let signature = parse_line(*kind, line);
                assert!(signature.is_some(), "{line}");
                lines += 1;
            }
        }
        assert_eq!(lines, TABLE.values().map(Vec::len).sum::<usize>());
        assert!(lookup("substring").is_some());
        assert!(lookup("no_such_function").is_none());
    }

    #[test]
    fn rules_of_results_exist() {
        for signature in TABLE.values().flatten() {
            if let Pattern::Rule(name) = &signature.result {
                let ty = rule(name, &[crate::DataType::Double, crate::DataType::Double], None);
                assert_ne!(ty, crate::DataType::Null, "{}", signature.text);
            }
        }
    }
}
