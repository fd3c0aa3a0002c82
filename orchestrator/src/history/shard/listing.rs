//! The list of workflows, read from the records in all shards.
//!
//! It is read plainly and by whichever node is asked, not by the owners of the shards: a record that is there was
//! committed together with what it shows, so there is nothing that an owner would know better, and a list is there while a
//! shard has no owner.

use super::keys;
use crate::cluster::router::Router;
use crate::invariant;
use crate::store::{Store, prefixed};
use async_trait::async_trait;
use futures_util::future::try_join_all;
use prost::Message as _;
use resurgam_api::temporal::common::v1::Payload;
use resurgam_state::task::RunKey;
use resurgam_visibility::{ListPlace, Page, Record, Scope, Visibility};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use tonic::Status;

/// Records that are read from one shard at a time.
pub(crate) const CHUNK: usize = 256;

/// See the module.
pub(crate) struct Listing {
    store: Arc<dyn Store>,
    router: Arc<Router>,
    shards: u32,
}

impl Listing {
    /// The list of the workflows in the shards of `store`, each in the one that `router` says.
    pub(crate) fn new(store: Arc<dyn Store>, router: Arc<Router>, shards: u32) -> Self {
        Self { store, router, shards: shards.max(1) }
    }

    /// Some records of one shard, and whether there may be more.
    async fn of_shard(
        &self,
        shard: u32,
        namespace_id: &str,
        range: Range<String>,
    ) -> Result<(Vec<(ListPlace, Record)>, bool), Status> {
        let rows = self.store.read(&keys::partition(shard), range, CHUNK).await;
        let rows = rows.map_err(|problem| Status::unavailable(problem.to_string()))?;
        let more = rows.len() == CHUNK;
        let start = keys::records(namespace_id);
        let read = rows.iter().map(|(key, row)| {
            let place = key.strip_prefix(&start).ok_or_else(|| damaged(key, "it was not asked for"))?;
            let record = Record::of(place, row).map_err(|flaw| damaged(key, &flaw))?;
            Ok((ListPlace::of(place), record))
        });
        Ok((read.collect::<Result<_, Status>>()?, more))
    }
}

/// A row, as it was read, cannot be.
fn damaged(key: &str, flaw: &str) -> Status {
    let panicked = invariant::noted(format_args!("the row {key} is damaged: {flaw}"));
    tracing::error!(key, %panicked, "does not list workflows");
    Status::unavailable(format!("the row {key} is damaged"))
}

#[async_trait]
impl Visibility for Listing {
    async fn read(&self, scope: &Scope, after: Option<&ListPlace>) -> Result<Page, Status> {
        let Scope { namespace_id, workflow_id, sections } = scope;
        let all = prefixed(&keys::records(namespace_id));
        let closed = keys::record(namespace_id, &ListPlace::closed());
        let mut start = after.map_or(all.start, |place| format!("{}\0", keys::record(namespace_id, place)));
        if !sections.open {
            start = start.max(closed.clone());
        }
        let end = if sections.closed { all.end } else { closed };
        if start >= end || !(sections.open || sections.closed) {
            return Ok(Page::default());
        }
        let shards = match workflow_id {
            Some(id) => vec![self.router.shard(namespace_id, id)],
            None => (0..self.shards).collect(),
        };
        let reads = shards.into_iter().map(|shard| self.of_shard(shard, namespace_id, start.clone()..end.clone()));
        let parts = try_join_all(reads).await?;
        // What lies behind the last of a shard that has more is not complete, and is read again.
        let next = parts.iter().filter(|(_, more)| *more).filter_map(|(part, _)| part.last()).map(|(place, _)| place);
        let next = next.min().cloned();
        let mut records: Vec<_> = parts.into_iter().flat_map(|(part, _)| part).collect();
        records.retain(|(place, _)| next.as_ref().is_none_or(|next| place <= next));
        records.sort_by(|(one, _), (other, _)| one.cmp(other));
        let records = records.into_iter().map(|(_, record)| record);
        let meant = records.filter(|it| workflow_id.as_ref().is_none_or(|id| *id == it.workflow_id));
        Ok(Page { records: meant.collect(), next })
    }

    async fn memo(&self, namespace_id: &str, record: &Record) -> Result<HashMap<String, Payload>, Status> {
        if !record.has_memo {
            return Ok(HashMap::new());
        }
        let Record { workflow_id, run_id, .. } = record.clone();
        let shard = self.router.shard(namespace_id, &workflow_id);
        let run = keys::run(&RunKey { namespace_id: namespace_id.to_owned(), workflow_id, run_id });
        let start = keys::part(&run, "memo", "");
        let (mut range, mut memo) = (prefixed(&start), HashMap::new());
        loop {
            let rows = self.store.read(&keys::partition(shard), range.clone(), CHUNK).await;
            let rows = rows.map_err(|problem| Status::unavailable(problem.to_string()))?;
            for (key, row) in &rows {
                let payload = Payload::decode(row.clone()).map_err(|problem| damaged(key, &problem.to_string()))?;
                let name = key.strip_prefix(&start).ok_or_else(|| damaged(key, "it was not asked for"))?;
                memo.insert(keys::unescape(name), payload);
            }
            match rows.last() {
                Some((last, _)) if rows.len() == CHUNK => range.start = format!("{last}\0"),
                _ => return Ok(memo),
            }
        }
    }
}
