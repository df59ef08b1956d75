//! `lakesmith add dimension`: what facts are seen by.

pub(super) mod subject;

use super::table::{Input, named, there_are};
use super::{Common, Draft, deliver, guess, yaml};
use crate::amounts::count;
use crate::args::Globals;
use crate::console::Console;
use crate::exit::{Exit, Stop};
use crate::open;
use lakesmith_compile::Layer;
use lakesmith_project::History;
use lakesmith_run::Lake;
use std::fmt::Write as _;
use std::io::Write as _;
use subject::{SUBJECTS, Subject};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "`customer`, `product`, `geography` and `employee` have templates: they say what one usually knows of them, and \
    which of it the table has. Without `--from` such a dimension reads the silver table that is called so.\n\n\
    Examples:\n  lakesmith add dimension customer --from silver.sales_customers --type2\n  lakesmith add dimension product\n  \
    lakesmith add dimension store --from silver.sales_stores --dry-run"
)]
pub(super) struct Args {
    /// What it is about, such as `customer`: it fills `gold.dim_customer`
    name: String,
    /// The silver table it reads, such as `silver.sales_customers`
    #[arg(long, value_name = "TABLE")]
    from: Option<String>,
    /// Keep a version per change of a member
    #[arg(long)]
    type2: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(args: &Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let name = named(&args.name, "dim_")?;
    let one = name.trim_start_matches("dim_").to_owned();
    if name == "dim_date" {
        return Err(Stop::Argument(
            "`gold.dim_date` needs no file: give lakehouse.yaml a `calendar: { start: 2025-01-01, end: 2025-12-31 }`".to_owned(),
        ));
    }
    let subject = Subject::of(&one);
    let lake = open::to_describe(globals, console).await?;
    let Some(from) = args.from.clone().or_else(|| subject.and_then(|subject| holding(&lake, subject))) else {
        return without_table(&name, &one, subject, &lake, args, console);
    };
    let input = Input::of(lake, &from, Layer::Silver, "silver table")?;
    let parts = Parts::of(&one, &input, subject, args.type2)?;
    let draft = Draft {
        path: format!("gold/{name}.yaml"),
        text: text(&name, &one, &input, subject, &parts),
        makes: format!("gold.{name} of {}, {}", input.name, count(parts.attributes.len(), "attribute")),
        next: vec![
            format!("lakesmith run +gold.{name}"),
            format!("lakesmith query \"SELECT * FROM gold.{name}\""),
            "lakesmith add fact NAME --from silver.…".to_owned(),
        ],
    };
    deliver(draft, &input.lake.project().root, &args.common, globals, console).await
}

/// The silver table whose name says that it holds such members.
fn holding(lake: &Lake, subject: &Subject) -> Option<String> {
    let entities = &lake.project().entities;
    let found = subject.holding(&entities.iter().map(|entity| entity.name.as_str()).collect::<Vec<_>>())?;
    entities.iter().find(|entity| entity.name == found).map(lakesmith_project::Entity::table)
}

/// There is no table to read: a template can still be looked at.
fn without_table(
    name: &str,
    one: &str,
    subject: Option<&Subject>,
    lake: &Lake,
    args: &Args,
    console: &Console,
) -> Result<Exit, Stop> {
    let plural = guess::plural(one);
    match subject {
        Some(subject) if args.common.dry_run => {
            let mut out = console.out();
            write!(out, "{}", template(name, one, subject))?;
            out.flush()?;
            Ok(Exit::Done)
        }
        Some(_) => Err(Stop::Argument(format!(
            "no silver table is called `{plural}`; {}. Name one with `--from`, add it with `lakesmith add silver AREA.{plural} \
             --from bronze.…`, or see the template with `--dry-run`",
            there_are(lake, Layer::Silver)
        ))),
        None => Err(Stop::Argument(format!(
            "`{name}` needs a table to read: `--from silver.…`; {}. Templates that need none to be looked at with `--dry-run` are: {}",
            there_are(lake, Layer::Silver),
            SUBJECTS.iter().map(|subject| subject.one).collect::<Vec<_>>().join(", ")
        ))),
    }
}

/// What the dimension is made of.
struct Parts {
    natural_key: Vec<String>,
    /// What the key rests on.
    reason: &'static str,
    surrogate_key: String,
    /// The time of a state; there with type 2.
    sequence: Option<String>,
    attributes: Vec<Shown>,
    /// What it is drilled down by: a name, and two attributes or more.
    hierarchy: Option<(&'static str, Vec<String>)>,
    /// What one usually knows of such members and the table does not.
    missing: Vec<(&'static str, &'static str)>,
    /// Whether the table keeps states, so that versions can be built.
    keeps_states: bool,
}

/// An attribute with what is said of it.
struct Shown {
    column: String,
    /// What the column is taken for, by the usual name.
    usual: Option<&'static str>,
    comment: Option<String>,
}

impl Parts {
    fn of(one: &str, input: &Input, subject: Option<&'static Subject>, type2: bool) -> Result<Parts, Stop> {
        let columns: Vec<&str> =
            input.columns().into_iter().filter(|column| column.ty.is_atomic()).map(|column| column.name.as_str()).collect();
        let (natural_key, reason) = natural_key(one, input, &columns, subject)?;
        let entity = input.entity();
        let keeps_states = entity.is_some_and(|entity| matches!(entity.history, History::Changes | History::Type2));
        let sequence = entity.and_then(|entity| entity.sequence_by.as_ref()).map(|name| name.value.clone());
        if type2 && !(keeps_states && sequence.is_some()) {
            return Err(Stop::Argument(format!(
                "`{}` keeps no states, so there are no versions to build: in {} set `history: changes` and name in `sequence_by` the \
                 column that says when a state began; or leave out `--type2`",
                input.name,
                input.path()
            )));
        }
        let free = |column: &&str| !natural_key.iter().any(|key| key == column) && sequence.as_deref() != Some(*column);
        let columns: Vec<&str> = columns.into_iter().filter(free).collect();
        let (mut attributes, mut missing) = (vec![], vec![]);
        let keyed = |usual: &str| natural_key.iter().find(|key| *key == usual).cloned();
        for attribute in subject.iter().flat_map(|subject| subject.attributes).filter(|attribute| keyed(attribute.name).is_none())
        {
            match subject.and_then(|subject| subject.find(attribute, &columns)) {
                Some(column) if !attributes.iter().any(|shown: &Shown| shown.column == column) => {
                    let other = (column != attribute.name).then(|| attribute.name.to_owned());
                    let words: Vec<String> =
                        other.into_iter().chain((!attribute.about.is_empty()).then(|| attribute.about.to_owned())).collect();
                    let comment = (!words.is_empty()).then(|| words.join(": "));
                    attributes.push(Shown { column: column.to_owned(), usual: Some(attribute.name), comment });
                }
                _ if attribute.name.ends_with("_name")
                    && ["first_name", "last_name"].iter().all(|name| columns.contains(name)) =>
                {
                    missing.push((attribute.name, "first_name and last_name together: an `expr` with concat(…, ' ', …)"));
                }
                _ => missing.push((attribute.name, attribute.about)),
            }
        }
        let rest: Vec<&str> =
            columns.into_iter().filter(|column| !attributes.iter().any(|shown| shown.column == *column)).collect();
        attributes.extend(rest.into_iter().map(|column| Shown { column: column.to_owned(), usual: None, comment: None }));
        let shown = |usual: &str| attributes.iter().find(|shown| shown.usual == Some(usual)).map(|shown| shown.column.clone());
        let level = |usual: &&str| keyed(usual).or_else(|| shown(usual));
        let hierarchy = subject.and_then(|subject| subject.hierarchy);
        let hierarchy = hierarchy.map(|(name, levels)| (name, levels.iter().filter_map(level).collect::<Vec<_>>()));
        let hierarchy = hierarchy.filter(|(_, levels)| levels.len() > 1);
        let sequence = sequence.filter(|_| type2);
        // The source may have a column of that name, such as a table of another lakehouse.
        let plain = format!("{one}_key");
        let surrogate_key = if input.column(&plain).is_none() { plain } else { format!("dim_{plain}") };
        Ok(Parts { natural_key, reason, surrogate_key, sequence, attributes, hierarchy, missing, keeps_states })
    }
}

/// What names a member: the key of the table, or in a table of something else the member's own id.
fn natural_key(
    one: &str,
    input: &Input,
    columns: &[&str],
    subject: Option<&Subject>,
) -> Result<(Vec<String>, &'static str), Stop> {
    let key: Vec<String> =
        input.entity().map(|entity| entity.key.iter().map(|name| name.value.clone()).collect()).unwrap_or_default();
    let own = [subject.map(|subject| subject.natural_key.to_owned()), Some(format!("{one}_id")), Some(format!("{one}_code"))];
    let own = own.into_iter().flatten().find(|own| columns.contains(&own.as_str()));
    match own {
        Some(own) if !key.contains(&own) || key.len() > 1 => {
            Ok((vec![own], "by its name; the table has one row per something else"))
        }
        _ if !key.is_empty() => Ok((key, "the key of its table")),
        Some(own) => Ok((vec![own], "by its name; its table has no key")),
        None => {
            let best = columns.iter().filter_map(|column| Some((guess::key_rank(column, one)?, *column))).min();
            best.map(|(_, column)| (vec![column.to_owned()], "by its name alone; its table has no key")).ok_or_else(|| {
                Stop::Argument(format!("nothing in `{}` tells members apart: give it a `key` in {}", input.name, input.path()))
            })
        }
    }
}

fn text(name: &str, one: &str, input: &Input, subject: Option<&Subject>, parts: &Parts) -> String {
    let type2 = parts.sequence.is_some();
    let mut text = head(name, one, subject);
    let _ = writeln!(text, "from: {}", input.name);
    let _ = writeln!(text, "# What names a member in the source system; {}. Facts find their member by it.", parts.reason);
    let _ = writeln!(text, "natural_key: {}", yaml::list(&parts.natural_key));
    surrogate(&mut text, &parts.surrogate_key);
    advice(&mut text, subject);
    match (&parts.sequence, parts.keeps_states) {
        (Some(sequence), _) => {
            let _ = writeln!(text, "history: type2");
            let _ = writeln!(text, "sequence_by: {sequence}   # from when a state holds");
            let _ = writeln!(
                text,
                "# validity: date, so that of several changes on one day the last counts; `timestamp` tells them apart"
            );
        }
        (None, true) => {
            let _ = writeln!(
                text,
                "history: type1   # the latest state; {} keeps every one, so `type2` with `sequence_by` would do",
                input.name
            );
        }
        (None, false) => {
            let _ = writeln!(text, "history: type1   # for `type2` set `history: changes` and `sequence_by` in {}", input.path());
        }
    }
    if type2 && !parts.attributes.is_empty() {
        let _ = writeln!(text, "# A change of these opens a version; others overwrite. Take out what is only ever corrected.");
        let _ = writeln!(text, "track:");
        list(&mut text, &parts.attributes, false);
    }
    let _ =
        writeln!(text, "# What is kept of a member: the key, and what is listed here. Left out, all columns of the table are.");
    if parts.attributes.is_empty() {
        let _ = writeln!(text, "attributes: {}", yaml::list(&parts.natural_key));
    } else {
        let _ = writeln!(text, "attributes:");
        list(&mut text, &parts.attributes, true);
    }
    if let Some((name, levels)) = &parts.hierarchy {
        let _ = writeln!(
            text,
            "# What one drills down by, from the coarsest to the finest; a run counts what lies in several of the level above."
        );
        let _ = writeln!(text, "hierarchies: {{ {name}: {} }}", yaml::list(levels));
    }
    if !parts.missing.is_empty() {
        let _ = writeln!(
            text,
            "# Usual for {}, and not among the columns of {}. Add what there is to {}:",
            guess::plural(one),
            input.name,
            input.path()
        );
        usual(&mut text, &parts.missing);
    }
    text
}

fn list(text: &mut String, attributes: &[Shown], comments: bool) {
    let width = attributes.iter().map(|shown| shown.column.len()).max().unwrap_or(0);
    for shown in attributes {
        let _ = match shown.comment.as_ref().filter(|_| comments) {
            Some(comment) => writeln!(text, "  - {:<width$}   # {comment}", shown.column),
            None => writeln!(text, "  - {}", shown.column),
        };
    }
}

fn head(name: &str, one: &str, subject: Option<&Subject>) -> String {
    let mut text =
        format!("# gold.{name}: what facts are seen by. One row per {}, and member -1 for facts whose\n", one.replace('_', " "));
    text += &format!("# {} is not known. Written by `lakesmith add dimension`.\n", one.replace('_', " "));
    text += &format!("dimension: {name}\n");
    text += &match subject {
        Some(subject) => format!("description: {}\n", yaml::scalar(subject.about)),
        None => "# description: One row per …\n".to_owned(),
    };
    text
}

fn surrogate(text: &mut String, key: &str) {
    let _ = writeln!(text, "# The number that facts hold: it stays the member's whatever the source does.");
    let _ = writeln!(text, "surrogate_key: {key}");
}

fn advice(text: &mut String, subject: Option<&Subject>) {
    for line in subject.map(|subject| subject.advice).unwrap_or_default() {
        let _ = writeln!(text, "# {line}");
    }
}

fn usual(text: &mut String, attributes: &[(&'static str, &'static str)]) {
    let width = attributes.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, about) in attributes {
        let _ = writeln!(text, "{}", format!("#   {name:<width$}   {about}").trim_end());
    }
}

/// The whole of a subject, for a table that is not there yet.
fn template(name: &str, one: &str, subject: &Subject) -> String {
    let plural = guess::plural(one);
    let mut text = head(name, one, Some(subject));
    let _ = writeln!(text, "from: silver.AREA_{plural}   # not there yet: `lakesmith add silver AREA.{plural} --from bronze.…`");
    let _ = writeln!(text, "# What names a member in the source system. Facts find their member by it.");
    let _ = writeln!(text, "natural_key: [{}]", subject.natural_key);
    surrogate(&mut text, &format!("{one}_key"));
    advice(&mut text, Some(subject));
    let _ = writeln!(text, "history: type1   # type2 needs `history: changes` and `sequence_by` in the silver table");
    let _ = writeln!(text, "# What is kept of a member: columns of the silver table.");
    let _ = writeln!(text, "attributes:");
    let shown = |attribute: &subject::Attribute| Shown {
        column: attribute.name.to_owned(),
        usual: Some(attribute.name),
        comment: (!attribute.about.is_empty()).then(|| attribute.about.to_owned()),
    };
    list(&mut text, &subject.attributes.iter().map(shown).collect::<Vec<_>>(), true);
    if let Some((name, levels)) = subject.hierarchy {
        let _ = writeln!(text, "# What one drills down by, from the coarsest to the finest");
        let _ = writeln!(text, "hierarchies: {{ {name}: {} }}", yaml::list(levels));
    }
    text
}
