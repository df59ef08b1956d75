//! What the user may have meant.

use strsim::damerau_levenshtein;

/// The candidate most like `name`, if one is near enough that offering it helps: equal but for case and separators, or
/// at most one slip of the finger per three letters. Of equally near ones the first in the alphabet.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = squeeze(name);
    let allowed = (plain.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .map(|candidate| (damerau_levenshtein(&plain, &squeeze(candidate)), candidate))
        .filter(|(slips, candidate)| *slips <= allowed && *slips < candidate.chars().count())
        .min()
        .map(|(_, candidate)| candidate)
}

/// Without what people mix up most: case and the separators between words.
fn squeeze(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_offered_and_far_ones_are_not() {
        let keys = ["from", "key", "sequence_by", "history", "columns", "cluster_by"];
        assert_eq!(nearest("kye", keys), Some("key"));
        assert_eq!(nearest("sequenceBy", keys), Some("sequence_by"));
        assert_eq!(nearest("colunms", keys), Some("columns"));
        assert_eq!(nearest("clusterby", keys), Some("cluster_by"));
        assert_eq!(nearest("partition", keys), None);
        assert_eq!(nearest("x", keys), None);
        assert_eq!(nearest("x", ["a"]), None);
    }
}
