//! Where the tasks and the queries of one queue meet the polls that wait for them, in memory. What is to become of its rows is
//! the business of its owner.

use super::configuration::Configuration;
use super::description::Description;
use super::in_flight::InFlight;
use super::message::Message;
use super::pace::Pace;
use super::polls::{Poll, Polls};
use super::query::{Asker, Queries};
use super::queue::{AddedTask, Batch, HandOver, Queue, TaskId};
use super::tally::Tally;
use crate::cluster::status;
use crate::invariant::{Checks, broken, checks, invariant};
use resurgam_api::environment::Environment;
use resurgam_api::internal::{AddTaskRequest, QueryWorkerRequest};
use resurgam_api::temporal::taskqueue::v1::TaskQueueConfig;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tonic::Status;

/// How long a query waits for the worker of a sticky queue.
pub(super) const STICKY_QUERY: Duration = Duration::from_secs(1);

/// See the module.
pub(super) struct Exchange {
    environment: Arc<dyn Environment>,
    sticky: bool,
    pub(super) queue: Queue,
    queries: Queries,
    polls: Polls,
    pace: Pace,
    /// Tasks that came, and that left.
    tallies: [Tally; 2],
    pub(super) configuration: Configuration,
    in_flight: InFlight,
    /// Who waits until a task is safe.
    adders: BTreeMap<TaskId, Vec<oneshot::Sender<Result<(), Status>>>>,
}

impl Exchange {
    /// One where nobody waits yet.
    pub(super) fn new(environment: Arc<dyn Environment>, sticky: bool, in_flight: InFlight) -> Self {
        Self {
            environment,
            sticky,
            queue: Queue::new(sticky, 1, 0),
            queries: Queries::default(),
            polls: Polls::default(),
            pace: Pace::default(),
            tallies: [Tally::new(Instant::now()), Tally::new(Instant::now())],
            configuration: Configuration::default(),
            in_flight,
            adders: BTreeMap::new(),
        }
    }

