//! What one input does: finds the run that it is about, and lets the right module act on it.

use super::run::{find, on_run};
use super::stepped;
use super::transaction::Transaction;
use super::{
    Context, Effects, Input, Rejection, Reply, Workflow, activity_outcome, attempt, cancel, child, complete, describe,
    external, fail, query, signal, start, task, timer_task, update,
};
use resurgam_api::internal::{ScheduleFirstWorkflowTaskRequest, TaskToken};
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::enums::v1::WorkflowExecutionStatus as Status;

/// Works out what `input` does. On an error `workflow` may be half changed: work on a copy and drop it then.
///
/// An answer to the caller is in the effects (`context.caller`), unless it has to wait for something to happen.
///
/// # Errors
/// The input was refused; nothing may be kept.
pub fn step(workflow: &mut Workflow, input: Input, context: &mut Context<'_>) -> Result<Effects, Rejection> {
    let (waiting, caller) = (stepped::waiters(workflow), context.caller);
    let effects = act(workflow, input, context)?;
    stepped::assert_whole(waiting, caller, workflow, &effects);
    Ok(effects)
}

fn act(workflow: &mut Workflow, input: Input, context: &mut Context<'_>) -> Result<Effects, Rejection> {
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
            on_run(w, run_of(it.task.as_ref()), context, |tx| attempt::start(tx, &it).map(Some))
        }
        Input::CompleteWorkflowTask(it) => {
            on_run(w, &token_run(it.task.as_ref()), context, |tx| complete::answer(tx, it))
        }
        Input::FailWorkflowTask(it) => {
            on_run(w, &token_run(it.task.as_ref()), context, |tx| fail::answer(tx, it).map(Some))
        }
        Input::CompleteActivity(it) => {
            let run = activity_run(w, it.task.as_ref())?;
            on_run(w, &run, context, |tx| activity_outcome::complete(tx, it).map(Some))
        }
        Input::FailActivity(it) => {
            let run = activity_run(w, it.task.as_ref())?;
            on_run(w, &run, context, |tx| activity_outcome::fail(tx, it).map(Some))
        }
        Input::CancelActivity(it) => {
            let run = activity_run(w, it.task.as_ref())?;
            on_run(w, &run, context, |tx| activity_outcome::cancel(tx, it).map(Some))
        }
        Input::Heartbeat(it) => {
            let run = activity_run(w, it.task.as_ref())?;
            on_run(w, &run, context, |tx| attempt::heartbeat(tx, it).map(Some))
        }
        Input::ScheduleFirstWorkflowTask(it) => {
            let run = find(w, it.execution.as_ref(), "")?;
            on_run(w, &run, context, |tx| release(tx, &it).map(Some))
        }
        Input::TimerTask(it) => on_run(w, &it.run.run_id, context, |tx| {
            timer_task::fire(tx, &it);
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
