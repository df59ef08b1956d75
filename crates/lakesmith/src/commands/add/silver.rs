//! `lakesmith add silver`: a cleansed table with all columns of a bronze one.

use super::sample::{Sample, date_pattern, has_cents, is_date, is_timestamp};
use super::table::{Input, named};
use super::{Common, Draft, deliver, guess, yaml};
use crate::amounts::count;
use crate::args::Globals;
use crate::console::Console;
use crate::exit::{Exit, Stop};
use clap::ValueEnum;
use lakesmith_compile::{Column, FlowKind, Layer};
use lakesmith_sql::DataType;
use std::fmt::Write;

#[derive(Debug, clap::Args)]
#[command(after_help = "The key, the types and the order of states are guessed from a sample of rows.\n\n\
    Examples:\n  lakesmith add silver sales.orders --from bronze.shop_orders\n  \
    lakesmith add silver sales.customers --from bronze.shop_customers --history changes --dry-run")]
pub(super) struct Args {
    /// Its area and name, such as `sales.orders`; without an area it is the source's name
    name: String,
    /// The bronze table it reads, such as `bronze.shop_orders`
    #[arg(long, value_name = "TABLE")]
    from: String,
    /// Which states of a key it keeps; a type 2 dimension needs `changes`
    #[arg(long, value_enum, value_name = "HISTORY")]
    history: Option<History>,
    #[command(flatten)]
    common: Common,
}

/// Which states of a key are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum History {
    /// The latest.
    None,
    /// Every state.
    Changes,
    /// Every row, as it comes.
    Append,
}

/// A column of the new table.
struct Proposed {
    name: String,
    /// The column of the bronze table.
    source: String,
    ty: DataType,
    /// What stands in the file for it.
    value: String,
    comment: Option<String>,
}

/// What tells rows apart, and what orders the states of one.
#[derive(Debug, Default, PartialEq)]
struct Key {
    columns: Vec<String>,
    sequence: Option<String>,
    /// What the guess rests on.
    reason: String,
}

pub(super) async fn run(args: &Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let input = Input::open(&args.from, Layer::Bronze, "bronze table", globals, console).await?;
    let (area, name) = place(&args.name, &input)?;
    let sample = Sample::of(&input.lake, &input.name).await;
    let sample = sample.map_err(|error| Stop::of(error, &input.lake.project().sources_text))?;
    let columns = columns(&input, &sample);
    let key = key(&columns, &sample, &guess::singular(&name), args.history);
    let table = format!("silver.{area}_{name}");
    if let Some(asked) = undecided(args.history, possible(args.history, &key), &key) {
        console.say(&format!("to decide: {asked}"));
    }
    let draft = Draft {
        path: format!("silver/{area}/{name}.yaml"),
        text: text(&table, &input, &columns, &key, &sample, args.history),
        makes: format!("{table}, {}", count(columns.len(), "column")),
        next: vec![
            format!("lakesmith run +{table}"),
            format!("lakesmith add dimension {} --from {table}", guess::singular(&name)),
            format!("lakesmith add fact {name} --from {table}"),
        ],
    };
    deliver(draft, &input.lake.project().root, &args.common, globals, console).await
}

/// The folder and the name of the file.
fn place(written: &str, input: &Input) -> Result<(String, String), Stop> {
    let source = match input.flow.kind {
        FlowKind::Bronze { source, .. } => input.lake.project().sources[source].name.value.clone(),
        _ => "silver".to_owned(),
    };
    let written = written.strip_prefix("silver.").or_else(|| written.strip_prefix("silver/")).unwrap_or(written);
    match written.split_once(['.', '/']) {
        Some((area, name)) => Ok((named(area, "")?, named(name, "")?)),
        None => Ok((source, named(written, "")?)),
    }
}

/// All columns of the source's data, with names and types as a silver table has them.
fn columns(input: &Input, sample: &Sample) -> Vec<Proposed> {
    let mut taken = vec![];
    let mut proposed = vec![];
    for (n, column) in input.data().into_iter().enumerate() {
        let name = Some(guess::name(&column.name)).filter(|name| !name.is_empty()).unwrap_or_else(|| format!("column_{}", n + 1));
        let source = input.source_name(column);
        proposed.push(propose(guess::free(name, &mut taken), column, source, sample));
    }
    if !proposed.iter().any(|column| column.ty == DataType::Date) {
        let time = proposed.iter().find(|column| guess::is_business_time(&column.name, &column.ty));
        proposed.extend(time.map(|time| day(time, &mut taken)));
    }
    proposed
}

