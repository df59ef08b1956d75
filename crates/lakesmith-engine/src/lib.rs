//! Runs steps and queries, commits to Delta tables
