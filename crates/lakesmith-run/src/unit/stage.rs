//! A project as a test sees it: its sources bring what the test gives, from memory, and nothing else.

use super::needs::{self, Need, folded};
use super::written::Form;
use arrow::datatypes::{Field, Schema, SchemaRef};
use lakesmith_compile::{Column, Columns, TableName};
use lakesmith_connect::{Names, SOURCE_NAME};
use lakesmith_engine::{arrow_type, column};
use lakesmith_project::{
    Arrival, Compression, CsvOptions, Encoding, FileFormat, Given, JsonOptions, Notation, Project, Snapshot, SourceKind,
    SourceTable, TestRow, TestValue, UnitTest,
};
use lakesmith_sql::parse_type;
use lakesmith_text::{Span, Spanned};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the project is taken to lie.
const ROOT: &str = "/test";

/// A file that a source brings.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct File {
    /// The run before which it arrives, from 0.
    pub(super) batch: usize,
    /// Its absolute path.
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// The project, and what its sources bring.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) project: Arc<Project>,
    /// What the stage's project differs in from those of other tests.
    pub(super) variant: String,
    pub(super) files: Vec<File>,
    /// The columns of bronze tables to which nothing is given: those that silver reads.
    pub(super) assumed: BTreeMap<TableName, SchemaRef>,
}

impl Stage {
    /// The stage of a test.
    pub(super) fn new(project: &Project, test: &UnitTest) -> Stage {
        let silver = rows_of_tables(test);
        let (mut staged, mut variant, mut delivered) = (project.clone(), String::new(), vec![]);
        let mut assumed = BTreeMap::new();
        staged.root = PathBuf::from(ROOT);
        for source in &mut staged.sources {
            source.kind = SourceKind::Files;
            source.path.value.clone_from(&source.name.value);
            (source.connection, source.events) = (None, None);
            for table in &mut source.tables {
                let name = format!("bronze.{}_{}", source.name, table.name);
                let given = given_to(test, &name);
                let need = needs::of_table(project, &name, &silver);
                let types = test.types.iter().filter(|(table, _)| is_table(table, &name, project)).flat_map(|(_, types)| types);
                table.path.value = format!("{}/*", table.name);
                (table.snapshot, table.marker, table.arrival) = (Snapshot::File, None, Arrival::default());
                for (column, ty) in types {
                    table.schema_hints.retain(|(known, _)| folded(known) != folded(column));
                    table.schema_hints.push((column.clone(), ty.clone()));
                }
                let form = form(table);
                hint(table, &need, &given, form);
                let folder = Path::new(ROOT).join(&source.name.value).join(&table.name.value);
                delivered.extend(files(table, &given, form, &folder, test.batches.len()));
                variant += &told(table);
                if given.is_empty()
                    && let Some(name) = TableName::parse(&name)
                {
                    assumed.insert(name, schema(table));
                }
            }
        }
        Stage { project: Arc::new(staged), variant, files: delivered, assumed }
    }

    /// Every bronze column that is known without reading a file: what `validate` checks names against.
    pub(super) fn columns(project: &Project) -> Columns {
        let mut silver = BTreeMap::new();
        for test in &project.tests {
            for (name, rows) in rows_of_tables(test) {
                silver.entry(name).or_insert_with(Vec::new).extend(rows);
            }
        }
        let mut columns = Columns::new();
        for source in &project.sources {
            for table in &source.tables {
                let name = format!("bronze.{}_{}", source.name, table.name);
                let mut table = table.clone();
                let need = needs::of_table(project, &name, &silver);
                let given = project.tests.iter().flat_map(|test| given_to(test, &name));
                let given: Vec<_> = given.filter(|(_, given)| matches!(given, Given::Rows(_))).collect();
                hint(&mut table, &need, &given, Form::Json);
                for (column, values) in values_by_column(&given) {
                    if !hinted(&table, column) {
                        let ty = needs::type_of(need_of(&need, column), &values, false);
                        table.schema_hints.push((column.clone(), Spanned::new(ty, column.span)));
                    }
                }
                if let Some(name) = TableName::parse(&name) {
                    columns.insert(name, schema(&table).fields().iter().map(|field| column(field)).collect::<Vec<Column>>());
                }
            }
        }
        columns
    }
}

/// All of a source's table that a test changes, as text.
fn told(table: &SourceTable) -> String {
    let hints: Vec<(&str, &str)> = table.schema_hints.iter().map(|(name, ty)| (name.as_str(), ty.as_str())).collect();
    let SourceTable { format, encoding, compression, notation, .. } = table;
    format!("{hints:?} {format:?} {encoding:?} {compression:?} {notation:?}\n")
}

/// Whether a table that a test names is the one of that name; the lakehouse's name may stand before it.
pub(super) fn is_table(written: &str, name: &str, project: &Project) -> bool {
    written == name
        || written.strip_prefix(project.lakehouse.name.value.as_str()).and_then(|rest| rest.strip_prefix('.')) == Some(name)
}

/// What a test gives to a bronze table, with the number of the batch.
fn given_to<'a>(test: &'a UnitTest, name: &str) -> Vec<(usize, &'a Given)> {
    let batches = test.batches.iter().enumerate();
    let given = batches.flat_map(|(n, batch)| batch.given.iter().map(move |(table, given)| (n, table, given)));
    // A lakehouse may be called as a layer is, so that the end of the name counts.
    let ours = |table: &str| table == name || table.split_once('.').is_some_and(|(_, rest)| rest == name);
    given.filter(|(_, table, _)| ours(table)).map(|(n, _, given)| (n, given)).collect()
}

