//! What many cases have come to: what was drawn, what differed, and a case for each kind of difference.

use crate::case::Case;
use crate::coverage::Coverage;
use crate::difference::Difference;
use crate::outcome::Outcome;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// A kind of difference, and the first case that shows it.
#[derive(Clone, Debug)]
pub struct Kind {
    /// How many cases show it.
    pub cases: u64,
    /// The seed of the first one.
    pub seed: u64,
    /// What was done in it, in a line.
    pub case: String,
    /// What differs there.
    pub difference: Difference,
    /// The freedom that explains it: its name, and why it is one.
    pub freedom: Option<(&'static str, &'static str)>,
}

/// What a campaign has come to.
#[derive(Debug, Default)]
pub struct Found {
    /// Requests that were drawn.
    pub requests: u64,
    /// Cases without a difference.
    pub equal: u64,
    /// Cases with nothing but explained ones.
    pub explained: u64,
    /// Cases with an unexplained one.
    pub unexplained: u64,
    /// The kinds of differences, by what they say.
    pub kinds: BTreeMap<String, Kind>,
    /// Which fields were drawn and seen.
    pub coverage: Coverage,
}

impl Found {
    /// Counts in what other cases have come to.
    pub fn join(&mut self, other: Self) {
        self.requests += other.requests;
        self.equal += other.equal;
        self.explained += other.explained;
        self.unexplained += other.unexplained;
        for (name, of) in other.kinds {
            self.count(name, of);
        }
        self.coverage.join(other.coverage);
    }

    /// Counts a case in.
    pub(crate) fn add(&mut self, seed: u64, case: &Case, outcome: &Outcome) {
        self.requests += case.requests.len() as u64;
        match outcome.is_explained() {
            true if outcome.differences.is_empty() => self.equal += 1,
            true => self.explained += 1,
            false => self.unexplained += 1,
        }
        for (difference, freedom) in &outcome.differences {
            let kind = Kind { cases: 1, seed, case: case.line(), difference: difference.clone(), freedom: *freedom };
            self.count(difference.kind(), kind);
        }
        self.coverage.add(&case.requests, outcome);
    }

    /// Counts cases of a kind in. What is explained in some of them only is not explained.
    fn count(&mut self, name: String, of: Kind) {
        match self.kinds.entry(name) {
            Entry::Vacant(place) => drop(place.insert(of)),
            Entry::Occupied(mut place) => {
                let known = place.get_mut();
                match (known.freedom.is_some(), of.freedom.is_some()) {
                    (true, false) => *known = of,
                    (false, true) => {}
                    _ => {
                        known.cases += of.cases;
                        if of.seed < known.seed {
                            (known.seed, known.difference) = (of.seed, of.difference);
                        }
                    }
                }
            }
        }
    }

    /// The kinds that nothing explains, the most frequent first.
    #[must_use]
    pub fn unexplained(&self) -> Vec<(&String, &Kind)> {
        let mut kinds: Vec<_> = self.kinds.iter().filter(|(_, kind)| kind.freedom.is_none()).collect();
        kinds.sort_by_key(|(_, kind)| (u64::MAX - kind.cases, kind.seed));
        kinds
    }
}
