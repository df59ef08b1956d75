//! A value against its shape: unknown and missing keys, wrong types, words that do not exist. All faults, not the first.

use crate::choice::{Word, Words};
use crate::scalar;
use crate::shape::{Key, Object, Shape};
use crate::source;
use crate::yaml::{Entry, Kind, Node, boolean, number};
use lakesmith_text::{Diagnostic, Diagnostics, Span, nearest};

/// Says everything that is wrong with a whole file, which is a map.
pub(crate) fn check_file(node: &Node, object: &Object, diagnostics: &mut Diagnostics) {
    let at = node.entries().first().map_or(node.span, |entry| entry.key.span);
    Check { diagnostics }.object(node.entries(), object, at);
}

/// What `'*'` among columns may be.
const STAR: Words =
    Words { words: &[Word { word: "snake_case", doc: "The columns not listed pass, with names in snake_case." }], later: &[] };

struct Check<'a> {
    diagnostics: &'a mut Diagnostics,
}

impl Check<'_> {
    fn value(&mut self, node: &Node, shape: &Shape, name: &str, at: Span) {
        match (shape, &node.kind) {
            (Shape::List(of), Kind::Seq(items)) => items.iter().for_each(|item| self.value(item, of, name, item.span)),
            (Shape::List(of), Kind::Scalar { .. }) => self.value(node, of, name, at),
            (Shape::List(of @ Shape::Or(..)), Kind::Map(_)) => self.value(node, of, name, at),
            (Shape::Object(object), Kind::Map(entries)) => self.object(entries, object, at),
            (Shape::Rows, Kind::Seq(items)) => items.iter().for_each(|item| self.row(item)),
            (Shape::Object(object), Kind::Null(_)) if object.may_be_empty => {}
            (Shape::Named(of) | Shape::Columns(of) | Shape::Labelled(of), Kind::Map(entries)) => {
                self.named(entries, of, shape);
            }
            (Shape::Verbatim, Kind::Null(written)) if !written.is_empty() => {}
            (Shape::Or(_, map), Kind::Map(_)) => self.value(node, map, name, at),
            (Shape::Or(Shape::Choice(words), Shape::Object(map)), Kind::Scalar { text, .. }) => {
                self.word(text.text(), words, Some(map), name, node.span);
            }
            (Shape::Or(word, _), _) => self.value(node, word, name, at),
            (Shape::List(_) | Shape::Object(_) | Shape::Named(_) | Shape::Columns(_) | Shape::Labelled(_), _)
            | (_, Kind::Null(_) | Kind::Seq(_) | Kind::Map(_)) => self.wrong_type(node, name, shape, at),
            (_, Kind::Scalar { text, plain }) => self.scalar(node, text.text(), *plain, shape, name),
        }
    }

    fn object(&mut self, entries: &[Entry], object: &Object, at: Span) {
        for entry in entries {
            match object.keys.iter().find(|key| key.name == entry.key.value) {
                Some(key) => self.value(&entry.value, &key.shape, key.name, entry.key.span),
                None => self.unknown_key(entry, object),
            }
        }
        for key in object.keys.iter().filter(|key| key.required) {
            if !present(entries, object, key.name) {
                self.missing_key(key, object, at);
            }
        }
    }

    /// A row holds any values under any names.
    fn row(&mut self, node: &Node) {
        if !matches!(node.kind, Kind::Map(_)) {
            let fault = Diagnostic::error("wrong-type", "a row must be a map of `column: value`").at(node.span);
            self.diagnostics.push(fault.label(format!("this is {}", node.described())));
        }
    }

    fn named(&mut self, entries: &[Entry], of: &Shape, shape: &Shape) {
        for entry in entries {
            let (name, at) = (&entry.key.value, entry.key.span);
            match shape {
                Shape::Columns(_) if name == "*" => {
                    self.value(&entry.value, &Shape::Choice(&STAR), name, at);
                    continue;
                }
                Shape::Named(_) | Shape::Columns(_) if !scalar::is_name(name) => {
                    self.diagnostics.push(no_name(name, at));
                }
                _ => {}
            }
            self.value(&entry.value, of, name, at);
        }
    }

    fn scalar(&mut self, node: &Node, text: &str, plain: bool, shape: &Shape, name: &str) {
        // An empty text stands for something only as a literal.
        if text.trim().is_empty() && matches!(shape, Shape::Text | Shape::Sql | Shape::SqlType) {
            let fault = Diagnostic::error("wrong-type", format!("`{name}` is empty, and must be {}", expected(shape)));
            self.diagnostics.push(fault.at(node.span).help("write what it should say, or leave the key out"));
            return;
        }
        let wrong = match shape {
            Shape::Bool => !plain || boolean(text).is_none(),
            Shape::Fraction | Shape::Whole(_) => !plain || number(text).is_none(),
            _ => false,
        };
        if wrong {
            return self.wrong_type(node, name, shape, node.span);
        }
        let value = match shape {
            Shape::Name if !scalar::is_name(text) => return self.diagnostics.push(no_name(text, node.span)),
            Shape::Choice(words) => return self.word(text, words, None, name, node.span),
            Shape::Table => scalar::is_table(text),
            Shape::ColumnOf => text.split('.').count() <= 2 && text.split('.').all(scalar::is_name),
            Shape::Fraction => number(text).is_some_and(|number| (0.0..=1.0).contains(&number)),
            Shape::Char => scalar::character(text).is_some(),
            Shape::Separator => scalar::separator(text).is_some(),
            Shape::Mark => scalar::mark(text).is_some(),
            Shape::Whole(least) => scalar::whole(text, *least).is_some(),
            Shape::JsonPath => source::path(text).is_some(),
            Shape::DatePattern => !text.is_empty() && source::pattern(text).is_some(),
            Shape::CellRange => source::range(text).is_some(),
            Shape::Date => scalar::date(text).is_some(),
            Shape::Instant => scalar::instant(text).is_some(),
            Shape::Month => scalar::month(text).is_some(),
            Shape::Size => scalar::size(text).is_some(),
            Shape::Memory => scalar::memory(text).is_some(),
            Shape::Duration => scalar::duration(text).is_some(),
            _ => true,
        };
        if !value {
            let message = format!("`{name}` must be {}", expected(shape));
            self.diagnostics.push(Diagnostic::error("invalid-value", message).at(node.span));
        }
    }

    /// One of a few words; `or` is the map that may stand in their place.
    fn word(&mut self, text: &str, words: &Words, or: Option<&Object>, name: &str, at: Span) {
        if words.words.iter().any(|word| word.word == text) {
            return;
        }
        let map = or.iter().flat_map(|map| map.keys).map(|key| format!("`{{ {}: … }}`", key.name));
        let all = words.words.iter().map(|word| format!("`{}`", word.word)).chain(map).collect::<Vec<_>>().join(", ");
        let diagnostic = if words.later.contains(&text) {
            Diagnostic::error("unsupported", format!("`{name}: {text}` does not work yet")).help(format!("what works: {all}"))
        } else {
            let known = words.words.iter().map(|word| word.word).chain(words.later.iter().copied());
            let help = match nearest(text, known) {
                Some(near) => format!("did you mean `{near}`? One of {all}"),
                None => format!("one of {all}"),
            };
            Diagnostic::error("invalid-value", format!("`{text}` is no value of `{name}`")).help(help)
        };
        self.diagnostics.push(diagnostic.at(at));
    }

    fn unknown_key(&mut self, entry: &Entry, object: &Object) {
        let key = &entry.key;
        let diagnostic = if key.value == "<<" {
            Diagnostic::error("unsupported", "merge keys (`<<`) are not supported").help("write the keys out")
        } else {
            let help = match nearest(key, object.keys.iter().map(|key| key.name)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("{} has the keys {}", object.name, names(object)),
            };
            Diagnostic::error("unknown-key", format!("unknown key `{}`", key.value))
                .label(format!("not a key of {}", object.name))
                .help(help)
        };
        self.diagnostics.push(diagnostic.at(key.span));
    }

    fn missing_key(&mut self, key: &Key, object: &Object, at: Span) {
        self.diagnostics.push(
            Diagnostic::error("missing-key", format!("{} needs the key `{}`", object.name, key.name))
                .at(at)
                .help(format!("`{}`: {}", key.name, key.doc)),
        );
    }

    fn wrong_type(&mut self, node: &Node, name: &str, shape: &Shape, at: Span) {
        let span = if node.span.is_empty() { at } else { node.span };
        let diagnostic = Diagnostic::error("wrong-type", format!("`{name}` must be {}", expected(shape)))
            .at(span)
            .label(format!("this is {}", node.described()));
        self.diagnostics.push(match shape {
            Shape::Object(object) => diagnostic.help(format!("{} has the keys {}", object.name, names(object))),
            _ => diagnostic,
        });
    }
}

