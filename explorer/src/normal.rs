//! Answers in a form in which they can be compared: what has a name in the case has it in place of what it is called on this
//! server, and of times and identifiers that a server makes only the kind is left.

use crate::bindings::Bindings;
use crate::notation::TIME;
use serde_json::{Map, Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// What some languages take for no time.
const YEAR_1: i64 = -62_135_596_800;
/// Before 1971 nobody started anything.
const LONG_AGO: i64 = 365 * 86_400;
/// So much later than the beginning of a case may still be now, in seconds.
const NOW: i64 = 45;
/// Lists of all that there is, of which only what is of the case is looked at.
const LISTS: [&str; 2] = ["executions", "schedules"];
/// When a calendar names times depends on when it is asked: how many they are is compared.
const CALENDAR: [&str; 2] = ["future_action_times", "start_times"];
/// What a time in a text looks like, as it is in the ids of workflows that schedules start.
const WRITTEN_TIME: &str = "0000-00-00T00:00:00Z";
/// So much later is far, in seconds.
const FAR: i64 = 20 * 86_400;
/// Lists without an order.
const UNORDERED: [&str; 3] = ["pending_activities", "pending_children", "pending_nexus_operations"];

/// Lengths of time that are measured: they are compared to the minute.
const MEASURED: [&str; 4] =
    ["approximate_backlog_age", "current_retry_interval", "execution_duration", "first_workflow_task_backoff"];

/// What makes answers of one side comparable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Normal<'a> {
    /// What has a name.
    pub(crate) bindings: &'a Bindings,
    /// When the case began.
    pub(crate) begun: SystemTime,
}

impl Normal<'_> {
    /// The answer of a server, or a part of it.
    pub(crate) fn of(&self, value: &Value) -> Value {
        of_field(self, "", value)
    }
}

fn of_field(of: &Normal<'_>, field: &str, value: &Value) -> Value {
    match value {
        Value::Object(fields) if fields.contains_key(TIME) => time(of, &fields[TIME]),
        Value::Object(fields) if MEASURED.contains(&field) => {
            let seconds = fields.get("seconds").and_then(Value::as_i64).unwrap_or_default();
            json!(format!("<{}>", minutes(seconds)))
        }
        Value::Object(fields) => {
            let key = |name: &String| {
                if field == "request_id_infos" && is_made(of, name) {
                    "<made>".to_owned()
                } else {
                    of.bindings.name(name)
                }
            };
            let named = fields.iter().map(|(name, value)| (key(name), of_field(of, name, value)));
            // A list of which only what others have made was left out is one with nothing in it.
            let is_left = |(name, value): &(String, Value)| !LISTS.contains(&name.as_str()) || *value != json!([]);
            Value::Object(named.filter(is_left).collect::<Map<_, _>>())
        }
        // What others have made is no concern of the case.
        Value::Array(values) if CALENDAR.contains(&field) => json!(format!("<{} times>", values.len())),
        Value::Array(values) if LISTS.contains(&field) => {
            let id = of.bindings.get("id").unwrap_or_default();
            let own = |value: &&Value| value.to_string().contains(id);
            values.iter().filter(own).map(|value| of_field(of, "", value)).collect()
        }
        Value::Array(values) => {
            let mut values: Vec<Value> = values.iter().map(|value| of_field(of, field, value)).collect();
            if UNORDERED.contains(&field) {
                values.sort_by_key(ToString::to_string);
            }
            Value::Array(values)
        }
        // Ours names a request by what is asked, so that whoever asks again asks the same.
        Value::String(text) if field == "request_id" && is_made(of, text) => json!("<made>"),
        Value::String(_) if field.ends_with("_token") => json!("<token>"),
        Value::String(text) => json!(written_times(&identifiers(&of.bindings.name(text)))),
        other => other.clone(),
    }
}

/// Whether a server has made this identifier up.
fn is_made(of: &Normal<'_>, text: &str) -> bool {
    let named = identifiers(&of.bindings.name(text));
    // Ours makes them of the name of a run.
    let is_run = |(name, rest): (&str, &str)| name.starts_with('{') && name.ends_with("run") && rest.starts_with('/');
    named.starts_with("<uuid") || named == "emptyUuid" || named.split_once('}').is_some_and(is_run)
}

/// A time beside the beginning of the case, to the minute.
fn time(of: &Normal<'_>, seconds: &Value) -> Value {
    let begun = of.begun.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0));
    let seconds = seconds.as_i64().unwrap_or_default();
    let later = seconds - begun;
    if seconds == 0 {
        json!("<1970>")
    } else if seconds == YEAR_1 {
        json!("<year 1>")
    } else if seconds < LONG_AGO {
        json!(format!("<{seconds} s since 1970>"))
    } else if (-NOW..NOW).contains(&later) {
        json!("<now>")
    } else {
        json!(format!("<in {}>", minutes(later)))
    }
}

/// A length of time, to the minute. When a calendar names the next time of a year depends on the day on which it is asked.
fn minutes(seconds: i64) -> String {
    match seconds {
        FAR.. => "more than 20 days".to_owned(),
        seconds if seconds < -FAR => "minus more than 20 days".to_owned(),
        _ => format!("{} min", (seconds + 15).div_euclid(60)),
    }
}

/// The text with a word in place of each time that is written out in it.
fn written_times(text: &str) -> String {
    let form = WRITTEN_TIME.as_bytes();
    let (mut bytes, mut named) = (text.as_bytes(), Vec::new());
    while let Some((first, rest)) = bytes.split_first() {
        let is_time = bytes.get(..form.len()).is_some_and(|part| {
            part.iter().zip(form).all(|(is, like)| if *like == b'0' { is.is_ascii_digit() } else { is == like })
        });
        if is_time {
            named.extend_from_slice(b"<time>");
            bytes = &bytes[form.len()..];
        } else {
            named.push(*first);
            bytes = rest;
        }
    }
    String::from_utf8_lossy(&named).into_owned()
}

/// The text with the kind of each identifier (a UUID) in its place.
fn identifiers(text: &str) -> String {
    const LENGTH: usize = 36;
    let bytes = text.as_bytes();
    let is_one = |at: usize| {
        let Some(part) = bytes.get(at..at + LENGTH) else { return false };
        part.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    };
    let (mut named, mut from, mut at) = (String::new(), 0, 0);
    while at + LENGTH <= bytes.len() {
        if is_one(at) {
            named.push_str(&text[from..at]);
            named.push_str(&format!("<uuid v{}>", char::from(bytes[at + 14])));
            at += LENGTH;
            from = at;
        } else {
            at += 1;
        }
    }
    named.push_str(&text[from..]);
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_texts_become_a_word() {
        assert_eq!(written_times("ü-2026-12-01T02:03:04Z of 2026-12-01"), "ü-<time> of 2026-12-01");
    }

    #[test]
    fn identifiers_become_their_kind() {
        let text = "run 01900000-2222-7333-8444-555555555555 of ü, not 01900000-2222-7333-8444-55555555555g";
        assert_eq!(identifiers(text), "run <uuid v7> of ü, not 01900000-2222-7333-8444-55555555555g");
        assert_eq!(identifiers("short"), "short");
    }
}
