//! Who and what the demo tells of. They are there with any seed.

/// A customer who moves on day 2 and changes the segment on day 4; orders on days 1, 3 and 5.
pub(in super::super) const MOVES: &str = "C-0007";
/// A customer whose row comes on day 4, though the first order was on day 2.
pub(in super::super) const LATE: &str = "C-0304";
/// An order of day 2 with two lines, of which day 3 leaves one with another quantity.
pub(in super::super) const CHANGED: &str = "O-20017";
/// The order of day 2 of [`LATE`].
pub(in super::super) const EARLY: &str = "O-20231";

/// The number in an identifier such as `C-0007`.
pub(super) fn number(id: &str) -> usize {
    id.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or_default()
}
