//! The rows of a test: a list of maps, or a text of CSV or JSON.

use super::{TestRow, TestValue};
use crate::yaml::{self, Entry, Kind, Node, boolean, number};
use lakesmith_text::{Diagnostic, Diagnostics, Span, Spanned};

/// The rows that a value describes. What is no row was said when the file was checked; what is wrong within a text is said
/// here, at the text.
pub(super) fn read(node: &Node, diagnostics: &mut Diagnostics) -> Vec<TestRow> {
    match &node.kind {
        Kind::Seq(items) => items.iter().map(|item| row(item, None)).collect(),
        Kind::Scalar { text, .. } => match text.text().trim_start().starts_with(['[', '{']) {
            true => json(text.text(), node.span, diagnostics),
            false => csv(text.text(), node.span, diagnostics),
        },
        Kind::Null(_) | Kind::Map(_) => vec![],
    }
}

/// The row of a map. `at`: where all of it stands, for what stands within a text.
fn row(node: &Node, at: Option<Span>) -> TestRow {
    TestRow { at: at.unwrap_or(node.span), cells: cells(node.entries(), at) }
}

fn cells(entries: &[Entry], at: Option<Span>) -> Vec<(Spanned<String>, Spanned<TestValue>)> {
    let name = |name: &Spanned<String>| Spanned::new(name.value.clone(), at.unwrap_or(name.span));
    entries.iter().map(|entry| (name(&entry.key), value(&entry.value, at))).collect()
}

fn value(node: &Node, at: Option<Span>) -> Spanned<TestValue> {
    let value = match &node.kind {
        Kind::Null(_) => TestValue::Null,
        Kind::Seq(items) => TestValue::List(items.iter().map(|item| value(item, at)).collect()),
        Kind::Map(entries) => TestValue::Map(cells(entries, at)),
        Kind::Scalar { text, plain } => match boolean(text.text()) {
            Some(truth) if *plain => TestValue::Bool(truth),
            _ if *plain && number(text.text()).is_some() => TestValue::Number(text.text().to_owned()),
            _ => TestValue::Text(text.text().to_owned()),
        },
    };
    Spanned::new(value, at.unwrap_or(node.span))
}

/// An array of objects, or one object a line. JSON is YAML.
fn json(text: &str, at: Span, diagnostics: &mut Diagnostics) -> Vec<TestRow> {
    let texts: Vec<&str> = match text.trim_start().starts_with('[') {
        true => vec![text],
        false => text.lines().filter(|line| !line.trim().is_empty()).collect(),
    };
    let mut rows = vec![];
    for text in texts {
        let mut faults = Diagnostics::new();
        let read = yaml::parse(at.file, text, &mut faults);
        let items = read.as_ref().map_or(&[][..], Node::items);
        if !faults.is_empty() || items.iter().any(|item| !matches!(item.kind, Kind::Map(_))) {
            let help = "write an array of objects, or one object a line";
            diagnostics.push(Diagnostic::error("invalid-value", "the text is no JSON of rows").at(at).help(help));
            return vec![];
        }
        rows.extend(items.iter().map(|item| row(item, Some(at))));
    }
    rows
}

/// Lines of values with commas between them under a header. A value without quotes that is empty is NULL.
fn csv(text: &str, at: Span, diagnostics: &mut Diagnostics) -> Vec<TestRow> {
    let mut lines = records(text).into_iter();
    let Some(header) = lines.next() else { return vec![] };
    let names: Vec<String> = header.into_iter().map(|cell| cell.unwrap_or_default()).collect();
    let mut rows = vec![];
    for line in lines {
        if line.len() != names.len() {
            let message = format!("a line has {} values under a header of {} columns", line.len(), names.len());
            diagnostics.push(Diagnostic::error("invalid-value", message).at(at).help("put values that hold a comma in quotes"));
            return vec![];
        }
        let cell = |(name, value): (&String, Option<String>)| {
            let value = value.map_or(TestValue::Null, TestValue::Text);
            (Spanned::new(name.clone(), at), Spanned::new(value, at))
        };
        rows.push(TestRow { at, cells: names.iter().zip(line).map(cell).collect() });
    }
    rows
}

/// The records of a CSV text; blank lines are none.
fn records(text: &str) -> Vec<Vec<Option<String>>> {
    let (mut all, mut record) = (vec![], vec![]);
    let (mut value, mut quoted, mut inside) = (String::new(), false, false);
    let mut rest = format!("{}\n", text.trim_end()).replace("\r\n", "\n").chars().collect::<Vec<_>>().into_iter().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if inside && rest.next_if_eq(&'"').is_some() => value.push('"'),
            '"' if inside => inside = false,
            '"' if value.trim().is_empty() && !quoted => {
                value.clear();
                (inside, quoted) = (true, true);
            }
            ',' | '\n' if !inside => {
                let text = if quoted { std::mem::take(&mut value) } else { std::mem::take(&mut value).trim().to_owned() };
                record.push((quoted || !text.is_empty()).then_some(text));
                quoted = false;
                if c == '\n' {
                    let record = std::mem::take(&mut record);
                    if record != [None] {
                        all.push(record);
                    }
                }
            }
            c => value.push(c),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use lakesmith_text::Sources;

    fn read_text(text: &str) -> (Vec<Vec<(String, TestValue)>>, usize) {
        let at = Span::point(Sources::new().add("tests/a.yaml", text), 0);
        let mut faults = Diagnostics::new();
        let rows = match text.starts_with(['[', '{']) {
            true => json(text, at, &mut faults),
            false => csv(text, at, &mut faults),
        };
        let plain = |row: TestRow| row.cells.into_iter().map(|(name, value)| (name.value, value.value)).collect();
        (rows.into_iter().map(plain).collect(), faults.len())
    }

    #[test]
    fn csv_tells_null_from_an_empty_text() {
        let (rows, faults) = read_text("id,name\n1,\n 2 ,\"a, \"\"b\"\"\"\n\n3,\"\"\n");
        let text = |text: &str| TestValue::Text(text.to_owned());
        let row = |id: &str, name| vec![("id".to_owned(), text(id)), ("name".to_owned(), name)];
        assert_eq!(rows, [row("1", TestValue::Null), row("2", text("a, \"b\"")), row("3", text(""))]);
        assert_eq!(faults, 0);
        assert_eq!(read_text("id,name\n1\n").1, 1);
    }

    #[test]
    fn json_is_an_array_or_one_object_a_line() {
        let number = |text: &str| TestValue::Number(text.to_owned());
        let rows = vec![vec![("n".to_owned(), number("1.50"))], vec![("n".to_owned(), TestValue::Null)]];
        assert_eq!(read_text("[{\"n\": 1.50}, {\"n\": null}]"), (rows.clone(), 0));
        assert_eq!(read_text("{\"n\": 1.50}\n\n{\"n\": null}"), (rows, 0));
        assert_eq!(read_text("[1, 2]").1, 1);
        assert_eq!(read_text("[{").1, 1);
    }
}
