//! Mutants in the cases that reach them, until a rule sees them.

use crate::child::{Done, work};
use crate::serve::{Ended, Said, Task};
use crate::survey::Survey;
use resurgam_formats::rule_id::RuleId;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// The id of the mutant.
    pub mutant: u32,
    /// How many cases were executed with it.
    pub cases: usize,
    /// In how many of them the recording is, byte for byte, the one without it.
    pub same: usize,
    /// What the last one showed.
    pub status: Status,
}

/// What is known of a mutant after its last case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Rules were violated.
    Killed {
        /// The rules that the case violates.
        rules: Vec<RuleId>,
        /// In this case.
        seed: u64,
    },
    /// All rules held in all cases.
    Survived,
    /// The suite noticed something, but no rule says what.
    NotJudged {
        /// What the suite says of it.
        why: String,
        /// In this case.
        seed: u64,
    },
    /// It would not have ended.
    TimedOut {
        /// The case that did not end.
        seed: u64,
    },
    /// No case reaches it.
    NotReached,
}

/// Tries mutants, each in at most `cases` of those that reach it; `each` hears what became of every one.
///
/// # Errors
/// As [`work`].
pub(crate) fn trials(
    program: &Path,
    arguments: &[&str],
    jobs: usize,
    survey: &Survey,
    mutants: &[u32],
    cases: usize,
    mut each: impl FnMut(Tried) -> io::Result<()> + Send,
) -> io::Result<()> {
    let mut tasks = Vec::new();
    for mutant in mutants.iter().copied() {
        match survey.reaching.get(&mutant) {
            Some(seeds) => tasks.push(Task { mutant, seeds: spread(seeds, cases) }),
            None => each(Tried { mutant, cases: 0, same: 0, status: Status::NotReached })?,
        }
    }
    work(program, arguments, jobs, tasks, |done| each(judged(&done, survey)))
}

/// At most so many of the seeds, evenly from all of them.
fn spread(seeds: &[u64], most: usize) -> Vec<u64> {
    if seeds.len() <= most {
        return seeds.to_vec();
    }
    (0..most).map(|index| seeds[index * seeds.len() / most]).collect()
}

fn judged(done: &Done, survey: &Survey) -> Tried {
    let same = |ended: &&Ended| survey.recordings.get(&ended.seed) == Some(&ended.recording);
    let status = match done.ended.last() {
        last if done.lost => {
            // The case that did not end; or it went silent behind the last one.
            let next = done.task.seeds.get(done.ended.len()).copied();
            let seed = next.or(last.map(|ended| ended.seed)).unwrap_or_else(|| unreachable!("a task has cases"));
            Status::TimedOut { seed }
        }
        Some(Ended { said: Said::Violated(rules), seed, .. }) => Status::Killed { rules: rules.clone(), seed: *seed },
        Some(Ended { said: Said::NotJudged(why), seed, .. }) => Status::NotJudged { why: why.clone(), seed: *seed },
        Some(Ended { said: Said::Endless, seed, .. }) => Status::TimedOut { seed: *seed },
        Some(Ended { said: Said::Held, .. }) | None => Status::Survived,
    };
    Tried { mutant: done.task.mutant, cases: done.ended.len(), same: done.ended.iter().filter(same).count(), status }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(seed: u64, recording: u64, said: Said) -> Ended {
        Ended { seed, recording, said, mattered: Vec::new() }
    }

    fn status(ended: Vec<Ended>, lost: bool) -> Tried {
        let mut survey = Survey::default();
        for (seed, recording) in [(1, 11), (2, 12), (3, 13)] {
            survey.take(&Ended { mattered: vec![7], ..self::ended(seed, recording, Said::Held) });
        }
        assert_eq!(survey.reaching[&7], [1, 2, 3]);
        judged(&Done { task: Task { mutant: 7, seeds: vec![1, 2, 3] }, ended, lost }, &survey)
    }

    #[test]
    fn only_a_violated_rule_kills() {
        let rules: Vec<RuleId> = vec!["H1".into()];
        let violated = Said::Violated(rules.clone());
        let killed = status(vec![ended(1, 11, Said::Held), ended(2, 99, violated)], false);
        assert_eq!(killed, Tried { mutant: 7, cases: 2, same: 1, status: Status::Killed { rules, seed: 2 } });
        let noticed = status(vec![ended(1, 0, Said::NotJudged("why".into()))], false);
        assert_eq!(noticed.status, Status::NotJudged { why: "why".into(), seed: 1 });
        assert_eq!(status(vec![ended(1, 0, Said::Endless)], false).status, Status::TimedOut { seed: 1 });
        assert_eq!(status(vec![ended(1, 11, Said::Held)], true).status, Status::TimedOut { seed: 2 });
        assert_eq!(status(vec![ended(1, 11, Said::Held)], false).status, Status::Survived);
    }

    #[test]
    fn a_few_cases_are_taken_from_everywhere() {
        assert_eq!(spread(&[1, 2, 3], 5), [1, 2, 3]);
        assert_eq!(spread(&(0..100).collect::<Vec<_>>(), 4), [0, 25, 50, 75]);
    }
}
