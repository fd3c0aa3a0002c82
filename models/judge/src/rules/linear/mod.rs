//! Linearizability of workflow ids, with the event histories as witness: is there, for every operation, one
//! moment between its call and its answer at which it can have happened? The history says in which order events
//! happened; operations that left none are placed between them.
//!
//! The sequential specification is docs/temporal-semantics.md, “Starts and workflow ids” and “Signals, cancel requests, queries,
//! updates”. Workflow ids are independent objects: what holds between them is for other families.
//!
//! Partitions of the store and attempts at tasks have no history that could be a witness: W5 and W6 search their order.

mod w1_order;
mod w2_reads;
mod w3_fresh;
mod w4_absence;
mod w5_ownership;
mod w6_attempts;

use super::Rule;
use super::witness::{Bound, By, Conflict, Point, Timeline};
use resurgam_formats::event::{Body, EventId};
use resurgam_formats::recording::OperationId;

/// Every rule of the family.
#[must_use]
pub fn all() -> Vec<Box<dyn Rule>> {
    vec![
        Box::new(w1_order::Order),
        Box::new(w2_reads::Reads),
        Box::new(w3_fresh::Fresh),
        Box::new(w4_absence::Absence),
        Box::new(w5_ownership::Owners),
        Box::new(w6_attempts::Claims),
    ]
}

/// The operations of a conflict and the events, of the run of the second, that show it.
fn shown_by(timeline: &Timeline<'_>, conflict: &Conflict) -> (Vec<OperationId>, Vec<EventId>) {
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
fn who(bound: &Bound) -> String {
    match bound.by {
        By::Operation(operation) => format!("operation {operation}"),
        By::Task(task) => format!("task {task}"),
    }
}

/// "event 5 of run r", "the run after r".
fn what(timeline: &Timeline<'_>, bound: &Bound) -> String {
    let Some(line) = timeline.line(bound.run) else { return String::new() };
    let (Point::Accepted(number) | Point::Written(number)) = bound.point;
    if number > line.len() {
        return format!("the run after {}", line.run.run_id);
    }
    let name = line.event(number).map_or("", Body::name);
    format!("event {number} ({name}) of run {}", line.run.run_id)
}

#[cfg(test)]
mod tests;
