//! Spark's functions and semantics on DataFusion
