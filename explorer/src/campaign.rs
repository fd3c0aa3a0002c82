//! Many cases, drawn from one seed: what was drawn, what differed, and a case for each kind of difference.

use crate::catalogue::{Situation, situations};
use crate::coverage::Coverage;
use crate::difference::Difference;
use crate::freedom::explaining;
use crate::pair::{Outcome, Pair};
use crate::request::{Drawn, draw};
use crate::values::one;
use futures_util::{StreamExt as _, stream};
use rand::SeedableRng as _;
use rand::rngs::SmallRng;
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

/// A case before it is executed.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) situation: Situation,
    pub(crate) requests: Vec<Drawn>,
}

impl Order {
    /// The case of a seed.
    ///
    /// # Errors
    /// There is no such situation.
    pub(crate) fn case(&self, seed: u64) -> Result<Case, String> {
        let mut random = SmallRng::seed_from_u64(seed);
        let named = |name: &String| {
            let found = situations().iter().find(|situation| situation.name == *name);
            found.ok_or_else(|| format!("there is no situation {name}"))
        };
        let often: Vec<&Situation> = situations().iter().filter(|situation| !situation.slow).collect();
        let drawn = *one(&mut random, &often).ok_or("there are no situations")?;
        let situation = self.situation.as_ref().map_or(Ok(drawn), named)?.clone();
        let requests = draw(&mut random, &situation.steps, self.call.as_deref());
        Ok(Case { situation, requests })
    }

    /// Executes all cases.
    ///
    /// # Errors
    /// A server is gone, or a situation is none.
    pub async fn execute(&self, pair: &Pair, mut tell: impl FnMut(u64)) -> Result<Found, String> {
        let mut found = Found::default();
        let mut cases = stream::iter(self.seed..self.seed + self.cases)
            .map(|seed| async move {
                let case = self.case(seed)?;
                let id = format!("{}-{seed}", self.prefix);
                let outcome = pair.execute(&id, &case.situation.steps, &case.requests).await;
                let name = &case.situation.name;
                outcome
                    .map(|outcome| (seed, case.requests, outcome))
                    .map_err(|why| format!("{name}, seed {seed}: {why}"))
            })
            .buffer_unordered(self.jobs);
        let mut done = 0;
        while let Some(case) = cases.next().await {
            let (seed, requests, outcome) = case?;
            found.add(seed, &requests, &outcome);
            done += 1;
            tell(done);
        }
        Ok(found)
    }
}

impl Found {
    fn add(&mut self, seed: u64, requests: &[Drawn], outcome: &Outcome) {
        self.requests += requests.len() as u64;
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
        self.coverage.add(requests, outcome);
    }

    /// The kinds that nothing explains, the most frequent first.
    #[must_use]
    pub fn unexplained(&self) -> Vec<(&String, &Kind)> {
        let mut kinds: Vec<_> = self.kinds.iter().filter(|(_, kind)| kind.freedom.is_none()).collect();
        kinds.sort_by_key(|(_, kind)| (u64::MAX - kind.cases, kind.seed));
        kinds
    }
}
