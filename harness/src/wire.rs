//! The way from one caller to the orchestrator: a channel to one node, another one after that failed, and whatever the
//! plan does to calls on the way.
//!
//! It is below the generated client and above the connection, so that clients and workers need not know how many nodes
//! there are, and that a lost reply or a repeated call is the same in every world. It never tries again by itself: what a
//! caller sees as one attempt is at most one call per node, unless the plan repeats it.

use http_body_util::{BodyExt as _, Full};
use resurgam_api::WorkflowServiceClient;
use resurgam_formats::plan::Caller;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tower::Service;

type Failure = Box<dyn Error + Send + Sync>;
type Answered = Result<http::Response<Body>, Failure>;

/// A client of the workflow service over a wire.
pub(crate) type Client = WorkflowServiceClient<Wire>;

/// See the module. Clones share the choice of the node.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    channels: Arc<Vec<Channel>>,
    at: Arc<AtomicUsize>,
    caller: Caller,
    rpc_faults: Arc<RpcFaults>,
    calls: Arc<Calls>,
}

impl Wire {
    /// A wire to one of `channels` (at least one), the `first`-th modulo their number until it fails.
    pub(crate) fn new(
        channels: Arc<Vec<Channel>>,
        first: usize,
        caller: Caller,
        rpc_faults: Arc<RpcFaults>,
        calls: Arc<Calls>,
    ) -> Self {
        Self { channels, at: Arc::new(AtomicUsize::new(first)), caller, rpc_faults, calls }
    }
}

impl Service<http::Request<Body>> for Wire {
    type Response = http::Response<Body>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Answered> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let at = self.at.load(Ordering::Relaxed);
        let channel = self.channels[at % self.channels.len()].clone();
        let (choice, rpc_faults) = (Arc::clone(&self.at), Arc::clone(&self.rpc_faults));
        let treatment = rpc_faults.treatment(self.caller);
        let (calls, name) = (Arc::clone(&self.calls), method(&request));
        Box::pin(async move {
            let answered = match treatment {
                Treatment::None => send(channel, request).await,
                Treatment::ReplyLost(fault) => match send(channel, request).await {
                    // A long poll may be answered when the fault is over.
                    Ok(response) if !rpc_faults.is_in_force(fault) => Ok(response),
                    answered => {
                        // Until the status has arrived the call is not over: it stands behind the body.
                        if let Ok(response) = answered {
                            let _ = response.into_body().collect().await;
                        }
                        Err(Status::new(Code::Unavailable, "the reply was lost").into())
                    }
                },
                Treatment::Repeated => {
                    let (head, body) = request.into_parts();
                    let bytes = body.collect().await?.to_bytes();
                    let copy = || http::Request::from_parts(head.clone(), Body::new(Full::new(bytes.clone())));
                    let second = send(channel.clone(), copy());
                    // Nobody waits for the second answer, but it is read to its end: the call is not cut short.
                    tokio::spawn(async move {
                        if let Ok(response) = second.await {
                            let _ = response.into_body().collect().await;
                        }
                    });
                    match send(channel, copy()).await {
                        Ok(response) if is_refusal(&response) => {
                            Err(Status::new(Code::Unavailable, "refused, but a copy may have been executed").into())
                        }
                        answered => answered,
                    }
                }
            };
            calls.note(name, answered.as_ref().ok());
            if answered.is_err() {
                // Whoever comes first moves on; the others find that done.
                let _ = choice.compare_exchange(at, at + 1, Ordering::Relaxed, Ordering::Relaxed);
            }
            answered
        })
    }
}

/// The name of the call that a request makes.
fn method(request: &http::Request<Body>) -> String {
    request.uri().path().rsplit('/').next().unwrap_or_default().to_owned()
}

/// The calls that were made in a case, and what was said by nodes that do not serve one.
#[derive(Debug, Default)]
pub(crate) struct Calls(Mutex<BTreeMap<String, Made>>);

/// A call that was made.
#[derive(Debug, Default)]
struct Made {
    /// How many others had been made before, for the first time.
    place: usize,
    /// The words in which a node said that it does not serve it.
    refused: Option<String>,
}

