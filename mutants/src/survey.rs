//! Which case reaches which mutant: random cases without any mutant, in each of which those are noted that would have
//! mattered.

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
    /// The hash of each recording, by the seed.
    pub(crate) recordings: BTreeMap<u64, u64>,
    /// The seeds of the cases that reach a mutant, in order, by its id.
    pub(crate) reaching: BTreeMap<u32, Vec<u64>>,
    /// Cases in which a rule fired, or that were not judged, without any mutant: they show nothing.
    pub(crate) useless: Vec<u64>,
}

impl Survey {
    /// Takes in what came of a case.
    pub(crate) fn take(&mut self, ended: &Ended) {
        if ended.said != Said::Held {
            self.useless.push(ended.seed);
            return;
        }
        self.recordings.insert(ended.seed, ended.recording);
        for mutant in &ended.mattered {
            let seeds = self.reaching.entry(*mutant).or_default();
            let at = seeds.partition_point(|seed| *seed < ended.seed);
            seeds.insert(at, ended.seed);
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
    seeds: &[u64],
    mut each: impl FnMut(&Ended) -> io::Result<()> + Send,
) -> io::Result<()> {
    let tasks = seeds.chunks(TOGETHER).map(|seeds| Task { mutant: 0, seeds: seeds.to_vec() }).collect();
    work(program, arguments, jobs, tasks, |done: Done| done.ended.iter().try_for_each(&mut each))
}
