//! What operations prove by the events they left: who started, signalled, cancelled, updated, terminated, completed,
//! and when. Only where it is certain which call an event came from. Nothing is judged here.

use super::bound::{By, Point};
use super::bounds::{Bounds, sent};
use super::line::Line;
use super::timeline::Timeline;
use crate::rules::index::Asked;
use crate::rules::index::Index;
use crate::rules::proof::{acknowledged, number};
use resurgam_formats::event::Body;
use resurgam_formats::evidence::Operation;
use resurgam_formats::plan::{Action, TaskKind};
use resurgam_formats::recording::{ActivityEnd, Answer, OperationId, Reply, UpdateReached};
use resurgam_formats::time::At;
use rustc_hash::FxHashMap;

/// All bounds that effects give.
pub(crate) fn effects(evidence: &Index<'_>, timeline: &Timeline<'_>) -> Bounds {
    let mut bounds = Bounds::default();
    starts(evidence, timeline, &mut bounds);
    signals(evidence, timeline, &mut bounds);
    named(evidence, timeline, &mut bounds);
    workflow_tasks(evidence, timeline, &mut bounds);
    activities(evidence, timeline, &mut bounds);
    bounds
}

/// Starts that say which run they started. A run that nobody says to have started was not there before the first start
/// whose outcome is unknown.
fn starts(evidence: &Index<'_>, timeline: &Timeline<'_>, bounds: &mut Bounds) {
    let mut said: FxHashMap<usize, (&Operation, At)> = FxHashMap::default();
    let mut unknown: FxHashMap<&str, (At, By)> = FxHashMap::default();
    for call in starters(evidence) {
        for attempt in &call.operation.attempts {
            match (&attempt.answer, attempt.returned) {
                (Answer::Ok { value: Reply::Run { run_id, started: Some(true) } }, Some(returned)) => {
                    if let Some(run) = timeline.find(call.workflow_id, run_id) {
                        let (_, first) = said.entry(run).or_insert((call.operation, returned));
                        *first = returned.min(*first);
                    }
                }
                (Answer::Ok { value: Reply::Run { started: None, .. } } | Answer::Info { .. }, _) => {
                    let by = By::Operation(call.operation.id);
                    let first = unknown.entry(call.workflow_id).or_insert((attempt.invoked, by));
                    *first = (attempt.invoked, by).min(*first);
                }
                _ => {}
            }
        }
    }
    for (index, line) in timeline.known() {
        if let Some((operation, at)) = said.get(&index) {
            bounds.came(index, 1, operation, Some(*at));
        } else if let Some((at, by)) = unknown.get(line.run.workflow_id.as_str())
            && line.run.started().is_some_and(|started| started.continued_run.is_empty())
        {
            bounds.not_before(index, Point::Accepted(1), *at, *by);
        }
    }
}

/// Calls that may start a run.
fn starters<'e>(evidence: &Index<'e>) -> impl Iterator<Item = Asked<'e>> {
    evidence.asked().filter(|call| matches!(call.action, Action::Start(_) | Action::SignalWithStart { .. }))
}

/// Signals that are told apart from all others by workflow id, name and value, and stand in one place. Where a run may exist that
/// nobody read, an answer says of none that it was there: it may have been taken by that run, and by this one when it was repeated.
fn signals(evidence: &Index<'_>, timeline: &Timeline<'_>, bounds: &mut Bounds) {
    type Alike<'a> = (Option<&'a Operation>, Option<(usize, usize)>, usize);
    let mut kinds: FxHashMap<(&str, &str, i64), Alike<'_>> = FxHashMap::default();
    for call in evidence.asked() {
        if let Action::Signal { name, value } | Action::SignalWithStart { name, value, .. } = call.action {
            let first = (Some(call.operation), None, 0);
            kinds.entry((call.workflow_id, name, *value)).and_modify(|alike| alike.0 = None).or_insert(first);
        }
    }
    for (index, line) in timeline.known() {
        for (place, event) in (1..).zip(&line.run.events) {
            if let Body::WorkflowExecutionSignaled(signal) = &event.body
                && signal.external.workflow_id.is_empty()
                && let Some(value) = number(&signal.input)
                && let Some(alike) = kinds.get_mut(&(line.run.workflow_id.as_str(), signal.name.as_str(), value))
            {
                alike.1 = Some((index, place));
                alike.2 += 1;
            }
        }
    }
    for ((workflow_id, ..), alike) in kinds {
        if let (Some(operation), Some((run, event)), 1) = alike {
            let certain = !evidence.perhaps_unnamed().contains(workflow_id);
            bounds.came(run, event, operation, acknowledged(operation).filter(|_| certain));
        }
    }
}

