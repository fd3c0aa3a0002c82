//! What is done for a queue beside its owner: tasks and queries on their way to workers, and pauses. The owner hears of each by
//! a message how it ended.

use super::message::Message;
use super::polls::Poll;
use super::queue::Offer;
use super::start;
use crate::cluster::router::Router;
use crate::invariant;
use resurgam_api::environment::Environment;
use resurgam_api::temporal::workflowservice::v1::PollWorkflowTaskQueueResponse;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a task rests whose start could not be recorded, and a query whose history could not be read.
pub(super) const REST: Duration = Duration::from_millis(100);

/// Starts what takes longer than the owner of a queue may wait, and lets it know of the end.
pub(super) struct InFlight {
    environment: Arc<dyn Environment>,
    router: Arc<Router>,
    owner: mpsc::WeakSender<Message>,
}

impl InFlight {
    /// Nothing so far. `owner` is told how each of them ended.
    pub(super) fn new(
        environment: Arc<dyn Environment>,
        router: Arc<Router>,
        owner: mpsc::WeakSender<Message>,
    ) -> Self {
        Self { environment, router, owner }
    }

    /// Delivers a query with its history.
    pub(super) fn ask(&self, id: String, query: PollWorkflowTaskQueueResponse, poll: Poll) {
        let router = Arc::clone(&self.router);
        self.beside(async move {
            let (delivery, back) = start::hand_over_query(&router, query, poll, REST).await;
            Message::Asked(id, delivery, back)
        });
    }

    /// Records the start of an offered task and delivers it.
    pub(super) fn start(&self, offer: Offer, poll: Poll) {
        let (environment, router) = (Arc::clone(&self.environment), Arc::clone(&self.router));
        self.beside(async move {
            let (how, back) = start::hand_over(environment.as_ref(), &router, &offer.request, poll).await;
            Message::Ended(offer.id, how, back)
        });
    }

    /// Says after a rest that it is over.
    pub(super) fn rest(&self, over: Message) {
        self.beside(async move {
            tokio::time::sleep(REST).await;
            over
        });
    }

    fn beside(&self, work: impl Future<Output = Message> + Send + 'static) {
        let owner = self.owner.clone();
        self.environment.spawn(Box::pin(async move {
            let ended = invariant::contained(work).await.unwrap_or_else(Message::Broken);
            if let Some(owner) = owner.upgrade() {
                // The queue may be closed by now: its next owner reads a task again, and whoever asked something is told.
                let _ = owner.send(ended).await;
            }
        }));
    }
}
