//! How calls ended, counted by their codes.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tonic::{Code, Status};

/// Clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    good: u64,
    /// By call and code: how many, and what the first one said.
    failed: BTreeMap<(&'static str, i32), (u64, String)>,
}

impl Tally {
    /// Counts an answer; gives it back if it is no failure.
    pub(crate) fn count<T>(&self, call: &'static str, answer: Result<T, Status>) -> Option<T> {
        let mut counts = self.counts();
        match answer {
            Ok(answer) => {
                counts.good += 1;
                Some(answer)
            }
            Err(status) => {
                let key = (call, status.code() as i32);
                counts.failed.entry(key).or_insert_with(|| (0, status.message().to_owned())).0 += 1;
                None
            }
        }
    }

    /// How many failed, but for those that `allowed` says may: a call and its code.
    pub(crate) fn failed(&self, allowed: impl Fn(&str, Code) -> bool) -> u64 {
        let counts = self.counts();
        let bad = counts.failed.iter().filter(|((call, code), _)| !allowed(call, Code::from_i32(*code)));
        bad.map(|(_, (count, _))| count).sum()
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.counts();
        write!(f, "{} calls succeeded", counts.good)?;
        for ((call, code), (count, first)) in &counts.failed {
            write!(f, "; {count} of {call}: {:?} ({first})", Code::from_i32(*code))?;
        }
        Ok(())
    }
}
