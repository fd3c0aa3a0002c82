//! What a history says: a table of its events, ticks for them, and bars for what lasts (timers, activities, children).

use super::lane::{Item, Lane, Time};
use crate::clock::Clock;
use crate::text;
use base64::Engine as _;
use resurgam_formats::event::{Body, Event, EventId};
use resurgam_formats::evidence::Run;
use resurgam_formats::verdict::Finding;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One run, as a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunTable {
    /// The run id.
    pub run: String,
    /// How it closed: `Completed`, …, `open`.
    pub status: String,
    /// The events that are shown, in order.
    pub rows: Vec<Row>,
    /// How many events in the middle were left out.
    pub hidden: usize,
    /// Named by a violation.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bad: bool,
}

/// One event, as a row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The event id.
    pub id: i64,
    /// When, by the recorder's clock.
    pub at: Option<Time>,
    /// The kind of the event, in Temporal's words.
    pub kind: String,
    /// Its class, for the colour: `task`, `activity`, `timer`, `child`, `message`, `close`, `other`.
    pub class: &'static str,
    /// What matters most, in a few words.
    pub brief: String,
    /// All attributes, as JSON with payloads decoded.
    pub attributes: String,
    /// Named by a violation.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bad: bool,
}

/// Longer histories are shown by this many events from each end, and those that violations name.
const SHOWN: usize = 200;

/// The table of a run.
pub(super) fn table(run: &Run, clock: &Clock, findings: &[&Finding]) -> RunTable {
    let here = |finding: &&&Finding| finding.workflow_id == run.workflow_id && finding.run_id == run.run_id;
    let bad: Vec<i64> = findings.iter().filter(here).flat_map(|finding| finding.events.iter().copied()).collect();
    let all = run.events.len();
    let rows: Vec<Row> = run
        .events
        .iter()
        .enumerate()
        .filter(|(index, event)| *index < SHOWN || index + SHOWN >= all || bad.contains(&event.id.0))
        .map(|(_, event)| row(event, clock, bad.contains(&event.id.0)))
        .collect();
    let close = run.close().map_or("open", |event| event.body.name());
    RunTable {
        run: run.run_id.clone(),
        status: close.trim_start_matches("WorkflowExecution").to_owned(),
        hidden: all - rows.len(),
        bad: rows.iter().any(|row| row.bad),
        rows,
    }
}

fn row(event: &Event, clock: &Clock, bad: bool) -> Row {
    let (_, attributes) = event.body.write();
    let attributes = readable(Value::Object(attributes));
    let brief = attributes.as_object().into_iter().flatten().filter_map(|(name, value)| match value {
        Value::String(text) => Some(format!("{}={}", short_name(name), text::cut(text, 40))),
        Value::Number(_) | Value::Bool(_) => Some(format!("{}={value}", short_name(name))),
        Value::Object(inner) => {
            let name = inner.get("name").or_else(|| inner.get("updateId")).or_else(|| inner.get("message"))?;
            Some(text::cut(name.as_str()?, 40))
        }
        _ => None,
    });
    Row {
        id: event.id.0,
        at: event.time.map(|time| clock.case(time)),
        kind: event.body.name().to_owned(),
        class: class(&event.body),
        brief: text::cut(&brief.collect::<Vec<_>>().join(" "), 120),
        attributes: serde_json::to_string_pretty(&attributes).unwrap_or_default(),
        bad,
    }
}

/// `workflowTaskCompletedEventId` is long, and in every second event.
fn short_name(name: &str) -> &str {
    match name {
        "workflowTaskCompletedEventId" => "task",
        "scheduledEventId" => "scheduled",
        "startedEventId" => "started",
        "initiatedEventId" => "initiated",
        _ => name,
    }
}

