//! Any file of evidence: told by its content, never by its name.

use super::bounds::Budget;
use super::history::{self, Beside};
use super::walk::{Found, Seen, Walk};
use super::{Problem, named, recording, source, version};
use crate::event::Event;
use crate::evidence::Evidence;
use crate::{plan, program, verdict};
use serde::de::DeserializeSeed as _;
use serde_json::{Map, Value};
use std::io::Read;

/// What kind of file was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The recording of a case.
    Recording,
    /// Histories of runs.
    History,
}

/// A file that was read.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it was.
    pub form: Form,
    /// What it says.
    pub evidence: Evidence,
}

/// Reads a recording or a history in any of these shapes, told by content:
///
/// - a recording: lines of [`crate::recording::Entry`], the first a header;
/// - `{"events": […]}`, `{"history": {"events": […]}}` (answers of the server, pages of them too), `[…]`, lists of any of
///   these, or one after another; histories of several runs in one list; anything around them, and lines of a log before them;
/// - any of them compressed with gzip, or with a byte order mark.
///
/// `name` is for messages only. At most `max` bytes are read, counted after decompression; [`super::MAX_BYTES`] is a
/// good choice. Memory stays within a small multiple of that.
///
/// # Errors
/// One line that begins with `name` and says where and what: the line and column, the event, the field.
pub fn read(name: &str, input: impl Read, max: u64) -> Result<Document, Problem> {
    of_bytes(name, bytes(name, input, max)?, max)
}

/// The bytes of a file, decompressed if it is gzip; at most `max`, counted after decompression.
///
/// # Errors
/// One line that begins with `name`.
pub fn bytes(name: &str, input: impl Read, max: u64) -> Result<Vec<u8>, Problem> {
    source::bytes(input, max).map_err(|what| Problem::of(name, &what))
}

/// The same as [`read`] for a file whose bytes are there already.
///
/// # Errors
/// As [`read`].
pub fn of_bytes(name: &str, bytes: Vec<u8>, max: u64) -> Result<Document, Problem> {
    source::text_of(bytes).and_then(|text| document(&text, max)).map_err(|what| Problem::of(name, &what))
}

/// Places in a text at which a history is looked for behind something else.
const MOST_PLACES: usize = 100;

fn document(text: &str, max: u64) -> Result<Document, String> {
    let budget = Budget::new(max);
    let first = match values(text, &budget) {
        Ok(document) => return Ok(document),
        Err(why) if why.misread => why.what,
        Err(why) => return Err(why.what),
    };
    // Perhaps a log, with the history behind it.
    let mut at = 0;
    let mut places = text.split_inclusive('\n').enumerate().filter_map(|(number, line)| {
        at += line.len();
        (number > 0 && line.starts_with(['{', '['])).then(|| (number, at - line.len()))
    });
    let found =
        places.by_ref().take(MOST_PLACES).find_map(|(number, at)| Some((number, values(&text[at..], &budget).ok()?)));
    let (lines, mut document) = found.ok_or_else(|| named::text(text).map_or(first, |what| format!("is {what}")))?;
    document.evidence.notes.remark(format!("{lines} lines before the history were passed over"));
    Ok(document)
}

/// Why a text has no document.
struct Why {
    what: String,
    /// It is not JSON, from its first value on.
    misread: bool,
}

/// The values of a text, one after another: a recording, or histories.
fn values(text: &str, budget: &Budget) -> Result<Document, Why> {
    let mut found = Found::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let mut first = true;
    while first || json.end().is_err() {
        let read = Walk { found: &mut found, budget, depth: 0, listed: false }.deserialize(&mut json);
        match read {
            Ok(Seen::Whole(beside)) => found.end(beside),
            Ok(_) => {}
            Err(e) if e.is_syntax() && !first => return Err(Why { what: followed(&e, &found.loose), misread: false }),
            Err(e) => {
                let misread =
                    first && (e.is_syntax() || e.is_data()) && found.loose.is_empty() && found.lists.is_empty();
                return Err(Why { what: said(&e, &found.loose), misread });
            }
        }
        let has = |key: &str| found.strange.as_ref().is_some_and(|map| map.contains_key(key));
        if first && has("at") && has("type") {
            let evidence = recording::read(text, budget).map_err(|what| Why { what, misread: false })?;
            return Ok(Document { form: Form::Recording, evidence });
        }
        first = false;
    }
    found.end(Beside::default());
    let Found { lists, strange, mut notes, .. } = found;
    if lists.is_empty() {
        return Err(Why { what: no_events(&strange.unwrap_or_default()), misread: true });
    }
    if strange.is_some() {
        notes.remark("there are also values without events, which were passed over");
    }
    let runs = history::runs(lists, &mut notes);
    Ok(Document { form: Form::History, evidence: Evidence { runs, notes, ..Evidence::default() } })
}

/// What is wrong behind the first value.
fn followed(problem: &serde_json::Error, events: &[Event]) -> String {
    let said = said(problem, events);
    let place = said.split_once(": ").filter(|_| !problem.is_eof()).map(|(place, _)| place.to_owned());
    place.map_or(said, |place| format!("{place}: something follows after the end of the history"))
}

/// What the JSON reader said, with the last event before it.
fn said(problem: &serde_json::Error, events: &[Event]) -> String {
    let text = problem.to_string();
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    let what = match what {
        _ if problem.is_eof() => "the file is cut short",
        "recursion limit exceeded" => "nested too deeply",
        other => other,
    };
    let after = match events.last() {
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
