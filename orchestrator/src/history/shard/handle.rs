//! How the rest of a node talks to a shard: a handle that sends requests to its task and waits for their answers.

use super::actor::Actor;
use super::config::ShardConfig;
use super::dispatch::Dispatcher;
use super::job::{Job, Origin, Viewed, Work, asked};
use super::route::Target;
use crate::cluster::Rejection;
use crate::history::engine::{Input, Waiter};
use crate::store::Store;
use resurgam_api::calls::HistoryCall;
use resurgam_api::environment::Environment;
use resurgam_api::internal;
use std::fmt;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Requests that wait for the shard's task before callers have to wait to be let in.
pub(crate) const INBOX: usize = 1024;

/// The handle to a shard's task. Clones lead to the same one.
#[derive(Clone)]
pub struct Shard {
    pub(super) inbox: mpsc::Sender<Job>,
    pub(super) store: Arc<dyn Store>,
    pub(super) config: Arc<ShardConfig>,
}

impl Shard {
    /// Begins to work on a shard, until `stop` is cancelled or every handle is dropped. It takes the shard from whoever has
    /// it, again and again.
    pub fn start(
        store: Arc<dyn Store>,
        environment: &Arc<dyn Environment>,
        dispatcher: Arc<dyn Dispatcher>,
        config: ShardConfig,
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

    /// Does one call, waits for its commit, and for its answer if that comes later.
    ///
    /// # Errors
    /// The engine's rejection, committed like any answer; or [`Rejection::Unavailable`], after which the call may or may
    /// not have been done.
    pub async fn call<I: Input + HistoryCall>(&self, call: I) -> Result<<I as Input>::Answer, Rejection> {
        self.input(call.target(), call).await
    }

    /// The same for any input, about the workflow that its call names.
    ///
    /// # Errors
    /// See [`Shard::call`].
    pub async fn input<I: Input>(&self, target: Option<internal::Target>, input: I) -> Result<I::Answer, Rejection> {
        let target = target.ok_or_else(|| Rejection::InvalidArgument("the call names no workflow".to_owned()))?;
        let (caller, answer) = Waiter::new();
        self.ask(target.into(), Work::Step(asked(input, caller)), answer).await
    }

    /// A look at a run, and a watch that tells when its history grows.
    pub(super) async fn look(&self, target: Target) -> Result<Viewed, Rejection> {
        let (caller, answer) = Waiter::new();
        self.ask(target, Work::View(caller), answer).await
    }

    async fn ask<A>(
        &self,
        target: Target,
        work: Work,
        answer: oneshot::Receiver<Result<A, Rejection>>,
    ) -> Result<A, Rejection> {
        let job = Job { target, work, origin: Origin::Nothing };
        self.inbox.send(job).await.map_err(|_| doubt())?;
        answer.await.map_err(|_| doubt())?
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
