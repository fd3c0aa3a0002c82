//! Operations of clients made plainer.

use super::changes::Changes;
use crate::shrink::list::edited;
use resurgam_formats::plan::{Action, IdConflict, IdReuse, Operation, Plan, Start};

pub(crate) fn operation(plan: &Plan, at: usize, which: usize) -> Option<Option<Plan>> {
    let by = plainer_operations(plan.operations.get(at)?).into_iter().nth(which);
    Some(by.map(|by| edited(plan, |plan| plan.operations[at] = by)))
}

fn plainer_operations(operation: &Operation) -> Vec<Operation> {
    let mut all = Changes::of(operation);
    if let Action::SignalWithStart { start, name, value } = &operation.action {
        all.add(|operation| operation.action = Action::Start(start.clone()));
        all.add(|operation| operation.action = Action::Signal { name: name.clone(), value: *value });
    }
    let edits: [fn(&mut Start); 6] = [
        |start| *start = Start { program: start.program, ..plain_start() },
        |start| start.retry = None,
        |start| start.run_timeout_ms = None,
        |start| start.execution_timeout_ms = None,
        |start| start.reuse = IdReuse::AllowDuplicate,
        |start| start.conflict = IdConflict::Fail,
    ];
    for edit in edits {
        all.add(|operation| match &mut operation.action {
            Action::Start(start) => edit(start),
            // A signal with start must not fail on the run that it is for.
            Action::SignalWithStart { start, .. } => {
                let conflict = start.conflict;
                edit(start);
                start.conflict = conflict;
            }
            Action::Signal { .. }
            | Action::Query { .. }
            | Action::Update { .. }
            | Action::Cancel
            | Action::Terminate
            | Action::Describe
            | Action::ReadHistory => {}
        });
    }
    all.add(|operation| operation.client = 0);
    all.all
}

fn plain_start() -> Start {
    Start {
        program: 0,
        reuse: IdReuse::AllowDuplicate,
        conflict: IdConflict::Fail,
        run_timeout_ms: None,
        execution_timeout_ms: None,
        retry: None,
    }
}
