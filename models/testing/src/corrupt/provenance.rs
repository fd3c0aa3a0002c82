//! What can be wrong with what an event carries on from a request, a worker or an earlier event.

use super::corruption::{Corruption, places};
use super::edit::event;
use resurgam_formats::event::{Body, Span, Symbol};
use resurgam_formats::evidence::Run;

/// True if a worker was given a workflow task and completed it, in the recording of a whole case.
fn completed(body: &Body) -> bool {
    matches!(body, Body::WorkflowTaskCompleted(task) if !task.identity.is_empty())
}

/// True if the run began as a client asked for it.
fn began(run: &Run) -> bool {
    run.started().is_some_and(|start| start.parent.workflow_id.is_empty() && start.continued_run.is_empty())
}

pub(super) const ALL: &[Corruption] = &[
    Corruption {
        name: "another-worker",
        what: "a workflow task was completed by somebody who never had it",
        expected: &["H29"],
        find: |e| {
            let whole = e.is_whole();
            places(e, |_, _, event| whole && completed(&event.body))
        },
        change: |e, site| {
            let Body::WorkflowTaskCompleted(task) = &mut event(e, site.run, site.place)?.body else { return None };
            task.identity = "nobody".into();
            Some(())
        },
    },
    Corruption {
        name: "timer-renamed",
        what: "a timer fires under another name",
        expected: &["H29"],
        find: |e| places(e, |_, _, event| matches!(event.body, Body::TimerFired(_))),
        change: |e, site| {
            let Body::TimerFired(timer) = &mut event(e, site.run, site.place)?.body else { return None };
            timer.timer_id.push('0');
            Some(())
        },
    },
    Corruption {
        name: "child-elsewhere",
        what: "a child is said to have started in another namespace",
        expected: &["H29"],
        find: |e| {
            places(
                e,
                |_, _, event| matches!(&event.body, Body::ChildWorkflowExecutionStarted(child) if !child.namespace.is_empty()),
            )
        },
        change: |e, site| {
            let Body::ChildWorkflowExecutionStarted(child) = &mut event(e, site.run, site.place)?.body else {
                return None;
            };
            child.namespace.push('0');
            Some(())
        },
    },
    Corruption {
        name: "begun-with-another-timeout",
        what: "a run has more time than was asked for",
        expected: &["H30"],
        find: |e| {
            let whole = e.is_whole();
            places(e, |run, place, _| whole && place == 0 && began(run))
        },
        change: |e, site| {
            let Body::WorkflowExecutionStarted(start) = &mut event(e, site.run, 0)?.body else { return None };
            start.run_timeout = Span(start.run_timeout.0 + 7_200_000_000_000);
            start.execution_timeout = Span(start.execution_timeout.0 + 7_200_000_000_000);
            Some(())
        },
    },
    Corruption {
        name: "begun-by-another",
        what: "a run was begun by a client that did not ask for it",
        expected: &["H30"],
        find: |e| {
            let whole = e.is_whole();
            places(e, |run, place, _| whole && place == 0 && began(run))
        },
        change: |e, site| {
            let Body::WorkflowExecutionStarted(start) = &mut event(e, site.run, 0)?.body else { return None };
            start.identity.push('0');
            Some(())
        },
    },
    Corruption {
        name: "given-up-in-vain",
        what: "an activity is said to be tried again, and ended",
        expected: &["H31"],
        find: |e| {
            places(
                e,
                |_, _, event| matches!(&event.body, Body::ActivityTaskFailed(end) if !end.retry_state.0.is_empty()),
            )
        },
        change: |e, site| {
            let Body::ActivityTaskFailed(end) = &mut event(e, site.run, site.place)?.body else { return None };
            end.retry_state = Symbol("IN_PROGRESS".into());
            Some(())
        },
    },
    Corruption {
        name: "retry-state-of-another",
        what: "a run without a policy was tried as often as its policy allows",
        expected: &["H31"],
        find: |e| {
            places(e, |run, _, event| {
                run.started().is_some_and(|start| start.retry_policy.is_none() && start.cron.is_empty())
                    && matches!(&event.body, Body::WorkflowExecutionFailed(end) if !end.retry_state.0.is_empty())
            })
        },
        change: |e, site| {
            let Body::WorkflowExecutionFailed(end) = &mut event(e, site.run, site.place)?.body else { return None };
            end.retry_state = Symbol("MAXIMUM_ATTEMPTS_REACHED".into());
            Some(())
        },
    },
];
