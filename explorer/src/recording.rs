//! What a server has answered in many cases, kept: another one can be held against it where that server is not.
//!
//! It is made of two servers of one kind, beside each other: a case in which they are not of one mind is left to chance, and not kept.
//! Answers are kept in normal form, so what differs from server to server and from day to day is not in them.

use crate::case::Case;
use crate::found::Found;
use crate::looks::Looks;
use crate::outcome::Outcome;
use crate::request::Drawn;
use crate::server::Server;
use crate::side::Side;
use crate::written::Written;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead as _, BufReader, Read, Write};

/// What the real server 1.31.2 has answered.
const TEMPORAL: &[u8] = include_bytes!("../recordings/temporal-1.31.2.jsonl.gz");
/// A case with longer answers is not kept, in bytes.
const LONGEST: usize = 1 << 17;
/// Calls that are about all that there is on a server, which is not the same tomorrow.
const ABOUT_ALL: [&str; 6] =
    ["CountWorkflowExecutions", "DescribeWorker", "GetClusterInfo", "GetSystemInfo", "ListNamespaces", "ListWorkers"];

/// A case, and what a server answered in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// The seed from which it was drawn.
    pub seed: u64,
    /// What was done.
    pub case: Case,
    answers: Vec<Written>,
}

/// Whether a request is about the schedule without a name, which all cases have in common.
fn is_nameless(drawn: &Drawn) -> bool {
    let one = drawn.call.ends_with("Schedule");
    one && drawn.body["schedule_id"].as_str().is_none_or(str::is_empty)
}

/// Why there is no recording.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A line is no case.
    #[error("line {0}: {1}")]
    Line(usize, serde_json::Error),
}

impl Recorded {
    /// The case with what the second server answered, if both are of one mind.
    pub(crate) fn of(seed: u64, case: Case, outcome: Outcome) -> Option<Self> {
        let unsteady = case.requests.iter().any(|it| ABOUT_ALL.contains(&it.call.as_str()) || is_nameless(it));
        if unsteady || !outcome.is_explained() {
            return None;
        }
        let [_, answers] = outcome.answers;
        let length: usize = answers.iter().map(|it| it.answer.to_string().len()).sum();
        (length <= LONGEST).then(|| Self { seed, case: case.whole(), answers })
    }

    async fn repeat(
        &self,
        server: &Server,
        namespace: &str,
        id: &str,
        between: impl AsyncFn(),
    ) -> Result<Outcome, String> {
        let mut side = Side::new(server, namespace, id);
        side.perform(&self.case, between).await?;
        if let Some(why) = &side.broken {
            return Ok(Outcome::stuck(Some(why), None));
        }
        let mut looks = Looks::default();
        loop {
            let seen = side.look().await?;
            let outcome = Outcome::of(&self.case, seen, self.answers.clone(), server.restarts);
            if !looks.go_on(outcome.is_explained()).await {
                return Ok(outcome);
            }
            side.ask_again(&self.case).await?;
        }
    }
}

/// Does all the cases on a server, one after the other, and says what it answers otherwise. Ids begin with `prefix`. `between` is done in
/// each case before its requests.
///
/// # Errors
/// The server is gone.
pub(crate) async fn hold(
    server: &Server,
    cases: &[Recorded],
    prefix: &str,
    between: impl AsyncFn(),
    mut tell: impl FnMut(u64),
) -> Result<Found, String> {
    let namespace = server.namespace_id().await?;
    let mut found = Found::default();
    for (at, recorded) in cases.iter().enumerate() {
        let id = format!("{prefix}-{}", recorded.seed);
        let outcome = recorded.repeat(server, &namespace, &id, &between).await?;
        found.add(recorded.seed, &recorded.case, &outcome);
        tell(at as u64 + 1);
    }
    Ok(found)
}

/// Does all the cases on a server, one after the other, and says what it answers otherwise. Ids begin with `prefix`.
///
/// # Errors
/// The server is gone.
pub async fn hold_against(
    server: &Server,
    cases: &[Recorded],
    prefix: &str,
    tell: impl FnMut(u64),
) -> Result<Found, String> {
    hold(server, cases, prefix, async || (), tell).await
}

/// What the real server 1.31.2 has answered, as far as it was recorded.
///
/// # Panics
/// The recording that was compiled in cannot be read.
#[must_use]
pub fn temporal() -> Vec<Recorded> {
    read(TEMPORAL).unwrap_or_else(|why| unreachable!("a recording of this crate: {why}"))
}

/// The cases in a file: lines of JSON, compressed by gzip.
///
/// # Errors
/// [`Error`].
pub fn read(from: impl Read) -> Result<Vec<Recorded>, Error> {
    let lines = BufReader::new(GzDecoder::new(from)).lines();
    lines.enumerate().map(|(at, line)| serde_json::from_str(&line?).map_err(|why| Error::Line(at + 1, why))).collect()
}

/// Writes cases, by their seeds.
///
/// # Errors
/// The file cannot be written.
pub fn write(cases: &mut [Recorded], into: impl Write) -> Result<(), Error> {
    cases.sort_by_key(|case| case.seed);
    let mut into = GzEncoder::new(into, Compression::best());
    for case in cases {
        serde_json::to_writer(&mut into, case).map_err(io::Error::from)?;
        into.write_all(b"\n")?;
    }
    into.finish()?;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::written::CallSite;
    use serde_json::json;

    fn outcome(call: &str, left: i32, right: i32) -> (Case, Outcome) {
        let answers = [left, right].map(|size| {
            let answer = json!({"code": "Ok", "message": "", "details": [], "response": {"size": size}});
            vec![Written { place: CallSite::Drawn, call: call.to_owned(), answer }]
        });
        let [left, right] = answers;
        let case = Case::drawn(1, Some("started"), Some(call)).unwrap();
        let outcome = Outcome::of(&case, left, right, false);
        (case, outcome)
    }

    fn kept(call: &str, left: i32, right: i32) -> Option<Recorded> {
        let (case, outcome) = outcome(call, left, right);
        Recorded::of(7, case, outcome)
    }

    #[test]
    fn only_what_two_servers_agree_on_is_kept() {
        assert!(kept("SignalWorkflowExecution", 1, 1).is_some());
        assert!(kept("SignalWorkflowExecution", 1, 2).is_none());
        assert!(kept("CountWorkflowExecutions", 1, 1).is_none(), "it counts what others have made");
    }

    #[test]
    fn what_is_written_is_read_in_order() {
        let recorded = kept("SignalWorkflowExecution", 1, 1).unwrap();
        let mut cases = [9, 7].map(|seed| Recorded { seed, ..recorded.clone() });
        let mut file = Vec::new();
        write(&mut cases, &mut file).unwrap();
        let found = read(file.as_slice()).unwrap();
        assert_eq!(found.iter().map(|case| case.seed).collect::<Vec<_>>(), [7, 9]);
        assert_eq!(found[0].answers, recorded.answers);
        assert_eq!(found[0].case.line(), recorded.case.line());
        assert!(read(&file[..file.len() / 2]).is_err(), "a file that was cut");
    }

    #[test]
    fn the_one_that_comes_along_is_of_many_situations_and_calls() {
        let cases = temporal();
        let situations: std::collections::BTreeSet<&str> =
            cases.iter().map(|recorded| recorded.case.situation.name.as_str()).collect();
        let calls: std::collections::BTreeSet<&str> =
            cases.iter().flat_map(|recorded| &recorded.case.requests).map(|request| request.call.as_str()).collect();
        assert!(cases.len() > 1300 && situations.len() > 40 && calls.len() > 50, "{situations:?} {calls:?}");
    }
}
