//! The names of the official API: fields of every event and values of every enum, nothing about their meaning.
//!
//! [`crate::event`] reads only what rules need. This table tells the fields that we know and leave alone from those that
//! nobody here has seen, and gives numeric enum values their names. It stands in `known.txt`, one message or enum a line:
//!
//! ```text
//! message taskqueue.v1.TaskQueue name kind:enums.v1.TaskQueueKind normalName
//! enum enums.v1.TaskQueueKind 0=TASK_QUEUE_KIND_UNSPECIFIED 1=TASK_QUEUE_KIND_NORMAL 2=TASK_QUEUE_KIND_STICKY
//! ```
//! A test of `resurgam-api` holds it equal to the descriptors of the protos, and writes it anew on request.

use crate::notes::Notes;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::LazyLock;

/// The table as text.
pub const TABLE: &str = include_str!("known.txt");

/// The message that is an event.
const EVENT: &str = "history.v1.HistoryEvent";

/// Deeper than this no message of the API is looked into (failures nest in themselves).
const DEEPEST: usize = 40;

#[derive(Default)]
struct Table {
    /// Message → field → type of the field, empty for plain ones.
    messages: HashMap<&'static str, HashMap<&'static str, &'static str>>,
    /// Enum → its values.
    enums: HashMap<&'static str, Vec<(i64, &'static str)>>,
}

static KNOWN: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    for line in TABLE.lines() {
        let mut words = line.split(' ');
        let (kind, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if kind == "enum" {
            let values = words.filter_map(|word| word.split_once('=')).filter_map(|(n, v)| Some((n.parse().ok()?, v)));
            table.enums.insert(name, values.collect());
        } else {
            table.messages.insert(name, words.map(|word| word.split_once(':').unwrap_or((word, ""))).collect());
        }
    }
    table
});

/// Looks through the attributes of an event: names what is not known and replaces numeric enum values by their names.
/// `key` is the name under which the attributes stand in an event, `kind` the name of the kind for messages.
pub(super) fn attributes(kind: &str, key: &str, map: &mut Map<String, Value>, notes: &mut Notes) {
    let message = KNOWN.messages.get(EVENT).and_then(|fields| fields.get(key));
    if let Some(message) = message {
        fields(message, map, &mut Place { kind, path: Vec::new() }, notes);
    }
}

/// True if an event of the official API may have this field beside its attributes.
pub(super) fn beside(name: &str) -> bool {
    KNOWN.messages.get(EVENT).is_some_and(|fields| field(fields, name).is_some())
}

struct Place<'a> {
    kind: &'a str,
    path: Vec<String>,
}

impl Place<'_> {
    fn named(&self, name: &str) -> String {
        let path: String = self.path.iter().flat_map(|part| [part.as_str(), "."]).collect();
        format!("field {path}{name} of {}", self.kind)
    }
}

fn fields(message: &str, map: &mut Map<String, Value>, place: &mut Place<'_>, notes: &mut Notes) {
    let Some(known) = KNOWN.messages.get(message).filter(|_| place.path.len() < DEEPEST) else { return };
    for (name, value) in map.iter_mut() {
        match field(known, name) {
            None => notes.unrecognised(place.named(name)),
            Some("") => {}
            Some(of) => typed(of, name, value, place, notes),
        }
    }
}

fn typed(of: &str, name: &str, value: &mut Value, place: &mut Place<'_>, notes: &mut Notes) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| {
            if !item.is_array() {
                typed(of, name, item, place, notes);
            }
        }),
        Value::Object(map) => {
            place.path.push(name.to_owned());
            fields(of, map, place, notes);
            place.path.pop();
        }
        Value::Number(number) => {
            let found = KNOWN.enums.get(of).and_then(|all| all.iter().find(|(n, _)| number.as_i64() == Some(*n)));
            match found {
                Some((_, text)) => *value = Value::String((*text).to_owned()),
                None => notes.unrecognised(format!("value {number} in {}", place.named(name))),
            }
        }
        Value::String(text) => {
            if let Some(all) = KNOWN.enums.get(of)
                && !all.iter().any(|(_, known)| active(text, known))
            {
                notes.unrecognised(format!("value {text} in {}", place.named(name)));
            }
        }
        _ => {}
    }
}

