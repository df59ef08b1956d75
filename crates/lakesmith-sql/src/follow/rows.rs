//! The rows of a query, of some keys or of all. The keys are handed down to the tables that have them as columns, so
//! that only their files are read that hold one.

use super::Rows;
use super::keys::{all, indent, text, view_text};
use super::tree::{Join, Node, Select, Source, Tree, aggregates, looks_around};
use crate::quoted;
use sqlparser::ast::{BinaryOperator, Expr};

/// The columns of a relation that are keys, each with the column of the relation of keys.
type Narrow = Vec<(String, String)>;

/// What of a relation is a key: its SQL, the column if it is one, and which key.
type Known = Vec<(String, Option<String>, String)>;

/// The query; of the keys `by` that the relation `keys` holds, or of all.
pub(super) fn rows(tree: &Tree, by: &[String], keys: Option<&str>) -> Rows {
    let mut with = vec![];
    let Some(keys) = keys else {
        let sql = of_node(&tree.root, "", &vec![], &mut with).0;
        return Rows { with, sql };
    };
    let narrow: Narrow = by.iter().map(|column| (column.clone(), column.clone())).collect();
    let (sql, exact) = of_node(&tree.root, keys, &narrow, &mut with);
    if exact {
        return Rows { with, sql };
    }
    let pairs: Vec<(String, String)> = by.iter().map(|column| (format!("`q`.{}", quoted(column)), column.clone())).collect();
    let sql = format!("SELECT `q`.*\nFROM (\n{}\n) `q` LEFT SEMI JOIN {} ON {}", indent(&sql), quoted(keys), same(&pairs, keys));
    Rows { with, sql }
}

/// SQL of the keys that a relation shares with that of the keys.
fn same(pairs: &[(String, String)], keys: &str) -> String {
    let pairs = pairs.iter().map(|(expr, key)| format!("{expr} <=> {}.{}", quoted(keys), quoted(key)));
    pairs.collect::<Vec<_>>().join(" AND ")
}

/// The rows, and whether there are none but those of the keys.
fn of_node(node: &Node, keys: &str, narrow: &Narrow, with: &mut Vec<(String, String)>) -> (String, bool) {
    let parts: Vec<(String, bool)> = node.selects().iter().map(|select| of_select(select, keys, narrow, with)).collect();
    let exact = parts.iter().all(|(_, exact)| *exact);
    (parts.into_iter().map(|(sql, _)| sql).collect::<Vec<_>>().join("\nUNION ALL\n"), exact)
}

