//! Where the rows of an XML document stand: the elements of one name.
//!
//! Tags are told from comments, CDATA and processing instructions; what else is wrong with a row is for the decoder to
//! say. A row without an end tag ends where the next one begins, once that is known.

use std::ops::Range;

use crate::error::FileFault;
use crate::format::elements::Finder;

/// Finds the rows of one file.
#[derive(Debug)]
pub(super) struct Tags {
    row_tag: String,
    /// The elements that are open around rows.
    open: Vec<String>,
    /// Whether there was an element.
    any: bool,
    /// A row had no end: from then on none is taken to lie within another.
    flat: bool,
}

/// What a `<` begins.
#[derive(Debug, PartialEq, Eq)]
enum Markup<'t> {
    Start {
        name: &'t str,
        /// `<name/>`.
        empty: bool,
        end: usize,
    },
    End {
        name: &'t str,
        end: usize,
    },
    /// A comment, a processing instruction, CDATA, a document type, or a `<` that is none of these.
    Other(usize),
    /// A document type that declares something.
    Declarations,
    /// More than the text holds.
    Beyond,
}

/// Where a row ends.
enum Extent {
    End(usize),
    Beyond,
    /// It has no end: the element around it ends here, or another row begins.
    Open(usize),
}

impl Tags {
    /// The rows are the elements called `row_tag`.
    pub(super) fn new(row_tag: &str) -> Tags {
        Tags { row_tag: row_tag.to_owned(), open: Vec::new(), any: false, flat: false }
    }

    fn is_row(&self, name: &str) -> bool {
        let prefix = name.strip_suffix(self.row_tag.as_str());
        prefix.is_some_and(|prefix| prefix.is_empty() || (prefix.ends_with(':') && !self.row_tag.contains(':')))
    }

    /// Where the row ends whose start tag ends at `from`.
    fn extent(&self, text: &str, from: usize) -> Extent {
        let around = self.open.last();
        let (mut rows, mut arounds, mut at) = (1, 0, from);
        while let Some(open) = next_open(text, at) {
            match markup(text, open) {
                Markup::Start { name, empty, end } => {
                    at = end;
                    if self.is_row(name) {
                        if self.flat {
                            return Extent::Open(open);
                        }
                        rows += usize::from(!empty);
                    } else if around.is_some_and(|around| around == name) {
                        arounds += usize::from(!empty);
                    }
                }
                Markup::End { name, end } => {
                    at = end;
                    if self.is_row(name) {
                        rows -= 1;
                        if rows == 0 {
                            return Extent::End(end);
                        }
                    } else if around.is_some_and(|around| around == name) {
                        if arounds == 0 {
                            return Extent::Open(open);
                        }
                        arounds -= 1;
                    }
                }
                Markup::Other(end) => at = end,
                Markup::Declarations => at = open + 1,
                Markup::Beyond => return Extent::Beyond,
            }
        }
        Extent::Beyond
    }

    /// Where the first row after `from` begins, before `to`.
    fn next_row(&self, text: &str, from: usize, to: usize) -> Option<usize> {
        let mut at = from;
        while let Some(open) = next_open(&text[..to], at) {
            at = match markup(&text[..to], open) {
                Markup::Start { name, .. } if self.is_row(name) => return Some(open),
                Markup::Start { end, .. } | Markup::End { end, .. } | Markup::Other(end) => end,
                Markup::Declarations | Markup::Beyond => open + 1,
            };
        }
        None
    }

    fn torn(&self, offset: u64) -> FileFault {
        let within = self.open.last().unwrap_or(&self.row_tag);
        damaged(offset, format!("the document is torn off within <{within}>"))
    }
}

