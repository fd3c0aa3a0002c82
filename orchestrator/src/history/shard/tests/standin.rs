//! A stand-in for the engine: just enough of a workflow to move every part of the runtime. A signal named `work` also
//! schedules an activity and a timer; `many` writes 100 events in one transition; `impossible` cannot be.

use crate::cluster::Rejection;
use crate::history::engine::transaction::Transaction;
use crate::history::engine::{
    Applied, Context, Effects, Handout, Input, PendingQuery, QueryAnswer, Reply, Run, Slice, TransferResult, Waiter,
    Workflow, retention,
};
use crate::invariant::invariant;
use resurgam_api::calls::{HistoryCall, Transport};
use resurgam_api::internal;
use resurgam_api::internal::history_client::HistoryClient;
use resurgam_api::temporal::history::v1::history_event::Attributes as A;
use resurgam_api::temporal::history::v1::*;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_state::task::{ActivityTaskTransfer, TimerKind, TimerTask, TransferKind, WorkflowTaskTransfer};
use resurgam_state::{Activity, Current, State, Timer, WorkflowTask};
use tonic::{Request, Response, Status};

/// The timers of `work` are due after this many milliseconds.
pub(super) const TIMER: i64 = 150;

/// Something that happens to a workflow.
#[derive(Clone, Debug)]
pub(super) struct StandIn {
    workflow_id: String,
    what: What,
}

/// What can happen to a workflow in these tests.
#[derive(Clone, Debug)]
pub(super) enum What {
    Start { request_id: String, queue: String },
    Signal { name: String, request_id: String },
    Poll,
    Complete,
    Describe,
    Timer(TimerTask),
    Transfer(TransferResult),
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "moved once")]
pub(super) enum Said {
    Started(String),
    Done,
    Task(Handout),
    /// The length of the history.
    Described(i64),
}

/// A query, answered when the workflow completes.
#[derive(Clone, Debug)]
pub(super) struct Query(pub(super) String);

impl StandIn {
    pub(super) fn new(workflow_id: &str, what: What) -> Self {
        Self { workflow_id: workflow_id.to_owned(), what }
    }
}

/// A workflow, or a run of it.
pub(super) fn target(workflow_id: &str, run_id: &str) -> internal::Target {
    internal::Target { namespace_id: "n".into(), workflow_id: workflow_id.into(), run_id: run_id.into() }
}

impl HistoryCall for StandIn {
    type Answer = ();

    fn target(&self) -> Option<internal::Target> {
        Some(target(&self.workflow_id, ""))
    }

    async fn send(_: Request<Self>, _: HistoryClient<impl Transport>) -> Result<Response<()>, Status> {
        Err(Status::unimplemented("it is never sent"))
    }
}

impl HistoryCall for Query {
    type Answer = ();

    fn target(&self) -> Option<internal::Target> {
        Some(target(&self.0, ""))
    }

    async fn send(_: Request<Self>, _: HistoryClient<impl Transport>) -> Result<Response<()>, Status> {
        Err(Status::unimplemented("it is never sent"))
    }
}

impl Input for StandIn {
    type Answer = Said;

    fn apply(self, workflow: &mut Workflow, context: &mut Context<'_>, _: &Waiter<Said>) -> Applied<Said> {
        if let What::Start { request_id, queue } = self.what {
            return start(workflow, self.workflow_id, request_id, queue, context);
        }
        let of_task = matches!(self.what, What::Timer(_) | What::Transfer(_));
        if of_task && workflow.current.as_ref().is_some_and(|current| current.status != 1) {
            return Ok((Effects::default(), Reply::Now(Ok(Said::Done))));
        }
        let open = matches!(self.what, What::Describe);
        on_run(workflow, context, open, |tx| {
            let mut changed = true;
            let said = match self.what {
                What::Start { .. } => unreachable!("a start needs no run"),
                What::Signal { name, request_id } => {
                    signal(tx, &name, request_id);
                    Said::Done
                }
                What::Poll => {
                    tx.command_event(A::WorkflowTaskStartedEventAttributes(Default::default()));
                    let shown = tx.event(A::MarkerRecordedEventAttributes(MarkerRecordedEventAttributes::default()));
                    let history = Slice {
                        run_id: tx.run.state.run_id.clone(),
                        from: 1,
                        at: None,
                        next: tx.run.state.next_event_id,
                        tail: tx.tail(),
                        appended: vec![HistoryEvent { event_id: tx.run.state.next_event_id, ..shown }],
                    };
                    tx.run.state.workflow_task = None;
                    Said::Task(Handout { poll: Default::default(), history })
                }
                What::Complete => {
                    tx.command_event(A::WorkflowExecutionCompletedEventAttributes(Default::default()));
                    tx.run.state.status = 2;
                    tx.run.state.close_time = tx.context.now;
                    if tx.context.retention.is_some() {
                        retention::order(tx);
                    }
                    for query in std::mem::take(&mut tx.run.volatile.queries).into_values() {
                        tx.answer(&query.waiter, Ok(QueryAnswer::Answered(api::QueryWorkflowResponse::default())));
                    }
                    Said::Done
                }
                What::Describe => {
                    changed = false;
                    Said::Described(tx.run.state.next_event_id - 1)
                }
                What::Timer(task) => {
                    match task.kind {
                        Some(TimerKind::UserTimer(id)) if tx.run.state.timers.remove(&id.to_string()).is_some() => {
                            tx.command_event(A::TimerFiredEventAttributes(TimerFiredEventAttributes {
                                timer_id: task.due.to_string(),
                                started_event_id: id,
                            }));
                        }
                        _ => changed = false,
                    }
                    Said::Done
                }
                What::Transfer(TransferResult::StickyUnavailable(_, scheduled_event_id)) => {
                    tx.transfer(TransferKind::WorkflowTask(WorkflowTaskTransfer {
                        scheduled_event_id,
                        task_queue: "normal".into(),
                        sticky: false,
                        attempt: 1,
                    }));
                    Said::Done
                }
                What::Transfer(other) => return Err(Rejection::InvalidArgument(format!("{other:?}"))),
            };
            Ok((changed, Reply::Now(Ok(said))))
        })
    }

