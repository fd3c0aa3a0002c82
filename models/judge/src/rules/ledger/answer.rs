//! What an answer says beside what it should say, field by field.

use resurgam_formats::event::{Body, Field, Moment};
use resurgam_formats::notes::plain;
use serde_json::{Map, Value};

/// How answers write the kind of the queue of a run.
pub(super) const NORMAL: &str = "TASK_QUEUE_KIND_NORMAL";

/// The fields in which an answer is wrong, in words.
#[derive(Default)]
pub(super) struct Wrong(Vec<String>);

impl Wrong {
    /// Nothing is compared if nothing is expected.
    pub(super) fn field(&mut self, name: &str, found: Option<&Value>, expected: Option<&Value>) {
        if found != expected {
            self.add(name, found, expected);
        }
    }

    /// A moment; nothing is compared if none is expected.
    pub(super) fn moment(&mut self, name: &str, found: Option<&Value>, expected: Option<i64>) {
        if expected.is_some() && moment(found) != expected {
            self.add(name, found, Moment(expected).write().as_ref());
        }
    }

    /// The fields of a body that another one has otherwise.
    pub(super) fn fields(&mut self, names: &[&str], found: &Body, expected: &Body) {
        for name in names {
            self.field(name, found.field(name).as_ref(), expected.field(name).as_ref());
        }
    }

    /// A statement that does not hold.
    pub(super) fn say(&mut self, what: String) {
        self.0.push(what);
    }

    /// Another value than expected, whatever it is.
    pub(super) fn add(&mut self, name: &str, found: Option<&Value>, expected: Option<&Value>) {
        let show = |value: Option<&Value>| value.map_or_else(|| "missing".to_owned(), |it| plain(&it.to_string(), 200));
        self.0.push(format!("{name} is {}, not {}", show(found), show(expected)));
    }

    /// All of it, if anything is wrong.
    pub(super) fn words(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.join("; "))
    }
}

/// A moment in an answer, in nanoseconds since the Unix epoch.
pub(super) fn moment(value: Option<&Value>) -> Option<i64> {
    Moment::read(value?.clone()).ok()?.0
}

/// Fields of an answer read as those of an event of a kind: by the names that they have there.
pub(super) fn read_as(kind: &str, answer: &Value, names: &[(&str, &str)]) -> Option<Body> {
    let mut map = Map::new();
    for (there, path) in names {
        if let Some(value) = answer.pointer(path).filter(|value| !value.is_null()) {
            map.insert((*there).to_owned(), value.clone());
        }
    }
    Body::read(kind, &mut map).ok()?
}