impl Finder for Tags {
    fn find(&mut self, text: &str, at: u64, last: bool, found: &mut Vec<Range<usize>>) -> Result<usize, FileFault> {
        let mut done = 0;
        while let Some(open) = next_open(text, done) {
            if self.open.is_empty() && !is_blank(&text[done..open]) {
                return Err(no_xml("there is text before or after its elements"));
            }
            match markup(text, open) {
                Markup::Beyond if last => return Err(self.torn(at + text.len() as u64)),
                Markup::Beyond => return Ok(open),
                Markup::Other(end) => done = end,
                Markup::Declarations => {
                    return Err(FileFault::Unsupported { what: "an XML document type with declarations of its own".to_owned() });
                }
                Markup::End { name, end } => {
                    if self.open.pop().is_none_or(|open| open != name) {
                        let reason = format!("</{name}> ends nothing that is open");
                        return Err(damaged(at + open as u64, reason));
                    }
                    done = end;
                }
                Markup::Start { name, empty, end } if self.is_row(name) => {
                    self.any = true;
                    let row_end = match if empty { Extent::End(end) } else { self.extent(text, end) } {
                        Extent::End(end) => end,
                        Extent::Open(to) => {
                            self.flat = true;
                            self.next_row(text, end, to).unwrap_or(to)
                        }
                        Extent::Beyond if last => return Err(self.torn(at + text.len() as u64)),
                        Extent::Beyond => return Ok(open),
                    };
                    found.push(open..open + text[open..row_end].trim_end().len());
                    done = row_end;
                }
                Markup::Start { name, empty, end } => {
                    self.any = true;
                    if !empty {
                        self.open.push(name.to_owned());
                    }
                    done = end;
                }
            }
        }
        if self.open.is_empty() && !is_blank(&text[done..]) {
            return Err(no_xml("there is text before or after its elements"));
        }
        if last && !self.open.is_empty() {
            return Err(self.torn(at + text.len() as u64));
        }
        if last && !self.any && at + text.len() as u64 > 0 {
            return Err(no_xml("it has no element"));
        }
        Ok(text.len())
    }

    fn without_rows(&self) -> Option<String> {
        Some(format!("no element <{}> in the file", self.row_tag))
    }
}

fn no_xml(reason: &str) -> FileFault {
    FileFault::NotOfFormat(format!("the file is no XML document: {reason}"))
}

fn damaged(offset: u64, reason: String) -> FileFault {
    FileFault::Damaged { what: "XML", offset, reason }
}

fn is_blank(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim().is_empty()
}

/// A name without its namespace's prefix.
pub(super) fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn next_open(text: &str, at: usize) -> Option<usize> {
    memchr::memchr(b'<', &text.as_bytes()[at..]).map(|length| at + length)
}

/// What the `<` at `open` begins.
fn markup(text: &str, open: usize) -> Markup<'_> {
    let rest = &text[open..];
    let until = |mark: &str| rest.find(mark).map_or(Markup::Beyond, |at| Markup::Other(open + at + mark.len()));
    let begins = |mark: &str| rest.starts_with(mark) || (rest.len() < mark.len() && mark.starts_with(rest));
    if begins("<!--") {
        // `<!-->` is no whole comment.
        return rest.get(4..).and_then(|inner| inner.find("-->")).map_or(Markup::Beyond, |at| Markup::Other(open + 4 + at + 3));
    }
    if begins("<![CDATA[") {
        return until("]]>");
    }
    if begins("<!DOCTYPE") {
        return match rest.find(['>', '[']) {
            None => Markup::Beyond,
            Some(at) if rest.as_bytes()[at] == b'[' => Markup::Declarations,
            Some(at) => Markup::Other(open + at + 1),
        };
    }
    if rest.starts_with("<?") {
        return until("?>");
    }
    match rest.as_bytes().get(1) {
        None => Markup::Beyond,
        Some(b'/') => match rest.find('>') {
            None => Markup::Beyond,
            Some(end) => Markup::End { name: rest[2..end].trim(), end: open + end + 1 },
        },
        Some(byte) if byte.is_ascii_alphabetic() || *byte == b'_' || *byte == b':' || !byte.is_ascii() => {
            let Some(end) = tag_end(rest.as_bytes()) else { return Markup::Beyond };
            let inner = &rest[1..end - 1];
            let name = inner.split(|c: char| c.is_ascii_whitespace() || c == '/' || c == '<').next().unwrap_or(inner);
            Markup::Start { name, empty: inner.ends_with('/'), end: open + end }
        }
        Some(_) => Markup::Other(open + 1),
    }
}

