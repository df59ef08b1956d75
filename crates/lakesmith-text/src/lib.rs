//! Places in text and what is said about them.
//!
//! Everything a user writes keeps the place it was written at, from the first reading to the last error. This crate holds
//! the words for that: a [`Span`] is a range of bytes in one file of [`Sources`], a [`Spanned`] value remembers its span, a
//! [`Located`] text knows the place of each of its bytes, and a [`Diagnostic`] says something about a span. [`render`] and
//! [`render_json`] are the only two ways a diagnostic is shown. [`explanation`] is the page behind each code.
//!
//! It knows nothing of YAML, SQL or tables, and does no I/O.

mod diagnostic;
mod explain;
mod located;
mod nearest;
mod render;
mod sources;
mod span;
mod spanned;

pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use explain::{codes, explanation};
pub use located::{Located, Piece};
pub use nearest::nearest;
pub use render::{render, render_json};
pub use sources::Sources;
pub use span::{FileId, Span};
pub use spanned::Spanned;
