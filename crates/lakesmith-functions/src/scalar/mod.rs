//! Functions of one row, by subject, and what they are made of.
//!
//! A function is a [`SparkFunction`]: a name, how many arguments it takes, its result type and its code. Arguments arrive
//! in whatever type the query has and are read through [`Args`], which casts by Spark's rules; so no function depends on
//! DataFusion's coercion.

mod args;
mod arrays;
mod conditions;
mod digest;
mod json;
mod maps;
mod math;
mod regex;
mod round;
mod strings;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{ScalarValue, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

pub(crate) use args::{Args, Strings};

/// The functions of this module.
pub(crate) fn functions() -> Vec<SparkFunction> {
    [
        arrays::functions(),
        conditions::functions(),
        digest::functions(),
        json::functions(),
        maps::functions(),
        math::functions(),
        regex::functions(),
        round::functions(),
        strings::functions(),
    ]
    .concat()
}

/// The type of a call's result, from the types of its arguments and those of them that are literals.
pub(crate) type Returns = fn(&[DataType], &[Option<&ScalarValue>]) -> Result<DataType>;

/// A deterministic function of one row.
#[derive(Debug, Clone)]
pub(crate) struct SparkFunction {
    name: &'static str,
    /// The fewest and the most arguments.
    arity: (usize, usize),
    returns: Returns,
    eval: fn(&Args) -> Result<ArrayRef>,
    signature: Signature,
}

impl SparkFunction {
    pub(crate) fn new(name: &'static str, arity: (usize, usize), returns: Returns, eval: fn(&Args) -> Result<ArrayRef>) -> Self {
        Self { name, arity, returns, eval, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl PartialEq for SparkFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for SparkFunction {}

impl std::hash::Hash for SparkFunction {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for SparkFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let (least, most) = self.arity;
        if (least..=most).contains(&types.len()) {
            return Ok(types.to_vec());
        }
        let takes = if least == most { least.to_string() } else { format!("{least} to {most}") };
        plan_err!("{} takes {takes} arguments, not {}", self.name, types.len())
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        (self.returns)(types, &vec![None; types.len()])
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let types: Vec<DataType> = args.arg_fields.iter().map(|f| f.data_type().clone()).collect();
        let returns = (self.returns)(&types, args.scalar_arguments)?;
        Ok(Field::new(self.name, returns, true).into())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args.args.iter().all(|a| matches!(a, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let out = (self.eval)(&Args::new(self.name, &args.args, rows, args.return_field.data_type()))?;
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&out, 0)?));
        }
        Ok(ColumnarValue::Array(out))
    }
}

/// Result types that most functions have.
pub(crate) mod returns {
    use super::*;

    pub(crate) fn string(_: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }
    pub(crate) fn boolean(_: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }
    pub(crate) fn int(_: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
        Ok(DataType::Int32)
    }
    pub(crate) fn bigint(_: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
        Ok(DataType::Int64)
    }
    pub(crate) fn double(_: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
        Ok(DataType::Float64)
    }
    pub(crate) fn date(_: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
        Ok(DataType::Date32)
    }
    pub(crate) fn timestamp(_: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
        Ok(crate::types::timestamp())
    }
    pub(crate) fn strings(_: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
        Ok(crate::types::list(DataType::Utf8))
    }
    /// The type of the first argument.
    pub(crate) fn first(types: &[DataType], _: &[Option<&ScalarValue>]) -> Result<DataType> {
        Ok(types.first().cloned().unwrap_or(DataType::Null))
    }
}
