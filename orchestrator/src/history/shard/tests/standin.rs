//! A stand-in for the engine: just enough of a workflow to move every part of the runtime. A signal named `work` also
//! schedules an activity and a timer; `many` writes 100 events in one transition; `impossible` cannot be.

use crate::cluster::Rejection;
use crate::history::engine::transaction::Transaction;
use crate::history::engine::{Context, Effects, Input, PendingQuery, Reply, Run, Slice, Workflow};
use crate::history::state::{Activity, Current, State, Timer, WorkflowTask};
use crate::history::task::{ActivityTaskTransfer, TimerKind, TransferKind, WorkflowTaskTransfer};
use crate::invariant::invariant;
use resurgam_api::temporal::history::v1::history_event::Attributes as A;
use resurgam_api::temporal::history::v1::*;
use resurgam_api::temporal::workflowservice::v1 as api;

/// The timers of `work` are due after this many milliseconds.
pub(super) const TIMER: i64 = 150;

pub(super) fn step(workflow: &mut Workflow, input: Input, context: &mut Context<'_>) -> Result<Effects, Rejection> {
    if let Input::Start(request) = input {
        return start(workflow, request.request.unwrap_or_default(), context);
    }
    let current = workflow.current.clone().ok_or_else(|| Rejection::NotFound("no workflow".to_owned()))?;
    let caller = context.caller;
    let run = workflow.runs.get_mut(&current.run_id).ok_or_else(|| Rejection::NotFound("no run".to_owned()))?;
    if run.state.status != 1 && matches!(input, Input::TimerTask(_) | Input::StickyUnavailable(..)) {
        return Ok(Effects::default());
    }
    if run.state.status != 1 && !matches!(input, Input::Describe(_)) {
        return Err(Rejection::NotFound("workflow execution already completed".to_owned()));
    }
    let mut tx = Transaction::new(run, context);
    let mut changed = true;
    match input {
        Input::Signal(request) => signal(&mut tx, request.request.unwrap_or_default()),
        Input::WorkflowTaskStarted(request) => {
            tx.command_event(A::WorkflowTaskStartedEventAttributes(WorkflowTaskStartedEventAttributes {
                request_id: request.request_id,
                ..Default::default()
            }));
            let shown = tx.event(A::MarkerRecordedEventAttributes(MarkerRecordedEventAttributes::default()));
            let slice = Slice {
                run_id: current.run_id.clone(),
                from: 1,
                at: None,
                next: tx.run.state.next_event_id,
                appended: vec![HistoryEvent { event_id: tx.run.state.next_event_id, ..shown }],
            };
            tx.run.state.workflow_task = None;
            tx.answer(caller, Ok(Reply::WorkflowTask(Box::default(), slice)));
        }
        Input::CompleteWorkflowTask(_) => {
            tx.command_event(A::WorkflowExecutionCompletedEventAttributes(Default::default()));
            tx.run.state.status = 2;
            for query in std::mem::take(&mut tx.run.volatile.queries).into_values() {
                tx.answer(query.waiter, Ok(Reply::Query(api::QueryWorkflowResponse::default())));
            }
            tx.answer(caller, Ok(Reply::CompleteWorkflowTask(Default::default(), None)));
        }
        Input::Query(_) => {
            let query = PendingQuery { query: Default::default(), waiter: caller, sent: 0 };
            let id = tx.context.ids.uuid();
            tx.run.volatile.queries.insert(id, query);
        }
        Input::TimerTask(task) => match task.kind {
            Some(TimerKind::UserTimer(id)) if tx.run.state.timers.remove(&id.to_string()).is_some() => {
                tx.command_event(A::TimerFiredEventAttributes(TimerFiredEventAttributes {
                    timer_id: task.due.to_string(),
                    started_event_id: id,
                }));
            }
            _ => changed = false,
        },
        Input::StickyUnavailable(_, id) => {
            let transfer =
                WorkflowTaskTransfer { scheduled_event_id: id, task_queue: "normal".into(), sticky: false, attempt: 1 };
            tx.transfer(TransferKind::WorkflowTask(transfer));
        }
        Input::Describe(_) => {
            changed = false;
            let mut description = api::DescribeWorkflowExecutionResponse::default();
            let info = description.workflow_execution_info.get_or_insert_default();
            info.history_length = tx.run.state.next_event_id - 1;
            tx.answer(caller, Ok(Reply::Describe(description)));
        }
        other => return Err(Rejection::InvalidArgument(format!("{other:?}"))),
    }
    let Transaction { events, transfers, timers, answers, .. } = tx;
    let runs = if changed { vec![(current.run_id, events)] } else { Vec::new() };
    Ok(Effects { current: None, runs, transfers, timers, answers })
}

