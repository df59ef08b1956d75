//! Choices and NULL.

pub(super) const FUNCTIONS: &str = "
    coalesce(T, T...) -> T all
    nvl(T, T) -> T all
    nvl2(any, T, T) -> T nullable
    nullif(T, T) -> @first nullable
    if(boolean, T, T) -> T nullable
    greatest(T, T, T...) -> T all
    least(T, T, T...) -> T all
    isnull(any) -> boolean never
    isnotnull(any) -> boolean never
    typeof(any) -> string never
";
