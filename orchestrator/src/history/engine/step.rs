//! What one input does: finds the run that it is about, lets the right module act on it, and collects what came of it.

use super::transaction::Transaction;
use super::{
    Context, Effects, Input, Rejection, Reply, Run, Workflow, activity, alarm, attempt, cancel, child, close, complete,
    describe, external, fail, query, signal, start, task, update,
};
use crate::history::state::Current;
use resurgam_api::internal::{ScheduleFirstWorkflowTaskRequest, TaskToken};
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::enums::v1::WorkflowExecutionStatus as Status;
use resurgam_api::temporal::history::v1::HistoryEvent;

/// Works out what `input` does. On an error `workflow` may be half changed: work on a copy and drop it then.
///
/// An answer to the caller is in the effects (`context.caller`), unless it has to wait for something to happen.
///
/// # Errors
/// The input was refused; nothing may be kept.
pub fn step(workflow: &mut Workflow, input: Input, context: &mut Context<'_>) -> Result<Effects, Rejection> {
    let w = workflow;
    match input {
        Input::Start(it) => start::start(w, it, context),
        Input::SignalWithStart(it) => start::signal_with_start(w, it, context),
        Input::Signal(it) => {
            let run = find(w, it.request.as_ref().and_then(|it| it.workflow_execution.as_ref()), "")?;
            on_run(w, &run, context, |tx| signal::answer(tx, it).map(Some))
        }
        Input::RequestCancel(it) => {
            let asked = it.request.as_ref();
            let first = asked.map_or("", |it| &it.first_execution_run_id);
            let run = find(w, asked.and_then(|it| it.workflow_execution.as_ref()), first)?;
            on_run(w, &run, context, |tx| cancel::request(tx, it).map(Some))
        }
        Input::Terminate(it) => {
            let asked = it.request.as_ref();
            let first = asked.map_or("", |it| &it.first_execution_run_id);
            let run = find(w, asked.and_then(|it| it.workflow_execution.as_ref()), first)?;
            on_run(w, &run, context, |tx| cancel::terminate(tx, it).map(Some))
        }
        Input::Query(it) => {
            let run = find(w, it.request.as_ref().and_then(|it| it.execution.as_ref()), "")?;
            on_run(w, &run, context, |tx| query::ask(tx, it))
        }
        Input::ResetSticky(it) => {
            let run = find(w, it.request.as_ref().and_then(|it| it.execution.as_ref()), "")?;
            on_run(w, &run, context, |tx| {
                tx.require_open()?;
                tx.run.state.sticky = None;
                Ok(Some(Reply::Done))
            })
        }
        Input::WorkflowTaskStarted(it) => {
            on_run(w, run_of(it.task.as_ref()), context, |tx| task::start(tx, &it).map(Some))
        }
        Input::ActivityTaskStarted(it) => {
            on_run(w, run_of(it.task.as_ref()), context, |tx| activity::start(tx, &it).map(Some))
        }
        Input::CompleteWorkflowTask(it) => {
            on_run(w, &token_run(it.task.as_ref()), context, |tx| complete::answer(tx, it))
        }
        Input::FailWorkflowTask(it) => {
            on_run(w, &token_run(it.task.as_ref()), context, |tx| fail::answer(tx, it).map(Some))
        }
        Input::CompleteActivity(it) => {
            let run = activity_run(w, it.task.as_ref())?;
            on_run(w, &run, context, |tx| attempt::complete(tx, it).map(Some))
        }
        Input::FailActivity(it) => {
            let run = activity_run(w, it.task.as_ref())?;
            on_run(w, &run, context, |tx| attempt::fail(tx, it).map(Some))
        }
        Input::CancelActivity(it) => {
            let run = activity_run(w, it.task.as_ref())?;
            on_run(w, &run, context, |tx| attempt::cancel(tx, it).map(Some))
        }
        Input::Heartbeat(it) => {
            let run = activity_run(w, it.task.as_ref())?;
            on_run(w, &run, context, |tx| activity::heartbeat(tx, it).map(Some))
        }
        Input::ScheduleFirstWorkflowTask(it) => {
            let run = find(w, it.execution.as_ref(), "")?;
            on_run(w, &run, context, |tx| release(tx, &it).map(Some))
        }
        Input::Alarm(it) => on_run(w, &it.run.run_id, context, |tx| {
            alarm::ring(tx, &it);
            Ok(Some(Reply::Done))
        }),
        Input::StickyUnavailable(run, scheduled_event_id) => on_run(w, &run, context, |tx| {
            task::unstick(tx, scheduled_event_id);
            Ok(Some(Reply::Done))
        }),
        Input::Update(it) => {
            let asked = it.request.as_ref();
            let first = asked.map_or("", |it| &it.first_execution_run_id);
            let run = find(w, asked.and_then(|it| it.workflow_execution.as_ref()), first)?;
            on_run(w, &run, context, |tx| update::admit(tx, it))
        }
        Input::PollUpdate(it) => {
            let asked = it.request.as_ref().and_then(|it| it.update_ref.as_ref());
            let run = find(w, asked.and_then(|it| it.workflow_execution.as_ref()), "")?;
            on_run(w, &run, context, |tx| update::poll(tx, it))
        }
        Input::Describe(it) => {
            let run = find(w, it.request.as_ref().and_then(|it| it.execution.as_ref()), "")?;
            on_run(w, &run, context, |tx| Ok(Some(Reply::Describe(describe::describe(tx)))))
        }
        Input::ChildClosed(it) => {
            let run = find(w, it.parent.as_ref(), "")?;
            on_run(w, &run, context, |tx| child::closed(tx, it).map(Some))
        }
        Input::ChildStarted(run, initiated, answer) => on_run(w, &run, context, |tx| {
            child::started(tx, initiated, answer);
            Ok(Some(Reply::Done))
        }),
        Input::ExternalSignaled(run, initiated, answer) => on_run(w, &run, context, |tx| {
            external::signaled(tx, initiated, answer);
            Ok(Some(Reply::Done))
        }),
        Input::ExternalCanceled(run, initiated, answer) => on_run(w, &run, context, |tx| {
            external::canceled(tx, initiated, answer);
            Ok(Some(Reply::Done))
        }),
    }
}