fn start(
    workflow: &mut Workflow,
    request: api::StartWorkflowExecutionRequest,
    context: &mut Context<'_>,
) -> Result<Effects, Rejection> {
    let caller = context.caller;
    if let Some(current) = &workflow.current {
        if !current.request_ids.contains(&request.request_id) {
            let (request_id, run_id) = (current.request_ids[0].clone(), current.run_id.clone());
            return Err(Rejection::AlreadyStarted { message: "taken".to_owned(), request_id, run_id });
        }
        let reply =
            Reply::Start(api::StartWorkflowExecutionResponse { run_id: current.run_id.clone(), ..Default::default() });
        return Ok(Effects { answers: vec![(caller, Ok(reply))], ..Effects::default() });
    }
    let run_id = context.ids.uuid();
    let state = State {
        namespace_id: "n".into(),
        workflow_id: request.workflow_id.clone(),
        run_id: run_id.clone(),
        status: 1,
        next_event_id: 1,
        ..State::default()
    };
    let mut run = Run { state, ..Run::default() };
    let mut tx = Transaction::new(&mut run, context);
    tx.command_event(A::WorkflowExecutionStartedEventAttributes(Default::default()));
    let scheduled_event_id = tx.command_event(A::WorkflowTaskScheduledEventAttributes(Default::default()));
    tx.run.state.workflow_task = Some(WorkflowTask { scheduled_event_id, attempt: 1, ..WorkflowTask::default() });
    let task_queue = request.task_queue.unwrap_or_default().name;
    let sticky = task_queue == "sticky";
    tx.transfer(TransferKind::WorkflowTask(WorkflowTaskTransfer {
        scheduled_event_id,
        task_queue,
        sticky,
        attempt: 1,
    }));
    let reply = Reply::Start(api::StartWorkflowExecutionResponse { run_id: run_id.clone(), ..Default::default() });
    tx.answer(caller, Ok(reply));
    let Transaction { events, transfers, timers, answers, .. } = tx;
    let current = Current { run_id: run_id.clone(), status: 1, request_ids: vec![request.request_id], start_time: 0 };
    workflow.current = Some(current.clone());
    workflow.runs.insert(run_id.clone(), run);
    Ok(Effects { current: Some(current), runs: vec![(run_id, events)], transfers, timers, answers })
}

fn signal(tx: &mut Transaction<'_, '_>, request: api::SignalWorkflowExecutionRequest) {
    let caller = tx.context.caller;
    tx.answer(caller, Ok(Reply::Done));
    if tx.run.state.signal_requests.insert(request.request_id.clone(), true).is_some() {
        return;
    }
    invariant!(request.signal_name != "impossible", "there is no such signal");
    let copies = if request.signal_name == "many" { 100 } else { 1 };
    for _ in 0..copies {
        tx.command_event(A::WorkflowExecutionSignaledEventAttributes(WorkflowExecutionSignaledEventAttributes {
            // The request id without what `Bug::BlindRetry` adds.
            signal_name: request.request_id.trim_end_matches("-again").to_owned(),
            identity: request.identity.clone(),
            ..Default::default()
        }));
    }
    if request.signal_name == "work" {
        let id = tx.command_event(A::ActivityTaskScheduledEventAttributes(Default::default()));
        let activity_id = request.request_id;
        let activity = Activity { scheduled_event_id: id, activity_id, attempt: 1, ..Activity::default() };
        tx.run.state.activities.insert(id, activity);
        let task_queue = "q".to_owned();
        tx.transfer(TransferKind::ActivityTask(ActivityTaskTransfer {
            scheduled_event_id: id,
            task_queue,
            attempt: 1,
        }));
        let due = tx.context.now + TIMER;
        let started_event_id = tx.command_event(A::TimerStartedEventAttributes(Default::default()));
        tx.run.state.timers.insert(started_event_id.to_string(), Timer { started_event_id, due });
        tx.timer(due, TimerKind::UserTimer(started_event_id));
    }
}
