//! How one attribute of an event is read from JSON and written back: the types that appear in the table of kinds.
//!
//! Reading is lenient about *shape* (a number may be a string, an enum may carry its prefix or not, a field may be
//! absent) and strict about *sense* (a text where an id belongs is an error that names the field).

use super::id::EventId;
use serde_json::{Map, Value, json};

/// A typed attribute of an event.
pub trait Field: Default + PartialEq {
    /// Reads the JSON value of this field.
    ///
    /// # Errors
    /// A sentence that says what was expected; the caller adds event and field.
    fn read(value: Value) -> Result<Self, String>;
    /// The JSON value, or `None` for a default, which proto-JSON omits.
    fn write(&self) -> Option<Value>;
    /// The event id inside, if this field is a reference to another event.
    fn reference(&mut self) -> Option<&mut EventId> {
        None
    }
    /// The same for reading.
    fn referred(&self) -> Option<EventId> {
        None
    }
}

/// Reads an integer that may be a JSON number or a decimal string.
pub fn integer(value: &Value) -> Result<i64, String> {
    match value {
        Value::Number(n) => {
            n.as_i64().or_else(|| n.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 9e15).map(|f| f as i64))
        }
        Value::String(s) => s.parse().ok(),
        Value::Object(halves) => long(halves),
        _ => None,
    }
    .ok_or_else(|| format!("expected a 64-bit integer, found {}", brief(value)))
}

/// `{"low": 1, "high": 0, "unsigned": false}`, as JavaScript writes what its numbers cannot hold.
fn long(halves: &Map<String, Value>) -> Option<i64> {
    let half = |name: &str| halves.get(name)?.as_i64().filter(|half| (-(1 << 31)..1 << 32).contains(half));
    Some((half("high")? << 32) | (half("low")? & 0xffff_ffff))
}

/// A short, bounded picture of a JSON value for error messages.
pub(crate) fn brief(value: &Value) -> String {
    match value {
        Value::Object(_) => "an object".into(),
        Value::Array(_) => "an array".into(),
        other => {
            let text = other.to_string();
            if text.chars().count() > 40 { text.chars().take(40).chain(['…']).collect() } else { text }
        }
    }
}

pub(super) fn object(value: Value) -> Result<Map<String, Value>, String> {
    match value {
        Value::Object(map) => Ok(map),
        other => Err(format!("expected an object, found {}", brief(&other))),
    }
}

/// Takes a field by its proto-JSON name or by its original snake_case name.
pub(crate) fn take(map: &mut Map<String, Value>, name: &str) -> Option<Value> {
    let found = map.remove(name).or_else(|| map.remove(&snake(name)));
    found.filter(|value| !value.is_null())
}

/// `workflowTaskCompletedEventId` → `workflow_task_completed_event_id`.
pub(crate) fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 6);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

pub(super) fn part<T: Field>(map: &mut Map<String, Value>, name: &str) -> Result<T, String> {
    take(map, name).map_or_else(|| Ok(T::default()), |v| T::read(v).map_err(|e| format!("{name}: {e}")))
}

pub(super) fn compact(pairs: Vec<(&str, Option<Value>)>) -> Option<Value> {
    let map: Map<String, Value> = pairs.into_iter().filter_map(|(k, v)| Some((k.to_owned(), v?))).collect();
    (!map.is_empty()).then_some(Value::Object(map))
}

impl Field for EventId {
    fn read(value: Value) -> Result<Self, String> {
        integer(&value).map(Self)
    }
    fn write(&self) -> Option<Value> {
        (self.0 != 0).then(|| Value::String(self.0.to_string()))
    }
    fn reference(&mut self) -> Option<&mut EventId> {
        Some(self)
    }
    fn referred(&self) -> Option<EventId> {
        Some(*self)
    }
}

impl Field for i64 {
    fn read(value: Value) -> Result<Self, String> {
        integer(&value)
    }
    fn write(&self) -> Option<Value> {
        (*self != 0).then(|| json!(self))
    }
}

impl Field for bool {
    fn read(value: Value) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| format!("expected true or false, found {}", brief(&value)))
    }
    fn write(&self) -> Option<Value> {
        self.then_some(Value::Bool(true))
    }
}

