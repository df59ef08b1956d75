//! `CASE` and `coalesce` with Spark's common types.
//!
//! DataFusion gives a CASE the type of its first branch until its analyser runs, which is after our operators have chosen
//! their types by it. So a CASE is planned as a function, whose type is right from the start; the optimiser turns it back
//! into a CASE, whose branches run on their own rows alone.

use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, BooleanArray, new_null_array};
use datafusion::arrow::compute::kernels::zip::zip;
use datafusion::arrow::compute::{is_not_null, not, prep_null_mask_filter};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::logical_expr::expr::{BinaryExpr, Case, ScalarFunction};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable, Operator, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, lit,
};

use crate::cast::{OnError, SparkCast, cast};
use crate::guards::may_raise;
use crate::types::{common, spark_name};

/// `case_when(condition, result, …, [otherwise])`, or `coalesce(value, …)`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Conditional {
    coalesce: bool,
    signature: Signature,
}

/// Both.
pub(crate) fn functions() -> impl Iterator<Item = Arc<ScalarUDF>> {
    [false, true]
        .into_iter()
        .map(|coalesce| Conditional { coalesce, signature: Signature::user_defined(Volatility::Immutable) })
        .map(|f| Arc::new(ScalarUDF::new_from_impl(f)))
}

impl Conditional {
    /// Is argument `i` of `n` a result?
    fn is_result(&self, i: usize, n: usize) -> bool {
        self.coalesce || i % 2 == 1 || i + 1 == n
    }
}

impl ScalarUDFImpl for Conditional {
    fn name(&self) -> &str {
        if self.coalesce { "coalesce" } else { "case_when" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(types.to_vec())
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let mut found = DataType::Null;
        for (_, data_type) in types.iter().enumerate().filter(|(i, _)| self.is_result(*i, types.len())) {
            let Some(wider) = common(&found, data_type) else {
                return plan_err!("{} and {} have no common type", spark_name(&found), spark_name(data_type));
            };
            found = wider;
        }
        Ok(found)
    }

    fn short_circuits(&self) -> bool {
        true
    }

    fn conditional_arguments<'a>(&self, args: &'a [Expr]) -> Option<(Vec<&'a Expr>, Vec<&'a Expr>)> {
        let (first, rest) = args.split_first()?;
        Some((vec![first], rest.iter().collect()))
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        let n = args.len();
        let types = args.iter().map(|a| a.get_type(info.schema())).collect::<Result<Vec<_>>>()?;
        let to = self.return_type(&types)?;
        // A CASE of truth values would be taken apart into ANDs and ORs, which evaluate every part on every row.
        let as_number =
            to == DataType::Boolean && args.iter().skip(1).map(may_raise).collect::<Result<Vec<_>>>()?.contains(&true);
        let target = if as_number { DataType::Int32 } else { to };
        let mut whens = vec![];
        let mut otherwise = None;
        let mut condition: Option<Expr> = None;
        for (i, arg) in args.into_iter().enumerate() {
            if !self.is_result(i, n) {
                condition = Some(converted(arg, &types[i], &DataType::Boolean));
                continue;
            }
            let test = if self.coalesce { Some(arg.clone().is_not_null()) } else { condition.take() };
            let result = converted(arg, &types[i], &target);
            match test {
                Some(test) if !(self.coalesce && i + 1 == n) => whens.push((Box::new(test), Box::new(result))),
                _ => otherwise = Some(Box::new(result)),
            }
        }
        if whens.is_empty() {
            return Ok(ExprSimplifyResult::Simplified(
                otherwise.map_or_else(|| lit(datafusion::common::ScalarValue::Null), |e| *e),
            ));
        }
        let case = Expr::Case(Case::new(None, whens, otherwise));
        Ok(ExprSimplifyResult::Simplified(if as_number { is_one(case) } else { case }))
    }

    /// Without an optimiser: every branch on every row.
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let to = args.return_field.data_type();
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let rows = arrays.first().map_or(args.number_rows, |a| a.len());
        let mut out = new_null_array(to, rows);
        let mut open = BooleanArray::from(vec![true; rows]);
        let mut condition: Option<BooleanArray> = None;
        for (i, array) in arrays.iter().enumerate() {
            if !self.is_result(i, arrays.len()) {
                let test = cast(array, &DataType::Boolean, OnError::Raise)?;
                let test = test.as_boolean();
                condition = Some(if test.null_count() > 0 { prep_null_mask_filter(test) } else { test.clone() });
                continue;
            }
            let test = if self.coalesce { Some(is_not_null(array)?) } else { condition.take() };
            let chosen = match test {
                Some(test) => datafusion::arrow::compute::and(&open, &test)?,
                None => open.clone(),
            };
            out = zip(&chosen, &cast(array, to, OnError::Raise)?, &out)?;
            open = datafusion::arrow::compute::and(&open, &not(&chosen)?)?;
        }
        Ok(ColumnarValue::Array(out))
    }
}

fn converted(expr: Expr, from: &DataType, to: &DataType) -> Expr {
    if from == to {
        return expr;
    }
    let udf = ScalarUDF::new_from_impl(SparkCast::new(to.clone(), OnError::Raise));
    Expr::ScalarFunction(ScalarFunction::new_udf(udf.into(), vec![expr]))
}

/// A truth value that travelled as 1, 0 or NULL.
pub(crate) fn is_one(case: Expr) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(Box::new(case), Operator::Eq, Box::new(lit(1i32))))
}
