//! How many calls may be under way at a time, at one node and for one namespace. Without a limit a node that is asked for more
//! than it can do answers nobody in time: calls queue up until their callers have given up, and what is said between nodes
//! waits among them. So what is too much is refused at once, in words that tell official SDKs to try again later.
//!
//! Whoever waits for something to happen is counted elsewhere ([`super::waiting`]): he costs memory, but no work. What workers
//! answer is counted apart from what clients ask, so that work which has been handed out gets done while new work is refused.

use crate::cluster::{Rejection, status};
use resurgam_api::temporal::enums::v1::ResourceExhaustedCause;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tonic::Status;

/// Calls from one side at a node. A node that is not overloaded answers a call in milliseconds, so it would have to answer
/// hundreds of thousands per second to have as many at a time.
pub(super) const MOST: usize = 4_000;
/// Those among them that name the same namespace: it does not get all places.
pub(super) const OF_ONE: usize = 3_000;

/// Who makes a call, and for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    /// A worker that answers for a task which it was given.
    Worker,
}

/// The calls that are under way at this node.
#[derive(Clone, Debug, Default)]
pub(super) struct UnderWay(Arc<[Mutex<Calls>; 2]>);

#[derive(Debug, Default)]
struct Calls {
    all: usize,
    /// By the namespace that they name.
    each: BTreeMap<String, usize>,
}

/// One call among them; dropped, it is over.
#[derive(Debug)]
pub(super) struct Call {
    among: UnderWay,
    side: Side,
    namespace: String,
}

impl UnderWay {
    /// A call begins, in the name of a namespace (empty: of none).
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED: there are too many already.
    #[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
    pub(super) fn enter(&self, side: Side, namespace: &str) -> Result<Call, Status> {
        let mut calls = self.calls(side);
        if calls.all >= MOST {
            return Err(status::overloaded());
        }
        match calls.each.get_mut(namespace) {
            Some(here) if *here >= OF_ONE => {
                return Err(status::of(&Rejection::ResourceExhausted {
                    message: "namespace concurrent call limit exceeded".to_owned(),
                    cause: ResourceExhaustedCause::ConcurrentLimit.into(),
                }));
            }
            Some(here) => *here += 1,
            None => drop(calls.each.insert(namespace.to_owned(), 1)),
        }
        calls.all += 1;
        Ok(Call { among: self.clone(), side, namespace: namespace.to_owned() })
    }

    fn calls(&self, side: Side) -> MutexGuard<'_, Calls> {
        let [client, worker] = &*self.0;
        let calls = match side {
            Side::Client => client,
            Side::Worker => worker,
        };
        calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let mut calls = self.among.calls(self.side);
        calls.all -= 1;
        if let Some(here) = calls.each.get_mut(&self.namespace) {
            *here -= 1;
            if *here == 0 {
                calls.each.remove(&self.namespace);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message as _;
    use resurgam_api::RpcStatus;
    use resurgam_api::temporal::enums::v1::ResourceExhaustedScope;
    use resurgam_api::temporal::errordetails::v1::ResourceExhaustedFailure;
    use tonic::Code;

    /// What SDKs and metrics read of a refusal.
    fn cause(status: &Status) -> (Code, ResourceExhaustedCause, ResourceExhaustedScope) {
        let details = RpcStatus::decode(status.details()).unwrap().details;
        let detail = ResourceExhaustedFailure::decode(details[0].value.as_slice()).unwrap();
        (status.code(), detail.cause(), detail.scope())
    }

    #[test]
    fn one_namespace_does_not_take_all_places_and_there_is_an_end_of_them() {
        let calls = UnderWay::default();
        let enter = |namespace: &str| calls.enter(Side::Client, namespace);
        let mut inside: Vec<_> = (0..OF_ONE).map(|_| enter("a").unwrap()).collect();
        let (code, limit) = (Code::ResourceExhausted, ResourceExhaustedCause::ConcurrentLimit);
        assert_eq!(cause(&enter("a").unwrap_err()), (code, limit, ResourceExhaustedScope::Namespace));
        inside.extend((OF_ONE..MOST).map(|_| enter("b").unwrap()));
        let overloaded = (code, ResourceExhaustedCause::SystemOverloaded, ResourceExhaustedScope::System);
        assert_eq!(cause(&enter("b").unwrap_err()), overloaded);
        assert_eq!(cause(&enter("").unwrap_err()), overloaded);
        assert!(calls.enter(Side::Worker, "a").is_ok(), "what was handed out gets done");
        inside.truncate(OF_ONE);
        assert!(enter("b").is_ok() && enter("a").is_err(), "others have left");
        inside.clear();
        assert!(enter("a").is_ok());
        let left = calls.calls(Side::Client);
        assert!(left.all == 0 && left.each.is_empty(), "nothing stays of who has left");
    }
}
