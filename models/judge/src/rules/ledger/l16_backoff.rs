//! L16: no attempt of an activity comes before its back-off has passed.

use crate::rules::backoff::{interval, policy};
use crate::rules::index::Key;
use crate::rules::proof::clocks_agree;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Indexed, Rule};
use resurgam_formats::command::Command;
use resurgam_formats::plan::TaskKind;
use resurgam_formats::program::ActivityCall;
use resurgam_formats::recording::ActivityEnd;
use resurgam_formats::time::At;
use rustc_hash::FxHashMap;

/// Compares the times at which attempts were handed out.
pub(super) struct Backoff;

static ABOUT: About = About {
    id: "L16",
    slug: "back-off",
    title: "an attempt of an activity is handed out no earlier than its retry policy makes it wait after the attempt before",
    reason: "Back-off is what keeps a service that is down from being beaten to death by all that wait for it. An attempt that comes \
             at once, or by another interval than the policy says, turns every outage into a storm. Attempts may come late, never \
             early. Judged by the clock of the recorder: from the report of the failure, or from the first moment in which the \
             attempt can have timed out.",
    source: "docs/lower-bounds.md; docs/temporal-semantics.md: “Activities”",
    violating: whole!(
        r#"
        {"at":1000000,"type":"task","task":1,"worker":"worker-1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3}
        {"at":2000000,"type":"invoke","operation":1,"attempt":1,"by":"worker-1","call":{"of":"complete_workflow_task","task":1,"commands":[{"command":"schedule_activity","seq":1,"call":{"script":{"attempts":[]},"start_to_close_ms":9000,"retry":{"initial_ms":500,"coefficient_tenths":20,"maximum_ms":5000,"maximum_attempts":3},"cancellation":"abandon","into":0}}]}}
        {"at":5000000,"type":"task","task":2,"worker":"worker-1","kind":"activity","workflow_id":"w","run_id":"r","attempt":1,"activity_id":"1"}
        {"at":6000000,"type":"invoke","operation":2,"attempt":1,"by":"worker-1","call":{"of":"end_activity","task":2,"end":{"failed":{"application":{"kind":"flaky","non_retryable":false}}}}}
        {"at":206000000,"type":"task","task":3,"worker":"worker-1","kind":"activity","workflow_id":"w","run_id":"r","attempt":2,"activity_id":"1"}
        run w/r
        1 WorkflowExecutionStarted"#
    ),
    allowed: whole!(
        r#"
        {"at":1000000,"type":"task","task":1,"worker":"worker-1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3}
        {"at":2000000,"type":"invoke","operation":1,"attempt":1,"by":"worker-1","call":{"of":"complete_workflow_task","task":1,"commands":[{"command":"schedule_activity","seq":1,"call":{"script":{"attempts":[]},"start_to_close_ms":9000,"retry":{"initial_ms":500,"coefficient_tenths":20,"maximum_ms":5000,"maximum_attempts":3},"cancellation":"abandon","into":0}}]}}
        {"at":5000000,"type":"task","task":2,"worker":"worker-1","kind":"activity","workflow_id":"w","run_id":"r","attempt":1,"activity_id":"1"}
        {"at":6000000,"type":"invoke","operation":2,"attempt":1,"by":"worker-1","call":{"of":"end_activity","task":2,"end":{"failed":{"application":{"kind":"flaky","non_retryable":false}}}}}
        {"at":506000000,"type":"task","task":3,"worker":"worker-1","kind":"activity","workflow_id":"w","run_id":"r","attempt":2,"activity_id":"1"}
        run w/r
        1 WorkflowExecutionStarted"#
    ),
};

/// An attempt may be this much early, for the grain of timers, in nanoseconds.
const GRAIN: At = 2_000_000;

/// What is known of one activity, times by the recorder's clock.
#[derive(Default)]
struct Activity<'e> {
    /// The first command that scheduled it; `None` for the call if commands differ.
    call: Option<Option<&'e ActivityCall>>,
    commanded: At,
    /// When each attempt was first handed out.
    handed: FxHashMap<u32, At>,
    /// When the failure of each attempt was first reported.
    failed: FxHashMap<u32, At>,
}

impl Rule for Backoff {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs_kinds(&self) -> bool {
        false
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        if !evidence.is_whole() || !clocks_agree(evidence) {
            return;
        }
        let mut activities: Vec<_> = gather(evidence).into_iter().collect();
        activities.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        for ((key, id), activity) in activities {
            let Some(Some(call)) = activity.call else { continue };
            let Some(run) = evidence.by_execution().get(&key) else { continue };
            findings.look_at(run);
            early(&id, &activity, call, findings);
        }
    }
}

/// Attempts of an activity that are looked at: their numbers are only what somebody has written.
const MOST_ATTEMPTS: u32 = 100_000;

fn early(id: &str, activity: &Activity<'_>, call: &ActivityCall, findings: &mut Findings) {
    let nanos = |ms: u32| u64::from(ms) * 1_000_000;
    let shortest = [Some(call.start_to_close_ms), call.heartbeat_ms].into_iter().flatten().filter(|ms| *ms > 0).min();
    let last = activity.handed.keys().copied().max().unwrap_or(0);
    // The first moment in which the attempt can have been handed out.
    let mut earliest = activity.commanded;
    for attempt in 1..last.min(MOST_ATTEMPTS) {
        let timeout = shortest.map_or(At::MAX, |ms| earliest.saturating_add(nanos(ms)));
        let reported = activity.failed.get(&attempt).copied().unwrap_or(At::MAX);
        let ended = timeout.min(reported);
        let wait = interval(&policy(&call.retry), attempt.into()).0.unsigned_abs();
        earliest = ended.saturating_add(wait);
        let Some(handed) = activity.handed.get(&attempt.saturating_add(1)) else { continue };
        findings.examine();
        if handed.saturating_add(GRAIN) < earliest {
            let ms = |at: At| at / 1_000_000;
            let message = format!(
                "attempt {} of activity {id} came {} ms after attempt {attempt} can have ended, its policy says {} ms",
                attempt.saturating_add(1),
                ms(handed.saturating_sub(ended)),
                ms(wait)
            );
            findings.violated(&[], message);
        }
    }
}

fn gather<'e>(evidence: &'e Indexed<'_>) -> FxHashMap<(Key<'e>, String), Activity<'e>> {
    let mut all: FxHashMap<(Key<'e>, String), Activity<'e>> = FxHashMap::default();
    for (key, decisions) in evidence.decisions() {
        for decided in decisions {
            for command in decided.commands {
                let Command::ScheduleActivity { seq, call } = command else { continue };
                let activity = all.entry((*key, seq.to_string())).or_default();
                let agrees = activity.call.is_none_or(|other| other == Some(call));
                let at = decided.operation.invoked();
                activity.commanded = if activity.call.is_none() { at } else { activity.commanded.min(at) };
                activity.call = Some(agrees.then_some(call));
            }
        }
    }
    let earlier = |times: &mut FxHashMap<u32, At>, attempt: u32, at: At| {
        times.entry(attempt).and_modify(|known| *known = at.min(*known)).or_insert(at);
    };
    for handed in evidence.tasks.values().filter(|handed| handed.task.kind == TaskKind::Activity) {
        let task = &handed.task;
        let key = ((task.workflow_id.as_str(), task.run_id.as_str()), task.activity_id.clone());
        if let Some(activity) = all.get_mut(&key) {
            earlier(&mut activity.handed, task.attempt, handed.at);
        }
    }
    for ((workflow_id, run_id, id), reports) in evidence.ends() {
        let Some(activity) = all.get_mut(&((*workflow_id, *run_id), (*id).to_owned())) else { continue };
        for report in reports.iter().filter(|report| matches!(report.end, ActivityEnd::Failed(_))) {
            earlier(&mut activity.failed, report.task.task.attempt, report.operation.invoked());
        }
    }
    all
}
