//! How the rules of this family name operations and events in what they find.

use crate::rules::witness::{Bound, By, Conflict, Point, Timeline};
use resurgam_formats::event::{Body, EventId};
use resurgam_formats::recording::OperationId;

/// The operations of a conflict and the events, of the run of the second, that show it.
pub(super) fn shown_by(timeline: &Timeline<'_>, conflict: &Conflict) -> (Vec<OperationId>, Vec<EventId>) {
    let mut operations = Vec::new();
    let mut events = Vec::new();
    for bound in [&conflict.second, &conflict.first] {
        if let By::Operation(operation) = bound.by
            && !operations.contains(&operation)
        {
            operations.push(operation);
        }
        let (Point::Accepted(number) | Point::Written(number)) = bound.point;
        let event = EventId(i64::try_from(number).unwrap_or(i64::MAX));
        let there = timeline.line(bound.run).is_some_and(|line| number <= line.len());
        if there && bound.run == conflict.second.run && !events.contains(&event) {
            events.push(event);
        }
    }
    (operations, events)
}

/// "operation 3", "task 7".
pub(super) fn who(bound: &Bound) -> String {
    match bound.by {
        By::Operation(operation) => format!("operation {operation}"),
        By::Task(task) => format!("task {task}"),
    }
}

/// "event 5 of run r", "the run after r".
pub(super) fn what(timeline: &Timeline<'_>, bound: &Bound) -> String {
    let Some(line) = timeline.line(bound.run) else { return String::new() };
    let (Point::Accepted(number) | Point::Written(number)) = bound.point;
    if number > line.len() {
        return format!("the run after {}", line.run.run_id);
    }
    let name = line.event(number).map_or("", Body::name);
    format!("event {number} ({name}) of run {}", line.run.run_id)
}
