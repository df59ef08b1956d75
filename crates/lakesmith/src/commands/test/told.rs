//! A test's result for people: a line, and for each table that is not as expected the rows that differ.

use crate::amounts::{count, time};
use lakesmith_run::{Cell, Difference, DifferentRow, Finding, Mark, TestReport, TestStatus, What};
use lakesmith_text::{Diagnostics, Sources, render};

/// So many rows of a table are shown at most.
const ROWS: usize = 20;
/// Characters of a value that are shown at most.
const WIDTH: usize = 60;
/// Characters before the place where two long values part.
const BEFORE: usize = 15;

/// The result of a test, in one line or several.
pub(super) fn test(report: &TestReport, sources: &Sources, color: bool) -> String {
    let (word, code) = match report.status {
        TestStatus::Passed => ("passed", "32"),
        TestStatus::Failed => ("failed", "31"),
        TestStatus::Faulty => ("faulty", "31"),
    };
    let word = if color { format!("\x1b[{code}m{word}\x1b[0m") } else { word.to_owned() };
    let mut text = format!("{word}  {}  {}\n", report.test, time(report.duration));
    if report.status == TestStatus::Passed {
        return text;
    }
    text += &format!("        {}:{}\n", report.path, report.line);
    for finding in &report.findings {
        text += &told(finding, report.batches, sources, color);
    }
    if !report.faults.is_empty() {
        text += &indented(&render(&report.faults, sources, color));
    }
    text
}

fn told(finding: &Finding, batches: usize, sources: &Sources, color: bool) -> String {
    let line = format!("        {}", headline(finding, batches));
    match (&finding.what, &finding.fault) {
        (What::Rows(difference), _) => format!("{line}\n{}", rows(difference)),
        (What::Count { .. }, _) => format!("{line}\n"),
        (What::Failure { .. }, Some(fault)) => {
            format!("{line}\n{}", indented(&render(&Diagnostics::from_iter([fault.clone()]), sources, color)))
        }
        (What::Failure { message }, None) => format!("{line}: {message}\n"),
    }
}

/// What does not hold, in one line.
pub(super) fn headline(finding: &Finding, batches: usize) -> String {
    let after = if batches > 1 { format!("after batch {}, ", finding.batch) } else { String::new() };
    let table = &finding.table;
    match &finding.what {
        What::Rows(difference) => {
            let all = [(Mark::Changed, "changed"), (Mark::Missing, "missing"), (Mark::Unexpected, "unexpected")];
            let parts = all.into_iter().map(|(mark, word)| (difference.count(mark), word)).filter(|(n, _)| *n > 0);
            let parts: Vec<String> = parts.map(|(n, word)| format!("{} {word}", count(n, "row"))).collect();
            format!("{after}{table}: {}, {} as expected", parts.join(", "), difference.equal)
        }
        What::Count { count, expected, found } => format!("{after}{table}: {count}: {found}, expected {expected}"),
        What::Failure { .. } => format!("{after}{table} failed"),
    }
}

/// The rows that differ, a column under each name. A changed value is shown as it is expected and as it is found.
pub(super) fn rows(difference: &Difference) -> String {
    let mut lines = vec![std::iter::once(String::new()).chain(difference.columns.iter().cloned()).collect::<Vec<_>>()];
    lines.extend(difference.rows.iter().take(ROWS).map(cells));
    let widths: Vec<usize> = (0..=difference.columns.len())
        .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for line in &lines {
        let padded = line.iter().zip(&widths).map(|(cell, width)| {
            let gap = width - cell.chars().count();
            format!("{cell}{}", " ".repeat(gap))
        });
        text += &format!("          {}", padded.collect::<Vec<_>>().join("  "));
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    let more = difference.rows.len().saturating_sub(ROWS);
    if more > 0 {
        text += &format!("          … and {} more\n", count(more, "row"));
    }
    text
}

fn cells(row: &DifferentRow) -> Vec<String> {
    let word = match row.mark {
        Mark::Missing => "missing",
        Mark::Unexpected => "unexpected",
        Mark::Changed => "changed",
    };
    let cell = |cell: &Cell| match (&cell.expected, &cell.found) {
        (Some(expected), Some(found)) if cell.differs() => {
            let (expected, found) = apart(expected, found);
            format!("{expected} expected, {found} found")
        }
        // A value that the row is not compared by.
        (None, Some(_)) if row.mark == Mark::Changed => String::new(),
        (Some(value), _) | (None, Some(value)) => short(value),
        (None, None) => String::new(),
    };
    std::iter::once(word.to_owned()).chain(row.cells.iter().map(cell)).collect()
}

/// Both in one line. Where they are long, from a few characters before the place where they part.
fn apart(expected: &str, found: &str) -> (String, String) {
    let common = expected.chars().zip(found.chars()).take_while(|(one, other)| one == other).count();
    let fits = |text: &str| text.chars().count() <= WIDTH;
    if (fits(expected) && fits(found)) || common < WIDTH / 2 {
        return (short(expected), short(found));
    }
    let from = |text: &str| format!("…{}", text.chars().skip(common - BEFORE).collect::<String>());
    (short(&from(expected)), short(&from(found)))
}

/// In one line, with an end that is left out where it is long.
fn short(value: &str) -> String {
    let line = value.replace(['\n', '\r', '\t'], " ");
    match line.chars().count() > WIDTH {
        true => line.chars().take(WIDTH - 1).chain(['…']).collect(),
        false => line,
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("        {line}").trim_end().to_owned() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(expected: Option<&str>, found: Option<&str>) -> Cell {
        Cell { expected: expected.map(str::to_owned), found: found.map(str::to_owned) }
    }

    #[test]
    fn rows_stand_under_their_columns() {
        let difference = Difference {
            columns: vec!["order_id".to_owned(), "n".to_owned(), "total".to_owned()],
            rows: vec![
                DifferentRow {
                    mark: Mark::Changed,
                    cells: vec![cell(Some("A"), Some("A")), cell(None, Some("7")), cell(Some("10.00"), Some("12.00"))],
                },
                DifferentRow { mark: Mark::Missing, cells: vec![cell(Some("B"), None), cell(Some("2"), None), cell(None, None)] },
                DifferentRow {
                    mark: Mark::Unexpected,
                    cells: vec![cell(None, Some("C")), cell(None, Some("null")), cell(None, Some("a\nb"))],
                },
            ],
            equal: 3,
        };
        let expected = "                      order_id  n     total
          changed     A               10.00 expected, 12.00 found
          missing     B         2
          unexpected  C         null  a b
";
        assert_eq!(rows(&difference), expected);
        let finding = Finding { table: "gold.f".to_owned(), batch: 2, what: What::Rows(difference), fault: None };
        let line = "after batch 2, gold.f: 1 row changed, 1 row missing, 1 row unexpected, 3 as expected";
        assert_eq!(headline(&finding, 2), line);
    }

    #[test]
    fn a_long_value_is_cut() {
        assert_eq!(short(&"ä".repeat(100)).chars().count(), WIDTH);
        let (one, other) = apart(&format!("{}x", "ä".repeat(100)), &format!("{}yz", "ä".repeat(100)));
        assert_eq!((one, other), (format!("…{}x", "ä".repeat(BEFORE)), format!("…{}yz", "ä".repeat(BEFORE))));
        assert_eq!(apart("a", "b"), ("a".to_owned(), "b".to_owned()));
    }
}
