//! Recordings of one workflow, made by hand: calls with their times, and histories.

use crate::judge;
use crate::profile::{Profile, Promises};
use resurgam_formats::verdict::Outcome;
use resurgam_testing::notation::parse;
use std::fmt::Write as _;

const HEADER: &str = r#"{"at":0,"type":"header","version":1,"target":"t","prefix":"p","plan":{"version":1,"seed":1,"programs":[],"operations":[],"workers":{"count":1,"cache":0,"full_replay":false},"worker_faults":[],"knobs":{"task_timeout_ms":1000,"sticky_timeout_ms":500}}}"#;

pub(super) const START: &str = r#""call":"start","program":0,"reuse":"allow_duplicate","conflict":"fail""#;
pub(super) const ATTACH: &str = r#""call":"start","program":0,"reuse":"allow_duplicate","conflict":"use_existing""#;
pub(super) const REJECT: &str = r#""call":"start","program":0,"reuse":"reject_duplicate","conflict":"use_existing""#;
pub(super) const SIGNAL_1: &str = r#""call":"signal","name":"s","value":1"#;
pub(super) const SIGNAL_2: &str = r#""call":"signal","name":"s","value":2"#;
pub(super) const TERMINATE: &str = r#""call":"terminate""#;
pub(super) const CANCEL: &str = r#""call":"cancel""#;
pub(super) const DESCRIBE: &str = r#""call":"describe""#;
pub(super) const QUERY: &str = r#""call":"query","name":"state""#;
pub(super) const UPDATE: &str = r#""call":"update","name":"u","value":1,"wait":"accepted""#;
pub(super) const READ: &str = r#""call":"read_history""#;

pub(super) const DONE: &str = r#""reply":"done""#;
pub(super) const GONE: &str = r#""reply":"not_found","message":"gone""#;
pub(super) const INFO: &str = "";

/// A recording in the making: calls with their times, and histories.
#[derive(Default)]
pub(super) struct Case {
    pub(super) lines: Vec<(u64, String)>,
    pub(super) count: u32,
    histories: String,
}

impl Case {
    /// A call of `w` from one time to another; its request id is `q` and its number. An empty reply is no answer.
    pub(super) fn call(mut self, from: u64, until: u64, action: &str, reply: &str) -> Self {
        self.count += 1;
        self.attempt(1, from, until, action, reply)
    }
    /// A further attempt of the last call.
    pub(super) fn again(self, from: u64, until: u64, action: &str, reply: &str) -> Self {
        self.attempt(2, from, until, action, reply)
    }
    fn attempt(mut self, attempt: u32, from: u64, until: u64, action: &str, reply: &str) -> Self {
        let operation = self.count;
        let answer = match reply {
            INFO => r#""answer":"info","error":"UNAVAILABLE""#.to_owned(),
            reply => format!(r#""answer":"ok","value":{{{reply}}}"#),
        };
        self.lines.push((
            from,
            format!(
                r#"{{"at":{from},"type":"invoke","operation":{operation},"attempt":{attempt},"by":"c","call":{{"of":"client","workflow_id":"w","request_id":"q{operation}","action":{{{action}}}}}}}"#
            ),
        ));
        self.lines.push((
            until,
            format!(
                r#"{{"at":{until},"type":"return","operation":{operation},"attempt":{attempt},"answer":{{{answer}}}}}"#
            ),
        ));
        self
    }
    /// A workflow task that is handed out, with the number of its started event.
    pub(super) fn task(mut self, at: u64, started: u32) -> Self {
        let task = format!(
            r#"{{"at":{at},"type":"task","task":{started},"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r1","attempt":1,"started":{started},"events":[1,{started}]}}"#
        );
        self.lines.push((at, task));
        self
    }
    /// The final history of a run of `w`, one kind and its attributes per line.
    pub(super) fn run(mut self, run: &str, events: &str) -> Self {
        writeln!(self.histories, "run w/{run}").unwrap();
        for (number, event) in (1..).zip(events.trim().lines()) {
            writeln!(self.histories, "{number} {event}").unwrap();
        }
        self
    }
    /// A read of a history by a client, as a line of its own and as the answer of a call.
    pub(super) fn read(mut self, from: u64, until: u64, run: &str, kinds: &[&str]) -> Self {
        let events: Vec<String> = (1..)
            .zip(kinds)
            .map(|(id, kind)| format!(r#"{{"eventId":{id},"eventType":"{kind}","attributes":{{}}}}"#))
            .collect();
        let line = format!(
            r#"{{"at":{until},"type":"history","workflow_id":"w","run_id":"{run}","final":false,"from":{from},"events":[{}]}}"#,
            events.join(",")
        );
        self.lines.push((until, line));
        let reply = format!(r#""reply":"history","run_id":"{run}","events":{}"#, kinds.len());
        self.call(from, until, READ, &reply)
    }
    /// The names of the rules of this family that are violated.
    fn violated(&self) -> Vec<String> {
        let mut lines = self.lines.clone();
        lines.sort_by_key(|(at, _)| *at);
        let lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
        let end = r#"{"at":999,"type":"end","quiescent":true,"deadline":1000}"#;
        let text = format!("{HEADER}\n{}\n{end}\n{}", lines.join("\n"), self.histories);
        let profile = Profile::promising(Promises { linearizable_reads: true, ..Promises::default() });
        let verdict = judge("test", &parse(&text).unwrap(), &profile);
        let ours = verdict.rules.into_iter().filter(|rule| rule.rule.as_str().starts_with('W'));
        ours.filter(|rule| rule.outcome == Outcome::Violated).map(|rule| rule.rule.to_string()).collect()
    }
    pub(super) fn silent(&self) {
        assert_eq!(self.violated(), [""; 0]);
    }
    pub(super) fn fires(&self, rules: &[&str]) {
        assert_eq!(self.violated(), rules);
    }
}

pub(super) fn run(id: &str, started: bool) -> String {
    format!(r#""reply":"run","run_id":"{id}","started":{started}"#)
}

pub(super) fn taken(id: &str) -> String {
    format!(r#""reply":"already_started","run_id":"{id}""#)
}

pub(super) fn described(id: &str, status: &str, length: u32) -> String {
    format!(r#""reply":"description","workflow_id":"w","run_id":"{id}","status":"{status}","history_length":{length}"#)
}

pub(super) fn queried(id: &str, seen: u32, signals: u32) -> String {
    format!(r#""reply":"query","run_id":"{id}","value":0,"seen":{seen},"signals":{signals}"#)
}

pub(super) fn accepted(id: &str) -> String {
    format!(r#""reply":"update","run_id":"{id}","stage":"accepted""#)
}

pub(super) const S1: &str = "WorkflowExecutionSignaled signalName=s input=[1]";
pub(super) const S2: &str = "WorkflowExecutionSignaled signalName=s input=[2]";