/// Whether a key is there, or an unknown one that is offered it: a slip is one fault, not two.
pub(crate) fn present(entries: &[Entry], object: &Object, name: &str) -> bool {
    let known = |entry: &Entry| object.keys.iter().any(|key| key.name == entry.key.value);
    let meant = |entry: &&Entry| nearest(&entry.key, object.keys.iter().map(|key| key.name)) == Some(name);
    entries.iter().any(|entry| entry.key.value == name) || entries.iter().filter(|entry| !known(entry)).any(|entry| meant(&entry))
}

fn no_name(text: &str, at: Span) -> Diagnostic {
    Diagnostic::error("invalid-value", format!("`{text}` is no name"))
        .at(at)
        .help("a name is made of letters, digits and `_`, and does not begin with a digit")
}

fn names(object: &Object) -> String {
    object.keys.iter().map(|key| format!("`{}`", key.name)).collect::<Vec<_>>().join(", ")
}

/// What a shape looks like, in words that follow "must be".
pub(crate) fn expected(shape: &Shape) -> &'static str {
    match shape {
        Shape::Text | Shape::Verbatim | Shape::Choice(_) => "a text",
        Shape::Name => "a name",
        Shape::ColumnOf => "a column, or one of a dimension such as `dim_product.category`",
        Shape::Table => "a table such as `silver.sales_orders`",
        Shape::Sql => "Spark SQL",
        Shape::SqlType => "a Spark SQL type such as `string` or `\"decimal(18,2)\"`",
        Shape::Bool => "`true` or `false`",
        Shape::Char => "a single ASCII character",
        Shape::Separator => "one character or several",
        Shape::Mark => "a single character that is no letter, digit or sign",
        Shape::Whole(0) => "a whole number",
        Shape::Whole(_) => "a whole number from 1",
        Shape::JsonPath => "a path such as `$.data[*]`, of names and `[*]` alone",
        Shape::CellRange => "a part of a sheet such as `A3:F200`, `B2:` or `A:F`",
        Shape::DatePattern => "a pattern such as `dd.MM.yyyy HH:mm`, of the letters y M d H h m s S a X",
        Shape::Fraction => "a number from 0 to 1",
        Shape::Date => "a day such as `2025-01-31`",
        Shape::Instant => "a time such as `2025-01-31T08:30:00Z`",
        Shape::Rows => "a list of rows, or a text of CSV or JSON",
        Shape::Month => "the name of a month such as `april`",
        Shape::Size => "a size such as `512MiB` or `10GiB`",
        Shape::Memory => "a size such as `4GiB`, or a share of the machine such as `50%`",
        Shape::Duration => "a span of time such as `2 days` or `90 minutes`",
        Shape::Literal => "a text, a number, `true` or `false`",
        Shape::List(of) => match of {
            Shape::Or(Shape::Name | Shape::ColumnOf, _) => "a list of columns or `{ name: expression }`",
            Shape::Or(..) => "a list of texts or `{ key: value }`",
            Shape::Name => "a list of names",
            Shape::Object(_) => "a list of `{ key: value }`",
            _ => "a list of texts",
        },
        Shape::Named(Shape::Sql) => "a map of `name: expression`",
        Shape::Named(Shape::Or(Shape::Sql, _)) => "a map of `name: expression` or `name: { key: value }`",
        Shape::Named(_) | Shape::Columns(_) | Shape::Labelled(_) => "a map of `name: value`",
        Shape::Object(_) => "a map of `key: value`",
        Shape::Or(word, _) => expected(word),
    }
}
