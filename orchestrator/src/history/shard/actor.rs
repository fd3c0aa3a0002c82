//! The task that works on one shard: it takes the log, loads what is left to do, and then turns waiting requests, due timers
//! and answers to transfers into commits, one at a time. Whatever leaves the tenure in doubt ends it: memory is dropped,
//! everybody who waits is told UNAVAILABLE, and the log is taken anew, until the node wants the shard no more.

use super::cache::Cache;
use super::config::ShardConfig;
use super::dispatch::Dispatcher;
use super::expiries::Expiries;
use super::job::{Answer, Job, Origin, Work};
use super::keys;
use super::line::{self, Lines};
use super::queue::Queues;
use super::route::Target;
use super::turn::{Dependencies, Turn};
use super::watches::Watches;
use crate::cluster::Rejection;
use crate::history::engine::TransferResult;
use crate::invariant::{self, Panicked, broken};
use crate::log::{Backoff, Error, Log, Outcome};
use crate::planted::{Bug, planted};
use crate::store::Store;
use resurgam_api::environment::Environment;
use resurgam_state::Millis;
use resurgam_state::task::RunKey;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Longest time without a look at the clock, so that a step of it is noticed.
const TICK: Duration = Duration::from_secs(1);
/// Time until rows of done transfers are deleted, if no commit takes them along.
const TIDY: Duration = Duration::from_millis(500);
/// How often an owner that writes nothing looks whether it still is the owner: what others wrote has timers and transfers.
const CHECK: Duration = Duration::from_secs(5);
/// Requests of one workflow in a turn, if more wait: who asks for another one waits no longer than for these.
const SHARE: usize = 16;
/// Transfers that are done at a time.
pub(crate) const TRANSFERS: usize = 256;

/// What outlives tenures.
pub(super) struct Actor {
    pub(super) store: Arc<dyn Store>,
    pub(super) environment: Arc<dyn Environment>,
    pub(super) dispatcher: Arc<dyn Dispatcher>,
    pub(super) config: Arc<ShardConfig>,
    pub(super) inbox: mpsc::Receiver<Job>,
    pub(super) stop: CancellationToken,
}

/// Why a tenure ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TenureEnd {
    /// The node wants the shard no more.
    Stopped,
    /// It is lost or in doubt.
    Lost,
}

/// A transfer that ended: its id, its run, and what that has to hear; or the panic that ended it.
type Done = (i64, RunKey, Result<Option<TransferResult>, Panicked>);

/// What ends with a tenure.
pub(super) struct Tenure<'a> {
    pub(super) actor: &'a mut Actor,
    pub(super) log: Log,
    pub(super) queues: Queues,
    pub(super) cache: Cache,
    /// Closed runs that are to be deleted.
    pub(super) expiries: Expiries,
    /// Requests that had no place in the last turn.
    lines: Lines,
    watches: Watches,
    /// Jobs that come from inside.
    pub(super) own: Vec<Job>,
    pub(super) done: mpsc::UnboundedSender<Done>,
    answers: mpsc::UnboundedReceiver<Done>,
    pub(super) over: CancellationToken,
    /// When the tenure was last known to last.
    checked: Instant,
}

impl Drop for Tenure<'_> {
    fn drop(&mut self) {
        self.over.cancel();
    }
}

