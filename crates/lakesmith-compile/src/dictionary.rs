//! `monitoring.data_dictionary`: every column of every table of a lakehouse with what is known of it, to be queried as any
//! other table.
//!
//! It is made of the project and its plan alone, as literals in its step: no table is read for it, and whether it has to be
//! written again is told by one number. A table whose columns are not known yet is in it once they are.

mod allowed;
mod sensitive;

use crate::date::fingerprint;
use crate::gold::{own, stamp_names, stamped, stamps};
use crate::model::{ColumnRole, Model, ModelColumn, ModelTable};
use crate::name::{Layer, TableName};
use crate::plan::{Flow, FlowKind, Plan};
use crate::select::{items, list, literal, quote};
use crate::step::{Keyed, Step, Write};
use crate::table::{Column, Table};
use allowed::Allowed;
use lakesmith_project::Project;
use lakesmith_sql::DataType;
use sensitive::Sensitive;

/// Its name.
const NAME: &str = "data_dictionary";
/// The relation of its rows within the step.
const ROWS: &str = "d";

/// What it says of a column, `stamps` apart.
fn columns() -> Vec<Column> {
    let column = |name: &str, ty, words: &str| Column::new(name, ty).described(Some(words.to_owned()));
    let (text, int, bool) = (DataType::String, DataType::Int, DataType::Boolean);
    vec![
        column("schema_name", text.clone(), "The table's layer: bronze, silver, gold or monitoring"),
        column("table_name", text.clone(), "The table, without its layer"),
        column("column_name", text.clone(), "The column"),
        column("ordinal_position", int, "Where it stands in the table, from 1"),
        column("data_type", text.clone(), "Its Spark SQL type"),
        column("is_nullable", bool, "Whether it may be NULL; false where lakesmith gives every row a value"),
        column("description", text.clone(), "What it means"),
        column("table_description", text.clone(), "What the table holds"),
        column(
            "role",
            text.clone(),
            "What it is for: key; in gold surrogate key, foreign key, natural key, measure, …; lakesmith of what lakesmith adds",
        ),
        column("refers_to", text.clone(), "Of a foreign key the key it refers to: gold.dim_date.date_key"),
        column("unit", text.clone(), "What a measure is counted in"),
        column("additivity", text.clone(), "Along which dimensions a fact's measure may be summed"),
        column("sensitivity", text, "What is sensitive in it, by the tags and sources that it is made of: pii, phi, …"),
        column(
            "sample_values",
            DataType::Array(Box::new(DataType::String)),
            "Values that the project itself lists for it in a rule; never a value that was read",
        ),
    ]
}

fn name() -> TableName {
    TableName::new(Layer::Monitoring, NAME)
}

fn target() -> Table {
    Table {
        name: name(),
        path: format!("monitoring/{NAME}"),
        description: Some("Every column of every table, with what is known of it: one row per column".to_owned()),
        columns: [columns(), stamps()].concat(),
        partition_by: vec![],
        cluster_by: vec![],
        append_only: false,
        change_data: false,
    }
}

/// The flow that fills it, for the flows of a plan.
pub(crate) fn flow(project: &Project, plan: &Plan) -> Flow {
    let target = target();
    let step = step(&rows(project, plan, &target));
    Flow {
        kind: FlowKind::Dictionary,
        at: project.lakehouse.name.span,
        tags: vec![],
        inputs: vec![],
        companions: vec![],
        columns_known: true,
        window: None,
        whole: Some("it is made of the project alone".to_owned()),
        rebuilds: true,
        fingerprint: Some(fingerprint(&step.sql())),
        definition: Default::default(),
        lineage: Default::default(),
        first: Some(step.clone()),
        step: Some(step),
        name: target.name.clone(),
        target,
    }
}

/// One row a column, each value as SQL.
fn rows(project: &Project, plan: &Plan, own: &Table) -> Vec<Vec<String>> {
    let model = Model::of(project, plan);
    let (sensitive, allowed) = (Sensitive::of(project, plan), Allowed::of(project, plan));
    let mut rows = vec![];
    for (flow, table) in plan.tables() {
        let known = Known { project, flow, model: model.table(&table.name), sensitive: &sensitive, allowed: &allowed };
        rows.extend(table.columns.iter().enumerate().map(|(n, column)| known.row(table, n + 1, column)));
    }
    let row = |(n, column): (usize, &Column)| {
        let (stamp, key) = (column.name.starts_with('_'), n < 3);
        let mut row = plain(own, n + 1, column, key || (stamp && column.name != "_source_system"));
        let role = if stamp { Some(ColumnRole::Lakesmith.words()) } else { key.then_some("key") };
        row.push(or_null(role));
        row.extend([null(), null(), null(), null(), null()]);
        row
    };
    rows.extend(own.columns.iter().enumerate().map(row));
    rows
}

