//! Tokens as Spark reads them, each with its bytes.

use super::dialect::Spark;
use super::literal;
use crate::SqlError;
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer};

/// The tokens of a text. A token's span is `line 1, column = byte + 1`.
///
/// # Errors
/// `sql-syntax` for what is no token.
pub(super) fn tokens(text: &str) -> Result<Vec<TokenWithSpan>, SqlError> {
    let masked = literal::mask(text)?;
    let places = Places::new(text);
    let mut values = masked.values.into_iter();
    let read = Tokenizer::new(&Spark, &masked.text).tokenize_with_location().map_err(|error| {
        let start = places.byte(error.location);
        SqlError::new("sql-syntax", error.message).at(Some(start..text.len()))
    })?;
    let mut tokens: Vec<TokenWithSpan> = Vec::with_capacity(read.len());
    for TokenWithSpan { token, span } in read {
        let span = Span::new(place(places.byte(span.start)), place(places.byte(span.end)));
        match token {
            Token::SingleQuotedString(_) => {
                let value = values.next().unwrap_or_default();
                match literal_before(&mut tokens) {
                    Some((before, before_span)) => {
                        before.push_str(&value);
                        before_span.end = span.end;
                    }
                    None => tokens.push(TokenWithSpan { token: Token::SingleQuotedString(value), span }),
                }
            }
            Token::Word(word) if word.quote_style.is_none() && follows_number(&tokens, span) => {
                suffix(&mut tokens, &word.value, span)?;
            }
            token => tokens.push(TokenWithSpan { token, span }),
        }
    }
    Ok(tokens)
}

/// The literal that only white space separates from the end: literals side by side are one.
fn literal_before(tokens: &mut [TokenWithSpan]) -> Option<(&mut String, &mut Span)> {
    let last = tokens.iter_mut().rev().find(|token| !matches!(token.token, Token::Whitespace(_)))?;
    match &mut last.token {
        Token::SingleQuotedString(value) => Some((value, &mut last.span)),
        _ => None,
    }
}

fn follows_number(tokens: &[TokenWithSpan], span: Span) -> bool {
    tokens.last().is_some_and(|last| matches!(last.token, Token::Number(..)) && last.span.end == span.start)
}

/// `1.5D`: a number's suffix names its type. Read as the cast that it means.
fn suffix(tokens: &mut Vec<TokenWithSpan>, suffix: &str, span: Span) -> Result<(), SqlError> {
    let Some(mut number) = tokens.pop() else { return Ok(()) };
    let span = Span::new(number.span.start, span.end);
    if let Token::Number(digits, _) = &mut number.token {
        match suffix.to_ascii_uppercase().as_str() {
            "BD" => *digits = plainly(digits),
            // More digits than a decimal has: a literal of the type itself.
            "D" | "F" if digits.len() > 38 && !digits.contains(['e', 'E']) => digits.push_str("e0"),
            _ => {}
        }
    }
    let ty = match (suffix.to_ascii_uppercase().as_str(), &number.token) {
        ("D", _) => "DOUBLE".to_owned(),
        ("F", _) => "FLOAT".to_owned(),
        ("S", Token::Number(digits, _)) if is_whole(digits) => "SMALLINT".to_owned(),
        ("Y", Token::Number(digits, _)) if is_whole(digits) => "TINYINT".to_owned(),
        ("BD", Token::Number(digits, _)) if digits.len() <= 40 => {
            let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
            let scale = fraction.len();
            let precision = (whole.trim_start_matches('0').len() + scale).max(1);
            format!("DECIMAL({precision},{scale})")
        }
        _ => {
            let message = format!("`{}{suffix}` is neither a number nor a name", number.token);
            return Err(SqlError::new("sql-syntax", message)
                .at(crate::syntax::bytes(span))
                .help("put a name that starts with a digit into backticks"));
        }
    };
    let mut push = |token| tokens.push(TokenWithSpan { token, span });
    push(Token::make_keyword("CAST"));
    push(Token::LParen);
    push(number.token);
    push(Token::Whitespace(sqlparser::tokenizer::Whitespace::Space));
    push(Token::make_keyword("AS"));
    match ty.strip_prefix("DECIMAL(").and_then(|rest| rest.strip_suffix(')')).and_then(|rest| rest.split_once(',')) {
        Some((precision, scale)) => {
            push(Token::make_keyword("DECIMAL"));
            push(Token::LParen);
            push(Token::Number(precision.to_owned(), false));
            push(Token::Comma);
            push(Token::Number(scale.to_owned(), false));
            push(Token::RParen);
        }
        None => push(Token::make_keyword(&ty)),
    }
    push(Token::RParen);
    Ok(())
}

fn is_whole(digits: &str) -> bool {
    digits.bytes().all(|b| b.is_ascii_digit())
}

/// A number without its exponent: `1.5e2` is `150`, `1e-2` is `0.01`. As it is if that would be longer than any decimal.
fn plainly(number: &str) -> String {
    let Some((mantissa, exponent)) = number.split_once(['e', 'E']) else { return number.to_owned() };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let Some(exponent) = exponent.parse::<i64>().ok().filter(|exponent| exponent.abs() <= 40) else { return number.to_owned() };
    let mut digits = format!("{whole}{fraction}");
    let mut point = whole.len() as i64 + exponent;
    while point < 0 {
        digits.insert(0, '0');
        point += 1;
    }
    while (digits.len() as i64) < point {
        digits.push('0');
    }
    let (whole, fraction) = digits.split_at(point as usize);
    let whole = if whole.is_empty() { "0" } else { whole };
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

fn place(byte: usize) -> Location {
    Location { line: 1, column: byte as u64 + 1 }
}

/// Where each line and character of a text begins.
struct Places {
    lines: Vec<Vec<usize>>,
    end: usize,
}

impl Places {
    fn new(text: &str) -> Self {
        let mut lines = vec![Vec::new()];
        for (byte, c) in text.char_indices() {
            if let Some(line) = lines.last_mut() {
                line.push(byte);
            }
            if c == '\n' {
                lines.push(Vec::new());
            }
        }
        Self { lines, end: text.len() }
    }

    /// The byte of a place told in lines and characters, both from 1.
    fn byte(&self, at: Location) -> usize {
        let line = (at.line as usize).saturating_sub(1);
        let column = (at.column as usize).saturating_sub(1);
        let next = || self.lines.get(line + 1).and_then(|next| next.first()).copied().unwrap_or(self.end);
        self.lines.get(line).and_then(|bytes| bytes.get(column)).copied().unwrap_or_else(next)
    }
}
