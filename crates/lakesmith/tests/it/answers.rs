//! The pages of the examples ask questions and show answers: these are what the tables say.

use crate::examples::{example, query, run};
use serde_json::Value;
use std::fs;

/// The questions of a page, each with the lines of the table below it.
fn questions(page: &str) -> Vec<(&str, Vec<&str>)> {
    let parts = page.split("```sql\n").skip(1);
    parts
        .map(|part| {
            let (sql, rest) = part.split_once("```\n").unwrap();
            (sql, rest.trim_start().lines().take_while(|line| line.starts_with('|')).collect())
        })
        .collect()
}

/// Rows as a page writes them: the names, then the values.
fn written(rows: &[Value]) -> Vec<String> {
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let cell = |value: &Value| match value {
        Value::Null => "NULL".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let rows: Vec<_> = rows.iter().map(|row| row.as_object().unwrap()).collect();
    let names = line(rows[0].keys().cloned().collect());
    std::iter::once(names).chain(rows.iter().map(|row| line(row.values().map(cell).collect()))).collect()
}

#[test]
fn pages_of_examples_show_what_is_answered() {
    for (name, count) in [("superstore", 5), ("retail", 2), ("jaffle", 5)] {
        let project = example(name, |_| true);
        run(project.path());
        let page = fs::read_to_string(project.path().join("README.md")).unwrap();
        let questions = questions(&page);
        assert_eq!(questions.len(), count, "{name}");
        for (sql, mut shown) in questions {
            shown.remove(1);
            assert_eq!(written(&query(project.path(), sql)), shown, "{name}: {sql}");
        }
    }
}
