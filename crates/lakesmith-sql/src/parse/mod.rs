//! From text to tree.
//!
//! sqlparser does the grammar. Around it stand what Spark reads differently: string literals ([`literal`]), number suffixes
//! ([`token`]), and a few forms of the grammar ([`dialect`]); what can be written in several ways gets one form ([`normal`]).

mod dialect;
mod literal;
mod normal;
mod token;

use crate::{Expr, Query, SqlError};
use dialect::Spark;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};
use std::ops::Range;

/// Parses one query: `SELECT`, `WITH`, `VALUES` or a parenthesis of these, with set operations.
///
/// # Errors
/// `sql-syntax` with the bytes of the token that does not fit; another statement is refused by its name.
pub fn parse_query(text: &str) -> Result<Query, SqlError> {
    let tokens = token::tokens(text)?;
    let first = tokens.iter().find(|token| !matches!(token.token, Token::Whitespace(_)));
    match first.map(|token| &token.token) {
        None => return Err(SqlError::new("sql-syntax", "there is no query here").at(Some(0..text.len()))),
        Some(Token::Word(word))
            if !matches!(word.keyword, Keyword::SELECT | Keyword::WITH | Keyword::VALUES | Keyword::FROM | Keyword::TABLE) =>
        {
            let message = format!("`{}` is not a query: a SELECT is needed", word.value);
            return Err(SqlError::new("sql-syntax", message).at(first.and_then(|token| crate::syntax::bytes(token.span))));
        }
        Some(_) => {}
    }
    let mut query = whole(text, tokens, |parser| parser.parse_query())?;
    normal::normalise(&mut *query)?;
    Ok(Query::new(*query))
}

/// Parses one expression.
///
/// # Errors
/// `sql-syntax` with the bytes of the token that does not fit.
pub fn parse_expr(text: &str) -> Result<Expr, SqlError> {
    let tokens = token::tokens(text)?;
    if tokens.iter().all(|token| matches!(token.token, Token::Whitespace(_))) {
        return Err(SqlError::new("sql-syntax", "there is no expression here").at(Some(0..text.len())));
    }
    let mut expr = whole(text, tokens, |parser| parser.parse_expr())?;
    normal::normalise(&mut expr)?;
    Ok(Expr::new(expr))
}

/// Runs a parser over all tokens: what is left over is a fault too.
fn whole<T>(
    text: &str,
    tokens: Vec<TokenWithSpan>,
    parse: impl FnOnce(&mut Parser<'_>) -> Result<T, ParserError>,
) -> Result<T, SqlError> {
    if let Some(range) = time_travel(&tokens) {
        return Err(SqlError::unsupported("VERSION AS OF and TIMESTAMP AS OF are not supported").at(Some(range)));
    }
    let mut parser = Parser::new(&Spark).with_recursion_limit(200).with_tokens_with_locations(tokens);
    let tree = parse(&mut parser).map_err(|error| syntax(text, &error))?;
    while parser.consume_token(&Token::SemiColon) {}
    let rest = parser.peek_token();
    match rest.token {
        Token::EOF => Ok(tree),
        token => {
            let range = crate::syntax::bytes(rest.span);
            Err(SqlError::new("sql-syntax", format!("`{token}` is not expected here")).at(range))
        }
    }
}

/// `VERSION AS OF`: the grammar would take the first word for an alias, and its fault would not help.
fn time_travel(tokens: &[TokenWithSpan]) -> Option<Range<usize>> {
    let words: Vec<(Keyword, &TokenWithSpan)> = tokens
        .iter()
        .filter_map(|token| match &token.token {
            Token::Whitespace(_) => None,
            Token::Word(word) => Some((word.keyword, token)),
            _ => Some((Keyword::NoKeyword, token)),
        })
        .collect();
    let found = words
        .windows(3)
        .find(|window| matches!(window, [(Keyword::VERSION | Keyword::TIMESTAMP, _), (Keyword::AS, _), (Keyword::OF, _)]));
    let ((_, first), (_, last)) = (found?.first()?, found?.last()?);
    Some(crate::syntax::bytes(first.span)?.start..crate::syntax::bytes(last.span)?.end)
}

/// The parser tells the place within its message: takes it out, and keeps the rest.
fn syntax(text: &str, error: &ParserError) -> SqlError {
    let message = match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message.as_str(),
        ParserError::RecursionLimitExceeded => return SqlError::new("sql-syntax", "the expression is nested too deeply"),
    };
    let (message, place) = match message.split_once(" at Line: ") {
        Some((message, place)) => (message, place.rsplit(' ').next().and_then(|column| column.parse::<usize>().ok())),
        None => (message, None),
    };
    let range = match place {
        Some(column) if column > 0 => word_at(text, column - 1),
        _ => text.len()..text.len(),
    };
    SqlError::new("sql-syntax", lower_first(message)).at(Some(range))
}

/// The token-like stretch of text that begins at a byte.
fn word_at(text: &str, start: usize) -> Range<usize> {
    let rest = text.get(start..).unwrap_or_default();
    let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let length = if word > 0 { word } else { rest.chars().next().map_or(0, char::len_utf8) };
    start..start + length
}

fn lower_first(message: &str) -> String {
    let mut chars = message.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}
