//! NDJSON: one JSON object per line.
//!
//! A line is first parsed as a whole ([`tape`]), so that a bad one is known before any column has been touched; then
//! its values go to their columns as they stand in the file, number text and all.

mod decode;
mod sample;
mod tape;

pub(crate) use decode::JsonDecoder;
pub(crate) use sample::sample;

/// The lines of `text`, each with its end (after the line break) and without break or blanks around it. Without
/// `last`, what follows the last line break is left out.
fn lines(text: &str, last: bool) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = &text[at..];
        let end = match rest.find('\n') {
            Some(length) => length + 1,
            None if last && !rest.is_empty() => rest.len(),
            None => return None,
        };
        at += end;
        Some((at, rest[..end].trim_matches([' ', '\t', '\r', '\n'])))
    })
}
