//! Workflow tasks, sticky queues, queries and the buffer.

use super::find::{at, calls, events, tasks};
use super::row::{Needs, Row};
use resurgam_formats::event::{Body, Event, EventId};
use resurgam_formats::evidence::{Evidence, Run};
use resurgam_formats::plan::{TaskKind, WorkerFaultKind};
use resurgam_formats::recording::{Call, Reply, Task};
use rustc_hash::{FxHashMap, FxHashSet};
use std::hash::Hash;

/// Tasks of a kind that were handed out more than once under the same key.
fn again<'a, K: Hash + Eq>(evidence: &'a Evidence, kind: TaskKind, key: impl Fn(&'a Task) -> Option<K>) -> u64 {
    let mut seen = FxHashSet::default();
    let of_kind = evidence.tasks.values().map(|handed| &handed.task).filter(|task| task.kind == kind);
    of_kind.filter_map(key).map(|key| u64::from(!seen.insert(key))).sum()
}

/// What stood together in the buffer: the events between the end of a workflow task's commands and the next task.
fn flushes(run: &Run) -> Vec<Vec<&Event>> {
    let mut all = Vec::new();
    let mut open: Option<Vec<&Event>> = None;
    for event in &run.events {
        match &event.body {
            Body::WorkflowTaskCompleted(_) | Body::WorkflowTaskFailed(_) | Body::WorkflowTaskTimedOut(_) => {
                open = Some(Vec::new());
            }
            body if body.is_workflow_task() || body.is_close() => all.extend(open.take()),
            body if !body.is_command() => {
                if let Some(group) = &mut open {
                    group.push(event);
                }
            }
            _ => {}
        }
    }
    all.extend(open);
    all
}

/// Something that stands before the end of an activity or child arrived after it.
fn reordered(group: &[&Event]) -> bool {
    let mut latest = i64::MIN;
    group.iter().any(|event| {
        let Some(time) = event.time else { return false };
        if event.body.is_completion() {
            return time < latest;
        }
        if !matches!(event.body, Body::ActivityTaskStarted(_)) {
            latest = latest.max(time);
        }
        false
    })
}

fn failed_for(evidence: &Evidence, causes: &[&str]) -> u64 {
    events(evidence, |_, event| match &event.body {
        Body::WorkflowTaskFailed(failed) => causes.iter().any(|cause| failed.cause.is(cause)),
        _ => false,
    })
}

fn timed_out(evidence: &Evidence, kind: &str) -> u64 {
    events(evidence, |_, event| matches!(&event.body, Body::WorkflowTaskTimedOut(out) if out.timeout_type.is(kind)))
}

/// Runs whose workflow tasks went to different workers.
fn moved(evidence: &Evidence) -> u64 {
    let mut workers: FxHashMap<(&str, &str), FxHashSet<&str>> = FxHashMap::default();
    for handed in evidence.tasks.values().filter(|handed| handed.task.kind == TaskKind::Workflow) {
        let task = &handed.task;
        workers.entry((&task.workflow_id, &task.run_id)).or_default().insert(&task.worker);
    }
    workers.values().filter(|workers| workers.len() > 1).count() as u64
}

/// Tasks that were handed out and left no trace: where they would stand is something else, or nothing.
fn dropped(evidence: &Evidence) -> u64 {
    tasks(evidence, TaskKind::Workflow, |handed| {
        let task = &handed.task;
        let run = evidence.run(&task.workflow_id, &task.run_id);
        !task.updates.is_empty()
            && task.started > 0
            && run.is_some_and(|run| {
                run.close().is_some() && !matches!(at(run, EventId(task.started)), Some(Body::WorkflowTaskStarted(_)))
            })
    })
}

const TASK: &str = r#"{"at":1,"type":"task","task":1,"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3}"#;

