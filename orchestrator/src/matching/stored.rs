//! The rows of a task queue: one per task, `task/<id>`, `level`, up to which tasks are finished, and `config`, how clients have
//! configured it, if they have.

use super::queue::{Batch, Queue, TaskId};
use crate::invariant::{Checks, broken, checks, invariant};
use crate::log::{Error, Group, Log};
use crate::store::{Key, Store};
use bytes::Bytes;
use prost::Message as _;
use resurgam_api::internal::AddTaskRequest;
use resurgam_api::temporal::taskqueue::v1::TaskQueueConfig;
use std::ops::Range;

const CONFIG: &str = "config";
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

/// The ack level and the configuration as they are stored.
pub(super) async fn level(log: &mut Log) -> Result<(TaskId, TaskQueueConfig), Error> {
    let (mut level, mut config) = (0, TaskQueueConfig::default());
    for (name, row) in log.read(CONFIG.to_owned()..format!("{LEVEL}\0")).await? {
        if name == LEVEL {
            let number = std::str::from_utf8(&row).ok().and_then(|row| row.parse().ok());
            level = number.unwrap_or_else(|| broken!("there is no number in the ack level of {}", log.partition()));
        } else {
            config = TaskQueueConfig::decode(row).unwrap_or_else(|problem| broken!("the row {name}: {problem}"));
        }
    }
    Ok((level, config))
}

/// A configuration as a row.
pub(super) fn configuration(config: &TaskQueueConfig) -> Group {
    let mut group = Group::default();
    group.begin();
    group.put(CONFIG.into(), Some(config.encode_to_vec().into()));
    group
}

/// A page of tasks after `from`, and whether it is the last. A plain read will do for the one who holds the tenure while
/// nothing of his is undecided; for anybody else it does no harm, since history is asked about every task.
pub(super) async fn page(store: &dyn Store, log: &Log, from: TaskId) -> Result<(Tasks, bool), Error> {
    let rows = store.read(log.partition(), keys(from, TaskId::MAX - 1), Queue::page()).await;
    let rows = rows.map_err(|problem| Error::Unavailable(problem.0))?;
    let whole = rows.len() < Queue::page();
    Ok((rows.into_iter().map(task).collect(), whole))
}

/// A row as the task that it was written as. A queue does not go on without one of its tasks.
fn task((name, row): (Key, Bytes)) -> (TaskId, AddTaskRequest) {
    let id = name.strip_prefix("task/").and_then(|id| id.parse().ok());
    let Some(id) = id.filter(|id| key(*id) == name) else { broken!("the row {name} is no task's") };
    let request = AddTaskRequest::decode(row).unwrap_or_else(|problem| broken!("the row {name}: {problem}"));
    invariant!(request.task.is_some() && request.task_queue.is_some(), "the row {name} names no run or no queue");
    (id, request)
}

/// The rows of a queue for whoever looks at them from outside, such as an audit: what its next owner would find.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueueRows {
    /// Tasks above the ack level.
    pub unfinished: Vec<AddTaskRequest>,
    /// Keys of rows that cannot be read.
    pub damaged: Vec<String>,
}

impl QueueRows {
    /// Decodes the rows of one queue, given in the order of their keys.
    pub fn decode<'a>(rows: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut all = Self::default();
        let mut acked = key(0);
        for (name, row) in rows {
            let known = if name == CONFIG {
                TaskQueueConfig::decode(row).is_ok()
            } else if name == LEVEL {
                // It stands before all tasks.
                let level: Option<TaskId> = std::str::from_utf8(row).ok().and_then(|row| row.parse().ok());
                acked = level.map_or(acked, key);
                level.is_some()
            } else {
                name <= acked.as_str() || AddTaskRequest::decode(row).map(|task| all.unfinished.push(task)).is_ok()
            };
            if !known {
                all.damaged.push(name.to_owned());
            }
        }
        all
    }
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
        let row = Bytes::from(request.encode_to_vec());
        if checks() == Checks::Thorough {
            invariant!(task((key(*id), row.clone())) == (*id, request.clone()), "task {id} reads back as another");
        }
        group.put(key(*id), Some(row));
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_owner_would_not_find_is_left_out_and_what_it_could_not_read_is_named() {
        let task = |expires| AddTaskRequest {
            expires: Some(prost_wkt_types::Timestamp { seconds: expires, nanos: 0 }),
            ..AddTaskRequest::default()
        };
        let rows = [(key(2), task(2)), (key(3), task(3))].map(|(key, task)| (key, task.encode_to_vec()));
        let mut rows = rows.to_vec();
        rows.extend([(key(4), vec![0xff]), ("what".to_owned(), vec![0xff])]);
        let of = |level: &str| {
            let level = (LEVEL, level.as_bytes());
            QueueRows::decode([level].into_iter().chain(rows.iter().map(|(key, row)| (key.as_str(), row.as_slice()))))
        };
        let damaged = vec![key(4), "what".to_owned()];
        assert_eq!(of("2"), QueueRows { unfinished: vec![task(3)], damaged: damaged.clone() });
        let damaged = [vec![LEVEL.to_owned()], damaged].concat();
        assert_eq!(of("two"), QueueRows { unfinished: vec![task(2), task(3)], damaged });
    }
}
