//! Who waits for an answer, and answers on their way. The engine itself wakes nobody: it returns deliveries, and the shard
//! makes them once the commit has taken effect.

use crate::cluster::Rejection;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

type Sender<A> = oneshot::Sender<Result<A, Rejection>>;

/// Tells callers apart, whatever they wait for. Nothing that repeats may depend on its order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CallerId(usize);

/// A caller who waits for an answer of this type. Clones are the same caller, and only the first answer arrives.
pub struct Waiter<A>(Arc<Mutex<Option<Sender<A>>>>);

impl<A> Waiter<A> {
    /// A caller, and where the answer comes out. It ends without one when nobody knows the caller any more.
    #[must_use]
    pub fn new() -> (Self, oneshot::Receiver<Result<A, Rejection>>) {
        let (sender, receiver) = oneshot::channel();
        (Self(Arc::new(Mutex::new(Some(sender)))), receiver)
    }

    /// Nobody: the input comes from a task of the shard.
    #[must_use]
    pub fn nobody() -> Self {
        Self(Arc::default())
    }

    /// The answer is still awaited.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.sender().as_ref().is_some_and(|sender| !sender.is_closed())
    }

    /// The identity of the caller, as long as anybody knows them.
    pub(super) fn id(&self) -> CallerId {
        CallerId(Arc::as_ptr(&self.0).addr())
    }

    /// Ends the waiting without an answer.
    pub fn abandon(&self) {
        drop(self.sender().take());
    }

    fn sender(&self) -> MutexGuard<'_, Option<Sender<A>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<A: Send + 'static> Waiter<A> {
    /// The delivery of an answer.
    pub fn deliver(&self, answer: Result<A, Rejection>) -> Delivery {
        let (caller, waiter) = (self.id(), self.clone());
        let send = Box::new(move || {
            let sender = waiter.sender().take();
            // Whoever does not wait any more need not know.
            sender.map(|sender| sender.send(answer).ok());
        });
        Delivery { caller, send }
    }
}

impl<A> Clone for Waiter<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A> PartialEq for Waiter<A> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<A> fmt::Debug for Waiter<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waiter")
    }
}

/// An answer that is to reach its caller after the commit.
pub struct Delivery {
    caller: CallerId,
    send: Box<dyn FnOnce() + Send>,
}

impl Delivery {
    /// Tells the caller.
    pub(crate) fn make(self) {
        (self.send)();
    }

    /// Whom it is for.
    pub(super) fn caller(&self) -> CallerId {
        self.caller
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Delivery")
    }
}
