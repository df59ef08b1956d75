//! A case: parsed from a page, run, and compared.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, TimeUnit};
use arrow::json::{LineDelimitedWriter, WriterBuilder};
use arrow::record_batch::RecordBatch;
use lakesmith_connect::{
    Charset, CsvOptions, FileSource, FixedField, FixedWidthOptions, Format, JsonOptions, PathStep, SOURCE_NAME, SOURCE_POSITION,
    TextOptions, XmlOptions, source_name,
};
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path;

/// One case of a page.
pub(crate) struct Case {
    /// Its heading.
    pub(crate) name: String,
    blocks: Vec<(String, String)>,
}

/// The cases of a page.
pub(crate) fn parse(page: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(word)) => open = Some((word.to_owned(), String::new())),
            (Some(_), Some("")) => cases.last_mut().unwrap().blocks.extend(open.take()),
            (Some((_, text)), _) => {
                if !text.is_empty() {
                    text.push('\n');
                }
                match line.strip_suffix('␍') {
                    Some(line) => text.extend([line, "\r"]),
                    None => text.push_str(line),
                }
            }
            (None, None) => {
                if let Some(name) = line.strip_prefix("## ") {
                    cases.push(Case { name: name.to_owned(), blocks: Vec::new() });
                }
            }
        }
    }
    cases
}

/// Runs the case; the difference, if there is one.
pub(crate) async fn check(case: &Case) -> Result<(), String> {
    let block = |word: &str| case.blocks.iter().find(|(name, _)| name == word).map(|(_, text)| text.as_str());
    let store = Arc::new(InMemory::new());
    for (number, (word, text)) in case.blocks.iter().filter(|(word, _)| is_file(word)).enumerate() {
        let path = Path::from(format!("in/{number:02}.txt"));
        store.put(&path, bytes(word, text).into()).await.unwrap();
    }
    let options = block("options").expect("a case has options");
    let mut source = FileSource::new(store, Path::from("in"), "*.txt", Format::Text(TextOptions::default()));
    format(options, &mut source);
    source.hints = block("hints").unwrap_or("").lines().map(hint).collect();
    let known = block("known").map(schema);
    let mut files = source.list().await.map_err(|error| error.to_string())?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let inferred = source.infer(&files, known.as_ref()).await.map_err(|error| error.to_string())?;
    let mut difference = String::new();
    if let Some(expected) = block("schema") {
        compare("schema", expected, &show_schema(&inferred.schema), &mut difference);
    }
    let target = block("read as").map(schema).map_or(inferred.schema, Arc::new);
    let read = source.read(files.pop().expect("a case has a file"), target).await.map_err(|error| error.to_string())?;
    if let Some(expected) = block("rows") {
        compare("rows", expected, &show_rows(&read.batches), &mut difference);
    }
    let report = &read.report;
    let error = report.error.as_ref().map_or(String::new(), |error| format!(", error: {error}"));
    let shown = format!("rows: {}, rescued_rows: {}{error}", report.rows, report.rescued_rows);
    if let Some(expected) = block("report") {
        compare("report", expected, &shown, &mut difference);
    }
    if let Some(expected) = block("notes") {
        compare("notes", expected, &report.notes.join("\n"), &mut difference);
    }
    let in_batches: usize = read.batches.iter().map(RecordBatch::num_rows).sum();
    compare("rows in batches", &report.rows.to_string(), &in_batches.to_string(), &mut difference);
    if difference.is_empty() { Ok(()) } else { Err(difference) }
}

fn compare(what: &str, expected: &str, found: &str, difference: &mut String) {
    if expected.trim_end() != found.trim_end() {
        difference.push_str(&format!("{what}, expected:\n{expected}\n{what}, found:\n{found}\n"));
    }
}

fn is_file(word: &str) -> bool {
    word == "hex" || word.split(' ').next() == Some("file")
}

