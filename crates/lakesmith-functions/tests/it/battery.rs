//! The cases of `tests/cases/*.txt`: one `expression => type : value` a line, or `=> error`.

use std::path::Path;

use crate::support::{InMemory, run, run_ast};

/// Checks one line; the text says what is wrong.
fn check(line: &str) -> Result<(), String> {
    let (expression, expected) = line.split_once(" => ").ok_or("a case is `expression => type : value`")?;
    let answer = run(&format!("SELECT {} AS answer", expression.trim()), &InMemory::default());
    let found = match answer {
        Ok(answer) => {
            let values: Vec<_> = answer.rows.iter().map(|row| row.join(" | ")).collect();
            format!("{} : {}", answer.columns[0].1, values.join(" ; "))
        }
        Err(_) if expected.trim() == "error" => return Ok(()),
        Err(error) => format!("error ({error})"),
    };
    if found.trim_end() == expected.trim() {
        Ok(())
    } else {
        Err(format!("{expression}\n  expected {expected}\n  found    {found}"))
    }
}

/// Every case: where it stands, and its line.
fn cases() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases = vec![];
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        cases.extend(
            lines.map(|(number, line)| {
                (format!("{}:{}", path.file_name().unwrap().to_string_lossy(), number + 1), line.to_owned())
            }),
        );
    }
    cases
}

fn check_all(check: impl Fn(&str) -> Result<(), String>) {
    let cases = cases();
    assert!(cases.len() > 200, "only {} cases", cases.len());
    let wrong: Vec<String> =
        cases.iter().filter_map(|(place, line)| check(line).err().map(|error| format!("{place}: {error}"))).collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn every_case_answers_as_spark_does() {
    check_all(check);
}

struct NoTables;

impl lakesmith_sql::Schemas for NoTables {
    fn table(&self, _parts: &[String]) -> Option<lakesmith_sql::Schema> {
        None
    }
}

/// What the language understands has the type that it says, and the same value.
fn agrees(line: &str) -> Result<(), String> {
    let (expression, expected) = line.split_once(" => ").ok_or("a case is `expression => type : value`")?;
    // Spark's texts have escapes.
    let sql = format!("SELECT {} AS answer", expression.trim().replace('\\', "\\\\"));
    let Ok(query) = lakesmith_sql::parse_query(&sql) else { return Ok(()) };
    let Ok(resolved) = lakesmith_sql::resolve(&query, &NoTables) else { return Ok(()) };
    let declared = lakesmith_sql::parse_type(&resolved.schema.fields[0].ty.to_string()).map_err(|e| e.to_string())?;
    match run_ast(resolved.query.ast(), &InMemory::default()) {
        Ok(answer) => {
            let found = match lakesmith_sql::parse_type(&answer.columns[0].1) {
                Ok(found) => found.to_string(),
                Err(_) => answer.columns[0].1.clone(),
            };
            let values: Vec<_> = answer.rows.iter().map(|row| row.join(" | ")).collect();
            let value = expected.split_once(" : ").map_or(expected, |(_, v)| v);
            // Whether a field may be NULL is the language's to know.
            let declared = declared.to_string().replace(" NOT NULL", "");
            if found != declared {
                Err(format!("{expression}\n  declared {declared}\n  found    {found}"))
            } else if values.join(" ; ").trim_end() != value.trim() {
                Err(format!("{expression}\n  expected {value}\n  found    {}", values.join(" ; ")))
            } else {
                Ok(())
            }
        }
        Err(_) if expected.trim() == "error" => Ok(()),
        Err(error) => Err(format!("{expression}: {error}")),
    }
}

#[test]
fn the_language_declares_the_types_that_come_out() {
    check_all(agrees);
}

#[test]
fn every_function_of_the_language_has_a_case() {
    let queries = include_str!("queries.rs").to_ascii_lowercase();
    let texts: Vec<String> = cases().into_iter().map(|(_, line)| line.to_ascii_lowercase()).collect();
    let missing: Vec<&str> = lakesmith_sql::function_names()
        .into_iter()
        .filter(|name| {
            let call = format!("{name}(");
            !queries.contains(&call) && !texts.iter().any(|t| t.contains(&call))
        })
        .collect();
    assert!(missing.is_empty(), "without a case: {missing:?}");
}
