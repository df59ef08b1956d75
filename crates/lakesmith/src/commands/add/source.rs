//! `lakesmith add source`: what lies in a folder, as a source with its tables.

mod apart;
mod discover;
mod sniff;
mod wrapped;

use super::sample::{Sample, is_date, is_timestamp};
use super::table::named;
use super::{Common, Draft, deliver, guess, yaml};
use crate::amounts::count;
use crate::args::Globals;
use crate::console::Console;
use crate::exit::{Exit, Stop};
use crate::open;
use discover::{Contents, Found, Kind, Sorted};
use lakesmith_compile::{Column, Layer, TableName};
use lakesmith_project::load_with;
use lakesmith_run::Lake;
use lakesmith_sql::DataType;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Lines of text that are looked at to tell how it is written.
const LINES: usize = 50;
/// Characters of a type that are shown.
const TYPE_WIDTH: usize = 100;

#[derive(Debug, clap::Args)]
#[command(after_help = "A table per folder that holds files; of files in PATH itself one per beginning of their names.\n\n\
    Examples:\n  lakesmith add source shop --path landing/\n  \
    lakesmith add source shop --path landing/ --table \"orders=exports/order_*.csv\" --dry-run")]
pub(super) struct Args {
    /// What the source is called: its tables fill `bronze.<name>_<table>`
    name: String,
    /// The folder in which its files lie, or Delta tables
    #[arg(long, value_name = "DIR")]
    path: String,
    /// A table and the glob of its files, relative to PATH; with it no others are looked for. May be given several times
    #[arg(long, value_name = "TABLE=PATTERN", value_parser = table_of)]
    table: Vec<(String, String)>,
    #[command(flatten)]
    common: Common,
}

/// A table with how its files are written, beside the format.
struct Proposed {
    found: Found,
    options: Vec<String>,
    columns: Vec<Column>,
    sample: Sample,
}

pub(super) async fn run(args: &Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let lake = open::to_look(globals, console)?;
    let root = lake.project().root.clone();
    let source = New { name: named(&args.name, "")?, path: located(&args.path, &root)?, root, globals };
    let folder = source.root.join(&source.path);
    let contents = discover::list(&folder).map_err(|error| Stop::Argument(format!("`{}` cannot be read: {error}", args.path)))?;
    let mut tables = source.tables(&contents, &args.table, console)?;
    source.tell_formats(&mut tables, console).await?;
    source.look(&mut tables, console).await?;
    if unwrap(&mut tables) {
        source.look(&mut tables, console).await?;
    }
    let first = TableName::new(Layer::Bronze, format!("{}_{}", source.name, tables[0].found.name));
    let draft = Draft {
        path: source.file(),
        text: source.text(&tables),
        makes: tables.iter().map(|table| format!("bronze.{}_{}", source.name, table.found.name)).collect::<Vec<_>>().join(", "),
        next: vec![
            format!("lakesmith describe {first}"),
            format!("lakesmith add silver {}.{} --from {first}", source.name, tables[0].found.name),
        ],
    };
    deliver(draft, &source.root, &args.common, globals, console).await
}

/// The source that is to be.
struct New<'a> {
    name: String,
    /// As the project writes it: relative to its folder if it lies below.
    path: String,
    root: PathBuf,
    globals: &'a Globals,
}

