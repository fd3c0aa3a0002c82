//! L8: what a worker is shown with a workflow task is the history up to the start of that task.

use crate::rules::Indexed;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::evidence::Run;
use resurgam_formats::plan::TaskKind;
use resurgam_formats::recording::Task;

/// Looks at the ids of the events that came with each workflow task.
pub(super) struct Shown;

static ABOUT: About = About {
    id: "L8",
    slug: "shown",
    title: "a workflow task comes with every event from where its worker must go on up to its own start, without a gap",
    reason: "A worker decides on what it is shown, and on nothing else. If an event is left out, shown twice, or if the ids \
             that a retried task was promised were given to others meanwhile, the worker replays a history that does not \
             exist; what it then commands looks legal, and the history that clients read does not show why it was wrong.",
    source: "docs/temporal-semantics.md: “Sticky queues”, “Buffered events”; cadence#450. Without exception in 18,858 tasks of the real server",
    violating: whole!(
        r#"{"at":1,"type":"task","task":1,"worker":"worker-1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":2,"started":3,"events":[1,3],"event_count":4}"#
    ),
    allowed: whole!(
        r#"
        {"at":1,"type":"task","task":1,"worker":"worker-1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3,"events":[1,3],"event_count":3}
        {"at":2,"type":"task","task":2,"worker":"worker-1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":7,"previous_started":3,"sticky":true,"events":[4,7],"event_count":4}
        {"at":3,"type":"task","task":3,"worker":"worker-1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"sticky":true,"queries":1}"#
    ),
};

impl Rule for Shown {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        let tasks = evidence.tasks.values().map(|handed| &handed.task);
        // A task for a query only has no start of its own.
        for task in tasks.filter(|task| task.kind == TaskKind::Workflow && task.started > 0) {
            let (workflow_id, run_id) = (task.workflow_id.clone(), task.run_id.clone());
            findings.look_at(&Run { workflow_id, run_id, ..Run::default() });
            findings.examine();
            if let Some(wrong) = wrong(task) {
                let message =
                    format!("task {} of {}, started by event {}: {wrong}", task.task, task.worker, task.started);
                findings.violated(&[], message);
            }
        }
    }
}

fn wrong(task: &Task) -> Option<String> {
    let Some((first, last)) = task.events else { return Some("it came with no event".to_owned()) };
    let continues = task.sticky && first == task.previous_started.saturating_add(1);
    if first != 1 && !continues {
        Some(format!("its first event is {first}, after {} as the last one that was answered", task.previous_started))
    } else if last != task.started {
        Some(format!("its last event is {last}"))
    } else {
        let count =
            task.event_count.filter(|count| i64::from(*count) != last.saturating_sub(first).saturating_add(1))?;
        Some(format!("it came with {count} events from {first} to {last}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_go_on_where_the_worker_stopped_and_end_with_the_start() {
        let task = |sticky, events: Option<(i64, i64)>, event_count| {
            let text = r#"{"task":1,"worker":"w","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1}"#;
            let task: Task = serde_json::from_str(text).unwrap();
            Task { started: 9, previous_started: 5, sticky, events, event_count, ..task }
        };
        assert_eq!(wrong(&task(false, Some((1, 9)), Some(9))), None);
        assert_eq!(wrong(&task(true, Some((6, 9)), Some(4))), None);
        assert_eq!(wrong(&task(true, Some((1, 9)), None)), None);
        for (sticky, events) in [(false, None), (false, Some((6, 9))), (true, Some((7, 9))), (true, Some((6, 8)))] {
            assert!(wrong(&task(sticky, events, None)).is_some(), "{sticky} {events:?}");
        }
        assert!(wrong(&task(false, Some((1, 9)), Some(10))).is_some());
    }
}
