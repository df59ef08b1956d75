//! What has arrived for a bronze flow: how much of its source is listed, and what of that is read next.

use super::Lake;
use crate::error::RunError;
use crate::files::{self, Arriving, Ask, Found, Judge, Purpose, Receipts, Snapshots};
use crate::relist;
use lakesmith_compile::{Flow, FlowKind};
use lakesmith_connect::{ConnectError, Pattern, Scope};
use lakesmith_project::{Listing, Source, SourceKind, SourceTable};
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

/// Files that are kept of one listing, the earliest ones: the others are found by the next one.
const MOST_FILES: usize = 500_000;

/// The files of a source's table.
struct Origin<'a> {
    source: &'a Source,
    table: &'a SourceTable,
    /// Its place among the source's tables.
    nth: usize,
}

impl Origin<'_> {
    /// Whether names are left out of listings.
    fn lists_a_part(&self) -> bool {
        let dated = Pattern::new(&self.table.path).is_ok_and(|pattern| pattern.has_dates());
        dated || self.table.arrival.listing == Listing::Ordered || self.source.events.is_some()
    }

    /// What a full listing lists.
    fn everything(&self) -> String {
        format!("{}/{}", self.source.path.trim_end_matches('/'), self.table.path.value)
    }
}

impl Lake {
    /// The files that a bronze flow has not read. What was found before, and is not of a batch yet, is taken first; after
    /// that the source is listed again.
    pub(crate) async fn arriving(&self, flow: &Flow, last: i64) -> Result<Option<Arriving>, RunError> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner).remove(&flow.name);
        let arriving = match found {
            Some((upto, found)) if upto == last => Some(found),
            _ => self.list(flow, true, last, None).await?,
        };
        // Everything was listed and nothing of it is unread.
        if let (Some(arriving), Some(origin)) = (&arriving, self.origin(flow))
            && arriving.whole
            && arriving.is_empty()
            && self.notes(flow).waiting == 0
            && origin.lists_a_part()
        {
            relist::note(self, &flow.name, &origin.everything(), arriving.listed).await?;
        }
        Ok(arriving)
    }

    /// Those of a batch that is computed again: `only` them, if its receipts are committed.
    pub(crate) async fn arriving_again(
        &self,
        flow: &Flow,
        last: i64,
        only: BTreeSet<String>,
    ) -> Result<Option<Arriving>, RunError> {
        self.list(flow, true, last, (!only.is_empty()).then_some(only)).await
    }

    /// Before a batch is recorded: files that were listed are left for later ones, or wait for the next run. If this run
    /// ends before it has read them all, the next one must not rely on names that were read: it lists everything.
    pub(crate) async fn leaves(&self, flow: &Flow) -> Result<(), RunError> {
        match self.origin(flow) {
            Some(origin) if origin.lists_a_part() => relist::forget(self, &flow.name).await,
            _ => Ok(()),
        }
    }

    /// Files that are left once a batch is committed: the next one is made of them, without another listing.
    pub(crate) async fn take_next(&self, flow: &Flow, batch: i64, mut rest: Arriving) -> Result<(), RunError> {
        let Some(origin) = self.origin(flow) else { return Ok(()) };
        if !rest.may_wait() {
            return Ok(());
        }
        let failed = files::failed(&flow.name);
        let landing = self.world.landing.of(&self.project, origin.source).map_err(&failed)?;
        let purpose = self.purpose(&origin, landing.bucket.is_none()).map_err(&failed)?;
        let seen = Receipts::load(self, flow, batch, purpose).await?;
        // Another runner may have finished the batch, with other files.
        rest.files.retain(|file| seen.of(&file.path).is_none_or(|receipt| !seen.is_same(&receipt, file)));
        rest.seen = Arc::new(seen);
        self.found.lock().unwrap_or_else(PoisonError::into_inner).insert(flow.name.clone(), (batch, rest));
        Ok(())
    }

    fn origin(&self, flow: &Flow) -> Option<Origin<'_>> {
        let FlowKind::Bronze { source, table: nth } = flow.kind else { return None };
        let source = self.project.sources.get(source).filter(|source| source.kind == SourceKind::Files)?;
        Some(Origin { source, table: source.tables.get(nth)?, nth })
    }

    fn purpose(&self, origin: &Origin<'_>, exact: bool) -> Result<Purpose, ConnectError> {
        let pattern = Some(Pattern::new(&origin.table.path)?).filter(Pattern::has_dates);
        Ok(Purpose { pattern, snapshots: Snapshots::of(origin.table)?, exact, retry: self.retry_files })
    }

    pub(super) async fn list(
        &self,
        flow: &Flow,
        exists: bool,
        last: i64,
        only: Option<BTreeSet<String>>,
    ) -> Result<Option<Arriving>, RunError> {
        let Some(origin) = self.origin(flow) else { return Ok(None) };
        let failed = files::failed(&flow.name);
        let landing = self.world.landing.of(&self.project, origin.source).map_err(&failed)?;
        let purpose = self.purpose(&origin, landing.bucket.is_none()).map_err(&failed)?;
        let seen = match exists {
            true => Receipts::load(self, flow, last, purpose).await?,
            false => Receipts::none(purpose),
        };
        let seen = Arc::new(seen);
        let part = exists && only.is_none() && self.lists_a_part(flow, &origin).await?;
        let ask = Ask { retry: self.retry_files, only, tried: self.with_files(flow, |(tried, _)| tried.clone()) };
        let judge = Judge::new(seen.clone(), origin.table, ask);
        let Some(source) = files::source(origin.table, &landing) else { return Ok(None) };
        let listed = self.now();
        let (full, arrivals) = match &origin.source.events {
            Some(events) if part => {
                let told = self.inboxes.files(origin.source, events, origin.nth, &landing, &judge).await;
                (false, told.map_err(&failed)?)
            }
            _ => {
                let mut scope = Scope { wanted: judge.wanted(), most: judge.most(MOST_FILES), ..Scope::default() };
                if part {
                    let look_back = chrono::Duration::from_std(origin.table.arrival.look_back).unwrap_or_default();
                    scope.since = seen.newest_date.and_then(|newest| newest.checked_sub_signed(look_back));
                    scope.after = seen.last_name.clone().filter(|_| origin.table.arrival.listing == Listing::Ordered);
                }
                (scope.since.is_none() && scope.after.is_none(), source.arrivals(&scope).await.map_err(&failed)?)
            }
        };
        let found = Found { arrivals, full, listed };
        let arriving = files::arriving(source, origin.table, &judge, found, landing.requests(1)).await;
        let (arriving, notes) = arriving.map_err(&failed)?;
        self.with_files(flow, |(_, noted)| *noted = notes);
        Ok(Some(arriving))
    }

    /// Whether names may be left out of this listing.
    async fn lists_a_part(&self, flow: &Flow, origin: &Origin<'_>) -> Result<bool, RunError> {
        // Whoever only looks takes no message out of a queue.
        let looks = origin.source.events.is_some() && !self.fills;
        if self.relist || self.retry_files || looks || !origin.lists_a_part() {
            return Ok(false);
        }
        Ok(!relist::is_due(self, &flow.name, &origin.everything(), origin.table.arrival.relist).await?)
    }
}
