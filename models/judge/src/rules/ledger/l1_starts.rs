//! L1: every acknowledged start is a run, and every run was asked for.

use crate::rules::Indexed;
use crate::rules::index::Asked;
use crate::rules::proof::possible;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::event::EventId;
use resurgam_formats::evidence::{Evidence, Run};
use resurgam_formats::label;
use resurgam_formats::program::Input;
use resurgam_formats::recording::{Answer, OperationId, Reply};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// Balances calls that start with runs that started.
pub(super) struct Starts;

static ABOUT: About = About {
    id: "L1",
    slug: "starts",
    title: "acknowledged starts ≤ runs that began ≤ attempts to start, each with the program that was asked for",
    reason: "A run that nobody asked for does work that nobody wanted, and a start that was acknowledged and left no run \
             is work that nobody does. Both directions of the ledger are needed: a server that starts a run for every \
             attempt passes every rule about single histories.",
    source: "docs/temporal-semantics.md: “Starts and workflow ids”, “Chains and children”",
    violating: whole!(
        "
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowExecutionTerminated"
    ),
    allowed: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"start","program":0,"reuse":"allow_duplicate","conflict":"fail"}}}
        {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"info","error":"DEADLINE_EXCEEDED"}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowExecutionTerminated"#
    ),
};

impl Rule for Starts {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        if !evidence.is_whole() {
            return;
        }
        let known = evidence.by_execution();
        let labels = evidence.header.as_ref().is_some_and(|header| header.labels);
        let mut calls: FxHashMap<&str, Vec<Asked<'_>>> = FxHashMap::default();
        for call in evidence.asked() {
            if program_of(&call).is_some() {
                calls.entry(call.workflow_id).or_default().push(call);
                acknowledged_began(&call, known, labels, findings);
            }
        }
        let mut roots: BTreeMap<&str, Vec<&Run>> = BTreeMap::new();
        for run in evidence.runs.iter().filter(|run| !run.partial) {
            let Some(started) = run.started() else { continue };
            // The rest of a chain is judged by H24.
            if !started.continued_run.is_empty() {
                continue;
            }
            findings.look_at(run);
            findings.examine();
            if started.parent.workflow_id.is_empty() {
                roots.entry(&run.workflow_id).or_default().push(run);
                wanted(run, calls.get(run.workflow_id.as_str()).map_or(&[], Vec::as_slice), evidence, findings);
            } else if !known.contains_key(&(started.parent.workflow_id.as_str(), started.parent.run_id.as_str())) {
                let (workflow_id, run_id) = (&started.parent.workflow_id, &started.parent.run_id);
                findings.violated(&[EventId(1)], format!("the parent {workflow_id}/{run_id} does not exist"));
            }
        }
        for (workflow_id, runs) in roots {
            not_more(&runs, calls.get(workflow_id).map_or(&[], Vec::as_slice), findings);
        }
    }
}

fn program_of(call: &Asked<'_>) -> Option<u8> {
    call.action.start().map(|start| start.program)
}

/// The answer says that this call started the run: it is there.
fn acknowledged_began(call: &Asked<'_>, known: &FxHashMap<(&str, &str), &Run>, labels: bool, findings: &mut Findings) {
    for (_, reply) in call.operation.replies() {
        // With labels, the header of a run names the request that began it.
        if let Reply::Run { run_id, started: Some(started) } = reply
            && labels
            && let Some(run) = known.get(&(call.workflow_id, run_id)).and_then(|run| run.started())
            && run.parent.workflow_id.is_empty()
            && run.continued_run.is_empty()
        {
            findings.examine();
            let is = run.header.0.as_deref() == Some(&label::fields(call.request_id));
            // Of a request that was made twice, side by side or not, either answer may be about the other one.
            let once = call.operation.attempts.len() == 1;
            if is != *started && (!is || once) {
                let message = format!("run {run_id} is acknowledged with started={started}, its header says otherwise");
                findings.violated_by(&[call.operation.id], &[EventId(1)], message);
            }
        }
        if let Reply::Run { run_id, started: Some(true) } = reply {
            findings.look_at_all();
            findings.examine();
            if !known.contains_key(&(call.workflow_id, run_id)) {
                let message =
                    format!("run {run_id} of {} was acknowledged as started, but is not there", call.workflow_id);
                findings.violated_by(&[call.operation.id], &[], message);
            }
        }
    }
}

/// Some call that may have had an effect asked for a run of this id with this program.
fn wanted(run: &Run, calls: &[Asked<'_>], evidence: &Evidence, findings: &mut Findings) {
    let mut candidates = calls.iter().filter(|call| possible(call.operation)).peekable();
    if candidates.peek().is_none() {
        let by: Vec<OperationId> = calls.iter().map(|call| call.operation.id).collect();
        findings.violated_by(&by, &[EventId(1)], "no call can have started this run");
        return;
    }
    let programs = evidence.header.as_ref().map_or(&[][..], |header| &header.plan.programs);
    let input = run.started().and_then(|started| started.input.first_json());
    let (Some(input), false) = (input, programs.is_empty()) else { return };
    let input: Option<Input> = serde_json::from_value(input).ok();
    let planned =
        |call: &Asked<'_>| program_of(call).and_then(|index| programs.get(usize::from(index) % programs.len()));
    if !candidates.any(|call| input.is_some() && planned(call) == input.as_ref()) {
        findings.violated(&[EventId(1)], "the run was started with another program than any call asked for");
    }
}

/// Runs that no answer names need an attempt of unknown outcome each.
fn not_more(runs: &[&Run], calls: &[Asked<'_>], findings: &mut Findings) {
    let named: FxHashSet<&str> = calls
        .iter()
        .flat_map(|call| call.operation.replies())
        .filter_map(|(_, reply)| match reply {
            Reply::Run { run_id, .. } => Some(run_id.as_str()),
            _ => None,
        })
        .collect();
    let open = calls
        .iter()
        .flat_map(|call| &call.operation.attempts)
        .filter(|a| matches!(a.answer, Answer::Info { .. }))
        .count();
    let unnamed: Vec<&&Run> = runs.iter().filter(|run| !named.contains(run.run_id.as_str())).collect();
    if let Some(run) = unnamed.get(open)
        && calls.iter().any(|call| possible(call.operation))
    {
        findings.look_at(run);
        let by: Vec<OperationId> = calls.iter().map(|call| call.operation.id).collect();
        let message =
            format!("{} runs of {} were named by no answer, {open} attempts are open", unnamed.len(), run.workflow_id);
        findings.violated_by(&by, &[EventId(1)], message);
    }
}
