//! Rewriting one history so that everything that speaks of its events stays consistent: ids, references, children and
//! targets in other histories, reads, and the numbers that workers and clients were told.

use super::corruption::Site;
use resurgam_formats::event::{Body, Event, EventId, Execution};
use resurgam_formats::evidence::{Evidence, Run};
use resurgam_formats::recording::{QueryAnswer, Reply};
use rustc_hash::FxHashMap;

/// Fields that lead into another history.
const ELSEWHERE: [&str; 2] = ["parentInitiatedEventId", "externalInitiatedEventId"];

/// Where the events of the old history are in the new one.
struct Map {
    moved: FxHashMap<EventId, EventId>,
    /// For each old position (from 0) how long the part of the new history is that corresponds to it.
    lengths: Vec<i64>,
}

impl Map {
    fn new(old: &[Event], new: &[Event]) -> Self {
        let moved: FxHashMap<EventId, EventId> = (1..)
            .zip(new)
            .filter(|(_, event)| !event.id.is_none())
            .map(|(id, event)| (event.id, EventId(id)))
            .collect();
        let mut longest = 0;
        let lengths = old.iter().map(|event| {
            longest = longest.max(moved.get(&event.id).map_or(0, |id| id.0));
            longest
        });
        Self { lengths: lengths.collect(), moved }
    }
    /// The number that a length or a position of the old history becomes.
    fn position(&self, old: i64) -> i64 {
        let Some(place) = usize::try_from(old).ok().and_then(|n| n.checked_sub(1)) else { return old };
        self.moved.get(&EventId(old)).map(|id| id.0).or_else(|| self.lengths.get(place).copied()).unwrap_or(old)
    }
    /// The number of events that a read of the first `old` events becomes.
    fn length(&self, old: usize) -> usize {
        let length = old.checked_sub(1).and_then(|place| self.lengths.get(place).copied()).unwrap_or(0);
        usize::try_from(length).unwrap_or(0)
    }
}

/// Replaces the events of a run by others, in which old events still carry their ids and new ones carry 0; references
/// are to old ids. Everything is renumbered from 1. `None` if something refers to an event that is gone.
pub(super) fn rewrite(evidence: &mut Evidence, run: usize, mut events: Vec<Event>) -> Option<()> {
    let place = evidence.runs.get_mut(run)?;
    let (old, execution) = (std::mem::take(&mut place.events), place.execution());
    let map = Map::new(&old, &events);
    for (id, event) in (1..).zip(&mut events) {
        event.id = EventId(id);
        for (field, reference) in event.body.references() {
            if !ELSEWHERE.contains(&field) && !reference.is_none() {
                *reference = *map.moved.get(reference)?;
            }
        }
    }
    evidence.runs.get_mut(run)?.events = events;
    let length = old.len();
    for other in evidence.runs.iter_mut().chain(&mut evidence.reads) {
        point_back(other, &execution, &map);
    }
    let events = evidence.runs.get(run)?.events.clone();
    for read in evidence.reads.iter_mut().filter(|read| read.execution() == execution) {
        let known = map.length(read.events.len());
        read.events = events.get(..known)?.to_vec();
    }
    told(evidence, &execution, &map, length);
    Some(())
}

/// References from other histories into this one.
fn point_back(other: &mut Run, execution: &Execution, map: &Map) {
    for event in &mut other.events {
        match &mut event.body {
            Body::WorkflowExecutionStarted(start) if start.parent == *execution => {
                start.parent_initiated = EventId(map.position(start.parent_initiated.0));
            }
            Body::WorkflowExecutionCancelRequested(cancel) if cancel.external == *execution => {
                cancel.external_initiated = EventId(map.position(cancel.external_initiated.0));
            }
            _ => {}
        }
    }
}

