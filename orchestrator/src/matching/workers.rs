//! What the workers of namespaces have said of themselves, as far as this node is the one that they tell it: in memory only, for
//! they say it again every minute. A worker of which nothing is heard is forgotten after a while, and so is the one that was
//! heard longest ago if there are too many. Nothing rests on it.

use crate::cluster::{Rejection, status};
use prost::Message as _;
use resurgam_api::temporal::enums::v1::WorkerStatus;
use resurgam_api::temporal::worker::v1::{WorkerHeartbeat, WorkerInfo, WorkerListInfo};
use resurgam_api::temporal::workflowservice::v1::{ListWorkersRequest, ListWorkersResponse};
use resurgam_visibility::query::WorkerQuery;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::time::Duration;
use tokio::time::Instant;
use tonic::Status;

/// Workers of all namespaces that a node knows.
pub(super) const MOST: usize = 10_000;
/// Bytes of what they have said.
pub(super) const BYTES: usize = 32 << 20;
/// So long after it was heard last a worker is forgotten.
const SILENCE: Duration = Duration::from_secs(300);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Workers {
    /// By their namespaces and instance keys.
    known: BTreeMap<(String, String), Known>,
    /// The same in the order in which they were heard.
    heard: BTreeMap<u64, (String, String)>,
    next: u64,
    bytes: usize,
    /// Namespaces of which a worker has ever said something.
    namespaces: BTreeSet<String>,
}

#[derive(Debug)]
struct Known {
    heartbeat: WorkerHeartbeat,
    number: u64,
    at: Instant,
}

impl Workers {
    /// Takes over what workers of a namespace say. One that has shut down is forgotten.
    pub(super) fn record(&mut self, namespace_id: &str, heartbeats: Vec<WorkerHeartbeat>, now: Instant) {
        if !self.namespaces.contains(namespace_id) {
            self.namespaces.insert(namespace_id.to_owned());
        }
        for heartbeat in heartbeats {
            let name = (namespace_id.to_owned(), heartbeat.worker_instance_key.clone());
            self.forget(&name);
            if heartbeat.status() == WorkerStatus::Shutdown {
                continue;
            }
            self.next += 1;
            self.bytes += heartbeat.encoded_len();
            self.heard.insert(self.next, name.clone());
            self.known.insert(name, Known { heartbeat, number: self.next, at: now });
        }
        while self.known.len() > MOST || self.bytes > BYTES {
            self.forget_first();
        }
        self.forget_silent(now);
    }

    /// The workers of a namespace that are asked for, in the order of their keys, from behind `after`: `size` at most, if it is not 0,
    /// and whether there are more.
    pub(super) fn list(
        &mut self,
        namespace_id: &str,
        query: &WorkerQuery,
        after: Option<String>,
        size: usize,
        now: Instant,
    ) -> (Vec<WorkerHeartbeat>, bool) {
        self.forget_silent(now);
        let namespace = namespace_id.to_owned();
        let from = match after {
            Some(after) => Excluded((namespace, after)),
            None => Included((namespace, String::new())),
        };
        let found = self.known.range((from, Unbounded)).take_while(|((of, _), _)| of == namespace_id);
        let mut found = found.map(|(_, known)| &known.heartbeat).filter(|heartbeat| query.finds(heartbeat));
        let page = found.by_ref().take(if size == 0 { usize::MAX } else { size }).cloned().collect();
        (page, found.next().is_some())
    }

    /// What a worker has said last.
    ///
    /// # Errors
    /// NOT_FOUND. As by the real server, who asks before any worker of the namespace has said something is told that there is
    /// no such namespace.
    #[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
    pub(super) fn find(&mut self, namespace_id: &str, key: &str, now: Instant) -> Result<WorkerHeartbeat, Status> {
        self.forget_silent(now);
        if !self.namespaces.contains(namespace_id) {
            return Err(status::namespace_not_found(namespace_id));
        }
        let found = self.known.get(&(namespace_id.to_owned(), key.to_owned()));
        let none = || status::of(&Rejection::NotFound(format!("Worker {key} not found")));
        found.map(|known| known.heartbeat.clone()).ok_or_else(none)
    }

    fn forget(&mut self, name: &(String, String)) {
        if let Some(known) = self.known.remove(name) {
            self.heard.remove(&known.number);
            self.bytes -= known.heartbeat.encoded_len();
        }
    }

    fn forget_first(&mut self) {
        if let Some((_, name)) = self.heard.first_key_value().map(|(number, name)| (*number, name.clone())) {
            self.forget(&name);
        }
    }

    fn forget_silent(&mut self, now: Instant) {
        while let Some(name) = self.heard.values().next()
            && self.known.get(name).is_some_and(|known| known.at + SILENCE < now)
        {
            self.forget_first();
        }
    }
}

/// What the token of a page begins with; behind it is the key of the last worker before that page.
const TOKEN: &str = "worker:";

