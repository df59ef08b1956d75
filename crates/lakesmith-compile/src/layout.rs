//! How the rows of a table lie in its files, as the project says.

use crate::expression;
use crate::plan::Plan;
use lakesmith_project::{NamedExpr, Project};
use lakesmith_text::{Diagnostic, Diagnostics};

/// The columns by whose order rows are written.
pub(crate) fn clustered(by: &[NamedExpr]) -> Vec<String> {
    by.iter().map(|column| column.name.value.clone()).collect()
}

/// Says what cannot be done: `partition_by`, and `cluster_by` of an expression or of a column that the table lacks.
pub(crate) fn check(project: &Project, plan: &Plan, faults: &mut Diagnostics) {
    let entities = project.entities.iter().map(|e| (crate::entity::name(e).to_string(), &e.partition_by, &e.cluster_by));
    let dimensions = project.dimensions.iter().map(|d| (d.table(), &d.partition_by, &d.cluster_by));
    let facts = project.facts.iter().map(|f| (f.table(), &f.partition_by, &f.cluster_by));
    let aggregates = project.aggregates.iter().map(|a| (a.table(), &a.partition_by, &a.cluster_by));
    for (table, partition_by, cluster_by) in entities.chain(dimensions).chain(facts).chain(aggregates) {
        if let Some(column) = partition_by.first() {
            let fault = Diagnostic::error("unsupported", "`partition_by` is not built yet").at(column.name.span);
            faults.push(fault.help("order the rows with `cluster_by`: a query then reads the files that hold what it asks for"));
        }
        let flow = plan.flows.iter().find(|flow| flow.name.to_string() == table && flow.columns_known);
        for column in cluster_by {
            if let Some(expr) = &column.expr {
                let fault = Diagnostic::error("unsupported", "`cluster_by` an expression is not built yet").at(expr.span());
                faults.push(
                    fault.help("name the column that it is made of: its order is that of the expression, if that only rounds"),
                );
            } else if let Some(flow) = flow.filter(|flow| !flow.target.names().any(|name| name == column.name.value)) {
                faults.push(expression::no_such_column(&flow.name.words(), &flow.target.columns, &column.name));
            }
        }
    }
}
