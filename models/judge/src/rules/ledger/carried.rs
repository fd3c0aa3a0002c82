//! What a workflow task brings to its worker beside the history: its attempt, updates and queries.

use crate::rules::Indexed;
use crate::rules::index::Key;
use resurgam_formats::event::{Body, EventId};
use resurgam_formats::evidence::Handed;
use resurgam_formats::label;
use resurgam_formats::plan::Action;
use resurgam_formats::time::At;
use rustc_hash::{FxHashMap, FxHashSet};

/// What was asked of workflows, and the tasks that are in histories.
pub(super) struct Carried<'e> {
    /// Updates by workflow id and update id.
    updates: FxHashSet<(&'e str, &'e str)>,
    /// When queries of a workflow were sent.
    queries: FxHashMap<&'e str, Vec<At>>,
    /// Completed tasks, by run and label: the attempt, and the event that started it.
    completed: FxHashMap<(Key<'e>, String), (i64, EventId)>,
}

impl<'e> Carried<'e> {
    pub(super) fn of(evidence: &Indexed<'e>) -> Self {
        let mut all =
            Self { updates: FxHashSet::default(), queries: FxHashMap::default(), completed: FxHashMap::default() };
        for call in evidence.asked() {
            match call.action {
                Action::Update { .. } => {
                    all.updates.insert((call.workflow_id, call.request_id));
                }
                Action::Query { .. } => {
                    let sent = call.operation.attempts.iter().map(|attempt| attempt.invoked);
                    all.queries.entry(call.workflow_id).or_default().extend(sent);
                }
                Action::Start(_)
                | Action::Signal { .. }
                | Action::SignalWithStart { .. }
                | Action::Cancel
                | Action::Terminate
                | Action::Describe
                | Action::ReadHistory => {}
            }
        }
        for run in &evidence.evidence().runs {
            let key = (run.workflow_id.as_str(), run.run_id.as_str());
            for event in &run.events {
                let Body::WorkflowTaskCompleted(task) = &event.body else { continue };
                let metadata = event.body.field("sdkMetadata").unwrap_or_default();
                let label = metadata.get("sdkVersion").and_then(|label| label.as_str()).unwrap_or_default();
                if let Some(Body::WorkflowTaskScheduled(scheduled)) = run.event(task.scheduled).map(|it| &it.body) {
                    all.completed.insert((key, label.to_owned()), (scheduled.attempt, task.started));
                }
            }
        }
        all
    }

    /// What is wrong with what came with this task, in words.
    pub(super) fn wrong(&self, handed: &'e Handed) -> Vec<String> {
        let (task, mut wrong) = (&handed.task, Vec::new());
        for (place, update) in task.updates.iter().enumerate() {
            if !self.updates.contains(&(task.workflow_id.as_str(), update.as_str())) {
                wrong.push(format!("it came with update {update}, which nobody sent"));
            }
            if task.updates.iter().take(place).any(|before| before == update) {
                wrong.push(format!("it came with update {update} twice"));
            }
        }
        let sent = self.queries.get(task.workflow_id.as_str()).map_or(&[][..], Vec::as_slice);
        let sent = sent.iter().filter(|at| **at <= handed.at).count();
        if usize::try_from(task.queries).is_ok_and(|queries| queries > sent) {
            wrong.push(format!("it came with {} queries, {sent} had been sent", task.queries));
        }
        let key = (task.workflow_id.as_str(), task.run_id.as_str());
        if let Some((attempt, started)) = self.completed.get(&(key, label::task(task.task)))
            && (i64::from(task.attempt), task.started) != (*attempt, started.0)
        {
            wrong.push(format!(
                "it was attempt {}, started by event {}, in the history it is attempt {attempt}, started by {started}",
                task.attempt, task.started
            ));
        }
        wrong
    }
}
