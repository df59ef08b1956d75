//! A bucket of any number of names.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use object_store::list::{PaginatedListOptions, PaginatedListResult, PaginatedListStore};
use object_store::path::Path;
use object_store::{ListResult, ObjectMeta, Result};

/// So many names, in pages of a thousand, made as they are asked for.
pub(crate) struct Endless {
    count: usize,
    calls: AtomicUsize,
}

impl Endless {
    pub(crate) fn of(count: usize) -> Endless {
        Endless { count, calls: AtomicUsize::new(0) }
    }

    /// How often it was asked.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl PaginatedListStore for Endless {
    async fn list_paginated(&self, prefix: Option<&str>, options: PaginatedListOptions) -> Result<PaginatedListResult> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let begin: usize = options.page_token.map_or(0, |token| token.parse().unwrap());
        let end = (begin + 1000).min(self.count);
        let object = |n: usize| ObjectMeta {
            location: Path::from(format!("{}part-{n:09}.json", prefix.unwrap())),
            // The later names arrived first.
            last_modified: DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds((self.count - n) as i64),
            size: 100,
            e_tag: Some(format!("\"{n:032x}\"")),
            version: None,
        };
        let result = ListResult { common_prefixes: vec![], objects: (begin..end).map(object).collect() };
        Ok(PaginatedListResult { result, page_token: (end < self.count).then(|| end.to_string()) })
    }
}
