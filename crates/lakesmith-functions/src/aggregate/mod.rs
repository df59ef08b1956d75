//! Aggregates whose answers differ from DataFusion's: `sum` and `avg`, exact and checked on integers and decimals.

mod exact;
mod function;
mod twice;

use std::sync::Arc;

use datafusion::logical_expr::AggregateUDF;

pub(crate) use twice::KeepTypes;

/// The aggregates of this module.
pub(crate) fn functions() -> Vec<Arc<AggregateUDF>> {
    vec![
        Arc::new(AggregateUDF::new_from_impl(function::Total::sum())),
        Arc::new(AggregateUDF::new_from_impl(function::Total::avg())),
    ]
}
