//! Patterns that keep the files of tables apart: each matches all files of its own table and none of another's.

use std::collections::BTreeSet;

/// So many alternatives a pattern has at most; with more nobody would read it.
const ALTERNATIVES: usize = 20;

/// The pattern of a table's files: `usual` where it matches them alone, else one that says more of the folders and names.
/// None where no pattern of a readable length does.
pub(super) fn pattern<'a>(
    usual: &str,
    names: &str,
    own: &[String],
    others: impl Iterator<Item = &'a str> + Clone,
) -> Option<String> {
    let named = |path: &String| literal(path);
    let candidates: [&dyn Fn() -> Option<String>; 5] = [
        &|| Some(usual.to_owned()),
        &|| alternatives(own.iter().map(|path| format!("{}{names}", folders(path, loose)))),
        &|| alternatives(own.iter().map(|path| format!("{}{names}", folders(path, digits)))),
        &|| alternatives(own.iter().map(|path| format!("{}{}", folders(path, digits), digits(name(path))))),
        &|| alternatives(own.iter().map(named)),
    ];
    candidates.into_iter().filter_map(|candidate| candidate()).find(|pattern| {
        let globs = expanded(pattern);
        own.iter().all(|path| is_match(&globs, path)) && !others.clone().any(|path| is_match(&globs, path))
    })
}

/// A text that a glob takes literally, also between braces.
pub(super) fn literal(text: &str) -> String {
    let special = |c: char| matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | ',');
    text.chars().map(|c| if special(c) { format!("[{c}]") } else { c.to_string() }).collect()
}

/// One of them, or `{a,b}`.
fn alternatives(patterns: impl Iterator<Item = String>) -> Option<String> {
    let patterns: BTreeSet<String> = patterns.collect();
    if patterns.len() > ALTERNATIVES {
        return None;
    }
    let patterns: Vec<String> = patterns.into_iter().collect();
    match patterns.as_slice() {
        [one] => Some(one.clone()),
        several => Some(format!("{{{}}}", several.join(","))),
    }
}

