//! Many cases, drawn from one seed.

use crate::case::Case;
use crate::found::Found;
use crate::pair::Pair;
use crate::recording::Recorded;
use futures_util::{StreamExt as _, stream};

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
