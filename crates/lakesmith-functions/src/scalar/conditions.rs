//! What a value is: `typeof`.

use datafusion::arrow::array::ArrayRef;
use datafusion::error::Result;

use super::{Args, SparkFunction, returns};
use crate::types::spark_name;

pub(super) fn functions() -> Vec<SparkFunction> {
    vec![SparkFunction::new("typeof", (1, 1), returns::string, type_of)]
}

fn type_of(args: &Args) -> Result<ArrayRef> {
    let name = spark_name(&args.data_type(0));
    args.to_strings(|_| Ok(Some(name.clone())))
}
