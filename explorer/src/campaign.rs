//! Many cases, drawn from one seed: what was drawn, what differed, and a case for each kind of difference.

use crate::case::Case;
use crate::coverage::Coverage;
use crate::difference::Difference;
use crate::freedom::explaining;
use crate::outcome::Outcome;
use crate::pair::Pair;
use crate::recording::Recorded;
use futures_util::{StreamExt as _, stream};
use std::collections::BTreeMap;

/// What is drawn.
#[derive(Clone, Debug)]
pub struct Order {
    /// The seed of the first case; the others follow.
    pub seed: u64,
    /// How many cases.
    pub cases: u64,
    /// How many at the same time.
    pub jobs: usize,
    /// Only this situation.
    pub situation: Option<String>,
    /// Only this call.
    pub call: Option<String>,
    /// What the ids of workflows begin with.
    pub prefix: String,
}

/// A kind of difference, and the first case that shows it.
#[derive(Clone, Debug)]
pub struct Kind {
    /// How many cases show it.
    pub cases: u64,
    /// The seed of the first one.
    pub seed: u64,
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

impl Order {
    /// The case of a seed.
    ///
    /// # Errors
    /// There is no such situation.
    pub(crate) fn case(&self, seed: u64) -> Result<Case, String> {
        Case::drawn(seed, self.situation.as_deref(), self.call.as_deref())
    }

    /// Executes all cases.
    ///
    /// # Errors
    /// A server is gone, or a situation is none.
    pub async fn execute(&self, pair: &Pair, mut tell: impl FnMut(u64)) -> Result<Found, String> {
        self.record(pair, |_| (), &mut tell).await
    }

    /// Executes all cases; `keep` hears what the second server answered in each in which both are of one mind.
    ///
    /// # Errors
    /// As [`Order::execute`].
    pub async fn record(
        &self,
        pair: &Pair,
        mut keep: impl FnMut(Recorded),
        mut tell: impl FnMut(u64),
    ) -> Result<Found, String> {
        let mut found = Found::default();
        let mut cases = stream::iter(self.seed..self.seed + self.cases)
            .map(|seed| async move {
                let case = self.case(seed)?;
                let id = format!("{}-{seed}", self.prefix);
                let outcome = pair.execute(&id, &case).await;
                let outcome = outcome.map_err(|why| format!("{}, seed {seed}: {why}", case.situation.name))?;
                Ok::<_, String>((seed, case, outcome))
            })
            .buffer_unordered(self.jobs);
        let mut done = 0;
        while let Some(case) = cases.next().await {
            let (seed, case, outcome) = case?;
            found.add(seed, &case, &outcome);
            Recorded::of(seed, case, outcome).into_iter().for_each(&mut keep);
            done += 1;
            tell(done);
        }
        Ok(found)
    }
}

impl Found {
    /// Counts in what other cases have come to.
    pub fn join(&mut self, other: Self) {
        self.requests += other.requests;
        self.equal += other.equal;
        self.explained += other.explained;
        self.unexplained += other.unexplained;
        for (name, of) in other.kinds {
            match self.kinds.get_mut(&name) {
                Some(kind) => {
                    kind.cases += of.cases;
                    if of.seed < kind.seed {
                        (kind.seed, kind.difference) = (of.seed, of.difference);
                    }
                }
                None => drop(self.kinds.insert(name, of)),
            }
        }
        self.coverage.join(other.coverage);
    }

    /// Counts a case in.
    pub(crate) fn add(&mut self, seed: u64, case: &Case, outcome: &Outcome) {
        self.requests += case.requests.len() as u64;
        let explanations: Vec<_> =
            outcome.differences.iter().map(|it| explaining(it).map(|it| (it.name, it.why))).collect();
        match explanations.iter().all(Option::is_some) {
            true if explanations.is_empty() => self.equal += 1,
            true => self.explained += 1,
            false => self.unexplained += 1,
        }
        for (difference, freedom) in outcome.differences.iter().zip(explanations) {
            let first = Kind { cases: 0, seed, difference: difference.clone(), freedom };
            let kind = self.kinds.entry(difference.kind()).or_insert(first);
            kind.cases += 1;
            if seed < kind.seed {
                (kind.seed, kind.difference) = (seed, difference.clone());
            }
        }
        self.coverage.add(&case.requests, outcome);
    }

    /// The kinds that nothing explains, the most frequent first.
    #[must_use]
    pub fn unexplained(&self) -> Vec<(&String, &Kind)> {
        let mut kinds: Vec<_> = self.kinds.iter().filter(|(_, kind)| kind.freedom.is_none()).collect();
        kinds.sort_by_key(|(_, kind)| (u64::MAX - kind.cases, kind.seed));
        kinds
    }
}
