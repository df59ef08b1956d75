//! The rows that files bring to a batch of bronze: under which columns they land, and when the project says to stop.

use crate::accept;
use crate::drift::{self, Drift, Seen, Watch};
use crate::error::RunError;
use crate::files::{Arriving, Reports};
use crate::lake::{self, Lake};
use crate::record::Record;
use arrow::datatypes::{Schema, SchemaRef};
use futures::StreamExt;
use lakesmith_compile::{Change, ChangeKind, Flow};
use lakesmith_engine::{Computed, Work, arrow_schema};
use lakesmith_project::{FileFormat, SchemaEvolution};

/// Computes a batch of what arrived, with what was seen of its values. A file that turns out to be unreadable after rows
/// of it were taken is left out, and the others are read again.
pub(super) async fn land(
    lake: &Lake,
    flow: &Flow,
    record: &Record,
    work: Work<'_>,
    arriving: &Arriving,
    data: &SchemaRef,
) -> Result<(Computed, Reports, Seen), RunError> {
    loop {
        let broken = arriving.broken_files();
        let watch = Watch::new(data, is_text(lake, flow), leaves_out(lake, flow, record));
        let (schema, rows, reports) = arriving.rows(data.clone(), lake.threads());
        let watching = watch.clone();
        let rows = rows.map(move |batch| batch.map(|batch| watching.see(batch)).map_err(|error| datafusion_error(&error)));
        match lake.engine().compute(work.clone(), Some(lakesmith_engine::stream(schema, rows))).await {
            Err(_) if arriving.broken_files() > broken => {}
            computed => return Ok((computed?, reports, watch.seen())),
        }
    }
}

/// The columns of the rows that land: those of the target that are the source's. What the source calls nested fields is
/// known to the sample alone.
pub(super) fn landing_columns(lake: &Lake, flow: &Flow) -> SchemaRef {
    let learnt = lake.data_schema(flow);
    let Some(table) = lake.source_table(flow) else { return learnt };
    let recorded = lake::data_columns(&arrow_schema(&flow.target.columns), table);
    let types = |schema: &Schema| -> Vec<_> { schema.fields().iter().map(|field| lakesmith_engine::column(field)).collect() };
    if types(&recorded) == types(&learnt) { learnt } else { recorded }
}

/// Whether every value of a source's files is a text.
fn is_text(lake: &Lake, flow: &Flow) -> bool {
    let untyped = |format: &FileFormat| matches!(format, FileFormat::Csv(_) | FileFormat::FixedWidth(_) | FileFormat::Xml(_));
    lake.source_table(flow).is_some_and(|table| table.format.as_ref().is_some_and(untyped))
}

/// Whether values that have no column are left out. The first batch makes the columns: it keeps what they lack.
pub(super) fn leaves_out(lake: &Lake, flow: &Flow, record: &Record) -> bool {
    lake.policy(flow) == Some(SchemaEvolution::None) && record.batch > 1
}

/// A bronze flow may be told to stop at files that differ from its table.
pub(super) fn stops(lake: &Lake, flow: &Flow) -> Result<(), RunError> {
    let (Some(SchemaEvolution::Fail), Some(learnt)) = (lake.policy(flow), lake.learnt(flow)) else { return Ok(()) };
    let changes: Vec<_> = learnt.refused.iter().chain(&learnt.unfit).cloned().collect();
    if changes.is_empty() {
        return Ok(());
    }
    let accept = accept::suggested(&flow.name, &changes);
    Err(RunError::SourceChanged { table: flow.name.clone(), changes, accept, at: flow.at })
}

/// Files that hold columns of which the sample knew nothing.
pub(super) fn beyond_the_sample(flow: &Flow, drift: &Drift) -> RunError {
    let added = |(name, unknown): (&String, &drift::Unknown)| Change {
        column: name.clone(),
        kind: ChangeKind::Added { to: unknown.fits.clone() },
    };
    let changes: Vec<Change> = drift.unknown.iter().map(added).collect();
    let first = drift.unknown.iter().next();
    let accept = first.map_or_else(String::new, |(name, unknown)| drift::command(&flow.name, name, Some(&unknown.fits)));
    RunError::SourceChanged { table: flow.name.clone(), changes, accept, at: flow.at }
}

fn datafusion_error(error: &lakesmith_connect::ConnectError) -> lakesmith_engine::StreamError {
    lakesmith_engine::StreamError::new(error.to_string())
}
