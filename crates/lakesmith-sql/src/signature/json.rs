//! JSON.

pub(super) const FUNCTIONS: &str = "
    to_json(any) -> string
    get_json_object(string, string) -> string nullable
";