    fn now(&self) -> i64 {
        let now = self.environment.now().duration_since(SystemTime::UNIX_EPOCH);
        now.map_or(0, |now| i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
    }

    /// Does what somebody asks, or takes in how something ended that was under way.
    pub(super) fn receive(&mut self, message: Message) {
        match message {
            Message::Add(request, adder) => self.add(*request, adder),
            Message::Poll(poll, rate) => {
                self.pace.set(rate);
                self.wait(poll);
            }
            Message::Query(request, asker) => self.query(request, asker),
            Message::Answer(id, request, reply) => {
                // The worker may have gone.
                let _ = reply.send(self.queries.answer(&id, *request));
            }
            Message::Configure(request, reply) => {
                let now = self.now();
                self.configuration.change(&request, now, reply);
            }
            Message::Describe(reply) => {
                let pollers = self.queue.pollers().map(|(identity, last)| (identity.to_owned(), last)).collect();
                let (backlog, config) = (self.queue.backlog(), self.configuration.config().clone());
                // Whoever asked may have gone.
                let _ = reply.send(Description {
                    pollers,
                    backlog,
                    config,
                    rates: self.tallies.each_ref().map(|tally| tally.rate(Instant::now())),
                    limits: self.pace.limits(),
                    sticky: self.sticky,
                });
            }
            Message::Close => self.queue.close(),
            Message::Ended(id, how, poll) => self.ended(id, how, poll),
            Message::Rested(id) => self.queue.rested(id),
            Message::Asked(id, delivery, poll) => {
                poll.into_iter().for_each(|poll| self.wait(poll));
                self.queries.arrived(id, delivery);
            }
            Message::Broken(panicked) => broken!("work beside the queue panicked: {panicked}"),
        }
    }

    fn add(&mut self, request: AddTaskRequest, adder: oneshot::Sender<Result<(), Status>>) {
        self.purge_first();
        let now = self.now();
        self.tallies[0].count(Instant::now());
        match self.queue.add(request, now) {
            // The one who adds may have gone.
            Err(_) => drop(adder.send(Err(status::sticky_worker_unavailable()))),
            Ok(AddedTask::Taken) => drop(adder.send(Ok(()))),
            Ok(AddedTask::Pending(id)) => self.adders.entry(id).or_default().push(adder),
        }
    }

    fn wait(&mut self, poll: Poll) {
        let (identity, now) = (poll.identity.clone(), self.now());
        let poller = self.polls.wait(poll);
        self.queue.poll(poller, &identity, now);
    }

    fn query(&mut self, request: Box<QueryWorkerRequest>, asker: Asker) {
        self.purge_first();
        if self.queue.abandoned(self.now()) {
            // Whoever asked may have gone.
            return drop(asker.send(Err(status::sticky_worker_unavailable())));
        }
        let id = format!("{:016x}", self.environment.random());
        let until = self.sticky.then(|| Instant::now() + STICKY_QUERY);
        self.queries.add(id, request, until, asker);
    }

    /// Forgets polls whose caller has gone.
    pub(super) fn purge(&mut self) {
        self.polls.take_gone().for_each(|poller| self.queue.gone(poller));
    }

    /// Forgets those in front of the first whose caller is there: they must not swallow a task. However many wait, it looks at no others.
    fn purge_first(&mut self) {
        while let Some(poller) = self.polls.take_first_if_gone() {
            self.queue.gone(poller);
        }
    }

    /// Matches queries and tasks with polls as far as possible.
    pub(super) fn serve(&mut self) {
        if !self.queries.waits() && !self.queue.can_offer() {
            return;
        }
        self.purge_first();
        while self.queries.waits()
            && let Some(poller) = self.queue.take_poller()
        {
            let Some(poll) = self.polls.take(poller) else { continue };
            if let Some((id, query)) = self.queries.next() {
                self.in_flight.ask(id, query, poll);
            }
            self.purge_first();
        }
        while self.queue.can_offer()
            && self.pace.allows(Instant::now())
            && let Some(offer) = self.queue.offer(self.now())
        {
            self.pace.took(Instant::now());
            match self.polls.take(offer.poller) {
                Some(poll) => self.in_flight.start(offer, poll),
                None => self.ended(offer.id, HandOver::Again, None),
            }
            self.purge_first();
        }
    }

    fn ended(&mut self, id: TaskId, how: HandOver, poll: Option<Poll>) {
        poll.into_iter().for_each(|poll| self.wait(poll));
        if how == HandOver::Delivered {
            self.tallies[1].count(Instant::now());
        }
        if self.queue.ended(id, how) {
            self.safe(id);
        }
        if how == HandOver::Again {
            self.in_flight.rest(Message::Rested(id));
        }
    }

    /// Tells those who added a task that it is not their concern any more.
    fn safe(&mut self, id: TaskId) {
        for adder in self.adders.remove(&id).into_iter().flatten() {
            // The one who added it may have gone.
            let _ = adder.send(Ok(()));
        }
    }

    /// The same for all tasks of a batch.
    pub(super) fn all_safe(&mut self, batch: &Batch) {
        batch.tasks.iter().for_each(|(id, _)| self.safe(*id));
    }

    /// The same for every task that somebody waits for: [`Bug::StaleQueueOwner`](crate::planted::Bug::StaleQueueOwner).
    pub(super) fn everything_safe(&mut self) {
        for id in self.adders.keys().copied().collect::<Vec<_>>() {
            self.safe(id);
        }
    }

    /// Tells those who wait until a task is safe, or a configuration in force, nothing any more: they try again.
    pub(super) fn nothing_safe(&mut self) {
        self.adders.clear();
        self.configuration.forget();
    }

    /// The configuration that was found in the store.
    pub(super) fn configure(&mut self, stored: TaskQueueConfig) {
        self.configuration.load(stored);
        self.pace.configure(self.configuration.rate());
    }

    /// The configuration that was being written is in force.
    pub(super) fn configured(&mut self) {
        self.configuration.written();
        self.pace.configure(self.configuration.rate());
    }

    /// When something is to be done though nobody asks: more tasks may be offered, or a query is to be sent away.
    pub(super) fn due(&mut self) -> Option<Instant> {
        let paced = self.pace.next(Instant::now()).filter(|_| self.queue.can_offer());
        paced.into_iter().chain(self.queries.patience()).min()
    }

    /// Sends queries away that have waited long enough.
    pub(super) fn give_up(&mut self) {
        self.queries.give_up(Instant::now());
    }

    /// Whether a poll waits.
    pub(super) fn is_polled(&self) -> bool {
        !self.polls.is_empty()
    }

    /// Asserts that whoever waits has something to wait for.
    pub(super) fn assert_sound(&self) {
        self.queue.assert_sound();
        if checks() == Checks::Thorough {
            invariant!(
                self.queue.waits_for(self.polls.pollers()),
                "a poll waits that the queue does not know, or the reverse"
            );
            let strange = self.adders.keys().find(|id| !self.queue.is_pending(**id));
            invariant!(strange.is_none(), "somebody waits for task {strange:?}, which is safe or gone");
        }
    }
}
