//! The functions that the language has, one line each.

/// The names of all functions, in order.
pub fn function_names() -> Vec<&'static str> {
    Vec::new()
}
