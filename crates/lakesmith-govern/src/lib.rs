//! The one gate: whoever reads passes here
