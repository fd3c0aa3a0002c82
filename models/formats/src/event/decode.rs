//! One event, from and to JSON.
//!
//! Understood: proto-JSON (`"eventType": "EVENT_TYPE_TIMER_FIRED"`, 64-bit integers as strings), the older camel-case
//! names (`"TimerFired"`), snake_case field names, numeric event types.

use super::field::{Field, brief, integer, take};
use super::id::EventId;
use super::kinds::{Body, KINDS, type_name};
use super::known;
use super::moment::Moment;
use super::numbered::Event;
use crate::notes::{Notes, Problem};
use serde_json::{Map, Value};

/// What the web interface of Temporal adds to the events it exports.
const DECORATION: [&str; 5] = ["id", "name", "timestamp", "classification", "category"];

/// The names under which web interfaces write attributes of whatever kind, today's and the old one's.
const ATTRIBUTES: [&str; 2] = ["attributes", "details"];

/// Camel-case name of an event type in any of its spellings; `None` if it is not known.
fn kind_of(spelling: &Value) -> Option<&'static str> {
    let text = match spelling {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    if let Some((name, _)) = Body::key(&text) {
        return Some(name);
    }
    let upper = text.strip_prefix("EVENT_TYPE_").unwrap_or(&text);
    KINDS.iter().find(|kind| type_name(kind).strip_prefix("EVENT_TYPE_") == Some(upper)).copied()
}

/// Reads one event.
///
/// # Errors
/// One line that names the field; a kind that is not known is not an error but [`Body::Unrecognised`].
pub fn decode(value: Value, notes: &mut Notes) -> Result<Event, Problem> {
    let Value::Object(mut map) = value else {
        return Err(Problem(format!("expected an event, found {}", brief(&value))));
    };
    let number = |map: &mut Map<String, Value>, name: &str| {
        take(map, name).map_or(Ok(0), |v| integer(&v)).map_err(|e| Problem(format!("{name}: {e}")))
    };
    let id = number(&mut map, "eventId")?;
    let at = |e: String| Problem(format!("event {id}: {e}"));
    // The old web interface has no other time.
    let time =
        take(&mut map, "eventTime").or_else(|| take(&mut map, "timestamp").filter(|_| map.contains_key("details")));
    let time = time.map(Moment::read).transpose().map_err(|e| at(format!("eventTime: {e}")))?;
    let version = number(&mut map, "version")?;
    let task_id = number(&mut map, "taskId")?;
    let spelling = take(&mut map, "eventType").ok_or_else(|| at("eventType is missing".into()))?;
    let body = match kind_of(&spelling).and_then(|kind| Some((kind, Body::key(kind)?.1))) {
        Some((kind, key)) => {
            let mut attributes =
                match ATTRIBUTES.iter().find_map(|name| take(&mut map, name)).or_else(|| take(&mut map, key)) {
                    None => return Err(at(format!("{kind} without {key}"))),
                    Some(Value::Object(fields)) => fields,
                    Some(other) => return Err(at(format!("{key}: expected an object, found {}", brief(&other)))),
                };
            // The web interface again.
            if attributes.get("type").is_some_and(|of| of == key) {
                attributes.remove("type");
            }
            known::attributes(kind, key, &mut attributes, notes);
            Body::read(kind, &mut attributes).map_err(|e| at(format!("{key}.{e}")))?
        }
        None => None,
    };
    let body = body.unwrap_or_else(|| {
        let kind = spelling.as_str().map_or_else(|| spelling.to_string(), str::to_owned);
        notes.unrecognised(format!("event type {spelling}"));
        Body::Unrecognised { kind, attributes: Box::new(Value::Object(std::mem::take(&mut map))) }
    });
    for (name, _) in map.iter().filter(|(_, value)| !value.is_null()) {
        let expected = known::beside(name) && !name.ends_with("Attributes") && !name.ends_with("_attributes");
        if !expected && !DECORATION.contains(&name.as_str()) {
            notes.unrecognised(format!("field {name} of {}", body.name()));
        }
    }
    Ok(Event { id: EventId(id), time: time.unwrap_or_default().0, version, task_id, body })
}

/// Writes one event as Temporal's proto-JSON, with the attributes that we read.
#[must_use]
pub fn encode(event: &Event) -> Value {
    let mut map = Map::new();
    map.insert("eventId".into(), Value::String(event.id.0.to_string()));
    if let Some(time) = Moment(event.time).write() {
        map.insert("eventTime".into(), time);
    }
    if event.version != 0 {
        map.insert("version".into(), Value::String(event.version.to_string()));
    }
    if event.task_id != 0 {
        map.insert("taskId".into(), Value::String(event.task_id.to_string()));
    }
    let (key, attributes) = event.body.write();
    if let Body::Unrecognised { kind, .. } = &event.body {
        map.insert("eventType".into(), Value::String(kind.clone()));
        map.extend(attributes);
    } else {
        map.insert("eventType".into(), Value::String(type_name(event.body.name())));
        map.insert(key, Value::Object(attributes));
    }
    Value::Object(map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Span;
    use serde_json::json;

    #[test]
    fn spellings_of_one_event_agree() {
        let attributes = json!({"timerId": "1", "startToFireTimeout": "0.250s", "workflowTaskCompletedEventId": "4"});
        let spellings = ["EVENT_TYPE_TIMER_STARTED", "TimerStarted", "TIMER_STARTED"].map(Value::from);
        for spelling in spellings.into_iter().chain([json!(17)]) {
            let mut notes = Notes::default();
            let value = json!({"eventId": 5, "eventType": spelling, "timerStartedEventAttributes": attributes});
            let event = decode(value, &mut notes).unwrap();
            let Body::TimerStarted(timer) = &event.body else { panic!("{event:?}") };
            assert_eq!((timer.timeout, timer.task_completed), (Span::millis(250), EventId(4)));
            assert_eq!(notes, Notes::default());
            assert_eq!(decode(encode(&event), &mut notes).unwrap(), event);
        }
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        let read = |value: Value| {
            let mut notes = Notes::default();
            decode(value, &mut notes).map(|_| notes.unrecognised.into_iter().collect::<Vec<_>>()).map_err(|e| e.0)
        };
        let bare = json!({"eventId": 5, "eventType": "TimerFired"});
        assert_eq!(read(bare).unwrap_err(), "event 5: TimerFired without timerFiredEventAttributes");
        let timer = json!({"timerId": "1", "colour": 1});
        let odd = json!({"eventId": 5, "eventType": 18, "timerFiredEventAttributes": timer, "links": [], "mood": 1,
            "timerStartedEventAttributes": {}, "timerCanceledEventAttributes": null});
        let named = [
            "field colour of TimerFired",
            "field mood of TimerFired",
            "field timerStartedEventAttributes of TimerFired",
        ];
        assert_eq!(read(odd).unwrap(), named);
        let decorated = json!({"eventId": "5", "id": "5", "name": "TimerFired", "classification": "Fired",
            "category": "timer", "timestamp": "x", "eventType": "TimerFired",
            "attributes": {"type": "timerFiredEventAttributes", "timerId": "1"}});
        assert_eq!(read(decorated).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn an_unknown_kind_is_kept_and_named() {
        let mut notes = Notes::default();
        let value = json!({"eventId": "9", "eventType": "EVENT_TYPE_FROM_TOMORROW", "tomorrow": {"a": 1}});
        let event = decode(value.clone(), &mut notes).unwrap();
        assert_eq!(encode(&event), value);
        assert_eq!(notes.unrecognised.len(), 1);
    }
}
