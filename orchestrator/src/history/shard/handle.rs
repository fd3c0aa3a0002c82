//! How the rest of a node talks to a shard: a handle that sends requests to its task and waits for their answers.

use super::actor::{Actor, Message};
use super::config::Config;
use super::dispatch::Dispatcher;
use super::job::{Answer, Answered, RunView, Work};
use super::route::{Target, target};
use crate::cluster::Rejection;
use crate::history::engine::{Input, Reply};
use crate::store::Store;
use resurgam_api::environment::Environment;
use std::fmt;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

/// Requests that wait for the shard's task before callers have to wait to be let in.
const INBOX: usize = 1024;

/// The handle to a shard's task. Clones lead to the same one.
#[derive(Clone)]
pub struct Shard {
    pub(super) inbox: mpsc::Sender<Message>,
    pub(super) store: Arc<dyn Store>,
    pub(super) config: Arc<Config>,
}

impl Shard {
    /// Begins to work on a shard, until `stop` is cancelled or every handle is dropped. It takes the shard from whoever has
    /// it, again and again.
    pub fn start(
        store: Arc<dyn Store>,
        environment: &Arc<dyn Environment>,
        dispatcher: Arc<dyn Dispatcher>,
        config: Config,
        stop: CancellationToken,
    ) -> Self {
        let (sender, inbox) = mpsc::channel(INBOX);
        let config = Arc::new(config);
        let (environment, own) = (environment.clone(), config.clone());
        let actor =
            Actor { store: store.clone(), environment: environment.clone(), dispatcher, config: own, inbox, stop };
        environment.spawn(Box::pin(actor.run()));
        Self { inbox: sender, store, config }
    }

    /// Does one input, waits for its commit, and for its answer if that comes later. Replies that go with a history carry it,
    /// or its first page and the token of the next.
    ///
    /// # Errors
    /// The engine's rejection, committed like any answer; or [`Rejection::Unavailable`], after which the input may or may
    /// not have been done.
    pub async fn call(&self, input: Input) -> Result<Reply, Rejection> {
        let Some(target) = target(&input) else {
            return Err(Rejection::InvalidArgument("the input names no workflow".to_owned()));
        };
        match self.ask(target, Work::Step(input)).await?.0 {
            Answer::Reply(reply, tail) => self.resolve(reply?, tail).await,
            Answer::RunView(_) => Err(doubt()),
        }
    }

    /// A look at a run, and a watch that tells when its history grows.
    pub(super) async fn look(&self, target: Target) -> Result<(RunView, Option<watch::Receiver<()>>), Rejection> {
        match self.ask(target, Work::View).await? {
            (Answer::RunView(view), watch) => Ok((view, watch)),
            (Answer::Reply(reply, _), _) => Err(reply.err().unwrap_or_else(doubt)),
        }
    }

    async fn ask(&self, target: Target, work: Work) -> Result<Answered, Rejection> {
        let (answer, answered) = oneshot::channel();
        self.inbox.send(Message { target, work, answer }).await.map_err(|_| doubt())?;
        answered.await.map_err(|_| doubt())
    }
}

impl fmt::Debug for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shard").field("number", &self.config.number).finish_non_exhaustive()
    }
}

/// The only answer while ownership or an outcome is in doubt.
pub(super) fn doubt() -> Rejection {
    Rejection::Unavailable("the shard is not served here, or the outcome is in doubt".to_owned())
}
