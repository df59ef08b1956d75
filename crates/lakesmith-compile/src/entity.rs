//! Silver: one table per entity, cleansed. In this order: read, typed, rules, quarantine or drop, defaults, dedupe
//! within the batch and against the target, write.

mod batch;
mod columns;
mod dedupe;
mod lookup;
mod parent;
pub(crate) mod rescued;
mod snapshot;
mod tombstones;

use crate::layout;
use crate::name::{Layer, TableName};
use crate::plan::{Flow, FlowKind, Input, Known};
use crate::step::Step;
use crate::table::{Column, Table};
pub use columns::snake_case;
use dedupe::{Making, Reads};
use lakesmith_project::{Entity, History};
use lakesmith_sql::DataType;
use lakesmith_text::{Diagnostic, Diagnostics};
use lookup::Looked;
pub(crate) use parent::Parent;
pub(crate) use snapshot::Full;

/// What of an entity other flows rely on.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// Columns that tell rows apart: the key, with the sequence where every state is kept. Of rows that are appended as they
    /// came, all that can be compared, those that order them first.
    pub(crate) identity: Vec<String>,
    /// Whether no two rows have the same.
    pub(crate) unique: bool,
    /// The column that orders the states of a key, if one does.
    pub(crate) sequence_by: Option<String>,
    /// Whether the states of a key are kept.
    pub(crate) keeps_states: bool,
    /// The table of its tombstones, if rows can be deleted, and the columns that find one: key and sequence.
    pub(crate) tombstones: Option<(TableName, Vec<String>)>,
}

pub(crate) fn name(entity: &Entity) -> TableName {
    TableName::new(Layer::Silver, format!("{}_{}", entity.domain, entity.name))
}

/// The columns that order the states of a key: `sequence_by`, else the arrival.
pub(crate) fn sequence(entity: &Entity) -> Vec<String> {
    match &entity.sequence_by {
        Some(column) => vec![column.value.clone()],
        None => ARRIVAL.iter().map(|name| (*name).to_owned()).collect(),
    }
}

pub(crate) const ARRIVAL: [&str; 3] = ["_source_modified", "_source_file", "_source_position"];

pub(crate) fn shape(entity: &Entity) -> Shape {
    let keeps_states = matches!(entity.history, History::Changes | History::Type2);
    let mut identity: Vec<String> = entity.key.iter().map(|key| key.value.clone()).collect();
    if keeps_states {
        identity.extend(sequence(entity));
    }
    let sequence_by = entity.sequence_by.as_ref().map(|column| column.value.clone());
    Shape { identity, unique: entity.history != History::Append, sequence_by, keeps_states, tombstones: None }
}

/// The flow that fills an entity's table from its parent, and what other flows rely on.
pub(crate) fn flow(entity: &Entity, parent: &Parent, known: &Known, faults: &mut Diagnostics) -> (Flow, Shape) {
    let name = name(entity);
    let path = format!("silver/{}/{}", entity.domain, entity.name);
    let at = entity.reads_at();
    // What was appended stays, whatever becomes of the parent's row.
    let follows_changes = !parent.has_arrival() && entity.history != History::Append;
    let mut inputs = match &parent.query {
        Some(query) => query.inputs.clone(),
        None if follows_changes => vec![Input::changes(parent.name.clone(), at)],
        None => vec![Input::new(parent.name.clone(), at)],
    };
    if let Some(full) = &parent.full {
        inputs[0].each = true;
        inputs.push(Input { each: true, ..Input::new(full.receipts.clone(), at) });
    }
    let before = faults.errors();
    let (lookups, looked) = lookup::lookups(entity, known, inputs.len() + 1, faults);
    inputs.extend(looked);
    let checked = columns::checked(entity, parent, faults).filter(|checked| follows(entity, parent, checked, faults));
    let is_known = checked.is_some() && before == faults.errors();
    let checked = checked.unwrap_or_default();
    let columns = table_columns(entity, parent, &checked, &lookups);
    let target = Table {
        name: name.clone(),
        path: path.clone(),
        description: entity.description.as_ref().map(|words| words.value.clone()),
        columns,
        partition_by: vec![],
        cluster_by: layout::clustered(&entity.cluster_by),
        append_only: false,
        change_data: false,
    };
    let quarantine = quarantine(&name, &path, &checked.columns());
    // An append keeps what a feed says as it says it.
    let tombstones =
        (parent.feed && entity.history != History::Append).then(|| tombstones::table(&name, &path, entity, &checked));
    let told = tombstones.as_ref().filter(|_| checked.feed);
    let making = Making {
        entity,
        parent,
        checked: &checked,
        target: &target,
        quarantine: &quarantine,
        tombstones: told,
        lookups: &lookups,
    };
    let step = |reads: Reads| -> Option<Step> { is_known.then(|| making.step(reads)) };
    let whole = parent.whole();
    let usual = if whole.is_some() && parent.query.is_some() { Reads::All } else { Reads::New };
    let (step, first) = (step(usual), step(Reads::All));
    let window = is_known.then(|| making.window()).flatten();
    let buried = told.map(|table| (table.name.clone(), tombstones::identity(entity)));
    let flow = Flow {
        step,
        first,
        window,
        rebuilds: follows_changes,
        whole,
        kind: FlowKind::Entity { history: entity.history },
        at: entity.at,
        tags: entity.tags.iter().map(|tag| tag.value.clone()).collect(),
        inputs,
        companions: std::iter::once(quarantine).chain(tombstones).collect(),
        columns_known: is_known,
        definition: Default::default(),
        lineage: parent.query.as_ref().map(|query| query.lineage.clone()).unwrap_or_default(),
        fingerprint: None,
        name,
        target,
    };
    let mut shape = Shape { tombstones: buried, ..shape(entity) };
    if !shape.unique {
        shape.identity = told_apart(entity, &flow.target.columns);
    }
    (flow, shape)
}

