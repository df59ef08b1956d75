//! Words as a shell takes them.

/// A path that can be pasted behind `cd`.
pub(crate) fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-~".contains(c);
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_can_be_pasted() {
        assert_eq!(["a/b-1.c", "my demo", "it's"].map(quoted), ["a/b-1.c", "'my demo'", "'it'\\''s'"]);
    }
}