pub(super) const ALL: &[Row] = &[
    Row {
        id: "task-handed-twice",
        title: "one workflow task was handed to workers twice",
        needs: Needs::Faults,
        count: |e| {
            again(e, TaskKind::Workflow, |task| {
                let plain = task.started > 0 && task.updates.is_empty();
                plain.then_some((&task.workflow_id, &task.run_id, task.started, task.attempt))
            })
        },
        seen: r#"{"at":1,"type":"task","task":1,"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3}
                 {"at":2,"type":"task","task":2,"worker":"u","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3}"#,
        near: r#"{"at":1,"type":"task","task":1,"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3}
                 {"at":2,"type":"task","task":2,"worker":"u","kind":"workflow","workflow_id":"w","run_id":"r","attempt":2,"started":3}"#,
    },
    Row {
        id: "activity-handed-twice",
        title: "one attempt of an activity was handed to workers twice",
        needs: Needs::Faults,
        count: |e| {
            again(e, TaskKind::Activity, |task| {
                Some((&task.workflow_id, &task.run_id, &task.activity_id, task.attempt))
            })
        },
        seen: r#"{"at":1,"type":"task","task":1,"worker":"v","kind":"activity","workflow_id":"w","run_id":"r","attempt":1,"activity_id":"1"}
                 {"at":2,"type":"task","task":2,"worker":"u","kind":"activity","workflow_id":"w","run_id":"r","attempt":1,"activity_id":"1"}"#,
        near: r#"{"at":1,"type":"task","task":1,"worker":"v","kind":"activity","workflow_id":"w","run_id":"r","attempt":1,"activity_id":"1"}
                 {"at":2,"type":"task","task":2,"worker":"u","kind":"activity","workflow_id":"w","run_id":"r","attempt":2,"activity_id":"1"}"#,
    },
    Row {
        id: "transient-task-completed",
        title: "a repeated workflow task, not in the history until then, was completed",
        needs: Needs::Plans,
        count: |e| {
            events(e, |run, event| match &event.body {
                Body::WorkflowTaskCompleted(task) => {
                    matches!(at(run, task.scheduled), Some(Body::WorkflowTaskScheduled(first)) if first.attempt > 1)
                }
                _ => false,
            })
        },
        seen: "1 WorkflowTaskScheduled attempt=2\n2 WorkflowTaskStarted\n3 WorkflowTaskCompleted scheduledEventId=1",
        near: "1 WorkflowTaskScheduled attempt=1\n2 WorkflowTaskStarted\n3 WorkflowTaskCompleted scheduledEventId=1",
    },
    Row {
        id: "speculative-task-dropped",
        title: "a workflow task that only carried updates was dropped without a trace",
        needs: Needs::Plans,
        count: dropped,
        seen: r#"{"at":1,"type":"task","task":1,"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3,"updates":["u"]}
                 run w/r
                 1 WorkflowExecutionStarted
                 2 WorkflowExecutionTerminated"#,
        near: r#"{"at":1,"type":"task","task":1,"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3,"updates":["u"]}
                 run w/r
                 1 WorkflowExecutionStarted
                 2 WorkflowTaskScheduled
                 3 WorkflowTaskStarted
                 4 WorkflowExecutionTerminated"#,
    },
    Row {
        id: "sticky-timeout",
        title: "no worker took a task from its sticky queue in time",
        needs: Needs::Plans,
        count: |e| timed_out(e, "SCHEDULE_TO_START"),
        seen: "1 WorkflowTaskTimedOut timeoutType=SCHEDULE_TO_START",
        near: "1 WorkflowTaskTimedOut timeoutType=START_TO_CLOSE",
    },
    Row {
        id: "task-timeout",
        title: "a worker took a workflow task and never answered",
        needs: Needs::Plans,
        count: |e| timed_out(e, "START_TO_CLOSE"),
        seen: "1 WorkflowTaskTimedOut timeoutType=START_TO_CLOSE",
        near: "1 WorkflowTaskTimedOut timeoutType=SCHEDULE_TO_START",
    },
    Row {
        id: "task-failed",
        title: "a worker failed a workflow task",
        needs: Needs::Plans,
        count: |e| failed_for(e, &["WORKFLOW_WORKER_UNHANDLED_FAILURE"]),
        seen: "1 WorkflowTaskFailed cause=WORKFLOW_WORKER_UNHANDLED_FAILURE",
        near: "1 WorkflowTaskFailed cause=UNHANDLED_COMMAND",
    },
    Row {
        id: "unhandled-command",
        title: "a run could not end because something had arrived that its worker had not seen",
        needs: Needs::Plans,
        count: |e| failed_for(e, &["UNHANDLED_COMMAND"]),
        seen: "1 WorkflowTaskFailed cause=UNHANDLED_COMMAND",
        near: "1 WorkflowTaskFailed cause=FORCE_CLOSE_COMMAND",
    },
    Row {
        id: "closed-during-task",
        title: "a run was ended from outside while a worker was deciding",
        needs: Needs::Plans,
        count: |e| failed_for(e, &["FORCE_CLOSE_COMMAND"]),
        seen: "1 WorkflowTaskFailed cause=FORCE_CLOSE_COMMAND",
        near: "1 WorkflowTaskFailed cause=UNHANDLED_COMMAND",
    },
    Row {
        id: "task-sticky",
        title: "a worker took a task from its sticky queue",
        needs: Needs::Plans,
        count: |e| tasks(e, TaskKind::Workflow, |handed| handed.task.sticky),
        seen: r#"{"at":1,"type":"task","task":1,"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3,"sticky":true}"#,
        near: TASK,
    },
    Row {
        id: "run-changed-worker",
        title: "a run went from one worker to another",
        needs: Needs::Plans,
        count: moved,
        seen: r#"{"at":1,"type":"task","task":1,"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3}
                 {"at":2,"type":"task","task":2,"worker":"u","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":7}"#,
        near: r#"{"at":1,"type":"task","task":1,"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3}
                 {"at":2,"type":"task","task":2,"worker":"u","kind":"workflow","workflow_id":"w","run_id":"other","attempt":1,"started":7}"#,
    },
    Row {
        id: "buffer-flushed",
        title: "several events waited for the end of one workflow task",
        needs: Needs::Plans,
        count: |e| e.runs.iter().flat_map(flushes).filter(|group| group.len() > 1).count() as u64,
        seen: "1 WorkflowTaskCompleted\n2 WorkflowExecutionSignaled\n3 TimerFired\n4 WorkflowTaskScheduled",
        near: "1 WorkflowTaskCompleted\n2 WorkflowExecutionSignaled\n3 WorkflowTaskScheduled\n4 TimerFired",
    },
    Row {
        id: "buffer-reordered",
        title: "the end of an activity or child was written behind something that arrived later",
        needs: Needs::Plans,
        count: |e| e.runs.iter().flat_map(flushes).filter(|group| reordered(group)).count() as u64,
        seen: "1 WorkflowTaskCompleted @1\n2 WorkflowExecutionSignaled @3\n3 ActivityTaskStarted @2\n4 ActivityTaskCompleted @2",
        near: "1 WorkflowTaskCompleted @1\n2 WorkflowExecutionSignaled @2\n3 ActivityTaskStarted @3\n4 ActivityTaskCompleted @3",
    },
    Row {
        id: "worker-crashed-with-task",
        title: "a worker crashed with a task in hand",
        needs: Needs::Plans,
        count: |e| {
            e.tasks.values().filter(|handed| handed.worker_faults.contains(&WorkerFaultKind::Crash)).count() as u64
        },
        seen: r#"{"at":1,"type":"task","task":1,"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3}
                 {"at":2,"type":"worker_fault","task":1,"what":"crash"}"#,
        near: r#"{"at":1,"type":"task","task":1,"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3}
                 {"at":2,"type":"worker_fault","task":1,"what":"drop"}"#,
    },
    Row {
        id: "late-decision-refused",
        title: "a worker's answer to a workflow task came too late",
        needs: Needs::Plans,
        count: |e| {
            calls(e, |call, reply| matches!((call, reply), (Call::CompleteWorkflowTask { .. }, Reply::NotFound { .. })))
        },
        seen: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"v","call":{"of":"complete_workflow_task","task":1,"commands":[]}}
                 {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"not_found","message":""}}}"#,
        near: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"v","call":{"of":"fail_workflow_task","task":1}}
                 {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"not_found","message":""}}}"#,
    },
    Row {
        id: "query-direct",
        title: "a query went to a worker as a task of its own",
        needs: Needs::Plans,
        count: |e| tasks(e, TaskKind::Workflow, |handed| handed.task.queries > 0 && handed.task.started == 0),
        seen: r#"{"at":1,"type":"task","task":1,"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"queries":1}"#,
        near: r#"{"at":1,"type":"task","task":1,"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3,"queries":1}"#,
    },
    Row {
        id: "query-buffered",
        title: "a query waited for a workflow task and came with it",
        needs: Needs::Plans,
        count: |e| tasks(e, TaskKind::Workflow, |handed| handed.task.queries > 0 && handed.task.started > 0),
        seen: r#"{"at":1,"type":"task","task":1,"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3,"queries":1}"#,
        near: r#"{"at":1,"type":"task","task":1,"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"queries":1}"#,
    },
    Row {
        id: "query-sticky",
        title: "a query was answered from a worker's cache",
        needs: Needs::Plans,
        count: |e| tasks(e, TaskKind::Workflow, |of| of.task.queries > 0 && of.task.started == 0 && of.task.sticky),
        seen: r#"{"at":1,"type":"task","task":1,"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"queries":1,"sticky":true}"#,
        near: r#"{"at":1,"type":"task","task":1,"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"queries":1}"#,
    },
    Row {
        id: "query-of-closed-run",
        title: "a query was answered for a run that was closed",
        needs: Needs::Plans,
        count: |e| {
            calls(e, |call, reply| match (call, reply) {
                (Call::Client { workflow_id, .. }, Reply::Query(answer)) => {
                    let close = e.run(workflow_id, &answer.run_id).and_then(Run::close);
                    close.is_some_and(|close| answer.seen >= close.id.0)
                }
                _ => false,
            })
        },
        seen: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"c","call":{"of":"client","workflow_id":"w","action":{"call":"query","name":"q"}}}
                 {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"query","run_id":"r","value":1,"seen":2,"signals":0}}}
                 run w/r
                 1 WorkflowExecutionStarted
                 2 WorkflowExecutionTerminated"#,
        near: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"c","call":{"of":"client","workflow_id":"w","action":{"call":"query","name":"q"}}}
                 {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"query","run_id":"r","value":1,"seen":1,"signals":0}}}
                 run w/r
                 1 WorkflowExecutionStarted
                 2 WorkflowExecutionTerminated"#,
    },
];
