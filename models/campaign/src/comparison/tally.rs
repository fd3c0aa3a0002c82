//! What comparing two runs of many cases adds up to.

use super::{Compared, Difference, Freedom, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the format of a comparison.
pub const VERSION: u32 = 1;
/// So many unexplained differences are kept.
const KEPT: usize = 200;

/// Equal, explained and unexplained.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Count {
    /// How many were compared.
    pub all: u64,
    /// Equal in both.
    pub equal: u64,
    /// Different by freedoms of the contract.
    pub explained: u64,
    /// Different for no reason known.
    pub unexplained: u64,
}

/// The sum of many cases.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    /// Format version, [`VERSION`].
    pub version: u32,
    /// The two targets with their versions.
    pub targets: [String; 2],
    /// Whole plans, each executed on both targets.
    pub plans: Count,
    /// Slots: workflow ids of a plan with all their runs.
    pub slots: Count,
    /// Outcomes of slots: the chain of runs and how each ended.
    pub outcomes: Count,
    /// Slots that leave nothing to chance; the result of a local activity may differ.
    pub calm: Count,
    /// Attempts of client operations.
    pub calls: Count,
    /// How many slots needed each freedom, and of how many it was the only one.
    pub freedoms: BTreeMap<Freedom, (u64, u64)>,
    /// How many attempts of client operations needed each freedom.
    pub call_freedoms: BTreeMap<Freedom, u64>,
    /// Seeds that only one of the runs has, or whose recordings cannot be compared, each with the reason.
    pub left_out: Vec<(u64, String)>,
    /// Unexplained differences, the first two hundred.
    pub unexplained: Vec<Shown>,
}

/// An unexplained difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shown {
    /// The seed of the case.
    pub seed: u64,
    /// The run or the operation in it.
    pub place: String,
    /// Why no freedom explains it.
    pub why: String,
    /// What stands there in each of the two.
    pub lines: [String; 2],
}

/// Two lines from a little before their first difference, cut to a length that can be read.
fn short(lines: &[String; 2]) -> [String; 2] {
    const LEAD: usize = 60;
    const MOST: usize = 300;
    let same = lines[0].chars().zip(lines[1].chars()).take_while(|(a, b)| a == b).count();
    let skip = if same > LEAD * 2 { same - LEAD } else { 0 };
    lines.each_ref().map(|line| {
        let kept: String = line.chars().skip(skip).take(MOST).collect();
        let before = if skip > 0 { "…" } else { "" };
        let after = if line.chars().count() > skip + MOST { "…" } else { "" };
        format!("{before}{kept}{after}")
    })
}

impl Count {
    fn add(&mut self, equal: bool, unexplained: bool) {
        self.all += 1;
        match (equal, unexplained) {
            (_, true) => self.unexplained += 1,
            (true, false) => self.equal += 1,
            (false, false) => self.explained += 1,
        }
    }
}

impl Tally {
    /// Adds a case of these targets.
    pub fn add(&mut self, seed: u64, targets: [String; 2], case: &Compared) {
        (self.version, self.targets) = (VERSION, targets);
        let is_equal = |slot: &Slot| slot.freedoms.is_empty() && slot.unexplained.is_empty();
        for slot in case.slots.values() {
            let unexplained = !slot.unexplained.is_empty();
            self.slots.add(is_equal(slot), unexplained);
            self.outcomes.add(slot.same_outcome, unexplained && !slot.same_outcome);
            if slot.calm {
                self.calm.add(slot.is_drawn(), unexplained);
            }
            // What follows from a freedom does not count beside it.
            let roots = slot.freedoms.iter().filter(|freedom| **freedom != Freedom::Follows).count();
            for freedom in &slot.freedoms {
                let (some, only) = self.freedoms.entry(*freedom).or_default();
                *some += 1;
                *only += u64::from(roots == 1 && *freedom != Freedom::Follows);
            }
        }
        let unexplained =
            case.slots.values().any(|slot| !slot.unexplained.is_empty()) || !case.calls_unexplained.is_empty();
        self.plans.add(case.slots.values().all(is_equal) && case.calls == case.calls_equal, unexplained);
        self.calls.all += case.calls;
        self.calls.equal += case.calls_equal;
        self.calls.explained += case.calls_explained.values().sum::<u64>();
        self.calls.unexplained += case.calls_unexplained.len() as u64;
        for (freedom, count) in &case.calls_explained {
            *self.call_freedoms.entry(*freedom).or_default() += count;
        }
        let all = case.slots.values().flat_map(|slot| &slot.unexplained).chain(&case.calls_unexplained);
        for Difference { place, why, lines } in all {
            if self.unexplained.len() < KEPT {
                self.unexplained.push(Shown { seed, place: place.clone(), why: why.clone(), lines: short(lines) });
            }
        }
    }

    /// True if nothing is unexplained and something was compared.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.plans.unexplained == 0 && self.plans.all > 0
    }
}
