//! String literals as Spark reads them.
//!
//! Spark's rules differ from other engines' in four ways: `"..."` is a string too, a backslash escapes, `r'..'` does not escape, and
//! literals side by side are one literal. So the literals are read here, and the grammar sees a plain quoted string of the same
//! length in each one's place.

use crate::SqlError;

/// The text with every string literal blanked out, and the literals' values in order.
///
/// `masked` has as many characters and lines as the text, so that places found in it hold for the text.
pub(super) struct Masked {
    pub(super) text: String,
    pub(super) values: Vec<String>,
}

/// Reads all string literals of a text.
///
/// # Errors
/// `sql-syntax` for a literal, an identifier or a comment that is not closed.
pub(super) fn mask(text: &str) -> Result<Masked, SqlError> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let at = |index: usize| chars.get(index).map(|(_, c)| *c);
    let unclosed = |what: &str, index: usize| {
        let start = chars.get(index).map_or(text.len(), |(byte, _)| *byte);
        SqlError::new("sql-syntax", format!("this {what} is not closed")).at(Some(start..text.len()))
    };
    let mut masked = Masked { text: String::with_capacity(text.len()), values: Vec::new() };
    let mut index = 0;
    while let Some(c) = at(index) {
        let end = match c {
            '-' if at(index + 1) == Some('-') => (index..chars.len()).find(|i| at(*i) == Some('\n')).unwrap_or(chars.len()),
            '/' if at(index + 1) == Some('*') => comment_end(&chars, index).ok_or_else(|| unclosed("comment", index))?,
            '`' => {
                let close = (index + 1..chars.len()).find(|i| at(*i) == Some('`'));
                close.map(|i| i + 1).ok_or_else(|| unclosed("identifier", index))?
            }
            '\'' | '"' => {
                let prefix = prefix(&chars, index);
                if prefix == Some('x') {
                    let close = (index + 1..chars.len()).find(|i| at(*i) == Some(c));
                    close.map(|i| i + 1).ok_or_else(|| unclosed("literal", index))?
                } else {
                    let raw = prefix == Some('r');
                    let end = literal_end(&chars, index, raw).ok_or_else(|| unclosed("string", index))?;
                    let body: String = chars.get(index + 1..end - 1).unwrap_or_default().iter().map(|(_, c)| *c).collect();
                    if raw {
                        masked.text.pop();
                        masked.text.push(' ');
                    }
                    masked.text.push('\'');
                    masked.text.extend(body.chars().map(|c| if c == '\n' { c } else { 'x' }));
                    masked.text.push('\'');
                    masked.values.push(if raw { body } else { unescape(&body, c) });
                    index = end;
                    continue;
                }
            }
            _ => index + 1,
        };
        masked.text.extend(chars.get(index..end).unwrap_or_default().iter().map(|(_, c)| *c));
        index = end;
    }
    Ok(masked)
}

/// The letter directly before a quote that makes it another kind of literal: `r'..'`, `x'..'`.
fn prefix(chars: &[(usize, char)], quote: usize) -> Option<char> {
    let (_, letter) = chars.get(quote.checked_sub(1)?)?;
    let alone = match quote.checked_sub(2).and_then(|i| chars.get(i)) {
        Some((_, before)) => !before.is_alphanumeric() && *before != '_',
        None => true,
    };
    let letter = letter.to_ascii_lowercase();
    (alone && matches!(letter, 'r' | 'x')).then_some(letter)
}

fn comment_end(chars: &[(usize, char)], start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut index = start;
    loop {
        match (chars.get(index)?.1, chars.get(index + 1).map(|(_, c)| *c)) {
            ('/', Some('*')) => (depth, index) = (depth + 1, index + 2),
            ('*', Some('/')) if depth == 1 => return Some(index + 2),
            ('*', Some('/')) => (depth, index) = (depth - 1, index + 2),
            _ => index += 1,
        }
    }
}

/// The index behind the closing quote. A doubled quote is a quote, except in a raw literal.
fn literal_end(chars: &[(usize, char)], start: usize, raw: bool) -> Option<usize> {
    let quote = chars.get(start)?.1;
    let mut index = start + 1;
    loop {
        match chars.get(index)?.1 {
            '\\' if !raw => index += 2,
            c if c == quote && !raw && chars.get(index + 1).map(|(_, c)| *c) == Some(quote) => index += 2,
            c if c == quote => return Some(index + 1),
            _ => index += 1,
        }
    }
}

/// What a literal's text stands for: Spark's `unescapeSQLString`.
fn unescape(body: &str, quote: char) -> String {
    let chars: Vec<char> = body.chars().collect();
    let mut value = String::with_capacity(body.len());
    let mut index = 0;
    while let Some(&c) = chars.get(index) {
        index += 1;
        if c == quote {
            index += 1; // the second of a pair
            value.push(c);
        } else if c == '\\' {
            let Some(&escaped) = chars.get(index) else {
                value.push(c);
                break;
            };
            if let Some((read, code)) = code_point(chars.get(index..).unwrap_or_default()) {
                value.push(code);
                index += read;
                continue;
            }
            index += 1;
            match escaped {
                '0' => value.push('\0'),
                'b' => value.push('\u{8}'),
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                'Z' => value.push('\u{1A}'),
                // LIKE's own escapes are left for LIKE.
                '%' | '_' => value.extend(['\\', escaped]),
                other => value.push(other),
            }
        } else {
            value.push(c);
        }
    }
    value
}

/// `uXXXX`, `UXXXXXXXX` or three octal digits: how many characters were read, and the character meant.
fn code_point(rest: &[char]) -> Option<(usize, char)> {
    let number = |from: usize, length: usize, radix: u32| {
        let digits: String = rest.get(from..from + length)?.iter().collect();
        u32::from_str_radix(&digits, radix).ok().and_then(char::from_u32)
    };
    match rest.first()? {
        'u' => Some((5, number(1, 4, 16)?)),
        'U' => Some((9, number(1, 8, 16)?)),
        '0' | '1' => Some((3, number(0, 3, 8)?)),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_identifiers_keep_their_quotes() {
        let masked = mask("a -- it's\n`b'` /* ' /* \" */ ' */ 'c'").unwrap();
        assert_eq!(masked.text, "a -- it's\n`b'` /* ' /* \" */ ' */ 'x'");
        assert_eq!(masked.values, ["c"]);
    }

    #[test]
    fn lengths_stay() {
        for text in [r"r'\d' + 'a''b'", "'é\n€' || \"x\"", r"'\'' = X'AB'"] {
            let masked = mask(text).unwrap();
            assert_eq!(masked.text.chars().count(), text.chars().count(), "{text}");
        }
    }

    #[test]
    fn what_is_not_closed_is_shown_from_its_start() {
        for text in ["a = 'b", "a = `b", "a = /* b", r"a = 'b\'", "a = \"b'"] {
            assert_eq!(mask(text).err().unwrap().range, Some(4..text.len()), "{text}");
        }
    }
}
