//! Histories: lists of events, decoded one by one, and what is known about the run they belong to.

use super::Notes;
use super::bounds::{Bounded, Budget};
use super::cadence::{self, Dialect};
use crate::event;
use crate::event::{Body, Event, EventId};
use crate::evidence::Run;
use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::fmt;

/// Decodes a JSON array of events, each straight into [`Event`]; `null` is an empty one.
pub(super) struct Events<'a> {
    pub(super) out: &'a mut Vec<Event>,
    pub(super) notes: &'a mut Notes,
    pub(super) budget: &'a Budget,
}

impl<'de> DeserializeSeed<'de> for Events<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Events<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(value) = seq.next_element_seed(Bounded(self.budget))? {
            add(value, self.out, self.notes, self.budget)?;
        }
        Ok(())
    }
}

/// Decodes and adds one event.
pub(super) fn add<E: Error>(value: Value, out: &mut Vec<Event>, notes: &mut Notes, budget: &Budget) -> Result<(), E> {
    budget.event()?;
    let place = out.len() + 1;
    let value = match cadence::dialect(&value) {
        Dialect::Temporal => value,
        Dialect::Cadence => {
            notes.cadence = true;
            if cadence::looks_back(&value) {
                budget.look(out.len())?;
            }
            cadence::translate(value, out)
        }
        Dialect::Amazon => return Err(E::custom("is a history of Amazon SWF, which is not read here")),
    };
    let event = event::decode(value, notes).map_err(|problem| match problem.0.starts_with("event ") {
        true => E::custom(problem),
        false => E::custom(format_args!("event number {place} of the list: {problem}")),
    })?;
    out.push(event);
    Ok(())
}

/// What stands beside the events of a history, at the top of the file.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// More pages follow this one.
    pub(super) more: bool,
    /// Fields that are not known.
    pub(super) rest: Map<String, Value>,
}

impl Beside {
    /// Takes one member of the object that holds the events.
    pub(super) fn take(&mut self, key: String, value: Value) {
        if matches!(key.as_str(), "nextPageToken" | "next_page_token") {
            self.more = !matches!(value, Value::Null) && value.as_str() != Some("") && value != Value::Array(vec![]);
        } else {
            self.rest.insert(key, value);
        }
    }

    /// Workflow id and run id, where exports and describe answers carry them.
    fn execution(&self) -> Option<(String, String)> {
        let direct = |key: &str| self.rest.get(key);
        let described = || self.rest.get("workflowExecutionInfo")?.get("execution");
        let found = direct("workflowExecution").or_else(|| direct("execution")).or_else(described)?;
        Some((found.get("workflowId")?.as_str()?.to_owned(), found.get("runId")?.as_str()?.to_owned()))
    }
}

/// Runs of the same ids and length that are compared with another one. Nobody writes a history down more often by mistake.
const MOST_ALIKE: usize = 8;

/// Makes runs of lists of events: one list may hold several, each from its start on.
pub(super) fn runs(lists: Vec<(Vec<Event>, Beside)>, notes: &mut Notes) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut known: HashMap<(String, String, usize), Vec<usize>> = HashMap::new();
    for (mut events, beside) in lists {
        if events.windows(2).filter(|pair| pair[0].id > pair[1].id).count() * 2 > events.len().saturating_sub(1) {
            events.reverse();
            notes.remark("the events were in descending order and were turned round");
        }
        for events in parts(events) {
            let run = arrange(events, &beside, notes);
            let alike = known.entry((run.workflow_id.clone(), run.run_id.clone(), run.events.len())).or_default();
            if alike.iter().any(|place| runs[*place] == run) {
                notes.remark("a history that is in the file twice was judged once");
                continue;
            }
            if alike.len() < MOST_ALIKE {
                alike.push(runs.len());
            }
            runs.push(run);
        }
    }
    runs
}

/// The events of each run in a list. From the end, so that every event is moved once, and no list keeps room for what was behind it.
fn parts(mut events: Vec<Event>) -> Vec<Vec<Event>> {
    let starts = |event: &Event| event.id == EventId(1) && matches!(event.body, Body::WorkflowExecutionStarted(_));
    let mut parts = Vec::new();
    while let Some(place) = events.get(1..).and_then(|behind| behind.iter().rposition(starts)) {
        parts.push(events.split_off(place + 1));
    }
    if !events.is_empty() {
        if !parts.is_empty() {
            events.shrink_to_fit();
        }
        parts.push(events);
    }
    parts.reverse();
    parts
}

/// Makes a run of events: named, and marked if it is a part.
fn arrange(events: Vec<Event>, beside: &Beside, notes: &mut Notes) -> Run {
    let first = events.first().map_or(EventId(1), |event| event.id);
    let rises = events.windows(2).all(|pair| pair[0].id < pair[1].id);
    let gap = events.windows(2).find(|pair| pair[0].id.plus(1) != pair[1].id).filter(|_| rises && first.0 > 0);
    if first.0 > 1 && rises {
        notes.remark(format!("the history begins at event {first}: the events before it are not in the file"));
    }
    if let Some([before, after]) = gap {
        notes.remark(format!(
            "event {} is followed by event {}: the events between are not in the file",
            before.id, after.id
        ));
    }
    let partial = rises && (first.0 > 1 || gap.is_some());
    if notes.cadence {
        notes
            .remark("a history of Cadence, read in the names of Temporal (decision as workflow task, attempts from 1)");
    }
    if beside.more {
        let last = events.last().map_or(EventId(0), |event| event.id);
        notes.remark(format!("the file is one page of a history that goes on after event {last} (nextPageToken)"));
    }
    let mut run = Run { events, partial, ..Run::default() };
    let (workflow_id, run_id) = beside.execution().unwrap_or_else(|| {
        let Some(Body::WorkflowExecutionStarted(started)) = run.events.first().map(|event| &event.body) else {
            return Default::default();
        };
        (started.workflow_id.clone(), started.original_run.clone())
    });
    run.workflow_id = workflow_id;
    run.run_id = run_id;
    run
}