/// What tells rows apart that are appended as they came: their order, then what they say.
fn told_apart(entity: &Entity, columns: &[Column]) -> Vec<String> {
    let mut names = sequence(entity);
    names.retain(|name| columns.iter().any(|column| column.name == *name));
    let said = columns.iter().filter(|column| column.ty.is_atomic() && !column.name.starts_with('_'));
    let said: Vec<String> = said.map(|column| column.name.clone()).filter(|name| !names.contains(name)).collect();
    names.extend(said);
    names
}

/// The rows of an entity that follows another one are replaced together with their parent's, which they must name; and
/// they have no order of arrival.
fn follows(entity: &Entity, parent: &Parent, checked: &columns::Checked, faults: &mut Diagnostics) -> bool {
    let at = entity.reads_at();
    if !parent.unique && entity.history != History::Append {
        let fault = format!("`{}` keeps every row as it came, so no key says which rows follow which", parent.name);
        faults.push(
            Diagnostic::error("missing-key", fault)
                .at(at)
                .help("read the table that it reads, or keep every row here too: `history: append`"),
        );
        return false;
    }
    if entity.history == History::Append {
        return true;
    }
    let named = parent.has_arrival() || dedupe::parent_keys(parent, checked).len() == parent.identity.len();
    let ordered = parent.has_arrival() || entity.sequence_by.is_some() || !shape(entity).keeps_states;
    if !ordered {
        let fault = format!("the rows of `{}` have no order of arrival, so its states need `sequence_by`", parent.name);
        faults.push(
            Diagnostic::error("missing-key", fault)
                .at(at)
                .help("name the column that says when a state began, or keep the latest one with `history: none`"),
        );
    }
    if !named && parent.query.is_some() {
        let keys = parent.identity.join(", ");
        faults.push(
            Diagnostic::error("key-not-a-column", format!("the key must come out of the query as it is: {keys}"))
                .at(entity.key.first().map_or(at, |key| key.span))
                .help("compute it in the query, and leave it out of `columns:`"),
        );
    } else if !named {
        let keys = parent.identity.join(", ");
        faults.push(
            Diagnostic::error("key-not-a-column", format!("the rows do not say which row of `{}` they come from", parent.name))
                .at(at)
                .help(format!("list the parent's key ({keys}) under `columns:`, unchanged")),
        );
    }
    named && ordered
}

fn table_columns(entity: &Entity, parent: &Parent, checked: &columns::Checked, lookups: &[Looked]) -> Vec<Column> {
    let column = |name: &str, ty, words: &str| Column::new(name, ty).described(Some(words.to_owned()));
    let mut columns = checked.columns();
    columns.extend(lookups.iter().flat_map(|lookup| lookup.columns.iter().cloned()));
    columns.extend([
        column("_source_system", DataType::String, "The source's name"),
        column("_ingestion_timestamp", DataType::Timestamp, "When the row reached bronze, UTC"),
        column("_processing_timestamp", DataType::Timestamp, "When the batch that wrote the row ran, UTC"),
        column("_is_valid", DataType::Boolean, "Whether the row keeps every rule; false stays only under on_fail: warn"),
        column("_validation_errors", DataType::Array(Box::new(DataType::String)), "What each failed rule says"),
    ]);
    if parent.has_arrival() && entity.sequence_by.is_none() {
        columns.extend([
            column(ARRIVAL[0], DataType::Timestamp, "When the row's file was last changed, UTC: first part of the arrival order"),
            column(ARRIVAL[1], DataType::String, "The row's file: second part of the arrival order"),
            column(ARRIVAL[2], DataType::BigInt, "The row's number in the file: last part of the arrival order"),
        ]);
    }
    columns.push(column("_batch_id", DataType::BigInt, "The batch that last wrote the row"));
    columns
}

fn quarantine(of: &TableName, path: &str, silver: &[Column]) -> Table {
    let column = |name: &str, ty, words: &str| Column::new(name, ty).described(Some(words.to_owned()));
    let texts = || DataType::Array(Box::new(DataType::String));
    let mut columns = silver.to_vec();
    columns.extend([
        column("_source_system", DataType::String, "The source's name"),
        column("_ingestion_timestamp", DataType::Timestamp, "When the row reached bronze, UTC"),
        column("_raw", DataType::String, "The row as it was read, as JSON"),
        column("_validation_errors", texts(), "What each failed rule says"),
        column("_failed_rules", texts(), "The names of the failed rules"),
        column("_row_id", DataType::String, "Which row it was: batch, file and position in bronze"),
        column("_status", DataType::String, "open until it is released or discarded"),
        column("_quarantined_at", DataType::Timestamp, "When the batch ran, UTC"),
        column("_resolved_at", DataType::Timestamp, "When it was released or discarded, UTC"),
        column("_resolved_by", DataType::String, "Who released or discarded it"),
        column("_batch_id", DataType::BigInt, "The batch that put the row here"),
    ]);
    Table {
        name: of.companion("quarantine"),
        path: format!("{path}_quarantine"),
        description: Some(format!("Every row read for {of} that fails a rule, with its reasons")),
        columns,
        partition_by: vec![],
        cluster_by: vec![],
        append_only: false,
        change_data: false,
    }
}
