//! The glob of a source, split into the folder to list and what to match there.

use globset::{GlobBuilder, GlobMatcher};

use crate::error::ConnectError;

/// A checked file pattern.
#[derive(Debug)]
pub(crate) struct Pattern {
    /// The folder that all matches lie in, relative to the source's: its leading segments without glob characters.
    pub(crate) folder: String,
    /// Whether matches lie directly in `folder`.
    pub(crate) flat: bool,
    matcher: GlobMatcher,
}

impl Pattern {
    /// Checks `pattern`, which is relative to the source's folder and may not leave it.
    pub(crate) fn new(pattern: &str) -> Result<Pattern, ConnectError> {
        let refuse = |reason: &str| ConnectError::Pattern { pattern: pattern.to_owned(), reason: reason.to_owned() };
        let relative = pattern.strip_prefix("./").unwrap_or(pattern).trim_start_matches('/');
        if relative.is_empty() || relative.ends_with('/') {
            return Err(refuse("it names no file; write `folder/*.json` for the files of a folder"));
        }
        let segments: Vec<&str> = relative.split('/').collect();
        if segments.contains(&"..") {
            return Err(refuse("`..` leads out of the source's folder"));
        }
        let last = segments.len() - 1;
        let is_glob = |segment: &str| segment.contains(['*', '?', '[', ']', '{', '}', '\\']);
        let literal = segments[..last].iter().take_while(|segment| !is_glob(segment)).count();
        // An alternative may hold a slash (`{a/b,c}`), which splitting by segment would cut in two.
        let flat = literal == last && !segments[last].contains("**");
        let matcher = GlobBuilder::new(relative)
            .literal_separator(true)
            .build()
            .map_err(|error| refuse(&error.kind().to_string()))?
            .compile_matcher();
        Ok(Pattern { folder: segments[..literal].join("/"), flat, matcher })
    }

    /// Whether the file at `path`, relative to the source's folder, is one of the source's. Files and folders whose
    /// name starts with `.` or `_` are hidden, unless the literal beginning of the pattern names them.
    pub(crate) fn matches(&self, path: &str) -> bool {
        let below = path.strip_prefix(self.folder.as_str()).unwrap_or(path);
        let hidden = below.split('/').any(|segment| segment.starts_with(['.', '_']));
        !hidden && self.matcher.is_match(path)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_literal_beginning_is_the_folder() {
        for (pattern, folder, flat) in [
            ("orders/*.json", "orders", true),
            ("./orders/2024/a.json", "orders/2024", true),
            ("*.csv", "", true),
            ("orders/*/x.json", "orders", false),
            ("orders/**/*.json", "orders", false),
            ("{a,b}/c/*.csv", "", false),
            ("{a/b,c}/*.csv", "", false),
        ] {
            let found = Pattern::new(pattern).unwrap();
            assert_eq!((found.folder.as_str(), found.flat), (folder, flat), "{pattern}");
        }
    }

    #[test]
    fn a_star_stays_in_its_folder() {
        let flat = Pattern::new("orders/*.json").unwrap();
        assert!(flat.matches("orders/a.json"));
        assert!(!flat.matches("orders/b/a.json"));
        assert!(!flat.matches("orders/a.csv"));
        let deep = Pattern::new("orders/**/*.json").unwrap();
        assert!(deep.matches("orders/a.json"));
        assert!(deep.matches("orders/b/c/a.json"));
    }

    #[test]
    fn hidden_files_and_folders_are_skipped() {
        let pattern = Pattern::new("orders/**/*.json").unwrap();
        assert!(!pattern.matches("orders/.a.json"));
        assert!(!pattern.matches("orders/_temporary/a.json"));
        assert!(Pattern::new("_drop/*.json").unwrap().matches("_drop/a.json"));
    }

    #[test]
    fn patterns_that_cannot_be_used_say_why() {
        for pattern in ["", "orders/", "../x.json", "a/../../b.json", "orders/[a.json"] {
            assert!(matches!(Pattern::new(pattern), Err(ConnectError::Pattern { .. })), "{pattern}");
        }
    }
}
