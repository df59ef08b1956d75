//! One row of an XML file as values with names.

use std::collections::HashMap;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use super::XmlOptions;
use super::find::local;
use crate::rescue::push_json_string;

/// Levels of elements beyond which a row is not read.
const MAX_DEPTH: usize = 128;
/// Names up to which they are compared one by one.
const FEW_NAMES: usize = 16;

/// What an element holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Nothing, or what says of itself that it is nil.
    Null,
    /// Text alone.
    Text(String),
    /// The values of elements of one name, in their order.
    List(Vec<Value>),
    /// Attributes, then children, and text beside them; in the order in which their names came.
    Struct(Vec<(String, Value)>),
}

/// The fields of the row that `text` is; `None` if it is no well-formed element.
pub(super) fn row(text: &str, options: &XmlOptions) -> Option<Vec<(String, Value)>> {
    Some(match parse(text, options)? {
        Value::Struct(fields) => fields,
        Value::Null => Vec::new(),
        value => vec![(options.value_tag.clone(), value)],
    })
}

fn parse(text: &str, options: &XmlOptions) -> Option<Value> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut whole = None;
    loop {
        let event = reader.read_event().ok()?;
        if whole.is_some() && !matches!(event, Event::Eof | Event::Comment(_) | Event::PI(_)) {
            return None;
        }
        let ended = match event {
            Event::Start(tag) => {
                if open.len() == MAX_DEPTH {
                    return None;
                }
                open.push(Element::new(&tag, options)?);
                None
            }
            Event::Empty(tag) => Some(Element::new(&tag, options)?),
            Event::End(_) => Some(open.pop()?),
            Event::Text(text) => {
                open.last_mut()?.text.push_str(&text.xml10_content());
                None
            }
            Event::GeneralRef(reference) => {
                open.last_mut()?.text.push(character(&reference)?);
                None
            }
            Event::CData(text) => {
                open.last_mut()?.literal(&text.xml10_content());
                None
            }
            Event::Comment(_) | Event::PI(_) => None,
            Event::Decl(_) | Event::DocType(_) => return None,
            Event::Eof => return if open.is_empty() { whole } else { None },
        };
        if let Some(element) = ended {
            let (name, value) = element.end(options);
            match open.last_mut() {
                Some(parent) => parent.add(name, value),
                None => whole = Some(value),
            }
        }
    }
}

