//! The glob of a source, split into the folder to list and what to match there.

use chrono::NaiveDateTime;
use globset::{GlobBuilder, GlobMatcher};

use super::dates::{self, DatedName, Stamp};
use crate::error::ConnectError;

/// A checked file pattern.
#[derive(Debug)]
pub struct Pattern {
    /// The folder that all matches lie in, relative to the source's: its leading segments that name one folder each.
    pub(crate) folder: String,
    /// The segments after it that name folders by dates, and what lies between them; empty if there is no date among them.
    pub(crate) levels: Vec<Level>,
    /// Whether matches lie directly in `folder`, or in the folders of the last level.
    pub(crate) flat: bool,
    matcher: GlobMatcher,
}

/// Folders on the way to the files of a pattern with dates.
#[derive(Debug)]
pub(crate) enum Level {
    /// One folder.
    Named(String),
    /// Those that are named so.
    Dated(DatedName),
}

impl Pattern {
    /// Checks `pattern`, which is relative to the source's folder and may not leave it.
    ///
    /// # Errors
    /// [`ConnectError::Pattern`] with the reason.
    pub fn new(pattern: &str) -> Result<Pattern, ConnectError> {
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
        // An alternative may hold a slash (`{a/b,c}`), which splitting by segment would cut in two: it ends the levels.
        let named = segments[literal..last].iter().take_while(|segment| !is_glob(&dates::without(segment)));
        let level = |segment: &&str| match DatedName::parse(segment) {
            Some(name) => Level::Dated(name),
            None => Level::Named((*segment).to_owned()),
        };
        let levels: Vec<Level> = named.map(level).collect();
        let flat = literal + levels.len() == last && !segments[last].contains("**");
        let matcher = GlobBuilder::new(&dates::as_glob(relative))
            .literal_separator(true)
            .build()
            .map_err(|error| refuse(&error.kind().to_string()))?
            .compile_matcher();
        Ok(Pattern { folder: segments[..literal].join("/"), levels, flat, matcher })
    }

    /// Whether the file at `path`, relative to the source's folder, is one of the source's. Files and folders whose
    /// name starts with `.` or `_` are hidden, unless the literal beginning of the pattern names them.
    pub fn matches(&self, path: &str) -> bool {
        let below = path.strip_prefix(self.folder.as_str()).unwrap_or(path);
        let hidden = below.split('/').any(|segment| segment.starts_with(['.', '_']));
        !hidden && self.matcher.is_match(path)
    }

    /// Whether folders are named by dates, so that those of earlier ones can be left out.
    pub fn has_dates(&self) -> bool {
        !self.levels.is_empty()
    }

    /// The date that the folders of a matching file name: its first moment. `None` where they name none that exists.
    pub fn date_of(&self, path: &str) -> Option<NaiveDateTime> {
        let below = path.strip_prefix(self.folder.as_str())?.trim_start_matches('/');
        let mut stamp = Stamp::default();
        for (level, name) in self.levels.iter().zip(below.split('/')) {
            stamp = level.read(name, stamp)?;
        }
        stamp.begins()
    }
}

impl Level {
    /// What a folder of this name adds to what is known of the time; `None` if it is not on the way.
    pub(crate) fn read(&self, name: &str, stamp: Stamp) -> Option<Stamp> {
        match self {
            Level::Named(named) => (named == name).then_some(stamp),
            Level::Dated(dated) => dated.read(name, stamp),
        }
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
    fn folders_may_be_dates() {
        let pattern = Pattern::new("events/{yyyy}/{MM}/{dd}/*.json").unwrap();
        assert_eq!((pattern.folder.as_str(), pattern.levels.len(), pattern.flat), ("events", 3, true));
        assert!(pattern.matches("events/2026/03/01/a.json"));
        assert!(!pattern.matches("events/2026/3/1/a.json"));
        assert!(!pattern.matches("events/today/03/01/a.json"));
        let date = |path: &str| pattern.date_of(path).map(|date| date.to_string());
        assert_eq!(date("events/2026/03/01/a.json").as_deref(), Some("2026-03-01 00:00:00"));
        assert_eq!(date("events/2026/02/30/a.json"), None);
        let hive = Pattern::new("dt={yyyy}-{MM}-{dd}/part/**/{a,b}*.json").unwrap();
        assert_eq!((hive.folder.as_str(), hive.levels.len(), hive.flat), ("", 2, false));
        assert!(hive.matches("dt=2026-03-01/part/x/b1.json"));
        // In the file's own name, and after a star, parts of dates are digits and no more.
        let named = Pattern::new("*/{yyyy}/orders_{MM}.json").unwrap();
        assert!(!named.has_dates() && named.matches("x/2026/orders_03.json"));
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
