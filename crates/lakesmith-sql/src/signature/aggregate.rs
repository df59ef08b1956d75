//! Many rows to one. `count(*)` is typed in `resolve`.

pub(super) const FUNCTIONS: &str = "
    count(any, any...) -> bigint never
    count_if(boolean) -> bigint never
    sum(number) -> @sum nullable
    avg(number) -> @avg nullable
    min(T) -> T nullable
    max(T) -> T nullable
    min_by(T, U) -> T nullable
    max_by(T, U) -> T nullable
    first(T, boolean?) -> @first nullable unordered
    last(T, boolean?) -> @first nullable unordered
    first_value(T, boolean?) -> @first nullable unordered
    last_value(T, boolean?) -> @first nullable unordered
    any_value(T, boolean?) -> @first nullable unordered
    collect_list(T) -> array<T> never unordered
    collect_set(T) -> array<T> never unordered
    stddev(double) -> double nullable
    stddev_pop(double) -> double nullable
    variance(double) -> double nullable
    var_pop(double) -> double nullable
    approx_count_distinct(any, double?) -> bigint never
";