/// Payloads become the JSON that they hold.
fn readable(value: Value) -> Value {
    match value {
        Value::Object(mut map) => {
            if let Some(Value::Array(items)) = map.get_mut("payloads") {
                let items = std::mem::take(items).into_iter().map(readable).collect::<Vec<_>>();
                return if let [one] = items.as_slice() { one.clone() } else { Value::Array(items) };
            }
            let plain = map.contains_key("metadata").then(|| map.get("data")?.as_str()).flatten();
            let engine = &base64::engine::general_purpose::STANDARD;
            if let Some(inner) = plain.and_then(|text| serde_json::from_slice(&engine.decode(text).ok()?).ok()) {
                return inner;
            }
            Value::Object(map.into_iter().map(|(name, inner)| (name, readable(inner))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(readable).collect()),
        other => other,
    }
}

fn class(body: &Body) -> &'static str {
    let name = body.name();
    match body {
        _ if body.is_close() => "close",
        _ if body.is_workflow_task() => "task",
        Body::WorkflowExecutionSignaled(_) | Body::WorkflowExecutionCancelRequested(_) => "message",
        _ if name.contains("Update") => "message",
        _ if name.starts_with("Activity") => "activity",
        _ if name.starts_with("Timer") => "timer",
        _ if name.contains("Child") || name.contains("External") => "child",
        _ => "other",
    }
}

/// A lane per run with a tick per event.
pub(super) fn ticks(tables: &[RunTable]) -> Vec<Lane> {
    let lane = |(index, table): (usize, &RunTable)| {
        let tick = |row: &Row| {
            Some(Item {
                from: row.at?,
                class: row.class,
                label: row.id.to_string(),
                detail: format!("event {} {} {}", row.id, row.kind, row.brief),
                bad: row.bad,
                event: Some((index, row.id)),
                ..Item::default()
            })
        };
        let name = if tables.len() > 1 { format!("events, run {}", index + 1) } else { "events".to_owned() };
        Lane { group: "events", name, items: table.rows.iter().filter_map(tick).collect() }
    };
    tables.iter().enumerate().map(lane).filter(|lane| !lane.items.is_empty()).collect()
}

/// What lasts in a history: its first event binds an id, a later one ends it.
enum Mark {
    Begin(&'static str, String),
    End(EventId, &'static str),
}

fn mark(body: &Body) -> Option<Mark> {
    use Mark::{Begin, End};
    Some(match body {
        Body::TimerStarted(timer) => Begin("timers", format!("timer {}", timer.timer_id)),
        Body::TimerFired(timer) => End(timer.started, "ok"),
        Body::TimerCanceled(timer) => End(timer.started, "cancel"),
        Body::ActivityTaskScheduled(activity) => {
            Begin("activities by history", format!("activity {}", activity.activity_id))
        }
        Body::ActivityTaskCompleted(end) => End(end.scheduled, "ok"),
        Body::ActivityTaskFailed(end) => End(end.scheduled, "fail"),
        Body::ActivityTaskTimedOut(end) => End(end.scheduled, "fail"),
        Body::ActivityTaskCanceled(end) => End(end.scheduled, "cancel"),
        Body::StartChildWorkflowExecutionInitiated(child) => Begin("children", child.workflow_id.clone()),
        Body::StartChildWorkflowExecutionFailed(end) => End(end.initiated, "fail"),
        Body::ChildWorkflowExecutionCompleted(end) => End(end.initiated, "ok"),
        Body::ChildWorkflowExecutionFailed(end) => End(end.initiated, "fail"),
        Body::ChildWorkflowExecutionCanceled(end) => End(end.initiated, "cancel"),
        Body::ChildWorkflowExecutionTimedOut(end) => End(end.initiated, "fail"),
        Body::ChildWorkflowExecutionTerminated(end) => End(end.initiated, "cancel"),
        _ => return None,
    })
}

/// Lanes of timers, activities and children, each bar from its first event to its last, or to the close of the run.
pub(super) fn waits(runs: &[&Run], clock: &Clock, end: Time) -> Vec<Lane> {
    let mut lanes: BTreeMap<&'static str, Vec<Item>> = BTreeMap::new();
    for run in runs {
        let mut under_way: BTreeMap<EventId, (&'static str, String, Time)> = BTreeMap::new();
        let mut push = |lane, label: String, from, to: Option<Time>, class, detail| {
            let to = Some(to.unwrap_or(end));
            lanes.entry(lane).or_default().push(Item { from, to, class, label, detail, ..Item::default() });
        };
        for event in &run.events {
            let Some(at) = event.time.map(|time| clock.case(time)) else { continue };
            match mark(&event.body) {
                Some(Mark::Begin(lane, label)) => {
                    under_way.insert(event.id, (lane, label, at));
                }
                Some(Mark::End(begin, class)) => {
                    let Some((lane, label, from)) = under_way.remove(&begin) else { continue };
                    let detail = format!("{label}: event {begin} to {} {}", event.id, event.body.name());
                    push(lane, label, from, Some(at), class, detail);
                }
                None => {}
            }
        }
        let close = run.close().and_then(|event| event.time).map(|time| clock.case(time));
        for (begin, (lane, label, from)) in under_way {
            let detail = format!("{label}: from event {begin}, not ended in this run");
            push(lane, label, from, close, "info", detail);
        }
    }
    lanes.into_iter().map(|(name, items)| Lane { group: "waits", name: name.to_owned(), items }).collect()
}