/// The day of an instant, by which facts are found in the calendar.
fn day(time: &Proposed, taken: &mut Vec<String>) -> Proposed {
    let stem = ["_at", "_time", "_timestamp"].iter().find_map(|end| time.name.strip_suffix(end)).unwrap_or(&time.name);
    let expression = format!("to_date({})", yaml::name(&time.source));
    Proposed {
        name: guess::free(format!("{stem}_date"), taken),
        source: time.source.clone(),
        ty: DataType::Date,
        value: format!("{{ expr: {} }}", yaml::scalar(&expression)),
        comment: Some("its day, which leads to dim_date".to_owned()),
    }
}

/// A column by its new name; `source` is what `from` calls it.
fn propose(name: String, column: &Column, source: &str, sample: &Sample) -> Proposed {
    let filled = sample.values(&column.name).count();
    let mut comment = (sample.rows > 0 && filled < sample.rows).then(|| match filled {
        0 => "no value in the sample".to_owned(),
        filled => format!("NULL in {} of {}", sample.rows - filled, count(sample.rows, "row")),
    });
    let (mut ty, mut expression, mut misfits) = (column.ty.clone(), None, 0);
    match &column.ty {
        DataType::String => {
            let values: Vec<&str> = sample.values(&column.name).collect();
            let date = sample.misfits(&column.name, is_date).map(|misfits| (DataType::Date, misfits));
            let time = || sample.misfits(&column.name, is_timestamp).map(|misfits| (DataType::Timestamp, misfits));
            if let Some(found) = date.or_else(time) {
                (ty, misfits) = found;
            } else if let Some(pattern) = date_pattern(values.iter().copied()) {
                ty = DataType::Date;
                expression = Some(format!("to_date({}, '{pattern}')", yaml::name(&column.name)));
            }
        }
        DataType::Double if guess::is_money(&name) && sample.all(&column.name, has_cents) => {
            ty = DataType::decimal(18, 2);
            comment = Some("in the sample two digits after the point at most".to_owned());
        }
        _ => {}
    }
    if nameless(column) {
        comment = Some("it has no name in the source: give it one".to_owned());
    } else if guess::loses_letters(source) {
        comment =
            Some(format!("`{}` in the source: give it a name of letters that SQL knows", source.replace(['\n', '\r'], " ")));
    }
    if misfits > 0 {
        comment =
            Some(format!("{} of {filled} in the sample do not parse: their rows go to the quarantine", count(misfits, "value")));
    }
    let mut parts = vec![];
    match expression {
        Some(expression) => parts.push(format!("expr: {}", yaml::scalar(&expression))),
        None => {
            if name != source {
                parts.push(format!("from: {}", yaml::scalar(source)));
            }
            if ty.is_atomic() {
                parts.push(format!("type: {}", yaml::scalar(&ty.to_string().to_lowercase())));
            } else {
                comment = Some(nested(&ty));
            }
        }
    }
    if let Some(tag) = guess::personal(&name) {
        parts.push(format!("tags: [{tag}]"));
    }
    let value = if parts.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", parts.join(", ")) };
    Proposed { name, source: column.name.clone(), ty, value, comment }
}

/// Whether the name only says where the column stands in its file, from 0.
fn nameless(column: &Column) -> bool {
    let number = column.name.strip_prefix("_c").is_some_and(|number| number.parse::<usize>().is_ok());
    number && column.source_name.as_ref().is_none_or(|name| name.trim().is_empty() || *name == column.name)
}

fn nested(ty: &DataType) -> String {
    match ty {
        DataType::Array(_) => "a list: a table of its own may have one row per element, with `explode`".to_owned(),
        _ => "nested: take a field out with `from: Column.Field`".to_owned(),
    }
}

