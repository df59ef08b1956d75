//! YAML as a tree that knows its places. The only part of the program that knows the YAML parser.
//!
//! The parser's events become [`Node`]s rather than typed values straight away, because a typed reader stops at the first
//! fault and the user should see all of them. Aliases are expanded within bounds; tags, merge keys and several documents in
//! one file have no meaning here.

mod align;
mod node;
mod parse;

pub(crate) use node::{Entry, Kind, Node, boolean, number};
pub(crate) use parse::parse;
