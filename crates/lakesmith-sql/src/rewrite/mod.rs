//! Trees made from trees: parameters filled in, errors turned into NULL, and the test that says where that happened.

mod bind;
mod fails;
mod lenient;
pub(crate) mod tree;

pub use bind::{Literal, bind};
pub use fails::fails;
pub use lenient::lenient;