impl Field for String {
    fn read(value: Value) -> Result<Self, String> {
        match value {
            Value::String(s) => Ok(s),
            other => Err(format!("expected a text, found {}", brief(&other))),
        }
    }
    fn write(&self) -> Option<Value> {
        (!self.is_empty()).then(|| Value::String(self.clone()))
    }
}

/// `{"name": …}`, as task queues, workflow types and activity types are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named(pub String);

impl Field for Named {
    fn read(value: Value) -> Result<Self, String> {
        part(&mut object(value)?, "name").map(Self)
    }
    fn write(&self) -> Option<Value> {
        compact(vec![("name", self.0.write())])
    }
}

/// An enum value without its prefix, in upper snake case: `START_TO_CLOSE`, whether the file said
/// `TIMEOUT_TYPE_START_TO_CLOSE`, `StartToClose` or `START_TO_CLOSE`. Empty if absent or unspecified.
/// A numeric enum is kept as its decimal text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Symbol(pub String);

/// Prefixes of the enums that rules read.
const PREFIXES: [&str; 11] = [
    "WORKFLOW_EXECUTION_STATUS_",
    "WORKFLOW_TASK_FAILED_CAUSE_",
    "START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_",
    "CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_",
    "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_",
    "CONTINUE_AS_NEW_INITIATOR_",
    "PARENT_CLOSE_POLICY_",
    "TIMEOUT_TYPE_",
    "RETRY_STATE_",
    "TASK_QUEUE_KIND_",
    "WORKFLOW_ID_REUSE_POLICY_",
];

impl Symbol {
    /// Normalises any of the spellings.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let upper = if text.contains('_') || text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) {
            text.to_ascii_uppercase()
        } else {
            snake(text).trim_start_matches('_').to_ascii_uppercase()
        };
        let bare = PREFIXES.iter().find_map(|p| upper.strip_prefix(p)).unwrap_or(&upper);
        Self(if bare == "UNSPECIFIED" { String::new() } else { bare.to_owned() })
    }
    /// Compares with an upper-snake name without prefix.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.0 == name
    }
}

impl Field for Symbol {
    fn read(value: Value) -> Result<Self, String> {
        match value {
            Value::String(s) => Ok(Self::new(&s)),
            Value::Number(n) => Ok(Self(n.to_string())),
            other => Err(format!("expected an enum name, found {}", brief(&other))),
        }
    }
    fn write(&self) -> Option<Value> {
        self.0.write()
    }
}

/// A workflow id and run id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Execution {
    /// The workflow id.
    pub workflow_id: String,
    /// The run id; empty where the API leaves it out.
    pub run_id: String,
}

impl Field for Execution {
    fn read(value: Value) -> Result<Self, String> {
        let mut map = object(value)?;
        Ok(Self { workflow_id: part(&mut map, "workflowId")?, run_id: part(&mut map, "runId")? })
    }
    fn write(&self) -> Option<Value> {
        compact(vec![("workflowId", self.workflow_id.write()), ("runId", self.run_id.write())])
    }
}

/// Any JSON value kept as it came (marker details, protobuf `Any`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raw(pub Option<Box<Value>>);

impl Field for Raw {
    fn read(value: Value) -> Result<Self, String> {
        Ok(Self(Some(Box::new(value))))
    }
    fn write(&self) -> Option<Value> {
        self.0.as_deref().cloned()
    }
}

/// A task queue: its name, its kind and, for a sticky one, the name of the normal one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskQueue {
    /// The name under which workers poll it.
    pub name: String,
    /// `NORMAL` or `STICKY`; empty if not said.
    pub kind: Symbol,
    /// The normal queue that a sticky one belongs to; empty if not said.
    pub normal_name: String,
}

impl Field for TaskQueue {
    fn read(value: Value) -> Result<Self, String> {
        let mut map = object(value)?;
        let mut text = |name: &str| part(&mut map, name);
        let (name, normal_name) = (text("name")?, text("normalName")?);
        Ok(Self { name, kind: part(&mut map, "kind")?, normal_name })
    }
    fn write(&self) -> Option<Value> {
        compact(vec![
            ("name", self.name.write()),
            ("kind", self.kind.write()),
            ("normalName", self.normal_name.write()),
        ])
    }
}
