//! The values of a recording one by one: where they stand, by which name, and the recording with another one in one place.
//!
//! The catalogue of corruptions ([`crate::corrupt`]) knows what is wrong. This knows only where something was said by a server, so that
//! nothing that is recorded is left out. Nothing here judges.

use crate::other;
use resurgam_formats::evidence::Evidence;
use resurgam_formats::notes::Problem;
use resurgam_formats::recording::Entry;
use serde_json::Value;

/// A recording, line by line.
#[derive(Clone, Debug)]
pub struct Recording {
    lines: Vec<Value>,
    entries: Vec<Entry>,
}

/// A single value that a server has said.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The kind of the event, or the place beside events, as the tables of provenance name them.
    pub place: String,
    /// The names that lead to it, with points; those in a map are `*`, and lists have none.
    pub field: String,
    line: usize,
    path: Vec<Hop>,
}

/// One step towards a value.
#[derive(Clone, Debug)]
enum Hop {
    Key(String),
    Index(usize),
}

/// What a value is changed into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Another value that could stand there.
    Other,
    /// Nothing: the field is left out.
    Absent,
}

/// Fields whose content has names of its own.
const MAPS: [&str; 5] = ["fields", "indexedFields", "requestIdInfos", "details", "data"];

/// What the names of events' attributes end with.
const ATTRIBUTES: &str = "EventAttributes";

impl Recording {
    /// Reads the lines of a recording.
    ///
    /// # Errors
    /// One line with the number of the line that cannot be read.
    pub fn read(text: &str) -> Result<Self, Problem> {
        let (mut lines, mut entries) = (Vec::new(), Vec::new());
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let at = |e: serde_json::Error| Problem(format!("line {}: {e}", index + 1));
            let line: Value = serde_json::from_str(line).map_err(at)?;
            entries.push(serde_json::from_value(line.clone()).map_err(at)?);
            lines.push(line);
        }
        Ok(Self { lines, entries })
    }

    /// What the recording says as it is.
    ///
    /// # Errors
    /// One line that names the line which contradicts others.
    pub fn evidence(&self) -> Result<Evidence, Problem> {
        Evidence::from_recording(self.entries.iter().cloned())
    }

    /// Every value in it that a server has said.
    #[must_use]
    pub fn leaves(&self) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        for (line, value) in self.lines.iter().enumerate() {
            for (place, from) in places(value) {
                let mut walk = Walk { place: &place, line, path: from, names: Vec::new(), leaves: &mut leaves };
                let Some(start) = at(value, &walk.path) else { continue };
                walk.value(start);
            }
        }
        leaves
    }

    /// The evidence with that value changed, once for each other value that comes into question; what could not be read any more
    /// is left out.
    #[must_use]
    pub fn changed(&self, leaf: &Leaf, change: Change) -> Vec<Evidence> {
        let Some((Some(value), Some((last, parent)))) =
            self.lines.get(leaf.line).map(|line| (at(line, &leaf.path), leaf.path.split_last()))
        else {
            return Vec::new();
        };
        let name = leaf.field.rsplit('.').next().unwrap_or_default();
        let others = match change {
            Change::Other => other::values(name, value).into_iter().map(Some).collect(),
            Change::Absent => vec![None],
        };
        others.into_iter().filter_map(|other| self.with(leaf.line, parent, last, other)).collect()
    }

    fn with(&self, line: usize, parent: &[Hop], last: &Hop, other: Option<Value>) -> Option<Evidence> {
        let mut changed = self.lines.get(line)?.clone();
        let holder = parent.iter().try_fold(&mut changed, |value, step| match step {
            Hop::Key(key) => value.get_mut(key),
            Hop::Index(index) => value.get_mut(index),
        })?;
        match (holder, last, other) {
            (Value::Object(map), Hop::Key(key), Some(other)) => *map.get_mut(key)? = other,
            (Value::Object(map), Hop::Key(key), None) => drop(map.remove(key)?),
            (Value::Array(list), Hop::Index(index), Some(other)) => *list.get_mut(*index)? = other,
            (Value::Array(list), Hop::Index(index), None) => drop(list.remove(*index)),
            _ => return None,
        }
        let mut entries = self.entries.clone();
        self.reads(line, parent, &changed, &mut entries);
        *entries.get_mut(line)? = serde_json::from_value(changed).ok()?;
        Evidence::from_recording(entries).ok()
    }

    /// A server says the same of an event whenever it is asked: what is changed in one read is changed in all of the run.
    fn reads(&self, line: usize, parent: &[Hop], changed: &Value, entries: &mut [Entry]) {
        let (Some(Hop::Key(events)), Some(Hop::Index(index))) = (parent.first(), parent.get(1)) else { return };
        let of = |line: &Value| (line.get("type").cloned(), line.get("run_id").cloned());
        let event = changed.get(events).and_then(|events| events.get(index));
        for (number, other) in self.lines.iter().enumerate() {
            if number != line && events == "events" && of(other) == of(changed) {
                let mut other = other.clone();
                let place = other.get_mut(events).and_then(|events| events.get_mut(index));
                if let (Some(place), Some(event), Some(entry)) = (place, event, entries.get_mut(number)) {
                    *place = event.clone();
                    if let Ok(read) = serde_json::from_value(other) {
                        *entry = read;
                    }
                }
            }
        }
    }
}

