//! Why a query could not be planned.

use datafusion::error::DataFusionError;

/// A query that has no plan. None of these is cured by trying again.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Spark syntax that this engine does not run.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// A function that has to be bound to a value before planning, such as `current_timestamp()`.
    #[error("{0} has to be bound to the batch's time before the query is planned")]
    Unbound(String),
    /// A function called with arguments it does not take.
    #[error("{function}: {reason}")]
    Arguments {
        /// The function as Spark names it.
        function: String,
        /// What is wrong with them.
        reason: String,
    },
    /// DataFusion's planner refused the query.
    #[error("the query cannot be planned: {0}")]
    Engine(#[from] DataFusionError),
}
