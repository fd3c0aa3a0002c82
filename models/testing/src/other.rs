//! Other values of the same shape: what a wrong server could have said there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use resurgam_formats::event::known;
use serde_json::{Value, json};

/// Values of enumerations that the table of the API does not have, each followed by another one of it.
const ENUMERATIONS: &[(&str, &str)] = &[
    ("PENDING_ACTIVITY_STATE_SCHEDULED", "PENDING_ACTIVITY_STATE_CANCEL_REQUESTED"),
    ("PENDING_ACTIVITY_STATE_STARTED", "PENDING_ACTIVITY_STATE_SCHEDULED"),
    ("PENDING_ACTIVITY_STATE_CANCEL_REQUESTED", "PENDING_ACTIVITY_STATE_STARTED"),
    ("PENDING_WORKFLOW_TASK_STATE_SCHEDULED", "PENDING_WORKFLOW_TASK_STATE_STARTED"),
    ("PENDING_WORKFLOW_TASK_STATE_STARTED", "PENDING_WORKFLOW_TASK_STATE_SCHEDULED"),
    ("WORKFLOW_EXECUTION_STATUS_COMPLETED", "WORKFLOW_EXECUTION_STATUS_FAILED"),
    ("COMPLETED", "FAILED"),
    ("RUNNING", "COMPLETED"),
    ("workflow", "activity"),
    ("timer", "run"),
    ("run", "execution"),
    ("execution", "run"),
    ("activity_retry", "timer"),
    ("workflow_task", "activity_task"),
    ("activity_task", "workflow_task"),
    ("start_child", "cancel"),
    ("accepted", "admitted"),
    ("admitted", "accepted"),
];

/// Other values that could stand in a field of this name; none of them is the one that does.
pub(crate) fn values(name: &str, value: &Value) -> Vec<Value> {
    let others = match value {
        Value::Bool(is) => vec![json!(!is)],
        Value::Number(number) => match number.as_i64() {
            Some(number) => vec![json!(number + 1), json!(number - 1)],
            None => vec![json!(number.as_f64().unwrap_or(0.0) + 1.0)],
        },
        Value::String(text) if name == "data" => {
            payload(text).into_iter().map(|data| json!(STANDARD.encode(data))).collect()
        }
        Value::String(text) if name == "encoding" || name == "type" && STANDARD.decode(text).is_ok_and(is_text) => {
            vec![json!(STANDARD.encode("binary/plain"))]
        }
        Value::String(text) => strings(text).into_iter().map(Value::String).collect(),
        Value::Null => vec![json!(true)],
        Value::Array(_) | Value::Object(_) => Vec::new(),
    };
    others.into_iter().filter(|other| other != value).collect()
}

/// What payloads say of themselves is text, such as `json/plain`.
fn is_text(bytes: Vec<u8>) -> bool {
    String::from_utf8(bytes).is_ok_and(|text| text.chars().all(|c| c.is_ascii_graphic()) && !text.is_empty())
}

fn strings(text: &str) -> Vec<String> {
    if let Ok(number) = text.parse::<i64>() {
        return vec![(number + 1).to_string(), (number - 1).to_string()];
    }
    if let Some((year, rest)) = text.split_once('-').filter(|(_, rest)| rest.ends_with('Z') && rest.contains('T'))
        && let Ok(year) = year.parse::<i32>()
    {
        return vec![format!("{:04}-{rest}", year + 1), format!("{:04}-{rest}", (year - 1).max(1))];
    }
    if text.strip_suffix('s').is_some_and(|seconds| seconds.parse::<f64>().is_ok()) {
        return vec!["54321s".to_owned(), "0.001s".to_owned()];
    }
    match another(text) {
        Some(other) => vec![other],
        None => vec![format!("{text}-other")],
    }
}

/// Another value of the enumeration to which this one belongs.
fn another(text: &str) -> Option<String> {
    if let Some((_, other)) = ENUMERATIONS.iter().find(|(is, _)| *is == text) {
        return Some((*other).to_owned());
    }
    let enums = known::TABLE.lines().filter_map(|line| line.strip_prefix("enum "));
    let mut all = enums.map(|line| line.split(' ').filter_map(|word| word.split_once('=').map(|(_, value)| value)));
    let values: Vec<&str> =
        all.find_map(|mut values| values.clone().any(|it| it == text).then(|| values.by_ref().collect()))?;
    values.into_iter().rfind(|value| *value != text && !value.ends_with("UNSPECIFIED")).map(str::to_owned)
}

/// The content of a payload with another value in it, as bytes.
fn payload(data: &str) -> Vec<Vec<u8>> {
    let content = STANDARD.decode(data).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let Some(mut content) = content else { return vec![b"{\"other\":1}".to_vec()] };
    change(&mut content);
    vec![content.to_string().into_bytes()]
}

/// Changes the first number or text in it.
fn change(value: &mut Value) -> bool {
    match value {
        Value::Number(number) => *value = json!(number.as_i64().unwrap_or(0) + 1),
        Value::String(text) => text.push('0'),
        Value::Bool(is) => *is = !*is,
        Value::Null => return false,
        Value::Array(list) => return list.iter_mut().any(change),
        Value::Object(map) => return map.values_mut().any(change),
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_values_have_the_same_shape() {
        let one = |name: &str, value: Value| values(name, &value).first().cloned();
        assert_eq!(one("x", json!(true)), Some(json!(false)));
        assert_eq!(one("x", json!("7")), Some(json!("8")));
        assert_eq!(one("x", json!("2026-01-01T00:00:00Z")), Some(json!("2027-01-01T00:00:00Z")));
        assert_eq!(one("x", json!("1.5s")), Some(json!("54321s")));
        assert_eq!(one("data", json!("MQ==")), Some(json!("Mg==")));
        assert_eq!(one("encoding", json!("anNvbi9wbGFpbg==")), Some(json!(STANDARD.encode("binary/plain"))));
        let kind = one("kind", json!("TASK_QUEUE_KIND_NORMAL"));
        assert!(kind.is_some_and(|it| it != "TASK_QUEUE_KIND_NORMAL" && it.to_string().contains("TASK_QUEUE_KIND_")));
        assert_eq!(one("x", json!("some-id")), Some(json!("some-id-other")));
    }
}
