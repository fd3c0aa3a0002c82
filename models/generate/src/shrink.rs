//! Shrinking: the smallest plan that still breaks the same rule.
//!
//! It is a machine without I/O: it proposes a plan ([`Shrinker::propose`]), somebody executes and judges it and tells
//! which rules were violated ([`Shrinker::tell`]), and so on until nothing smaller fails or the budget is spent. Another rule
//! than the one it began with is another failure and is never followed.
//!
//! As every part of a plan is a plan, most of it is delta debugging: parts of lists are left out, all at once first, then
//! ever smaller ones. The passes go from what makes a failure hard to read to what only makes it slow: faults, workflows,
//! operations, worker faults, misuses, growths, repetitions, statements (left out, replaced by what is inside them, made plain), programs,
//! durations, workers, nodes, knobs, habits; and again from the beginning, as long as anything helps. No plan is proposed twice.
//!
//! A candidate is always executable ([`plan::problem`]), and if the first plan ends by itself so does every candidate: a
//! wait without an end would break liveness by itself.
//!
//! The seed of a plan is also the seed of everything that a simulation draws, and a smaller plan draws otherwise: it may
//! miss the failure by bad luck alone. The seed stays all the same, so that a candidate differs in one thing only.

mod list;
mod shorter;
mod simpler;
#[cfg(test)]
mod tests;
mod tree;

use crate::deadline;
use resurgam_formats::plan::{self, Plan};
use resurgam_formats::shrinking::{Measure, Progress};
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// How often a single place is made simpler in one pass, at most.
const TIMES: u32 = 24;

/// How a pass makes plans smaller.
#[derive(Clone, Copy)]
enum Pass {
    /// It leaves out parts of a list.
    List(list::List),
    /// It changes single places. The function is given a plan, the number of a place in it and the number of a change, and returns the
    /// changed plan: `None` if there is no such place, `Some(None)` if there is no such change of that place.
    Places(fn(&Plan, usize, usize) -> Option<Option<Plan>>),
}

/// The passes, in order, with the word for progress.
const PASSES: &[(&str, Pass)] = &[
    ("faults", Pass::List(list::FAULTS)),
    ("workflows", Pass::List(list::WORKFLOWS)),
    ("operations", Pass::List(list::OPERATIONS)),
    ("worker faults", Pass::List(list::WORKER_FAULTS)),
    ("misuses", Pass::List(list::MISUSES)),
    ("growths", Pass::List(list::GROWTHS)),
    ("repetitions", Pass::List(list::AGAIN)),
    ("statements", Pass::List(list::STATEMENTS)),
    ("nesting", Pass::Places(simpler::statement)),
    ("parts of programs", Pass::Places(simpler::program)),
    ("programs", Pass::List(list::PROGRAMS)),
    ("options of operations", Pass::Places(simpler::operation)),
    ("options of misuses", Pass::Places(simpler::misuse)),
    ("sizes of growths", Pass::Places(simpler::growth)),
    ("options of faults", Pass::Places(simpler::fault)),
    ("durations", Pass::Places(shorter::duration)),
    ("workers, nodes, knobs and habits", Pass::Places(simpler::environment)),
];

/// Where a pass is.
#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    /// First element of the part to leave out, or place.
    at: usize,
    /// Length of the part (0: not begun), or which change.
    which: usize,
    /// How often this place was changed.
    times: u32,
}

/// Looks for the smallest plan that breaks a rule.
#[derive(Clone, Debug)]
pub struct Shrinker {
    rule: String,
    best: Plan,
    candidate: Option<Plan>,
    /// The first plan ends by itself.
    ends: bool,
    /// Digests of all plans that were proposed.
    seen: BTreeSet<u64>,
    pass: usize,
    cursor: Cursor,
    /// Something helped since the first pass began.
    helped: bool,
    progress: Progress,
}

