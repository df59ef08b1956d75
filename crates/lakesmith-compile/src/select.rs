//! Small pieces of Spark SQL text. Names are always quoted; values come in as literals only through [`literal`].

/// A name in backticks.
pub(crate) fn quote(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// `` `q`.`name` ``.
pub(crate) fn of(qualifier: &str, name: &str) -> String {
    format!("{}.{}", quote(qualifier), quote(name))
}

/// Names in backticks, separated by commas.
pub(crate) fn list<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    names.into_iter().map(|name| quote(name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// A string literal.
pub(crate) fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for c in text.chars() {
        match c {
            '\'' => out.push_str("\\'"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// `expression AS name`.
pub(crate) fn named(expression: &str, name: &str) -> String {
    format!("{expression} AS {}", quote(name))
}

/// Items of a select list, one a line.
pub(crate) fn items(items: &[String]) -> String {
    items.join(",\n  ")
}

/// A null-safe equality of several columns of two relations.
pub(crate) fn same<S: AsRef<str>>(left: &str, right: &str, columns: &[S]) -> String {
    let pairs: Vec<String> = columns.iter().map(|c| format!("{} <=> {}", of(left, c.as_ref()), of(right, c.as_ref()))).collect();
    pairs.join(" AND ")
}

/// The rows of an input that this batch reads.
pub(crate) fn in_range(qualifier: Option<&str>, n: usize) -> String {
    let column = qualifier.map_or_else(|| quote("_batch_id"), |q| of(q, "_batch_id"));
    format!("{column} > :{} AND {column} <= :{}", crate::parameter::after(n), crate::parameter::upto(n))
}

/// Each line moved two to the right.
pub(crate) fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// The keys of rows in a table whose row in its input is gone, where the input lost rows at all. `pairs`: column of the
/// table, column of the input.
pub(crate) fn vanished(table: &str, input: &str, n: usize, pairs: &[(String, String)]) -> String {
    let keys: Vec<String> = pairs.iter().map(|(column, _)| of("t", column)).collect();
    let same: Vec<String> = pairs.iter().map(|(column, source)| format!("{} <=> {}", of("t", column), of("s", source))).collect();
    format!(
        "SELECT {}\nFROM {table} `t` LEFT ANTI JOIN {input} `s` ON {}\nWHERE :{} > 0",
        keys.join(", "),
        same.join(" AND "),
        crate::parameter::removed(n)
    )
}
