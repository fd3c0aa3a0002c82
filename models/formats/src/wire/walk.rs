//! One JSON value of a file, whatever stands around the events in it: lists, lists of lists, objects in objects.
//!
//! Events are decoded as they come, so that no tree is larger than one event; only what stands in an object under a name that
//! is not known is kept whole until the object ends, and looked into then.

use super::Notes;
use super::bounds::{Bounded, Budget, twice};
use super::history::{self, Beside};
use crate::event::Event;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// What was found so far.
#[derive(Default)]
pub(super) struct Found {
    /// Events of which nobody has said yet where their list ends.
    pub(super) loose: Vec<Event>,
    /// Lists that have ended, with what stood beside them.
    pub(super) lists: Vec<(Vec<Event>, Beside)>,
    /// The members of the first object that had nothing to do with events.
    pub(super) strange: Option<Map<String, Value>>,
    pub(super) notes: Notes,
}

impl Found {
    /// Ends the list of loose events. A page is added to the one that it follows.
    pub(super) fn end(&mut self, beside: Beside) {
        let events = std::mem::take(&mut self.loose);
        let Some(first) = events.first() else { return };
        if let Some((page, before)) = self.lists.last_mut()
            && before.more
            && page.last().is_some_and(|last| last.id.plus(1) == first.id)
        {
            page.extend(events);
            before.more = beside.more;
            return;
        }
        self.lists.push((events, beside));
    }
}

/// What a value was.
pub(super) enum Seen {
    /// Nothing of events.
    Nothing,
    /// An event or a list of them, which may go on behind it.
    Events,
    /// An object around events: they are loose, and this stood beside them.
    Whole(Beside),
}

/// Objects in objects that are looked into.
const DEEPEST: usize = 8;

/// Reads one value.
pub(super) struct Walk<'a> {
    pub(super) found: &'a mut Found,
    pub(super) budget: &'a Budget,
    /// How many lists or objects it is inside of.
    pub(super) depth: usize,
    /// It is an element of a list of events.
    pub(super) listed: bool,
}

impl Walk<'_> {
    fn inside(&mut self, listed: bool) -> Walk<'_> {
        Walk { found: self.found, budget: self.budget, depth: self.depth + 1, listed }
    }

    /// A value that is neither a list nor an object.
    fn plain<E: Error>(self, value: Value, said: &str) -> Result<Seen, E> {
        match self.listed {
            true => self.event(value),
            false => Err(E::custom(format_args!("expected a recording or a history, found {said}"))),
        }
    }

    fn event<E: Error>(self, value: Value) -> Result<Seen, E> {
        history::add(value, &mut self.found.loose, &mut self.found.notes, self.budget)?;
        Ok(Seen::Events)
    }

    /// Looks for events in what stood under names that are not known.
    fn within<E: Error>(mut self, beside: &Beside) -> Result<Seen, E> {
        for value in beside.rest.values().filter(|value| holds(value, DEEPEST)) {
            match self.inside(false).deserialize(value).map_err(E::custom)? {
                Seen::Whole(beside) => self.found.end(beside),
                _ => self.found.end(Beside::default()),
            }
        }
        Ok(Seen::Nothing)
    }
}

/// True if there are events in it.
fn holds(value: &Value, deep: usize) -> bool {
    match value {
        _ if deep == 0 => false,
        Value::Array(items) => items.first().is_some_and(|first| holds(first, deep - 1)),
        Value::Object(map) => {
            is_event(map)
                || map.iter().any(|(_, value)| (value.is_array() || value.is_object()) && holds(value, deep - 1))
        }
        _ => false,
    }
}

fn is_event(map: &Map<String, Value>) -> bool {
    ["eventType", "event_type"].iter().any(|key| map.contains_key(*key))
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = Seen;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Seen, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = Seen;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a recording or a history")
    }
    fn visit_unit<E: Error>(self) -> Result<Seen, E> {
        if self.depth > 0 && !self.listed { Ok(Seen::Nothing) } else { self.plain(Value::Null, "null") }
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<Seen, E> {
        self.plain(value.into(), "true or false")
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Seen, E> {
        self.plain(value.into(), "a number")
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Seen, E> {
        self.plain(value.into(), "a number")
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Seen, E> {
        self.plain(value.into(), "a number")
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<Seen, E> {
        self.plain(value.into(), "a text")
    }
    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Seen, A::Error> {
        while let Some(seen) = seq.next_element_seed(self.inside(true))? {
            if let Seen::Whole(beside) = seen {
                self.found.end(beside);
            }
        }
        Ok(Seen::Events)
    }
    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Seen, A::Error> {
        let (mut beside, mut around) = (Beside::default(), false);
        while let Some(key) = entries.next_key::<String>()? {
            match key.as_str() {
                "events" | "history" if around => return Err(twice(&key)),
                "events" | "history" => {
                    if let Seen::Whole(inner) = entries.next_value_seed(self.inside(false))? {
                        beside.more |= inner.more;
                        beside.rest.extend(inner.rest);
                    }
                    around = true;
                }
                _ if beside.rest.contains_key(&key) => return Err(twice(&key)),
                _ => {
                    let value = entries.next_value_seed(Bounded(self.budget))?;
                    beside.take(key, value);
                }
            }
        }
        match around {
            true => Ok(Seen::Whole(beside)),
            false if is_event(&beside.rest) => self.event(Value::Object(beside.rest)),
            false if beside.rest.values().any(|value| holds(value, DEEPEST)) => self.within(&beside),
            false if self.listed => self.event(Value::Object(beside.rest)),
            false => {
                self.found.strange.get_or_insert(beside.rest);
                Ok(Seen::Nothing)
            }
        }
    }
}