impl Calls {
    fn note(&self, name: String, answered: Option<&http::Response<Body>>) {
        let status = answered.and_then(|response| Status::from_header_map(response.headers()));
        let refusal = status.filter(|status| status.code() == Code::Unimplemented);
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = calls.len();
        let made = calls.entry(name).or_insert(Made { place, refused: None });
        if made.refused.is_none() {
            made.refused = refusal.map(|status| status.message().to_owned());
        }
    }

    /// The names of all of them.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// Those that answered UNIMPLEMENTED, with the words of the node, in the order in which they were first made: what others
    /// build on comes first.
    pub(crate) fn missing(&self) -> Vec<(String, String)> {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut missing: Vec<_> = calls.iter().filter(|(_, made)| made.refused.is_some()).collect();
        missing.sort_by_key(|(_, made)| made.place);
        missing.into_iter().filter_map(|(name, made)| Some((name.clone(), made.refused.clone()?))).collect()
    }
}

/// A status other than OK in the place of an answer. To a call that was sent twice it proves nothing: the other copy may
/// have come first, and have been executed.
fn is_refusal(response: &http::Response<Body>) -> bool {
    response.headers().get("grpc-status").is_some_and(|status| status != "0")
}

async fn send(mut channel: Channel, request: http::Request<Body>) -> Answered {
    std::future::poll_fn(|context| channel.poll_ready(context)).await?;
    Ok(channel.call(request).await?)
}

/// What happens to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Treatment {
    None,
    /// By the fault of this number, if it is still in force when the reply arrives.
    ReplyLost(usize),
    Repeated,
}

/// What a fault of the plan does to the next calls of a caller: the kinds of its family.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RpcFault {
    /// They are executed, but their replies do not arrive.
    ReplyLost { by: Caller, calls: u8 },
    /// They are sent once more before the first is answered.
    CallRepeated { by: Caller, calls: u8 },
}

/// Spoils calls as the faults in force ask for it.
#[derive(Debug, Default)]
pub(crate) struct RpcFaults(Mutex<BTreeMap<usize, CallFault>>);

/// A fault of calls, in force until its calls are used up or it is ended.
#[derive(Debug)]
struct CallFault {
    by: Caller,
    treatment: Treatment,
    left: u8,
    hits: u64,
}

impl RpcFaults {
    /// Begins a fault under a number.
    pub(crate) fn begin(&self, number: usize, fault: RpcFault) {
        let (by, treatment, left) = match fault {
            RpcFault::ReplyLost { by, calls } => (by, Treatment::ReplyLost(number), calls),
            RpcFault::CallRepeated { by, calls } => (by, Treatment::Repeated, calls),
        };
        self.active().insert(number, CallFault { by, treatment, left, hits: 0 });
    }

    /// Ends a fault; returns how many calls it spoiled.
    pub(crate) fn end(&self, number: usize) -> u64 {
        self.active().remove(&number).map_or(0, |fault| fault.hits)
    }

    fn is_in_force(&self, number: usize) -> bool {
        self.active().contains_key(&number)
    }

    fn treatment(&self, by: Caller) -> Treatment {
        let mut active = self.active();
        let Some(fault) = active.values_mut().find(|fault| fault.by == by && fault.left > 0) else {
            return Treatment::None;
        };
        fault.left -= 1;
        fault.hits += 1;
        fault.treatment
    }

    fn active(&self) -> MutexGuard<'_, BTreeMap<usize, CallFault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_calls_is_used_up() {
        let rpc_faults = RpcFaults::default();
        rpc_faults.begin(3, RpcFault::ReplyLost { by: Caller::Client, calls: 2 });
        assert_eq!(rpc_faults.treatment(Caller::Worker), Treatment::None);
        assert_eq!(rpc_faults.treatment(Caller::Client), Treatment::ReplyLost(3));
        assert_eq!(rpc_faults.treatment(Caller::Client), Treatment::ReplyLost(3));
        assert_eq!(rpc_faults.treatment(Caller::Client), Treatment::None);
        assert_eq!((rpc_faults.end(3), rpc_faults.end(3)), (2, 0));
    }
}
