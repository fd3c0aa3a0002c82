//! The polls that wait at a queue, and where their answers go.

use super::queue::Poller;
use resurgam_api::temporal::workflowservice::v1::{PollActivityTaskQueueResponse, PollWorkflowTaskQueueResponse};
use std::collections::BTreeMap;
use tokio::sync::oneshot;

/// Where the answer to a poll goes.
pub(super) type Receiver = oneshot::Sender<Served>;

/// What a poll gets.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Served {
    /// A workflow task or a query.
    Workflow(Box<PollWorkflowTaskQueueResponse>),
    /// An activity task.
    Activity(Box<PollActivityTaskQueueResponse>),
}

/// One poll: who calls, and how it is answered.
pub(super) struct Poll {
    pub(super) identity: String,
    pub(super) receiver: Receiver,
}

/// The polls of one queue that wait.
#[derive(Default)]
pub(super) struct Polls {
    waiting: BTreeMap<Poller, Poll>,
    next: u64,
}

impl Polls {
    /// One waits from now on.
    pub(super) fn wait(&mut self, poll: Poll) -> Poller {
        let poller = Poller(self.next);
        self.next += 1;
        self.waiting.insert(poller, poll);
        poller
    }

    /// Takes one out, to be served.
    pub(super) fn take(&mut self, poller: Poller) -> Option<Poll> {
        self.waiting.remove(&poller)
    }

    /// Takes out the one that has waited longest, if its caller has gone: it must not swallow a task.
    pub(super) fn take_first_if_gone(&mut self) -> Option<Poller> {
        let first = self.waiting.first_entry().filter(|first| first.get().receiver.is_closed())?;
        Some(first.remove_entry().0)
    }

    /// Takes out all those whose caller has gone.
    pub(super) fn take_gone(&mut self) -> impl Iterator<Item = Poller> {
        self.waiting.extract_if(.., |_, poll| poll.receiver.is_closed()).map(|(poller, _)| poller)
    }

    /// The polls that wait, whoever's they are.
    pub(super) fn pollers(&self) -> impl ExactSizeIterator<Item = &Poller> {
        self.waiting.keys()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
