//! One turn of a shard: inputs that are committed together. Each is a step of the engine on copies; the copies, the
//! answers and the tasks are handed out only if the turn's one commit takes effect.

use super::cache::{self, Cache, Workflows};
use super::config::ShardConfig;
use super::dispatch::{self, Dispatcher};
use super::job::{Answer, AnyInput, Job, Origin, RunView, Work};
use super::keys;
use super::node::{self, Node};
use super::part;
use super::recorded;
use super::route::{Target, WorkflowKey};
use super::stored::{self, TimerId};
use crate::cluster::Rejection;
use crate::history::engine::{Context, Effects, Ids, Limits, Run, Workflow};
use crate::invariant::{Checks, broken, checks, invariant};
use crate::log::{Error, Group, Log};
use crate::planted::{Bug, planted};
use crate::store::Key;
use bytes::Bytes;
use prost::Message;
use resurgam_api::environment::Environment;
use resurgam_api::temporal::history::v1::{History, HistoryEvent};
use resurgam_state::parts::Change;
use resurgam_state::task::{RunKey, TimerKind, TimerTask, TransferTask};
use resurgam_state::{Millis, Tail};
use std::collections::{BTreeMap, BTreeSet};

/// A turn under construction.
#[derive(Debug, Default)]
pub(super) struct Turn {
    pub(super) group: Group,
    /// Workflows that were read from the store for this turn.
    pub(super) loaded: Workflows,
    /// Workflows as they will be.
    pub(super) workflows: Workflows,
    pub(super) jobs: Vec<Job>,
    pub(super) answers: Vec<Answer>,
    pub(super) transfers: Vec<(i64, TransferTask)>,
    pub(super) timers: Vec<(TimerId, TimerTask)>,
    /// When runs that close now are to be deleted.
    pub(super) expiries: Vec<Millis>,
    /// The transaction of the last step.
    transaction: Option<i64>,
    /// Runs with new events.
    pub(super) grown: BTreeSet<String>,
}

/// What a turn may use.
pub(super) struct Dependencies<'a> {
    pub(super) log: &'a mut Log,
    pub(super) cache: &'a Cache,
    pub(super) config: &'a ShardConfig,
    pub(super) environment: &'a dyn Environment,
    pub(super) dispatcher: &'a dyn Dispatcher,
    pub(super) now: Millis,
}

