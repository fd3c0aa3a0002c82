//! A case on one server: the way into the situation, the requests, and what is to be seen afterwards.

use crate::bindings::Bindings;
use crate::case::Case;
use crate::catalogue::{self, Step};
use crate::normal::Normal;
use crate::request::Drawn;
use crate::server::{Answer, Server};
use crate::written::{CallSite, Written};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};
use tokio::task::JoinHandle;

/// How long a step is repeated until it answers as it should.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);
/// How long a call that is not waited for has to reach the server before the next one.
const BEGUN: Duration = Duration::from_millis(100);
/// How long what follows from a request has before the next one.
const BETWEEN: Duration = Duration::from_millis(100);
/// So often a step is done again that did not answer what it was made for.
const POLLS: usize = 5;

/// Where answers say what later requests need: the call, where it stands in the answer, its name, and that of the one before it.
const NAMED: [(&str, &str, &str, Option<&str>); 8] = [
    ("PollWorkflowTaskQueue", "/task_token", "token", Some("old_token")),
    ("PollWorkflowTaskQueue", "/messages/0/id", "message", None),
    ("PollWorkflowTaskQueue", "/messages/0/event_id", "sequence", None),
    ("PollActivityTaskQueue", "/task_token", "activity_token", None),
    ("StartWorkflowExecution", "/run_id", "run", Some("old_run")),
    ("SignalWithStartWorkflowExecution", "/run_id", "run", Some("old_run")),
    ("ResetWorkflowExecution", "/run_id", "run", Some("old_run")),
    ("DescribeSchedule", "/conflict_token", "conflict_token", None),
];

/// A case on one server.
pub(crate) struct Side {
    server: Server,
    bindings: Bindings,
    begun: SystemTime,
    seen: Vec<Written>,
    /// What is asked at the end.
    after: Vec<(&'static str, Value)>,
    waiting: Vec<(String, JoinHandle<Result<Answer, String>>)>,
    told: Vec<Written>,
    /// Why the situation was not reached.
    pub(crate) broken: Option<String>,
}

impl Side {
    /// Begins a case with an id of its own.
    pub(crate) fn new(server: &Server, namespace_id: &str, id: &str) -> Self {
        Self {
            bindings: Bindings::new([&server.namespace, &server.other_namespace, namespace_id], id),
            server: server.clone(),
            begun: SystemTime::now(),
            seen: Vec::new(),
            after: Vec::new(),
            waiting: Vec::new(),
            told: Vec::new(),
            broken: None,
        }
    }

    /// Goes into the situation, lets something be done, and makes the requests, unless the situation is not reached.
    ///
    /// # Errors
    /// A step or a request is none, or the server is gone.
    pub(crate) async fn perform(&mut self, case: &Case, between: impl AsyncFn()) -> Result<(), String> {
        self.after = case.looks();
        self.prepare(&case.situation.steps).await?;
        if self.broken.is_none() {
            between().await;
            for (number, request) in case.requests.iter().enumerate() {
                if number > 0 {
                    tokio::time::sleep(BETWEEN).await;
                }
                self.request(request).await?;
            }
        }
        Ok(())
    }

    async fn prepare(&mut self, steps: &[Step]) -> Result<(), String> {
        for step in steps {
            match step {
                Step::Call { call, with, bind } => self.step(call, with, bind).await?,
                Step::Begin { begin, with } => {
                    self.begin(begin, with);
                    tokio::time::sleep(BEGUN).await;
                }
                Step::Until { until, code, shows } => self.until(until, code, shows).await?,
            }
            if self.broken.is_some() {
                break;
            }
        }
        Ok(())
    }

    async fn step(
        &mut self,
        call: &str,
        with: &Map<String, Value>,
        bind: &BTreeMap<String, String>,
    ) -> Result<(), String> {
        let request = self.bindings.fill(&catalogue::request(call, with));
        let mut answer = self.server.call(call, &request).await?;
        // A poll may come back with nothing, at any time.
        for _ in 0..POLLS {
            if !answer.is_ok() || bind.values().all(|place| answer.response.pointer(place).is_some()) {
                break;
            }
            answer = self.server.call(call, &request).await?;
        }
        if !answer.is_ok() {
            self.broken = Some(format!("{call}: {} {}", answer.code, answer.message));
        }
        for (name, place) in bind {
            match answer.response.pointer(place) {
                Some(Value::String(value)) => self.bindings.bind(name, value),
                Some(value) => self.bindings.bind(name, &value.to_string()),
                None => self.broken = self.broken.take().or_else(|| Some(format!("{call} does not say {place}"))),
            }
        }
        self.seen.push(self.written(CallSite::Before, call, &answer));
        Ok(())
    }

