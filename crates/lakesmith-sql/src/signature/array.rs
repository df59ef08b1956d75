//! Arrays, maps and structs. `array`, `map` and `named_struct` of any number of arguments are typed in `resolve`.

pub(super) const FUNCTIONS: &str = "
    array(T...) -> array<T> never
    size(array<T>) -> int
    size(map<K, V>) -> int
    array_contains(array<T>, T) -> boolean nullable
    array_position(array<T>, T) -> bigint
    element_at(array<T>, int) -> T nullable
    element_at(map<K, V>, K) -> V nullable
    try_element_at(array<T>, int) -> T nullable
    try_element_at(map<K, V>, K) -> V nullable
    get(array<T>, int) -> T nullable
    sequence(integral, integral, integral?) -> @sequence
    sequence(date, date, interval?) -> array<date>
    sequence(timestamp, timestamp, interval?) -> array<timestamp>
    array_distinct(array<T>) -> array<T>
    array_join(array<string>, string, string?) -> string
    sort_array(array<T>, boolean?) -> array<T>
    array_max(array<T>) -> T nullable
    array_min(array<T>) -> T nullable
    slice(array<T>, int, int) -> array<T>
    flatten(array<array<T>>) -> array<T>
    array_compact(array<T>) -> array<T>
    array_append(array<T>, T) -> array<T>
    transform(array<T>, (T) => U) -> array<U>
    transform(array<T>, (T, int) => U) -> array<U>
    filter(array<T>, (T) => boolean) -> array<T>
    filter(array<T>, (T, int) => boolean) -> array<T>
    exists(array<T>, (T) => boolean) -> boolean nullable
    map_keys(map<K, V>) -> array<K>
    map_values(map<K, V>) -> array<V>
    map() -> map<string, string> never
    named_struct() -> any never
";

pub(super) const GENERATORS: &str = "
    explode(array<T>) -> T nullable
    explode(map<K, V>) -> V nullable
    posexplode(array<T>) -> T nullable
    posexplode(map<K, V>) -> V nullable
";
