//! Drawn requests: a valid one of a call with some fields of it, however deep, drawn anew by what the protos say they are.

use crate::catalogue::{self, Step};
use crate::notation;
use crate::values::{key, one, value};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use rand::RngExt as _;
use rand::rngs::SmallRng;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// So deep fields are drawn.
const DEEPEST: usize = 7;
pub(crate) const COMPLETED: &str = "RespondWorkflowTaskCompleted";
/// Calls that change a namespace: never one in which other cases are.
const NAMESPACES: [&str; 2] = ["DeprecateNamespace", "UpdateNamespace"];
/// What calls need that are about a task that somebody has.
const TOKENS: [&str; 3] = ["{token}", "{activity_token}", "{query_token}"];
/// What changes for all workflows of a namespace is drawn only by who asks for it.
const ATTRIBUTES: [&str; 2] = ["AddSearchAttributes", "RemoveSearchAttributes"];
/// Calls that others who use the same server would notice, or that say nothing of a workflow.
const GLOBAL: [&str; 5] =
    ["GetClusterInfo", "GetSearchAttributes", "GetSystemInfo", "ListNamespaces", "ListSearchAttributes"];

/// A request, and which of its fields were drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Drawn {
    /// The call, by its name in the API.
    pub(crate) call: String,
    /// What it is asked, with names in place of what differs from server to server.
    pub(crate) body: Value,
    /// The fields that are not as in the valid request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) changed: Vec<String>,
}

/// Draws requests that are made in a situation; `only` one call, if it is given.
pub(crate) fn draw(random: &mut SmallRng, steps: &[Step], only: Option<&str>) -> Vec<Drawn> {
    let call = only.map_or_else(|| call(random, steps), str::to_owned);
    let changes = *one(random, &[0, 1, 1, 1, 1, 2, 2, 3]).unwrap_or(&1);
    let first = of(random, &call, changes);
    // Who was not answered asks again.
    if random.random_bool(0.1) { vec![first.clone(), first] } else { vec![first] }
}

/// A valid request of a call, with so many of its fields drawn anew.
pub(crate) fn of(random: &mut SmallRng, call: &str, changes: usize) -> Drawn {
    let mut body = catalogue::requests().get(call).cloned().unwrap_or_default();
    if call == COMPLETED {
        let count = random.random_range(0..3);
        let drawn = (0..count).filter_map(|_| one(random, catalogue::commands()).cloned());
        body.insert("commands".to_owned(), drawn.collect());
    }
    let mut changed = Vec::new();
    if let Some(method) = notation::method(call) {
        for _ in 0..changes {
            changed.extend(change(random, &method.input(), &mut body, "", 0));
        }
    }
    if NAMESPACES.contains(&call)
        && body.get("namespace").is_some_and(|name| ["{ns}", "{other_ns}"].map(Value::from).contains(name))
    {
        body.insert("namespace".to_owned(), json!("{id}-namespace"));
    }
    // Without a name it would be the same one for all cases.
    if call == "CreateSchedule" {
        body.entry("schedule_id").or_insert(json!("{id}-schedule"));
    }
    Drawn { call: call.to_owned(), body: Value::Object(body), changed }
}

/// Draws a call that is likely to be of interest in a situation: one that needs a token rather where the situation has one.
fn call(random: &mut SmallRng, steps: &[Step]) -> String {
    let bound: BTreeSet<String> = steps
        .iter()
        .flat_map(|step| match step {
            Step::Call { bind, .. } => bind.keys().map(|name| format!("{{{name}}}")).collect(),
            Step::Begin { .. } | Step::Until { .. } => Vec::new(),
        })
        .collect();
    let requests: Vec<(&String, String)> =
        catalogue::requests().iter().map(|(call, body)| (call, Value::Object(body.clone()).to_string())).collect();
    let is_answer = random.random_bool(0.3) && TOKENS.iter().any(|token| bound.contains(*token));
    loop {
        let Some((call, body)) = one(random, &requests) else { return String::new() };
        if ATTRIBUTES.contains(&call.as_str()) {
            continue;
        }
        let needs = TOKENS.iter().find(|token| body.contains(**token));
        let has = needs.is_some_and(|token| bound.contains(*token));
        if is_answer {
            // Its commands are most of what a worker can do.
            if has && (call.as_str() == COMPLETED || random.random_bool(0.3)) {
                return (*call).clone();
            }
            continue;
        }
        let idle = needs.is_some() && !has || GLOBAL.contains(&call.as_str());
        if !idle || random.random_bool(0.15) {
            return (*call).clone();
        }
    }
}