/// The folders of a path, the dated ones as `shape` makes them.
fn folders(path: &str, shape: fn(&str) -> String) -> String {
    let Some((folders, _)) = path.rsplit_once('/') else { return String::new() };
    folders.split('/').map(|part| format!("{}/", if is_dated(part) { shape(part) } else { literal(part) })).collect()
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether a folder is named by a date, or as a partition.
pub(super) fn is_dated(part: &str) -> bool {
    let in_date = |c: char| c.is_ascii_digit() || matches!(c, '-' | '_' | '.' | ':' | 'T' | 'Z');
    part.contains('=') || (part.starts_with(|c: char| c.is_ascii_digit()) && part.chars().all(in_date))
}

/// `day=*` of a partition, `[0-9]*` of a date.
fn loose(part: &str) -> String {
    match part.split_once('=') {
        Some((key, _)) => format!("{}=*", literal(key)),
        None => "[0-9]*".to_owned(),
    }
}

/// With `[0-9]` for every digit.
fn digits(part: &str) -> String {
    part.chars().map(|c| if c.is_ascii_digit() { "[0-9]".to_owned() } else { literal(&c.to_string()) }).collect()
}

/// The patterns without braces that a pattern stands for.
fn expanded(pattern: &str) -> Vec<Vec<char>> {
    let chars: Vec<char> = pattern.chars().collect();
    let Some((open, close, commas)) = braces(&chars) else { return vec![chars] };
    let bounds: Vec<usize> = std::iter::once(open).chain(commas).chain([close]).collect();
    let inner = bounds.windows(2).map(|bounds| &chars[bounds[0] + 1..bounds[1]]);
    let whole = inner.map(|inner| [&chars[..open], inner, &chars[close + 1..]].concat().into_iter().collect::<String>());
    whole.flat_map(|pattern| expanded(&pattern)).collect()
}

/// Where the first braces open and close, and the commas that part what is in them.
fn braces(chars: &[char]) -> Option<(usize, usize, Vec<usize>)> {
    let (mut open, mut depth, mut commas, mut at) = (None, 0, vec![], 0);
    while at < chars.len() {
        match chars[at] {
            '[' => at = class_end(chars, at),
            '{' => {
                open = open.or(Some(at));
                depth += 1;
            }
            ',' if depth == 1 => commas.push(at),
            '}' if depth == 1 => return Some((open?, at, commas)),
            '}' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    None
}

/// Where the class that opens at `at` closes: a `]` right behind its opening belongs to it.
fn class_end(chars: &[char], at: usize) -> usize {
    let rest = chars.get(at + 2..).unwrap_or_default();
    rest.iter().position(|c| *c == ']').map_or(at, |length| at + 2 + length)
}

fn is_match(globs: &[Vec<char>], path: &str) -> bool {
    let path: Vec<char> = path.chars().collect();
    globs.iter().any(|glob| matches(glob, &path))
}

/// As sources match: `*` and `?` stay within a folder's name, `**/` is any number of folders.
fn matches(glob: &[char], path: &[char]) -> bool {
    match glob {
        [] => path.is_empty(),
        ['*', '*', '/', rest @ ..] => {
            let deeper = path.iter().enumerate().filter(|(_, c)| **c == '/').map(|(at, _)| &path[at + 1..]);
            std::iter::once(path).chain(deeper).any(|path| matches(rest, path))
        }
        ['*', rest @ ..] => {
            let within = path.iter().take_while(|c| **c != '/').count();
            (0..=within).any(|taken| matches(rest, &path[taken..]))
        }
        ['[', ..] => {
            let end = class_end(glob, 0);
            let is = |c: char| match &glob[1..end] {
                [from, '-', to] => (*from..=*to).contains(&c),
                set => set.contains(&c),
            };
            path.first().is_some_and(|c| is(*c)) && matches(&glob[end + 1..], &path[1..])
        }
        ['?', rest @ ..] => path.first().is_some_and(|c| *c != '/') && matches(rest, &path[1..]),
        [c, rest @ ..] => path.first() == Some(c) && matches(rest, &path[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(usual: &str, names: &str, own: &[&str], others: &[&str]) -> Option<String> {
        let own: Vec<String> = own.iter().map(|path| (*path).to_owned()).collect();
        pattern(usual, names, &own, others.iter().copied())
    }

    #[test]
    fn a_pattern_says_as_much_as_tells_the_files_apart() {
        let other = ["archive/orders.csv"];
        let own = ["2025-01/orders.csv", "2025-02/orders.csv"];
        for (own, others, expected) in [
            (&own[..], &[][..], Some("**/orders.csv")),
            (&own, &other, Some("[0-9]*/orders.csv")),
            (&["day=1/orders.csv"], &other, Some("day=*/orders.csv")),
            (&["orders.csv", "2025/orders.csv"], &other, Some("{[0-9]*/orders.csv,orders.csv}")),
            (&own, &["2025 old/orders.csv"], Some("[0-9][0-9][0-9][0-9]-[0-9][0-9]/orders.csv")),
        ] {
            assert_eq!(found("**/orders.csv", "orders.csv", own, others).as_deref(), expected, "{own:?}");
        }
        assert_eq!(found("x/*.gz", "*.gz", &["x/a.gz"], &["x/a.csv.gz"]).as_deref(), Some("x/a.gz"));
        let several = found("x/*.gz", "*.gz", &["x/a.gz", "x/b,c.gz"], &["x/a.csv.gz"]);
        assert_eq!(several.as_deref(), Some("{x/a.gz,x/b[,]c.gz}"));
        // Nothing but a list of all names would do.
        let many: Vec<String> = (0..30).map(|n| format!("{}.gz", "x".repeat(n + 1))).collect();
        assert_eq!(pattern("*.gz", "*.gz", &many, ["y.csv.gz"].into_iter()), None);
    }

    #[test]
    fn patterns_match_as_sources_read_them() {
        for (glob, path, expected) in [
            ("**/a.csv", "a.csv", true),
            ("**/a.csv", "x/y/a.csv", true),
            ("*/a.csv", "x/y/a.csv", false),
            ("x/*.{csv,csv.gz}", "x/a.csv.gz", true),
            ("a[[]1[]][{]b[}][*][?]/*.csv", "a[1]{b}*?/a.csv", true),
            ("orders?[0-9]*.csv", "orders_1.csv", true),
            ("orders?[0-9]*.csv", "orders_items_1.csv", false),
            ("{a/*.csv,b.csv}", "b.csv", true),
        ] {
            assert_eq!(is_match(&expanded(glob), path), expected, "{glob} {path}");
        }
    }
}
