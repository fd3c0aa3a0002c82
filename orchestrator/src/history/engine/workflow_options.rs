//! Changes the options of an open run: its priority, which what it starts from then on inherits. As in temporalio/temporal,
//! `service/history/api/updateworkflowoptions/api.go`. Versions of workers are no option here: the frontend refuses them.

use super::input::{Acted, Reply, RunInput, Which};
use super::required;
use super::transaction::Transaction;
use super::waiter::Waiter;
use resurgam_api::internal::UpdateWorkflowOptionsRequest;
use resurgam_api::temporal::common::v1::Priority;
use resurgam_api::temporal::history::v1::WorkflowExecutionOptionsUpdatedEventAttributes;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::workflow::v1::WorkflowExecutionOptions;
use resurgam_api::temporal::workflowservice::v1::UpdateWorkflowExecutionOptionsResponse;
use resurgam_state::State;

impl RunInput for UpdateWorkflowOptionsRequest {
    type Answer = UpdateWorkflowExecutionOptionsResponse;

    fn run(&self) -> Which<'_> {
        Which::target(self.target.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        let request = required::request(self.request)?;
        tx.require_open()?;
        let given = request.workflow_execution_options.unwrap_or_default().priority;
        let before = tx.run.state.started.priority.clone();
        let paths = request.update_mask.map(|mask| mask.paths).unwrap_or_default();
        let priority = merged(before.clone(), given.as_ref(), &paths);
        if priority != before {
            let event = tx.event(Attributes::WorkflowExecutionOptionsUpdatedEventAttributes(
                WorkflowExecutionOptionsUpdatedEventAttributes {
                    unset_versioning_override: true,
                    identity: request.identity,
                    priority: priority.clone(),
                    ..Default::default()
                },
            ));
            apply(&mut tx.run.state, priority.as_ref());
            tx.place(event);
        }
        let options = WorkflowExecutionOptions { priority, ..WorkflowExecutionOptions::default() };
        Ok(Reply::now(UpdateWorkflowExecutionOptionsResponse {
            workflow_execution_options: Some(options),
            ..Default::default()
        }))
    }
}

/// What the event of a change says holds from then on. As in Temporal, none is no change.
pub(super) fn apply(state: &mut State, priority: Option<&Priority>) {
    if priority.is_some() {
        state.started.priority = priority.cloned();
    }
}

/// A priority of which those fields that `paths` name are as in `given`.
fn merged(mut priority: Option<Priority>, given: Option<&Priority>, paths: &[String]) -> Option<Priority> {
    let of = given.cloned().unwrap_or_default();
    for path in paths {
        match path.replace('_', "").to_lowercase().as_str() {
            "priority" => priority = given.cloned(),
            "priority.prioritykey" => priority.get_or_insert_default().priority_key = of.priority_key,
            "priority.fairnesskey" => priority.get_or_insert_default().fairness_key.clone_from(&of.fairness_key),
            "priority.fairnessweight" => priority.get_or_insert_default().fairness_weight = of.fairness_weight,
            _ => {}
        }
    }
    priority
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_stays() {
        let of = |priority_key, fairness_key: &str, fairness_weight| {
            Some(Priority { priority_key, fairness_key: fairness_key.into(), fairness_weight })
        };
        let (before, given) = (of(1, "a", 1.0), of(2, "b", 2.0));
        let with = |paths: &[&str]| {
            let paths: Vec<_> = paths.iter().map(|path| (*path).to_owned()).collect();
            merged(before.clone(), given.as_ref(), &paths)
        };
        assert_eq!(with(&["priority"]), given);
        assert_eq!(with(&["priority.priority_key"]), of(2, "a", 1.0));
        assert_eq!(with(&["priority.fairnessKey", "priority.fairness_weight"]), of(1, "b", 2.0));
        assert_eq!(with(&["versioning_override"]), before);
        assert_eq!(merged(None, None, &["priority.fairness_weight".to_owned()]), Some(Priority::default()));
    }
}
