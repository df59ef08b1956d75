//! Java's regular expressions, as far as an engine without backtracking runs them.
//!
//! `\d`, `\w`, `\s` and `\b` mean ASCII, as in Java; look-around and back-references in a pattern are errors.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, ListBuilder, StringBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::datatypes::{Field, Int32Type};
use datafusion::error::{DataFusionError, Result};

use super::{Args, SparkFunction, Strings, returns};

pub(super) fn functions() -> Vec<SparkFunction> {
    let f = SparkFunction::new;
    vec![
        f("regexp_like", (2, 2), returns::boolean, |a| {
            let (text, pattern, compiled) = (a.strings(0)?, a.strings(1)?, Compiled::default());
            a.to_booleans(|row| match text.get(row).zip(pattern.get(row)) {
                Some((s, p)) => Ok(Some((compiled.get(p)?.is_match)(s))),
                None => Ok(None),
            })
        }),
        f("regexp_replace", (3, 4), returns::string, regexp_replace),
        f("regexp_extract", (2, 3), returns::string, regexp_extract),
        f("split", (2, 3), returns::strings, split),
    ]
}

/// Where something was found, in bytes.
type Place = (usize, usize);

type Replacing = dyn Fn(&str, &str) -> String;
type Question<A> = Box<dyn Fn(&str) -> A>;

/// A compiled expression: what the functions here ask of one. The engine is the one that DataFusion comes with.
struct Expression {
    is_match: Question<bool>,
    replace_all: Box<Replacing>,
    /// The groups of the first match, the whole being group 0.
    first: Question<Option<Vec<Option<Place>>>>,
    all: Question<Vec<Place>>,
    /// Groups in the expression, with the whole.
    groups: usize,
}

fn compile(pattern: &str) -> Result<Rc<Expression>> {
    let regex = datafusion::functions::regex::compile_regex(&translate(pattern), None).map_err(|_| {
        DataFusionError::Execution(
            "[INVALID_PARAMETER_VALUE.PATTERN] a regular expression cannot be read; look-around and back-references are not supported".into(),
        )
    })?;
    let [one, two, three, four] = [regex.clone(), regex.clone(), regex.clone(), regex.clone()];
    Ok(Rc::new(Expression {
        is_match: Box::new(move |s| one.is_match(s)),
        replace_all: Box::new(move |s, with| two.replace_all(s, with).into_owned()),
        first: Box::new(move |s| Some(three.captures(s)?.iter().map(|m| m.map(|m| (m.start(), m.end()))).collect())),
        all: Box::new(move |s| four.find_iter(s).map(|m| (m.start(), m.end())).collect()),
        groups: regex.captures_len(),
    }))
}

#[derive(Default)]
struct Compiled(RefCell<HashMap<String, Rc<Expression>>>);

impl Compiled {
    fn get(&self, pattern: &str) -> Result<Rc<Expression>> {
        if let Some(found) = self.0.borrow().get(pattern) {
            return Ok(found.clone());
        }
        let compiled = compile(pattern)?;
        self.0.borrow_mut().insert(pattern.to_owned(), compiled.clone());
        Ok(compiled)
    }
}

/// Text that matches itself.
fn escape(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_ascii_punctuation() { vec!['\\', c] } else { vec![c] }).collect()
}

/// The classes that are ASCII in Java, written out.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    let mut in_class = 0usize;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('d') => out.push_str(if in_class > 0 { "0-9" } else { "[0-9]" }),
                Some('D') => out.push_str("[^0-9]"),
                Some('w') => out.push_str(if in_class > 0 { "a-zA-Z0-9_" } else { "[a-zA-Z0-9_]" }),
                Some('W') => out.push_str("[^a-zA-Z0-9_]"),
                Some('s') => out.push_str(if in_class > 0 { r" \t\n\x0B\f\r" } else { r"[ \t\n\x0B\f\r]" }),
                Some('S') => out.push_str(r"[^ \t\n\x0B\f\r]"),
                Some('b') => out.push_str(r"(?-u:\b)"),
                Some('h') => out.push_str(r"[ \t\x{A0}]"),
                Some('R') => out.push_str(r"(?:\r\n|[\n\x0B\f\r\x{85}\x{2028}\x{2029}])"),
                Some('Z') => out.push_str(r"\z"),
                Some('Q') => {
                    let rest = chars.as_str();
                    let (quoted, after) = rest.split_once("\\E").unwrap_or((rest, ""));
                    out.push_str(&escape(quoted));
                    chars = after.chars();
                }
                Some(other) => {
                    out.push('\\');
                    out.push(other);
                }
                None => out.push('\\'),
            },
            '[' => {
                in_class += 1;
                out.push('[');
            }
            ']' => {
                in_class = in_class.saturating_sub(1);
                out.push(']');
            }
            other => out.push(other),
        }
    }
    out
}

