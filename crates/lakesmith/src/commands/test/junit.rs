//! The results as JUnit XML: a suite a file, a case a test.

use super::told;
use lakesmith_run::{TestReport, TestStatus, What};
use lakesmith_text::{Sources, render};
use std::fmt::Write;
use std::time::Duration;

/// The report of all tests.
pub(super) fn report(reports: &[TestReport], sources: &Sources, duration: Duration) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(xml, "<testsuites name=\"lakesmith\" {}>", counts(reports, duration));
    let mut rest = reports;
    while let Some(first) = rest.first() {
        let (suite, after) = rest.split_at(rest.iter().take_while(|report| report.path == first.path).count());
        let took = suite.iter().map(|report| report.duration).sum();
        let _ = writeln!(xml, "  <testsuite name=\"{}\" {}>", escaped(&first.path), counts(suite, took));
        suite.iter().for_each(|test| case(&mut xml, test, sources));
        xml += "  </testsuite>\n";
        rest = after;
    }
    xml + "</testsuites>\n"
}

fn counts(reports: &[TestReport], duration: Duration) -> String {
    let count = |status| reports.iter().filter(|report| report.status == status).count();
    let (failures, errors) = (count(TestStatus::Failed), count(TestStatus::Faulty));
    format!("tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{:.3}\"", reports.len(), duration.as_secs_f64())
}

fn case(xml: &mut String, test: &TestReport, sources: &Sources) {
    let (name, path, time) = (escaped(&test.test), escaped(&test.path), test.duration.as_secs_f64());
    let _ = write!(
        xml,
        "    <testcase name=\"{name}\" classname=\"{path}\" file=\"{path}\" line=\"{}\" time=\"{time:.3}\"",
        test.line
    );
    if test.status == TestStatus::Passed {
        xml.push_str("/>\n");
        return;
    }
    xml.push_str(">\n");
    for finding in &test.findings {
        let line = told::headline(finding, test.batches);
        let text = match &finding.what {
            What::Rows(difference) => told::rows(difference),
            What::Count { .. } => String::new(),
            What::Failure { message } => message.clone(),
        };
        let _ = writeln!(xml, "      <failure message=\"{}\">{}</failure>", escaped(&line), escaped(&text));
    }
    if !test.faults.is_empty() {
        let text = render(&test.faults, sources, false);
        let _ = writeln!(xml, "      <error message=\"the test is wrong\">{}</error>", escaped(&text));
    }
    xml.push_str("    </testcase>\n");
}

/// Text as XML holds it, without the characters that it cannot hold.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use lakesmith_run::Finding;
    use lakesmith_text::Diagnostics;

    #[test]
    fn a_suite_a_file_and_a_case_a_test() {
        let test = |name: &str, path: &str, status, findings| TestReport {
            test: name.to_owned(),
            path: path.to_owned(),
            line: 1,
            status,
            duration: Duration::from_millis(20),
            batches: 1,
            findings,
            faults: Diagnostics::new(),
        };
        let what = What::Count { count: "inserted".to_owned(), expected: 1, found: 2 };
        let finding = Finding { table: "silver.a".to_owned(), batch: 1, what, fault: None };
        let reports = [
            test("a < b & \"c\"", "tests/a.yaml", TestStatus::Passed, vec![]),
            test("counts", "tests/a.yaml", TestStatus::Failed, vec![finding]),
            test("other", "tests/b.yaml", TestStatus::Passed, vec![]),
        ];
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="lakesmith" tests="3" failures="1" errors="0" time="0.060">
  <testsuite name="tests/a.yaml" tests="2" failures="1" errors="0" time="0.040">
    <testcase name="a &lt; b &amp; &quot;c&quot;" classname="tests/a.yaml" file="tests/a.yaml" line="1" time="0.020"/>
    <testcase name="counts" classname="tests/a.yaml" file="tests/a.yaml" line="1" time="0.020">
      <failure message="silver.a: inserted: 2, expected 1"></failure>
    </testcase>
  </testsuite>
  <testsuite name="tests/b.yaml" tests="1" failures="0" errors="0" time="0.020">
    <testcase name="other" classname="tests/b.yaml" file="tests/b.yaml" line="1" time="0.020"/>
  </testsuite>
</testsuites>
"#;
        assert_eq!(report(&reports, &Sources::new(), Duration::from_millis(60)), expected);
    }
}