/// Draws one field of a message anew, and says which.
fn change(
    random: &mut SmallRng,
    of: &MessageDescriptor,
    body: &mut Map<String, Value>,
    path: &str,
    depth: usize,
) -> Option<String> {
    let fields: Vec<FieldDescriptor> = of.fields().collect();
    let field = one(random, &fields)?;
    let name = field.name();
    let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    if let Some(choice) = field.containing_oneof().filter(|choice| !choice.is_synthetic()) {
        for other in choice.fields().filter(|other| other.name() != name) {
            body.remove(other.name());
        }
    }
    if body.contains_key(name) && random.random_bool(0.1) {
        body.remove(name);
        return Some(path);
    }
    if field.is_map() {
        body.insert(name.to_owned(), map(random, field)?);
    } else if field.is_list() {
        return list(random, field, body, path, depth);
    } else if let Some(drawn) = value(random, field) {
        body.insert(name.to_owned(), drawn);
    } else if let Kind::Message(inner) = field.kind() {
        return message(random, &inner, body.entry(name).or_insert(json!({})), path, depth);
    }
    Some(path)
}

/// Draws a field inside a message, or leaves nothing in it.
fn message(
    random: &mut SmallRng,
    of: &MessageDescriptor,
    body: &mut Value,
    path: String,
    depth: usize,
) -> Option<String> {
    if depth > DEEPEST || random.random_bool(0.1) {
        *body = json!({});
        return Some(path);
    }
    // A message without fields is drawn by being there.
    change(random, of, body.as_object_mut()?, &path, depth + 1).or(Some(path))
}

fn list(
    random: &mut SmallRng,
    field: &FieldDescriptor,
    body: &mut Map<String, Value>,
    path: String,
    depth: usize,
) -> Option<String> {
    let values = body.entry(field.name()).or_insert(json!([])).as_array_mut()?;
    if random.random_bool(0.1) {
        values.clear();
    } else if random.random_bool(0.1) {
        // The same once more.
        values.extend(values.first().cloned());
    } else if let Some(drawn) = value(random, field) {
        values.push(drawn);
    } else if let Kind::Message(inner) = field.kind() {
        if values.is_empty() {
            values.push(json!({}));
        }
        let at = random.random_range(0..values.len());
        return message(random, &inner, &mut values[at], path, depth);
    }
    Some(path)
}

fn map(random: &mut SmallRng, field: &FieldDescriptor) -> Option<Value> {
    let kind = field.kind();
    let of = kind.as_message()?.map_entry_value_field();
    let mut entries = Map::new();
    if random.random_bool(0.9) {
        let numbers = !matches!(kind.as_message()?.map_entry_key_field().kind(), Kind::String);
        let name = if numbers { "1" } else { key(random) };
        entries.insert(name.to_owned(), value(random, &of).unwrap_or_else(|| json!({})));
    }
    Some(Value::Object(entries))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::bindings::Bindings;
    use rand::SeedableRng as _;

    #[test]
    fn whatever_is_drawn_can_be_sent() {
        let bindings = Bindings::new(["one", "two", "three"], "id");
        let mut changed = BTreeSet::new();
        for seed in 0..3000 {
            for drawn in draw(&mut SmallRng::seed_from_u64(seed), &[], None) {
                let method = notation::method(&drawn.call).unwrap();
                let read = notation::read(&method.input(), &bindings.fill(&drawn.body));
                assert!(read.is_ok(), "{seed}: {}: {} of {drawn:?}", drawn.call, read.unwrap_err());
                changed.extend(drawn.changed.iter().map(|path| format!("{} {path}", drawn.call)));
            }
        }
        assert!(changed.len() > 500, "{} fields", changed.len());
        let again = |seed| draw(&mut SmallRng::seed_from_u64(seed), &[], None);
        assert_eq!(again(7), again(7));
    }
}
