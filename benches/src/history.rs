//! Long histories that are valid by every rule: rounds of a timer, an activity and a signal, each ended by a
//! workflow task. No server would let one grow this long; rules must be linear all the same.

use resurgam_formats::event::{
    ActivityTaskCompleted, ActivityTaskScheduled, ActivityTaskStarted, Body, Event, EventId, Named, Span, Symbol,
    TaskQueue, TimerFired, TimerStarted, WorkflowExecutionCompleted, WorkflowExecutionSignaled,
    WorkflowExecutionStarted, WorkflowTaskCompleted, WorkflowTaskScheduled, WorkflowTaskStarted,
};
use resurgam_formats::evidence::{Evidence, Run};

/// Events of one round.
const ROUND: usize = 9;

#[derive(Default)]
struct Writer {
    events: Vec<Event>,
}

impl Writer {
    /// Adds an event a millisecond after the one before it.
    fn add(&mut self, body: Body) -> EventId {
        let number = self.events.len() as i64 + 1;
        let time = Some(1_700_000_000_000_000_000 + number * 1_000_000);
        self.events.push(Event { id: EventId(number), time, version: 0, task_id: 1_048_576 + number, body });
        EventId(number)
    }

    /// A workflow task; gives its completion.
    fn task(&mut self) -> EventId {
        let task_queue = queue();
        let scheduled = WorkflowTaskScheduled { task_queue, start_to_close: Span::millis(10_000), attempt: 1 };
        let scheduled = self.add(Body::WorkflowTaskScheduled(Box::new(scheduled)));
        let request_id = format!("task-{scheduled}");
        let started = WorkflowTaskStarted { scheduled, request_id, ..Default::default() };
        let started = self.add(Body::WorkflowTaskStarted(Box::new(started)));
        self.add(Body::WorkflowTaskCompleted(Box::new(WorkflowTaskCompleted {
            scheduled,
            started,
            ..Default::default()
        })))
    }

    /// The commands of a completed task and what comes of them.
    fn round(&mut self, task_completed: EventId, number: usize) -> EventId {
        let timer_id = format!("{}", 2 * number);
        let timer = TimerStarted { timer_id: timer_id.clone(), timeout: Span::millis(1), task_completed };
        let timer = self.add(Body::TimerStarted(Box::new(timer)));
        let activity = ActivityTaskScheduled {
            activity_id: format!("{}", 2 * number + 1),
            activity_type: Named("step".into()),
            start_to_close: Span::millis(10_000),
            task_completed,
            ..Default::default()
        };
        let activity = self.add(Body::ActivityTaskScheduled(Box::new(activity)));
        let signal = WorkflowExecutionSignaled {
            name: "go".into(),
            request_id: format!("signal-{number}"),
            ..Default::default()
        };
        self.add(Body::WorkflowExecutionSignaled(Box::new(signal)));
        let request_id = format!("activity-{number}");
        let started = ActivityTaskStarted { scheduled: activity, request_id, attempt: 1, ..Default::default() };
        let started = self.add(Body::ActivityTaskStarted(Box::new(started)));
        let fired = TimerFired { timer_id, started: timer };
        self.add(Body::TimerFired(Box::new(fired)));
        let completed = ActivityTaskCompleted { scheduled: activity, started, ..Default::default() };
        self.add(Body::ActivityTaskCompleted(Box::new(completed)));
        self.task()
    }
}

fn queue() -> TaskQueue {
    TaskQueue { name: "q".into(), kind: Symbol::new("NORMAL"), ..Default::default() }
}

/// One closed run of about `size` events.
#[must_use]
pub fn valid(size: usize) -> Evidence {
    let mut writer = Writer::default();
    let started = WorkflowExecutionStarted {
        workflow_type: Named("long".into()),
        task_queue: queue(),
        task_timeout: Span::millis(10_000),
        original_run: "r".into(),
        first_run: "r".into(),
        attempt: 1,
        workflow_id: "w".into(),
        ..Default::default()
    };
    writer.add(Body::WorkflowExecutionStarted(Box::new(started)));
    let mut completed = writer.task();
    for number in 1..=size / ROUND {
        completed = writer.round(completed, number);
    }
    let close = WorkflowExecutionCompleted { task_completed: completed, ..Default::default() };
    writer.add(Body::WorkflowExecutionCompleted(Box::new(close)));
    let run = Run { workflow_id: "w".into(), run_id: "r".into(), events: writer.events, ..Run::default() };
    Evidence { runs: vec![run], ..Evidence::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_formats::verdict::Outcome;
    use resurgam_judge::judge;
    use resurgam_judge::profile::Profile;

    #[test]
    fn it_is_valid_by_every_rule() {
        let evidence = valid(1000);
        assert!((990..1010).contains(&evidence.runs[0].events.len()));
        let verdict = judge("synthetic", &evidence, &Profile::default());
        for rule in &verdict.rules {
            assert!(rule.outcome <= Outcome::Ok, "{rule:?}");
        }
        assert!(verdict.rules.iter().any(|rule| rule.examined > 50));
    }
}
