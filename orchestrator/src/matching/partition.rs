//! The owner of one task queue: an actor around what is in memory of it, the [`Exchange`], and its log, the [`Journal`].
//!
//! It serves one message at a time and has at most one commit on its way. It begins by loading and ends when its tenure
//! is lost, when it is told to, or when nobody has needed it for a while; whoever waits for it then is told that it is
//! not the owner, and asks again.

use super::crowd::{Crowd, Member};
use super::exchange::Exchange;
use super::in_flight::InFlight;
use super::journal::{Done, Journal, Work};
use super::message::Message;
use super::queue::{Batch, TaskId};
use super::stored;
use crate::cluster::router::Router;
use crate::invariant::{self, Checks, checks};
use crate::log::{self, Log};
use crate::planted::{Bug, planted};
use crate::store::{Partition, Store};
use resurgam_api::environment::Environment;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Messages that wait for the actor.
pub(super) const MAILBOX: usize = 256;
/// How long finished tasks wait for a batch to be deleted with.
const TIDY: Duration = Duration::from_secs(1);
/// How often an owner that writes nothing looks whether it still is the owner.
const CHECK: Duration = Duration::from_secs(5);
/// Ids that one tenure may give.
const NUMBERS: u64 = 1 << 23;

/// What a task queue needs of its node.
#[derive(Clone)]
pub(super) struct Dependencies {
    pub(super) environment: Arc<dyn Environment>,
    pub(super) store: Arc<dyn Store>,
    pub(super) router: Arc<Router>,
    pub(super) node: String,
    pub(super) crowd: Crowd,
}

/// Starts the owner of the queue of this name; cancelling `stop` ends it.
pub(super) fn open(
    dependencies: Dependencies,
    partition: Partition,
    sticky: bool,
    stop: CancellationToken,
) -> mpsc::Sender<Message> {
    let (sender, mailbox) = mpsc::channel(MAILBOX);
    let environment = Arc::clone(&dependencies.environment);
    let own = sender.downgrade();
    environment.spawn(Box::pin(async move {
        let opened = own_queue(dependencies, partition.clone(), sticky, own, mailbox, stop);
        match invariant::contained(opened).await {
            Ok(Ok(why)) => tracing::debug!(queue = %partition, why, "task queue closed"),
            Ok(Err(problem)) => tracing::warn!(queue = %partition, %problem, "cannot open the task queue"),
            // Whatever was known is gone; the next one who needs the queue opens it anew.
            Err(panicked) => tracing::error!(queue = %partition, %panicked, "ended the tenure of the task queue"),
        }
    }));
    sender
}

/// Opens a queue and works on it; says why that is over.
async fn own_queue(
    dependencies: Dependencies,
    partition: Partition,
    sticky: bool,
    own: mpsc::WeakSender<Message>,
    mailbox: mpsc::Receiver<Message>,
    stop: CancellationToken,
) -> Result<&'static str, log::Error> {
    let actor = tokio::select! {
        biased;
        () = stop.cancelled() => return Ok("it is not ours any more"),
        opened = Actor::open(dependencies, partition, sticky, own) => opened?,
    };
    Ok(actor.run(mailbox, stop).await)
}

struct Actor {
    dependencies: Dependencies,
    member: Member,
    partition: Partition,
    exchange: Exchange,
    journal: Journal,
    /// The first id of this tenure.
    first: TaskId,
    tidy_at: Option<Instant>,
    check_at: Instant,
    /// When the last message came.
    used: Instant,
}

impl Actor {
    async fn open(
        dependencies: Dependencies,
        partition: Partition,
        sticky: bool,
        own: mpsc::WeakSender<Message>,
    ) -> Result<Self, log::Error> {
        let (environment, router) = (Arc::clone(&dependencies.environment), Arc::clone(&dependencies.router));
        let in_flight = InFlight::new(Arc::clone(&environment), router, own);
        let mut actor = Self {
            member: dependencies.crowd.enter(),
            dependencies,
            partition,
            exchange: Exchange::new(environment, sticky, in_flight),
            journal: Journal::default(),
            first: 1,
            tidy_at: None,
            check_at: Instant::now() + CHECK,
            used: Instant::now(),
        };
        if !sticky {
            let (store, environment) =
                (Arc::clone(&actor.dependencies.store), Arc::clone(&actor.dependencies.environment));
            let partition = actor.partition.clone();
            let log = Log::open(store, environment, partition, &actor.dependencies.node).await?;
            actor.load(log).await?;
        }
        Ok(actor)
    }

    /// Reads what is stored, as the owner of `log`; what was in memory only is forgotten.
    async fn load(&mut self, mut log: Log) -> Result<(), log::Error> {
        let (level, config) = stored::level(&mut log).await?;
        let (tasks, whole) = stored::page(self.dependencies.store.as_ref(), &log, level).await?;
        self.first = stored::first(&log);
        self.exchange.queue.reset(self.first, level);
        self.exchange.queue.load(tasks, whole);
        self.exchange.configure(config);
        self.journal.hold(log);
        Ok(())
    }