impl Actor {
    pub(super) async fn run(mut self) {
        let stop = self.stop.clone();
        let mut backoff = Backoff::new(self.environment.clone());
        let mut kept = Cache::default();
        loop {
            match invariant::contained(self.hold(&mut kept)).await {
                Ok(Ok(TenureEnd::Stopped)) => break,
                Ok(Ok(TenureEnd::Lost)) => backoff = Backoff::new(self.environment.clone()),
                Ok(Err(problem)) => tracing::warn!(shard = self.config.number, %problem, "cannot take the shard"),
                // Whatever was known is gone with the tenure. What breaks again and again is tried more and more rarely.
                Err(panicked) => {
                    tracing::error!(shard = self.config.number, %panicked, "ended the tenure of the shard");
                }
            }
            // Whoever has asked meanwhile hears of it as their senders are dropped.
            while self.inbox.try_recv().is_ok() {}
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = backoff.wait() => {}
            }
        }
        tracing::info!(shard = self.config.number, "left the shard");
    }

    /// Takes the shard and serves it, to the end of the tenure.
    async fn hold(&mut self, kept: &mut Cache) -> Result<TenureEnd, Error> {
        let stop = self.stop.clone();
        let (log, queues) = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(TenureEnd::Stopped),
            taken = self.take() => taken?,
        };
        let mut tenure = Tenure::new(self, log, queues, std::mem::take(kept));
        let end = tenure.serve().await;
        if planted(Bug::CacheKept) {
            *kept = std::mem::take(&mut tenure.cache);
            kept.abandon();
        }
        Ok(end)
    }

    async fn take(&self) -> Result<(Log, Queues), Error> {
        let partition = keys::partition(self.config.number);
        let mut log = Log::open(self.store.clone(), self.environment.clone(), partition, &self.config.node).await?;
        let queues = Queues::load(&mut log, self.config.transfers, self.config.timers).await?;
        Ok((log, queues))
    }

    pub(super) fn now(&self) -> Millis {
        // A clock that shows a time before 1970 is the most wrong that one can be, and no more than that.
        let since = self.environment.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        since.as_millis() as Millis
    }
}

impl<'a> Tenure<'a> {
    fn new(actor: &'a mut Actor, log: Log, queues: Queues, cache: Cache) -> Self {
        let (done, answers) = mpsc::unbounded_channel();
        let over = actor.stop.child_token();
        Self {
            actor,
            log,
            queues,
            cache,
            expiries: Expiries::default(),
            lines: Lines::default(),
            watches: Watches::default(),
            own: Vec::new(),
            done,
            answers,
            over,
            checked: Instant::now(),
        }
    }

    async fn serve(&mut self) -> TenureEnd {
        let stop = self.actor.stop.clone();
        if self.dispatch().await == Some(TenureEnd::Lost) {
            return TenureEnd::Lost;
        }
        loop {
            let wake = self.wake();
            let jobs = tokio::select! {
                biased;
                () = stop.cancelled() => return TenureEnd::Stopped,
                Some(done) = self.answers.recv() => self.hear(done).into_iter().collect(),
                message = self.actor.inbox.recv() => match message {
                    Some(message) => self.receive(message),
                    None => return TenureEnd::Stopped,
                },
                () = tokio::time::sleep(wake) => Vec::new(),
            };
            if self.turn(jobs).await == Some(TenureEnd::Lost) || self.dispatch().await == Some(TenureEnd::Lost) {
                return TenureEnd::Lost;
            }
            if self.checked.elapsed() >= CHECK {
                self.checked = Instant::now();
                if !self.log.lasts().await {
                    return TenureEnd::Lost;
                }
            }
        }
    }

    /// How long nothing can happen without a message.
    fn wake(&self) -> Duration {
        if !self.own.is_empty() || !self.lines.is_empty() || self.queues.is_short() {
            return Duration::ZERO;
        }
        let mut wake = TICK;
        if let Some(due) = self.queues.next_due() {
            // At least a millisecond: a due timer was just tried.
            let left = due.saturating_sub(self.actor.now()).clamp(1, TICK.as_millis() as Millis);
            wake = wake.min(Duration::from_millis(left as u64));
        }
        let wake = if self.queues.is_untidy() { wake.min(TIDY) } else { wake };
        self.expiries.wake(self.actor.now()).map_or(wake, |expiry| wake.min(expiry))
    }

    /// The request that came in is the first of the next turn, unless others wait.
    fn receive(&mut self, job: Job) -> Vec<Job> {
        if self.lines.is_empty() {
            return vec![job];
        }
        self.line_up(job);
        Vec::new()
    }