/// The guess: one column or several whose values tell all rows of the sample apart, likely names first.
fn key(columns: &[Proposed], sample: &Sample, thing: &str, history: Option<History>) -> Key {
    let atomic: Vec<&Proposed> = columns.iter().filter(|column| column.ty.is_atomic()).collect();
    let mut ids: Vec<&Proposed> =
        atomic.iter().copied().filter(|column| guess::key_rank(&column.name, thing).is_some()).collect();
    ids.sort_by_key(|column| guess::key_rank(&column.name, thing));
    let sequence = atomic.iter().copied().find(|column| guess::is_change_time(&column.name, &column.ty));
    let of = |key: &[&Proposed], sequence: Option<&Proposed>, reason: String| Key {
        columns: key.iter().map(|column| column.name.clone()).collect(),
        sequence: sequence.map(|column| column.name.clone()),
        reason,
    };
    let with = |key: &[&Proposed], reason: String| of(key, sequence, reason);
    if sample.rows == 0 {
        return match ids.first() {
            Some(id) => with(&[id], "guessed by its name alone: no row was there to look at".to_owned()),
            None => Key::default(),
        };
    }
    let rows = count(sample.rows, "row");
    let unique = |key: &[&Proposed]| sample.is_unique(&key.iter().map(|column| column.source.as_str()).collect::<Vec<_>>());
    let told_apart = |key: &[&Proposed], sequence: Option<&Proposed>| {
        let columns = key.iter().copied().chain(sequence).map(|column| column.source.as_str());
        sequence.is_some() && sample.is_almost_unique(&columns.collect::<Vec<_>>())
    };
    let states = |key: &[&Proposed]| told_apart(key, sequence);
    let pairs: Vec<[&Proposed; 2]> =
        ids.iter().enumerate().flat_map(|(n, a)| ids[n + 1..].iter().map(move |b| [*a, *b])).collect();
    if let Some(id) = ids.iter().find(|id| unique(&[id])) {
        return with(&[id], format!("unique in a sample of {rows}"));
    }
    if let Some(id) = ids.iter().find(|id| states(&[id])) {
        return with(&[id], format!("several states of one, told apart by `sequence_by`, in a sample of {rows}"));
    }
    if let Some(pair) = pairs.iter().find(|pair| unique(*pair)) {
        return with(pair, format!("together unique in a sample of {rows}"));
    }
    if let Some(pair) = pairs.iter().find(|pair| states(*pair)) {
        return with(pair, format!("several states of one, told apart by `sequence_by`, in a sample of {rows}"));
    }
    // No name says so, but an own number with any time may be a state. Of another's number that would be an event.
    let own =
        |id: &&&Proposed| history == Some(History::Changes) || guess::key_rank(&id.name, thing).is_some_and(|rank| rank <= 1);
    for id in ids.iter().filter(own) {
        let mut times =
            atomic.iter().copied().filter(|column| guess::is_time(&column.ty) && guess::personal(&column.name).is_none());
        if let Some(time) = times.find(|time| told_apart(&[id], Some(time))) {
            return of(&[id], Some(time), format!("several states of one, told apart by {}, in a sample of {rows}", time.name));
        }
    }
    let plain = |column: &&&Proposed| matches!(column.ty, DataType::String | DataType::BigInt | DataType::Int);
    if let Some(column) = atomic.iter().filter(plain).find(|column| !guess::is_money(&column.name) && unique(&[column])) {
        return with(&[column], format!("unique in a sample of {rows}, though its name does not say so"));
    }
    Key::default()
}

