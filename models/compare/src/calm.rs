//! Slots that leave nothing to chance: whatever the server's speed, their normal history can be one thing only.
//!
//! One start, nothing that disturbs it, no worker faults, and a program in which never two things can come first. Reads of
//! clients do not count. A wait for a signal that nobody sends ends by its timeout.

use resurgam_formats::plan::{Action, Plan};
use resurgam_formats::program::{ActEnd, ActivityCall, ChildWait, Program, Statement};
use resurgam_formats::time::Millis;

/// Between two moments that must not change places.
const MARGIN_MS: Millis = 400;

/// True if nothing in the plan leaves the course of this slot to chance.
pub(super) fn calm(plan: &Plan, slot: u8) -> bool {
    if !plan.worker_faults.is_empty() {
        return false;
    }
    let mut starts = Vec::new();
    for operation in plan.operations.iter().filter(|operation| operation.workflow == slot) {
        match &operation.action {
            // A repetition is answered with the same run as long as no other one was started.
            Action::Start(start) => starts.push(start),
            Action::Query { .. } | Action::Describe | Action::ReadHistory => {}
            Action::Signal { .. }
            | Action::SignalWithStart { .. }
            | Action::Update { .. }
            | Action::Cancel
            | Action::Terminate => return false,
        }
    }
    let [start] = starts.as_slice() else { return false };
    let program = plan.programs.get(usize::from(start.program) % plan.programs.len().max(1));
    start.run_timeout_ms.is_none()
        && start.execution_timeout_ms.is_none()
        && program.is_some_and(|input| steady(&input.program))
}

fn steady(program: &Program) -> bool {
    block(&program.body) && program.continue_as.as_deref().is_none_or(steady)
}

fn block(block: &[Statement]) -> bool {
    block.iter().all(|statement| match statement {
        Statement::Set { .. }
        | Statement::LocalActivity { .. }
        | Statement::Timer { .. }
        | Statement::AwaitSignal { .. }
        | Statement::Condition { .. }
        | Statement::Fail { .. } => true,
        Statement::Activity(call) => activity(call),
        Statement::Child(call) => call.wait == ChildWait::Completed && steady(&call.program),
        Statement::Parallel { branches, .. } => branches.len() < 2 && branches.iter().all(|branch| self::block(branch)),
        Statement::Scope { cancel_after_ms, body } => cancel_after_ms.is_none() && self::block(body),
        Statement::Try { body, catch, finally } => {
            self::block(body) && catch.as_deref().is_none_or(self::block) && self::block(finally)
        }
    })
}

/// Each attempt ends long before any of its limits.
fn activity(call: &ActivityCall) -> bool {
    let longest = call.script.attempts.iter().map(|act| act.work_ms).max().unwrap_or(0);
    let ends = call.script.attempts.iter().all(|act| !matches!(act.end, ActEnd::Hang));
    let far = |limit: Option<Millis>, from: Millis| limit.is_none_or(|limit| limit >= from.saturating_add(MARGIN_MS));
    ends && call.schedule_to_close_ms.is_none()
        && far(call.schedule_to_start_ms, 0)
        && far(Some(call.start_to_close_ms), longest)
        // A heartbeat in time depends on the speed of the worker.
        && (call.heartbeat_ms.is_none() || far(call.heartbeat_ms, longest))
}
