//! One case on two servers, and what differs.

use crate::catalogue::Step;
use crate::difference::{Difference, differences};
use crate::freedom::explaining;
use crate::normal::normal;
use crate::request::Drawn;
use crate::server::Server;
use crate::side::{CallSite, Seen, Side};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How often it is looked whether what follows from a request has come about, each time after a pause twice as long.
const LOOKS: u32 = 6;
const PAUSE: Duration = Duration::from_millis(40);

/// Two servers, of which the first is the one that is tried and the second the one that it is held against.
#[derive(Clone, Debug)]
pub struct Pair {
    servers: [Server; 2],
    namespaces: [String; 2],
}

/// What one case has shown.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) differences: Vec<Difference>,
    /// Every answer of the first server and of the second one, in normal form, in place of each other.
    pub(crate) answers: Vec<(String, CallSite, [Value; 2])>,
}

impl Pair {
    /// Asks both what their namespaces are called inside.
    ///
    /// # Errors
    /// A server is gone, or does not know its namespace.
    pub async fn new(servers: [Server; 2]) -> Result<Self, String> {
        let mut namespaces = [String::new(), String::new()];
        for (server, id) in servers.iter().zip(&mut namespaces) {
            let answer = server.call("DescribeNamespace", &json!({"namespace": server.namespace})).await?;
            let said = answer.response.pointer("/namespace_info/id").and_then(Value::as_str);
            *id = said.ok_or_else(|| format!("{} has no namespace {}", server.name, server.namespace))?.to_owned();
        }
        Ok(Self { servers, namespaces })
    }

    /// The names of the two.
    #[must_use]
    pub fn names(&self) -> [&str; 2] {
        [&self.servers[0].name, &self.servers[1].name]
    }

    /// Executes a case on both at the same time.
    ///
    /// # Errors
    /// A server is gone, or neither of them gets into the situation.
    pub(crate) async fn execute(&self, id: &str, steps: &[Step], requests: &[Drawn]) -> Result<Outcome, String> {
        let [left, right] = [0, 1].map(|at| Side::new(&self.servers[at], &self.namespaces[at], id));
        let (mut left, mut right) = (left, right);
        tokio::try_join!(perform(&mut left, steps, requests), perform(&mut right, steps, requests))?;
        if let (Some(why), Some(_)) = (&left.broken, &right.broken) {
            return Err(format!("no server gets into the situation: {why}"));
        }
        if left.broken.is_some() || right.broken.is_some() {
            return Ok(stuck(&left, &right));
        }
        let (mut pause, mut looks) = (PAUSE, 0);
        loop {
            let (seen_left, seen_right) = tokio::try_join!(left.look(), right.look())?;
            let outcome = compared(&left, &seen_left, &right, &seen_right);
            if outcome.differences.iter().all(|it| explaining(it).is_some()) || looks == LOOKS {
                return Ok(outcome);
            }
            looks += 1;
            tokio::time::sleep(pause).await;
            pause *= 2;
            tokio::try_join!(left.ask_again(requests), right.ask_again(requests))?;
        }
    }
}

async fn perform(side: &mut Side, steps: &[Step], requests: &[Drawn]) -> Result<(), String> {
    side.prepare(steps).await?;
    if side.broken.is_none() {
        for request in requests {
            side.request(request).await?;
        }
    }
    Ok(())
}

/// Only one of them gets into the situation.
fn stuck(left: &Side, right: &Side) -> Outcome {
    let said = |side: &Side| json!({"code": "", "situation": side.broken.as_deref().unwrap_or("reached")});
    let differences = differences(CallSite::Before, "", &said(left), &said(right));
    Outcome { differences, answers: Vec::new() }
}

/// All answers of both sides beside each other.
fn compared(left: &Side, after_left: &[Seen], right: &Side, after_right: &[Seen]) -> Outcome {
    let mut outcome = Outcome::default();
    let lefts = left.seen.iter().chain(after_left);
    for (a, b) in lefts.zip(right.seen.iter().chain(after_right)) {
        let (call, place) = (a.call.clone(), a.place);
        let both = [written(left, a), written(right, b)];
        outcome.differences.extend(differences(place, &call, &both[0], &both[1]));
        outcome.answers.push((call, place, both));
    }
    // Where one refused what the other took, all that is found afterwards follows from that.
    if outcome.differences.iter().any(|it| it.path == "code" && matches!(it.place, "before" | "drawn")) {
        outcome.differences.retain(|it| matches!(it.place, "before" | "drawn"));
    }
    outcome
}

/// An answer in normal form.
fn written(side: &Side, seen: &Seen) -> Value {
    let answer = &seen.answer;
    let mut written = Map::new();
    written.insert("code".to_owned(), json!(answer.code));
    written.insert("message".to_owned(), normal(side, &json!(answer.message)));
    written.insert("details".to_owned(), normal(side, &answer.details));
    written.insert("response".to_owned(), normal(side, &answer.response));
    Value::Object(written)
}
