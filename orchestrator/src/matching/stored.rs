//! The rows of a task queue: one per task, `task/<id>`, and `level`, up to which tasks are finished.

use super::queue::{Batch, Queue, TaskId};
use crate::log::{Error, Group, Log};
use crate::store::{Key, Store};
use bytes::Bytes;
use prost::Message as _;
use resurgam_api::internal::AddTaskRequest;
use std::ops::Range;

const LEVEL: &str = "level";
/// Ids of one tenure: its range, and a number below this.
const NUMBERS: u32 = 24;

/// Stored tasks in the order of their ids.
pub(super) type Tasks = Vec<(TaskId, AddTaskRequest)>;

fn key(id: TaskId) -> Key {
    format!("task/{id:020}")
}

/// Tasks after `from` up to and with `to`.
fn keys(from: TaskId, to: TaskId) -> Range<Key> {
    key(from.saturating_add(1))..key(to.saturating_add(1))
}

/// The first id of a tenure. Ids grow over tenures, and no two owners give the same.
pub(super) fn first(log: &Log) -> TaskId {
    (log.range() << NUMBERS) + 1
}

/// The ack level as it is stored.
pub(super) async fn level(log: &mut Log) -> Result<TaskId, Error> {
    let row = log.get(LEVEL).await?;
    let level = row.and_then(|row| std::str::from_utf8(&row).ok()?.parse().ok());
    Ok(level.unwrap_or(0))
}

/// A page of tasks after `from`, and whether it is the last. A plain read will do for the one who holds the tenure while
/// nothing of his is undecided; for anybody else it does no harm, since history is asked about every task.
pub(super) async fn page(store: &dyn Store, log: &Log, from: TaskId) -> Result<(Tasks, bool), Error> {
    let rows = store.read(log.partition(), keys(from, TaskId::MAX - 1), Queue::page()).await;
    let rows = rows.map_err(|problem| Error::Unavailable(problem.0))?;
    let whole = rows.len() < Queue::page();
    let task = |(key, row): (Key, Bytes)| {
        let id = key.strip_prefix("task/")?.parse().ok()?;
        Some((id, AddTaskRequest::decode(row).ok()?))
    };
    Ok((rows.into_iter().filter_map(task).collect(), whole))
}

/// The unfinished tasks in the rows of a queue, as its next owner would find them; for whoever looks from outside.
pub fn unfinished<'a>(rows: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<AddTaskRequest> {
    let mut level = key(0);
    let mut tasks = Vec::new();
    for (name, row) in rows {
        if name == LEVEL {
            // It stands before all tasks.
            let stored: Option<TaskId> = std::str::from_utf8(row).ok().and_then(|row| row.parse().ok());
            level = key(stored.unwrap_or(0));
        } else if name > level.as_str() {
            tasks.extend(AddTaskRequest::decode(row));
        }
    }
    tasks
}

/// A batch as rows.
pub(super) fn group(batch: &Batch) -> Group {
    let mut group = Group::default();
    if let Some((from, to)) = batch.acked {
        group.delete(keys(from, to));
        group.put(LEVEL.into(), Some(to.to_string().into()));
    }
    for (id, request) in &batch.tasks {
        group.begin();
        group.put(key(*id), Some(request.encode_to_vec().into()));
    }
    group
}
