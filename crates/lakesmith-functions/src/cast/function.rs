//! The function behind `CAST`.

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::expr::Cast;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{ColumnarValue, Expr, ExprSchemable, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::{OnError, cast};

/// `cast(value)` to a fixed type.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct SparkCast {
    name: String,
    to: DataType,
    on_error: OnError,
    signature: Signature,
}

impl SparkCast {
    pub(crate) fn new(to: DataType, on_error: OnError) -> Self {
        let verb = if on_error == OnError::Null { "try_cast" } else { "cast" };
        let name = format!("{verb}_to_{}", crate::types::spark_name(&to));
        Self::named(&name, to, on_error)
    }

    /// With the name that the query calls it by.
    pub(crate) fn named(name: &str, to: DataType, on_error: OnError) -> Self {
        Self { name: name.to_owned(), to, on_error, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for SparkCast {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(types.to_vec())
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(self.to.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let convert = |array: &ArrayRef| cast(array, &self.to, self.on_error);
        match &args.args[0] {
            ColumnarValue::Array(array) => convert(array).map(ColumnarValue::Array),
            ColumnarValue::Scalar(value) => {
                let converted = convert(&value.to_array()?)?;
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&converted, 0)?))
            }
        }
    }

    /// A cast that changes nothing goes; one that only widens an integer becomes DataFusion's, which it can prune by.
    fn simplify(&self, mut args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        if args.len() != 1 {
            return Ok(ExprSimplifyResult::Original(args));
        }
        let from = args[0].get_type(info.schema())?;
        if from == self.to {
            return Ok(ExprSimplifyResult::Simplified(args.remove(0)));
        }
        if from.is_signed_integer() && self.to.is_signed_integer() && from.primitive_width() < self.to.primitive_width() {
            let widened = Expr::Cast(Cast::new(Box::new(args.remove(0)), self.to.clone()));
            return Ok(ExprSimplifyResult::Simplified(widened));
        }
        Ok(ExprSimplifyResult::Original(args))
    }
}
