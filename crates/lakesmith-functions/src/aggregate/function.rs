//! `sum` and `avg` with Spark's types: BIGINT for integers, ten more digits for the sum and four more of each kind for the
//! average of a decimal, DOUBLE for the rest.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::functions_aggregate::{average::Avg, sum::Sum};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, GroupsAccumulator, Signature, Volatility};

use super::exact::{ExactAccumulator, ExactGroups, Output};
use crate::decimal::bounded;

/// `sum` or `avg`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Total {
    average: bool,
    signature: Signature,
}

impl Total {
    pub(crate) fn sum() -> Self {
        Self { average: false, signature: Signature::user_defined(Volatility::Immutable) }
    }

    pub(crate) fn avg() -> Self {
        Self { average: true, signature: Signature::user_defined(Volatility::Immutable) }
    }

    /// DataFusion's, for DOUBLE.
    fn inexact(&self) -> Box<dyn AggregateUDFImpl> {
        if self.average { Box::new(Avg::new()) } else { Box::new(Sum::new()) }
    }

    /// How integers and decimals are totalled; `None` for DOUBLE.
    fn exact(&self, input: &DataType, output: &DataType) -> Option<Output> {
        let scale = match input {
            DataType::Int64 => 0,
            DataType::Decimal128(_, s) => *s,
            _ => return None,
        };
        Some(Output { scale, average: self.average, data_type: output.clone() })
    }
}

impl AggregateUDFImpl for Total {
    fn name(&self) -> &str {
        if self.average { "avg" } else { "sum" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let [input] = types else {
            return plan_err!("{} takes one argument", self.name());
        };
        Ok(vec![match input {
            DataType::Decimal128(_, _) => input.clone(),
            t if t.is_integer() && !self.average => DataType::Int64,
            t if t.is_numeric() || t.is_null() || crate::operators::is_string(t) => DataType::Float64,
            other => return plan_err!("{} takes a number, not {}", self.name(), crate::types::spark_name(other)),
        }])
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(match types.first() {
            Some(DataType::Decimal128(p, s)) => {
                let (p, s) = (i32::from(*p), i32::from(*s));
                let (p, s) = if self.average { bounded(p + 4, s + 4) } else { bounded(p + 10, s) };
                DataType::Decimal128(p, s)
            }
            Some(DataType::Int64) => DataType::Int64,
            _ => DataType::Float64,
        })
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        match self.exact(args.expr_fields[0].data_type(), args.return_field.data_type()) {
            Some(exact) => Ok(Box::new(ExactAccumulator::new(exact, args.is_distinct))),
            None => self.inexact().accumulator(args),
        }
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        match self.exact(args.expr_fields[0].data_type(), args.return_field.data_type()) {
            Some(exact) => Ok(Box::new(ExactAccumulator::new(exact, args.is_distinct))),
            None => self.inexact().create_sliding_accumulator(args),
        }
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let Some(exact) = self.exact(args.input_fields[0].data_type(), args.return_field.data_type()) else {
            return self.inexact().state_fields(args);
        };
        let field = |name: &str, t: DataType| Arc::new(Field::new(format_state_name(args.name, name), t, true));
        Ok(if args.is_distinct {
            vec![field("values", crate::types::list(exact.state_type()))]
        } else {
            vec![field("sum", exact.state_type()), field("count", DataType::Int64)]
        })
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        match self.exact(args.expr_fields[0].data_type(), args.return_field.data_type()) {
            Some(_) => !args.is_distinct,
            None => self.inexact().groups_accumulator_supported(args),
        }
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        match self.exact(args.expr_fields[0].data_type(), args.return_field.data_type()) {
            Some(exact) => Ok(Box::new(ExactGroups::new(exact))),
            None => self.inexact().create_groups_accumulator(args),
        }
    }
}
