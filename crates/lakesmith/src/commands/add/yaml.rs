//! Text of YAML, and of the SQL in it, built by hand so that it can be commented.

/// Words that YAML, or older readers of it, take for something else than text.
const WORDS: [&str; 10] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "~"];

/// A text as YAML reads it back, also between braces: plain where that is safe, else in double quotes.
pub(super) fn scalar(text: &str) -> String {
    let begins = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '/');
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '*' | '(' | ')' | ' ' | '=' | '<' | '>');
    let safe =
        text.starts_with(begins) && text.chars().all(plain) && !text.ends_with(' ') && !WORDS.contains(&&*text.to_lowercase());
    if safe { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// Words that SQL takes for something else than the name of a column.
const KEYWORDS: [&str; 67] = [
    "all",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "between",
    "both",
    "by",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "create",
    "cross",
    "current_date",
    "current_timestamp",
    "delete",
    "desc",
    "distinct",
    "else",
    "end",
    "escape",
    "except",
    "exists",
    "false",
    "fetch",
    "filter",
    "for",
    "from",
    "full",
    "group",
    "having",
    "if",
    "in",
    "inner",
    "insert",
    "intersect",
    "interval",
    "into",
    "is",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "map",
    "natural",
    "not",
    "null",
    "offset",
    "on",
    "or",
    "order",
    "outer",
    "right",
    "select",
    "struct",
    "table",
    "then",
    "true",
    "union",
    "when",
    "where",
    "with",
];

/// The name of a column in SQL: plain where it is of letters, digits and `_` and no word of SQL, else in backticks.
pub(super) fn name(column: &str) -> String {
    let plain = column.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !column.starts_with(|c: char| c.is_ascii_digit())
        && !KEYWORDS.contains(&&*column.to_ascii_lowercase());
    if plain { column.to_owned() } else { lakesmith_sql::quoted(column) }
}

/// `[a, b]`.
pub(super) fn list<T: AsRef<str>>(texts: &[T]) -> String {
    format!("[{}]", texts.iter().map(|text| scalar(text.as_ref())).collect::<Vec<_>>().join(", "))
}

/// Lines `name: value`, their values below each other, with a comment behind those that have one.
pub(super) fn entries<'a>(indent: usize, lines: impl IntoIterator<Item = (&'a str, String, Option<String>)>) -> String {
    let lines: Vec<_> = lines.into_iter().map(|(name, value, comment)| (scalar(name), value, comment)).collect();
    let names = lines.iter().map(|(name, ..)| name.len() + 1).max().unwrap_or(0);
    let values = lines.iter().map(|(_, value, _)| value.chars().count()).max().unwrap_or(0).min(60);
    let mut text = String::new();
    for (name, value, comment) in lines {
        let line = format!("{:indent$}{:<names$} {value}", "", format!("{name}:"));
        let width = indent + names + 1 + values;
        text += &match comment {
            Some(comment) => format!("{line:<width$}   # {comment}\n"),
            None => format!("{line}\n"),
        };
    }
    text
}

/// The same lines as comments.
pub(super) fn commented(text: &str) -> String {
    text.lines().map(|line| format!("# {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_quoted_where_yaml_would_read_another() {
        for (text, written) in [
            ("orders/*.csv", "orders/*.csv"),
            ("*.csv", "\"*.csv\""),
            ("{a,b}.csv", "\"{a,b}.csv\""),
            ("Order ID", "Order ID"),
            ("E-Mail", "E-Mail"),
            ("a: b", "\"a: b\""),
            ("No", "\"No\""),
            ("2025", "\"2025\""),
            ("say \"hi\"", "\"say \\\"hi\\\"\""),
            ("", "\"\""),
            ("order_id IS NOT NULL", "order_id IS NOT NULL"),
        ] {
            assert_eq!(scalar(text), written, "{text}");
        }
    }

    #[test]
    fn values_stand_below_each_other() {
        let lines = [("a", "1".to_owned(), Some("why".to_owned())), ("bcd", "22".to_owned(), None)];
        assert_eq!(entries(2, lines), "  a:   1    # why\n  bcd: 22\n");
        assert_eq!(entries(0, [("null", "1".to_owned(), None), ("b", "2".to_owned(), None)]), "\"null\": 1\nb:      2\n");
    }

    #[test]
    fn words_of_sql_are_no_names() {
        assert_eq!(["null", "On", "order_id", "1a", "a b"].map(name), ["`null`", "`On`", "order_id", "`1a`", "`a b`"]);
    }
}
