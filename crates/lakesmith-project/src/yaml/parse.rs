//! From text to tree, within bounds on size, depth and expansion.

use super::{Entry, Kind, Node, align};
use lakesmith_text::{Diagnostic, Diagnostics, FileId, Located, Span, Spanned};
use serde_saphyr::granit_parser::{self as granit, ErrorKind, Event, Options, Parser, ScalarStyle, ScanError};
use std::collections::HashMap;
use std::rc::Rc;

/// How deep lists and maps may lie in each other.
const MAX_DEPTH: usize = 48;
/// How much a file may hold with its aliases expanded: values, and one more for every hundred bytes of a text.
const MAX_WEIGHT: usize = 100_000;

/// The file as a tree; none if it is empty or is no YAML, which is then said.
pub(crate) fn parse(file: FileId, text: &str, diagnostics: &mut Diagnostics) -> Option<Node> {
    let mut options = Options::default();
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut tree = Tree { file, text, diagnostics, open: Vec::new(), anchors: HashMap::new(), root: None, weight: 0 };
    let mut documents = 0;
    while let Some(event) = parser.next_event() {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                let diagnostic = syntax(&error, file, text);
                tree.diagnostics.push(diagnostic);
                return None;
            }
        };
        let span = tree.span(span);
        if matches!(event, Event::DocumentStart(..)) {
            documents += 1;
            if documents > 1 {
                tree.fault("more than one document in a file", span, "keep one document and remove the line `---`");
                break;
            }
            continue;
        }
        // Events that carry no node fall through as nothing to do.
        tree.event(event, span)?;
    }
    tree.root
}

/// What is still being read: the innermost list or map is the last.
struct Open {
    span: Span,
    anchor: usize,
    kind: Partial,
    height: usize,
    weight: usize,
}

enum Partial {
    Seq(Vec<Node>),
    /// The key that waits for its value is held apart.
    Map(Vec<Entry>, Option<Spanned<String>>),
}

struct Anchored {
    node: Node,
    height: usize,
    weight: usize,
}

struct Tree<'a> {
    file: FileId,
    text: &'a str,
    diagnostics: &'a mut Diagnostics,
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Anchored>>,
    root: Option<Node>,
    weight: usize,
}