fn bytes(word: &str, text: &str) -> Vec<u8> {
    if word == "hex" {
        let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
        return (0..digits.len() / 2).map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).unwrap()).collect();
    }
    let mark = if word == "file bom" { "\u{feff}" } else { "" };
    format!("{mark}{text}").into_bytes()
}

/// The format that the first word names, with the other words as its options.
fn format(options: &str, source: &mut FileSource) {
    let mut csv = CsvOptions::default();
    let mut json = JsonOptions::default();
    let mut xml = XmlOptions::new("row");
    let mut fixed_width = FixedWidthOptions { fields: Vec::new(), trim: true, skip_rows: 0 };
    let mut text = TextOptions::default();
    let notation = &mut source.notation;
    let mut words = options.split(' ');
    let format = words.next().unwrap();
    for word in words {
        let (key, value) = word.split_once('=').map_or((word, ""), |(key, value)| (key, value));
        let value = value.replace('␠', " ").replace("\\n", "\n");
        match key {
            "charset" => source.charset = Some(charset(&value)),
            "delimiter" => csv.delimiter = value,
            "row-delimiter" => csv.row_delimiter = Some(value),
            "quote" => csv.quote = value.as_bytes()[0],
            "escape" => csv.escape = Some(value.as_bytes()[0]),
            "null" => csv.null_value = Some(value),
            "no-header" => csv.header = false,
            "comment" => csv.comment = Some(value.as_bytes()[0]),
            "skip" => (csv.skip_rows, fixed_width.skip_rows) = (value.parse().unwrap(), value.parse().unwrap()),
            "rows_at" => json.rows_at = path(&value),
            "row_tag" => xml.row_tag = value,
            "attribute_prefix" => xml.attribute_prefix = value,
            "value_tag" => xml.value_tag = value,
            "fields" => fixed_width.fields = value.split(',').map(field).collect(),
            "no-trim" => fixed_width.trim = false,
            "whole-file" => text.whole_file = true,
            "decimal" => notation.decimal = value.chars().next(),
            "thousands" => notation.thousands = value.chars().next(),
            "date" => notation.date = Some(value.parse().unwrap()),
            "timestamp" => notation.timestamp = Some(value.parse().unwrap()),
            _ => panic!("no such option: {word}"),
        }
    }
    source.format = match format {
        "csv" => Format::Csv(csv),
        "json" => Format::Json(json),
        "xml" => Format::Xml(xml),
        "fixed_width" => Format::FixedWidth(fixed_width),
        "text" => Format::Text(text),
        _ => panic!("no such format: {format}"),
    };
}

/// `$.data[*]`
fn path(text: &str) -> Vec<PathStep> {
    let steps = text.strip_prefix('$').unwrap().replace("[*]", ".*");
    let step = |step: &str| if step == "*" { PathStep::Elements } else { PathStep::Field(step.to_owned()) };
    steps.split('.').skip(1).map(step).collect()
}

/// `name:start:width`
fn field(text: &str) -> FixedField {
    let parts: Vec<&str> = text.split(':').collect();
    FixedField { name: parts[0].to_owned(), start: parts[1].parse().unwrap(), width: parts[2].parse().unwrap() }
}

fn charset(name: &str) -> Charset {
    let all = [Charset::Utf8, Charset::Utf16Le, Charset::Utf16Be, Charset::Latin1, Charset::Windows1252];
    all.into_iter().find(|charset| charset.to_string().eq_ignore_ascii_case(name)).unwrap()
}

pub(crate) fn hint(line: &str) -> (String, DataType) {
    let (field, told) = line.rsplit_once(' ').unwrap();
    (field.to_owned(), data_type(told))
}

pub(crate) fn schema(text: &str) -> Schema {
    let field = |line: &str| {
        let (column, source) = line.split_once(" <- ").map_or((line, None), |(column, source)| (column, Some(source)));
        let (name, told) = column.rsplit_once(' ').unwrap();
        let field = Field::new(name, data_type(told), true);
        match source {
            Some(source) => field.with_metadata([(SOURCE_NAME.to_owned(), source.to_owned())].into()),
            None => field,
        }
    };
    Schema::new(text.lines().map(field).collect::<Vec<_>>())
}

