//! A short way to write evidence, for the examples of rules and for tests.
//!
//! ```text
//! # comment
//! run order-1/r1                 a run begins (workflow id / run id); without this line it is `w/r`
//! 1 WorkflowExecutionStarted
//! 2 WorkflowTaskScheduled
//! 3 WorkflowTaskStarted scheduledEventId=2
//! 4 TimerStarted timerId=7 startToFireTimeout=1s workflowTaskCompletedEventId=3 @0.5
//! read order-1/r1                like `run`, for a read that is not final
//! {"at":1,"type":"end",…}        a line of a recording, as JSON
//! ```
//! An event is its id, its kind, attributes by their JSON names (`a.b=c` nests; a value that begins with `{`, `[` or `"`
//! is JSON and must not contain blanks) and, after `@`, its time in seconds. It is read by the same decoder as any other evidence.

use resurgam_formats::evidence::{Evidence, Run};
use resurgam_formats::notes::Problem;
use serde_json::{Map, Value, json};

/// Reads evidence from notation.
///
/// # Errors
/// One line with the line number and what is wrong.
pub fn parse(text: &str) -> Result<Evidence, Problem> {
    let mut all = Evidence::default();
    let mut current: Option<(bool, Run)> = None;
    for (index, line) in text.lines().map(str::trim).enumerate() {
        let at = |e: &dyn std::fmt::Display| Problem(format!("line {}: {e}", index + 1));
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with('{') {
            all.add(serde_json::from_str(line).map_err(|e| at(&e))?).map_err(|e| at(&e))?;
            continue;
        }
        let mut words = line.split_whitespace();
        let first = words.next().unwrap_or_default();
        if first == "run" || first == "read" {
            finish(&mut all, current.take());
            let (workflow_id, run_id) =
                words.next().and_then(|w| w.rsplit_once('/')).ok_or_else(|| at(&"expected WORKFLOW/RUN"))?;
            let run = Run { workflow_id: workflow_id.into(), run_id: run_id.into(), ..Run::default() };
            current = Some((first == "run", run));
            continue;
        }
        let id: i64 = first.parse().map_err(|_| at(&"expected an event id"))?;
        let kind = words.next().ok_or_else(|| at(&"expected an event kind"))?;
        let event = event(id, kind, words).map_err(|e| at(&e))?;
        let event = resurgam_formats::event::decode(event, &mut all.notes).map_err(|e| at(&e))?;
        let (_, run) = current
            .get_or_insert_with(|| (true, Run { workflow_id: "w".into(), run_id: "r".into(), ..Run::default() }));
        run.events.push(event);
    }
    finish(&mut all, current);
    Ok(all)
}

fn finish(all: &mut Evidence, run: Option<(bool, Run)>) {
    match run {
        Some((true, run)) => all.runs.push(run),
        Some((false, run)) => all.reads.push(run),
        None => {}
    }
}

fn event<'a>(id: i64, kind: &str, words: impl Iterator<Item = &'a str>) -> Result<Value, String> {
    let mut attributes = Map::new();
    let mut time = Value::Null;
    for word in words {
        if let Some(seconds) = word.strip_prefix('@') {
            let seconds: f64 = seconds.parse().map_err(|_| format!("{seconds} is not a number of seconds"))?;
            let nanos = (seconds * 1e9).round() as i128;
            time = json!(jiff::Timestamp::from_nanosecond(nanos).map_err(|e| e.to_string())?.to_string());
            continue;
        }
        let (path, text) = word.split_once('=').ok_or_else(|| format!("expected NAME=VALUE, found {word}"))?;
        let value = match text.as_bytes().first() {
            Some(b'{' | b'[' | b'"') => serde_json::from_str(text).map_err(|e| format!("{path}: {e}"))?,
            _ if text == "true" => Value::Bool(true),
            _ => Value::String(text.to_owned()),
        };
        let mut place = &mut attributes;
        let mut names = path.split('.').peekable();
        while let Some(name) = names.next() {
            if names.peek().is_none() {
                place.insert(name.to_owned(), value);
                break;
            }
            let inner = place.entry(name.to_owned()).or_insert_with(|| Value::Object(Map::new()));
            place = inner.as_object_mut().ok_or_else(|| format!("{name} is both a value and an object"))?;
        }
    }
    Ok(json!({"eventId": id, "eventType": kind, "eventTime": time, "attributes": attributes}))
}