    fn reads_only(&self) -> bool {
        matches!(self.what, What::Describe)
    }

    fn request_id(&mut self) -> Option<&mut String> {
        match &mut self.what {
            What::Start { request_id, .. } | What::Signal { request_id, .. } => Some(request_id),
            _ => None,
        }
    }
}

impl Input for Query {
    type Answer = QueryAnswer;

    fn apply(
        self,
        workflow: &mut Workflow,
        context: &mut Context<'_>,
        caller: &Waiter<QueryAnswer>,
    ) -> Applied<QueryAnswer> {
        on_run(workflow, context, false, |tx| {
            let id = tx.context.ids.uuid();
            let query = PendingQuery { query: Default::default(), waiter: caller.clone(), sent: 0 };
            tx.run.volatile.queries.insert(id, query);
            Ok((true, Reply::Later))
        })
    }
}

/// Lets `act` work on the current run; it says whether it changed anything. `closed`: the run may be closed.
fn on_run<T>(
    workflow: &mut Workflow,
    context: &mut Context<'_>,
    closed: bool,
    act: impl FnOnce(&mut Transaction<'_, '_>) -> Result<(bool, Reply<T>), Rejection>,
) -> Applied<T> {
    let mut current = workflow.current.clone().ok_or_else(|| Rejection::NotFound("no workflow".to_owned()))?;
    let run = workflow.runs.get_mut(&current.run_id).ok_or_else(|| Rejection::NotFound("no run".to_owned()))?;
    if run.state.status != 1 && !closed {
        return Err(Rejection::NotFound("workflow execution already completed".to_owned()));
    }
    let mut tx = Transaction::new(run, context);
    let (changed, reply) = act(&mut tx)?;
    let Transaction { events, transfers, timers, answers, .. } = tx;
    let runs = if changed { vec![(current.run_id.clone(), events)] } else { Vec::new() };
    let closes = current.status != run.state.status;
    current.status = run.state.status;
    if closes {
        workflow.current = Some(current.clone());
    }
    Ok((Effects { current: closes.then_some(current), runs, transfers, timers, answers, removed: None }, reply))
}

fn start(
    workflow: &mut Workflow,
    workflow_id: String,
    request_id: String,
    task_queue: String,
    context: &mut Context<'_>,
) -> Applied<Said> {
    if let Some(current) = &workflow.current {
        if !current.request_ids.contains(&request_id) {
            let (request_id, run_id) = (current.request_ids[0].clone(), current.run_id.clone());
            return Err(Rejection::AlreadyStarted { message: "taken".to_owned(), request_id, run_id });
        }
        let said = Said::Started(current.run_id.clone());
        return Ok((Effects::default(), Reply::Now(Ok(said))));
    }
    let run_id = context.ids.uuid();
    let state = State {
        namespace_id: "n".into(),
        workflow_id,
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
    let sticky = task_queue == "sticky";
    tx.transfer(TransferKind::WorkflowTask(WorkflowTaskTransfer {
        scheduled_event_id,
        task_queue,
        sticky,
        attempt: 1,
    }));
    let Transaction { events, transfers, timers, answers, .. } = tx;
    let current = Current { run_id: run_id.clone(), status: 1, request_ids: vec![request_id], start_time: 0 };
    workflow.current = Some(current.clone());
    workflow.runs.insert(run_id.clone(), run);
    let said = Said::Started(run_id.clone());
    let runs = vec![(run_id, events)];
    let effects = Effects { current: Some(current), runs, transfers, timers, answers, removed: None };
    Ok((effects, Reply::Now(Ok(said))))
}

fn signal(tx: &mut Transaction<'_, '_>, name: &str, request_id: String) {
    if tx.run.state.signal_requests.contains_key(&request_id) {
        return;
    }
    tx.run.state.signal_requests.insert(request_id.clone(), ());
    invariant!(name != "impossible", "there is no such signal");
    let copies = if name == "many" { 100 } else { 1 };
    for _ in 0..copies {
        tx.command_event(A::WorkflowExecutionSignaledEventAttributes(WorkflowExecutionSignaledEventAttributes {
            // The request id without what `Bug::BlindRetry` adds.
            signal_name: request_id.trim_end_matches("-again").to_owned(),
            ..Default::default()
        }));
    }
    if name == "work" {
        let id = tx.command_event(A::ActivityTaskScheduledEventAttributes(Default::default()));
        let activity_id = request_id;
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
