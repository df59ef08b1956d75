//! Spark's documented answers, through the planner and the engine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod battery;
mod queries;
mod support;
