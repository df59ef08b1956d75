//! The plan: every flow of a project, in the order in which they can run.

use crate::definition::{self, Definition};
use crate::entity::{Full, Parent, Shape};
use crate::lineage::{self, Lineage};
use crate::name::{Layer, TableName};
use crate::queried::{self, Queried};
use crate::step::{Step, Write};
use crate::table::{Column, Table};
use crate::{aggregate, bronze, conform, date, dictionary, dimension, entity, fact, layout};
use lakesmith_project::{ChangeCapture, Deletes, DimensionHistory, Entity, History, Project, SourceKind};
use lakesmith_sql::{Schema, Scope};
use lakesmith_text::{Diagnostic, Diagnostics, Span, Spanned, nearest};
use std::collections::BTreeMap;

/// The columns that bronze tables have of their sources, without lakesmith's own. They are not in the project: they
/// are read from the tables, or inferred from the files. A table that is missing here is not known yet.
pub type Columns = BTreeMap<TableName, Vec<Column>>;

/// What kind of table a flow fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowKind {
    /// Rows of a source as they came: `project.sources[source].tables[table]`.
    Bronze {
        /// Index of the source in the project.
        source: usize,
        /// Index of the table in the source.
        table: usize,
    },
    /// A cleansed entity.
    Entity {
        /// What of a key's states is kept.
        history: History,
    },
    /// The calendar.
    DateDimension,
    /// Members of a dimension.
    Dimension {
        /// Whether former versions of a member are kept.
        history: DimensionHistory,
    },
    /// Facts at one grain.
    Fact,
    /// A fact summed up.
    Aggregate,
    /// `monitoring.data_dictionary`.
    Dictionary,
}

impl FlowKind {
    /// Whether it fills a bronze table from a source.
    pub fn is_bronze(self) -> bool {
        matches!(self, FlowKind::Bronze { .. })
    }
}

/// A table that a flow reads, in the order of the step's parameters `:after_1`, `:after_2` …
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// The table.
    pub table: TableName,
    /// Where the project names it.
    pub at: Span,
    /// Whether the step reads what changed in it: rows that were replaced or are gone.
    pub changes: bool,
    /// Whether each of its batches is read by itself.
    pub each: bool,
}

impl Input {
    /// A table of which the step reads what it holds.
    pub(crate) fn new(table: TableName, at: Span) -> Self {
        Input { table, at, changes: false, each: false }
    }

    /// A table of which the step reads former rows too.
    pub(crate) fn changes(table: TableName, at: Span) -> Self {
        Input { changes: true, ..Input::new(table, at) }
    }
}

/// What fills one table.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The table's name is the flow's.
    pub name: TableName,
    /// What kind of table it is.
    pub kind: FlowKind,
    /// Where the project defines it.
    pub at: Span,
    /// Labels to select it by.
    pub tags: Vec<String>,
    /// The tables it reads.
    pub inputs: Vec<Input>,
    /// The table it fills.
    pub target: Table,
    /// The tables that belong to it; they are committed before the target.
    pub companions: Vec<Table>,
    /// Whether the target's columns are known: not before its sources have been seen.
    pub columns_known: bool,
    /// The step of every batch. `None` until the columns are known.
    pub step: Option<Step>,
    /// The step of the first batch, where it is simpler.
    pub first: Option<Step>,
    /// Why every batch computes the whole table, if it does: else a batch reads what is new, and the keys it concerns.
    pub whole: Option<String>,
    /// The step that reads again what reached bronze since a given time, with all that bronze holds of the same keys. Of
    /// entities that read bronze and have a key.
    pub window: Option<Step>,
    /// Whether the first step makes the whole table from all that its inputs hold, and does so whenever the definition
    /// changed or it is not known what the inputs gained.
    pub rebuilds: bool,
    /// A number that follows a definition of which no input tells; another one makes the whole table anew.
    pub fingerprint: Option<i64>,
    /// What the project says of how the table is made, part by part.
    pub definition: Definition,
    /// Which columns of its inputs each column is made of, as far as that is known by column.
    pub lineage: Lineage,
}

impl Flow {
    /// Whether the target's columns are known, and there are others than lakesmith's own: of a source that has given
    /// nothing but unreadable or empty files it is not known which there are.
    pub(crate) fn has_data_columns(&self) -> bool {
        self.columns_known && (!self.kind.is_bronze() || self.target.columns.len() > bronze::metadata().len())
    }