/// Lets `act` work on a run, and settles what follows from it. `act` returns the answer to the caller, or `None` if
/// there is none now.
pub(super) fn on_run(
    workflow: &mut Workflow,
    run_id: &str,
    context: &mut Context<'_>,
    act: impl FnOnce(&mut Transaction<'_, '_>) -> Result<Option<Reply>, Rejection>,
) -> Result<Effects, Rejection> {
    let mut current = workflow.current.clone().filter(|current| current.run_id == run_id);
    let run = workflow.runs.get_mut(run_id).ok_or_else(unknown)?;
    let before = run.state.clone();
    let mut tx = Transaction::new(run, context);
    let reply = act(&mut tx)?;
    task::settle(&mut tx);
    close::limit(&mut tx);
    if update::settle(&mut tx) {
        task::speculate(&mut tx);
    }
    let caller = tx.context.caller;
    let Transaction { events, transfers, timers, mut answers, successor, .. } = tx;
    answers.extend(reply.map(|reply| (caller, Ok(reply))));
    let mut effects = Effects { transfers, timers, answers, ..Effects::default() };
    if run.state != before {
        run.state.transaction = context.transaction;
        let status = run.state.status;
        effects.runs.push((run_id.to_owned(), events));
        if let Some(current) = current.as_mut().filter(|current| current.status != status) {
            current.status = status;
            effects.current = Some(current.clone());
            workflow.current = Some(current.clone());
        }
    }
    if let Some(successor) = successor {
        let (run, events) = *successor;
        let current = Current {
            run_id: run.state.run_id.clone(),
            status: run.state.status,
            request_ids: vec![context.ids.uuid()],
            start_time: run.state.start_time,
        };
        record(workflow, &mut effects, current, run, events);
    }
    Ok(effects)
}

/// A new run becomes the current one.
pub(super) fn record(
    workflow: &mut Workflow,
    effects: &mut Effects,
    current: Current,
    run: Run,
    events: Vec<HistoryEvent>,
) {
    effects.runs.push((current.run_id.clone(), events));
    effects.current = Some(current.clone());
    workflow.runs.insert(current.run_id.clone(), run);
    workflow.current = Some(current);
}

fn unknown() -> Rejection {
    Rejection::NotFound("workflow execution not found".to_owned())
}

/// The run that is meant: the named one, or the current one, if it belongs to the chain that began with `first`.
fn find(workflow: &Workflow, execution: Option<&WorkflowExecution>, first: &str) -> Result<String, Rejection> {
    let named = execution.map_or("", |execution| &execution.run_id);
    let run_id = match (named, &workflow.current) {
        ("", None) => return Err(unknown()),
        ("", Some(current)) => &current.run_id,
        (named, _) => named,
    };
    let run = workflow.runs.get(run_id).ok_or_else(unknown)?;
    if first.is_empty() || run.state.started.first_execution_run_id == first {
        Ok(run_id.to_owned())
    } else {
        Err(unknown())
    }
}

fn run_of(task: Option<&TaskToken>) -> &str {
    task.map_or("", |task| &task.run_id)
}

fn token_run(task: Option<&TaskToken>) -> String {
    run_of(task).to_owned()
}

/// The run of an activity; without a run id (by activity id) the current one.
fn activity_run(workflow: &Workflow, task: Option<&TaskToken>) -> Result<String, Rejection> {
    let run_id = token_run(task);
    find(workflow, Some(&WorkflowExecution { run_id, ..WorkflowExecution::default() }), "")
}

/// The parent knows of the run now.
fn release(tx: &mut Transaction<'_, '_>, request: &ScheduleFirstWorkflowTaskRequest) -> Result<Reply, Rejection> {
    if tx.run.state.status == Status::Running as i32 && tx.run.state.awaits_parent {
        signal::require_child(tx, request.parent.as_ref())?;
        tx.run.state.awaits_parent = false;
        tx.wake();
    }
    Ok(Reply::Done)
}
