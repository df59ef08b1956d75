//! Dates and timestamps. Patterns are Java's: `yyyy-MM-dd HH:mm:ss`.

pub(super) const FUNCTIONS: &str = "
    current_date() -> date never
    current_timestamp() -> timestamp never
    to_date(date) -> date
    to_date(timestamp) -> date
    to_date(string, string?) -> date
    try_to_date(date) -> date
    try_to_date(timestamp) -> date
    try_to_date(string, string?) -> date nullable
    to_timestamp(timestamp) -> timestamp
    to_timestamp(date) -> timestamp
    to_timestamp(string, string?) -> timestamp
    try_to_timestamp(timestamp) -> timestamp
    try_to_timestamp(date) -> timestamp
    try_to_timestamp(string, string?) -> timestamp nullable
    date_format(timestamp, string) -> string
    year(date) -> int
    quarter(date) -> int
    month(date) -> int
    day(date) -> int
    dayofweek(date) -> int
    weekday(date) -> int
    dayofyear(date) -> int
    weekofyear(date) -> int
    hour(timestamp) -> int
    minute(timestamp) -> int
    second(timestamp) -> int
    date_add(date, int) -> date
    date_sub(date, int) -> date
    datediff(date, date) -> int
    add_months(date, int) -> date
    months_between(timestamp, timestamp, boolean?) -> double
    last_day(date) -> date
    next_day(date, string) -> date
    date_trunc(string, timestamp) -> timestamp nullable
    trunc(date, string) -> date nullable
    make_date(int, int, int) -> date
    unix_timestamp() -> bigint never
    unix_timestamp(timestamp) -> bigint
    unix_timestamp(date) -> bigint
    unix_timestamp(string, string?) -> bigint
    from_unixtime(bigint, string?) -> string
";
