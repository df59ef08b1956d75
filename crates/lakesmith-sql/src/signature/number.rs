//! Numbers.

pub(super) const FUNCTIONS: &str = "
    abs(number) -> @same
    sign(double) -> double
    round(number, int?) -> @round
    bround(number, int?) -> @round
    ceil(number) -> @ceil
    floor(number) -> @ceil
    sqrt(double) -> double
    power(double, double) -> double
    exp(double) -> double
    ln(double) -> double nullable
    log(double, double?) -> double nullable
    log10(double) -> double nullable
    mod(number, number) -> @remainder
    pmod(number, number) -> @remainder
    try_mod(number, number) -> @remainder nullable
    try_divide(number, number) -> @divide nullable
    try_add(number, number) -> @add nullable
    try_subtract(number, number) -> @add nullable
    try_multiply(number, number) -> @multiply nullable
";