/// The length of the tag with which `bytes` begin: up to the first `>` that is in no quotes. A `<` in quotes cannot be:
/// a quote is missing, and the first `>` it is.
fn tag_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr3(b'>', b'"', b'\'', &bytes[at..])?;
        if bytes[at] == b'>' {
            return Some(at + 1);
        }
        let close = at + 1 + memchr::memchr2(bytes[at], b'<', &bytes[at + 1..])?;
        if bytes[close] == b'<' {
            return memchr::memchr(b'>', bytes).map(|end| end + 1);
        }
        at = close + 1;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::format::elements::rows_found;
    use proptest::prelude::*;

    /// The rows, however the text is handed over: all at once, or so many bytes more each time.
    fn rows(text: &str, at_once: usize) -> Result<Vec<String>, FileFault> {
        rows_found(&mut Tags::new("r"), text, at_once)
    }

    #[test]
    fn rows_are_elements_of_a_name() {
        for (text, expected) in [
            (
                "<?xml version='1.0'?><!DOCTYPE a SYSTEM 'a.dtd'>\n<a><r/> <r>1</r>\n<x><r a='>'>2</r></x></a>\n",
                &["<r/>", "<r>1</r>", "<r a='>'>2</r>"][..],
            ),
            ("<a><!-- <r>no</r> --><r><![CDATA[</r>]]></r><?r <r> ?></a>", &["<r><![CDATA[</r>]]></r>"]),
            ("<a><r>1<r>2</r><r/>3</r></a>", &["<r>1<r>2</r><r/>3</r>"]),
            ("<n:a xmlns:n='x'><n:r>1</n:r><rr/></n:a>", &["<n:r>1</n:r>"]),
            ("<r>1</r>", &["<r>1</r>"]),
            ("<a><r>1<r>2</r><r>3</r></a>", &["<r>1", "<r>2</r>", "<r>3</r>"]),
            ("<a><r><a>1</a><r>2</r></a>", &["<r><a>1</a>", "<r>2</r>"]),
            ("<a><r x=\"1><y/></r><r>2</r><r/></a>", &["<r x=\"1><y/></r>", "<r>2</r>", "<r/>"]),
            ("<a/>", &[]),
            ("", &[]),
        ] {
            for at_once in [1, 2, 5, 1000] {
                assert_eq!(rows(text, at_once).unwrap(), expected, "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_whole_document_is_a_fault() {
        for (text, expected) in [
            ("<a><r>1</r>", "damaged XML at offset 11: the document is torn off within <a>"),
            ("<a><r>1</r></b>", "damaged XML at offset 11: </b> ends nothing that is open"),
            ("<a><r>1</r", "damaged XML at offset 10: the document is torn off within <a>"),
            ("{\"a\": \"<r/>\"}", "the file is no XML document: there is text before or after its elements"),
            ("hello", "the file is no XML document: there is text before or after its elements"),
            ("<!-- x -->", "the file is no XML document: it has no element"),
            (
                "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a/>",
                "not supported: an XML document type with declarations of its own",
            ),
        ] {
            for at_once in [1, 2, 5, 1000] {
                assert_eq!(rows(text, at_once).unwrap_err().to_string(), expected);
            }
        }
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_rows(text in "(<r>|</r>|<r/>|<a>|</a>|<r a='|'>|\"|<!--|-->|<!\\[CDATA\\[|\\]\\]>|<\\?|\\?>|<|>|ü| |&amp;){0,20}", at_once in 1..9_usize) {
            let text = format!("<a>{text}</a>");
            let (whole, cut) = (rows(&text, usize::MAX >> 1), rows(&text, at_once));
            prop_assert_eq!(whole.is_ok(), cut.is_ok(), "{:?} {:?}", whole, cut);
            if whole.is_ok() {
                prop_assert_eq!(whole, cut);
            }
        }
    }
}
