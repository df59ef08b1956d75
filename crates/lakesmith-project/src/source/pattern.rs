//! What the pattern of a table tells of the folders in which its files lie.

/// The folder whose files are one snapshot, as a part of `path`, the file's place relative to its source: the one that the
/// pattern's folders lead to, up to a `**`; and at least the first below its literal beginning.
///
/// `prices/*/*.csv` and `prices/2025-01-01/a.csv` give `prices/2025-01-01`.
pub fn snapshot_folder<'a>(pattern: &str, path: &'a str) -> &'a str {
    let folders = folders(pattern);
    let literal = folders.iter().take_while(|folder| !is_glob(folder)).count();
    let fixed = folders.iter().take_while(|folder| !folder.contains("**")).count();
    let depth = if fixed < folders.len() { fixed.max(literal + 1) } else { fixed };
    let Some(last) = path.rfind('/') else { return "" };
    match depth {
        0 => "",
        depth => &path[..path.match_indices('/').nth(depth - 1).map_or(last, |(at, _)| at)],
    }
}

/// The folder in which all files of a pattern lie, relative to their source: its literal beginning.
pub fn literal_folder(pattern: &str) -> String {
    folders(pattern).into_iter().take_while(|folder| !is_glob(folder)).collect::<Vec<_>>().join("/")
}

/// Whether a pattern has folders of which there may be several.
pub(crate) fn varies(pattern: &str) -> bool {
    folders(pattern).iter().any(|folder| is_glob(folder))
}

fn folders(pattern: &str) -> Vec<&str> {
    let mut folders: Vec<&str> = pattern.strip_prefix("./").unwrap_or(pattern).trim_start_matches('/').split('/').collect();
    folders.pop();
    folders
}

fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '[', ']', '{', '}', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_belongs_to_the_folder_that_the_pattern_leads_to() {
        for (pattern, path, folder) in [
            ("prices/*/*.csv", "prices/2025-01-01/a.csv", "prices/2025-01-01"),
            ("./prices/*/*.csv", "prices/2025-01-01/a.csv", "prices/2025-01-01"),
            ("*/*.csv", "2025-01-01/a.csv", "2025-01-01"),
            ("prices/*/*/*/*.csv", "prices/2025/01/31/a.csv", "prices/2025/01/31"),
            ("prices/*/**/*.csv", "prices/2025-01-01/part/1/a.csv", "prices/2025-01-01"),
            ("prices/*/parts/*.csv", "prices/2025-01-01/parts/a.csv", "prices/2025-01-01/parts"),
            ("prices/**/*.csv", "prices/2025-01-01/part/a.csv", "prices/2025-01-01"),
            ("prices/**/*.csv", "prices/a.csv", "prices"),
            ("prices/*.csv", "prices/a.csv", "prices"),
            ("*.csv", "a.csv", ""),
            ("{a/b,c}/*.csv", "a/b/x.csv", "a/b"),
            ("{a/b,c}/*.csv", "c/x.csv", "c"),
        ] {
            assert_eq!(snapshot_folder(pattern, path), folder, "{pattern} {path}");
        }
    }

    #[test]
    fn the_literal_beginning_holds_all_files() {
        for (pattern, folder) in [("orders/*.json", "orders"), ("./a/b/*/x.csv", "a/b"), ("*.csv", ""), ("{a/b,c}/*.csv", "")] {
            assert_eq!(literal_folder(pattern), folder, "{pattern}");
        }
    }

    #[test]
    fn folders_vary_where_the_pattern_says_so() {
        assert!(varies("prices/*/*.csv") && varies("**/*.csv") && varies("prices/2025-??/a.csv"));
        assert!(!varies("prices/*.csv") && !varies("*.csv") && !varies("a/b/c.csv"));
    }
}
