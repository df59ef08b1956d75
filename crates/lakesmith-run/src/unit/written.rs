//! Rows of a source as its file.

use lakesmith_project::{TestRow, TestValue};
use lakesmith_text::Spanned;
use std::fmt::Write;

/// How the rows of a source are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A header and lines: a source whose values are texts.
    Csv,
    /// One object a line: any other source.
    Json,
}

impl Form {
    /// What the names of such files end in.
    pub(super) fn ending(self) -> &'static str {
        match self {
            Form::Csv => "csv",
            Form::Json => "json",
        }
    }

    /// The file of some rows, whose columns are `columns`.
    pub(super) fn file(self, columns: &[String], rows: &[TestRow]) -> String {
        match self {
            Form::Csv => csv(columns, rows),
            Form::Json => rows.iter().map(|row| format!("{}\n", object(&row.cells))).collect(),
        }
    }
}

/// NULL is nothing between two commas, an empty text is a pair of quotes.
fn csv(columns: &[String], rows: &[TestRow]) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let line = |cells: Vec<String>| cells.join(",") + "\n";
    let mut file = line(columns.iter().map(|name| quoted(name)).collect());
    for row in rows {
        let cell = |name: &String| match row.get(name).map(|value| &value.value) {
            None | Some(TestValue::Null) => String::new(),
            Some(TestValue::Text(text)) if needs_quotes(text) => quoted(text),
            Some(value @ (TestValue::List(_) | TestValue::Map(_))) => quoted(&json(value)),
            Some(value) => value.text().unwrap_or_default().to_owned(),
        };
        file += &line(columns.iter().map(cell).collect());
    }
    file
}

/// Without need there are none: an inferred type rests on the plain value.
fn needs_quotes(text: &str) -> bool {
    text.is_empty() || text.contains([',', '"', '\n', '\r']) || text.trim() != text
}

fn object(entries: &[(Spanned<String>, Spanned<TestValue>)]) -> String {
    let entry = |(name, value): &(Spanned<String>, Spanned<TestValue>)| format!("{}: {}", quoted(name), json(value));
    format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
}

fn json(value: &TestValue) -> String {
    match value {
        TestValue::Null => "null".to_owned(),
        TestValue::Bool(truth) => truth.to_string(),
        TestValue::Number(text) => number(text),
        TestValue::Text(text) => quoted(text),
        TestValue::List(elements) => {
            format!("[{}]", elements.iter().map(|element| json(element)).collect::<Vec<_>>().join(", "))
        }
        TestValue::Map(entries) => object(entries),
    }
}

/// YAML writes some numbers that JSON does not: `+1`, `.5`, `1.`, `007`.
fn number(text: &str) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.trim_start_matches('+')),
    };
    let whole_end = digits.find(['.', 'e', 'E']).unwrap_or(digits.len());
    let (whole, rest) = digits.split_at(whole_end);
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let rest = match rest.strip_prefix('.') {
        Some(fraction) if !fraction.starts_with(|c: char| c.is_ascii_digit()) => format!(".0{fraction}"),
        _ => rest.to_owned(),
    };
    format!("{sign}{whole}{rest}")
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out += "\\\"",
            '\\' => out += "\\\\",
            '\n' => out += "\\n",
            '\r' => out += "\\r",
            '\t' => out += "\\t",
            c if c.is_control() => _ = write!(out, "\\u{:04x}", c as u32),
            c => out.push(c),
        }
    }
    out + "\""
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use lakesmith_text::{Sources, Span};

    #[test]
    fn rows_are_lines_or_objects() {
        let at = Span::point(Sources::new().add("t", ""), 0);
        let spanned = |value| Spanned::new(value, at);
        let text = |text: &str| TestValue::Text(text.to_owned());
        let cells = vec![
            (Spanned::new("Row ID".to_owned(), at), spanned(TestValue::Number("007".to_owned()))),
            (Spanned::new("b".to_owned(), at), spanned(text("x \"y\", z"))),
            (Spanned::new("c".to_owned(), at), spanned(TestValue::List(vec![spanned(TestValue::Null), spanned(text(""))]))),
        ];
        let rows = [TestRow { at, cells }];
        let columns = ["Row ID", "b", "c", "d"].map(str::to_owned);
        let csv = "\"Row ID\",\"b\",\"c\",\"d\"\n007,\"x \"\"y\"\", z\",\"[null, \"\"\"\"]\",\n";
        assert_eq!(Form::Csv.file(&columns, &rows), csv);
        let json = Form::Json.file(&columns, &rows);
        assert_eq!(json, "{\"Row ID\": 7, \"b\": \"x \\\"y\\\", z\", \"c\": [null, \"\"]}\n");
        assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
        assert_eq!(
            [number("+1"), number(".5"), number("1."), number("-00.10"), number("1e3")],
            ["1", "0.5", "1.0", "-0.10", "1e3"]
        );
    }
}