/// The character that a reference stands for: one of the five, or a numbered one.
fn character(reference: &BytesRef<'_>) -> Option<char> {
    if let Some(character) = reference.resolve_char_ref().ok()? {
        return Some(character);
    }
    match reference.xml10_content().as_ref() {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

/// An element being read.
struct Element {
    name: String,
    fields: Vec<(String, Value)>,
    /// Where a name is among many.
    places: HashMap<String, usize>,
    text: String,
    /// The part of the text from the first CDATA to the last, whose blanks are kept.
    literal: Option<(usize, usize)>,
}

impl Element {
    fn new(tag: &BytesStart<'_>, options: &XmlOptions) -> Option<Element> {
        let mut element = Element {
            name: local(tag.name().into_inner()).to_owned(),
            fields: Vec::new(),
            places: HashMap::new(),
            text: String::new(),
            literal: None,
        };
        for attribute in tag.attributes() {
            let attribute = attribute.ok()?;
            let name = attribute.key.into_inner();
            let value = attribute.normalized_value(XmlVersion::Explicit1_0).ok()?;
            if name == "xmlns" || name.starts_with("xmlns:") {
                continue;
            }
            // An element that says of itself that it is nil is empty, and that is NULL.
            if name.contains(':') && local(name) == "nil" {
                continue;
            }
            element.add(format!("{}{}", options.attribute_prefix, local(name)), Value::Text(value.into_owned()));
        }
        Some(element)
    }

    fn literal(&mut self, text: &str) {
        let start = self.literal.map_or(self.text.len(), |(start, _)| start);
        self.text.push_str(text);
        self.literal = Some((start, self.text.len()));
    }

    /// Adds a value; several of one name are a list.
    fn add(&mut self, name: String, value: Value) {
        let place = match self.fields.last() {
            Some((last, _)) if *last == name => Some(self.fields.len() - 1),
            _ if self.fields.len() <= FEW_NAMES => self.fields.iter().position(|(known, _)| *known == name),
            _ => self.places.get(&name).copied(),
        };
        match place {
            Some(place) => match &mut self.fields[place].1 {
                Value::List(values) => values.push(value),
                single => *single = Value::List(vec![std::mem::replace(single, Value::Null), value]),
            },
            None => {
                self.fields.push((name, value));
                match self.fields.len() - 1 {
                    FEW_NAMES => {
                        let places = self.fields.iter().enumerate();
                        self.places = places.map(|(place, (name, _))| (name.clone(), place)).collect();
                    }
                    place if place > FEW_NAMES => {
                        self.places.insert(self.fields[place].0.clone(), place);
                    }
                    _ => {}
                }
            }
        }
    }

    /// Its name and what it holds.
    fn end(mut self, options: &XmlOptions) -> (String, Value) {
        let text = self.trimmed();
        let value = match (text.is_empty() && self.literal.is_none(), self.fields.is_empty()) {
            (true, true) => Value::Null,
            (false, true) => Value::Text(text.to_owned()),
            (true, false) => Value::Struct(self.fields),
            (false, false) => {
                let text = Value::Text(text.to_owned());
                self.add(options.value_tag.clone(), text);
                Value::Struct(self.fields)
            }
        };
        (self.name, value)
    }

    /// The text without the blanks around it, as far as they are no CDATA.
    fn trimmed(&self) -> &str {
        const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];
        let length = self.text.len();
        let (first, last) = self.literal.unwrap_or((length, 0));
        let start = first.min(length - self.text.trim_start_matches(BLANKS).len());
        let end = last.max(self.text.trim_end_matches(BLANKS).len()).max(start);
        &self.text[start..end]
    }
}

impl Value {
    /// As JSON: texts are strings.
    pub(super) fn json(&self) -> String {
        let mut json = String::new();
        self.push_json(&mut json);
        json
    }

    fn push_json(&self, out: &mut String) {
        match self {
            Value::Null => out.push_str("null"),
            Value::Text(text) => push_json_string(out, text),
            Value::List(values) => {
                for (index, value) in values.iter().enumerate() {
                    out.push(if index == 0 { '[' } else { ',' });
                    value.push_json(out);
                }
                out.push(']');
            }
            Value::Struct(fields) => {
                for (index, (name, value)) in fields.iter().enumerate() {
                    out.push(if index == 0 { '{' } else { ',' });
                    push_json_string(out, name);
                    out.push(':');
                    value.push_json(out);
                }
                out.push('}');
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn json(text: &str) -> Option<String> {
        row(text, &XmlOptions::new("r"))
            .map(|fields| if fields.is_empty() { "{}".to_owned() } else { Value::Struct(fields).json() })
    }

    #[test]
    fn an_element_is_values_with_names() {
        for (text, expected) in [
            ("<r/>", "{}"),
            ("<r> 1 </r>", r#"{"_VALUE":"1"}"#),
            ("<r a='1' b=\"x &lt; &#65;\"><c>2</c></r>", r#"{"_a":"1","_b":"x < A","c":"2"}"#),
            ("<r><i>1</i><j/><i>2</i><i/></r>", r#"{"i":["1","2",null],"j":null}"#),
            ("<r><p unit='EUR'>9.50</p>text<q/></r>", r#"{"p":{"_unit":"EUR","_VALUE":"9.50"},"q":null,"_VALUE":"text"}"#),
            ("<r><t>a<![CDATA[<b> & ]]>&amp;&#x20AC;<!-- c --></t></r>", r#"{"t":"a<b> & &€"}"#),
            ("<r><t>\n <![CDATA[ x ]]>\n</t><u><![CDATA[]]></u></r>", r#"{"t":" x ","u":""}"#),
            ("<n:r xmlns:n='u' n:a='1'><n:b xsi:nil='true'/></n:r>", r#"{"_a":"1","b":null}"#),
            ("<r>1<r>2</r></r>", r#"{"r":"2","_VALUE":"1"}"#),
        ] {
            assert_eq!(json(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_well_formed_is_no_row() {
        for text in [
            "<r>",
            "<r></s>",
            "<r>&unknown;</r>",
            "<r a='&x;'/>",
            "<r>&</r>",
            "<r a=1/>",
            "<r a='1' a='2'/>",
            "<r/><r/>",
            "x",
            "<r><a></r>",
            "<r>&#0;</r>",
            "<r/>x",
        ] {
            assert_eq!(json(text), None, "{text}");
        }
        let nested = |depth: usize| format!("{}{}", "<r>".repeat(depth), "</r>".repeat(depth));
        assert!(json(&nested(MAX_DEPTH)).is_some());
        assert_eq!(json(&nested(MAX_DEPTH + 1)), None);
        assert_eq!(json(&"<r>".repeat(1_000_000)), None);
    }

    #[test]
    fn many_names_are_found_again() {
        let names: String = (0..40).chain(0..40).map(|n| format!("<n{n}>{n}</n{n}>")).collect();
        let fields = row(&format!("<r>{names}</r>"), &XmlOptions::new("r")).unwrap();
        assert_eq!(fields.len(), 40);
        for (number, (name, value)) in fields.iter().enumerate() {
            let text = Value::Text(number.to_string());
            assert_eq!((name, value), (&format!("n{number}"), &Value::List(vec![text.clone(), text])));
        }
    }
}