    /// Whether its batches read what is new alone, by which keys, or why not; in words.
    pub fn incremental(&self) -> String {
        match (&self.whole, self.step.as_ref().map(|step| &step.write)) {
            (Some(why), _) => format!("not incremental: {why}; computed whole in each batch, only the difference is written"),
            (None, Some(Write::ReplaceKeys(keyed))) => format!("incremental by ({})", keyed.keys.join(", ")),
            (None, Some(Write::ReplaceAll(_))) => "computed whole in each batch, only the difference is written".to_owned(),
            (None, Some(Write::Append) | None) => "incremental: reads what is new".to_owned(),
        }
    }

    /// Names of all flows that must have run before this one.
    pub fn upstream(&self) -> impl Iterator<Item = &TableName> {
        self.inputs.iter().map(|input| &input.table)
    }
}

/// Every flow of a project, inputs before those who read them.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The project's name, the first part of three-part table names.
    pub lakehouse: String,
    /// The flows of the project in order.
    pub flows: Vec<Flow>,
    /// The flows of tables in which lakesmith says something of the lakehouse itself. They read none of the project's tables,
    /// and none reads them.
    pub monitoring: Vec<Flow>,
}

impl Plan {
    /// Every flow: those of the project, then those of monitoring.
    pub fn all(&self) -> impl Iterator<Item = &Flow> {
        self.flows.iter().chain(&self.monitoring)
    }

    /// The flow that fills a table.
    pub fn flow(&self, name: &TableName) -> Option<&Flow> {
        self.all().find(|flow| flow.name == *name)
    }

    /// Every table: targets and companions.
    pub fn tables(&self) -> impl Iterator<Item = (&Flow, &Table)> {
        self.all().flat_map(|flow| std::iter::once(&flow.target).chain(&flow.companions).map(move |table| (flow, table)))
    }

    /// The table of that name, with the flow it belongs to.
    pub fn table(&self, name: &TableName) -> Option<(&Flow, &Table)> {
        self.tables().find(|(_, table)| table.name == *name)
    }
}

pub(crate) fn scope(qualifier: Option<&str>, schema: &Schema) -> Scope {
    match qualifier {
        None => Scope::of(schema.clone()),
        Some(qualifier) => Scope::default().with(qualifier, schema.clone()).qualified(),
    }
}

/// What is known while flows are put together.
pub(crate) struct Known<'a> {
    pub(crate) plan: Plan,
    pub(crate) entities: BTreeMap<TableName, Shape>,
    pub(crate) project: &'a Project,
}

impl Known<'_> {
    /// The table that gold reads by that name, or the reason why not.
    pub(crate) fn silver(&self, written: &Spanned<String>, faults: &mut Diagnostics) -> Option<(&Flow, &Shape)> {
        let name = self.table_name(written, faults)?;
        if name.layer() == Layer::Bronze {
            faults.push(
                Diagnostic::error("layer-skipped", format!("gold never reads bronze: `{name}` has not been cleansed"))
                    .at(written.span)
                    .help("define an entity in silver/ and read that"),
            );
            return None;
        }
        match (self.plan.flow(&name), self.entities.get(&name)) {
            (Some(flow), Some(shape)) => Some((flow, shape)),
            _ => {
                self.unknown(&name, written, faults);
                None
            }
        }
    }

    pub(crate) fn table_name(&self, written: &Spanned<String>, faults: &mut Diagnostics) -> Option<TableName> {
        let own = format!("{}.", self.plan.lakehouse);
        let name = TableName::parse(written.value.strip_prefix(&own).unwrap_or(&written.value));
        if name.is_none() {
            let fault = format!("`{}` is not the name of a table", written.value);
            faults.push(
                Diagnostic::error("unknown-table", fault)
                    .at(written.span)
                    .help("tables are named `layer.name`, as in `silver.sales_orders`"),
            );
        }
        name
    }

    pub(crate) fn unknown(&self, name: &TableName, written: &Spanned<String>, faults: &mut Diagnostics) {
        let names = self.names();
        let wanted = name.to_string();
        // A table that the project defines, with a fault of its own, is not unknown.
        if names.contains(&wanted) || self.project.incomplete.contains(&wanted) {
            return;
        }
        let fault = Diagnostic::error("unknown-table", format!("there is no table `{name}`")).at(written.span);
        faults.push(match nearest(&wanted, names.iter().map(String::as_str)) {
            Some(near) => fault.help(format!("did you mean `{near}`?")),
            None => fault.help(format!("the project defines: {}", names.join(", "))),
        });
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let project = self.project;
        let bronze =
            project.sources.iter().flat_map(|source| source.tables.iter().map(|table| bronze::name(source, table).to_string()));
        let silver = project.entities.iter().map(|entity| entity::name(entity).to_string());
        bronze.chain(silver).collect()
    }
}