impl Turn {
    /// There is nothing to commit and nobody to answer.
    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.group.is_empty()
    }

    /// Reads what several jobs will need at once. What cannot be read now is tried again when it is needed.
    pub(super) async fn prepare(&mut self, dependencies: &Dependencies<'_>, jobs: &[Job]) {
        let unknown = jobs.iter().filter(|job| dependencies.cache.get(&job.target.workflow).is_none());
        let targets: BTreeMap<_, _> = unknown.map(|job| (&job.target.workflow, &job.target)).collect();
        if targets.len() < 2 {
            return;
        }
        let loads =
            targets.values().map(|target| cache::load(dependencies.log, None, target, dependencies.config.check));
        let loaded = futures_util::future::join_all(loads).await;
        let found = targets.into_keys().cloned().zip(loaded);
        self.loaded.extend(found.filter_map(|(id, workflow)| Some((id, workflow.ok()?))));
    }

    /// Does one job on copies. An answer that need not wait for the commit is returned.
    pub(super) async fn add(&mut self, dependencies: &mut Dependencies<'_>, job: Job) -> Result<Option<Answer>, Error> {
        let fresh = !self.workflows.contains_key(&job.target.workflow);
        let id = &job.target.workflow;
        let known = self.workflows.get(id).or_else(|| dependencies.cache.get(id)).or_else(|| self.loaded.get(id));
        let mut workflow = cache::load(dependencies.log, known, &job.target, dependencies.config.check).await?;
        drop_abandoned(&mut workflow);
        let before = self.answers.len();
        let silent = match &job.work {
            Work::View(caller) => {
                let limits = &dependencies.config.limits;
                self.answers.push(Answer::View(caller.clone(), look(&workflow, &job.target, limits)));
                self.workflows.insert(job.target.workflow.clone(), workflow);
                true
            }
            Work::Step(input) => {
                let namespace =
                    dispatch::shown_name(dependencies.dispatcher, &job.target.workflow.namespace_id).await?;
                self.step(dependencies, &job, workflow, &namespace, input.as_ref())
            }
        };
        let early = planted(Bug::StaleRead) || job.work.reads_only() && !dependencies.config.linearizable_reads;
        if fresh && silent && early && job.origin == Origin::Nothing && self.answers.len() == before + 1 {
            self.workflows.remove(&job.target.workflow);
            return Ok(self.answers.pop());
        }
        match job.origin {
            Origin::Timer((due, id)) => self.group.put(keys::timer(due, id), None),
            Origin::Expiry((due, id)) => self.group.put(keys::expiry(due, id), None),
            Origin::Transfer(_) | Origin::Nothing => {}
        }
        self.group.begin();
        self.jobs.push(job);
        Ok(None)
    }

    /// One step of the engine; returns whether it changed nothing.
    fn step(
        &mut self,
        dependencies: &mut Dependencies<'_>,
        job: &Job,
        workflow: Workflow,
        namespace: &str,
        input: &dyn AnyInput,
    ) -> bool {
        let reused = self.transaction.filter(|_| planted(Bug::TransactionReused));
        let transaction = reused.unwrap_or_else(|| dependencies.log.draw());
        self.transaction = Some(transaction);
        let target = &job.target;
        // The parts of its runs are shared until they are changed.
        let mut copy = workflow.clone();
        let mut context = Context {
            now: dependencies.now,
            transaction,
            namespace,
            retention: dependencies.dispatcher.retention(&target.workflow.namespace_id),
            ids: &mut Drawn(dependencies.environment),
            limits: &dependencies.config.limits,
        };
        match input.apply(&mut copy, &mut context) {
            Ok((effects, answer)) => {
                let silent = effects.current.is_none() && effects.runs.is_empty() && effects.removed.is_none();
                self.fold(dependencies, target, transaction, &workflow, copy, effects);
                self.answers.extend(answer.map(Answer::Step));
                silent
            }
            Err(rejection) => {
                // What is gone makes a task pointless, and that is no refusal. A timer task may even outlive its run.
                let outlived = matches!(job.origin, Origin::Timer(_)) && !workflow.runs.contains_key(&target.run_id);
                invariant!(
                    job.origin == Origin::Nothing || outlived,
                    "a task of run {} was refused: {rejection}",
                    target.run_id
                );
                self.answers.push(Answer::Step(input.refuse(rejection)));
                self.workflows.insert(target.workflow.clone(), workflow);
                true
            }
        }
    }

    /// Puts the effects of one step into the group.
    fn fold(
        &mut self,
        dependencies: &mut Dependencies<'_>,
        target: &Target,
        transaction: i64,
        before: &Workflow,
        mut workflow: Workflow,
        effects: Effects,
    ) {
        if let Some(current) = effects.current {
            self.group.put(keys::current(&target.workflow), Some(current.encode_to_vec().into()));
            workflow.current = Some(current);
        }
        for (run_id, events) in effects.runs {
            let Some(run) = workflow.runs.get_mut(&run_id) else {
                broken!("the engine changed run {run_id}, which it does not have")
            };
            if !events.is_empty() {
                self.append(run, transaction, events);
                self.grown.insert(run_id.clone());
            }
            run.state.transaction = transaction;
            let key = RunKey {
                namespace_id: run.state.namespace_id.clone(),
                workflow_id: run.state.workflow_id.clone(),
                run_id,
            };
            let nothing = Run::default();
            let old = before.runs.get(&key.run_id);
            let changes = part::changes(&keys::run(&key), old.map(|run| &run.state), &run.state);
            let old = old.unwrap_or(&nothing);
            run.bytes = (old.bytes + changes.more).saturating_sub(changes.less);
            for (key, row) in changes.rows.into_iter().chain(recorded::changes(&old.state, &run.state)) {
                match row {
                    Change::Added(row) => self.group.add(key, row),
                    row => self.group.put(key, row.after()),
                }
            }
        }
        if let Some(removed) = effects.removed {
            let current = before.current.is_some() && workflow.current.is_none();
            let record = before.runs.get(&removed).map(|run| recorded::removed(&run.state));
            self.remove(target, removed, current, record);
        }
        for transfer in effects.transfers {
            let id = dependencies.log.draw();
            self.put(keys::transfer(id), id, &transfer);
            self.transfers.push((id, transfer));
        }
        for timer in effects.timers {
            let id = dependencies.log.draw();
            if let Some(TimerKind::Retention(_)) = timer.kind {
                self.put(keys::expiry(timer.due, id), id, &timer);
                self.expiries.push(timer.due);
                continue;
            }
            let rounded = if planted(Bug::TimerRowRounded) { timer.due.rem_euclid(1000) } else { 0 };
            self.put(keys::timer(timer.due - rounded, id), id, &timer);
            self.timers.push(((timer.due, id), timer));
        }
        self.answers.extend(effects.answers.into_iter().map(Answer::Step));
        self.workflows.insert(target.workflow.clone(), workflow);
    }

    /// Takes all rows of a run away, with its record, and the current-run row if that is its. What is left of it, its history, is deleted when this is committed.
    fn remove(&mut self, target: &Target, run_id: String, current: bool, record: Option<Key>) {
        let told = self.transfers.iter().find(|(_, task)| task.run.run_id == run_id);
        invariant!(told.is_none(), "run {run_id} is deleted, and has something to tell: {told:?}");
        let WorkflowKey { namespace_id, workflow_id } = target.workflow.clone();
        let key = keys::run(&RunKey { namespace_id, workflow_id, run_id });
        self.group.delete(keys::part_rows(&key));
        self.group.put(key, None);
        if let Some(record) = record {
            self.group.put(record, None);
        }
        if current {
            self.group.put(keys::current(&target.workflow), None);
        }
    }

    /// Puts a task into the group.
    fn put<T: stored::Stored>(&mut self, key: Key, id: i64, task: &T) {
        let row = Bytes::from(task.encode_to_vec());
        if checks() == Checks::Thorough {
            let (read_id, read): (i64, T) = stored::task(&key, &row);
            invariant!(read_id == id && read == *task, "the task row {key} reads back as another");
        }
        self.group.add(key, row);
    }

    /// Appends new events of a run: as one node, behind those that it took over from another run.
    fn append(&mut self, run: &mut Run, transaction: i64, events: Vec<HistoryEvent>) {
        for events in node::split(events, transaction) {
            let Some(first_event_id) = events.first().map(|event| event.event_id) else { continue };
            let tail = Tail { first_event_id, transaction };
            let node = Node { predecessor: run.state.tail.replace(tail), history: Some(History { events }) };
            let before = node.predecessor.map_or((0, 0), |before| (before.first_event_id, before.transaction));
            invariant!(before < (first_event_id, transaction), "a history node at {tail:?} follows one at {before:?}");
            let bytes = node.to_row();
            run.state.history_size += bytes.len() as i64;
            self.group.append(node::partition(&run.state.run_id), node::key(tail), bytes);
        }
    }
}