    fn line_up(&mut self, job: Job) {
        if let Err(job) = self.lines.push(job) {
            self.answer(job.work.refuse(line::full()));
        }
    }

    /// A transfer was answered. What the run has to hear of it comes first; then it is done.
    fn hear(&mut self, (id, run, result): Done) -> Option<Job> {
        let result = result.unwrap_or_else(|panicked| broken!("transfer {id} panicked: {panicked}"));
        let Some(result) = result else {
            self.queues.transfers.finish(id);
            return None;
        };
        let work = Work::Step((self.actor.config.tasks.transfer)(result));
        Some(Job { target: Target::from(&run), work, origin: Origin::Transfer(id) })
    }

    /// Everything that can go into the next turn, beginning with `jobs`.
    fn gather(&mut self, mut jobs: Vec<Job>, now: Millis) -> Vec<Job> {
        let limit = self.actor.config.bounds.transitions;
        jobs.append(&mut self.own);
        for (id, task) in self.queues.due(now, limit) {
            let target = Target::from(&task.run);
            let work = Work::Step((self.actor.config.tasks.timer)(task));
            jobs.push(Job { target, work, origin: Origin::Timer(id) });
        }
        while jobs.len() < limit {
            let Ok(done) = self.answers.try_recv() else { break };
            jobs.extend(self.hear(done));
        }
        while !self.lines.are_full()
            && let Ok(message) = self.actor.inbox.try_recv()
        {
            self.line_up(message);
        }
        jobs.extend(self.lines.take(limit.saturating_sub(jobs.len()), SHARE));
        jobs
    }

    /// Does jobs, in one commit or, if they are too many, in several.
    async fn turn(&mut self, jobs: Vec<Job>) -> Option<TenureEnd> {
        let now = self.actor.now();
        let mut jobs = self.gather(jobs, now);
        match self.look_up(now).await {
            Ok(expired) => jobs.extend(expired),
            Err(end) => return Some(end),
        }
        loop {
            let mut turn = Turn::default();
            turn.prepare(&self.dependencies(now), &jobs).await;
            let mut rest = jobs.into_iter();
            while !turn.group.is_full(&self.actor.config.bounds) {
                let Some(job) = rest.next() else { break };
                if self.add(&mut turn, job, now).await == Some(TenureEnd::Lost) {
                    return Some(TenureEnd::Lost);
                }
            }
            if self.commit(turn, now).await == Some(TenureEnd::Lost) {
                return Some(TenureEnd::Lost);
            }
            jobs = rest.collect();
            if jobs.is_empty() {
                return None;
            }
        }
    }

