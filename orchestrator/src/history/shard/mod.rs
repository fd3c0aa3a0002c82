//! The runtime of one shard: one task owns the shard's log and a cache of workflows; everybody else talks to it through a
//! [`Shard`]. Requests that wait at the same time are committed together; an answer leaves only after the commit of what it
//! was computed from, answers that change nothing included. How the engine decides is not known here.

mod actor;
mod cache;
mod chain;
mod dispatch;
mod errand;
mod history;
mod keys;
mod node;
mod queue;
mod route;
pub mod rows;
#[cfg(test)]
mod tests;
mod token;
mod turn;

pub use dispatch::{Added, Dispatcher};
pub use route::{Target, WorkflowKey, target};

use super::engine::{Context, Effects, Input, Limits, Rejection, Reply, Workflow};
use crate::log::Bounds;
use crate::store::Store;
use actor::{Actor, Answered, Message};
use resurgam_api::environment::Environment;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use turn::{Answer, Sight, Work};

/// Requests that wait for the shard's task before callers have to wait to be let in.
const INBOX: usize = 1024;

/// What an input does to a workflow: `engine::step`, or a stand-in of it in tests.
pub type Step = fn(&mut Workflow, Input, &mut Context<'_>) -> Result<Effects, Rejection>;

/// What a shard has to be told.
#[derive(Clone, Debug)]
pub struct Config {
    /// Number of the shard.
    pub number: u32,
    /// Name of the node, for operators.
    pub node: String,
    /// The engine.
    pub step: Step,
    /// Its limits.
    pub limits: Limits,
    /// How much one commit may hold.
    pub bounds: Bounds,
    /// Whether descriptions and histories wait for a commit, and so never show an earlier state.
    pub linearizable_reads: bool,
    /// How long a request for new events waits.
    pub long_poll: Duration,
    /// Most events in one answer.
    pub page: usize,
}

impl Config {
    /// The usual configuration of shard `number` on a node.
    #[must_use]
    pub fn new(number: u32, node: &str, step: Step) -> Self {
        Self {
            number,
            node: node.to_owned(),
            step,
            limits: Limits::default(),
            bounds: Bounds::default(),
            linearizable_reads: true,
            long_poll: Duration::from_secs(20),
            page: 256,
        }
    }
}

/// The door to a shard's task. Clones lead to the same one.
#[derive(Clone)]
pub struct Shard {
    inbox: mpsc::Sender<Message>,
    store: Arc<dyn Store>,
    config: Arc<Config>,
}

impl Shard {
    /// Begins to work on a shard, until `stop` is cancelled or every door is dropped. It takes the shard from whoever has
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
            Answer::Sight(_) => Err(doubt()),
        }
    }

    /// A look at a run, and a watch that tells when its history grows.
    async fn look(&self, target: Target) -> Result<(Sight, Option<watch::Receiver<()>>), Rejection> {
        match self.ask(target, Work::View).await? {
            (Answer::Sight(sight), watch) => Ok((sight, watch)),
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
fn doubt() -> Rejection {
    Rejection::Unavailable("the shard is not served here, or the outcome is in doubt".to_owned())
}
