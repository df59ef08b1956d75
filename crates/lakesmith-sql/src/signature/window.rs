//! Over windows only.

pub(super) const FUNCTIONS: &str = "
    row_number() -> int never
    rank() -> int never
    dense_rank() -> int never
    ntile(int) -> int never
    lag(T, int?) -> @first nullable
    lag(T, int, T) -> T nullable
    lead(T, int?) -> @first nullable
    lead(T, int, T) -> T nullable
";
