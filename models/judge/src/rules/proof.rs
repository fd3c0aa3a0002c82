//! What single answers and histories prove, as all rules read them.

use resurgam_formats::event::Payloads;
use resurgam_formats::evidence::{Attempt, Evidence, InjectedFault, Operation, Run};
use resurgam_formats::plan::{Affected, Caller};
use resurgam_formats::recording::{Answer, Injected, Reply};
use resurgam_formats::time::At;

/// True if what was acknowledged at this time must be in this final history: its read began later (or is not dated).
pub(super) fn shows(run: &Run, at: At) -> bool {
    !run.partial && (run.read.0 == 0 || at <= run.read.0)
}

/// True for answers that say "done".
pub(super) fn positive(reply: &Reply) -> bool {
    !matches!(reply, Reply::NotFound { .. } | Reply::Refused { .. } | Reply::AlreadyStarted { .. })
}

/// True if this attempt may have had an effect, or had one.
pub(super) fn may_apply(attempt: &Attempt) -> bool {
    match &attempt.answer {
        Answer::Ok { value } => positive(value),
        Answer::Fail { .. } => false,
        Answer::Info { .. } => true,
    }
}

/// True if some attempt of the operation may have had an effect, or had one. Definite refusals of all attempts prove
/// that none had.
pub(super) fn possible(operation: &Operation) -> bool {
    operation.attempts.iter().any(may_apply)
}

/// When the operation was first acknowledged; `None` if it never was.
pub(super) fn acknowledged(operation: &Operation) -> Option<At> {
    operation.replies().filter(|(_, reply)| positive(reply)).filter_map(|(attempt, _)| attempt.returned).min()
}

/// True if a fault may have lost a task on its way to a worker: on the network, with a node, or because the reply to the
/// worker's call was lost. A fault of the store or of a clock loses no reply.
pub(super) fn answers_may_be_lost(evidence: &Evidence) -> bool {
    evidence.faults.iter().any(|fault| match &fault.fault {
        Injected::Planned(fault) => match fault.kind.affects() {
            Affected::Links { .. } | Affected::Node { .. } => true,
            Affected::Calls { by, .. } => by == Caller::Worker,
            Affected::Store { .. } | Affected::Database(_) | Affected::Clock { .. } => false,
        },
        Injected::Named(_) => true,
    })
}

/// True if no clock of a node was wrong in this case. Of a fault that only has a name nobody knows.
pub(super) fn clocks_agree(evidence: &Evidence) -> bool {
    !evidence.faults.iter().any(|fault| match &fault.fault {
        Injected::Planned(fault) => match fault.kind.affects() {
            Affected::Clock { .. } => true,
            Affected::Links { .. }
            | Affected::Node { .. }
            | Affected::Calls { .. }
            | Affected::Store { .. }
            | Affected::Database(_) => false,
        },
        Injected::Named(_) => true,
    })
}

/// How long the effects of a fault may last after it has ended, in nanoseconds: calls are retried, a late batch arrives.
const AFTERMATH: At = 2_000_000_000;

/// True if no fault was in force between these moments. Every fault can delay or lose something, and a clock that jumps can
/// end a timeout early.
pub(super) fn is_quiet(evidence: &Evidence, from: At, until: At) -> bool {
    !evidence.faults.iter().any(|fault| felt(fault, from, until))
}

/// True if the fault, or what came of it, may have been felt between these moments.
fn felt(fault: &InjectedFault, from: At, until: At) -> bool {
    let over = fault.until.is_some_and(|end| end.saturating_add(AFTERMATH) < from);
    !over && fault.from <= until
}

/// True if no fault but this one was in force from its beginning until this moment.
pub(super) fn is_quiet_but_for(evidence: &Evidence, fault: &InjectedFault, until: At) -> bool {
    evidence.faults.iter().all(|other| std::ptr::eq(other, fault) || !felt(other, fault.from, until))
}

/// The code and the words of an answer that proves nothing.
pub(super) fn told(error: &str) -> (&str, &str) {
    error.split_once(": ").unwrap_or((error, ""))
}

/// The only payload as an integer.
pub(super) fn number(payloads: &Payloads) -> Option<i64> {
    payloads.first_json()?.as_i64()
}

/// True if there is a payload whose encoding cannot be read here: it says nothing.
pub(super) fn unreadable(payloads: &Payloads) -> bool {
    payloads.0.first().is_some_and(|payload| payload.as_json().is_none())
}