/// Events that carry the id of their call: terminations and updates. A server does not know a repeated termination again,
/// so a call may leave several, one perhaps in a run that nobody read; then its answer says of none that it was there (an update's
/// answer names the run). Cancel
/// requests carry no id; what a client sent was not there before the first that may have been taken.
fn named(evidence: &Index<'_>, timeline: &Timeline<'_>, bounds: &mut Bounds) {
    let mut terminations: FxHashMap<(&str, &str), &Operation> = FxHashMap::default();
    let mut updates: FxHashMap<(&str, &str), &Operation> = FxHashMap::default();
    let mut cancels: FxHashMap<&str, (At, By)> = FxHashMap::default();
    for call in evidence.asked() {
        let key = (call.workflow_id, call.request_id);
        match call.action {
            Action::Terminate => _ = terminations.insert(key, call.operation),
            Action::Update { .. } => _ = updates.insert(key, call.operation),
            Action::Cancel => {
                if let Some(at) = sent(call.operation) {
                    let sent = (at, By::Operation(call.operation.id));
                    let first = cancels.entry(call.workflow_id).or_insert(sent);
                    *first = sent.min(*first);
                }
            }
            Action::Start(_)
            | Action::Signal { .. }
            | Action::SignalWithStart { .. }
            | Action::Query { .. }
            | Action::Describe
            | Action::ReadHistory => {}
        }
    }
    let mut ended: FxHashMap<OperationId, usize> = FxHashMap::default();
    let closes = timeline.known().filter_map(|(_, line)| Some((line, line.run.close()?)));
    for (line, close) in closes {
        if let Body::WorkflowExecutionTerminated(close) = &close.body
            && let Some(operation) = terminations.get(&(line.run.workflow_id.as_str(), close.reason.as_str()))
        {
            *ended.entry(operation.id).or_default() += 1;
        }
    }
    for (index, line) in timeline.known() {
        let workflow_id = line.run.workflow_id.as_str();
        for (place, event) in (1..).zip(&line.run.events) {
            match &event.body {
                Body::WorkflowExecutionTerminated(close) => {
                    if let Some(operation) = terminations.get(&(workflow_id, close.reason.as_str())) {
                        let alone =
                            ended.get(&operation.id) == Some(&1) && !evidence.perhaps_unnamed().contains(workflow_id);
                        bounds.came(index, place, operation, acknowledged(operation).filter(|_| alone));
                    }
                }
                Body::WorkflowExecutionUpdateAccepted(accepted) => {
                    let id = &accepted.request.id;
                    let id = if id.is_empty() { &accepted.protocol_instance_id } else { id };
                    if let Some(operation) = updates.get(&(workflow_id, id.as_str())) {
                        bounds.came(index, place, operation, reached(operation, line, false));
                    }
                }
                Body::WorkflowExecutionUpdateCompleted(completed) => {
                    if let Some(operation) = updates.get(&(workflow_id, completed.meta.0.as_str())) {
                        bounds.came(index, place, operation, reached(operation, line, true));
                    }
                }
                Body::WorkflowExecutionCancelRequested(request) if request.external.workflow_id.is_empty() => {
                    if let Some((at, by)) = cancels.get(workflow_id) {
                        bounds.not_before(index, Point::Accepted(place), *at, *by);
                    }
                }
                _ => {}
            }
        }
    }
}

/// When a client was first told that its update was accepted by this run (or completed).
fn reached(operation: &Operation, line: &Line<'_>, completed: bool) -> Option<At> {
    let told = operation.replies().filter(|(_, reply)| match reply {
        Reply::Update { run_id, stage: UpdateReached::Completed(_) } => *run_id == line.run.run_id,
        Reply::Update { run_id, stage: UpdateReached::Accepted } => !completed && *run_id == line.run.run_id,
        _ => false,
    });
    told.filter_map(|(attempt, _)| attempt.returned).min()
}

