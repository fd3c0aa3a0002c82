//! H9: what the attempt number of a workflow task says about the events around it.
//!
//! A task with an attempt above 1 is *transient*: nothing is written until a worker succeeds. So in a history it stands
//! directly after the failure that it repeats, and is directly followed by its start and its success.

use crate::rules::{About, Findings, Stream};
use resurgam_formats::event::{Body, Event, EventId};

/// What the last workflow task was and what has come since.
#[derive(Default)]
pub(super) struct Attempt {
    /// The previous event.
    last: EventId,
    /// The previous event ended a workflow task without success, in a way that counts.
    failed: Option<Failed>,
    /// Some workflow task failed or timed out since the last success.
    failures: bool,
    /// The run was paused at some time; then a task waits while other events come.
    paused: bool,
    /// The Scheduled event that was seen last.
    scheduled: Option<Scheduled>,
    /// Where a transient task is: 1 after its Scheduled, 2 after its Started, 0 if there is none.
    transient: u8,
}

struct Failed {
    /// From the normal queue, attempt 1, with a cause that counts: the next attempt is above 1.
    counts: bool,
    version: i64,
}

struct Scheduled {
    id: EventId,
    attempt: i64,
    normal: bool,
    /// A failure that counts stands directly before, and yet the attempt is 1.
    restarted: bool,
}

impl Attempt {
    fn scheduled(&mut self, event: &Event, attempt: i64, normal: bool, findings: &mut Findings) {
        findings.examine();
        let failed = self.failed.take();
        let restarted = attempt <= 1 && failed.as_ref().is_some_and(|f| f.counts && f.version == event.version);
        if attempt > 1 {
            if !self.failures {
                let message = format!("attempt {attempt} of a workflow task, but none failed since the last success");
                findings.violated(&[event.id], message);
            } else if failed.is_none() && !self.paused {
                let message = format!(
                    "attempt {attempt} of a workflow task directly after event {}, which is new to the worker: it must be attempt 1",
                    self.last
                );
                findings.violated(&[self.last, event.id], message);
            }
            self.transient = 1;
        }
        self.scheduled = Some(Scheduled { id: event.id, attempt, normal, restarted });
    }

    /// The event after a transient task's Scheduled or Started.
    fn follow(&mut self, event: &Event, findings: &mut Findings) {
        let reset = matches!(&event.body, Body::WorkflowTaskFailed(task) if task.cause.is("RESET_WORKFLOW"));
        let expected = match (self.transient, &event.body) {
            (1, Body::WorkflowTaskStarted(_)) | (2, Body::WorkflowTaskCompleted(_)) => true,
            // A fork of the history ends the task it cuts; a failover ends one that it caught half replicated.
            (2, _) if reset => true,
            (2, Body::WorkflowTaskTimedOut(_) | Body::WorkflowTaskFailed(_)) => event.version != 0,
            (_, Body::Unrecognised { .. }) => true,
            _ => false,
        };
        if !expected {
            let of = self.scheduled.as_ref().map_or(EventId(0), |s| s.id);
            let attempt = self.scheduled.as_ref().map_or(0, |s| s.attempt);
            let message = format!(
                "attempt {attempt} of a workflow task (event {of}) is followed by {}, not by its start and its success",
                event.body.name()
            );
            findings.violated(&[of, event.id], message);
        }
        self.transient = if expected && self.transient == 1 { 2 } else { 0 };
    }
}

impl Stream for Attempt {
    const ABOUT: About = About {
        id: "H9",
        slug: "attempt",
        title: "an attempt above 1 stands between a failure and its own start and success; anything new makes it attempt 1",
        reason: "A workflow task that fails again and again must not grow the history, so further attempts are written only when \
                 one succeeds. When something new has happened since, the task is a new one, attempt 1, written at once. Where \
                 these two are mixed up, the ids that a worker was shown are taken by other events, and the run is stuck.",
        source: "docs/temporal-semantics.md: “Workflow tasks”; cadence#450, cadence#1135, temporal#1668",
        violating: "
            1 WorkflowExecutionStarted
            2 WorkflowTaskScheduled attempt=1
            3 WorkflowTaskStarted scheduledEventId=2
            4 WorkflowTaskFailed scheduledEventId=2 startedEventId=3
            5 WorkflowExecutionSignaled signalName=s
            6 WorkflowTaskScheduled attempt=2
            7 WorkflowTaskStarted scheduledEventId=6
            8 WorkflowTaskCompleted scheduledEventId=6 startedEventId=7",
        allowed: "
            1 WorkflowExecutionStarted
            2 WorkflowTaskScheduled attempt=1
            3 WorkflowTaskStarted scheduledEventId=2
            4 WorkflowTaskFailed scheduledEventId=2 startedEventId=3
            5 WorkflowTaskScheduled attempt=3
            6 WorkflowTaskStarted scheduledEventId=5
            7 WorkflowTaskCompleted scheduledEventId=5 startedEventId=6
            8 WorkflowExecutionSignaled signalName=s
            9 WorkflowTaskScheduled attempt=1",
    };

    fn event(&mut self, event: &Event, findings: &mut Findings) {
        if self.transient > 0 {
            self.follow(event, findings);
        }
        match &event.body {
            Body::WorkflowTaskScheduled(task) => {
                let normal = task.task_queue.kind.is("NORMAL");
                self.scheduled(event, task.attempt, normal, findings);
            }
            Body::WorkflowTaskStarted(task) => {
                // Only a redirect to another version of the worker begins anew at attempt 1.
                let versioned = task.worker_version.0.as_ref().is_some_and(|v| {
                    ["useVersioning", "use_versioning"].iter().any(|k| v.get(k).is_some_and(|used| used == true))
                });
                if let Some(scheduled) = self.scheduled.as_mut().filter(|s| s.restarted && !versioned) {
                    scheduled.restarted = false;
                    let message = "the workflow task after a failed one on the normal queue is attempt 1, with nothing new between";
                    findings.violated(&[scheduled.id], message);
                }
                self.failed = None;
            }
            Body::WorkflowTaskCompleted(_) => {
                self.failures = false;
                self.failed = None;
            }
            Body::WorkflowTaskFailed(task) => {
                let fresh = ["RESET_WORKFLOW", "FAILOVER_CLOSE_COMMAND"].iter().any(|cause| task.cause.is(cause));
                self.end(!fresh, event.version);
            }
            Body::WorkflowTaskTimedOut(task) => self.end(task.timeout_type.is("START_TO_CLOSE"), event.version),
            Body::WorkflowExecutionPaused(_) | Body::WorkflowExecutionUnpaused(_) => {
                self.paused = true;
                self.failed = None;
            }
            // What a kind from the future does to attempts is not known.
            Body::Unrecognised { .. } => self.paused = true,
            _ => self.failed = None,
        }
        self.last = event.id;
    }
}

impl Attempt {
    fn end(&mut self, counts: bool, version: i64) {
        let counts = counts && !self.paused && self.scheduled.as_ref().is_some_and(|s| s.normal && s.attempt == 1);
        self.failed = Some(Failed { counts, version });
        self.failures = true;
    }
}
