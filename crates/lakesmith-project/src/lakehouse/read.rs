//! From `lakehouse.yaml` as a tree to the model.

use super::holiday::country;
use super::keys::{CALENDAR, DEFAULTS, ENGINE, HOLIDAY, KEYS, TARGET};
use super::{Calendar, Defaults, Engine, Holiday, HolidayDays, HolidayFile, Lakehouse, Target, Yearly};
use crate::choice::{Word, Words};
use crate::fields::Fields;
use crate::location::Location;
use crate::names::{conflict, no_effect};
use crate::scalar;
use crate::source::plain;
use crate::yaml::{Kind, Node};
use chrono::Datelike;
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
    let time = fields.text("time").and_then(|text| Some(Spanned::new(fields.choice("time")?, text.span)));
    let mut calendar = Calendar { start, end, fiscal_year_start, holidays: vec![], holiday_files: vec![], time };
    for node in fields.get("holidays").map_or(&[][..], Node::items) {
        match &node.kind {
            Kind::Map(_) => holiday(&Fields::new(node, &HOLIDAY, node.span), &mut calendar, diagnostics),
            _ => calendar.holiday_files.extend(node.text().map(|path| HolidayFile { path, country: None })),
        }
    }
    Some(calendar)
}

/// An item of `holidays:` that is a map.
fn holiday(fields: &Fields<'_>, calendar: &mut Calendar, diagnostics: &mut Diagnostics) {
    conflict(fields, "file", "date", "make two items of it", diagnostics);
    let kept_in = fields.text("country");
    if let Some(text) = kept_in.as_ref().filter(|text| country(text).is_none()) {
        diagnostics.push(
            Diagnostic::error("invalid-value", format!("`{text}` is no code of a country"))
                .at(text.span)
                .help("write it as ISO 3166 does: `DE`, or `DE-BY` for a part of it"),
        );
    }
    let country = kept_in.as_ref().and_then(|text| country(text));
    if let Some(path) = fields.text("file") {
        for key in ["until", "name", "yearly"] {
            no_effect(fields, key, "`date`", diagnostics);
        }
        calendar.holiday_files.push(HolidayFile { path, country });
        return;
    }
    let (Some(first), Some(name)) = (fields.parsed("date", scalar::date), fields.text("name")) else {
        if !(fields.present("date") && fields.present("name")) {
            diagnostics.push(
                Diagnostic::error("missing-key", "a holiday needs a `file`, or a `date` and a `name`")
                    .at(fields.at)
                    .help("`{ date: 2025-12-24, name: Christmas Eve }`, or `{ file: holidays/de.ics, country: DE }`"),
            );
        }
        return;
    };
    let last = fields.parsed("until", scalar::date).map_or(first.value, |last| last.value);
    let length = (last - first.value).num_days() + 1;
    if !(1..=366).contains(&length) {
        let fault = Diagnostic::error("invalid-value", "the holiday ends before it begins, or lasts longer than a year");
        diagnostics.push(fault.at(fields.place("until")).help("`until` is its last day"));
        return;
    }
    let days = match fields.bool("yearly") {
        Some(true) => HolidayDays::Yearly(Yearly {
            first: first.value,
            last: None,
            every: 1,
            months: vec![first.value.month()],
            days: vec![first.value.day()],
            weekdays: vec![],
            length: length as u32,
        }),
        _ => HolidayDays::Once { first: first.value, last },
    };
    calendar.holidays.push(Holiday { name: name.value, country, days, at: first.span });
}

fn defaults(fields: &Fields<'_>) -> Defaults {
    Defaults {
        owner: fields.text("owner"),
        memory: fields.parsed("memory", scalar::memory),
        max_batch: fields.parsed("max_batch", scalar::size),
    }
}