/// Workflow tasks as they were handed out and completed. A task that was handed out shows what was written before it;
/// its own two events may not be written yet.
fn workflow_tasks(evidence: &Index<'_>, timeline: &Timeline<'_>, bounds: &mut Bounds) {
    // By run and started event: the only task that was handed out with it; ids of tasks that were dropped come again.
    let mut only: FxHashMap<(usize, i64), Option<u32>> = FxHashMap::default();
    for (number, handed) in &evidence.tasks {
        let task = &handed.task;
        let Some(run) = timeline.find(&task.workflow_id, &task.run_id) else { continue };
        if task.kind != TaskKind::Workflow || task.started == 0 {
            continue;
        }
        only.entry((run, task.started)).and_modify(|only| *only = None).or_insert(Some(*number));
        let last = task.events.map_or(0, |(_, last)| last).min(task.started.saturating_sub(2));
        if let Ok(last) = usize::try_from(last)
            && last > 0
        {
            bounds.there(run, Point::Written(last), handed.at, By::Task(*number));
        }
    }
    for ((workflow_id, run_id), answers) in evidence.decisions() {
        let Some(run) = timeline.find(workflow_id, run_id) else { continue };
        let Some(line) = timeline.line(run) else { continue };
        let mut completed: FxHashMap<i64, usize> = FxHashMap::default();
        for (place, event) in (1..).zip(&line.run.events) {
            if let Body::WorkflowTaskCompleted(task) = &event.body {
                completed.insert(task.started.0, place);
            }
        }
        let mut senders: FxHashMap<i64, u32> = FxHashMap::default();
        for answer in answers {
            *senders.entry(answer.task.task.started).or_default() += 1;
        }
        for answer in answers {
            let task = &answer.task.task;
            if only.get(&(run, task.started)) == Some(&Some(task.task))
                && senders.get(&task.started) == Some(&1)
                && let Some(place) = completed.get(&task.started)
            {
                bounds.came(run, *place, answer.operation, acknowledged(answer.operation));
            }
        }
    }
}

/// Activities as they were handed out and ended.
fn activities(evidence: &Index<'_>, timeline: &Timeline<'_>, bounds: &mut Bounds) {
    let mut handed: FxHashMap<(usize, &str), (At, By)> = FxHashMap::default();
    for (number, task) in evidence.tasks.iter().filter(|(_, handed)| handed.task.kind == TaskKind::Activity) {
        if let Some(run) = timeline.find(&task.task.workflow_id, &task.task.run_id) {
            let shown = (task.at, By::Task(*number));
            let first = handed.entry((run, task.task.activity_id.as_str())).or_insert(shown);
            *first = shown.min(*first);
        }
    }
    let ended = evidence.ends();
    for (index, line) in timeline.known() {
        let mut names: FxHashMap<i64, &str> = FxHashMap::default();
        let mut uses: FxHashMap<&str, u32> = FxHashMap::default();
        let mut attempts: FxHashMap<i64, i64> = FxHashMap::default();
        for (place, event) in (1..).zip(&line.run.events) {
            let (scheduled, started, kind) = match &event.body {
                Body::ActivityTaskScheduled(scheduled) => {
                    names.insert(event.id.0, &scheduled.activity_id);
                    let uses = uses.entry(&scheduled.activity_id).or_default();
                    *uses += 1;
                    // If an activity id is used again, the first task with it belongs to the first activity.
                    if let Some((at, by)) = handed.get(&(index, scheduled.activity_id.as_str()))
                        && *uses == 1
                    {
                        bounds.there(index, Point::Written(place), *at, *by);
                    }
                    continue;
                }
                Body::ActivityTaskStarted(started) => {
                    attempts.insert(event.id.0, started.attempt);
                    continue;
                }
                Body::ActivityTaskCompleted(end) => (end.scheduled, end.started, 0),
                Body::ActivityTaskFailed(end) => (end.scheduled, end.started, 1),
                Body::ActivityTaskCanceled(end) => (end.scheduled, end.started, 2),
                _ => continue,
            };
            let (Some(name), Some(attempt)) = (names.get(&scheduled.0), attempts.get(&started.0)) else { continue };
            let key = (line.run.workflow_id.as_str(), line.run.run_id.as_str(), *name);
            let mut senders = ended.get(&key).into_iter().flatten();
            let mut senders = senders.by_ref().filter(|end| i64::from(end.task.task.attempt) == *attempt);
            if let (Some(end), None) = (senders.next(), senders.next())
                && kind == number_of(end.end)
                && uses.get(name) == Some(&1)
            {
                bounds.came(index, place, end.operation, acknowledged(end.operation));
            }
        }
    }
}

fn number_of(end: &ActivityEnd) -> u8 {
    match end {
        ActivityEnd::Completed(_) => 0,
        ActivityEnd::Failed(_) => 1,
        ActivityEnd::Canceled => 2,
    }
}
