//! The language: Spark SQL parsed, resolved, typed and rewritten
