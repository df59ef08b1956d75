//! From a project to flows in order, each with its steps