/// Puts a project's flows in order, each with its step as far as the columns of bronze are known. Reports every fault.
pub fn compile(project: &Project, bronze_columns: &Columns) -> (Plan, Diagnostics) {
    let mut faults = Diagnostics::default();
    let plan = Plan { lakehouse: project.lakehouse.name.value.clone(), flows: vec![], monitoring: vec![] };
    let mut known = Known { plan, entities: BTreeMap::new(), project };
    for (s, source) in project.sources.iter().enumerate() {
        for (t, table) in source.tables.iter().enumerate() {
            let data = bronze_columns.get(&bronze::name(source, table));
            let flow = bronze::flow(source, table, (s, t), data.map(Vec::as_slice), &mut faults);
            known.plan.flows.push(flow);
        }
    }
    entities(&mut known, &mut faults);
    if let Some(calendar) = &project.lakehouse.calendar {
        let defined = |name: &str| project.dimensions.iter().any(|dimension| dimension.name.value == name);
        if !defined(date::NAME) {
            let flow = date::flow(calendar, &known);
            known.plan.flows.push(flow);
        }
        if let Some(grain) = calendar.time.as_ref().filter(|_| !defined(date::time::NAME)) {
            known.plan.flows.push(date::time::flow(grain));
        }
    }
    for dimension in &project.dimensions {
        known.plan.flows.extend(dimension::flow(dimension, &known, &mut faults));
    }
    for fact in &project.facts {
        known.plan.flows.extend(fact::flow(fact, &known, &mut faults));
    }
    for aggregate in aggregate::in_order(project, &mut faults) {
        known.plan.flows.extend(aggregate::flow(aggregate, &known, &mut faults));
    }
    conform::check(project, &known.plan, &mut faults);
    layout::check(project, &known.plan, &mut faults);
    keep_changes(&mut known.plan);
    for flow in &mut known.plan.flows {
        flow.definition = definition::of(flow, project);
    }
    lineage::trace(&mut known.plan, project);
    known.plan.monitoring = vec![dictionary::flow(project, &known.plan)];
    (known.plan, faults)
}

/// A table whose former rows a flow reads keeps them as change data.
fn keep_changes(plan: &mut Plan) {
    let read: Vec<TableName> = (plan.flows.iter().flat_map(|flow| &flow.inputs))
        .filter(|input| input.changes)
        .map(|input| input.table.clone())
        .collect();
    for flow in plan.flows.iter_mut().filter(|flow| read.contains(&flow.name)) {
        flow.target.change_data = true;
    }
}

/// Entities after those that they read; those that wait for each other are a cycle.
fn entities(known: &mut Known, faults: &mut Diagnostics) {
    let mut waiting: Vec<&Entity> = known.project.entities.iter().collect();
    while !waiting.is_empty() {
        let names: Vec<TableName> = waiting.iter().map(|entity| entity::name(entity)).collect();
        let mut rest = vec![];
        let before = waiting.len();
        for entity in waiting {
            let Some(read) = read_by(entity, known, faults) else { continue };
            let own = entity::name(entity);
            let looked = entity.lookup.iter().filter_map(|lookup| TableName::parse(&lookup.table.value));
            if read.contains(&own) || read.into_iter().chain(looked.filter(|table| *table != own)).any(|t| names.contains(&t)) {
                rest.push(entity);
            } else {
                self::entity(known, entity, faults);
            }
        }
        if rest.len() == before {
            for entity in rest {
                let others = read_by(entity, known, faults).unwrap_or_default();
                let other = others.iter().find(|table| names.contains(table)).or(others.first());
                let reads = other.map(|table| format!("`{table}`")).unwrap_or_default();
                let fault = format!("`{}` reads {reads}, which waits for it in turn", entity::name(entity));
                faults.push(
                    Diagnostic::error("cycle", fault)
                        .at(entity.reads_at())
                        .help("flows must have an order: read from an earlier table"),
                );
            }
            return;
        }
        waiting = rest;
    }
}

