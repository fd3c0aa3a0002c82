//! What the mutants come to, in all and by file, function and kind of mistake.

use crate::mutant::Mutant;
use crate::trials::{Status, Tried};
use std::collections::BTreeMap;
use std::ops::AddAssign;

/// A mutant whose recordings were equal in so many cases that reach it counts as equivalent.
const EQUIVALENT: usize = 500;

/// Counts of mutants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// A rule was violated.
    pub killed: usize,
    /// No rule was, but the real server answers otherwise.
    pub answered: usize,
    /// Nothing was, though recordings differ from those without the mutant.
    pub survived: usize,
    /// Nothing was, and every recording was the one without the mutant, in fewer than 500 cases.
    pub unseen: usize,
    /// The same in at least 500 cases.
    pub equivalent: usize,
    /// The suite noticed something, and no rule says what.
    pub not_judged: usize,
    /// It would not have ended.
    pub timed_out: usize,
    /// No case reaches it.
    pub not_reached: usize,
}

impl Score {
    /// What one mutant counts.
    #[must_use]
    pub fn of(tried: &Tried) -> Self {
        let mut score = Self::default();
        let same = tried.same == tried.cases;
        *match tried.status {
            Status::Killed { .. } => &mut score.killed,
            Status::Answered { .. } => &mut score.answered,
            Status::Survived if same && tried.cases >= EQUIVALENT => &mut score.equivalent,
            Status::Survived if same => &mut score.unseen,
            Status::Survived => &mut score.survived,
            Status::NotJudged { .. } => &mut score.not_judged,
            Status::TimedOut { .. } => &mut score.timed_out,
            Status::NotReached => &mut score.not_reached,
        } = 1;
        score
    }

    /// The mutants that a case reaches and that are not equivalent.
    #[must_use]
    pub fn reached(&self) -> usize {
        self.killed + self.answered + self.survived + self.unseen + self.not_judged + self.timed_out
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> usize {
        self.reached() + self.equivalent + self.not_reached
    }

    /// The share of the reached ones that a rule sees, in percent.
    #[must_use]
    pub fn percent(&self) -> f64 {
        100.0 * self.killed as f64 / self.reached().max(1) as f64
    }

    /// The share of the reached ones that a rule or a recorded answer sees, in percent.
    #[must_use]
    pub fn percent_seen(&self) -> f64 {
        100.0 * (self.killed + self.answered) as f64 / self.reached().max(1) as f64
    }
}

impl AddAssign for Score {
    fn add_assign(&mut self, other: Self) {
        self.killed += other.killed;
        self.answered += other.answered;
        self.survived += other.survived;
        self.unseen += other.unseen;
        self.equivalent += other.equivalent;
        self.not_judged += other.not_judged;
        self.timed_out += other.timed_out;
        self.not_reached += other.not_reached;
    }
}

/// The counts of mutants by what `key` says of each.
#[must_use]
pub fn by<K: Ord>(mutants: &[Mutant], tried: &BTreeMap<u32, Tried>, key: impl Fn(&Mutant) -> K) -> BTreeMap<K, Score> {
    let mut all: BTreeMap<K, Score> = BTreeMap::new();
    for mutant in mutants {
        if let Some(tried) = tried.get(&mutant.id) {
            *all.entry(key(mutant)).or_default() += Score::of(tried);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case_id::CaseId;

    fn score(cases: usize, same: usize, status: Status) -> Score {
        Score::of(&Tried { mutant: 1, cases, same, status })
    }

    #[test]
    fn who_survives_without_a_trace_may_be_equivalent() {
        assert_eq!(score(500, 500, Status::Survived).equivalent, 1);
        assert_eq!(score(499, 499, Status::Survived).unseen, 1);
        assert_eq!(score(500, 499, Status::Survived).survived, 1);
    }

    #[test]
    fn equivalent_and_unreached_ones_do_not_count() {
        let mut sum = score(500, 500, Status::Survived);
        sum += score(0, 0, Status::NotReached);
        let case = CaseId::Plan(1);
        sum += score(1, 0, Status::Killed { rules: Vec::new(), case });
        sum += score(1, 0, Status::Answered { kinds: Vec::new(), case });
        sum += score(1, 0, Status::TimedOut { case });
        sum += score(1, 0, Status::TimedOut { case });
        assert_eq!((sum.all(), sum.reached()), (6, 4));
        assert!((sum.percent() - 25.0).abs() < 1e-9);
        assert!((sum.percent_seen() - 50.0).abs() < 1e-9);
    }
}
