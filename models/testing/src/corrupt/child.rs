//! What can be wrong with children, with external requests, and with the order in which the buffer is flushed.

use super::corruption::{Corruption, places};
use super::edit::{again, event, swap};
use resurgam_formats::event::{Body, Payloads};
use resurgam_formats::evidence::Run;
use serde_json::json;

fn child_end_of(body: &Body) -> bool {
    matches!(
        body,
        Body::ChildWorkflowExecutionCompleted(_)
            | Body::ChildWorkflowExecutionFailed(_)
            | Body::ChildWorkflowExecutionCanceled(_)
            | Body::ChildWorkflowExecutionTimedOut(_)
            | Body::ChildWorkflowExecutionTerminated(_)
    )
}

/// True if this place lies in the flush directly after a successful decision.
fn in_flush(run: &Run, place: usize) -> bool {
    let before = run.events.get(..place).unwrap_or_default().iter().rev();
    matches!(before.map(|e| &e.body).find(|b| b.is_workflow_task()), Some(Body::WorkflowTaskCompleted(_)))
        && !run.events.iter().any(|e| matches!(e.body, Body::WorkflowExecutionPaused(_) | Body::Unrecognised { .. }))
}

pub(super) const ALL: &[Corruption] = &[
    Corruption {
        name: "flush-out-of-order",
        what: "the end of an activity or child stands before another event of the same flush",
        expected: &["H20"],
        find: |e| {
            places(e, |run, place, event| {
                let body = &event.body;
                let other = !body.is_command() && !body.is_completion() && !body.is_workflow_task() && !body.is_close();
                let next = run.events.get(place + 1);
                other
                    && in_flush(run, place)
                    && next.is_some_and(|next| {
                        let mut refers = false;
                        next.body.each_reference(|_, id| refers |= id == event.id);
                        next.body.is_completion() && !refers
                    })
            })
        },
        change: |e, site| swap(e, site.run, site.place),
    },
    Corruption {
        name: "child-started-twice",
        what: "the start of a child is written again",
        expected: &["H18"],
        find: |e| places(e, |_, _, event| matches!(event.body, Body::ChildWorkflowExecutionStarted(_))),
        change: again,
    },
    Corruption {
        name: "child-ends-twice",
        what: "the end of a child is written again",
        expected: &["H18"],
        find: |e| places(e, |_, _, event| child_end_of(&event.body)),
        change: again,
    },
    Corruption {
        name: "child-ends-otherwise",
        what: "the parent is told that the child was terminated; it was not",
        expected: &["H18"],
        find: |e| {
            let whole = e.is_whole();
            places(e, |_, _, event| {
                whole && child_end_of(&event.body) && !matches!(event.body, Body::ChildWorkflowExecutionTerminated(_))
            })
        },
        change: |e, site| {
            let body = &mut event(e, site.run, site.place)?.body;
            let mut end = resurgam_formats::event::ChildWorkflowExecutionTerminated::default();
            (end.child, end.initiated, end.started, end.workflow_type) = match body {
                Body::ChildWorkflowExecutionCompleted(e) => {
                    (e.child.clone(), e.initiated, e.started, e.workflow_type.clone())
                }
                Body::ChildWorkflowExecutionFailed(e) => {
                    (e.child.clone(), e.initiated, e.started, e.workflow_type.clone())
                }
                Body::ChildWorkflowExecutionCanceled(e) => {
                    (e.child.clone(), e.initiated, e.started, e.workflow_type.clone())
                }
                Body::ChildWorkflowExecutionTimedOut(e) => {
                    (e.child.clone(), e.initiated, e.started, e.workflow_type.clone())
                }
                _ => return None,
            };
            *body = Body::ChildWorkflowExecutionTerminated(Box::new(end));
            Some(())
        },
    },
    Corruption {
        name: "child-of-another-type",
        what: "the parent is told that a child of another type has started",
        expected: &["H18"],
        find: |e| places(e, |_, _, event| matches!(event.body, Body::ChildWorkflowExecutionStarted(_))),
        change: |e, site| {
            let Body::ChildWorkflowExecutionStarted(start) = &mut event(e, site.run, site.place)?.body else {
                return None;
            };
            start.workflow_type.0.push_str("-of-somebody");
            Some(())
        },
    },
    Corruption {
        name: "child-failure-lost",
        what: "the parent is told that the child failed, and not why",
        expected: &["H18"],
        find: |e| {
            let whole = e.is_whole();
            places(e, |_, _, event| {
                whole && matches!(&event.body, Body::ChildWorkflowExecutionFailed(end) if end.failure.is_some())
            })
        },
        change: |e, site| {
            let Body::ChildWorkflowExecutionFailed(end) = &mut event(e, site.run, site.place)?.body else {
                return None;
            };
            end.failure = None;
            Some(())
        },
    },
    Corruption {
        name: "child-retry-state-changed",
        what: "the parent is told that a child was not tried again for another reason than the child's own history says",
        expected: &["H18"],
        find: |e| {
            let whole = e.is_whole();
            places(e, |_, _, event| whole && matches!(event.body, Body::ChildWorkflowExecutionFailed(_)))
        },
        change: |e, site| {
            let Body::ChildWorkflowExecutionFailed(end) = &mut event(e, site.run, site.place)?.body else {
                return None;
            };
            end.retry_state.0.push_str("_OF_SOMEBODY");
            Some(())
        },
    },
    Corruption {
        name: "child-result-changed",
        what: "the parent is told another result than the child returned",
        expected: &["H18"],
        find: |e| {
            let whole = e.is_whole();
            places(e, |_, _, event| whole && matches!(event.body, Body::ChildWorkflowExecutionCompleted(_)))
        },
        change: |e, site| {
            let Body::ChildWorkflowExecutionCompleted(end) = &mut event(e, site.run, site.place)?.body else {
                return None;
            };
            end.result = Payloads::one(&json!({"value": 987_654_321}));
            Some(())
        },
    },
    Corruption {
        name: "child-points-elsewhere",
        what: "a child says that another event of its parent asked for it",
        expected: &["H18"],
        find: |e| {
            let whole = e.is_whole();
            places(
                e,
                |_, _, event| matches!(&event.body, Body::WorkflowExecutionStarted(s) if whole && !s.parent.workflow_id.is_empty()),
            )
        },
        change: |e, site| {
            let Body::WorkflowExecutionStarted(start) = &mut event(e, site.run, site.place)?.body else { return None };
            start.parent_initiated = start.parent_initiated.plus(-1);
            Some(())
        },
    },
    Corruption {
        name: "external-outcome-twice",
        what: "the outcome of a signal or cancellation to another workflow is written again",
        expected: &["H19"],
        find: |e| {
            places(e, |_, _, event| {
                matches!(
                    event.body,
                    Body::ExternalWorkflowExecutionSignaled(_)
                        | Body::ExternalWorkflowExecutionCancelRequested(_)
                        | Body::SignalExternalWorkflowExecutionFailed(_)
                        | Body::RequestCancelExternalWorkflowExecutionFailed(_)
                )
            })
        },
        change: again,
    },
];
