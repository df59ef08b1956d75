//! The page behind each diagnostic code: what it means, an example, how to mend it.
//!
//! A new code is one Markdown file in `codes/` and one line in the table.

macro_rules! pages {
    ($($code:literal)*) => { &[$(($code, include_str!(concat!("codes/", $code, ".md")))),*] };
}

/// Every code of the program with its page, in alphabetical order.
const PAGES: &[(&str, &str)] = pages! {
    "aggregate-not-allowed"
    "ambiguous-column"
    "columns-changed"
    "conflicting-keys"
    "cycle"
    "definition-changed"
    "deletes-not-told"
    "duplicate-column"
    "duplicate-key"
    "duplicate-table"
    "empty-file"
    "failed-files"
    "function-arguments"
    "grain-not-unique"
    "history-dropped"
    "invalid-encoding"
    "invalid-ics"
    "invalid-value"
    "invalid-yaml"
    "key-not-a-column"
    "layer-skipped"
    "lookup-not-unique"
    "member-missing"
    "misplaced-file"
    "missing-key"
    "no-effect"
    "no-files"
    "no-project"
    "nondeterministic"
    "not-additive"
    "not-an-aggregate"
    "not-conformed"
    "not-grouped"
    "not-refreshed"
    "not-retried"
    "parameter"
    "plain-secret"
    "reserved-name"
    "rule-failed"
    "run-failed"
    "schema-drift"
    "skipped"
    "snapshot-waits"
    "source-failed"
    "sql-syntax"
    "step-failed"
    "too-large"
    "too-many-deletes"
    "type-changed"
    "type-mismatch"
    "unknown-column"
    "unknown-dimension"
    "unknown-function"
    "unknown-key"
    "unknown-source"
    "unknown-table"
    "unknown-target"
    "unreadable-file"
    "unsafe-storage"
    "unsupported"
    "wrong-type"
};

/// The page on a diagnostic code, as Markdown; none for a code that no diagnostic has.
pub fn explanation(code: &str) -> Option<&'static str> {
    PAGES.iter().find(|(name, _)| *name == code).map(|(_, page)| *page)
}

/// Every diagnostic code, in alphabetical order.
pub fn codes() -> impl Iterator<Item = &'static str> {
    PAGES.iter().map(|(name, _)| *name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_page_says_something_about_its_own_code() {
        for code in codes() {
            let page = explanation(code).unwrap();
            assert!(page.starts_with(&format!("# {code}\n\n")), "{code} does not open with its name");
            assert!(page.len() > 250, "{code} says too little");
            assert_eq!(page.matches("```").count() % 2, 0, "{code} has an open block");
            assert!(page.lines().all(|line| line.chars().count() <= 140), "{code} has lines too long to read");
        }
        assert!(explanation("no-such-code").is_none());
    }

    #[test]
    fn the_table_holds_every_page_in_order() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/codes");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        files.sort();
        assert_eq!(codes().collect::<Vec<_>>(), files);
    }
}
