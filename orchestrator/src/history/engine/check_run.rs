//! What is true of a run as its owner holds it, with what is in memory only, and of the runs of one workflow together.

use super::{Run, Workflow};
use resurgam_api::temporal::enums::v1::WorkflowExecutionStatus as Status;
use resurgam_state::{Flaw, State, hold};
use std::collections::BTreeSet;

impl Run {
    /// Checks a run as its owner holds it: also what is in memory only.
    ///
    /// # Errors
    /// What cannot be.
    pub fn check(&self) -> Result<(), Flaw> {
        self.state.check()?;
        self.check_memory()
    }

    /// Checks what is in memory only.
    ///
    /// # Errors
    /// What cannot be.
    pub(super) fn check_memory(&self) -> Result<(), Flaw> {
        let (state, memory) = (&self.state, &self.volatile);
        let open = state.known_status() == Some(Status::Running);
        let defined = state.schedule.as_ref().is_none_or(|it| state.definitions.contains_key(&it.definition));
        hold!(defined, "it is a schedule without a definition");
        if let Some(batch) = state.batch.as_ref().filter(|_| open) {
            hold!(state.batch_requests.contains_key(&State::REQUEST), "it is a batch operation without a request");
            let lost = batch.under_way.iter().find(|number| !state.batch_items.contains_key(*number));
            hold!(lost.is_none(), "the batch operation has forgotten workflow {lost:?}, with which it has begun");
        }
        hold!(open || memory.updates.is_empty(), "it is closed, and updates wait");
        hold!(
            memory.queries.is_empty() || state.workflow_task.is_some(),
            "queries wait for a workflow task that nobody made"
        );
        let with = state.workflow_task.as_ref().map_or(0, |task| task.started_event_id);
        hold!(
            memory.queries.values().all(|query| [0, with].contains(&query.sent)),
            "a query is with a worker who has no task"
        );
        let mut names = BTreeSet::new();
        for update in &memory.updates {
            let id = update.id();
            hold!(!id.is_empty() && names.insert(id), "two updates have the same id, or one has none");
            let accepted = state.updates.get(id);
            hold!(update.accepted == accepted.is_some(), "update {id} is accepted here and not there");
            hold!(accepted.is_none_or(|it| it.outcome.is_none()), "update {id} has ended, and is waited for");
            hold!(update.accepted || [0, with].contains(&update.sent), "update {id} is with a worker who has no task");
        }
        Ok(())
    }
}

impl Workflow {
    /// Checks that the runs agree with each other and with the row that names the current one.
    ///
    /// # Errors
    /// What cannot be.
    pub fn check(&self) -> Result<(), Flaw> {
        for (id, run) in &self.runs {
            hold!(*id == run.state.run_id, "run {} is kept as {id}", run.state.run_id);
        }
        let name = self.current.as_ref().map_or("", |current| &current.run_id);
        for (id, run) in self.runs.iter().filter(|(id, _)| *id != name) {
            hold!(run.state.known_status() != Some(Status::Running), "run {id} is open, and not the current one");
        }
        // Of a chain, the current run may have been deleted before one that was closed earlier, by another clock.
        let Some(current) = &self.current else { return Ok(()) };
        hold!(!current.request_ids.is_empty(), "nobody asked for the current run");
        let Some(run) = self.runs.get(&current.run_id) else {
            return Err(format!("the current run {} is not there", current.run_id));
        };
        hold!(
            run.state.status == current.status,
            "the current run {} has status {}, and its row says {}",
            current.run_id,
            run.state.status,
            current.status
        );
        Ok(())
    }
}

/// Checks rows of one workflow as they were read, before anything rests on them.
///
/// # Errors
/// What cannot be.
pub fn check(workflow: &Workflow) -> Result<(), Flaw> {
    for (id, run) in &workflow.runs {
        run.state.check().map_err(|flaw| format!("run {id}: {flaw}"))?;
    }
    workflow.check()
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
