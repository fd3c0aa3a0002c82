//! Scenarios: a target, what is done on it, what is done to it, and what has to hold, as a file that reads like a sentence.
//!
//! A scenario says the same in every case but for its moments that are ranges, which are drawn by the seed of the case
//! (`resurgam_generate::scenario`). What a file says is checked when it is read: whatever is wrong is one line with file, line and what
//! was expected.

mod fault;
mod load;
mod place;
mod read;
mod when;

pub use fault::Faulty;
pub use load::{Activity, CallOf, Load, ScenarioCall, Starts, Step, WorkersOf, Workflows};
pub use read::{Wrong, read};
pub use when::{Length, When};

use crate::target::Choice;
use serde::Deserialize;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// The name of its file, without `.toml`.
    pub name: String,
    /// What it is about, in a sentence.
    pub about: String,
    /// The issue, document or bug from which it follows.
    pub source: Option<String>,
    /// The target, with the families of faults that it is to suffer.
    pub choice: Choice,
    /// How many cases a run has if nobody says otherwise.
    pub cases: u64,
    /// How many of them at the same time.
    pub jobs: Option<usize>,
    /// What clients and workers do.
    pub load: Load,
    /// What is done to the target, with processes named as in the file.
    pub faults: Vec<Faulty>,
    /// What has to hold.
    pub expect: Expect,
}

/// What has to hold beside all rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expect {
    /// Events that no history may have, by name, such as `ActivityTaskTimedOut`.
    pub without: Vec<String>,
    /// Every activity of which a history says that it was started was handed to a worker.
    pub delivered: bool,
    /// Every run closes within so long of its start.
    pub each_run_within: Option<Length>,
}

impl Expect {
    /// True if nothing is said beside the rules.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.without.is_empty() && !self.delivered && self.each_run_within.is_none()
    }
}
