//! XML: the elements of one name are rows, as in Spark's XML source.
//!
//! Attributes are columns whose names have a prefix, child elements are columns, those that come more than once are
//! arrays, those that have children or attributes are structs, and text beside either is `_VALUE`. Namespaces are left
//! out: `<s:id>` is `id`. An empty element is NULL.
//!
//! Nothing is ever fetched or expanded: the five entities of XML and numbered characters are known, a document that
//! declares others is refused, and a row that refers to others is one that cannot be read.

mod decode;
mod find;
mod prolog;
mod sample;
mod tree;

use std::sync::Arc;

use super::shape::Shapes;
use super::{FileFormat, FileReader, Target, elements};
use crate::content::{Content, TextPiece, TextStream, Wants};
use crate::error::FileFault;
use crate::format::elements::Finder;

/// How an XML file becomes rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XmlOptions {
    /// The elements that are rows, by their name without a namespace's prefix, or with it. Those within another are part
    /// of its row.
    pub row_tag: String,
    /// What the names of columns begin with that hold attributes. Default `_`.
    pub attribute_prefix: String,
    /// The column or field that holds the text of an element which has attributes or children too. Default `_VALUE`.
    pub value_tag: String,
}

impl XmlOptions {
    /// Rows are the elements called `row_tag`.
    pub fn new(row_tag: &str) -> XmlOptions {
        XmlOptions { row_tag: row_tag.to_owned(), attribute_prefix: "_".to_owned(), value_tag: "_VALUE".to_owned() }
    }
}

impl FileFormat for XmlOptions {
    fn wants(&self) -> Wants {
        Wants::Text
    }

    fn sample(&self, content: Content, limit: u64, shapes: &mut Shapes) -> Result<u64, FileFault> {
        let mut stream = text(content)?;
        let text = stream.rest()?.text;
        let mut found = Vec::new();
        // Where the document turns out to be damaged, the rows before tell their types all the same.
        let _ = find::Tags::new(&self.row_tag).find(&text, 0, stream.complete, &mut found);
        Ok(sample::rows(self, found.into_iter().map(|row| &text[row]), limit, shapes))
    }

    fn open(&self, content: Content, target: Arc<Target>) -> Result<Box<dyn FileReader>, FileFault> {
        let stream = text(content)?;
        let decoder = Arc::new(decode::XmlDecoder::new(self.clone(), &target.schema));
        let finder = Box::new(find::Tags::new(&self.row_tag));
        Ok(elements::reader(stream, TextPiece::default(), finder, decoder, target))
    }
}

/// The text of a file, in the character set that it declares.
fn text(content: Content) -> Result<TextStream, FileFault> {
    let Content::Text(mut stream) = content else {
        return Err(FileFault::Unsupported { what: "bytes where text is read".to_owned() });
    };
    if let Some(charset) = prolog::charset(stream.peek()?)? {
        stream.declare(charset);
    }
    Ok(stream)
}
