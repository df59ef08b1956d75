//! Functions that Spark has and a step must not use: computed again, they give something else.

const RANDOM: &[&str] = &[
    "rand",
    "random",
    "randn",
    "randstr",
    "uniform",
    "uuid",
    "shuffle",
    "monotonically_increasing_id",
    "spark_partition_id",
    "input_file_name",
    "input_file_block_start",
    "input_file_block_length",
    "current_user",
    "user",
    "session_user",
];

/// Whether a lower-case name is one of them.
pub(crate) fn is_random(name: &str) -> bool {
    RANDOM.contains(&name)
}
