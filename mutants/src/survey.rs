//! Which case reaches which mutant: random cases without any mutant, in each of which those are noted that would have
//! mattered.

use crate::case_id::CaseId;
use crate::child::{Done, work};
use crate::serve::{Ended, Said, Task};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// So many cases are one task.
const TOGETHER: usize = 8;

/// Cases that held without any mutant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Survey {
    /// The hash of each recording, by the case.
    pub(crate) recordings: BTreeMap<CaseId, u64>,
    /// The cases that reach a mutant, in order, by its id.
    pub(crate) reaching: BTreeMap<u32, Vec<CaseId>>,
    /// Cases in which a rule fired, or that were not judged, without any mutant: they show nothing.
    pub(crate) useless: Vec<CaseId>,
}

impl Survey {
    /// Takes in what came of a case.
    pub(crate) fn take(&mut self, ended: &Ended) {
        if ended.said != Said::Held {
            self.useless.push(ended.case);
            return;
        }
        self.recordings.insert(ended.case, ended.recording);
        for mutant in &ended.mattered {
            let cases = self.reaching.entry(*mutant).or_default();
            let at = cases.partition_point(|case| *case < ended.case);
            cases.insert(at, ended.case);
        }
    }
}

/// Executes cases; `each` hears what came of every one.
///
/// # Errors
/// As [`work`].
pub(crate) fn survey(
    program: &Path,
    arguments: &[&str],
    jobs: usize,
    cases: &[CaseId],
    mut each: impl FnMut(&Ended) -> io::Result<()> + Send,
) -> io::Result<()> {
    let tasks = cases.chunks(TOGETHER).map(|cases| Task { mutant: 0, cases: cases.to_vec() }).collect();
    work(program, arguments, jobs, tasks, |done: Done| done.ended.iter().try_for_each(&mut each))
}
