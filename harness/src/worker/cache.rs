//! The sticky cache: machines of runs between two workflow tasks, the least recently used one dropped first.

use resurgam_formats::event::{Body, Event};
use resurgam_machine::{Machine, Stray};
use std::collections::BTreeMap;

/// A run as a worker remembers it.
#[derive(Clone, Debug)]
pub(super) struct Run {
    /// The program in execution.
    pub(super) machine: Machine,
    /// Scheduled event ids of activities by number.
    pub(super) scheduled: BTreeMap<u32, i64>,
}

impl Run {
    /// From the whole history.
    pub(super) fn replay(workflow_id: &str, events: &[Event]) -> Result<Self, Stray> {
        let mut run = Self { machine: Machine::new(workflow_id), scheduled: BTreeMap::new() };
        run.advance(events)?;
        Ok(run)
    }

    /// Goes on with the next events.
    pub(super) fn advance(&mut self, events: &[Event]) -> Result<(), Stray> {
        self.machine.advance(events)?;
        self.note(events);
        Ok(())
    }

    fn note(&mut self, events: &[Event]) {
        for event in events {
            if let Body::ActivityTaskScheduled(scheduled) = &event.body
                && let Ok(seq) = scheduled.activity_id.parse()
            {
                self.scheduled.insert(seq, event.id.0);
            }
        }
    }
}

/// The last event that a machine has seen, and whether it has answered the workflow task that it stands before.
type Progress = (i64, bool);

/// The cache of one worker.
#[derive(Debug)]
pub(super) struct Cache {
    size: usize,
    /// Most recently used last.
    runs: Vec<(String, Run)>,
    /// By run id, how far the run was when its last workflow task was answered. The server may know of an answer before
    /// the worker hears so, and then a machine that is older is of the past.
    answered: BTreeMap<String, Progress>,
}

impl Cache {
    pub(super) fn new(size: usize) -> Self {
        Self { size, runs: Vec::new(), answered: BTreeMap::new() }
    }
    /// Takes a run out, unless it is older than what a workflow task was answered with.
    pub(super) fn take(&mut self, run_id: &str) -> Option<Run> {
        let index = self.runs.iter().position(|(id, _)| id == run_id)?;
        let run = self.runs.remove(index).1;
        self.is_current(run_id, &run).then_some(run)
    }
    /// Puts a run in, unless it is there as of a later moment: a slow answer to a query must not bring an old machine back,
    /// and one that looked on while a workflow task was answered is as old as the machine that answered it, but for that.
    pub(super) fn put(&mut self, run_id: String, run: Run) {
        let there = self.take(&run_id).filter(|there| there.machine.progress() > run.machine.progress());
        let newest = there.unwrap_or(run);
        if self.is_current(&run_id, &newest) {
            self.runs.push((run_id, newest));
        }
        if self.runs.len() > self.size {
            self.runs.remove(0);
        }
    }
    /// Says that a workflow task of this run is being answered by a machine that has come so far.
    pub(super) fn answering(&mut self, run_id: &str, run: &Run) {
        let so_far = self.answered.entry(run_id.to_owned()).or_default();
        *so_far = (*so_far).max(run.machine.progress());
    }
    /// Says that the server has taken back what that task was about: older machines are as good as new.
    pub(super) fn rewound(&mut self, run_id: &str) {
        self.answered.remove(run_id);
    }
    pub(super) fn clear(&mut self) {
        self.runs.clear();
        self.answered.clear();
    }
    fn is_current(&self, run_id: &str, run: &Run) -> bool {
        self.answered.get(run_id).is_none_or(|answered| run.machine.progress() >= *answered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_testing::notation;

    const HISTORY: &str = r#"
        1 WorkflowExecutionStarted input=[{"program":{"version":1,"variables":1,"body":[{"do":"timer","ms":5}],"result":{"var":0}}}]
        2 WorkflowTaskScheduled
        3 WorkflowTaskStarted scheduledEventId=2
        4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
        5 TimerStarted timerId=1
        6 WorkflowExecutionCancelRequested
        7 WorkflowTaskScheduled
        8 WorkflowTaskStarted scheduledEventId=7"#;

    /// A run that has seen so many events and has perhaps answered the task that is then started.
    fn run(seen: usize, answered: bool) -> Run {
        let evidence = notation::parse(HISTORY).expect("good notation");
        let mut run = Run::replay("w", &evidence.runs[0].events[..seen]).expect("it fits");
        if answered {
            run.machine.take_commands();
        }
        run
    }

    #[test]
    fn a_run_is_not_replaced_by_one_that_knows_less() {
        let order = [run(3, false), run(3, true), run(8, false), run(8, true)];
        for older in 0..order.len() {
            for newer in older..order.len() {
                for (first, second) in [(older, newer), (newer, older)] {
                    let mut cache = Cache::new(1);
                    cache.put("r".into(), order[first].clone());
                    cache.put("r".into(), order[second].clone());
                    let kept = cache.take("r").expect("it is there");
                    assert_eq!(kept.machine, order[newer].machine, "{first}, then {second}");
                }
            }
        }
    }

    /// A query takes the run out, a workflow task is answered from a replay, the query brings the run back, and the next
    /// one comes before the worker has heard that its answer to the workflow task has arrived.
    #[test]
    fn a_run_is_not_taken_from_before_the_last_answer() {
        let mut cache = Cache::new(1);
        cache.put("r".into(), run(3, true));
        let looking_on = cache.take("r").expect("it is there");
        cache.answering("r", &run(8, true));
        cache.put("r".into(), looking_on);
        assert!(cache.take("r").is_none(), "what it knew is over");
        cache.put("r".into(), run(8, true));
        assert!(cache.take("r").is_some());
    }

    /// A task is answered twice, long apart; meanwhile the run goes on, and is dropped for another one.
    #[test]
    fn a_slow_answer_does_not_bring_a_run_back_that_went_on_and_was_dropped() {
        let mut cache = Cache::new(1);
        cache.answering("r", &run(3, true));
        cache.answering("r", &run(8, true));
        cache.put("r".into(), run(8, true));
        cache.put("another".into(), run(3, true));
        cache.put("r".into(), run(3, true));
        assert!(cache.take("r").is_none(), "what it knew is over");
        assert!(cache.take("another").is_some(), "it was not dropped for one that is over");
    }

    #[test]
    fn a_run_from_before_is_good_again_when_the_server_has_dropped_the_task() {
        let mut cache = Cache::new(1);
        cache.answering("r", &run(8, true));
        cache.rewound("r");
        cache.put("r".into(), run(3, true));
        assert!(cache.take("r").is_some());
    }

    #[test]
    fn a_run_that_only_looked_on_goes_on_with_what_another_one_answered() {
        let evidence = notation::parse(HISTORY).expect("good notation");
        let mut looked_on = run(3, false);
        looked_on.advance(&evidence.runs[0].events[3..]).expect("it fits");
        assert_eq!(looked_on.machine, run(8, false).machine);
    }
}