fn at<'v>(value: &'v Value, path: &[Hop]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, step| match step {
        Hop::Key(key) => value.get(key),
        Hop::Index(index) => value.get(index),
    })
}

fn key(name: &str) -> Hop {
    Hop::Key(name.to_owned())
}

/// Where in a line a server speaks: the name of the place, and the steps to it.
fn places(line: &Value) -> Vec<(String, Vec<Hop>)> {
    let word = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
    match word("type") {
        "history" if line.get("final") == Some(&Value::Bool(true)) && line.get("namespace").is_none() => events(line),
        "task" => {
            let place = if word("kind") == "activity" { "ActivityTask" } else { "WorkflowTask" };
            vec![(place.to_owned(), Vec::new())]
        }
        "description" => vec![("Description".to_owned(), Vec::new())],
        "return" => match line.pointer("/answer/value/reply").and_then(Value::as_str) {
            Some("description") => vec![("Description".to_owned(), vec![key("answer"), key("value")])],
            Some(reply) => vec![(format!("{}Answer", camel(reply)), vec![key("answer"), key("value")])],
            None => Vec::new(),
        },
        "namespace" => vec![("Namespace".to_owned(), vec![key("answer")])],
        "listed" => vec![("ListedRun".to_owned(), vec![key("executions")])],
        "audit" => [("AuditedRun", "runs"), ("AuditedCurrent", "current")]
            .map(|(place, name)| (place.to_owned(), vec![key(name)]))
            .to_vec(),
        _ => Vec::new(),
    }
}

/// Every event of a history: what all events have, and the attributes of its kind.
fn events(line: &Value) -> Vec<(String, Vec<Hop>)> {
    let mut places = Vec::new();
    for (index, event) in line.get("events").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let here = vec![key("events"), Hop::Index(index)];
        places.push(("Event".to_owned(), here.clone()));
        let names = event.as_object().into_iter().flat_map(serde_json::Map::keys);
        for name in names.filter(|name| name.ends_with(ATTRIBUTES)) {
            let kind = name.trim_end_matches(ATTRIBUTES);
            places.push((first_upper(kind), [here.clone(), vec![key(name)]].concat()));
        }
    }
    places
}

/// `not_found` becomes `NotFound`.
fn camel(name: &str) -> String {
    name.split('_').map(first_upper).collect()
}

fn first_upper(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Collects what stands under one place.
struct Walk<'a> {
    place: &'a str,
    line: usize,
    path: Vec<Hop>,
    names: Vec<String>,
    leaves: &'a mut Vec<Leaf>,
}

impl Walk<'_> {
    fn value(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                let named = !self.names.last().is_some_and(|last| MAPS.contains(&last.as_str()));
                // The attributes of an event are a place of their own.
                let event = self.place == "Event";
                for (name, inner) in map.iter().filter(|(name, _)| !event || !name.ends_with(ATTRIBUTES)) {
                    self.names.push(if named { name.clone() } else { "*".to_owned() });
                    self.step(key(name), inner);
                    self.names.pop();
                }
            }
            Value::Array(list) => {
                for (index, inner) in list.iter().enumerate() {
                    self.step(Hop::Index(index), inner);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => self.leaves.push(Leaf {
                place: self.place.to_owned(),
                field: self.names.join("."),
                line: self.line,
                path: self.path.clone(),
            }),
        }
    }

    fn step(&mut self, step: Hop, inner: &Value) {
        self.path.push(step);
        self.value(inner);
        self.path.pop();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    const TEXT: &str = r#"
        {"at":1,"type":"task","task":1,"worker":"v","kind":"activity","workflow_id":"w","run_id":"r","attempt":1,"activity_id":"a","answer":{"header":{"fields":{"x":{"data":"MQ=="}}}}}
        {"at":2,"type":"history","workflow_id":"w","run_id":"r","final":true,"from":1,"events":[{"eventId":"1","eventType":"EVENT_TYPE_TIMER_FIRED","timerFiredEventAttributes":{"timerId":"3"}}]}"#;

    #[test]
    fn what_a_server_says_has_a_place_and_a_name() {
        let recording = Recording::read(TEXT).unwrap();
        let names: Vec<_> =
            recording.leaves().iter().map(|leaf| format!("{} {}", leaf.place, leaf.field)).skip(8).collect();
        let expected = ["ActivityTask answer.header.fields.*.data", "ActivityTask attempt"];
        assert!(
            expected
                .iter()
                .all(|name| recording.leaves().iter().any(|leaf| format!("{} {}", leaf.place, leaf.field) == **name))
        );
        assert!(names.contains(&"Event eventId".to_owned()) && names.contains(&"TimerFired timerId".to_owned()));
    }

    #[test]
    fn one_value_is_changed_and_nothing_else() {
        let recording = Recording::read(TEXT).unwrap();
        let leaves = recording.leaves();
        let attempt = leaves.iter().find(|leaf| leaf.field == "attempt").unwrap();
        let [up, ..] = &recording.changed(attempt, Change::Other)[..] else { panic!("no other attempt") };
        assert_eq!((up.tasks[&1].task.attempt, up.tasks[&1].task.activity_id.as_str()), (2, "a"));
        assert!(recording.changed(attempt, Change::Absent).is_empty(), "a task has an attempt");
        let timer = leaves.iter().find(|leaf| leaf.field == "timerId").unwrap();
        assert_eq!(recording.changed(timer, Change::Absent).len(), 1);
    }
}
