//! The page behind each diagnostic code: what it means, an example, how to mend it.
//!
//! A new code is one Markdown file in `codes/` and one line in the table.

macro_rules! pages {
    ($($code:literal)*) => { &[$(($code, include_str!(concat!("codes/", $code, ".md")))),*] };
}

/// Every code of the program with its page, in alphabetical order.
const PAGES: &[(&str, &str)] = pages! {
    "unknown-key"
};

/// The page on a diagnostic code, as Markdown; none for a code that no diagnostic has.
pub fn explanation(code: &str) -> Option<&'static str> {
    PAGES.iter().find(|(name, _)| *name == code).map(|(_, page)| *page)
}

/// Every diagnostic code, in alphabetical order.
pub fn codes() -> impl Iterator<Item = &'static str> {
    PAGES.iter().map(|(name, _)| *name)
}