/// Java's replacement (`$1`, `\$`) in the engine's words (`${1}`, `$$`).
fn replacement(java: &str) -> String {
    let mut out = String::with_capacity(java.len());
    let mut chars = java.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('$') => out.push_str("$$"),
                Some(other) => out.push(other),
                None => {}
            },
            '$' => {
                if let Some(digit) = chars.next_if(char::is_ascii_digit) {
                    out.push_str(&format!("${{{digit}}}"));
                } else {
                    out.push('$');
                }
            }
            other => out.push(other),
        }
    }
    out
}

fn regexp_replace(args: &Args) -> Result<ArrayRef> {
    let (text, pattern, with) = (args.strings(0)?, args.strings(1)?, args.strings(2)?);
    let from = args.primitive_or::<Int32Type>(3, 1)?;
    let compiled = Compiled::default();
    args.to_strings(|row| {
        let (Some(s), Some(p), Some(with)) = (text.get(row), pattern.get(row), with.get(row)) else { return Ok(None) };
        let skip = s.char_indices().nth(from.value(row).max(1) as usize - 1).map_or(s.len(), |(at, _)| at);
        let replaced = (compiled.get(p)?.replace_all)(&s[skip..], &replacement(with));
        Ok(Some(format!("{}{replaced}", &s[..skip])))
    })
}

/// `regexp_extract(text, pattern [, group])`: group 1 by default, an empty text where nothing matches.
fn regexp_extract(args: &Args) -> Result<ArrayRef> {
    let (text, pattern, group) = (args.strings(0)?, args.strings(1)?, args.primitive_or::<Int32Type>(2, 1)?);
    let compiled = Compiled::default();
    args.to_strings(|row| {
        let (Some(s), Some(p), true) = (text.get(row), pattern.get(row), group.is_valid(row)) else { return Ok(None) };
        let regex = compiled.get(p)?;
        let group = usize::try_from(group.value(row)).ok().filter(|g| *g < regex.groups);
        let Some(group) = group else { return Err(args.wrong("is given the number of a group that the pattern does not have")) };
        let found = (regex.first)(s).and_then(|groups| groups[group]).map(|(from, to)| s[from..to].to_owned());
        Ok(Some(found.unwrap_or_default()))
    })
}

/// `split(text, pattern [, limit])`: all parts, or at most `limit`.
fn split(args: &Args) -> Result<ArrayRef> {
    let (text, pattern, limit): (Strings, Strings, _) =
        (args.strings(0)?, args.strings(1)?, args.primitive_or::<Int32Type>(2, -1)?);
    let compiled = Compiled::default();
    let mut out = ListBuilder::new(StringBuilder::new()).with_field(Arc::new(Field::new_list_field(DataType::Utf8, true)));
    for row in 0..args.rows {
        let (Some(s), Some(p)) = (text.get(row), pattern.get(row)) else {
            out.append_null();
            continue;
        };
        let regex = compiled.get(p)?;
        let limit = if limit.value(row) > 0 { limit.value(row) as usize } else { usize::MAX };
        let (mut start, mut parts) = (0, 0);
        for (from, to) in (regex.all)(s) {
            // An empty match splits between characters, not before the first.
            if parts + 1 >= limit || to == 0 || (from == to && to == s.len()) {
                continue;
            }
            out.values().append_value(&s[start..from]);
            start = to;
            parts += 1;
        }
        out.values().append_value(&s[start..]);
        out.append(true);
    }
    Ok(Arc::new(out.finish()))
}
