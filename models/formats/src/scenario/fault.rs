//! What is done to the target in a scenario: one line of `faults` in its file, which has one verb.

use super::place::On;
use super::when::{Length, When};
use crate::plan::{Caller, DatabaseFault, FaultKind, PartitionKind, Side, StoreOutcome, Way};
use crate::time::Millis;
use serde::Deserialize;

/// A fault, once or again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faulty {
    /// When it begins first.
    pub at: When,
    /// How long it lasts.
    pub lasts: Millis,
    /// From one to the next.
    pub every: Millis,
    /// How often, at least once.
    pub times: u16,
    /// What it is.
    pub kind: FaultKind,
}

/// The line as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    at: When,
    #[serde(default, rename = "for")]
    lasts: Length,
    #[serde(default)]
    every: Length,
    times: Option<u16>,
    kill: Option<Process>,
    pause: Option<Process>,
    cut_from_store: Option<Process>,
    cut: Option<Vec<Process>>,
    slow: Option<Vec<Process>>,
    spoil: Option<String>,
    database: Option<DatabaseFault>,
    lose_replies_to: Option<Caller>,
    repeat_calls_of: Option<Caller>,
    clock_of: Option<Process>,
    /// Of `spoil`: which process; all if it does not say.
    of: Option<Process>,
    /// Of `spoil`: which partitions; all if it does not say.
    on: Option<PartitionKind>,
    /// How many calls.
    calls: Option<u8>,
    /// Of `slow`, `clock_of` and late outcomes.
    by: Option<Length>,
}

/// The verbs, one of which a line has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// A process is killed, and started again at the end.
    Kill,
    /// A process stands still.
    Pause,
    /// A process does not reach its store.
    CutFromStore,
    /// A side of the network is cut off.
    Cut,
    /// A side of the network is slow.
    Slow,
    /// Calls of the store end otherwise than well.
    Spoil,
    /// Something is done to the database.
    Database,
    /// Replies to callers are lost.
    LoseRepliesTo,
    /// Calls are sent twice.
    RepeatCallsOf,
    /// A clock is ahead.
    ClockOf,
}

