//! Values out of a map that was checked against its [`Object`](crate::shape::Object). What is malformed was said by then, so
//! that reading is silent: it gives what is there, or nothing.

use crate::choice::Choice;
use crate::shape::{Object, Shape};
use crate::yaml::{Entry, Kind, Node, boolean, number};
use crate::{NamedExpr, Scalar, scalar};
use lakesmith_text::{Located, Span, Spanned};

/// The values of one map.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    entries: &'a [Entry],
    object: &'static Object,
    /// Where to point when the map as a whole is meant: its own key, or its first one.
    pub(crate) at: Span,
}

impl<'a> Fields<'a> {
    /// The values of `node`, a map with the keys of `object`.
    pub(crate) fn new(node: &'a Node, object: &'static Object, at: Span) -> Self {
        Self { entries: node.entries(), object, at }
    }

    /// The values of a file.
    pub(crate) fn of_file(node: &'a Node, object: &'static Object) -> Self {
        let at = node.entries().first().map_or(node.span, |entry| entry.key.span);
        Self::new(node, object, at)
    }

    /// A key's value as it was written.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Node> {
        debug_assert!(self.object.keys.iter().any(|known| known.name == key), "{key} is no key of {}", self.object.name);
        self.entries.iter().find(|entry| entry.key.value == key).map(|entry| &entry.value)
    }

    /// The place of a key, else that of the whole map.
    pub(crate) fn place(&self, key: &str) -> Span {
        self.entries.iter().find(|entry| entry.key.value == key).map_or(self.at, |entry| entry.key.span)
    }

    /// Whether the key is there, whatever its value.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Whether the key is there, or was meant to be.
    pub(crate) fn present(&self, key: &str) -> bool {
        crate::check::present(self.entries, self.object, key)
    }

    /// A text.
    pub(crate) fn text(&self, key: &str) -> Option<Spanned<String>> {
        self.get(key)?.text().filter(|text| !text.trim().is_empty())
    }

    /// A text of a certain form.
    pub(crate) fn parsed<T>(&self, key: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Spanned<T>> {
        let text = self.text(key)?;
        parse(&text).map(|value| Spanned::new(value, text.span))
    }

    /// A name.
    pub(crate) fn name(&self, key: &str) -> Option<Spanned<String>> {
        self.text(key).filter(|text| scalar::is_name(text))
    }

    /// What stands for a text that is missing while the rest of its map is checked.
    pub(crate) fn nothing(&self) -> Spanned<String> {
        Spanned::new(String::new(), self.at)
    }

    /// A table, as `layer.name`.
    pub(crate) fn table(&self, key: &str) -> Option<Spanned<String>> {
        self.text(key).filter(|text| scalar::is_table(text))
    }

    /// An expression or query.
    pub(crate) fn sql(&self, key: &str) -> Option<Located> {
        located(self.get(key)?)
    }

    /// A truth value.
    pub(crate) fn bool(&self, key: &str) -> Option<bool> {
        boolean(&self.text(key)?)
    }

    /// A number.
    pub(crate) fn number(&self, key: &str) -> Option<f64> {
        number(&self.text(key)?)
    }

    /// A whole number.
    pub(crate) fn whole(&self, key: &str) -> Option<u64> {
        let least = self.object.keys.iter().find_map(|known| match known.shape {
            Shape::Whole(least) if known.name == key => Some(least),
            _ => None,
        });
        scalar::whole(&self.text(key)?, least.unwrap_or(0))
    }

    /// One of a few words.
    pub(crate) fn choice<T: Choice>(&self, key: &str) -> Option<T> {
        T::of(&self.text(key)?)
    }

    /// A literal value.
    pub(crate) fn literal(&self, key: &str) -> Option<Spanned<Scalar>> {
        let node = self.get(key)?;
        let Kind::Scalar { text, plain } = &node.kind else { return None };
        let text = text.text();
        let value = match boolean(text) {
            Some(value) if *plain => Scalar::Bool(value),
            _ if *plain && number(text).is_some() => Scalar::Number(text.to_owned()),
            _ => Scalar::Text(text.to_owned()),
        };
        Some(Spanned::new(value, node.span))
    }

    /// A list of texts.
    pub(crate) fn texts(&self, key: &str) -> Vec<Spanned<String>> {
        self.get(key).map_or(&[][..], Node::items).iter().filter_map(Node::text).collect()
    }

    /// A list of names.
    pub(crate) fn names(&self, key: &str) -> Vec<Spanned<String>> {
        self.texts(key).into_iter().filter(|text| scalar::is_name(text)).collect()
    }

    /// A list of columns and named expressions.
    pub(crate) fn named_exprs(&self, key: &str) -> Vec<NamedExpr> {
        let items = self.get(key).map_or(&[][..], Node::items).iter();
        items
            .flat_map(|item| match &item.kind {
                Kind::Map(entries) => {
                    entries.iter().map(|entry| NamedExpr { name: entry.key.clone(), expr: located(&entry.value) }).collect()
                }
                _ => Vec::from_iter(item.text().map(|name| NamedExpr { name, expr: None })),
            })
            .collect()
    }

    /// A list of columns, columns of other tables under their last name, and named expressions.
    pub(crate) fn groups(&self, key: &str) -> Vec<NamedExpr> {
        let mut groups = self.named_exprs(key);
        groups.retain(|group| group.expr.is_some() || group.name.split('.').count() <= 2);
        for group in groups.iter_mut().filter(|group| group.expr.is_none()) {
            let Some((_, column)) = group.name.value.rsplit_once('.') else { continue };
            let (column, at) = (column.to_owned(), group.name.span);
            let whole = std::mem::replace(&mut group.name, Spanned::new(column, at));
            group.expr = Some(Located::verbatim(whole.value, at.file, at.start));
        }
        groups.retain(|group| scalar::is_name(&group.name));
        groups
    }

    /// The entries of a map whose names the user chose.
    pub(crate) fn entries(&self, key: &str) -> &'a [Entry] {
        self.get(key).map_or(&[], Node::entries)
    }

    /// The maps of a list, each with keys of its own.
    pub(crate) fn items(&self, key: &str, object: &'static Object) -> Vec<Fields<'a>> {
        let items = self.get(key).map_or(&[][..], Node::items).iter();
        items.filter(|item| matches!(item.kind, Kind::Map(_))).map(|item| Fields::new(item, object, item.span)).collect()
    }

    /// A map with keys of its own.
    pub(crate) fn object(&self, key: &str, object: &'static Object) -> Option<Fields<'a>> {
        let node = self.get(key)?;
        matches!(node.kind, Kind::Map(_)).then(|| Fields::new(node, object, self.place(key)))
    }
}

/// A scalar that knows where each of its bytes stands.
pub(crate) fn located(node: &Node) -> Option<Located> {
    match &node.kind {
        Kind::Scalar { text, .. } => Some(text.clone()),
        _ => None,
    }
}