/// The rows that a test gives to each table that is not bronze.
fn rows_of_tables(test: &UnitTest) -> BTreeMap<String, Vec<&TestRow>> {
    let mut all: BTreeMap<String, Vec<&TestRow>> = BTreeMap::new();
    for (table, given) in test.batches.iter().flat_map(|batch| &batch.given) {
        if let Given::Rows(rows) = given {
            let parts: Vec<&str> = table.split('.').collect();
            let name = parts[parts.len().saturating_sub(2)..].join(".");
            all.entry(name).or_default().extend(rows);
        }
    }
    all
}

/// How rows of a table are written: as texts, where those of its source are.
fn form(table: &SourceTable) -> Form {
    match table.format {
        Some(FileFormat::Csv(_)) => Form::Csv,
        _ => Form::Json,
    }
}

fn hinted(table: &SourceTable, column: &str) -> bool {
    table.schema_hints.iter().any(|(known, _)| folded(known) == folded(column))
}

fn need_of<'a>(need: &'a Need, column: &str) -> Option<&'a Need> {
    need.fields.iter().find(|(known, _)| folded(known) == folded(column)).map(|(_, need)| need)
}

/// Tells a source's table of the columns that silver reads and the rows leave out, and of nested values that leave out
/// fields. A file is as it is.
fn hint(table: &mut SourceTable, need: &Need, given: &[(usize, &Given)], form: Form) {
    if given.iter().any(|(_, given)| matches!(given, Given::File(_))) {
        return;
    }
    let values = values_by_column(given);
    for (name, read) in &need.fields {
        if !hinted(table, name) && !values.iter().any(|(known, _)| folded(known) == folded(name)) {
            add_hint(table, Spanned::new(name.clone(), table.name.span), needs::type_of(Some(read), &[], false));
        }
    }
    for (column, values) in values {
        let nested = values.iter().any(|value| matches!(value, TestValue::List(_) | TestValue::Map(_)));
        if nested && form == Form::Json && !hinted(table, column) {
            add_hint(table, column.clone(), needs::type_of(need_of(need, column), &values, false));
        }
    }
}

fn add_hint(table: &mut SourceTable, column: Spanned<String>, ty: String) {
    let at: Span = column.span;
    table.schema_hints.push((column, Spanned::new(ty, at)));
}

/// The columns of given rows in the order in which they are first written, each with its values.
fn values_by_column<'a>(given: &[(usize, &'a Given)]) -> Vec<(&'a Spanned<String>, Vec<&'a TestValue>)> {
    let mut columns: Vec<(&Spanned<String>, Vec<&TestValue>)> = vec![];
    for (_, given) in given {
        let Given::Rows(rows) = given else { continue };
        for (name, value) in rows.iter().flat_map(|row| &row.cells) {
            match columns.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
                Some((_, values)) => values.push(&value.value),
                None => columns.push((name, vec![&value.value])),
            }
        }
    }
    columns
}

/// The files of a table. Rows are written in the plainest way, files are as the project says.
fn files(table: &mut SourceTable, given: &[(usize, &Given)], form: Form, folder: &Path, batches: usize) -> Vec<File> {
    let width = batches.to_string().len();
    let file = |batch: usize, ending: &str, text: String| File {
        batch,
        path: folder.join(format!("batch-{:0width$}.{ending}", batch + 1)),
        text,
    };
    if given.iter().any(|(_, given)| matches!(given, Given::File(_))) {
        (table.encoding, table.compression) = (Some(Encoding::Utf8), Compression::None);
        let ending = match table.format {
            Some(FileFormat::Csv(_)) => "csv",
            Some(FileFormat::Xml(_)) => "xml",
            Some(FileFormat::Text(_) | FileFormat::FixedWidth(_)) => "txt",
            _ => "json",
        };
        return given
            .iter()
            .filter_map(|(batch, given)| match given {
                Given::File(text) => Some(file(*batch, ending, text.value.clone())),
                Given::Rows(_) => None,
            })
            .collect();
    }
    table.encoding = None;
    table.compression = Compression::None;
    table.format = Some(match form {
        Form::Csv => FileFormat::Csv(CsvOptions::default()),
        Form::Json => {
            table.notation = match table.format {
                Some(FileFormat::Json(_)) => table.notation.clone(),
                _ => Notation::default(),
            };
            FileFormat::Json(JsonOptions::default())
        }
    });
    let columns: Vec<String> = values_by_column(given).into_iter().map(|(name, _)| name.value.clone()).collect();
    given
        .iter()
        .filter_map(|(batch, given)| match given {
            Given::Rows(rows) => Some(file(*batch, form.ending(), form.file(&columns, rows))),
            Given::File(_) => None,
        })
        .collect()
}

/// The columns that a table has by its hints alone, under the names that a file would give them.
fn schema(table: &SourceTable) -> SchemaRef {
    let mut names = Names::of_table();
    let field = |(n, (source, ty)): (usize, &(Spanned<String>, Spanned<String>))| {
        let ty = arrow_type(&parse_type(&ty.value).ok()?);
        let name = names.name(source, n);
        let metadata = (name != source.value).then(|| (SOURCE_NAME.to_owned(), source.value.clone()));
        Some(Field::new(name, ty, true).with_metadata(metadata.into_iter().collect()))
    };
    Arc::new(Schema::new(table.schema_hints.iter().enumerate().filter_map(field).collect::<Vec<_>>()))
}
