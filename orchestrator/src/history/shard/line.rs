//! Requests that wait for a turn, in a line for each workflow. When there are more than a turn takes, the lines are served in
//! turn, so that nobody waits for what somebody else's workflow is asked: however long its line, a workflow has its share. A line
//! has an end, so that those who stand in it do not keep others from being let in.

use super::job::Job;
use super::route::WorkflowKey;
use crate::cluster::Rejection;
use resurgam_api::temporal::enums::v1::ResourceExhaustedCause;
use std::collections::{BTreeMap, VecDeque};

/// Requests of one workflow that wait at most.
pub(crate) const LINE: usize = 512;
/// Requests that wait at most, whatever they are about, before no more are let in.
pub(crate) const LINES: usize = 1024;

/// The lines. Within one, and among those that are taken together, the order is that of arrival.
#[derive(Debug, Default)]
pub(super) struct Lines {
    lines: BTreeMap<WorkflowKey, VecDeque<(u64, Job)>>,
    /// The workflows that have one, beginning with whose turn it is.
    order: VecDeque<WorkflowKey>,
    waiting: usize,
    arrived: u64,
}

impl Lines {
    /// True if no request waits in any of them.
    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Nobody else is to be let in now.
    pub(super) fn are_full(&self) -> bool {
        self.waiting >= LINES
    }

    /// Puts a request behind all others of its workflow.
    ///
    /// # Errors
    /// The request, if too many wait there.
    pub(super) fn push(&mut self, job: Job) -> Result<(), Job> {
        let workflow = &job.target.workflow;
        let line = self.lines.entry(workflow.clone()).or_default();
        if line.len() >= LINE {
            return Err(job);
        }
        if line.is_empty() {
            self.order.push_back(workflow.clone());
        }
        self.arrived += 1;
        self.waiting += 1;
        line.push_back((self.arrived, job));
        Ok(())
    }

    /// Takes at most `limit` requests, and at most `share` of one workflow.
    pub(super) fn take(&mut self, limit: usize, share: usize) -> Vec<Job> {
        let mut taken = Vec::new();
        for _ in 0..share {
            for _ in 0..self.order.len().min(limit - taken.len()) {
                let Some(workflow) = self.order.pop_front() else { break };
                let Some(line) = self.lines.get_mut(&workflow) else { continue };
                taken.extend(line.pop_front());
                if line.is_empty() {
                    self.lines.remove(&workflow);
                } else {
                    self.order.push_back(workflow);
                }
            }
        }
        self.waiting -= taken.len();
        taken.sort_by_key(|(arrived, _)| *arrived);
        taken.into_iter().map(|(_, job)| job).collect()
    }
}

/// What is said to whom there is no place for.
pub(super) fn full() -> Rejection {
    Rejection::ResourceExhausted {
        message: "too many calls wait for this workflow".to_owned(),
        cause: ResourceExhaustedCause::BusyWorkflow.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::job::{Origin, Work};
    use super::super::route::Target;
    use super::*;
    use crate::history::engine::Waiter;

    fn job(workflow_id: &str, run_id: &str) -> Job {
        let workflow = WorkflowKey { namespace_id: "n".into(), workflow_id: workflow_id.into() };
        let target = Target { workflow, run_id: run_id.into() };
        Job { target, work: Work::View(Waiter::nobody()), origin: Origin::Nothing }
    }

    fn take(lines: &mut Lines, limit: usize, share: usize) -> Vec<String> {
        let taken = lines.take(limit, share);
        taken.into_iter().map(|job| format!("{}{}", job.target.workflow.workflow_id, job.target.run_id)).collect()
    }

    #[test]
    fn who_asks_little_does_not_wait_for_who_asks_much() {
        let mut lines = Lines::default();
        for number in 1..=9 {
            lines.push(job("hot", &number.to_string())).expect("there is room");
        }
        lines.push(job("a", "1")).expect("there is room");
        lines.push(job("b", "1")).expect("there is room");
        assert_eq!(take(&mut lines, 4, 3), ["hot1", "hot2", "a1", "b1"]);
        lines.push(job("a", "2")).expect("there is room");
        assert_eq!(take(&mut lines, 4, 2), ["hot3", "hot4", "a2"], "a share, though there is room");
        assert_eq!(take(&mut lines, 1, 8), ["hot5"]);
        lines.push(job("b", "2")).expect("there is room");
        assert_eq!(take(&mut lines, 2, 8), ["hot6", "b2"]);
        assert_eq!(take(&mut lines, 8, 8), ["hot7", "hot8", "hot9"]);
        assert!(lines.is_empty() && take(&mut lines, 8, 8).is_empty());
    }

    #[test]
    fn a_line_has_an_end() {
        let mut lines = Lines::default();
        for number in 0..LINE {
            lines.push(job("hot", &number.to_string())).expect("there is room");
        }
        assert_eq!(lines.push(job("hot", "more")).map_err(|job| job.target.run_id), Err("more".to_owned()));
        lines.push(job("a", "1")).expect("in its own line");
        assert!(!lines.are_full());
        for number in 0..LINES - LINE - 1 {
            lines.push(job(&number.to_string(), "")).expect("there is room");
        }
        assert!(lines.are_full());
        lines.take(1, 1);
        assert!(!lines.are_full());
    }

    #[test]
    fn what_fits_is_taken_as_it_came() {
        let mut lines = Lines::default();
        for (workflow, number) in [("a", "1"), ("a", "2"), ("b", "1"), ("a", "3"), ("c", "1")] {
            lines.push(job(workflow, number)).expect("there is room");
        }
        assert_eq!(take(&mut lines, 8, 8), ["a1", "a2", "b1", "a3", "c1"]);
    }
}
