//! The cases of `tests/cases/*.txt`: one `expression => type : value` a line, or `=> error`.

use std::path::Path;

use crate::support::{InMemory, run};

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

#[test]
fn every_case_answers_as_spark_does() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut wrong = vec![];
    let mut count = 0;
    for entry in std::fs::read_dir(cases).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            count += 1;
            if let Err(error) = check(line) {
                wrong.push(format!("{}:{}: {error}", path.file_name().unwrap().to_string_lossy(), number + 1));
            }
        }
    }
    assert!(count > 200, "only {count} cases");
    assert!(wrong.is_empty(), "{} of {count} cases:\n{}", wrong.len(), wrong.join("\n"));
}
