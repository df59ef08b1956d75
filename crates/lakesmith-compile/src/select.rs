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

/// One row of these columns is in both relations: equal, or NULL in both. `columns`: of the left one, of the right one.
pub(crate) fn same_pairs(left: &str, right: &str, columns: &[(String, String)]) -> String {
    let pairs: Vec<String> = columns.iter().map(|(l, r)| format!("{} <=> {}", of(left, l), of(right, r))).collect();
    pairs.join(" AND ")
}

/// An equality of several columns of two relations, which NULL never keeps. `columns`: of the left one, of the right one.
pub(crate) fn equal(left: &str, right: &str, columns: &[(String, String)]) -> String {
    let pairs: Vec<String> = columns.iter().map(|(l, r)| format!("{} = {}", of(left, l), of(right, r))).collect();
    pairs.join(" AND ")
}

/// The rows of an input that this batch reads.
pub(crate) fn in_range(qualifier: Option<&str>, n: usize) -> String {
    let column = qualifier.map_or_else(|| quote("_batch_id"), |q| of(q, "_batch_id"));
    format!("{column} > :{} AND {column} <= :{}", crate::parameter::after(n), crate::parameter::upto(n))
}

/// The rows of an input that earlier batches have read.
pub(crate) fn read_before(n: usize) -> String {
    format!("{} <= :{}", quote("_batch_id"), crate::parameter::after(n))
}

/// Each line moved two to the right.
pub(crate) fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// Columns of the rows that an input held when it was read before, and that are replaced or gone. `columns`: of the input.
pub(crate) fn former<S: AsRef<str>>(n: usize, columns: &[S]) -> String {
    format!(
        "SELECT {}\nFROM {}\nWHERE `_change_type` IN ('update_preimage', 'delete')",
        list(columns),
        quote(&crate::parameter::changes(n))
    )
}
