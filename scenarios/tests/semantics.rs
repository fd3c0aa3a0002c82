//! The three properties that define a reentrant process, on recorded histories of the real server: a run is resumable
//! and recoverable at every event, reactive to every signal, and the two evaluators agree on it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_formats::command::Command;
use resurgam_formats::event::{Body, Event};
use resurgam_formats::evidence::Run;
use resurgam_formats::marker;
use resurgam_judge::replay::{self, Unfit};
use resurgam_machine::Machine;
use resurgam_scenarios::fixtures;
use std::collections::BTreeMap;

/// Crosses the boundary of a completed workflow task: its updates and the results of its local activities are read from
/// the events that its commands wrote, `after` it.
fn cross(machine: &mut Machine, after: &[Event]) {
    let group = || after.iter().take_while(|event| event.body.is_command());
    for event in group() {
        if let Body::WorkflowExecutionUpdateAccepted(accepted) = &event.body {
            let argument = accepted.request.args.first_json().and_then(|value| value.as_i64()).unwrap();
            assert!(machine.update(&accepted.request.id, &accepted.request.name, argument), "accepted before");
        }
    }
    for event in group() {
        if let Body::MarkerRecorded(marker) = &event.body
            && let Some((seq, value)) = marker::decode(marker).unwrap()
        {
            machine.local(seq, value);
        }
    }
}

/// The commands of every completed task, by a machine that is saved and restored after every event.
fn resumed(run: &Run) -> Vec<(i64, Vec<Command>)> {
    let mut machine = Machine::new(&run.workflow_id);
    let mut commands = Vec::new();
    for (index, event) in run.events.iter().enumerate() {
        if matches!(event.body, Body::WorkflowTaskCompleted(_)) {
            cross(&mut machine, &run.events[index + 1..]);
            commands.push((event.id.0, machine.take_commands()));
        }
        machine.event(event).unwrap();
        let saved = serde_json::to_vec(&machine).unwrap();
        let restored: Machine = serde_json::from_slice(&saved).unwrap();
        assert_eq!(restored, machine);
        machine = restored;
    }
    commands
}

fn runs() -> Vec<Run> {
    fixtures().unwrap().into_iter().flat_map(|fixture| fixture.evidence.runs).collect()
}

#[test]
fn resumable_and_equal_to_the_judge() {
    let mut tasks = 0;
    for run in runs() {
        let judged = match replay::commands(&run.workflow_id, &run.events) {
            Ok(judged) => judged,
            Err(Unfit::NoProgram) => continue,
            Err(other) => panic!("{}/{}: {other}", run.workflow_id, run.run_id),
        };
        let judged: Vec<_> = judged.into_iter().map(|task| (task.completed.0, task.commands)).collect();
        tasks += judged.len();
        assert_eq!(resumed(&run), judged, "{}/{}", run.workflow_id, run.run_id);
    }
    assert!(tasks > 500, "only {tasks} workflow tasks in the evidence");
}

#[test]
fn recoverable_at_every_workflow_task() {
    for run in runs() {
        let Ok(judged) = replay::commands(&run.workflow_id, &run.events) else { continue };
        let judged: BTreeMap<i64, Vec<Command>> =
            judged.into_iter().map(|task| (task.completed.0, task.commands)).collect();
        for (index, event) in run.events.iter().enumerate() {
            let Some(expected) = judged.get(&event.id.0) else { continue };
            let mut machine = Machine::replay(&run.workflow_id, &run.events[..index]).unwrap();
            cross(&mut machine, &run.events[index + 1..]);
            assert_eq!(&machine.take_commands(), expected, "{}/{} at {}", run.workflow_id, run.run_id, event.id);
        }
    }
}

/// How many signals arrived before the program ended. One that arrives while the last command is on its way has the
/// task fail and be repeated, but finds the program at its end.
fn before_the_end(run: &Run) -> u64 {
    let mut machine = Machine::new(&run.workflow_id);
    let mut signals = 0;
    for (index, event) in run.events.iter().enumerate() {
        if matches!(event.body, Body::WorkflowTaskCompleted(_)) {
            cross(&mut machine, &run.events[index + 1..]);
            machine.take_commands();
        }
        signals += u64::from(matches!(event.body, Body::WorkflowExecutionSignaled(_)) && !machine.is_closed());
        machine.event(event).unwrap();
    }
    signals
}

#[test]
fn reactive_to_every_signal_exactly_once() {
    let mut signals = 0;
    for run in runs() {
        let Some(Body::WorkflowExecutionCompleted(close)) = run.close().map(|event| &event.body) else { continue };
        let Some(output) = close.result.first_json() else { continue };
        let counted: u64 =
            output["signals"].as_object().map_or(0, |names| names.values().filter_map(|v| v.as_u64()).sum());
        assert_eq!(counted, before_the_end(&run), "{}/{}", run.workflow_id, run.run_id);
        signals += counted;
    }
    assert!(signals > 20, "only {signals} signals in the evidence");
}
