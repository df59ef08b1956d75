//! `xml:`

use crate::fields::Fields;
use crate::shape::{Key, Object, Shape};
use lakesmith_text::Spanned;

/// How an XML file becomes rows.
#[derive(Debug, Clone, PartialEq)]
pub struct XmlOptions {
    /// The elements that are rows.
    pub row_tag: Spanned<String>,
    /// What the names of columns begin with that hold attributes.
    pub attribute_prefix: String,
    /// The column that holds the text of an element which has attributes or children too.
    pub value_tag: String,
}

pub(crate) const XML: Object = Object {
    name: "`xml`",
    may_be_empty: false,
    keys: &[
        Key::required(
            "row_tag",
            Shape::Text,
            "The elements that are rows: their name without the prefix of a namespace, or with it.",
        ),
        Key::defaulted("attribute_prefix", Shape::Text, "_", "What the names of columns begin with that hold attributes."),
        Key::defaulted(
            "value_tag",
            Shape::Text,
            "_VALUE",
            "The column or field for the text of an element that has attributes or children too.",
        ),
    ],
};

/// The options under `xml:`.
pub(super) fn xml(fields: Fields<'_>) -> Option<XmlOptions> {
    let text = |key, default: &str| fields.text(key).map_or(default.to_owned(), |text| text.value);
    Some(XmlOptions {
        row_tag: fields.text("row_tag")?,
        attribute_prefix: text("attribute_prefix", "_"),
        value_tag: text("value_tag", "_VALUE"),
    })
}