impl Tree<'_> {
    /// Takes in one event; none if reading cannot go on.
    fn event(&mut self, event: Event<'_>, span: Span) -> Option<()> {
        match event {
            Event::Scalar(decoded, style, anchor, tag) => {
                let text_tag = tag.as_ref().is_some_and(|tag| tag.core_suffix() == Some("str"));
                self.tagged(tag.as_deref(), span);
                let node = self.scalar(&decoded, style, span, text_tag);
                let weight = 1 + decoded.len() / 100;
                self.close(node, anchor, 0, weight, weight)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.tagged(tag.as_deref(), span);
                self.enter(Partial::Seq(Vec::new()), anchor, span)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.tagged(tag.as_deref(), span);
                self.enter(Partial::Map(Vec::new(), None), anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let open = self.open.pop()?;
                let (kind, last) = match open.kind {
                    Partial::Seq(items) => (items.last().map(|item| item.span), Kind::Seq(items)),
                    Partial::Map(entries, _) => {
                        (entries.last().map(|entry| entry.key.span.to(entry.value.span)), Kind::Map(entries))
                    }
                };
                // A block ends where its last value does; a flow collection ends with its bracket.
                let end = if span.is_empty() { kind.unwrap_or(open.span) } else { span };
                let node = Node { span: open.span.to(end), kind: last };
                self.close(node, open.anchor, open.height, open.weight, 1)
            }
            Event::Alias(id) => {
                let Some(anchored) = self.anchors.get(&id).cloned() else {
                    self.fault("an alias stands inside the value it refers to", span, "write the value out");
                    return None;
                };
                if self.open.len() + anchored.height > MAX_DEPTH {
                    self.limit(format!("lists and maps lie more than {MAX_DEPTH} deep in each other"), span);
                    return None;
                }
                // The budget is looked at before anything is copied.
                if self.weight + anchored.weight > MAX_WEIGHT {
                    self.limit(format!("with its aliases expanded the file holds more than {MAX_WEIGHT} values"), span);
                    return None;
                }
                self.close(anchored.node.clone(), 0, anchored.height, anchored.weight, anchored.weight)
            }
            _ => Some(()),
        }
    }

    fn enter(&mut self, kind: Partial, anchor: usize, span: Span) -> Option<()> {
        if self.open.len() >= MAX_DEPTH {
            self.limit(format!("lists and maps lie more than {MAX_DEPTH} deep in each other"), span);
            return None;
        }
        self.open.push(Open { span, anchor, kind, height: 0, weight: 1 });
        Some(())
    }

    /// Puts a finished node where it belongs: the innermost open list or map, or the root. `weight` is that of the node
    /// with all it holds, `added` what of it was not counted yet.
    fn close(&mut self, node: Node, anchor: usize, height: usize, weight: usize, added: usize) -> Option<()> {
        self.weight += added;
        if self.weight > MAX_WEIGHT {
            self.limit(format!("with its aliases expanded the file holds more than {MAX_WEIGHT} values"), node.span);
            return None;
        }
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::new(Anchored { node: node.clone(), height, weight }));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Some(());
        };
        open.height = open.height.max(height + 1);
        open.weight += weight;
        let waiting = match &mut open.kind {
            Partial::Seq(items) => {
                items.push(node);
                return Some(());
            }
            Partial::Map(_, key) => key,
        };
        match waiting.take() {
            Some(key) => self.entry(key, node),
            None => {
                let text = node.text().unwrap_or_else(|| Spanned::new(String::new(), node.span));
                let none = text.is_empty();
                *waiting = Some(text);
                if none {
                    self.fault("a key must be a text", node.span, "put the key in quotes");
                }
            }
        }
        Some(())
    }

    /// Takes in a key with its value, unless the key is none, which was said.
    fn entry(&mut self, key: Spanned<String>, value: Node) {
        if key.is_empty() {
            return;
        }
        let Some(Open { kind: Partial::Map(entries, _), .. }) = self.open.last_mut() else { return };
        match entries.iter().find(|entry| entry.key == key) {
            None => entries.push(Entry { key, value }),
            Some(first) => {
                let first = first.key.span;
                self.diagnostics.push(
                    Diagnostic::error("duplicate-key", format!("`{key}` is written twice"))
                        .at(key.span)
                        .related(first, "first written here")
                        .help("keep one of the two"),
                );
            }
        }
    }

    fn scalar(&self, decoded: &str, style: ScalarStyle, span: Span, text_tag: bool) -> Node {
        let plain = style == ScalarStyle::Plain && !text_tag;
        if plain && matches!(decoded, "" | "~" | "null" | "Null" | "NULL") {
            return Node { span, kind: Kind::Null(decoded.to_owned()) };
        }
        // A block's last line breaks are no part of what was meant.
        let decoded = match style {
            ScalarStyle::Literal | ScalarStyle::Folded => decoded.trim_end(),
            _ => decoded,
        };
        // A block's span begins with its first visible character; what lies between that and its header is needed too.
        let start = match style {
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let header = self.text.get(..span.start as usize).map_or(0, |before| before.trim_end().len());
                self.text.get(header..).and_then(|rest| rest.find('\n')).map_or(header, |feed| header + feed + 1)
            }
            _ => span.start as usize,
        };
        let raw = self.text.get(start..span.end as usize).unwrap_or("");
        let pieces = align::pieces(raw, start, style, decoded);
        Node { span, kind: Kind::Scalar { text: Located::new(decoded, span, pieces), plain } }
    }

    fn tagged(&mut self, tag: Option<&granit::Tag>, span: Span) {
        if let Some(tag) = tag.filter(|tag| tag.core_suffix() != Some("str")) {
            let message = format!("the tag `{}` has no meaning here", tag.original());
            self.fault(&message, span, "remove the tag");
        }
    }

    fn fault(&mut self, message: &str, span: Span, help: &str) {
        self.diagnostics.push(Diagnostic::error("invalid-yaml", message).at(span).help(help));
    }

    fn limit(&mut self, message: String, span: Span) {
        let help = "split the file, or write out what the aliases stand for";
        self.diagnostics.push(Diagnostic::error("too-large", message).at(span).help(help));
    }

    fn span(&self, span: granit::Span) -> Span {
        let range = span.byte_range().unwrap_or(0..0);
        Span::new(self.file, range.start as u32, range.end as u32)
    }
}

/// What the parser stumbled over, with a way out for the usual causes.
fn syntax(error: &ScanError, file: FileId, text: &str) -> Diagnostic {
    let at = error.marker().byte_offset().unwrap_or(0).min(text.len());
    let line = text[..at].rfind('\n').map_or(0, |feed| feed + 1);
    let start = text[line..at].chars().all(char::is_whitespace);
    let tab = text[line..].chars().take_while(|c| c.is_whitespace() && *c != '\n').any(|c| c == '\t');
    if *error.kind() == ErrorKind::RecursionLimitExceeded {
        return Diagnostic::error("too-large", format!("lists and maps lie more than {MAX_DEPTH} deep in each other"))
            .at(Span::point(file, at as u32))
            .help("split the file");
    }
    let message = error.info();
    let help = if message.contains("anchor") {
        "an alias `*name` stands for a value that is marked `&name` before it"
    } else if message.contains("quote") {
        "close the quote"
    } else if message.contains("':' indicator") {
        "perhaps a bracket, a brace or a quote before it is not closed"
    } else if tab {
        "indent with spaces: YAML does not take tabs"
    } else if message.contains("mapping values") {
        "put the value in quotes if it holds `: `"
    } else if start {
        "keys of one map begin in the same column, what belongs to a key further right"
    } else {
        "put the value in quotes if it begins with or holds a special character"
    };
    Diagnostic::error("invalid-yaml", format!("this is no valid YAML: {message}")).at(Span::point(file, at as u32)).help(help)
}

#[cfg(test)]
mod tests;