fn data_type(text: &str) -> DataType {
    let inner = |prefix: &str, close: char| text.strip_prefix(prefix)?.strip_suffix(close);
    if let Some(element) = inner("array<", '>') {
        return DataType::List(Arc::new(Field::new("element", data_type(element), true)));
    }
    if let Some(fields) = inner("struct<", '>') {
        let (mut depth, mut parts) = (0, vec![String::new()]);
        for character in fields.chars() {
            depth += i32::from("<(".contains(character)) - i32::from(">)".contains(character));
            if character == ',' && depth == 0 {
                parts.push(String::new());
            } else {
                parts.last_mut().unwrap().push(character);
            }
        }
        let field = |part: &String| {
            let (name, told) = part.split_once(':').unwrap();
            Field::new(name, data_type(told), true)
        };
        return DataType::Struct(parts.iter().map(field).collect::<Fields>());
    }
    if let Some(parameters) = inner("decimal(", ')') {
        let (precision, scale) = parameters.split_once(',').unwrap();
        return DataType::Decimal128(precision.parse().unwrap(), scale.parse().unwrap());
    }
    match text {
        "boolean" => DataType::Boolean,
        "tinyint" => DataType::Int8,
        "smallint" => DataType::Int16,
        "int" => DataType::Int32,
        "bigint" => DataType::Int64,
        "float" => DataType::Float32,
        "double" => DataType::Float64,
        "string" => DataType::Utf8,
        "binary" => DataType::Binary,
        "date" => DataType::Date32,
        "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        other => panic!("no such type: {other}"),
    }
}

fn show_type(data_type: &DataType) -> String {
    match data_type {
        DataType::List(element) => {
            assert_eq!(element.name(), "element");
            format!("array<{}>", show_type(element.data_type()))
        }
        DataType::Struct(fields) => {
            let shown: Vec<String> = fields
                .iter()
                .map(|field| format!("{}:{}{}", field.name(), show_type(field.data_type()), show_source(field)))
                .collect();
            format!("struct<{}>", shown.join(","))
        }
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int8 => "tinyint".to_owned(),
        DataType::Int16 => "smallint".to_owned(),
        DataType::Int32 => "int".to_owned(),
        DataType::Int64 => "bigint".to_owned(),
        DataType::Float32 => "float".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Utf8 => "string".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Binary => "binary".to_owned(),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) => format!("map<{},{}>", show_type(pair[0].data_type()), show_type(pair[1].data_type())),
            other => panic!("a map of {other}"),
        },
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => "timestamp".to_owned(),
        other => panic!("a type that is never inferred: {other}"),
    }
}

pub(crate) fn show_schema(schema: &Schema) -> String {
    let show = |field: &Arc<Field>| {
        assert!(field.is_nullable());
        format!("{} {}{}", field.name(), show_type(field.data_type()), show_source(field))
    };
    schema.fields().iter().map(show).collect::<Vec<_>>().join("\n")
}

fn show_source(field: &Field) -> String {
    match source_name(field) {
        source if source == field.name() => String::new(),
        source => format!(" <- {source}"),
    }
}

pub(crate) fn show_rows(batches: &[RecordBatch]) -> String {
    let mut shown = Vec::new();
    let mut next = 0;
    for batch in batches {
        let at = batch.schema().index_of(SOURCE_POSITION).unwrap();
        let positions = batch.column(at).as_any().downcast_ref::<arrow::array::Int64Array>().unwrap();
        for position in positions.values() {
            assert_eq!(*position, next, "positions count the rows of the file");
            next += 1;
        }
        let rest: Vec<usize> = (0..batch.num_columns()).filter(|column| *column != at).collect();
        let mut writer: LineDelimitedWriter<_> = WriterBuilder::new().build(&mut shown);
        writer.write(&batch.project(&rest).unwrap()).unwrap();
        writer.finish().unwrap();
    }
    String::from_utf8(shown).unwrap()
}
