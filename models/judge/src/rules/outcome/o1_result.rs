//! O1: a closed run ended in a way, and with values, that its program allows.

use super::allowed::{self, AskedOfWorkflow, Ends};
use super::values::Values;
use crate::replay::{self, Unfit};
use crate::rules::Indexed;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::event::Body;
use resurgam_formats::evidence::{Evidence, Run};
use resurgam_formats::plan::Action;
use resurgam_formats::program::{Input, Output, Program};
use resurgam_formats::recording::Call;
use std::collections::BTreeMap;

pub(super) struct OneResult;

static ABOUT: About = About {
    id: "O1",
    slug: "result",
    title: "a run ends in a way, and with values, that its program and the calls of clients allow",
    reason: "Whatever fails in between, the result of a workflow must be one that its code can produce: a value that no \
             activity returned and no client sent, a failure of a program that cannot fail, a cancellation that nobody \
             asked for, or more signals than were sent, mean that the orchestrator lost or invented something on the way. \
             The set of what is allowed is computed from the program and the ledgers of clients, not from the events \
             between start and end, so a history that is consistent in itself and yet wrong is caught too.",
    source: "the contract in resurgam_formats::program",
    violating: r#"
        1 WorkflowExecutionStarted workflowType.name=resurgam-program input=[{"program":{"version":1,"variables":1,"body":[{"do":"set","into":0,"value":{"const":5}}],"result":{"var":0}}}]
        2 WorkflowTaskScheduled
        3 WorkflowTaskStarted scheduledEventId=2
        4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
        5 WorkflowExecutionCompleted result=[{"value":6,"variables":[6],"signals":{}}] workflowTaskCompletedEventId=4"#,
    allowed: r#"
        1 WorkflowExecutionStarted workflowType.name=resurgam-program input=[{"program":{"version":1,"variables":1,"body":[{"do":"set","into":0,"value":{"const":5}}],"result":{"var":0}}}]
        2 WorkflowTaskScheduled
        3 WorkflowTaskStarted scheduledEventId=2
        4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
        5 WorkflowExecutionCompleted result=[{"value":5,"variables":[5],"signals":{}}] workflowTaskCompletedEventId=4"#,
};

impl Rule for OneResult {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        let ledger = evidence.is_whole().then(|| Ledger::of(evidence));
        for run in evidence.runs.iter().filter(|run| !run.partial) {
            let Some(close) = run.close() else { continue };
            if matches!(close.body, Body::WorkflowExecutionTerminated(_)) {
                continue;
            }
            findings.look_at(run);
            let input = match replay::input(&run.events) {
                Ok(input) => input,
                Err(Unfit::NoProgram) => continue,
                Err(other) => {
                    findings.unknown(other.to_string());
                    continue;
                }
            };
            let asked = match &ledger {
                Some(ledger) => ledger.asked(&run.workflow_id),
                None => AskedOfWorkflow { signals: None, updates: None, cancel: true },
            };
            let initial: Vec<Values> = input.variables.iter().copied().map(Values::one).collect();
            let Some(ends) = allowed::ends(&input.program, &initial, &asked) else {
                findings.unknown("the program is too large to say what it can come to");
                continue;
            };
            findings.examine();
            if let Err(what) = judge(run, &close.body, &input.program, &ends, &asked) {
                findings.violated(&[close.id], what);
            }
        }
    }
}

fn judge(run: &Run, close: &Body, program: &Program, ends: &Ends, asked: &AskedOfWorkflow) -> Result<(), String> {
    match close {
        Body::WorkflowExecutionFailed(_) if ends.failed.is_none() => {
            Err("the run failed, its program cannot fail".into())
        }
        Body::WorkflowExecutionCanceled(_) if ends.cancelled.is_none() => {
            Err("the run ended as cancelled, which cannot come of its program and what clients asked for".into())
        }
        Body::WorkflowExecutionTimedOut(_)
            if run.started().is_some_and(|it| it.run_timeout.0 == 0 && it.execution_timeout.0 == 0) =>
        {
            Err("the run timed out, it was started without a timeout".into())
        }
        Body::WorkflowExecutionCompleted(body) => {
            let Some(vars) = ends.done.as_ref().filter(|_| program.continue_as.is_none()) else {
                return Err("the run completed, its program cannot".into());
            };
            let Some(output) = body.result.first_json().and_then(|value| serde_json::from_value::<Output>(value).ok())
            else {
                return Err("the result of the run is not the output of a program".into());
            };
            variables(&output.variables, vars)?;
            let possible = allowed::value(&program.result, vars);
            if !possible.has(output.value) {
                return Err(format!("the result is {}, it must be {possible}", output.value));
            }
            let Some(signals) = &asked.signals else { return Ok(()) };
            for (name, count) in &output.signals {
                let sent = signals.get(name).map_or(0, Vec::len);
                if usize::try_from(*count).unwrap_or(usize::MAX) > sent {
                    return Err(format!("the run counted {count} signals {name:?}, clients sent {sent}"));
                }
            }
            Ok(())
        }
        Body::WorkflowExecutionContinuedAsNew(body) if body.initiator.is("WORKFLOW") || body.initiator.0.is_empty() => {
            let Some(vars) = ends.done.as_ref().filter(|_| program.continue_as.is_some()) else {
                return Err("the run continued as new, its program cannot".into());
            };
            let input = body.input.first_json().and_then(|value| serde_json::from_value::<Input>(value).ok());
            let Some(input) = input else { return Err("the run continued as something that is no program".into()) };
            variables(&input.variables, vars)?;
            if Some(&input.program) == program.continue_as.as_deref() {
                Ok(())
            } else {
                Err("the run continued as another program than its own says".into())
            }
        }
        _ => Ok(()),
    }
}

fn variables(found: &[i64], allowed: &[Values]) -> Result<(), String> {
    if found.len() != allowed.len() {
        return Err(format!("the end has {} variables, the program {}", found.len(), allowed.len()));
    }
    let wrong = found.iter().zip(allowed).enumerate().find(|(_, (value, allowed))| !allowed.has(**value));
    wrong.map_or(Ok(()), |(at, (value, allowed))| Err(format!("variable {at} ends as {value}, it must be {allowed}")))
}

/// What clients may have asked of each workflow id: every call that was not surely without effect.
#[derive(Default)]
struct Ledger(BTreeMap<String, AskedOfWorkflow>);

impl Ledger {
    fn of(evidence: &Evidence) -> Self {
        let mut all = Self::default();
        for operation in evidence.operations.values().filter(|operation| operation.may_have_effect()) {
            let Call::Client { workflow_id, action, .. } = &operation.call else { continue };
            let asked = all.0.entry(workflow_id.clone()).or_default();
            let place = match action {
                Action::Signal { name, value } | Action::SignalWithStart { name, value, .. } => {
                    (&mut asked.signals, name, value)
                }
                Action::Update { name, value, .. } => (&mut asked.updates, name, value),
                Action::Cancel => {
                    asked.cancel = true;
                    continue;
                }
                Action::Start(_)
                | Action::Query { .. }
                | Action::Terminate
                | Action::Describe
                | Action::ReadHistory => continue,
            };
            place.0.get_or_insert_default().entry(place.1.clone()).or_default().push(*place.2);
        }
        all
    }

    fn asked(&self, workflow_id: &str) -> AskedOfWorkflow {
        let mut asked = self.0.get(workflow_id).cloned().unwrap_or_default();
        asked.signals.get_or_insert_default();
        asked.updates.get_or_insert_default();
        // A child may be asked by its parent.
        asked.cancel |= workflow_id.contains('/');
        asked
    }
}
