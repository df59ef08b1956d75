//! What a query may call: the whole list, by the names that the rewriting leaves in it.
//!
//! DataFusion's and datafusion-spark's own are taken where their answers are Spark's; the others are ours. A function that
//! is not here cannot be planned.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use datafusion::functions_nested as nested;
use datafusion::logical_expr::{AggregateUDF, HigherOrderUDF, ScalarUDF, WindowUDF};
use datafusion::{functions, functions_aggregate, functions_window};

use crate::{aggregate, arithmetic, conditional, datetime, scalar};

/// Functions by name.
#[derive(Debug)]
pub struct Registry {
    /// One value per row.
    pub scalars: BTreeMap<String, Arc<ScalarUDF>>,
    /// Functions that take a lambda.
    pub higher_order: BTreeMap<String, Arc<HigherOrderUDF>>,
    /// One value per group.
    pub aggregates: BTreeMap<String, Arc<AggregateUDF>>,
    /// Functions that only a window has.
    pub windows: BTreeMap<String, Arc<WindowUDF>>,
}

/// The one registry.
pub fn registry() -> &'static Registry {
    static REGISTRY: LazyLock<Registry> = LazyLock::new(build);
    &REGISTRY
}

fn build() -> Registry {
    let ours = scalar::functions().into_iter().chain(datetime::functions());
    let scalars = ours
        .map(|f| Arc::new(ScalarUDF::new_from_impl(f)))
        .chain(arithmetic::functions())
        .chain(conditional::functions())
        .chain(theirs());
    let aggregates = aggregate::functions().into_iter().chain([
        functions_aggregate::count::count_udaf(),
        functions_aggregate::min_max::min_udaf(),
        functions_aggregate::min_max::max_udaf(),
        functions_aggregate::first_last::first_value_udaf(),
        functions_aggregate::first_last::last_value_udaf(),
        functions_aggregate::stddev::stddev_udaf(),
        functions_aggregate::variance::var_samp_udaf(),
        functions_aggregate::stddev::stddev_pop_udaf(),
        functions_aggregate::variance::var_pop_udaf(),
        functions_aggregate::approx_distinct::approx_distinct_udaf(),
        datafusion_spark::function::aggregate::collect_list(),
        datafusion_spark::function::aggregate::collect_set(),
    ]);
    let windows = [
        functions_window::row_number::row_number_udwf(),
        functions_window::rank::rank_udwf(),
        functions_window::rank::dense_rank_udwf(),
        functions_window::ntile::ntile_udwf(),
        functions_window::lead_lag::lag_udwf(),
        functions_window::lead_lag::lead_udwf(),
        functions_window::nth_value::first_value_udwf(),
        functions_window::nth_value::last_value_udwf(),
        functions_window::nth_value::nth_value_udwf(),
    ];
    let higher_order = [
        nested::array_transform::array_transform_higher_order_function(),
        nested::array_filter::array_filter_higher_order_function(),
        nested::array_any_match::array_any_match_higher_order_function(),
    ];
    Registry {
        scalars: scalars.map(|f| (f.name().to_owned(), f)).collect(),
        higher_order: higher_order.into_iter().map(|f| (f.name().to_owned(), f)).collect(),
        aggregates: aggregates.map(|f| (f.name().to_owned(), f)).collect(),
        windows: windows.into_iter().map(|f| (f.name().to_owned(), f)).collect(),
    }
}

/// Functions of DataFusion and datafusion-spark whose answers are Spark's.
fn theirs() -> Vec<Arc<ScalarUDF>> {
    vec![
        functions::core::greatest(),
        functions::core::least(),
        functions::core::named_struct(),
        functions::core::get_field(),
        functions::string::lower(),
        functions::string::upper(),
        functions::unicode::translate(),
        nested::make_array::make_array_udf(),
        nested::flatten::flatten_udf(),
        nested::set_ops::array_distinct_udf(),
        nested::min_max::array_max_udf(),
        nested::min_max::array_min_udf(),
        nested::map::map_udf(),
        nested::map_keys::map_keys_udf(),
        nested::map_values::map_values_udf(),
        nested::map_entries::map_entries_udf(),
        datafusion_spark::function::array::spark_array_contains(),
        datafusion_spark::function::hash::sha2(),
    ]
}