/// What workers and clients were told of this history in numbers.
fn told(evidence: &mut Evidence, execution: &Execution, map: &Map, length: usize) {
    let is = |workflow: &str, run: &str| workflow == execution.workflow_id && run == execution.run_id;
    for handed in evidence.tasks.values_mut() {
        let task = &mut handed.task;
        if is(&task.workflow_id, &task.run_id) {
            task.started = map.position(task.started);
            task.previous_started = map.position(task.previous_started);
            task.events = task.events.map(|(first, last)| (map.position(first), map.position(last)));
        }
    }
    let described = evidence.descriptions.iter_mut().map(|(_, description)| description);
    let mut replies: Vec<&mut Reply> = Vec::new();
    for attempt in evidence.operations.values_mut().flat_map(|operation| &mut operation.attempts) {
        if let resurgam_formats::recording::Answer::Ok { value } = &mut attempt.answer {
            replies.push(value);
        }
    }
    let mut descriptions: Vec<_> = described.collect();
    for reply in replies {
        match reply {
            Reply::Query(QueryAnswer { run_id, seen, .. }) if *run_id == execution.run_id => {
                *seen = map.position(*seen);
            }
            Reply::History { run_id, events } if *run_id == execution.run_id => {
                let known = usize::try_from(*events).unwrap_or(length);
                *events = u32::try_from(map.length(known)).unwrap_or(*events);
            }
            Reply::Description(description) => descriptions.push(description),
            _ => {}
        }
    }
    for description in descriptions.into_iter().filter(|d| is(&d.workflow_id, &d.run_id)) {
        description.history_length = map.position(description.history_length);
        for child in &mut description.pending_children {
            *child = map.position(*child);
        }
    }
}

/// Inserts an event at a place (from 0); it takes the time of the one before.
pub(super) fn insert(evidence: &mut Evidence, run: usize, place: usize, body: Body) -> Option<()> {
    let mut events = evidence.runs.get(run)?.events.clone();
    let before = events.get(place.checked_sub(1)?)?;
    let event = Event { id: EventId(0), time: before.time, version: before.version, task_id: 0, body };
    if place > events.len() {
        return None;
    }
    events.insert(place, event);
    rewrite(evidence, run, events)
}

/// Removes an event; `None` if another one refers to it.
pub(super) fn remove(evidence: &mut Evidence, run: usize, place: usize) -> Option<()> {
    let mut events = evidence.runs.get(run)?.events.clone();
    if place >= events.len() {
        return None;
    }
    events.remove(place);
    rewrite(evidence, run, events)
}

/// Exchanges an event and the one behind it. Their task ids stay in order.
pub(super) fn swap(evidence: &mut Evidence, run: usize, place: usize) -> Option<()> {
    let mut events = evidence.runs.get(run)?.events.clone();
    let [first, second] = events.get_mut(place..place + 2)? else { return None };
    std::mem::swap(first, second);
    std::mem::swap(&mut first.task_id, &mut second.task_id);
    rewrite(evidence, run, events)
}

/// The event to be changed in its place, with nothing else adjusted.
pub(super) fn event(evidence: &mut Evidence, run: usize, place: usize) -> Option<&mut Event> {
    evidence.runs.get_mut(run)?.events.get_mut(place)
}

/// Every reference of an event within its own history that is not 0.
pub(super) fn own_references(body: &mut Body) -> Vec<(&'static str, &mut EventId)> {
    let all = body.references().into_iter();
    all.filter(|(field, id)| !ELSEWHERE.contains(field) && !id.is_none()).collect()
}

/// Writes the event at the site again, right behind it.
pub(super) fn again(e: &mut Evidence, site: Site) -> Option<()> {
    let body = event(e, site.run, site.place)?.body.clone();
    insert(e, site.run, site.place + 1, body)
}

/// The event with this number.
pub(super) fn by_id(run: &Run, id: EventId) -> Option<&Event> {
    run.events.get(usize::try_from(id.0.checked_sub(1)?).ok()?)
}

/// The place of the event with this number.
pub(super) fn place_of(id: EventId) -> Option<usize> {
    usize::try_from(id.0.checked_sub(1)?).ok()
}