    fn begin(&mut self, call: &str, with: &Map<String, Value>) {
        let request = self.bindings.fill(&catalogue::request(call, with));
        let (server, call) = (self.server.clone(), call.to_owned());
        let name = call.clone();
        self.waiting.push((name, tokio::spawn(async move { server.call(&call, &request).await })));
    }

    async fn until(&mut self, call: &str, code: &str, shows: &BTreeMap<String, Value>) -> Result<(), String> {
        let request = self.bindings.fill(&catalogue::request(call, &Map::new()));
        let begun = tokio::time::Instant::now();
        loop {
            let answer = self.server.call(call, &request).await?;
            let shown = shows.iter().all(|(place, value)| answer.response.pointer(place) == Some(value));
            if answer.code == code && shown {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                self.broken = Some(format!("{call} never answers {code} {shows:?}"));
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn request(&mut self, drawn: &Drawn) -> Result<(), String> {
        let answer = self.server.call(&drawn.call, &self.bindings.fill(&drawn.body)).await?;
        for (_, place, name, before) in NAMED.iter().filter(|(call, ..)| *call == drawn.call) {
            self.name(answer.response.pointer(place), name, *before);
        }
        self.seen.push(self.written(CallSite::Drawn, &drawn.call, &answer));
        Ok(())
    }

    /// Gives a name to what an answer says, and another to what was called so.
    fn name(&mut self, said: Option<&Value>, name: &str, before: Option<&str>) {
        let Some(said) = said else { return };
        let said = said.as_str().map_or_else(|| said.to_string(), str::to_owned);
        let known = self.bindings.get(name).map(str::to_owned);
        if let (Some(before), Some(known)) = (before, known.filter(|known| *known != said)) {
            self.bindings.bind(before, &known);
        }
        self.bindings.bind(name, &said);
    }

    /// Asks once more what may have been answered too early, if it was drawn.
    ///
    /// # Errors
    /// The server is gone.
    pub(crate) async fn ask_again(&mut self, case: &Case) -> Result<(), String> {
        if case.requests.iter().any(|drawn| catalogue::reads_late(&drawn.call)) {
            self.seen.retain(|seen| seen.place != CallSite::Drawn);
            for drawn in &case.requests {
                self.request(drawn).await?;
            }
        }
        Ok(())
    }

    fn written(&self, place: CallSite, call: &str, answer: &Answer) -> Written {
        Written::new(place, call, answer, &Normal { bindings: &self.bindings, begun: self.begun })
    }

    /// All that was seen, with what is to be seen now: of the workflow, and by those who wait for an answer.
    ///
    /// # Errors
    /// The server is gone.
    pub(crate) async fn look(&mut self) -> Result<Vec<Written>, String> {
        let mut seen = self.seen.clone();
        for (call, request) in &self.after {
            let answer = self.server.call(call, &self.bindings.fill(request)).await?;
            seen.push(self.written(CallSite::After, call, &answer));
        }
        let mut waiting = Vec::new();
        for (call, handle) in std::mem::take(&mut self.waiting) {
            if handle.is_finished() {
                let answer = handle.await.map_err(|why| why.to_string())??;
                self.told.push(self.written(CallSite::Told, &call, &answer));
            } else {
                let answer = Answer {
                    code: "(waits)".into(),
                    message: String::new(),
                    details: json!([]),
                    response: Value::Null,
                };
                seen.push(self.written(CallSite::Told, &call, &answer));
                waiting.push((call, handle));
            }
        }
        self.waiting = waiting;
        seen.extend(self.told.iter().cloned());
        Ok(seen)
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        for (_, handle) in &self.waiting {
            handle.abort();
        }
    }
}
