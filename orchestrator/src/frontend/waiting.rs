//! How many calls may wait at a time: for one namespace, at one node, of one kind. Each holds memory until it is answered, and
//! one namespace is not to take all of it. As in temporalio/temporal, `common/rpc/interceptor/concurrent_request_limit.go`,
//! with its default for `frontend.namespaceCount`.

use crate::cluster::{Rejection, status};
use resurgam_api::temporal::enums::v1::ResourceExhaustedCause;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tonic::Status;

/// Calls of one kind that wait for one namespace.
pub(super) const MOST: usize = 1_200;

/// A kind of call that is answered when something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wait {
    WorkflowTask,
    ActivityTask,
    Query,
    Update,
    UpdateOutcome,
    Events,
    List,
}

/// The calls that wait at this node.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting(Arc<Mutex<BTreeMap<Key, usize>>>);

/// The id of a namespace, and the kind of call.
type Key = (String, Wait);

/// One call among them; dropped, it waits no longer.
#[derive(Debug)]
pub(super) struct WaitingCall {
    waiting: Waiting,
    key: Key,
}

impl Waiting {
    /// A call begins to wait.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED: too many do already.
    #[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
    pub(super) fn enter(&self, namespace_id: &str, wait: Wait) -> Result<WaitingCall, Status> {
        let key = (namespace_id.to_owned(), wait);
        let mut counts = self.counts();
        let count = counts.entry(key.clone()).or_default();
        if *count >= MOST {
            return Err(status::of(&Rejection::ResourceExhausted {
                message: "namespace concurrent poller limit exceeded".to_owned(),
                cause: ResourceExhaustedCause::ConcurrentLimit.into(),
            }));
        }
        *count += 1;
        Ok(WaitingCall { waiting: self.clone(), key })
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<Key, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for WaitingCall {
    fn drop(&mut self) {
        let mut counts = self.waiting.counts();
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::Code;

    #[test]
    fn each_namespace_has_so_many_places_for_each_kind_of_call() {
        let waiting = Waiting::default();
        let enter = |namespace: &str, wait| waiting.enter(namespace, wait);
        let mut inside: Vec<_> = (0..MOST).map(|_| enter("a", Wait::Query).unwrap()).collect();
        assert_eq!(enter("a", Wait::Query).unwrap_err().code(), Code::ResourceExhausted);
        assert!(enter("a", Wait::Update).is_ok() && enter("b", Wait::Query).is_ok());
        inside.pop();
        assert!(enter("a", Wait::Query).is_ok(), "one has left");
        drop(inside);
        assert!(waiting.counts().is_empty(), "nothing stays of who has left");
    }
}