    fn dependencies(&mut self, now: Millis) -> Dependencies<'_> {
        Dependencies {
            log: &mut self.log,
            cache: &self.cache,
            config: &self.actor.config,
            environment: self.actor.environment.as_ref(),
            dispatcher: self.actor.dispatcher.as_ref(),
            now,
        }
    }

    /// Adds one job to a turn.
    async fn add(&mut self, turn: &mut Turn, job: Job, now: Millis) -> Option<TenureEnd> {
        let work = job.work.clone();
        // A timer is still in its queue, and the store has what is to be deleted.
        let again = matches!(job.origin, Origin::Transfer(_)).then(|| job.clone());
        match turn.add(&mut self.dependencies(now), job).await {
            Ok(None) => {}
            Ok(Some(answer)) => self.answer(answer),
            Err(Error::Lost) => return Some(TenureEnd::Lost),
            Err(Error::Unavailable(problem)) => {
                work.abandon();
                tracing::debug!(shard = self.actor.config.number, problem, "a row cannot be read");
                self.own.extend(again);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        None
    }

    async fn commit(&mut self, mut turn: Turn, now: Millis) -> Option<TenureEnd> {
        let level = self.queues.tidy(&mut turn.group);
        if turn.is_empty() {
            return None;
        }
        if planted(Bug::ReplyBeforeCommit) {
            std::mem::take(&mut turn.answers).into_iter().for_each(|answer| self.answer(answer));
        }
        let outcome = self.log.commit(std::mem::take(&mut turn.group)).await;
        match outcome {
            Outcome::Applied => {
                self.checked = Instant::now();
                self.succeed(turn, level);
            }
            Outcome::Settled => {
                if planted(Bug::ReadLevelEarly) {
                    self.queues.transfers.skip(&turn.transfers);
                    turn.transfers.clear();
                }
                let again = planted(Bug::BlindRetry).then(|| turn.jobs.clone());
                self.succeed(turn, level);
                self.own.extend(again.into_iter().flatten().map(Job::anew));
            }
            Outcome::Absent => self.fail(turn),
            Outcome::Lost => {
                if planted(Bug::CacheKept) {
                    self.cache.adopt(turn.workflows);
                }
                return Some(TenureEnd::Lost);
            }
            Outcome::Refused(reason) => return self.refuse(turn, &reason, now).await,
        }
        (!self.log.is_held()).then_some(TenureEnd::Lost)
    }

    /// The turn took effect: now, and not before, it is adopted and told.
    fn succeed(&mut self, turn: Turn, level: i64) {
        self.queues.tidied(level);
        self.queues.extend(turn.transfers, turn.timers);
        self.expiries.extend(turn.expiries);
        self.queues.assert_sound();
        self.cache.adopt(turn.workflows);
        for job in &turn.jobs {
            self.finish(job.origin);
        }
        for answer in turn.answers {
            self.answer(answer);
        }
        for run_id in turn.grown {
            self.watches.tell(&run_id);
        }
    }

    fn finish(&mut self, origin: Origin) {
        match origin {
            Origin::Nothing => {}
            Origin::Transfer(id) => self.queues.transfers.finish(id),
            Origin::Timer(id) => self.queues.fired(id),
            // Its row is gone, and it is nowhere else.
            Origin::Expiry(_) => {}
        }
    }

    /// The turn did not take effect and never will. Copies are dropped; what comes from tasks is done again.
    fn fail(&mut self, turn: Turn) {
        if planted(Bug::CacheKept) {
            self.cache.adopt(turn.workflows);
        }
        for job in turn.jobs {
            job.work.abandon();
            if matches!(job.origin, Origin::Transfer(_)) {
                self.own.push(job);
            }
        }
    }

    /// The store will never take the turn: each job is tried alone, and one that is alone is told.
    async fn refuse(&mut self, mut turn: Turn, reason: &str, now: Millis) -> Option<TenureEnd> {
        if planted(Bug::TimeoutIsFailure) || planted(Bug::ReadInsteadOfFence) || turn.jobs.len() < 2 {
            for job in std::mem::take(&mut turn.jobs) {
                self.answer(job.work.refuse(Rejection::InvalidArgument(reason.to_owned())));
                if job.origin != Origin::Nothing {
                    tracing::error!(shard = self.actor.config.number, reason, "gave a task up");
                    self.finish(job.origin);
                }
            }
            return None;
        }
        for job in turn.jobs {
            let mut turn = Turn::default();
            if self.add(&mut turn, job, now).await == Some(TenureEnd::Lost)
                || Box::pin(self.commit(turn, now)).await.is_some()
            {
                return Some(TenureEnd::Lost);
            }
        }
        None
    }

    fn answer(&mut self, answer: Answer) {
        match answer {
            Answer::Step(delivery) => delivery.make(),
            Answer::View(caller, view) => {
                let viewed = view.map(|view| {
                    let watch = (view.open && caller.waits()).then(|| self.watches.begin(&view.run_id));
                    (view, watch)
                });
                caller.deliver(viewed).make();
            }
        }
    }
}