fn of_select(select: &Select, keys: &str, narrow: &Narrow, with: &mut Vec<(String, String)>) -> (String, bool) {
    let windows = select.windows();
    // Of each relation: what is a key of it, as SQL and, where it is one, as its column.
    let mut known: Vec<Known> = select.relations.iter().map(|_| vec![]).collect();
    for (name, key) in narrow {
        let Some((_, expr)) = select.items.iter().find(|(item, _)| item == name) else { continue };
        if aggregates(expr) || looks_around(expr) || windows.iter().any(|parted| !parted.contains(expr)) {
            continue;
        }
        let mut add = |at: usize, sql: String, column: Option<String>| {
            if let Some(of) = known.get_mut(at) {
                of.push((sql, column, key.clone()));
            }
        };
        match select.plain(expr) {
            Some((relation, column)) => {
                for (at, column) in select.equal(relation, &column) {
                    let Some(relation) = select.relations.get(at) else { continue };
                    add(at, format!("{}.{}", quoted(&relation.alias), quoted(&column)), Some(column));
                }
            }
            None => {
                if let [at] = select.refs(expr).into_iter().collect::<Vec<_>>().as_slice() {
                    add(*at, text(expr), None);
                }
            }
        }
    }
    let attached = select.attached();
    let mut exact = false;
    let mut from = String::new();
    for (at, relation) in select.relations.iter().enumerate() {
        let alias = quoted(&relation.alias);
        let own = known.get(at).map(Vec::as_slice).unwrap_or_default();
        let every = narrow.iter().all(|(_, key)| own.iter().any(|(.., known)| known == key));
        let (source, narrowed) = match &relation.source {
            Source::Table { parts, .. } => {
                let table = parts.iter().map(|part| quoted(part)).collect::<Vec<_>>().join(".");
                let mut semi = String::new();
                if !own.is_empty() {
                    let pairs: Vec<(String, String)> = own.iter().map(|(sql, _, key)| (sql.clone(), key.clone())).collect();
                    semi += &format!(" LEFT SEMI JOIN {} ON {}", quoted(keys), same(&pairs, keys));
                }
                for (column, other, rows) in near(select, at, &known, keys) {
                    let name = match with.iter().find(|(_, known)| *known == rows) {
                        Some((name, _)) => name.clone(),
                        None => format!("near_{}", with.len() + 1),
                    };
                    semi += &format!(" LEFT SEMI JOIN {} ON {alias}.{column} = {}.{other}", quoted(&name), quoted(&name));
                    if !with.iter().any(|(known, _)| *known == name) {
                        with.push((name, rows));
                    }
                }
                match semi.is_empty() {
                    true => (table, true),
                    false => (format!("(\n  SELECT {alias}.* FROM {table} {alias}{semi}\n)"), true),
                }
            }
            Source::Query(node) => {
                let inner: Narrow = own.iter().filter_map(|(_, column, key)| Some((column.clone()?, key.clone()))).collect();
                let (sql, inner_exact) = of_node(node, keys, &inner, with);
                (format!("(\n{}\n)", indent(&sql)), inner_exact && inner.len() == own.len())
            }
            Source::Values(text) => (format!("({text})"), false),
            Source::View(view) => {
                from += &format!("\n{}", view_text(view));
                continue;
            }
        };
        exact |= narrowed && every && !narrow.is_empty() && !attached.contains(&at);
        let on = all(relation.on.iter());
        from += &match (from.is_empty(), relation.join, on.is_empty()) {
            (true, ..) => format!("\nFROM {source} {alias}"),
            (false, Join::Inner, true) => format!("\nCROSS JOIN {source} {alias}"),
            (false, join, _) => {
                let on = if on.is_empty() { "TRUE" } else { on.as_str() };
                format!("\n{} {source} {alias} ON {on}", words(join))
            }
        };
    }
    let items: Vec<String> = select.items.iter().map(|(name, expr)| format!("{} AS {}", text(expr), quoted(name))).collect();
    let mut sql = format!("SELECT\n  {}{from}", items.join(",\n  "));
    if !select.filters.is_empty() {
        sql += &format!("\nWHERE {}", all(select.filters.iter()));
    }
    let groups: Vec<String> = select.groups.iter().flatten().map(text).collect();
    if !groups.is_empty() {
        sql += &format!("\nGROUP BY {}", groups.join(", "));
    }
    for (word, condition) in [("HAVING", &select.having), ("QUALIFY", &select.qualify)] {
        if let Some(condition) = condition {
            sql += &format!("\n{word} {}", text(condition));
        }
    }
    (sql, exact)
}

/// Of a relation that lacks keys and is joined, by equalities, with tables that have these: its columns, the others', and
/// the values that they have.
fn near(select: &Select, at: usize, known: &[Known], keys: &str) -> Vec<(String, String, String)> {
    let alias = |at: usize| select.relations.get(at).map(|relation| quoted(&relation.alias)).unwrap_or_default();
    let join = |at: usize| select.relations.get(at).map(|relation| relation.join);
    let has = |at: usize, key: &String| known.get(at).is_some_and(|own| own.iter().any(|(.., known)| known == key));
    let mut all = vec![];
    for (condition, of) in select.conditions() {
        let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = condition else { continue };
        let (Some(left), Some(right)) = (select.plain(left), select.plain(right)) else { continue };
        let (own, other) = if left.0 == at { (left, right) } else { (right, left) };
        // What a join may not find decides nothing about the others.
        let decides = of.is_none_or(|of| of == at || join(of) == Some(Join::Inner)) && join(other.0) == Some(Join::Inner);
        let Some(narrow) = known.get(other.0).filter(|_| decides && own.0 == at && other.0 != at) else { continue };
        let Some(Source::Table { parts, .. }) = select.relations.get(other.0).map(|relation| &relation.source) else { continue };
        if narrow.iter().all(|(.., key)| has(at, key)) {
            continue;
        }
        let table = parts.iter().map(|part| quoted(part)).collect::<Vec<_>>().join(".");
        let (name, column) = (alias(other.0), quoted(&other.1));
        let pairs: Vec<(String, String)> = narrow.iter().map(|(sql, _, key)| (sql.clone(), key.clone())).collect();
        let rows = format!(
            "SELECT DISTINCT {name}.{column} AS {column}\nFROM {table} {name} LEFT SEMI JOIN {} ON {}",
            quoted(keys),
            same(&pairs, keys)
        );
        all.push((quoted(&own.1), column, rows));
    }
    all
}

fn words(join: Join) -> &'static str {
    match join {
        Join::Inner => "JOIN",
        Join::Left => "LEFT JOIN",
        Join::Semi => "LEFT SEMI JOIN",
        Join::Anti => "LEFT ANTI JOIN",
    }
}
