//! The owner of one task queue: an actor around the pure [`Queue`], its log, and the polls and queries that wait.
//!
//! It serves one message at a time and has at most one commit on its way. It begins by loading and ends when its tenure
//! is lost, when it is told to, or when nobody has needed it for a while; whoever waits for it then is told that it is
//! not the owner, and asks again.

use super::message::{Description, Message};
use super::pace::Pace;
use super::query::{Asker, Queries};
use super::queue::{Added, Batch, Offer, Outcome, Poller, Queue, TaskId};
use super::start::{self, Receiver};
use super::stored;
use crate::cluster::router::Router;
use crate::cluster::status;
use crate::invariant::{self, Checks, broken, checks, invariant};
use crate::log::{self, Log};
use crate::planted::{Bug, planted};
use crate::store::{Partition, Store};
use futures_util::future::BoxFuture;
use resurgam_api::environment::Environment;
use resurgam_api::internal::{AddTaskRequest, QueryWorkerRequest};
use resurgam_api::temporal::workflowservice::v1::PollWorkflowTaskQueueResponse;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Status;

/// Messages that wait for the actor.
pub(super) const MAILBOX: usize = 256;
/// How long a task rests whose start could not be recorded.
const REST: Duration = Duration::from_millis(100);
/// How long finished tasks wait for a batch to be deleted with.
const TIDY: Duration = Duration::from_secs(1);
/// How long a query waits for the worker of a sticky queue.
const STICKY_QUERY: Duration = Duration::from_secs(1);
/// After this long without a message a queue is closed.
const IDLE: Duration = Duration::from_secs(300);
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

/// A piece of work on the log.
enum Work {
    Commit(Log, Batch, log::Outcome),
    Page(Log, Result<(stored::Tasks, bool), log::Error>),
    Check(Log, bool),
}

struct Actor {
    dependencies: Dependencies,
    partition: Partition,
    sticky: bool,
    own: mpsc::WeakSender<Message>,
    queue: Queue,
    queries: Queries,
    pace: Pace,
    /// `None` while it is at work, and in memory only.
    log: Option<Log>,
    work: Option<BoxFuture<'static, Work>>,
    polls: BTreeMap<Poller, (String, Receiver)>,
    next_poller: u64,
    /// Who waits until a task is safe.
    adders: BTreeMap<TaskId, Vec<oneshot::Sender<Result<(), Status>>>>,
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
        let mut actor = Self {
            dependencies,
            partition,
            sticky,
            own,
            queue: Queue::new(sticky, 1, 0),
            queries: Queries::default(),
            pace: Pace::default(),
            log: None,
            work: None,
            polls: BTreeMap::new(),
            next_poller: 0,
            adders: BTreeMap::new(),
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
        let level = stored::level(&mut log).await?;
        let (tasks, whole) = stored::page(self.dependencies.store.as_ref(), &log, level).await?;
        self.first = stored::first(&log);
        self.queue.reset(self.first, level);
        self.queue.load(tasks, whole);
        self.log = Some(log);
        Ok(())
    }

