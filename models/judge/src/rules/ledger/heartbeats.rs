//! The progress of activities that workers reported, and which of it may be shown by an answer. With labels, each report names the task
//! that it is of.

use crate::rules::Indexed;
use crate::rules::proof::{acknowledged, possible};
use resurgam_formats::event::{Field, Payloads};
use resurgam_formats::label;
use resurgam_formats::recording::{Call, TaskId};
use resurgam_formats::time::At;
use rustc_hash::FxHashMap;
use serde_json::Value;

/// Workflow id, run id and activity id.
pub(super) type ActivityKey<'e> = (&'e str, &'e str, &'e str);

/// A report that may have been taken.
pub(super) struct Heartbeat {
    pub(super) attempt: u32,
    pub(super) task: TaskId,
    pub(super) sent: At,
    pub(super) acknowledged: Option<At>,
}

/// All of them, by activity.
pub(super) fn reported<'e>(evidence: &Indexed<'e>) -> FxHashMap<ActivityKey<'e>, Vec<Heartbeat>> {
    let evidence = evidence.evidence();
    let mut all: FxHashMap<_, Vec<_>> = FxHashMap::default();
    for operation in evidence.operations.values() {
        if let Call::Heartbeat { task } = &operation.call
            && let Some(handed) = evidence.tasks.get(task).map(|handed| &handed.task)
            && possible(operation)
        {
            let key = (handed.workflow_id.as_str(), handed.run_id.as_str(), handed.activity_id.as_str());
            let (sent, acknowledged) = (operation.invoked(), acknowledged(operation));
            all.entry(key).or_default().push(Heartbeat { attempt: handed.attempt, task: *task, sent, acknowledged });
        }
    }
    all
}

/// What an answer shows as progress, if that is none of these reports, or of one that another has replaced. `last` is when the last of
/// those that it must show at least was sent.
pub(super) fn strange(answer: &Value, reports: &[&Heartbeat], last: Option<At>) -> Option<Value> {
    let details = answer.get("heartbeatDetails").cloned().and_then(|details| Payloads::read(details).ok());
    unreported(details.and_then(|details| details.first_json()), reports, last)
}

/// The same of progress that was found elsewhere.
pub(super) fn unreported(found: Option<Value>, reports: &[&Heartbeat], last: Option<At>) -> Option<Value> {
    // What was sent after something else was acknowledged may have replaced it; what was before it may not come back.
    let current = |report: &&&Heartbeat| last.is_none_or(|sent| report.acknowledged.is_none_or(|at| at >= sent));
    let mut allowed = reports.iter().filter(current).map(|report| Value::from(label::task(report.task)));
    match found {
        None if last.is_none() => None,
        Some(found) if allowed.any(|it| it == found) => None,
        found => Some(found.unwrap_or_default()),
    }
}
