//! Where two answers differ.

use crate::written::CallSite;
use serde::Serialize;
use serde_json::{Value, json};

/// One place where the two servers differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Where in the case the call was made: `before` the drawn request, the drawn one itself, what those who waited were `told`, or
    /// what was found `after` it.
    pub place: &'static str,
    /// The call that was answered.
    pub call: String,
    /// The field of the answer, without the places in lists.
    pub path: String,
    /// What the first server answered there.
    pub left: Value,
    /// What the second one did.
    pub right: Value,
}

impl Difference {
    /// Two differences with the same one are of the same kind.
    #[must_use]
    pub fn kind(&self) -> String {
        let short = |value: &Value| {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Null => "absent".to_owned(),
                Value::Array(_) | Value::Object(_) => "present".to_owned(),
                other => other.to_string(),
            };
            text.chars().take(400).collect::<String>()
        };
        let place = if self.place == "drawn" { "" } else { self.place };
        format!("{place} {} {}: {} | {}", self.call, self.path, short(&self.left), short(&self.right))
            .trim_start()
            .to_owned()
    }
}

/// What two normal answers to one call differ in.
pub(crate) fn differences(place: CallSite, call: &str, left: &Value, right: &Value) -> Vec<Difference> {
    let place = match place {
        CallSite::Before => "before",
        CallSite::Drawn => "drawn",
        CallSite::Told => "told",
        CallSite::After => "after",
    };
    let mut found = Vec::new();
    // A call that one refuses and the other does not, or for another reason, differs in one thing.
    let (left, right) = if left["code"] == right["code"] {
        (left.clone(), right.clone())
    } else {
        let said = |it: &Value| {
            let text = |field: &str| it[field].as_str().unwrap_or_default().to_owned();
            let code = [text("code"), text("message")].join(" ");
            json!({ "code": code.trim_end() })
        };
        (said(left), said(right))
    };
    walk("", &left, &right, &mut |path, left, right| {
        found.push(Difference {
            place,
            call: call.to_owned(),
            path: path.to_owned(),
            left: left.clone(),
            right: right.clone(),
        });
    });
    found
}

fn walk(path: &str, left: &Value, right: &Value, found: &mut impl FnMut(&str, &Value, &Value)) {
    match (left, right) {
        _ if left == right => {}
        (Value::Object(a), Value::Object(b)) => {
            for (name, left) in a {
                walk(&below(path, name), left, b.get(name).unwrap_or(&Value::Null), found);
            }
            for (name, right) in b.iter().filter(|(name, _)| !a.contains_key(*name)) {
                walk(&below(path, name), &Value::Null, right, found);
            }
        }
        (Value::Array(a), Value::Array(b)) if kinds(a) != kinds(b) => {
            found(&format!("{path}[]"), &json!(kinds(a).join(", ")), &json!(kinds(b).join(", ")));
        }
        (Value::Array(a), Value::Array(b)) => {
            for (left, right) in a.iter().zip(b) {
                walk(&format!("{path}[]"), left, right, found);
            }
        }
        _ => found(path, left, right),
    }
}

/// What stands in a list, by the types of events, so that one event more is one difference.
fn kinds(values: &[Value]) -> Vec<String> {
    let kind = |value: &Value| {
        let kind = value.get("event_type").and_then(Value::as_str).unwrap_or("one");
        kind.trim_start_matches("EVENT_TYPE_").to_lowercase()
    };
    values.iter().map(kind).collect()
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_is_a_difference_of_its_own() {
        let left = json!({"a": {"b": 1, "c": [1, 2]}, "d": "x", "e": [{"event_type": "EVENT_TYPE_TIMER_FIRED"}]});
        let right = json!({"a": {"b": 2, "c": [1, 3], "f": 0}, "e": []});
        let found = differences(CallSite::Drawn, "Call", &left, &right);
        let kinds: Vec<String> = found.iter().map(Difference::kind).collect();
        assert_eq!(
            kinds,
            [
                "Call a.b: 1 | 2",
                "Call a.c[]: 2 | 3",
                "Call a.f: absent | 0",
                "Call d: x | absent",
                "Call e[]: timer_fired | "
            ]
        );
        assert!(differences(CallSite::After, "Call", &left, &left).is_empty());
    }
}