/// Forgets callers who have given up, so that they take nobody's place: a query that nobody waits for is no query. An
/// update remains one, since a worker may have it already.
fn drop_abandoned(workflow: &mut Workflow) {
    for run in workflow.runs.values_mut() {
        run.volatile.queries.retain(|_, query| query.waiter.waits());
        for update in &mut run.volatile.updates {
            update.waiters.retain(|(waiter, _)| waiter.waits());
        }
    }
}

fn look(workflow: &Workflow, target: &Target, limits: &Limits) -> Result<RunView, Rejection> {
    let current = || workflow.current.as_ref().map_or("", |current| &current.run_id);
    let run_id = if target.run_id.is_empty() { current() } else { &target.run_id };
    let missing = || Rejection::NotFound(format!("workflow not found for ID: {}", target.workflow.workflow_id));
    workflow.runs.get(run_id).map(|run| RunView::of(run, limits)).ok_or_else(missing)
}

/// Ids from the environment's randomness.
struct Drawn<'a>(&'a dyn Environment);

impl Ids for Drawn<'_> {
    fn uuid(&mut self) -> String {
        let bits = u128::from(self.0.random()) << 64 | u128::from(self.0.random());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::engine::{PendingQuery, PendingUpdate, Waiter};

    #[test]
    fn callers_who_have_given_up_take_nobody_s_place() {
        let (stays, _answer) = Waiter::new();
        let (gone, _) = Waiter::new();
        let mut run = Run::default();
        for (id, waiter) in [("stays", stays), ("gone", gone), ("nobody", Waiter::nobody())] {
            run.volatile.queries.insert(id.to_owned(), PendingQuery { query: Default::default(), waiter, sent: 0 });
        }
        let (stays, _answer) = Waiter::new();
        run.volatile.updates.push(PendingUpdate {
            request: Default::default(),
            sent: 0,
            accepted: false,
            waiters: vec![(stays.clone(), 3), (Waiter::new().0, 3), (Waiter::nobody(), 3)],
        });
        let mut workflow = Workflow { current: None, runs: BTreeMap::from([("r".to_owned(), run)]) };
        drop_abandoned(&mut workflow);
        let left = &workflow.runs["r"].volatile;
        assert_eq!(left.queries.keys().collect::<Vec<_>>(), ["stays"]);
        assert_eq!(left.updates[0].waiters, [(stays, 3)], "the update itself stays");
    }
}
