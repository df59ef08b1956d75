//! NDJSON: one JSON object per line.
//!
//! Most lines go [`straight`] into columns, value by value. A line that turns out to be unusual is taken back and parsed as a
//! whole ([`tape`]), so that a bad one is known before any column has been touched; then its values go to their columns as
//! they stand in the file, number text and all, and what does not fit is rescued.

mod decode;
mod sample;
mod straight;
mod tape;

use arrow::datatypes::Schema;

use super::lines::{AfterLines, Cutter, LineDecoder, LineFormat};
use super::shape::Shapes;

/// NDJSON.
#[derive(Debug)]
pub(crate) struct JsonLines;

impl LineFormat for JsonLines {
    fn sample_text(&self, text: &str, complete: bool, limit: u64, shapes: &mut Shapes) -> u64 {
        sample::sample(text, complete, limit, shapes)
    }

    fn cutter(&self) -> Box<dyn Cutter> {
        Box::new(AfterLines)
    }

    fn decoder(&self, schema: &Schema) -> Box<dyn LineDecoder> {
        Box::new(decode::JsonDecoder::new(schema))
    }
}

/// The lines of `text`, each with its end (after the line break) and without break or blanks around it. Without
/// `last`, what follows the last line break is left out.
fn lines(text: &str, last: bool) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = &text[at..];
        let end = match memchr::memchr(b'\n', rest.as_bytes()) {
            Some(length) => length + 1,
            None if last && !rest.is_empty() => rest.len(),
            None => return None,
        };
        at += end;
        Some((at, rest[..end].trim_matches([' ', '\t', '\r', '\n'])))
    })
}