/// The type of a field by its JSON name or its snake_case name.
fn field(known: &HashMap<&'static str, &'static str>, name: &str) -> Option<&'static str> {
    known.get(name).copied().or_else(|| name.contains('_').then(|| known.get(camel(name).as_str()).copied())?)
}

/// `workflow_task_completed_event_id` → `workflowTaskCompletedEventId`.
fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut raise = false;
    for c in name.chars() {
        match c {
            '_' => raise = true,
            c if std::mem::take(&mut raise) => out.push(c.to_ascii_uppercase()),
            c => out.push(c),
        }
    }
    out
}

/// True if `text` is the enum value `known` with or without its prefix, in upper snake or camel case.
fn active(text: &str, known: &str) -> bool {
    let plain = |s: &str| s.bytes().filter(|b| *b != b'_').map(|b| b.to_ascii_uppercase()).collect::<Vec<_>>();
    text == known || plain(known).ends_with(&plain(text)) && !text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Body, KINDS};
    use serde_json::json;

    fn looked_at(kind: &str, mut attributes: Value) -> (Value, Vec<String>) {
        let mut notes = Notes::default();
        let (_, key) = Body::key(kind).unwrap();
        super::attributes(kind, key, attributes.as_object_mut().unwrap(), &mut notes);
        (attributes, notes.unrecognised.into_iter().collect())
    }

    #[test]
    fn every_kind_of_event_and_every_field_that_is_read_is_in_the_table() {
        for kind in KINDS {
            let (name, key) = Body::key(kind).unwrap();
            let message = KNOWN.messages[EVENT].get(key).unwrap_or_else(|| panic!("{name} is not in the table"));
            let mut body = Body::read(name, &mut Map::new()).unwrap().unwrap();
            for (field, _) in body.references() {
                assert!(KNOWN.messages[message].contains_key(field), "{name}.{field}");
            }
        }
        assert!(beside("workerMayIgnore") && beside("worker_may_ignore") && !beside("workerMayDance"));
    }

    #[test]
    fn only_what_nobody_has_seen_is_named() {
        let known = json!({"taskQueue": {"name": "q", "kind": "TASK_QUEUE_KIND_NORMAL"}, "header": {"fields": {"x": 1}},
            "start_to_close_timeout": "1s", "input": {"payloads": [{"anything": 1}]}});
        assert_eq!(looked_at("ActivityTaskScheduled", known).1, Vec::<String>::new());
        let new = json!({"taskQueue": {"colour": 1, "kind": "TASK_QUEUE_KIND_ROUND"}, "mood": "good"});
        let expected = [
            "field mood of ActivityTaskScheduled",
            "field taskQueue.colour of ActivityTaskScheduled",
            "value TASK_QUEUE_KIND_ROUND in field taskQueue.kind of ActivityTaskScheduled",
        ];
        assert_eq!(looked_at("ActivityTaskScheduled", new).1, expected);
    }

    #[test]
    fn numbers_of_enums_become_names_at_any_depth() {
        let (read, notes) = looked_at(
            "ActivityTaskTimedOut",
            json!({"retryState": 3, "failure": {"cause": {"timeoutFailureInfo": {"timeoutType": 1}}}}),
        );
        assert_eq!(read["retryState"], "RETRY_STATE_TIMEOUT");
        assert_eq!(read["failure"]["cause"]["timeoutFailureInfo"]["timeoutType"], "TIMEOUT_TYPE_START_TO_CLOSE");
        assert!(notes.is_empty(), "{notes:?}");
        let (_, notes) = looked_at("ActivityTaskTimedOut", json!({"retryState": "StartToSomething"}));
        assert_eq!(notes.len(), 1);
        let (_, notes) = looked_at("ActivityTaskTimedOut", json!({"retryState": "MaximumAttemptsReached"}));
        assert!(notes.is_empty(), "{notes:?}");
    }
}