/// The tables that an entity's rows come from; none if its `from` names none.
fn read_by(entity: &Entity, known: &Known, faults: &mut Diagnostics) -> Option<Vec<TableName>> {
    match (&entity.from, &entity.sql) {
        (_, Some(sql)) => Some(queried::table_names(sql, known)),
        (Some(from), None) => known.table_name(from, faults).map(|table| vec![table]),
        (None, None) => None,
    }
}

fn entity(known: &mut Known, entity: &Entity, faults: &mut Diagnostics) {
    if let Some(later) = unsupported(entity) {
        faults.push(later);
        return;
    }
    let parent = match (&entity.from, &entity.sql) {
        (_, Some(sql)) => {
            Queried::of_silver(sql, &entity.key, known, faults).map(|query| Parent::of_query(entity::name(entity), query))
        }
        (Some(from), None) => parent(known, entity, from, faults),
        (None, None) => None,
    };
    let Some(parent) = parent else { return };
    let (flow, shape) = entity::flow(entity, &parent, known, faults);
    known.entities.insert(flow.name.clone(), shape);
    known.plan.flows.push(flow);
}

/// The table that an entity reads.
fn parent(known: &Known, entity: &Entity, from: &Spanned<String>, faults: &mut Diagnostics) -> Option<Parent> {
    let parent = known.table_name(from, faults)?;
    let Some(flow) = known.plan.flow(&parent) else {
        known.unknown(&parent, from, faults);
        return None;
    };
    if parent.layer() == Layer::Gold {
        faults.push(
            Diagnostic::error("layer-skipped", "silver never reads gold")
                .at(from.span)
                .help("read bronze, or another entity of silver"),
        );
        return None;
    }
    let identity = known.entities.get(&parent).map(|shape| shape.identity.clone()).unwrap_or_default();
    let mut read = Parent::new(&flow.target, flow.has_data_columns(), identity);
    read.unique = known.entities.get(&parent).is_none_or(|shape| shape.unique);
    if let FlowKind::Bronze { source, table } = flow.kind {
        let source = &known.project.sources[source];
        let table = &source.tables[table];
        read.feed = table.change_capture == ChangeCapture::Cdc;
        read.told = table.operation.is_some();
        read.snapshots = table.change_capture == ChangeCapture::Full;
        if table.change_capture == ChangeCapture::Full && table.deletes == Deletes::MissingKeys {
            if entity.history != History::None {
                let fault =
                    format!("deletes of keys that a snapshot lacks are not built yet for `history: {}`", entity.history.as_str());
                let help =
                    "keep the latest state with `history: none`, or leave out `deletes: missing_keys` of the source's table";
                faults.push(Diagnostic::error("unsupported", fault).at(from.span).help(help));
                return None;
            }
            read.full = Some(Full {
                receipts: parent.companion("receipts"),
                of_versions: source.kind == SourceKind::Delta,
                max_delete_fraction: table.max_delete_fraction,
                at: table.name.span,
            });
        }
    }
    Some(read)
}

/// What a project may say of an entity and this version does not do yet.
fn unsupported(entity: &Entity) -> Option<Diagnostic> {
    let later = |what: &str, at: Span| Diagnostic::error("unsupported", format!("{what} is not built yet")).at(at);
    if let (Some(lookup), History::Append) = (entity.lookup.first(), entity.history) {
        let fault = later("`lookup` with `history: append`", lookup.name.span);
        return Some(fault.help("rows that are looked up again are found by their key: use `history: changes` with a key"));
    }
    if let (Some(sql), History::Append) = (&entity.sql, entity.history) {
        let fault = Diagnostic::error("invalid-value", "the rows of a query are found by their key, and an append has none");
        return Some(fault.at(sql.span()).help("give it a `key`, and leave `history` out"));
    }
    if entity.history == History::Type2 {
        let fault = later("`history: type2` in silver", entity.at);
        return Some(fault.help("keep every state with `history: changes` and build the versions in a type 2 dimension"));
    }
    None
}