    /// Works until it is over, and says why that is.
    async fn run(mut self, mut mailbox: mpsc::Receiver<Message>, stop: CancellationToken) -> &'static str {
        loop {
            self.exchange.serve();
            self.plan_tidying();
            self.begin_work();
            if checks() != Checks::Off {
                self.exchange.assert_sound();
            }
            let at_times = self.tidy_at.into_iter().chain(self.exchange.due());
            let wake = at_times.fold(self.check_at.min(self.used + self.member.idle()), Instant::min);
            let waking = tokio::time::sleep_until(wake);
            tokio::select! {
                biased;
                () = stop.cancelled() => return "it is not ours any more",
                done = self.journal.done() => {
                    if !self.take_in(done).await {
                        return "its log is lost";
                    }
                }
                message = mailbox.recv() => match message {
                    Some(message) => {
                        self.used = Instant::now();
                        self.exchange.receive(message);
                    }
                    None => return "nobody needs it",
                },
                () = waking => {
                    self.exchange.purge();
                    if self.is_idle() {
                        return "nobody has used it for a while";
                    }
                    self.tend();
                }
            }
        }
    }

    fn is_idle(&mut self) -> bool {
        let now = Instant::now();
        if self.exchange.is_polled() {
            self.used = now;
        }
        self.tidy_at.is_none() && now >= self.used + self.member.idle()
    }

    /// Does what is due at a time: deletes finished tasks, sends queries away, and looks whether the tenure lasts.
    fn tend(&mut self) {
        let now = Instant::now();
        self.exchange.give_up();
        if self.tidy_at.is_some_and(|at| now >= at) {
            self.tidy_at = None;
            self.tidy();
        }
        if now >= self.check_at {
            self.check_at = now + CHECK;
            self.journal.check();
        }
    }

    fn plan_tidying(&mut self) {
        if self.tidy_at.is_none() && self.exchange.queue.untidy() {
            self.tidy_at = Some(Instant::now() + TIDY);
        }
    }

    /// Begins to write or to read, if there is reason to and nothing else is on its way.
    fn begin_work(&mut self) {
        if self.exchange.queue.urgent() {
            self.tidy();
        }
        if self.journal.is_idle()
            && let Some(config) = self.exchange.configuration.unwritten()
        {
            self.journal.configure(config);
        }
        if self.journal.is_idle()
            && let Some(from) = self.exchange.queue.wants()
        {
            self.journal.read(Arc::clone(&self.dependencies.store), from);
        }
    }

    /// Writes what is to be written.
    fn tidy(&mut self) {
        if self.journal.is_idle()
            && let Some(batch) = self.exchange.queue.batch()
        {
            self.journal.write(batch);
        }
    }

    /// Takes in what has been written or read. False: the tenure is lost.
    async fn take_in(&mut self, done: Done) -> bool {
        let Done { log, work } = done;
        match work {
            Work::Read(Ok((tasks, whole))) => {
                self.exchange.queue.load(tasks, whole);
                self.journal.hold(log);
                true
            }
            Work::Read(Err(problem)) => {
                tracing::warn!(queue = %self.partition, %problem, "cannot read the task queue");
                false
            }
            Work::Check(lasts) => {
                self.journal.hold(log);
                lasts
            }
            Work::Configure(outcome) => {
                if matches!(outcome, log::Outcome::Applied | log::Outcome::Settled) {
                    self.exchange.configured();
                }
                if outcome == log::Outcome::Applied {
                    self.journal.hold(log);
                    return true;
                }
                self.again(log).await
            }
            Work::Write(batch, outcome) => self.written(log, &batch, outcome).await,
        }
    }

    /// A batch has been written, or not. False: the tenure is lost.
    async fn written(&mut self, log: Log, batch: &Batch, outcome: log::Outcome) -> bool {
        if planted(Bug::ReadLevelAfterUnknown) && outcome != log::Outcome::Applied {
            self.exchange.queue.passed_over(batch);
            self.exchange.all_safe(batch);
            let held = log.is_held();
            self.journal.hold(log);
            return held;
        }
        if outcome == log::Outcome::Applied && self.exchange.queue.given(self.first) < NUMBERS {
            self.exchange.queue.written(batch);
            self.journal.hold(log);
            self.exchange.all_safe(batch);
            return true;
        }
        if planted(Bug::StaleQueueOwner) && !log.is_held() {
            self.exchange.queue.detach();
            self.exchange.everything_safe();
            return true;
        }
        tracing::info!(queue = %self.partition, ?outcome, "reads the task queue again");
        if matches!(outcome, log::Outcome::Applied | log::Outcome::Settled) {
            self.exchange.all_safe(batch);
        }
        self.again(log).await
    }

    /// Reads everything again, if this is another tenure. False: it is lost.
    async fn again(&mut self, log: Log) -> bool {
        // What is not written is not taken over: whoever added it tries again.
        self.exchange.nothing_safe();
        // The same tenure must not give its numbers again: they may be stored already.
        log.is_held() && stored::first(&log) != self.first && self.load(log).await.is_ok()
    }
}

#[cfg(test)]
mod tests;