    /// Works until it is over, and says why that is.
    async fn run(mut self, mut mailbox: mpsc::Receiver<Message>, stop: CancellationToken) -> &'static str {
        loop {
            self.serve();
            self.begin_work();
            self.assert_sound();
            let mut work = self.work.take();
            let working = async {
                match work.as_mut() {
                    Some(work) => work.await,
                    None => std::future::pending().await,
                }
            };
            let paced = self.pace.next(Instant::now()).filter(|_| self.queue.can_offer());
            let wake = self.tidy_at.into_iter().chain(paced).fold(self.check_at.min(self.used + IDLE), Instant::min);
            let waking = tokio::time::sleep_until(wake);
            tokio::select! {
                biased;
                () = stop.cancelled() => return "it is not ours any more",
                done = working => {
                    if !self.finish_work(done).await {
                        return "its log is lost";
                    }
                }
                message = mailbox.recv() => {
                    self.work = work;
                    match message {
                        Some(message) => self.receive(message),
                        None => return "nobody needs it",
                    }
                }
                () = waking => {
                    self.work = work;
                    self.purge();
                    if self.is_idle() {
                        return "nobody has used it for a while";
                    }
                    self.tend();
                }
            }
        }
    }

    /// Asserts that whoever waits has something to wait for.
    fn assert_sound(&self) {
        if checks() == Checks::Off {
            return;
        }
        self.queue.assert_sound();
        if checks() == Checks::Thorough {
            invariant!(
                self.queue.waits_for(self.polls.keys()),
                "a poll waits that the queue does not know, or the reverse"
            );
            let strange = self.adders.keys().find(|id| !self.queue.is_pending(**id));
            invariant!(strange.is_none(), "somebody waits for task {strange:?}, which is safe or gone");
        }
    }

    fn is_idle(&mut self) -> bool {
        let now = Instant::now();
        if !self.polls.is_empty() {
            self.used = now;
        }
        self.tidy_at.is_none() && now >= self.used + IDLE
    }

    /// Does what is due at a time: deletes finished tasks, and looks whether the tenure lasts.
    fn tend(&mut self) {
        let now = Instant::now();
        if self.tidy_at.is_some_and(|at| now >= at) {
            self.tidy_at = None;
            self.tidy();
        }
        if now >= self.check_at {
            self.check_at = now + CHECK;
            if self.work.is_none()
                && let Some(mut log) = self.log.take()
            {
                self.work = Some(Box::pin(async move {
                    let held = log.lasts().await;
                    Work::Check(log, held)
                }));
            }
        }
    }

    fn now(&self) -> i64 {
        let now = self.dependencies.environment.now().duration_since(SystemTime::UNIX_EPOCH);
        now.map_or(0, |now| i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
    }

    fn receive(&mut self, message: Message) {
        self.used = Instant::now();
        match message {
            Message::Add(request, adder) => self.add(*request, adder),
            Message::Poll(identity, rate, receiver) => {
                self.pace.set(rate);
                self.wait(identity, receiver);
            }
            Message::Query(request, asker) => self.query(request, asker),
            Message::Answer(id, request, reply) => {
                // The worker may have gone.
                let _ = reply.send(self.queries.answer(&id, *request));
            }
            Message::Describe(reply) => {
                let pollers = self.queue.pollers().map(|(identity, last)| (identity.to_owned(), last)).collect();
                // Whoever asked may have gone.
                let _ = reply.send(Description { pollers, backlog: self.queue.backlog() });
            }
            Message::Close => self.queue.close(),
            Message::Ended(id, outcome, poll) => self.ended(id, outcome, poll),
            Message::Rested(id) => self.queue.rested(id),
            Message::Asked(id, delivery, poll) => {
                if let Some((identity, receiver)) = poll {
                    self.wait(identity, receiver);
                }
                self.queries.arrived(id, delivery);
            }
            Message::GiveUp(id) => self.queries.give_up(&id),
            Message::Broken(panicked) => broken!("work beside the queue panicked: {panicked}"),
        }
    }

    fn add(&mut self, request: AddTaskRequest, adder: oneshot::Sender<Result<(), Status>>) {
        self.purge();
        let now = self.now();
        match self.queue.add(request, now) {
            // The one who adds may have gone.
            Err(_) => drop(adder.send(Err(status::sticky_worker_unavailable()))),
            Ok(Added::Taken) => drop(adder.send(Ok(()))),
            Ok(Added::Pending(id)) => self.adders.entry(id).or_default().push(adder),
        }
    }

    fn wait(&mut self, identity: String, receiver: Receiver) {
        let poller = Poller(self.next_poller);
        self.next_poller += 1;
        self.queue.poll(poller, &identity, self.now());
        self.polls.insert(poller, (identity, receiver));
    }

    fn query(&mut self, request: Box<QueryWorkerRequest>, asker: Asker) {
        self.purge();
        if self.queue.abandoned(self.now()) {
            // Whoever asked may have gone.
            return drop(asker.send(Err(status::sticky_worker_unavailable())));
        }
        let id = format!("{:016x}", self.dependencies.environment.random());
        if self.sticky {
            self.later(STICKY_QUERY, Message::GiveUp(id.clone()));
        }
        self.queries.add(id, request, asker);
    }

    fn later(&self, pause: Duration, message: Message) {
        self.beside(async move {
            tokio::time::sleep(pause).await;
            message
        });
    }

    /// Does something beside everything else, and hears how it ended.
    fn beside(&self, work: impl Future<Output = Message> + Send + 'static) {
        let own = self.own.clone();
        self.dependencies.environment.spawn(Box::pin(async move {
            let ended = invariant::contained(work).await.unwrap_or_else(Message::Broken);
            if let Some(own) = own.upgrade() {
                // The queue may be closed by now: its next owner reads a task again, and whoever asked something is told.
                let _ = own.send(ended).await;
            }
        }));
    }

    /// Forgets polls whose caller has gone: they must not swallow a task.
    fn purge(&mut self) {
        let gone = self.polls.iter().filter(|(_, (_, receiver))| receiver.is_closed()).map(|(poller, _)| *poller);
        for poller in gone.collect::<Vec<_>>() {
            self.polls.remove(&poller);
            self.queue.gone(poller);
        }
    }

    /// Matches queries and tasks with polls as far as possible.
    fn serve(&mut self) {
        if !self.queries.waits() && !self.queue.can_offer() {
            return;
        }
        self.purge();
        while self.queries.waits()
            && let Some(poller) = self.queue.take_poller()
        {
            let Some((identity, receiver)) = self.polls.remove(&poller) else { continue };
            if let Some((id, query)) = self.queries.next() {
                self.ask(id, query, identity, receiver);
            }
        }
        while self.queue.can_offer()
            && self.pace.allows(Instant::now())
            && let Some(offer) = self.queue.offer(self.now())
        {
            self.pace.took(Instant::now());
            match self.polls.remove(&offer.poller) {
                Some((identity, receiver)) => self.start(offer, identity, receiver),
                None => self.ended(offer.id, Outcome::Again, None),
            }
        }
    }

    /// Delivers a query with its history.
    fn ask(&self, id: String, query: PollWorkflowTaskQueueResponse, identity: String, receiver: Receiver) {
        let router = Arc::clone(&self.dependencies.router);
        self.beside(async move {
            let (delivery, back) = start::hand_over_query(&router, query, identity, receiver, REST).await;
            Message::Asked(id, delivery, back)
        });
    }

    /// Records the start of an offered task and delivers it.
    fn start(&self, offer: Offer, identity: String, receiver: Receiver) {
        let Dependencies { environment, router, .. } = self.dependencies.clone();
        self.beside(async move {
            let ended = start::hand_over(environment.as_ref(), &router, &offer.request, identity, receiver).await;
            Message::Ended(offer.id, ended.0, ended.1)
        });
    }

    fn ended(&mut self, id: TaskId, outcome: Outcome, poll: Option<(String, Receiver)>) {
        if let Some((identity, receiver)) = poll {
            self.wait(identity, receiver);
        }
        if self.queue.ended(id, outcome) {
            self.safe(id);
        }
        if outcome == Outcome::Again {
            self.later(REST, Message::Rested(id));
        }
        self.plan_tidying();
    }

    /// Tells those who added a task that it is not their concern any more.
    fn safe(&mut self, id: TaskId) {
        for adder in self.adders.remove(&id).into_iter().flatten() {
            // The one who added it may have gone.
            let _ = adder.send(Ok(()));
        }
    }

    fn plan_tidying(&mut self) {
        if self.tidy_at.is_none() && self.queue.untidy() {
            self.tidy_at = Some(Instant::now() + TIDY);
        }
    }

    /// Begins to write or to read, if there is reason to and nothing else is on its way.
    fn begin_work(&mut self) {
        if self.work.is_none() && self.queue.urgent() {
            self.tidy();
        }
        if self.work.is_none()
            && let Some(from) = self.queue.wants()
            && let Some(log) = self.log.take()
        {
            let store = Arc::clone(&self.dependencies.store);
            self.work = Some(Box::pin(async move {
                let page = stored::page(store.as_ref(), &log, from).await;
                Work::Page(log, page)
            }));
        }
    }

    /// Writes what is to be written.
    fn tidy(&mut self) {
        if self.work.is_none()
            && let Some(mut log) = self.log.take()
        {
            let Some(batch) = self.queue.batch() else {
                self.log = Some(log);
                return;
            };
            self.work = Some(Box::pin(async move {
                let outcome = log.commit(stored::group(&batch)).await;
                Work::Commit(log, batch, outcome)
            }));
        }
    }

    /// Takes in what has been written or read. False: the tenure is lost.
    async fn finish_work(&mut self, work: Work) -> bool {
        let (log, batch, outcome) = match work {
            Work::Page(log, Ok((tasks, whole))) => {
                self.queue.load(tasks, whole);
                self.log = Some(log);
                return true;
            }
            Work::Page(_, Err(problem)) => {
                tracing::warn!(queue = %self.partition, %problem, "cannot read the task queue");
                return false;
            }
            Work::Check(log, held) => {
                self.log = Some(log);
                return held;
            }
            Work::Commit(log, batch, outcome) => (log, batch, outcome),
        };
        let written = matches!(outcome, log::Outcome::Applied | log::Outcome::Settled);
        if planted(Bug::ReadLevelAfterUnknown) && outcome != log::Outcome::Applied {
            self.queue.passed_over(&batch);
            batch.tasks.iter().for_each(|(id, _)| self.safe(*id));
            let held = log.is_held();
            self.log = Some(log);
            return held;
        }
        if outcome == log::Outcome::Applied && self.queue.given(self.first) < NUMBERS {
            self.queue.written(&batch);
            self.log = Some(log);
            batch.tasks.iter().for_each(|(id, _)| self.safe(*id));
            self.plan_tidying();
            return true;
        }
        if planted(Bug::StaleQueueOwner) && !log.is_held() {
            self.queue.detach();
            for id in self.adders.keys().copied().collect::<Vec<_>>() {
                self.safe(id);
            }
            return true;
        }
        tracing::info!(queue = %self.partition, ?outcome, "reads the task queue again");
        if written {
            batch.tasks.iter().for_each(|(id, _)| self.safe(*id));
        }
        // What is not written is not taken over: whoever added it tries again.
        self.adders.clear();
        // The same tenure must not give its numbers again: they may be stored already.
        log.is_held() && stored::first(&log) != self.first && self.load(log).await.is_ok()
    }
}

#[cfg(test)]
mod tests;
