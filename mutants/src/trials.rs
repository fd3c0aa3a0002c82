//! Mutants in the cases that reach them, until a rule sees them.

use crate::case_id::CaseId;
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
        case: CaseId,
    },
    /// No rule was, but the real server answers otherwise.
    Answered {
        /// In these kinds of differences.
        kinds: Vec<String>,
        /// In this group of cases.
        case: CaseId,
    },
    /// All rules held in all cases.
    Survived,
    /// The suite noticed something, but no rule says what.
    NotJudged {
        /// What the suite says of it.
        why: String,
        /// In this case.
        case: CaseId,
    },
    /// It would not have ended.
    TimedOut {
        /// The case that would not have ended.
        case: CaseId,
    },
    /// No case reaches it.
    NotReached,
}

/// Tries mutants, each in at most `most` of the plans that reach it, and then in four times as many groups of recorded cases, of which
/// few have requests that show it; `each` hears what became of every one.
///
/// # Errors
/// As [`work`].
pub(crate) fn trials(
    program: &Path,
    arguments: &[&str],
    jobs: usize,
    survey: &Survey,
    mutants: &[u32],
    most: usize,
    mut each: impl FnMut(Tried) -> io::Result<()> + Send,
) -> io::Result<()> {
    let mut tasks = Vec::new();
    for mutant in mutants.iter().copied() {
        match survey.reaching.get(&mutant) {
            Some(cases) => {
                let (plans, recorded) = cases.split_at(cases.partition_point(|case| matches!(case, CaseId::Plan(_))));
                tasks.push(Task { mutant, cases: [spread(plans, most), spread(recorded, 4 * most)].concat() });
            }
            None => each(Tried { mutant, cases: 0, same: 0, status: Status::NotReached })?,
        }
    }
    work(program, arguments, jobs, tasks, |done| each(judged(&done, survey)))
}

/// At most so many of the cases, evenly from all of them.
fn spread(cases: &[CaseId], most: usize) -> Vec<CaseId> {
    if cases.len() <= most {
        return cases.to_vec();
    }
    (0..most).map(|index| cases[index * cases.len() / most]).collect()
}

fn judged(done: &Done, survey: &Survey) -> Tried {
    let same = |ended: &&Ended| survey.recordings.get(&ended.case) == Some(&ended.recording);
    let status = match done.ended.last() {
        last if done.lost => {
            // The case that did not end; or it went silent behind the last one.
            let next = done.task.cases.get(done.ended.len()).copied();
            let case = next.or(last.map(|ended| ended.case)).unwrap_or_else(|| unreachable!("a task has cases"));
            Status::TimedOut { case }
        }
        Some(Ended { said: Said::Violated(rules), case, .. }) => Status::Killed { rules: rules.clone(), case: *case },
        Some(Ended { said: Said::Differs(kinds), case, .. }) => Status::Answered { kinds: kinds.clone(), case: *case },
        Some(Ended { said: Said::NotJudged(why), case, .. }) => Status::NotJudged { why: why.clone(), case: *case },
        Some(Ended { said: Said::Endless, case, .. }) => Status::TimedOut { case: *case },
        Some(Ended { said: Said::Held, .. }) | None => Status::Survived,
    };
    Tried { mutant: done.task.mutant, cases: done.ended.len(), same: done.ended.iter().filter(same).count(), status }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(seed: u64, recording: u64, said: Said) -> Ended {
        Ended { case: CaseId::Plan(seed), recording, said, mattered: Vec::new() }
    }

    fn status(ended: Vec<Ended>, lost: bool) -> Tried {
        let mut survey = Survey::default();
        for (seed, recording) in [(1, 11), (2, 12), (3, 13)] {
            survey.take(&Ended { mattered: vec![7], ..self::ended(seed, recording, Said::Held) });
        }
        let cases = [1, 2, 3].map(CaseId::Plan).to_vec();
        assert_eq!(survey.reaching[&7], cases);
        judged(&Done { task: Task { mutant: 7, cases }, ended, lost }, &survey)
    }

    #[test]
    fn only_a_violated_rule_or_a_known_answer_tells() {
        let rules: Vec<RuleId> = vec!["H1".into()];
        let violated = Said::Violated(rules.clone());
        let killed = status(vec![ended(1, 11, Said::Held), ended(2, 99, violated)], false);
        let case = CaseId::Plan(2);
        assert_eq!(killed, Tried { mutant: 7, cases: 2, same: 1, status: Status::Killed { rules, case } });
        let noticed = status(vec![ended(1, 0, Said::NotJudged("why".into()))], false);
        assert_eq!(noticed.status, Status::NotJudged { why: "why".into(), case: CaseId::Plan(1) });
        let kinds = vec!["Call field: 1 | 2".to_owned()];
        let differs = status(vec![ended(1, 0, Said::Differs(kinds.clone()))], false);
        assert_eq!(differs.status, Status::Answered { kinds, case: CaseId::Plan(1) });
        assert_eq!(status(vec![ended(1, 0, Said::Endless)], false).status, Status::TimedOut { case: CaseId::Plan(1) });
        assert_eq!(status(vec![ended(1, 11, Said::Held)], true).status, Status::TimedOut { case });
        assert_eq!(status(vec![ended(1, 11, Said::Held)], false).status, Status::Survived);
    }

    #[test]
    fn a_few_cases_are_taken_from_everywhere() {
        let plans = |seeds: &[u64]| seeds.iter().copied().map(CaseId::Plan).collect::<Vec<_>>();
        assert_eq!(spread(&plans(&[1, 2, 3]), 5), plans(&[1, 2, 3]));
        assert_eq!(spread(&plans(&(0..100).collect::<Vec<_>>()), 4), plans(&[0, 25, 50, 75]));
    }
}