/// The answer to a question about the workers of a namespace.
///
/// # Errors
/// INVALID_ARGUMENT: it is none, or the token is not one of these.
#[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
pub(super) fn page(
    workers: &mut Workers,
    namespace_id: &str,
    asked: &ListWorkersRequest,
    now: Instant,
) -> Result<ListWorkersResponse, Status> {
    let query = WorkerQuery::read(&asked.query).map_err(Status::invalid_argument)?;
    // As by the real server, nobody looks at a token if there is nothing to turn the pages of.
    if workers.list(namespace_id, &query, None, 1, now).0.is_empty() {
        return Ok(ListWorkersResponse::default());
    }
    let after = match asked.next_page_token.as_slice() {
        [] => None,
        token => {
            let key = str::from_utf8(token).ok().and_then(|token| token.strip_prefix(TOKEN));
            Some(key.ok_or_else(|| Status::invalid_argument("invalid next_page_token"))?.to_owned())
        }
    };
    let size = usize::try_from(asked.page_size).unwrap_or_default();
    let (found, more) = workers.list(namespace_id, &query, after, size, now);
    let last = found.last().filter(|_| more).map(|last| format!("{TOKEN}{}", last.worker_instance_key).into_bytes());
    #[allow(deprecated, reason = "as by the real server, for clients that read no other field")]
    Ok(ListWorkersResponse {
        workers: found.iter().map(listed).collect(),
        workers_info: found.into_iter().map(|it| WorkerInfo { worker_heartbeat: Some(it) }).collect(),
        next_page_token: last.unwrap_or_default(),
    })
}

/// A worker as lists show it.
fn listed(worker: &WorkerHeartbeat) -> WorkerListInfo {
    let host = worker.host_info.clone().unwrap_or_default();
    WorkerListInfo {
        worker_instance_key: worker.worker_instance_key.clone(),
        worker_identity: worker.worker_identity.clone(),
        task_queue: worker.task_queue.clone(),
        deployment_version: worker.deployment_version.clone(),
        sdk_name: worker.sdk_name.clone(),
        sdk_version: worker.sdk_version.clone(),
        status: worker.status,
        start_time: worker.start_time,
        host_name: host.host_name,
        worker_grouping_key: host.worker_grouping_key,
        process_id: host.process_id,
        plugins: worker.plugins.clone(),
        drivers: worker.drivers.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heartbeat(key: &str, status: WorkerStatus) -> WorkerHeartbeat {
        WorkerHeartbeat { worker_instance_key: key.into(), status: status.into(), ..WorkerHeartbeat::default() }
    }

    fn keys(workers: &mut Workers, after: Option<&str>, size: usize, now: Instant) -> (Vec<String>, bool) {
        let query = WorkerQuery::read("").unwrap();
        let (page, more) = workers.list("n", &query, after.map(str::to_owned), size, now);
        (page.into_iter().map(|heartbeat| heartbeat.worker_instance_key).collect(), more)
    }

    #[test]
    fn pages_go_through_all_workers_of_the_namespace() {
        let (mut workers, now) = (Workers::default(), Instant::now());
        workers.record("m", vec![heartbeat("z", WorkerStatus::Running)], now);
        let all = ["b", "a", "c"].map(|key| heartbeat(key, WorkerStatus::Running));
        workers.record("n", all.to_vec(), now);
        assert_eq!(keys(&mut workers, None, 0, now), (vec!["a".into(), "b".into(), "c".into()], false));
        assert_eq!(keys(&mut workers, None, 2, now), (vec!["a".into(), "b".into()], true));
        assert_eq!(keys(&mut workers, Some("b"), 2, now), (vec!["c".into()], false));
        assert!(workers.find("n", "a", now).is_ok());
        let says = |refused: Result<WorkerHeartbeat, Status>| refused.unwrap_err().message().to_owned();
        assert_eq!(says(workers.find("m", "a", now)), "Worker a not found");
        assert_eq!(says(workers.find("o", "a", now)), "Namespace o is not found.");
    }

    #[test]
    fn who_is_gone_is_forgotten() {
        let (mut workers, now) = (Workers::default(), Instant::now());
        workers.record("n", ["a", "b"].map(|key| heartbeat(key, WorkerStatus::Running)).to_vec(), now);
        workers.record("n", vec![heartbeat("a", WorkerStatus::Shutdown)], now);
        assert_eq!(keys(&mut workers, None, 0, now).0, ["b"]);
        let later = now + SILENCE / 2;
        workers.record("n", vec![heartbeat("c", WorkerStatus::Running)], later);
        assert_eq!(keys(&mut workers, None, 0, later + SILENCE / 2 + Duration::from_secs(1)).0, ["c"]);
        assert_eq!((workers.known.len(), workers.heard.len()), (1, 1));
    }

    #[test]
    fn there_are_never_too_many() {
        let (mut workers, now) = (Workers::default(), Instant::now());
        let all = (0..=MOST).map(|number| heartbeat(&format!("{number:05}"), WorkerStatus::Running)).collect();
        workers.record("n", all, now);
        assert_eq!((workers.known.len(), keys(&mut workers, None, 1, now).0), (MOST, vec!["00001".to_owned()]));
        let large =
            |key: &str| WorkerHeartbeat { sdk_name: "x".repeat(BYTES / 2), ..heartbeat(key, WorkerStatus::Running) };
        workers.record("n", vec![large("a"), large("b")], now);
        assert_eq!(keys(&mut workers, None, 0, now).0, ["b"]);
        workers.record("n", vec![heartbeat("b", WorkerStatus::Shutdown)], now);
        assert_eq!(workers.bytes, 0);
    }
}
