//! Text.

pub(super) const FUNCTIONS: &str = "
    lower(string) -> string
    upper(string) -> string
    initcap(string) -> string
    trim(string) -> string
    ltrim(string) -> string
    rtrim(string) -> string
    length(binary) -> int
    length(string) -> int
    substring(string, int, int?) -> string
    left(string, int) -> string
    right(string, int) -> string
    concat(array<T>, array<T>...) -> array<T>
    concat(string, string...) -> string
    concat_ws(string, array<string>) -> string
    concat_ws(string, string...) -> string
    replace(string, string, string?) -> string
    regexp_replace(string, string, string, int?) -> string
    regexp_extract(string, string, int?) -> string
    regexp_like(string, string) -> boolean
    split(string, string, int?) -> array<string>
    split_part(string, string, int) -> string
    lpad(string, int, string?) -> string
    rpad(string, int, string?) -> string
    instr(string, string) -> int
    locate(string, string, int?) -> int
    position(string, string, int?) -> int
    startswith(string, string) -> boolean
    endswith(string, string) -> boolean
    contains(string, string) -> boolean
    reverse(array<T>) -> array<T>
    reverse(string) -> string
    repeat(string, int) -> string
    translate(string, string, string) -> string
    ascii(string) -> int
    char(bigint) -> string
    md5(string) -> string
    sha2(string, int) -> string
";
