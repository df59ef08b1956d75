//! Reads the lines of the table.

use super::{Kind, Null, Signature};
use crate::{DataType, parse_type};

/// What a parameter takes, or a result is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pattern {
    Type(DataType),
    /// `T`: the common type of all arguments that have it.
    Variable(char),
    Any,
    Number,
    Integral,
    Array(Box<Pattern>),
    Map(Box<Pattern>, Box<Pattern>),
    /// `(T, int) => U`.
    Lambda(Vec<Pattern>, Box<Pattern>),
    /// `@sum`.
    Rule(&'static str),
}

/// Reads one line; None if it is empty or wrong (a test reads them all).
pub(super) fn parse_line(kind: Kind, text: &'static str) -> Option<Signature> {
    let (name, rest) = text.split_once('(')?;
    let close = closing(rest)?;
    let (inside, rest) = (rest.get(..close)?, rest.get(close + 1..)?.trim_start());
    let result = rest.strip_prefix("->")?.trim_start();
    let (result, marks) = result.split_once("> ").map_or_else(
        || result.split_once(' ').unwrap_or((result, "")),
        |(head, marks)| (result.get(..=head.len()).unwrap_or(result), marks),
    );
    let mut signature = Signature {
        name: name.trim(),
        kind,
        parameters: Vec::new(),
        optional: 0,
        repeated: false,
        result: parse_pattern(result)?,
        null: Null::AnyArgument,
        unordered: false,
        text,
    };
    for part in split(inside) {
        let (part, repeated) = part.strip_suffix("...").map_or((part, false), |part| (part, true));
        let (part, optional) = part.strip_suffix('?').map_or((part, false), |part| (part, true));
        signature.parameters.push(parse_pattern(part)?);
        signature.repeated |= repeated;
        signature.optional += usize::from(optional || repeated);
    }
    for mark in marks.split_whitespace() {
        match mark {
            "nullable" => signature.null = Null::Always,
            "never" => signature.null = Null::Never,
            "all" => signature.null = Null::AllArguments,
            "unordered" => signature.unordered = true,
            _ => return None,
        }
    }
    Some(signature)
}

fn parse_pattern(text: &'static str) -> Option<Pattern> {
    let text = text.trim();
    if let Some(rule) = text.strip_prefix('@') {
        return Some(Pattern::Rule(rule));
    }
    if let Some(rest) = text.strip_prefix('(') {
        let close = closing(rest)?;
        let parameters = split(rest.get(..close)?).into_iter().map(parse_pattern).collect::<Option<_>>()?;
        let body = rest.get(close + 1..)?.trim_start().strip_prefix("=>")?;
        return Some(Pattern::Lambda(parameters, Box::new(parse_pattern(body)?)));
    }
    if let Some(element) = text.strip_prefix("array<").and_then(|rest| rest.strip_suffix('>')) {
        return Some(Pattern::Array(Box::new(parse_pattern(element)?)));
    }
    if let Some(inside) = text.strip_prefix("map<").and_then(|rest| rest.strip_suffix('>')) {
        let [key, value] = split(inside).try_into().ok()?;
        return Some(Pattern::Map(Box::new(parse_pattern(key)?), Box::new(parse_pattern(value)?)));
    }
    let mut chars = text.chars();
    match (text, chars.next(), chars.next()) {
        ("any", ..) => Some(Pattern::Any),
        ("number", ..) => Some(Pattern::Number),
        ("integral", ..) => Some(Pattern::Integral),
        (_, Some(letter), None) if letter.is_ascii_uppercase() => Some(Pattern::Variable(letter)),
        _ => parse_type(text).ok().map(Pattern::Type),
    }
}

/// The place of the parenthesis that closes one opened before the text.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_i32;
    for (index, c) in text.char_indices() {
        depth += match c {
            '(' => 1,
            ')' if depth == 0 => return Some(index),
            ')' => -1,
            _ => 0,
        };
    }
    None
}

/// The parts between commas that stand in no bracket. A lambda's `=>` is no bracket.
fn split(text: &'static str) -> Vec<&'static str> {
    let (mut parts, mut depth, mut start, mut before) = (Vec::new(), 0_i32, 0, ' ');
    for (index, c) in text.char_indices() {
        match c {
            '(' | '<' => depth += 1,
            ')' => depth -= 1,
            '>' if before != '=' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text.get(start..index).unwrap_or_default().trim());
                start = index + 1;
            }
            _ => {}
        }
        before = c;
    }
    parts.push(text.get(start..).unwrap_or_default().trim());
    parts.retain(|part| !part.is_empty());
    parts
}