impl New<'_> {
    fn file(&self) -> String {
        format!("sources/{}.yaml", self.name)
    }

    /// Its tables, as far as names tell them.
    fn tables(&self, contents: &Contents, asked: &[(String, String)], console: &Console) -> Result<Vec<Proposed>, Stop> {
        let found = if !asked.is_empty() {
            let table = |(name, pattern): &(String, String)| {
                let delta = contents.deltas.iter().any(|folder| folder == pattern.trim_end_matches('/'));
                let kind = if delta { Kind::Delta } else { Kind::of(pattern).unwrap_or(Kind::Text) };
                Ok(Found { name: named(name, "")?, pattern: pattern.clone(), kind, files: 0, bytes: 0 })
            };
            asked.iter().map(table).collect::<Result<Vec<Found>, Stop>>()?
        } else {
            let Sorted { found: files, unknown, mixed } = discover::tables(contents, &self.path);
            let deltas = discover::deltas(contents, &self.path);
            if !unknown.is_empty() {
                console.say(&format!("left out, of no known format: {}", some(&unknown)));
            }
            if !mixed.is_empty() {
                console.say(&format!(
                    "left out, as their names do not tell them from the files of another table: {} and what lies with each. \
                     Say which are a table with `--table NAME=PATTERN`",
                    some(&mixed)
                ));
            }
            if !files.is_empty() && !deltas.is_empty() {
                console.say(&format!(
                    "left out, because they are Delta tables, which are a source of their own: {}",
                    some(&contents.deltas)
                ));
            }
            if files.is_empty() { deltas } else { files }
        };
        if found.is_empty() {
            return Err(self.nothing());
        }
        if found.iter().any(|table| table.kind == Kind::Delta) && found.iter().any(|table| table.kind != Kind::Delta) {
            return Err(Stop::Argument("a source has files or Delta tables, not both: add two sources".to_owned()));
        }
        let proposed = |found: Found| {
            let options = if found.kind == Kind::Excel { options(Kind::Excel, &[]) } else { vec![] };
            Proposed { found, options, columns: vec![], sample: Sample::default() }
        };
        Ok(found.into_iter().map(proposed).collect())
    }

    fn nothing(&self) -> Stop {
        Stop::Argument(format!(
            "there are no files in `{}` that a table could be made of (CSV, JSON, XML, text, Parquet, Avro, spreadsheets), and no \
             Delta tables: put some there first, or say which ones with `--table NAME=PATTERN`",
            self.path
        ))
    }

    /// Looks into text to tell how it is written. What turns out to be no text is left out.
    async fn tell_formats(&self, tables: &mut Vec<Proposed>, console: &Console) -> Result<(), Stop> {
        let is_text = |table: &Proposed| matches!(table.found.kind, Kind::Csv | Kind::Xml | Kind::Text);
        if !tables.iter().any(is_text) {
            return Ok(());
        }
        let line = |table: &&Proposed| {
            format!("  {}: {{ path: {}, format: text }}\n", table.found.name, yaml::scalar(&table.found.pattern))
        };
        let lines: String = tables.iter().filter(|table| is_text(table)).map(|table| line(&table)).collect();
        let lake = self.lake(&format!("{}tables:\n{lines}", self.head("files"))).await?;
        for mut table in std::mem::take(tables) {
            if is_text(&table) {
                let sample = self.sample(&lake, &table.found.name, LINES).await?;
                let lines: Vec<String> = sample.values("value").map(str::to_owned).collect();
                if table.found.kind == Kind::Text {
                    if sniff::is_binary(&lines) {
                        console.say(&format!("left out, as it is no text: {}", table.found.pattern));
                        continue;
                    }
                    table.found.kind = sniff::kind(&lines);
                }
                table.options = options(table.found.kind, &lines);
            }
            tables.push(table);
        }
        match tables.is_empty() {
            true => Err(self.nothing()),
            false => Ok(()),
        }
    }

    /// Learns the columns of each table, with a sample of rows. A table of whose files none can be read is left out.
    async fn look(&self, tables: &mut Vec<Proposed>, console: &Console) -> Result<(), Stop> {
        let lake = self.lake(&self.text(tables)).await?;
        let mut left_out = vec![];
        for mut table in std::mem::take(tables) {
            let name = self.bronze(&table.found.name);
            let flow = lake.plan().flow(&name);
            let written =
                lake.project().sources.iter().flat_map(|source| &source.tables).find(|own| own.name.value == table.found.name);
            let own: Vec<String> =
                written.map(lakesmith_compile::added_columns).into_iter().flatten().map(|column| column.name).collect();
            let columns = flow.map(|flow| flow.target.columns.as_slice()).unwrap_or_default();
            table.columns = columns.iter().filter(|column| !own.contains(&column.name)).cloned().collect();
            table.sample = self.sample(&lake, &table.found.name, usize::MAX).await?;
            match table.columns.is_empty() {
                true => left_out.push(self.why_empty(&table)),
                false => tables.push(table),
            }
        }
        if tables.is_empty() {
            return Err(Stop::Argument(format!(
                "{}. Mend the files, or say which others to read with `--table NAME=PATTERN`",
                left_out.join("; ")
            )));
        }
        left_out.iter().for_each(|why| console.say(&format!("left out: {why}")));
        Ok(())
    }

    /// Why nothing is known of a table.
    fn why_empty(&self, table: &Proposed) -> String {
        let Found { name, pattern, kind, .. } = &table.found;
        let fault = |(path, fault): &(String, String)| format!("{path}: {fault}");
        match table.sample.unreadable.as_slice() {
            [] => format!(
                "no file in `{}` that matches `{pattern}` has rows that can be read as {} for `{name}`",
                self.path,
                kind.word()
            ),
            faults => format!(
                "no file in `{}` that matches `{pattern}` can be read as {} for `{name}`: {}",
                self.path,
                kind.word(),
                some(&faults.iter().map(fault).collect::<Vec<_>>())
            ),
        }
    }

    fn bronze(&self, table: &str) -> TableName {
        TableName::new(Layer::Bronze, format!("{}_{table}", self.name))
    }

    async fn sample(&self, lake: &Lake, table: &str, rows: usize) -> Result<Sample, Stop> {
        let sample = Sample::up_to(lake, &self.bronze(table), rows).await;
        sample.map_err(|error| Stop::of(error, &lake.project().sources_text))
    }

    /// A lake of this source alone, as `text` describes it.
    async fn lake(&self, text: &str) -> Result<Lake, Stop> {
        let (mut project, faults) = load_with(&self.root, &[(self.file(), text.to_owned())]);
        let sources = project.sources_text.clone();
        let stop = |faults| Stop::Faults { faults, sources: sources.clone(), exit: Exit::Wrong };
        project.sources.retain(|source| source.name.value == self.name && sources.path(source.at.file) == self.file());
        if project.sources.is_empty() {
            return Err(stop(faults));
        }
        project.entities.clear();
        project.dimensions.clear();
        project.facts.clear();
        project.aggregates.clear();
        Lake::open(project, &open::options(self.globals)).await.map_err(|error| Stop::of(error, &sources))
    }

    fn head(&self, kind: &str) -> String {
        format!("source: {}\ntype: {kind}\npath: {}\n", self.name, yaml::scalar(&self.path))
    }

    fn text(&self, tables: &[Proposed]) -> String {
        let delta = tables.iter().any(|table| table.found.kind == Kind::Delta);
        let mut text =
            format!("# Where data comes from. Each table below fills `bronze.{}_<table>`: every row, as it came.\n", self.name);
        text += &format!(
            "# Written by `lakesmith add source {}`; `lakesmith schema source` tells all that may be said here.\n",
            self.name
        );
        text += "# description: What this system is, and who runs it\n";
        text += &self.head(if delta { "delta" } else { "files" });
        text += "# To decide for each table:\n";
        text += match delta {
            true => {
                "#   change_capture   what a new version holds: `incremental`, the rows that its commits append; `full`, the whole table;\n\
                 #                    `cdc`, its change data feed, with deletes; `event`, events that never change\n\
                 #   on_change        what happens with commits that rewrite or delete rows: error | new_version | ignore\n"
            }
            false => {
                "#   change_capture   what a file holds: `incremental`, new rows or new states of rows; `full`, the whole table each time;\n\
                 #                    `cdc`, changes, which may be deletes; `timestamp`, extracts that may overlap; `event`, events\n\
                 #   schema_hints     types that a sample cannot tell, by the names in the source\n\
                 #   on_change        what happens with a file that changed under its old name: new_version | ignore | error\n"
            }
        };
        text += "#   schema_evolution what happens with a column that was not there before: add_columns | rescue | fail | none\n";
        text += "#   sensitivity      what is sensitive in it, such as pii; frequency and volume: how often data comes, and how much\n";
        text += "tables:\n";
        for table in tables {
            self.table(&mut text, table);
        }
        text
    }

    fn table(&self, text: &mut String, table: &Proposed) {
        let Proposed { found, options, columns, sample } = table;
        let files = match found.files {
            0 => String::new(),
            files => format!(", {}, {}", count(files, "file"), size(found.bytes)),
        };
        let name = format!("{}:", found.name);
        let _ = writeln!(text, "  {name:<34} # fills {}{files}", self.bronze(&found.name));
        let _ = writeln!(text, "    path: {}", yaml::scalar(&found.pattern));
        if found.kind != Kind::Delta {
            let _ = writeln!(text, "    format: {}", found.kind.word());
        }
        for option in options {
            let _ = writeln!(text, "    {option}");
        }
        let _ = writeln!(text, "    change_capture: {:<16} # a guess: see above", "incremental");
        let hints = hints(columns, sample);
        if !hints.is_empty() {
            let _ = writeln!(text, "    # schema_hints: {{ {} }}", hints.join(", "));
        }
        let personal: Vec<&str> =
            columns.iter().map(|column| column.name.as_str()).filter(|name| guess::personal(name).is_some()).collect();
        if !personal.is_empty() {
            let _ = writeln!(text, "    # sensitivity: [pii]               # {} may be personal data", personal.join(", "));
        }
        if columns.is_empty() {
            return;
        }
        let _ = match sample.rows {
            0 => writeln!(text, "    # Its columns:"),
            rows => writeln!(text, "    # Its columns, and how many values each has in a sample of {}:", count(rows, "row")),
        };
        let shown = |column: &Column| column.source_name.clone().unwrap_or_else(|| column.name.clone());
        let width = columns.iter().map(|column| shown(column).chars().count()).max().unwrap_or(0);
        for column in columns {
            let mut ty = column.ty.to_string();
            if ty.chars().count() > TYPE_WIDTH {
                ty = ty.chars().take(TYPE_WIDTH).chain(['…']).collect();
            }
            let values = match sample.rows {
                0 => String::new(),
                _ => format!("  {}", sample.values(&column.name).count()),
            };
            let renamed = column.source_name.iter().map(|_| format!("  (`{}` in bronze)", column.name)).collect::<String>();
            let line = format!("    #   {:<width$}  {ty:<9}{values}{renamed}", shown(column).replace(['\n', '\r'], " "));
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
}

/// Tells where the rows are in files of JSON that hold one object with a list of them; whether it told of any. What lies
/// beside the list would be lost, so that it is only said then.
fn unwrap(tables: &mut [Proposed]) -> bool {
    let mut told = false;
    for table in tables.iter_mut().filter(|table| table.found.kind == Kind::Json && table.sample.rows <= table.found.files) {
        let Some(found) = wrapped::rows(&table.columns) else { continue };
        let key = format!("json: {{ rows_at: {} }}", serde_json::Value::from(found.path));
        match found.alone {
            true => table.options.push(format!("{key}   # where the rows are, as each file is one object")),
            false => table.options.push(format!("# {key}   # if the elements of that list are the rows")),
        }
        told |= found.alone;
    }
    told
}

/// How files of that kind are written, as keys of the table.
fn options(kind: Kind, lines: &[String]) -> Vec<String> {
    match kind {
        Kind::Csv => {
            let csv = sniff::csv(lines);
            let mut parts = vec![];
            if csv.delimiter != ',' {
                parts.push(format!("delimiter: {}", serde_json::Value::from(csv.delimiter.to_string())));
            }
            if !csv.header {
                parts.push("header: false".to_owned());
            }
            if csv.skipped > 0 {
                parts.push(format!("skip_rows: {}", csv.skipped));
            }
            let mut options = vec![];
            if !parts.is_empty() {
                options.push(format!("{:<32} # as the first lines look", format!("csv: {{ {} }}", parts.join(", "))));
            }
            if csv.comma {
                options.push(format!("{:<32} # numbers look like 1.234,5", "decimal: \",\""));
            }
            options
        }
        Kind::Xml => {
            let tag = sniff::row_tag(lines).unwrap_or_else(|| "row".to_owned());
            vec![format!("xml: {{ row_tag: {} }}   # a guess: the elements that are rows", yaml::scalar(&tag))]
        }
        Kind::Excel => {
            vec!["# excel: { sheet: NAME, range: \"A3:D6\" }   # where the table is; left out, all of the first sheet".to_owned()]
        }
        _ => vec![],
    }
}

/// Types that the values suggest and inference leaves to people.
fn hints(columns: &[Column], sample: &Sample) -> Vec<String> {
    let hint = |column: &Column| {
        if column.ty != DataType::String {
            return None;
        }
        let ty = match (sample.all(&column.name, is_date), sample.all(&column.name, is_timestamp)) {
            (true, _) => "date",
            (_, true) => "timestamp",
            _ => return None,
        };
        let name = column.source_name.as_ref().unwrap_or(&column.name);
        Some(format!("{}: {ty}", yaml::scalar(name)))
    };
    let mut hints: Vec<String> = columns.iter().filter_map(hint).collect();
    // Two columns of one name in the source have one hint.
    hints.dedup();
    hints
}

/// `TABLE=PATTERN`, for clap.
fn table_of(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, pattern)) if !name.is_empty() && !pattern.is_empty() => Ok((name.to_owned(), pattern.to_owned())),
        _ => Err("write `TABLE=PATTERN`, such as `orders=exports/order_*.csv`".to_owned()),
    }
}