impl Shrinker {
    /// Begins with a plan that breaks a rule; at most `budget` candidates will be proposed.
    #[must_use]
    pub fn new(plan: Plan, rule: &str, budget: u32) -> Self {
        let size = Measure::of(&plan);
        Self {
            rule: rule.to_owned(),
            candidate: None,
            ends: deadline::ends(&plan),
            seen: BTreeSet::from([digest(&plan)]),
            pass: 0,
            cursor: Cursor::default(),
            helped: false,
            progress: Progress { proposed: 0, accepted: 0, budget, pass: PASSES[0].0, from: size, to: size },
            best: plan,
        }
    }

    /// The next plan to execute. `None`: it is done, [`Shrinker::best`] is the answer. The same one again if nothing was
    /// told of it yet.
    pub fn propose(&mut self) -> Option<&Plan> {
        while self.candidate.is_none() {
            if self.progress.proposed >= self.progress.budget {
                return None;
            }
            let Some((name, pass)) = PASSES.get(self.pass) else {
                if !self.helped {
                    return None;
                }
                (self.pass, self.cursor, self.helped) = (0, Cursor::default(), false);
                continue;
            };
            self.progress.pass = name;
            let Some(next) = self.step(*pass) else {
                (self.pass, self.cursor) = (self.pass + 1, Cursor::default());
                continue;
            };
            if next.is_some_and(|candidate| self.consider(candidate)) {
                self.progress.proposed += 1;
            } else {
                self.refused();
            }
        }
        self.candidate.as_ref()
    }

    /// Tells which rules the proposed plan violated. True if that makes it the best one. Without a proposal it says nothing.
    pub fn tell<'a>(&mut self, violated: impl IntoIterator<Item = &'a str>) -> bool {
        let Some(candidate) = self.candidate.take() else { return false };
        if !violated.into_iter().any(|rule| rule == self.rule) {
            self.refused();
            return false;
        }
        self.best = candidate;
        self.helped = true;
        self.progress.accepted += 1;
        self.progress.to = Measure::of(&self.best);
        match PASSES[self.pass].1 {
            // What comes next is now at the same place of a shorter list.
            Pass::List(_) => {}
            Pass::Places(_) => {
                self.cursor.which = 0;
                self.cursor.times += 1;
            }
        }
        true
    }

    /// The smallest plan so far that breaks the rule.
    #[must_use]
    pub fn best(&self) -> &Plan {
        &self.best
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// The candidate at the cursor, which is first moved to where there is one. `None`: the pass is over; `Some(None)`:
    /// there is none at this place.
    fn step(&mut self, pass: Pass) -> Option<Option<Plan>> {
        match pass {
            Pass::List(list) => {
                let length = (list.length)(&self.best);
                let Cursor { at, which, .. } = &mut self.cursor;
                if length == 0 {
                    return None;
                }
                if *which == 0 {
                    *which = length;
                }
                *which = (*which).min(length);
                if *at >= length {
                    (*at, *which) = (0, *which / 2);
                }
                if *which == 0 {
                    return None;
                }
                Some(Some((list.without)(&self.best, *at..length.min(*at + *which))))
            }
            Pass::Places(change) => loop {
                let Cursor { at, which, times } = self.cursor;
                match change(&self.best, at, which)? {
                    Some(candidate) if times < TIMES => return Some(Some(candidate)),
                    _ => self.cursor = Cursor { at: at + 1, ..Cursor::default() },
                }
            },
        }
    }

    /// Takes a plan as the candidate if it is new and can be executed.
    fn consider(&mut self, candidate: Plan) -> bool {
        let fit = plan::problem(&candidate).is_none() && (!self.ends || deadline::ends(&candidate));
        if !fit || !self.seen.insert(digest(&candidate)) {
            return false;
        }
        self.candidate = Some(candidate);
        true
    }

    /// The plan at the cursor does not help.
    fn refused(&mut self) {
        match PASSES[self.pass].1 {
            Pass::List(_) => self.cursor.at += self.cursor.which,
            Pass::Places(_) => self.cursor.which += 1,
        }
    }
}

/// Equal plans have equal digests, in one process.
fn digest(plan: &Plan) -> u64 {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(plan).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}
