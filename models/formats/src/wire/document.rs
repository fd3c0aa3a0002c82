//! Any file of evidence: told by its content, never by its name.

use super::bounds::{Bounded, Budget, twice};
use super::history::{self, Beside, Events};
use super::{Notes, Problem, recording, source, version};
use crate::event::Event;
use crate::evidence::Evidence;
use crate::{plan, program, verdict};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;
use std::io::Read;

/// What kind of file was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The recording of a case.
    Recording,
    /// The history of one run.
    History,
}

/// A file that was read.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it was.
    pub form: Form,
    /// What it says; of a history one run.
    pub evidence: Evidence,
}

/// Reads a recording or a history in any of these shapes, told by content:
///
/// - a recording: lines of [`crate::recording::Entry`], the first a header;
/// - `{"events": […]}`, `{"history": {"events": […]}}` (answers of the server, pages of them too), `[…]`, or one event
///   after another;
/// - any of them compressed with gzip, or with a byte order mark.
///
/// `name` is for messages only. At most `max` bytes are read, counted after decompression; [`super::MAX_BYTES`] is a
/// good choice. Memory stays within a small multiple of that.
///
/// # Errors
/// One line that begins with `name` and says where and what: the line and column, the event, the field.
pub fn read(name: &str, input: impl Read, max: u64) -> Result<Document, Problem> {
    source::text(input, max).and_then(|text| document(&text, max)).map_err(|what| Problem::of(name, &what))
}

/// What the first JSON value of a file holds.
#[derive(Default)]
struct Found {
    events: Option<Vec<Event>>,
    beside: Beside,
    notes: Notes,
}

fn document(text: &str, max: u64) -> Result<Document, String> {
    let budget = Budget::new(max);
    let mut found = Found::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let first = Top { found: &mut found, budget: &budget, inner: false }.deserialize(&mut json);
    if first.is_ok() {
        let has = |key: &str| found.beside.rest.contains_key(key);
        if has("at") && has("type") {
            let evidence = recording::read(text, &budget)?;
            return Ok(Document { form: Form::Recording, evidence });
        }
        if found.events.is_none() && (has("eventType") || has("event_type")) {
            return one_by_one(text, &budget);
        }
    }
    first.and_then(|()| json.end()).map_err(|e| said(&e, found.events.as_deref()))?;
    let Found { events, beside, mut notes } = found;
    let events = events.filter(|events| !events.is_empty()).ok_or_else(|| no_events(&beside.rest))?;
    let run = history::arrange(events, &beside, &mut notes);
    Ok(Document { form: Form::History, evidence: Evidence { runs: vec![run], notes, ..Evidence::default() } })
}

/// Events one after another, with nothing around them.
fn one_by_one(text: &str, budget: &Budget) -> Result<Document, String> {
    let (mut events, mut notes) = (Vec::new(), Notes::default());
    let mut json = serde_json::Deserializer::from_str(text);
    while json.end().is_err() {
        let value = Bounded(budget).deserialize(&mut json);
        value
            .and_then(|value| history::add(value, &mut events, &mut notes, budget))
            .map_err(|e| said(&e, Some(&events)))?;
    }
    let run = history::arrange(events, &Beside::default(), &mut notes);
    Ok(Document { form: Form::History, evidence: Evidence { runs: vec![run], notes, ..Evidence::default() } })
}

/// What the JSON reader said, with the last event before it.
fn said(problem: &serde_json::Error, events: Option<&[Event]>) -> String {
    let text = problem.to_string();
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    let what = match what {
        _ if problem.is_eof() => "the file is cut short",
        "recursion limit exceeded" => "nested too deeply",
        "trailing characters" => "something follows after the end of the history",
        other => other,
    };
    let after = match events.and_then(<[Event]>::last) {
        Some(event) if !what.starts_with("event ") => format!(" (after event {})", event.id),
        _ => String::new(),
    };
    match problem.line() {
        0 => format!("{what}{after}"),
        line => format!("line {line} column {}{after}: {what}", problem.column()),
    }
}

/// Says what a file is in which there are no events.
fn no_events(rest: &Map<String, Value>) -> String {
    let json = Value::Object(rest.clone());
    let has = |keys: &[&str]| keys.iter().all(|key| rest.contains_key(*key));
    let other = if has(&["seed", "programs"]) {
        version::check::<plan::Plan>(&json).map(|()| "a plan")
    } else if has(&["subject", "rules"]) {
        version::check::<verdict::Verdict>(&json).map(|()| "a verdict")
    } else if has(&["program"]) {
        version::check::<program::Input>(&json).map(|()| "a program")
    } else if rest.get("rawHistory").is_some_and(|raw| raw.as_array().is_some_and(|blobs| !blobs.is_empty())) {
        return "holds a raw history (encoded blobs); export it as JSON events".into();
    } else if rest.is_empty() {
        return "holds no events".into();
    } else {
        let keys: Vec<String> = rest.keys().take(5).map(|key| key.chars().take(30).collect()).collect();
        return format!("is neither a recording nor a history: an object with {}", keys.join(", "));
    };
    other.map_or_else(|newer| newer, |what| format!("is {what}; there is nothing to judge in it"))
}

/// Decodes the first value of a file: a list of events, or an object that holds one somewhere near the top.
struct Top<'a> {
    found: &'a mut Found,
    budget: &'a Budget,
    inner: bool,
}

impl<'de> DeserializeSeed<'de> for Top<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a recording or a history")
    }
    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        if self.inner { Ok(()) } else { Err(E::custom("expected a recording or a history, found null")) }
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        let out = self.found.events.get_or_insert_default();
        Events { out, notes: &mut self.found.notes, budget: self.budget }.visit_seq(seq)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(key) = entries.next_key::<String>()? {
            match key.as_str() {
                "events" | "history" if self.found.events.is_some() => return Err(twice(&key)),
                "events" => {
                    let out = self.found.events.get_or_insert_default();
                    entries.next_value_seed(Events { out, notes: &mut self.found.notes, budget: self.budget })?;
                }
                "history" if !self.inner => {
                    entries.next_value_seed(Top { found: self.found, budget: self.budget, inner: true })?;
                }
                _ if self.found.beside.rest.contains_key(&key) => return Err(twice(&key)),
                _ => {
                    let value = entries.next_value_seed(Bounded(self.budget))?;
                    self.found.beside.take(key, value);
                }
            }
        }
        Ok(())
    }
}
