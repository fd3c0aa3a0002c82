//! R1: every reference to another event leads to an earlier event of the right kind.

use crate::rules::{About, Findings, Stream};
use resurgam_formats::event::{Body, Event, EventId};
use rustc_hash::FxHashMap;

/// The kind of every event so far, one byte each.
#[derive(Default)]
pub(super) struct References {
    first: Option<EventId>,
    /// Kinds of the events `first`, `first + 1`, …
    kinds: Vec<u8>,
    /// Events that do not count up from there.
    strays: FxHashMap<EventId, u8>,
}

/// What a reference must lead to.
enum Target {
    /// An event of this kind.
    One(u8),
    /// An event of this kind, or to none.
    Perhaps(u8),
    /// Any earlier event.
    Any,
    /// An event of another history.
    Elsewhere,
}

/// What the field of a kind refers to. Source: docs/temporal-semantics.md, “Events and what they refer to”.
fn target(kind: u8, field: &str) -> Target {
    use Target::{Any, Elsewhere, One, Perhaps};
    match (kind, field) {
        // The server leaves it out where a request to another workflow fails (measured on 1.31.2: 23 and 38).
        (23 | 30 | 38 | 56 | 57, "workflowTaskCompletedEventId") => Perhaps(7),
        (_, "workflowTaskCompletedEventId") => One(7),
        (6..=9, "scheduledEventId") => One(5),
        (7 | 9, "startedEventId") => One(6),
        (8, "startedEventId") => Perhaps(6),
        (11..=16 | 45, "scheduledEventId") => One(10),
        (12 | 13, "startedEventId") => One(11),
        (14 | 16, "startedEventId") => Perhaps(11),
        (16, "latestCancelRequestedEventId") => Perhaps(15),
        (18 | 19, "startedEventId") => One(17),
        (23 | 24, "initiatedEventId") => One(22),
        (38 | 39, "initiatedEventId") => One(37),
        (30..=36, "initiatedEventId") => One(29),
        (32..=36, "startedEventId") => One(31),
        (41, "acceptedRequestSequencingEventId") => Any,
        (43, "acceptedEventId") => One(41),
        (49..=57, "scheduledEventId") => One(48),
        (56 | 57, "requestedEventId") => One(54),
        _ => Elsewhere,
    }
}

impl References {
    fn kind(&self, id: EventId) -> Option<u8> {
        let place = self.first.and_then(|first| usize::try_from(id.0.checked_sub(first.0)?).ok());
        place.and_then(|place| self.kinds.get(place).copied()).or_else(|| self.strays.get(&id).copied())
    }

    fn remember(&mut self, event: &Event) {
        let first = self.first.unwrap_or(event.id);
        let next = i64::try_from(self.kinds.len()).unwrap_or(i64::MAX);
        if first.plus(next) == event.id {
            self.kinds.push(event.body.number());
        } else {
            self.strays.insert(event.id, event.body.number());
        }
    }

    /// What is wrong with a reference, if anything.
    fn wrong(&self, event: &Event, field: &str, id: EventId) -> Option<String> {
        let (kind, optional) = match target(event.body.number(), field) {
            Target::One(kind) => (kind, false),
            Target::Perhaps(kind) => (kind, true),
            Target::Any => (0, true),
            Target::Elsewhere => return None,
        };
        if id.is_none() {
            return (!optional).then(|| "names no event".to_owned());
        }
        if id >= event.id {
            return Some(format!("names event {id}, which is not earlier"));
        }
        match self.kind(id) {
            // Before the beginning of a partial history.
            None if self.first.is_some_and(|first| id < first && first.0 > 1 && id.0 > 0) => None,
            None => Some(format!("names event {id}, which does not exist")),
            // An unknown kind proves nothing.
            Some(found) if kind == 0 || found == 0 || found == kind => None,
            Some(found) => Some(format!("names event {id}, which is {}, not {}", name(found), name(kind))),
        }
    }
}

fn name(kind: u8) -> &'static str {
    let place = usize::from(kind).checked_sub(1);
    place.and_then(|place| resurgam_formats::event::KINDS.get(place)).copied().unwrap_or("an unknown kind")
}

impl Stream for References {
    const ABOUT: About = About {
        id: "R1",
        slug: "reference",
        title: "every reference of an event leads to an earlier event of the right kind",
        reason: "A worker finds the code that waits for a result by the reference from the result to its beginning. A reference \
                 that leads nowhere, or to an event of another kind, makes every replay of this history fail, or wakes the \
                 wrong code.",
        source: "docs/temporal-semantics.md: “Events and what they refer to”",
        violating: "
            1 WorkflowExecutionStarted
            2 WorkflowTaskScheduled
            3 WorkflowTaskStarted scheduledEventId=1",
        allowed: "
            1 WorkflowExecutionStarted
            2 WorkflowTaskScheduled
            3 WorkflowTaskStarted scheduledEventId=2",
    };
    const CADENCE: bool = true;
    const PARTIAL: bool = true;
    const ANY_KIND: bool = true;

    fn event(&mut self, event: &Event, findings: &mut Findings) {
        self.first.get_or_insert(event.id);
        if matches!(event.body, Body::Unrecognised { .. }) {
            self.remember(event);
            return;
        }
        event.body.each_reference(|field, id| {
            findings.examine();
            if let Some(wrong) = self.wrong(event, field, id) {
                findings.violated(&[id, event.id], format!("{}.{field} {wrong}", event.body.name()));
            }
        });
        self.remember(event);
    }
}
