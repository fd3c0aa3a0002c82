//! The task queues of one node: opened when they are asked for and believed to be this node's, closed when they are not any more.

use super::crowd::Crowd;
use super::message::Message;
use super::partition::{self, Dependencies};
use super::polls::{Poll, Served};
use crate::cluster::membership::Membership;
use crate::cluster::router::queue_partition;
use crate::cluster::{deadline, status};
use crate::planted::{Bug, planted};
use resurgam_api::internal::TaskQueue;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Status;

/// See the module.
#[derive(Clone)]
pub(super) struct Queues {
    dependencies: Dependencies,
    membership: Arc<Membership>,
    queues: Arc<Mutex<OpenQueues>>,
    stop: CancellationToken,
}

/// Those that were opened, by name: the ones that have closed since are taken out from time to time.
#[derive(Default)]
struct OpenQueues {
    all: BTreeMap<String, Open>,
    /// How many there were after those that had closed were taken out last.
    swept: usize,
}

/// Fewer than this are never looked through.
const FEW: usize = 1_000;

#[derive(Clone)]
struct Open {
    mailbox: mpsc::Sender<Message>,
    stop: CancellationToken,
}

impl OpenQueues {
    /// The mailbox of a queue, which is opened if it is not open. However many there are, it looks at this one, but for a sweep
    /// each time that there are twice as many.
    fn mailbox(&mut self, name: String, open: impl FnOnce() -> Open) -> mpsc::Sender<Message> {
        if let Some(known) = self.all.get(&name)
            && !known.mailbox.is_closed()
        {
            return known.mailbox.clone();
        }
        if self.all.len() >= 2 * self.swept.max(FEW) {
            self.all.retain(|_, open| !open.mailbox.is_closed());
            self.swept = self.all.len();
        }
        let open = open();
        let mailbox = open.mailbox.clone();
        self.all.insert(name, open);
        mailbox
    }
}

impl Queues {
    /// Task queues on `store`, whose tasks are started by `router`. Cancelling `stop` closes them.
    pub(super) fn new(
        environment: Arc<dyn resurgam_api::environment::Environment>,
        store: Arc<dyn crate::store::Store>,
        router: Arc<crate::cluster::router::Router>,
        membership: Arc<Membership>,
        node: impl Into<String>,
        stop: CancellationToken,
    ) -> Self {
        let dependencies = Dependencies { environment, store, router, node: node.into(), crowd: Crowd::default() };
        let queues = Self { dependencies, membership, queues: Arc::default(), stop };
        queues.clone().follow();
        queues
    }

    /// Closes queues that are not this node's any more, whenever the view of the members changes.
    fn follow(self) {
        let mut view = self.membership.watch();
        let environment = Arc::clone(&self.dependencies.environment);
        environment.spawn(Box::pin(async move {
            loop {
                tokio::select! {
                    biased;
                    () = self.stop.cancelled() => return,
                    changed = view.changed() => if changed.is_err() { return },
                }
                if !planted(Bug::StaleQueueOwner) {
                    let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
                    queues.all.retain(|name, open| {
                        let mine = self.membership.is_mine(name);
                        if !mine {
                            open.stop.cancel();
                        }
                        mine
                    });
                }
            }
        }));
    }

    /// The mailbox of a queue.
    pub(super) fn queue(&self, queue: Option<&TaskQueue>) -> Result<mpsc::Sender<Message>, Box<Status>> {
        let queue = queue.ok_or_else(|| Box::new(Status::invalid_argument("no task queue")))?;
        let partition = queue_partition(queue);
        let name = partition.to_string();
        if !self.is_mine(&name) {
            return Err(Box::new(status::not_owner(format!("{name} belongs to another node"))));
        }
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(queues.mailbox(name, || {
            let stop = self.stop.child_token();
            let mailbox = partition::open(self.dependencies.clone(), partition, queue.sticky, stop.clone());
            Open { mailbox, stop }
        }))
    }

    /// Whether the queue of this name is to be this node's.
    pub(super) fn is_mine(&self, name: &str) -> bool {
        self.membership.is_mine(name) && !self.stop.is_cancelled()
    }

    /// Sends a message and waits for its answer, for as long as there is an owner.
    pub(super) async fn ask<T>(
        &self,
        queue: Option<&TaskQueue>,
        message: impl FnOnce(oneshot::Sender<T>) -> Message,
    ) -> Result<T, Status> {
        let mailbox = self.queue(queue).map_err(|status| *status)?;
        let (sender, receiver) = oneshot::channel();
        mailbox.send(message(sender)).await.map_err(|_| closed())?;
        receiver.await.map_err(|_| closed())
    }

    /// Waits for a task until a second before the caller's limit.
    pub(super) async fn poll(
        &self,
        queue: Option<&TaskQueue>,
        identity: String,
        rate: Option<f64>,
        limit: Option<Duration>,
    ) -> Result<Option<Served>, Status> {
        let patience = limit.map_or(deadline::POLL_MAX, |limit| limit.saturating_sub(deadline::POLL_MARGIN));
        let until = Instant::now() + patience.min(deadline::POLL_MAX);
        let mailbox = self.queue(queue).map_err(|status| *status)?;
        let (sender, mut receiver) = oneshot::channel();
        match tokio::time::timeout_at(until, mailbox.send(Message::Poll(Poll { identity, receiver: sender }, rate)))
            .await
        {
            Ok(sent) => sent.map_err(|_| closed())?,
            // Its owner cannot listen now.
            Err(_) => return Ok(None),
        }
        match tokio::time::timeout_at(until, &mut receiver).await {
            Ok(served) => served.map(Some).map_err(|_| closed()),
            Err(_) => {
                // What arrives at this very moment is not to be lost.
                receiver.close();
                Ok(receiver.try_recv().ok())
            }
        }
    }
}

/// The queue was closed while somebody waited for it: nothing was handed out, and nothing taken over for good.
pub(super) fn closed() -> Status {
    status::not_owner("the task queue was closed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_have_closed_are_opened_anew_and_not_kept() {
        let mut queues = OpenQueues::default();
        let (mailbox, receiver) = mpsc::channel(1);
        let stays = Open { mailbox, stop: CancellationToken::new() };
        let mut opened = 0;
        for number in 0..10 * FEW {
            queues.mailbox("stays".to_owned(), || stays.clone());
            queues.mailbox(number.to_string(), || Open { mailbox: mpsc::channel(1).0, stop: CancellationToken::new() });
            queues.mailbox("closes".to_owned(), || {
                opened += 1;
                Open { mailbox: mpsc::channel(1).0, stop: CancellationToken::new() }
            });
            assert!(queues.all.len() <= 2 * FEW + 1, "{}", queues.all.len());
        }
        assert_eq!(opened, 10 * FEW);
        assert!(queues.all.contains_key("stays"));
        drop(receiver);
    }
}
