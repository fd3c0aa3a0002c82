//! What may happen to a run of the fake server beside its workflow tasks.

use super::{FakeServer, Refused};
use resurgam_formats::event::{
    self, ActivityTaskCanceled, ActivityTaskCompleted, ActivityTaskFailed, ActivityTaskTimedOut, Body,
    ChildWorkflowExecutionCanceled, ChildWorkflowExecutionCompleted, ChildWorkflowExecutionFailed,
    ChildWorkflowExecutionStarted, ChildWorkflowExecutionTerminated, ChildWorkflowExecutionTimedOut, EventId,
    Execution, ExternalWorkflowExecutionCancelRequested, FailureKind, Payloads, StartChildWorkflowExecutionFailed,
    Symbol, TimerFired, WorkflowExecutionCancelRequested, WorkflowExecutionSignaled,
};
use resurgam_formats::program::{Failure, Output};
use serde_json::json;
use std::collections::BTreeMap;

/// One thing that happens. Numbers are those of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A signal of this name and value arrives.
    Signal(String, i64),
    /// Cancellation of the run is requested.
    Cancel,
    /// A timer fires.
    Fired(u32),
    /// An activity is handed to a worker, or a child is started.
    Started(u32),
    /// An activity or a child completes with this value.
    Completed(u32, i64),
    /// An activity or a child fails, times out, is terminated or cannot be started.
    Failed(u32, Failure),
    /// An activity or a child is cancelled.
    Cancelled(u32),
    /// The oldest unanswered request to cancel a child is answered.
    CancelDelivered,
}

impl FakeServer {
    /// Makes this happen, if it is possible now.
    ///
    /// # Errors
    /// It cannot happen now.
    pub fn happens(&mut self, what: Happening) -> Result<(), Refused> {
        let impossible = Refused(format!("{what:?} cannot happen now"));
        if self.closed {
            return Err(impossible);
        }
        let body = match what {
            Happening::Signal(name, value) => {
                let input = Payloads::one(&json!(value));
                Body::WorkflowExecutionSignaled(Box::new(WorkflowExecutionSignaled {
                    name,
                    input,
                    ..Default::default()
                }))
            }
            Happening::Cancel if self.cancelled => return Err(impossible),
            Happening::Cancel => {
                self.cancelled = true;
                Body::WorkflowExecutionCancelRequested(Box::<WorkflowExecutionCancelRequested>::default())
            }
            Happening::Fired(seq) => {
                let started = self.pending.timers.remove(&seq).ok_or(impossible)?;
                Body::TimerFired(Box::new(TimerFired { timer_id: seq.to_string(), started }))
            }
            Happening::CancelDelivered if self.pending.cancels.is_empty() => return Err(impossible),
            Happening::CancelDelivered => {
                let initiated = self.pending.cancels.remove(0);
                let it = ExternalWorkflowExecutionCancelRequested { initiated, ..Default::default() };
                Body::ExternalWorkflowExecutionCancelRequested(Box::new(it))
            }
            Happening::Started(seq) => {
                if let Some(activity) = self.pending.activities.get_mut(&seq) {
                    // The event is written together with the outcome, which the fake server leaves out.
                    activity.started = true;
                    return Ok(());
                }
                let child = self.execution(seq);
                let pending = self.pending.children.get_mut(&seq).filter(|child| !child.started).ok_or(impossible)?;
                pending.started = true;
                let it = ChildWorkflowExecutionStarted { initiated: pending.initiated, child, ..Default::default() };
                Body::ChildWorkflowExecutionStarted(Box::new(it))
            }
            Happening::Failed(seq, Failure::StartFailed) => {
                let child = self.pending.children.get(&seq).filter(|child| !child.started).copied();
                let initiated = child.ok_or(impossible)?.initiated;
                self.pending.children.remove(&seq);
                let it = StartChildWorkflowExecutionFailed { initiated, ..Default::default() };
                Body::StartChildWorkflowExecutionFailed(Box::new(it))
            }
            Happening::Completed(seq, _) | Happening::Failed(seq, _) | Happening::Cancelled(seq) => {
                if let Some(activity) = self.pending.activities.remove(&seq) {
                    activity_outcome(activity.scheduled, activity.asked, &what)
                } else {
                    let child = self.pending.children.get(&seq).filter(|child| child.started).copied();
                    let initiated = child.ok_or(impossible)?.initiated;
                    self.pending.children.remove(&seq);
                    child_outcome(initiated, self.execution(seq), &what)
                }
            }
        };
        self.occur(body)
    }

    fn execution(&self, seq: u32) -> Execution {
        Execution { workflow_id: format!("{}/{seq}", self.workflow_id), run_id: format!("run-{seq}") }
    }
}

fn activity_outcome(scheduled: EventId, cancel_requested: EventId, what: &Happening) -> Body {
    match what {
        Happening::Completed(_, value) => {
            let result = Payloads::one(&json!(value));
            Body::ActivityTaskCompleted(Box::new(ActivityTaskCompleted { result, scheduled, ..Default::default() }))
        }
        Happening::Failed(_, Failure::Timeout(which)) => {
            let kind = FailureKind::Timeout(Symbol(which.clone()));
            let failure = Some(event::Failure { kind, ..Default::default() });
            Body::ActivityTaskTimedOut(Box::new(ActivityTaskTimedOut { failure, scheduled, ..Default::default() }))
        }
        Happening::Failed(_, failure) => {
            let failure = Some(event::Failure::from(failure));
            Body::ActivityTaskFailed(Box::new(ActivityTaskFailed { failure, scheduled, ..Default::default() }))
        }
        Happening::Cancelled(_)
        | Happening::Signal(..)
        | Happening::Cancel
        | Happening::Fired(_)
        | Happening::Started(_)
        | Happening::CancelDelivered => {
            let it = ActivityTaskCanceled { scheduled, cancel_requested, ..Default::default() };
            Body::ActivityTaskCanceled(Box::new(it))
        }
    }
}

fn child_outcome(initiated: EventId, child: Execution, what: &Happening) -> Body {
    match what {
        Happening::Completed(_, value) => {
            let output = Output { value: *value, variables: vec![*value], signals: BTreeMap::new() };
            let result = Payloads::one(&json!(output));
            let it = ChildWorkflowExecutionCompleted { result, child, initiated, ..Default::default() };
            Body::ChildWorkflowExecutionCompleted(Box::new(it))
        }
        Happening::Failed(_, Failure::Timeout(_)) => {
            let it = ChildWorkflowExecutionTimedOut { child, initiated, ..Default::default() };
            Body::ChildWorkflowExecutionTimedOut(Box::new(it))
        }
        Happening::Failed(_, Failure::Terminated) => {
            let it = ChildWorkflowExecutionTerminated { child, initiated, ..Default::default() };
            Body::ChildWorkflowExecutionTerminated(Box::new(it))
        }
        Happening::Failed(_, failure) => {
            let failure = Some(event::Failure::from(failure));
            let it = ChildWorkflowExecutionFailed { failure, child, initiated, ..Default::default() };
            Body::ChildWorkflowExecutionFailed(Box::new(it))
        }
        Happening::Cancelled(_)
        | Happening::Signal(..)
        | Happening::Cancel
        | Happening::Fired(_)
        | Happening::Started(_)
        | Happening::CancelDelivered => {
            let it = ChildWorkflowExecutionCanceled { child, initiated, ..Default::default() };
            Body::ChildWorkflowExecutionCanceled(Box::new(it))
        }
    }
}
