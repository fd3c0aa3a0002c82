//! What is drawn from: a valid request of each call, commands of workers, and situations, written in the three JSON files beside
//! this one.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::OnceLock;

const REQUESTS: &str = include_str!("requests.json");
const COMMANDS: &str = include_str!("commands.json");
const SITUATIONS: &str = include_str!("situations.json");

/// What is read of a list, which may be late: it is asked again until it is not.
const LATE: [&str; 7] = [
    "CountSchedules",
    "CountWorkflowExecutions",
    "ListClosedWorkflowExecutions",
    "ListOpenWorkflowExecutions",
    "ListSchedules",
    "ListWorkflowExecutions",
    "ScanWorkflowExecutions",
];

/// One step on the way into a situation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum Step {
    /// A call that has to succeed; parts of its answer get names.
    Call {
        /// Its name in the API.
        call: String,
        /// Fields of its request that are not as in the valid one.
        #[serde(default)]
        with: Map<String, Value>,
        /// What is named, and where it stands in the answer.
        #[serde(default)]
        bind: BTreeMap<String, String>,
    },
    /// A call that is not waited for.
    Begin {
        /// Its name in the API.
        begin: String,
        /// What its request says, by the names of fields.
        #[serde(default)]
        with: Map<String, Value>,
    },
    /// A call that is made until it answers so.
    Until {
        /// Its name in the API.
        until: String,
        /// The code that it then has, by its name in tonic; `Ok` if none is given.
        #[serde(default = "ok")]
        code: String,
        /// What then stands in its answer, and where.
        #[serde(default)]
        shows: BTreeMap<String, Value>,
    },
}

fn ok() -> String {
    "Ok".to_owned()
}

/// A state that a workflow can be in, and how it gets there.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Situation {
    /// What it is called.
    pub(crate) name: String,
    /// The situation that it begins with.
    #[serde(default, skip_serializing)]
    after: Option<String>,
    /// It takes the real server a minute: only who asks for it gets it.
    #[serde(default, skip_serializing)]
    pub(crate) slow: bool,
    /// What is done.
    pub(crate) steps: Vec<Step>,
}

fn read<T: for<'a> Deserialize<'a>>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|why| unreachable!("a file of this crate: {why}"))
}

/// A valid request of each call that is drawn, by the name of the call.
pub(crate) fn requests() -> &'static BTreeMap<String, Map<String, Value>> {
    static READ: OnceLock<BTreeMap<String, Map<String, Value>>> = OnceLock::new();
    READ.get_or_init(|| read(REQUESTS))
}

/// Commands of a worker.
pub(crate) fn commands() -> &'static [Value] {
    static READ: OnceLock<Vec<Value>> = OnceLock::new();
    READ.get_or_init(|| read(COMMANDS))
}

/// All situations, each with all its steps, simpler ones before those that begin with them.
pub(crate) fn situations() -> &'static [Situation] {
    static READ: OnceLock<Vec<Situation>> = OnceLock::new();
    READ.get_or_init(|| {
        let mut whole: Vec<Situation> = Vec::new();
        for mut situation in read::<Vec<Situation>>(SITUATIONS) {
            if let Some(before) = situation.after.take() {
                let before = whole.iter().find(|known| known.name == before);
                let before = before.unwrap_or_else(|| unreachable!("{} follows nothing", situation.name));
                situation.steps.splice(0..0, before.steps.iter().cloned());
            }
            whole.push(situation);
        }
        whole
    })
}

/// True for a call that reads a list, which may be late.
pub(crate) fn reads_late(call: &str) -> bool {
    LATE.contains(&call)
}

/// The valid request of a call, with other fields in it.
pub(crate) fn request(call: &str, with: &Map<String, Value>) -> Value {
    let mut request = requests().get(call).cloned().unwrap_or_default();
    request.extend(with.clone());
    Value::Object(request)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::bindings::Bindings;
    use crate::notation;

    #[test]
    fn all_that_is_written_can_be_read() {
        let bindings = Bindings::new(["one", "two", "three"], "id");
        let is_request = |call: &str, with: &Map<String, Value>| {
            let method = notation::method(call).unwrap_or_else(|| panic!("{call} is no call"));
            notation::read(&method.input(), &bindings.fill(&request(call, with))).unwrap();
        };
        for call in requests().keys() {
            is_request(call, &Map::new());
        }
        for command in commands() {
            let with = [("commands".to_owned(), Value::Array(vec![command.clone()]))].into_iter().collect();
            is_request("RespondWorkflowTaskCompleted", &with);
        }
        for situation in situations() {
            for step in &situation.steps {
                match step {
                    Step::Call { call, with, .. } => is_request(call, with),
                    Step::Begin { begin, with } => is_request(begin, with),
                    Step::Until { until, .. } => is_request(until, &Map::new()),
                }
            }
        }
        assert!(situations().iter().any(|situation| situation.steps.len() > 4));
    }
}
