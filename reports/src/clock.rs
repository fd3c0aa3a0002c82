//! The two clocks of a case: the recorder's, in nanoseconds since the case began, and the server's, in which events
//! carry their times. This finds the distance between them, so that both can be drawn on one axis.
//!
//! Every cause that the recorder saw before or after its effect in a history bounds the distance (server time minus
//! case time) from one side:
//! - a run that a start call reports as started began after that attempt was sent and before it returned;
//! - a workflow task was handed out after its `WorkflowTaskStarted` event;
//! - a `WorkflowTaskCompleted` event comes after its answer was sent, and before the definite answer to that arrived.
//!
//! The middle of what is left is taken. If the bounds contradict each other (a clock was stepped) the first ones decide
//! and the contradiction is told. Without any bound (a bare history) the earliest event is at zero.

use resurgam_formats::event::{Body, EventId};
use resurgam_formats::evidence::{Evidence, Run};
use resurgam_formats::recording::{Call, Reply};
use serde::Serialize;

/// The distance between the clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Clock {
    /// Server time (since the Unix epoch) minus case time, in nanoseconds.
    pub offset: i64,
    /// How far off it may be, in nanoseconds; negative if the bounds contradict each other by that much; `None` if
    /// there is nothing to compare with.
    pub error: Option<i64>,
}

/// The bounds found so far; `None`: unbounded.
#[derive(Default)]
struct Bounds {
    low: Option<i64>,
    high: Option<i64>,
    contradiction: i64,
}

impl Bounds {
    fn at_least(&mut self, low: i64) {
        if let Some(high) = self.high.filter(|high| low > *high) {
            self.contradiction = self.contradiction.max(low - high);
        } else {
            self.low = self.low.max(Some(low));
        }
    }
    fn at_most(&mut self, high: i64) {
        if let Some(low) = self.low.filter(|low| high < *low) {
            self.contradiction = self.contradiction.max(low - high);
        } else {
            self.high = Some(self.high.map_or(high, |known| known.min(high)));
        }
    }
}

impl Clock {
    /// Compares the clocks of a case.
    #[must_use]
    pub fn of(evidence: &Evidence) -> Self {
        let mut bounds = Bounds::default();
        let event_time = |workflow: &str, run: &str, id: EventId| time(evidence.run(workflow, run)?, id);
        for operation in evidence.operations.values() {
            match &operation.call {
                Call::Client { workflow_id, .. } => {
                    for (attempt, reply) in operation.replies() {
                        let Reply::Run { run_id, started: Some(true) } = reply else { continue };
                        if let Some(time) = event_time(workflow_id, run_id, EventId(1)) {
                            bounds.at_most(time.saturating_sub(case(operation.invoked())));
                            bounds.at_least(time.saturating_sub(case(attempt.returned.unwrap_or(u64::MAX))));
                        }
                    }
                }
                Call::CompleteWorkflowTask { task, .. } => {
                    let Some(handed) = evidence.tasks.get(task) else { continue };
                    let Some(run) = evidence.run(&handed.task.workflow_id, &handed.task.run_id) else { continue };
                    let Some(time) = completed(run, EventId(handed.task.started)) else { continue };
                    for (attempt, reply) in operation.replies().filter(|(_, reply)| **reply == Reply::Done) {
                        let _ = reply;
                        bounds.at_most(time.saturating_sub(case(operation.invoked())));
                        bounds.at_least(time.saturating_sub(case(attempt.returned.unwrap_or(u64::MAX))));
                    }
                }
                _ => {}
            }
        }
        for handed in evidence.tasks.values() {
            let task = &handed.task;
            if let Some(time) = event_time(&task.workflow_id, &task.run_id, EventId(task.started)) {
                bounds.at_least(time.saturating_sub(case(handed.at)));
            }
        }
        bounds.settle(evidence)
    }

    /// A time of the server on the clock of the case.
    #[must_use]
    pub fn case(&self, server: i64) -> i64 {
        server.saturating_sub(self.offset)
    }

    /// One sentence about the mapping.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self.error {
            None => "No call bounds the server's clock here: event times count from the earliest event.".into(),
            Some(error) if error < 0 => format!(
                "The server's clock moved during the case: event times may be off by {}.",
                crate::text::seconds(error.unsigned_abs() as f64 / 1e9)
            ),
            Some(error) => format!(
                "Event times are the server's, moved to the recorder's clock; exact to ±{}.",
                crate::text::seconds(error as f64 / 1e9)
            ),
        }
    }
}

impl Bounds {
    fn settle(self, evidence: &Evidence) -> Clock {
        match (self.low, self.high) {
            _ if self.contradiction > 0 => {
                let offset = self.low.or(self.high).unwrap_or(0);
                Clock { offset, error: Some(-self.contradiction) }
            }
            (Some(low), Some(high)) => {
                let half = high.saturating_sub(low) / 2;
                Clock { offset: low.saturating_add(half), error: Some(half) }
            }
            (Some(one), None) | (None, Some(one)) => Clock { offset: one, error: None },
            (None, None) => {
                let times = evidence.runs.iter().flat_map(|run| &run.events).filter_map(|event| event.time);
                Clock { offset: times.min().unwrap_or(0), error: None }
            }
        }
    }
}

fn case(at: u64) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}

/// When the event with this id happened; most histories have event `n` at index `n - 1`.
fn time(run: &Run, id: EventId) -> Option<i64> {
    let index = usize::try_from(id.0.checked_sub(1)?).ok()?;
    run.events.get(index).filter(|event| event.id == id)?.time
}

fn completed(run: &Run, started: EventId) -> Option<i64> {
    let after = usize::try_from(started.0).ok()?;
    let event = run.events.get(after)?;
    match &event.body {
        Body::WorkflowTaskCompleted(completed) if completed.started == started => event.time,
        _ => None,
    }
}