impl Verb {
    /// All of them, by the words in a file.
    pub(super) const ALL: [(&'static str, Self); 10] = [
        ("kill", Self::Kill),
        ("pause", Self::Pause),
        ("cut_from_store", Self::CutFromStore),
        ("cut", Self::Cut),
        ("slow", Self::Slow),
        ("spoil", Self::Spoil),
        ("database", Self::Database),
        ("lose_replies_to", Self::LoseRepliesTo),
        ("repeat_calls_of", Self::RepeatCallsOf),
        ("clock_of", Self::ClockOf),
    ];
}

/// A process by number, or by name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "expected a process: its number, or its name such as \"matching\"")]
enum Process {
    Number(u8),
    Name(String),
}

impl Process {
    fn number(&self, on: &On) -> Result<u8, String> {
        let processes = on.processes();
        match self {
            Self::Number(number) if processes.is_empty() => Ok(*number),
            Self::Name(name) => match processes.iter().position(|process| process == name) {
                Some(number) => Ok(u8::try_from(number).unwrap_or(u8::MAX)),
                None if processes.is_empty() => {
                    Err(format!("there is no process {name:?}; expected its number, from 0"))
                }
                None => Err(format!("there is no process {name:?}; expected one of {}", processes.join(", "))),
            },
            Self::Number(number) => {
                Err(format!("there is no process {number}; expected one of {}", processes.join(", ")))
            }
        }
    }
}

/// Clients and workers, as they are called in sides of the network.
const CLIENTS: &str = "clients";

fn side(of: &[Process], on: &On) -> Result<Side, String> {
    let mut side = Side::default();
    for process in of {
        match process {
            Process::Name(name) if name == CLIENTS => side.driver = true,
            process => side.nodes.push(process.number(on)?),
        }
    }
    Ok(side)
}

impl Line {
    /// What it means on a target.
    pub(super) fn meant(&self, on: &On) -> Result<Faulty, String> {
        let given = [
            self.kill.is_some(),
            self.pause.is_some(),
            self.cut_from_store.is_some(),
            self.cut.is_some(),
            self.slow.is_some(),
            self.spoil.is_some(),
            self.database.is_some(),
            self.lose_replies_to.is_some(),
            self.repeat_calls_of.is_some(),
            self.clock_of.is_some(),
        ];
        let verbs: Vec<Verb> =
            Verb::ALL.iter().zip(given).filter(|(_, given)| *given).map(|((_, verb), _)| *verb).collect();
        let [verb] = verbs[..] else {
            let all: Vec<&str> = Verb::ALL.iter().map(|(word, _)| *word).collect();
            return Err(format!("{} verbs; expected one of {}", verbs.len(), all.join(", ")));
        };
        self.only(&["of", "on"], verb == Verb::Spoil)?;
        self.only(&["calls"], matches!(verb, Verb::Spoil | Verb::LoseRepliesTo | Verb::RepeatCallsOf))?;
        let calls = self.calls.unwrap_or(1);
        let number = |process: &Option<Process>| process.as_ref().map(|process| process.number(on)).transpose();
        let one = |process: &Option<Process>| number(process).map(Option::unwrap_or_default);
        let of_side = |of: &Option<Vec<Process>>| side(of.as_deref().unwrap_or_default(), on);
        let by = || self.by.map(|by| by.0).ok_or("there is no `by`; expected one such as by = \"500ms\"".to_owned());
        let caller = |caller: Option<Caller>| caller.unwrap_or(Caller::Client);
        let kind = match verb {
            Verb::Kill => FaultKind::Kill { node: one(&self.kill)? },
            Verb::Pause => FaultKind::Pause { node: one(&self.pause)? },
            Verb::CutFromStore => FaultKind::StoreUnreachable { node: one(&self.cut_from_store)? },
            Verb::Cut => FaultKind::Partition { side: of_side(&self.cut)?, way: Way::Both },
            Verb::Slow => FaultKind::Slow { side: of_side(&self.slow)?, by_ms: by()? },
            Verb::Spoil => {
                let word = self.spoil.as_deref().unwrap_or_default();
                let outcome = outcome(word, self.by.map(|by| by.0))?;
                FaultKind::Store { node: number(&self.of)?, partition: self.on, calls, outcome }
            }
            Verb::Database => FaultKind::Database { does: self.database.unwrap_or(DatabaseFault::Flush) },
            Verb::LoseRepliesTo => FaultKind::ReplyLost { by: caller(self.lose_replies_to), calls },
            Verb::RepeatCallsOf => FaultKind::CallRepeated { by: caller(self.repeat_calls_of), calls },
            Verb::ClockOf => {
                let by_ms = i32::try_from(by()?).map_err(|_| "`by` is too long".to_owned())?;
                FaultKind::ClockSkew { node: one(&self.clock_of)?, by_ms }
            }
        };
        let times = self.times.unwrap_or(1);
        if times == 0 || (times > 1 && self.every.0 == 0) {
            return Err("`times` is for faults that come again; expected `every`, and at least 1".to_owned());
        }
        Ok(Faulty { at: self.at, lasts: self.lasts.0, every: self.every.0, times, kind })
    }

    /// Refuses words that say nothing with this verb.
    fn only(&self, words: &[&str], fits: bool) -> Result<(), String> {
        let given = |word: &str| match word {
            "of" => self.of.is_some(),
            "on" => self.on.is_some(),
            _ => self.calls.is_some(),
        };
        match words.iter().find(|word| !fits && given(word)) {
            Some(word) => Err(format!("`{word}` says nothing with this verb")),
            None => Ok(()),
        }
    }
}

/// How calls of the store end, by the name of the fault.
fn outcome(word: &str, by: Option<Millis>) -> Result<StoreOutcome, String> {
    let late = || by.ok_or(format!("{word} without `by`; expected one such as by = \"500ms\""));
    let known = match word {
        "commit_late" => StoreOutcome::CommitLate(late()?),
        "append_late" => StoreOutcome::AppendLate(late()?),
        _ => {
            let all = StoreOutcome::PROMPT;
            let names: Vec<&str> =
                all.iter().map(|outcome| outcome.name()).chain(["commit_late", "append_late"]).collect();
            *all.iter()
                .find(|outcome| outcome.name() == word)
                .ok_or(format!("there is no outcome {word:?}; expected one of {}", names.join(", ")))?
        }
    };
    Ok(known)
}