/// The folder as the project is to name it: relative to the project where it lies below it.
fn located(written: &str, root: &Path) -> Result<String, Stop> {
    if written.contains("://") {
        return Err(Stop::Argument(format!(
            "`{written}` is not looked into: `add source` looks at folders of this machine. Copy a few files to a folder, add the source \
             from there, and change `path` in its file"
        )));
    }
    let places = [root.join(written), PathBuf::from(written)];
    let Some(place) = places.iter().find(|place| place.is_dir()).and_then(|place| place.canonicalize().ok()) else {
        if let Some(file) = places.iter().find(|place| place.is_file()) {
            let folder =
                Path::new(written).parent().map(|folder| folder.display().to_string()).filter(|folder| !folder.is_empty());
            let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            return Err(Stop::Argument(format!(
                "`{written}` is a file, and a source is a folder: `--path {} --table \"NAME={name}\"` reads it alone",
                folder.unwrap_or_else(|| ".".to_owned())
            )));
        }
        return Err(Stop::Argument(format!("there is no folder `{written}`, neither in the project nor here")));
    };
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let path = place.strip_prefix(&root).unwrap_or(&place).to_string_lossy().into_owned();
    Ok(if path.is_empty() { ".".to_owned() } else { format!("{}/", path.trim_end_matches('/')) })
}

/// The first of many names.
fn some(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(5).map(String::as_str).collect();
    match names.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// `120.4 KiB`.
fn size(bytes: u64) -> String {
    match bytes as f64 {
        b if b < 1024.0 => count(bytes as usize, "byte"),
        b if b < 1024.0 * 1024.0 => format!("{:.1} KiB", b / 1024.0),
        b if b < 1024.0 * 1024.0 * 1024.0 => format!("{:.1} MiB", b / 1024.0 / 1024.0),
        b => format!("{:.1} GiB", b / 1024.0 / 1024.0 / 1024.0),
    }
}
