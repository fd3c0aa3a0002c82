//! Values of fields: the default, boundaries, what is valid, what makes no sense.

use prost_reflect::{FieldDescriptor, Kind};
use rand::RngExt as _;
use rand::rngs::SmallRng;
use serde_json::{Value, json};

/// Longer than an identifier may be.
const LONG: &str = "{x*1001}";
/// Larger than a payload may be.
const LARGE: &str = "{x*2200000}";

/// One of these.
pub(crate) fn one<'a, T>(random: &mut SmallRng, of: &'a [T]) -> Option<&'a T> {
    (!of.is_empty()).then(|| &of[random.random_range(0..of.len())])
}

/// A value of a field that is no message of several fields; nothing for those.
pub(crate) fn value(random: &mut SmallRng, field: &FieldDescriptor) -> Option<Value> {
    let drawn = match field.kind() {
        Kind::Bool => json!(random.random_bool(0.7)),
        Kind::Int32 | Kind::Int64 | Kind::Sint32 | Kind::Sint64 => {
            json!(one(random, &[0, 1, 2, 3, 4, 5, 7, -1, 100, 1001, i64::from(i32::MAX), i64::from(i32::MIN)])?)
        }
        Kind::Uint32 | Kind::Uint64 => json!(one(random, &[0, 1, 2, 1001, i64::from(u32::MAX)])?),
        Kind::Float | Kind::Double => json!(one(random, &[0.0, 0.5, 1.0, 1.5, 2.0, -1.0, 1e30])?),
        Kind::String => json!(one(random, texts(field.name()))?),
        Kind::Bytes => json!(one(random, bytes(field.name()))?),
        Kind::Enum(of) => {
            let mut numbers: Vec<i32> = of.values().map(|known| known.number()).collect();
            numbers.extend([99, -1]);
            let number = *one(random, &numbers)?;
            of.get_value(number).map_or(json!(number), |known| json!(known.name()))
        }
        Kind::Message(of) => match of.full_name() {
            "google.protobuf.Duration" => one(random, &durations())?.clone(),
            "google.protobuf.Timestamp" => {
                let times =
                    [json!({}), json!({"seconds": 1}), json!({"seconds": 4_000_000_000_i64}), json!({"nanos": -7})];
                one(random, &times)?.clone()
            }
            "temporal.api.common.v1.Payload" => one(random, &payloads())?.clone(),
            "google.protobuf.FieldMask" => json!({"paths": [one(random, &PATHS)?]}),
            _ => return None,
        },
        _ => return None,
    };
    Some(drawn)
}

/// Keys of a map.
pub(crate) fn key(random: &mut SmallRng) -> &'static str {
    one(random, &["key", "", "CustomKeywordField", "BuildIds", LONG]).unwrap_or(&"key")
}

const PATHS: [&str; 6] =
    ["", "start_to_close_timeout", "task_queue.name", "retry_policy", "retry_policy.initial_interval", "none"];

fn durations() -> [Value; 10] {
    let seconds = |seconds: i64| json!({ "seconds": seconds });
    [
        json!({}),
        seconds(60),
        seconds(3600),
        seconds(90_000),
        json!({"seconds": 120, "nanos": 1_500_000}),
        seconds(-1),
        json!({"seconds": 5, "nanos": -7}),
        json!({"seconds": 60, "nanos": 1_000_000_000}),
        seconds(315_576_000_000),
        seconds(i64::MAX),
    ]
}

fn payloads() -> [Value; 6] {
    let json = json!({"encoding": "json/plain"});
    [
        json!({}),
        json!({"data": "x"}),
        json!({"metadata": json, "data": "1"}),
        json!({"metadata": json, "data": "\"text\""}),
        json!({"metadata": {"encoding": "binary/null"}}),
        json!({"metadata": json, "data": LARGE}),
    ]
}

/// Texts for a field of this name.
fn texts(name: &str) -> &'static [&'static str] {
    match name {
        "namespace" => &["", "{ns}", "{other_ns}", "no-such-namespace", "{ns_id}", "{id}-namespace", LONG],
        "schedule_id" => &["{id}-schedule", "{id}-none", LONG],
        "calendar" | "cron_string" => &["", "0 0 1 1 *", "nonsense"],
        "timezone_name" => &["", "UTC", "Europe/Berlin", "nonsense"],
        "workflow_id" => &["", "{id}", "{id}-none", "{id}-other", "/_sys/{id}", "{id}{x*940}", LONG],
        "run_id" | "first_execution_run_id" | "original_execution_run_id" => {
            &["", "{run}", "{run}", "{old_run}", "{first_run}", "{no_run}", "not a run", LONG]
        }
        "request_id" => &["", "{id}-start", "{id}-cancel", "{id}-signal", "{id}-new", LONG],
        "cron_schedule" => &["", "0 0 1 1 *", "@every 10h", "@yearly", "nonsense", "61 * * * *", LONG],
        "query" => &[
            "WorkflowId = '{id}'",
            "WorkflowId = '{id}' AND ExecutionStatus = 'Running'",
            "WorkflowId = '{id}' ORDER BY StartTime",
            "Nothing = 1",
            "nonsense",
            "RunId = 'x",
        ],
        "activity_id" | "id" => &["", "a", "b", "none", LONG],
        "timer_id" => &["", "t", "s", "none", LONG],
        "update_id" => &["", "u", "v", "none", LONG],
        "marker_name" | "signal_name" | "query_type" => &["", "some", "__temporal_some", "__stack_trace", LONG],
        "worker_task_queue" | "normal_name" | "sticky_task_queue" | "task_queue" => {
            &["", "{queue}", "{id}-sticky", "/_sys/mine", "/_sys/mine/1", LONG]
        }
        // Of task queues, types and much else.
        "name" => &["", "{queue}", "T", "some", "/_sys/mine", "/_sys/mine/1", "__temporal_some", LONG],
        "identity" | "reason" | "message" | "type" | "control" => &["", "somebody", LONG, "{x*9000}"],
        _ => &["", "some", "{run}", LONG],
    }
}

fn bytes(name: &str) -> &'static [&'static str] {
    match name {
        "task_token" => &["", "nonsense", "{token}", "{old_token}", "{activity_token}", "{query_token}", "hex:0a00"],
        "conflict_token" => &["", "nonsense", "{conflict_token}"],
        "next_page_token" => &["", "nonsense", "{token}", "hex:0a00"],
        _ => &["", "some", "hex:00ff", LONG],
    }
}
