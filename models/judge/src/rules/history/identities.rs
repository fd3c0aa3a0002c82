//! Who can have caused an event: the names of workers and clients, as the recording has them.

use crate::rules::Indexed;
use crate::rules::proof::possible;
use resurgam_formats::event::{Body, Event, EventId};
use resurgam_formats::evidence::Run;
use resurgam_formats::plan::{Action, TaskKind};
use resurgam_formats::recording::{Call, TaskId};
use rustc_hash::{FxHashMap, FxHashSet};

/// A workflow id, a run id and an activity id.
type Named<'a> = (&'a str, &'a str, &'a str);

/// A workflow id, a run id and the id of an event.
type At<'a> = (&'a str, &'a str, i64);

/// The workers that had the tasks of a case.
pub(super) struct Identities<'a, 'e> {
    evidence: &'a Indexed<'e>,
    /// By workflow id, run id and Started event.
    workflow_tasks: FxHashMap<At<'a>, Vec<(TaskId, &'a str)>>,
    /// By workflow id, run id and activity id: the attempt, the number of the task, and who had it.
    activities: FxHashMap<Named<'a>, Vec<(i64, TaskId, &'a str)>>,
    /// Who sent a request, and which, by workflow id and request id.
    requests: FxHashMap<(&'a str, &'a str), (&'a str, &'a Action)>,
    /// Workflow tasks of which a worker said that they failed, and those that it may have completed.
    failed: FxHashSet<TaskId>,
    decided: FxHashSet<TaskId>,
    /// What the ids of the case begin with.
    pub(super) prefix: &'a str,
    /// Request ids of signals and who sent them, by workflow id and name of the signal.
    signals: FxHashMap<(&'a str, &'a str), Vec<(&'a str, &'a str)>>,
    /// Request ids of calls that asked a workflow to cancel, and who sent them.
    cancels: FxHashMap<&'a str, Vec<(&'a str, &'a str)>>,
    /// Workflows that were sent updates.
    updated: FxHashSet<&'a str>,
    /// Clients and workers wrote labels.
    pub(super) labels: bool,
    /// Children and continued runs were asked for without memo and header.
    pub(super) plain: bool,
    /// How many workers may have had a task unrecorded: all of the case if a fault may have spoiled its way to one.
    lost: u8,
}

/// The names that an event may have.
pub(super) struct Names<'a> {
    names: Vec<&'a str>,
    /// So many workers beside them.
    workers: u8,
}

impl Names<'_> {
    /// True if this is one of them.
    pub(super) fn contain(&self, name: &str) -> bool {
        let worker = name.strip_prefix("worker-").and_then(|number| number.parse::<u8>().ok());
        self.names.contains(&name) || worker.is_some_and(|number| number < self.workers)
    }

    /// All of them, for people.
    pub(super) fn words(&self) -> String {
        let mut names = self.names.clone();
        names.sort_unstable();
        names.dedup();
        names.join(" or ")
    }
}

impl<'a, 'e> Identities<'a, 'e> {
    pub(super) fn new(evidence: &'a Indexed<'e>) -> Self {
        let mut workflow_tasks: FxHashMap<_, Vec<_>> = FxHashMap::default();
        let mut activities: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for handed in evidence.tasks.values() {
            let task = &handed.task;
            let (workflow_id, run_id) = (task.workflow_id.as_str(), task.run_id.as_str());
            if task.kind == TaskKind::Workflow {
                workflow_tasks
                    .entry((workflow_id, run_id, task.started))
                    .or_default()
                    .push((task.task, task.worker.as_str()));
            } else {
                let key = (workflow_id, run_id, task.activity_id.as_str());
                activities.entry(key).or_default().push((i64::from(task.attempt), task.task, task.worker.as_str()));
            }
        }
        let (mut requests, mut cancels) = (FxHashMap::default(), FxHashMap::<_, Vec<_>>::default());
        let mut signals: FxHashMap<_, Vec<_>> = FxHashMap::default();
        let mut updated = FxHashSet::default();
        for call in evidence.asked() {
            if let Action::Update { .. } = call.action {
                updated.insert(call.workflow_id);
            }
            if possible(call.operation) {
                let by = call.operation.by.as_str();
                if !call.request_id.is_empty() {
                    requests.insert((call.workflow_id, call.request_id), (by, call.action));
                }
                if let Action::Cancel = call.action {
                    cancels.entry(call.workflow_id).or_default().push((call.request_id, by));
                }
                if let Some((name, _)) = call.action.signal() {
                    signals.entry((call.workflow_id, name.as_str())).or_default().push((call.request_id, by));
                }
            }
        }
        let (mut failed, mut decided) = (FxHashSet::default(), FxHashSet::default());
        for operation in evidence.operations.values().filter(|operation| possible(operation)) {
            match &operation.call {
                Call::FailWorkflowTask { task } => failed.insert(*task),
                Call::CompleteWorkflowTask { task, .. } => decided.insert(*task),
                _ => false,
            };
        }
        let prefix = evidence.header.as_ref().map_or("", |header| header.prefix.as_str());
        let workers = evidence.header.as_ref().map_or(0, |header| header.plan.workers.count.max(1));
        let labels = evidence.header.as_ref().is_some_and(|header| header.labels);
        let lost = if evidence.faults.is_empty() { 0 } else { workers };
        Self {
            evidence,
            workflow_tasks,
            activities,
            requests,
            failed,
            decided,
            prefix,
            signals,
            cancels,
            updated,
            labels,
            plain: evidence.header.as_ref().is_some_and(|header| header.plan.habits.plain),
            lost,
        }
    }

