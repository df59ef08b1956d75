//! How much is run: `LAKESMITH_TIER` is `quick`, `ci` (if unset) or `soak`.
#![allow(clippy::disallowed_methods)] // A test has no one to pass it its settings but the environment.

/// One of three amounts.
pub(crate) fn of<T>(quick: T, ci: T, soak: T) -> T {
    match std::env::var("LAKESMITH_TIER").as_deref() {
        Ok("quick") => quick,
        Ok("ci") | Err(_) => ci,
        Ok("soak") => soak,
        Ok(other) => panic!("LAKESMITH_TIER is `{other}`: it is quick, ci or soak"),
    }
}

/// A Python with other readers and writers of files, where there is one.
pub(crate) fn python() -> Option<std::ffi::OsString> {
    std::env::var_os("LAKESMITH_PYTHON")
}
