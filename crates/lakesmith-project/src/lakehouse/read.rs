//! From `lakehouse.yaml` as a tree to the model.

use super::keys::{CALENDAR, DEFAULTS, ENGINE, KEYS, TARGET};
use super::{Calendar, Defaults, Engine, Lakehouse, Target};
use crate::choice::{Word, Words};
use crate::fields::Fields;
use crate::location::Location;
use crate::scalar;
use crate::source::plain;
use crate::yaml::Node;
use lakesmith_text::{Diagnostic, Diagnostics, Span, Spanned};

/// What `engine:` may be as a word.
pub(crate) const EMBEDDED: Words = Words { words: &[Word { word: "embedded", doc: "This process." }], later: &[] };

/// The lakehouse that a tree describes; its name is empty if the tree has none.
pub(crate) fn read(node: &Node, diagnostics: &mut Diagnostics) -> Lakehouse {
    let fields = Fields::of_file(node, &KEYS);
    let name = fields.name("lakehouse").unwrap_or_else(|| Spanned::new(String::new(), fields.at));
    let mut targets: Vec<Target> =
        fields.entries("targets").iter().filter_map(|entry| target(&entry.key, &entry.value)).collect();
    let mut defaults = fields
        .entries("targets")
        .iter()
        .filter(|entry| Fields::new(&entry.value, &TARGET, entry.key.span).bool("default") == Some(true));
    if let (Some(first), Some(second)) = (defaults.next(), defaults.next()) {
        diagnostics.push(
            Diagnostic::error("invalid-value", "two targets are the default")
                .at(second.key.span)
                .related(first.key.span, "this one is the first")
                .help("keep `default: true` on one of them"),
        );
    }
    for target in &targets {
        if let Err(fault) = Location::parse(&target.storage)
            && fault.may_hold_a_secret()
        {
            diagnostics.push(plain(&format!("targets.{}.storage", target.name), fields.at).help(fault.to_string()));
        }
    }
    if targets.is_empty() {
        targets.push(Target::dev(name.span));
    }
    Lakehouse {
        description: fields.text("description"),
        calendar: calendar(&fields, diagnostics),
        defaults: fields.object("defaults", &DEFAULTS).map(|fields| self::defaults(&fields)).unwrap_or_default(),
        targets,
        name,
    }
}

impl Target {
    /// The target of a project that names none.
    pub(crate) fn dev(at: Span) -> Self {
        let text = |text: &str| Spanned::new(text.to_owned(), at);
        Self { name: text("dev"), storage: text(".lake"), default: true, engine: Engine::Embedded }
    }
}

fn target(name: &Spanned<String>, node: &Node) -> Option<Target> {
    let fields = Fields::new(node, &TARGET, name.span);
    let spark = fields.object("engine", &ENGINE).and_then(|engine| engine.text("spark"));
    Some(Target {
        name: name.clone(),
        storage: fields.text("storage")?,
        default: fields.bool("default").unwrap_or(false),
        engine: spark.map_or(Engine::Embedded, Engine::Spark),
    })
}

fn calendar(fields: &Fields<'_>, diagnostics: &mut Diagnostics) -> Option<Calendar> {
    let fields = fields.object("calendar", &CALENDAR)?;
    let (start, end) = (fields.parsed("start", scalar::date)?, fields.parsed("end", scalar::date)?);
    if end.value < start.value {
        diagnostics.push(
            Diagnostic::error("invalid-value", "the calendar ends before it starts")
                .at(end.span)
                .related(start.span, "it starts here"),
        );
    }
    let fiscal_year_start = fields.parsed("fiscal_year_start", scalar::month);
    Some(Calendar { start, end, fiscal_year_start, holidays: fields.texts("holidays") })
}

fn defaults(fields: &Fields<'_>) -> Defaults {
    Defaults {
        owner: fields.text("owner"),
        memory: fields.parsed("memory", scalar::memory),
        max_batch: fields.parsed("max_batch", scalar::size),
    }
}