fn text(table: &str, input: &Input, columns: &[Proposed], key: &Key, sample: &Sample, asked: Option<History>) -> String {
    let mut text = format!("# {table}: typed, checked, one row per key. Written by `lakesmith add silver`");
    let _ = match sample.rows {
        0 => writeln!(text, ";\n# no row of {} was there to look at.", input.name),
        rows => writeln!(text, "\n# from a sample of {} of {}.", count(rows, "row"), input.name),
    };
    let _ = writeln!(text, "# What was guessed says so: check it, and remove the comment.");
    let _ = writeln!(text, "# description: One row per …");
    let _ = writeln!(text, "from: {}", input.name);
    let history = possible(asked, key);
    if key.columns.is_empty() {
        let _ = writeln!(
            text,
            "# Nothing was found that tells rows apart, so every row stays, as it comes. With a key, a row replaces"
        );
        let _ = writeln!(text, "# the former state of its key:");
        let _ = writeln!(text, "# key: [the columns that tell rows apart]");
    } else {
        let _ = writeln!(text, "key: {}   # guess: {}", yaml::list(&key.columns), key.reason);
    }
    match &key.sequence {
        Some(sequence) => {
            let _ = writeln!(
                text,
                "sequence_by: {}   # guess: of several states of a key, the one with the largest value is the latest",
                yaml::scalar(sequence)
            );
        }
        None if !key.columns.is_empty() => {
            let _ = writeln!(
                text,
                "# sequence_by: updated_at   # the column that orders the states of a key; left out, the last to arrive counts"
            );
        }
        None => {}
    }
    let (word, meaning) = match history {
        History::None => ("none", "the latest state per key; `changes` keeps every state, which a type 2 dimension needs"),
        History::Changes => ("changes", "every state: one row per key and sequence; `none` keeps the latest alone"),
        History::Append => {
            ("append", "every row, as it comes; with a key, `none` keeps the latest state and `changes` every one")
        }
    };
    if let Some(asked) = undecided(asked, history, key) {
        let _ = writeln!(text, "# To decide: {asked}");
    }
    let _ = writeln!(text, "history: {word}   # {meaning}");
    let _ = writeln!(text, "# Only what is listed is kept. A value that does not fit its type sends its row to the quarantine.");
    let _ = writeln!(text, "columns:");
    text += &yaml::entries(2, columns.iter().map(|column| (column.name.as_str(), column.value.clone(), column.comment.clone())));
    let _ = writeln!(
        text,
        "# A row that fails a rule goes to {table}_quarantine, with its reasons; nothing is lost and nothing stops."
    );
    let _ = writeln!(text, "# Rules that suggest themselves: uncomment those that should hold.");
    text += &yaml::commented(&rules(columns, key, sample));
    text
}

/// The history that was asked for, as far as what is known of the key allows it.
fn possible(asked: Option<History>, key: &Key) -> History {
    match (key.columns.is_empty(), &key.sequence, asked) {
        (true, ..) | (_, _, Some(History::Append)) => History::Append,
        (false, None, _) | (_, _, None) => History::None,
        (false, Some(_), Some(asked)) => asked,
    }
}

/// What is missing for the history that was asked for.
fn undecided(asked: Option<History>, history: History, key: &Key) -> Option<String> {
    let asked = asked.filter(|asked| *asked != history)?;
    let word = asked.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let missing = match (asked, key.columns.is_empty()) {
        (History::Changes, true) => {
            "`key`, the columns that tell things apart, and `sequence_by`, the column that orders the states of one"
        }
        (History::Changes, false) => "`sequence_by`, the column that orders the states of a key",
        _ => "`key`, the columns that tell rows apart",
    };
    Some(format!("`history: {word}` was asked for and needs {missing}; no column shows itself as such"))
}

/// Rules that most tables have, as far as the columns ask for them.
fn rules(columns: &[Proposed], key: &Key, sample: &Sample) -> String {
    let present = |name: &String| {
        let check = format!("{} IS NOT NULL", yaml::name(name));
        rule(format!("{name}_present"), check, format!("{name} is null"), "completeness")
    };
    let mut rules: Vec<(String, String)> = key.columns.iter().chain(&key.sequence).map(present).collect();
    let measured = columns.iter().filter(|column| column.ty.is_numeric() && !guess::is_id(&column.name));
    for column in measured.filter(|column| sample.all(&column.source, |value| !value.starts_with('-'))) {
        let name = &column.name;
        let message = format!("{name} must not be negative");
        rules.push(rule(format!("{name}_not_negative"), format!("{} >= 0", yaml::name(name)), message, "validity"));
    }
    for column in columns.iter().filter(|column| guess::personal(&column.name) == Some("pii.email")) {
        let name = &column.name;
        let check = format!("{name} IS NULL OR regexp_like({name}, '^[^@ ]+@[^@ ]+[.][a-zA-Z]+$')");
        rules.push(rule(format!("{name}_valid"), check, format!("{name} is no e-mail address"), "validity"));
    }
    if rules.is_empty() {
        rules.extend(columns.first().map(|column| present(&column.name)));
    }
    let lines = yaml::entries(2, rules.iter().map(|(name, value)| (name.as_str(), value.clone(), None)));
    format!("expect:\n{lines}")
}

/// A rule by its name, with what stands in the file for it.
fn rule(name: String, check: String, message: String, dimension: &str) -> (String, String) {
    let (check, message) = (yaml::scalar(&check), yaml::scalar(&message));
    (name, format!("{{ check: {check}, message: {message}, dimension: {dimension} }}"))
}