    /// The names that an event may have; `None` if that is not known, or nobody's name belongs there.
    pub(super) fn of(&self, run: &'a Run, event: &'a Event) -> Option<Names<'a>> {
        let names = match &event.body {
            // Of a task that was not in the history while somebody had it, a server may not know any more who that was: those
            // that did not complete, and those of updates.
            Body::WorkflowTaskStarted(task)
                if task.identity.is_empty()
                    && (!completed(run, event.id) || self.updated.contains(run.workflow_id.as_str())) =>
            {
                return None;
            }
            // What a server closes by force it may begin itself, in order to end it.
            Body::WorkflowTaskStarted(task) if begun_to_end(run, event.id, &task.identity) => return None,
            Body::WorkflowTaskStarted(_) => return self.handed(self.had(run, event.id)),
            Body::WorkflowTaskCompleted(task) => self.had(run, task.started),
            // The server itself ends tasks too.
            Body::WorkflowTaskFailed(task) if task.cause.is("WORKFLOW_WORKER_UNHANDLED_FAILURE") => {
                self.had(run, task.started)
            }
            Body::TimerCanceled(timer) => self.commanded(run, timer.task_completed)?,
            Body::ActivityTaskStarted(task) => return self.handed(self.activity(run, task.scheduled, task.attempt)?),
            Body::ActivityTaskCompleted(task) => self.ended(run, task.scheduled)?,
            Body::ActivityTaskFailed(task) => self.ended(run, task.scheduled)?,
            Body::ActivityTaskCanceled(task) if !task.started.is_none() => self.ended(run, task.scheduled)?,
            Body::WorkflowExecutionSignaled(signal) if signal.external.workflow_id.is_empty() => {
                // Servers need not write the request id.
                match self.request(run, &signal.request_id) {
                    Some(known) => vec![known],
                    None => {
                        let sent = self.signals.get(&(run.workflow_id.as_str(), signal.name.as_str()))?;
                        sent.iter().map(|(_, by)| *by).collect()
                    }
                }
            }
            Body::WorkflowExecutionCancelRequested(cancel) if cancel.external.workflow_id.is_empty() => {
                self.cancels.get(run.workflow_id.as_str())?.iter().map(|(_, by)| *by).collect()
            }
            // Clients give the id of their request for a reason.
            Body::WorkflowExecutionTerminated(end) => vec![self.request(run, &end.reason)?],
            _ => return None,
        };
        (!names.is_empty()).then_some(Names { names, workers: 0 })
    }

    /// Those who had a task. If its way to a worker may have been spoiled, somebody else was to have it before, unrecorded.
    fn handed(&self, names: Vec<&'a str>) -> Option<Names<'a>> {
        (!names.is_empty()).then_some(Names { names, workers: self.lost })
    }

    /// Who had the workflow task of a Started event, by the numbers of the tasks. A task that nobody recorded may have been lost on
    /// its way to any worker.
    pub(super) fn workflow_task(&self, run: &'a Run, started: EventId) -> &[(TaskId, &'a str)] {
        let key = (run.workflow_id.as_str(), run.run_id.as_str(), started.0);
        self.workflow_tasks.get(&key).map_or(&[], Vec::as_slice)
    }

    /// The tasks of an activity: attempt, number, and who had it.
    pub(super) fn activity_tasks(&self, run: &'a Run, scheduled: EventId) -> Option<&[(i64, TaskId, &'a str)]> {
        self.activities.get(&key(run, scheduled)?).map(Vec::as_slice)
    }

    /// The request ids of the signals of a name.
    pub(super) fn signals(&self, run: &'a Run, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.signals.get(&(run.workflow_id.as_str(), name)).into_iter().flatten().map(|(request_id, _)| *request_id)
    }

    /// The request ids of the calls that asked for a cancellation.
    pub(super) fn cancels(&self, run: &'a Run) -> impl Iterator<Item = &'a str> {
        self.cancels.get(run.workflow_id.as_str()).into_iter().flatten().map(|(request_id, _)| *request_id)
    }

    /// The client that sent a request.
    pub(super) fn request(&self, run: &'a Run, request_id: &'a str) -> Option<&'a str> {
        self.asked(run, request_id).map(|(by, _)| by)
    }

    /// A request: who sent it, and what it asks for.
    pub(super) fn asked(&self, run: &'a Run, request_id: &'a str) -> Option<(&'a str, &'a Action)> {
        self.requests.get(&(run.workflow_id.as_str(), request_id)).copied()
    }

    /// The ids of the requests of a client to terminate a workflow.
    pub(super) fn terminations(&self, run: &'a Run, by: &'a str) -> impl Iterator<Item = &'a str> {
        let mine = move |((workflow_id, _), (sender, action)): &(&(&str, &str), &(&str, &Action))| {
            *workflow_id == run.workflow_id && *sender == by && matches!(action, Action::Terminate)
        };
        self.requests.iter().filter(mine).map(|((_, request_id), _)| *request_id)
    }

    /// True if workers said of this workflow task that it failed, and nothing else.
    pub(super) fn only_failed(&self, run: &'a Run, started: EventId) -> bool {
        let tasks = self.workflow_task(run, started);
        tasks.iter().any(|(task, _)| self.failed.contains(task))
            && !tasks.iter().any(|(task, _)| self.decided.contains(task))
    }

    fn had(&self, run: &'a Run, started: EventId) -> Vec<&'a str> {
        self.workflow_task(run, started).iter().map(|(_, worker)| *worker).collect()
    }

    /// Who had the task that completed with an event.
    fn commanded(&self, run: &'a Run, completed: EventId) -> Option<Vec<&'a str>> {
        match &run.event(completed)?.body {
            Body::WorkflowTaskCompleted(task) => Some(self.had(run, task.started)),
            _ => None,
        }
    }

    fn activity(&self, run: &'a Run, scheduled: EventId, attempt: i64) -> Option<Vec<&'a str>> {
        let all = self.activity_tasks(run, scheduled)?.iter();
        Some(all.filter(|(number, ..)| *number == attempt).map(|(.., worker)| *worker).collect())
    }

    /// Who reported an end of an activity.
    fn ended(&self, run: &'a Run, scheduled: EventId) -> Option<Vec<&'a str>> {
        let reports = self.evidence.ends().get(&key(run, scheduled)?)?.iter();
        let reports = reports.filter(|report| possible(report.operation));
        Some(reports.map(|report| report.operation.by.as_str()).collect())
    }
}

/// The key of an activity: its id is in its Scheduled event.
fn key(run: &Run, scheduled: EventId) -> Option<(&str, &str, &str)> {
    match &run.event(scheduled)?.body {
        Body::ActivityTaskScheduled(task) => Some((&run.workflow_id, &run.run_id, &task.activity_id)),
        _ => None,
    }
}

/// True if whoever began this workflow task also ended it, because its run was closed by force.
fn begun_to_end(run: &Run, started: EventId, identity: &str) -> bool {
    run.events.iter().any(|event| match &event.body {
        Body::WorkflowTaskFailed(end) => {
            end.started == started && end.cause.is("FORCE_CLOSE_COMMAND") && end.identity == identity
        }
        _ => false,
    })
}

/// True if the workflow task of a Started event completed.
fn completed(run: &Run, started: EventId) -> bool {
    run.event(started.plus(1)).is_some_and(|event| matches!(event.body, Body::WorkflowTaskCompleted(_)))
}