fn null() -> String {
    "NULL".to_owned()
}

fn or_null(text: Option<&str>) -> String {
    text.map_or_else(null, literal)
}

/// The columns up to `table_description`.
fn plain(table: &Table, position: usize, column: &Column, filled: bool) -> Vec<String> {
    vec![
        literal(table.name.layer().as_str()),
        literal(table.name.name()),
        literal(&column.name),
        position.to_string(),
        literal(&column.ty.to_string()),
        if filled { "FALSE" } else { "TRUE" }.to_owned(),
        or_null(column.description.as_deref()),
        or_null(table.description.as_deref()),
    ]
}

/// What is known of the columns of a table.
struct Known<'a> {
    project: &'a Project,
    flow: &'a Flow,
    model: Option<&'a ModelTable>,
    sensitive: &'a Sensitive,
    allowed: &'a Allowed,
}

impl Known<'_> {
    fn row(&self, table: &Table, position: usize, column: &Column) -> Vec<String> {
        let modelled = self.model.and_then(|model| model.column(&column.name));
        let refers_to = self.model.and_then(|model| {
            let reference = model.refers_to.iter().find(|reference| reference.column == column.name)?;
            Some(format!("{}.{}", reference.dimension, reference.key))
        });
        let mut row = plain(table, position, column, self.filled(table, column, modelled));
        row.push(or_null(self.role(table, column, modelled)));
        row.push(or_null(refers_to.as_deref()));
        row.push(or_null(modelled.and_then(|column| column.unit.as_deref())));
        row.push(or_null(modelled.and_then(|column| column.additivity)));
        row.push(self.sensitive.words(&table.name, &column.name));
        row.push(match self.sensitive.is(&table.name, &column.name) {
            true => null(),
            false => self.allowed.values(&table.name, &column.name),
        });
        row
    }

    fn role(&self, table: &Table, column: &Column, modelled: Option<&ModelColumn>) -> Option<&'static str> {
        if let Some(column) = modelled {
            return Some(column.role.words());
        }
        if column.name.starts_with('_') {
            return Some(ColumnRole::Lakesmith.words());
        }
        let entity = self.project.entities.iter().find(|entity| entity.table() == table.name.to_string());
        let key = entity.is_some_and(|entity| entity.key.iter().any(|key| key.value == column.name));
        key.then_some("key")
    }

    /// Whether every row has a value, because lakesmith gives it one.
    fn filled(&self, table: &Table, column: &Column, modelled: Option<&ModelColumn>) -> bool {
        if column.name == "_batch_id" {
            return true;
        }
        if table.name != self.flow.name {
            return false;
        }
        const STAMPS: [&str; 6] = [
            "_created_timestamp",
            "_updated_timestamp",
            "_ingestion_timestamp",
            "_ingestion_date",
            "_processing_timestamp",
            "_is_valid",
        ];
        let key = [ColumnRole::SurrogateKey, ColumnRole::ForeignKey, ColumnRole::Validity];
        STAMPS.contains(&column.name.as_str()) || modelled.is_some_and(|column| key.contains(&column.role))
    }
}

fn step(rows: &[Vec<String>]) -> Step {
    let columns = columns();
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let values: Vec<String> = rows.iter().map(|row| format!("({})", row.join(", "))).collect();
    // A column of which no row says anything would have no type.
    let mut select: Vec<String> =
        columns.iter().map(|column| format!("CAST({0} AS {1}) AS {0}", quote(&column.name), column.ty)).collect();
    select.extend(stamped(&own(), true));
    let keyed = Keyed {
        keys: vec![],
        identity: ["schema_name", "table_name", "column_name"].map(str::to_owned).to_vec(),
        surrogate: None,
        kept: vec!["_created_timestamp".to_owned()],
        stamps: stamp_names(),
    };
    Step {
        with: vec![],
        select: format!(
            "SELECT\n  {}\nFROM VALUES\n  {} AS {}({})",
            items(&select),
            values.join(",\n  "),
            quote(ROWS),
            list(&names)
        ),
        write: Write::ReplaceAll(keyed),
        companions: vec![],
        outcomes: None,
        checks: vec![],
        counts: vec![],
        places: vec![],
    }
}
