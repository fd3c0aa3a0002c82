//! Faults that met something at the wrong moment.

use super::row::{Needs, Row};
use resurgam_formats::command::Command;
use resurgam_formats::evidence::{Evidence, InjectedFault};
use resurgam_formats::plan::{Affected, Family, FaultKind, Happening};
use resurgam_formats::recording::{Answer, Call, Injected, TaskId};
use resurgam_formats::tenure::{Fence, Partition, Told};
use resurgam_formats::time::At;
use rustc_hash::FxHashMap;

/// The faults of plans that made a difference, with their times.
fn faults(evidence: &Evidence) -> impl Iterator<Item = (&InjectedFault, &FaultKind)> {
    evidence.faults.iter().filter(|fault| fault.hits != Some(0)).filter_map(|fault| match &fault.fault {
        Injected::Planned(planned) => Some((fault, &planned.kind)),
        Injected::Named(_) => None,
    })
}

/// By task, when a worker's answer to it was first acknowledged (or refused for good).
fn answered(evidence: &Evidence) -> FxHashMap<TaskId, At> {
    let mut answered: FxHashMap<TaskId, At> = FxHashMap::default();
    for operation in evidence.operations.values() {
        let (Call::CompleteWorkflowTask { task, .. }
        | Call::FailWorkflowTask { task }
        | Call::EndActivity { task, .. }) = &operation.call
        else {
            continue;
        };
        if let Some(at) = operation.replies().filter_map(|(attempt, _)| attempt.returned).min() {
            let first = answered.entry(*task).or_insert(at);
            *first = at.min(*first);
        }
    }
    answered
}

/// Nodes that were killed while a worker had a task that it had not answered yet.
fn killed_with_task(evidence: &Evidence) -> u64 {
    let answered = answered(evidence);
    let in_hand = |at: At| {
        let mut tasks = evidence.tasks.values();
        tasks.any(|handed| handed.at <= at && answered.get(&handed.task.task).is_some_and(|until| at < *until))
    };
    let kills = faults(evidence).filter(|(_, kind)| kind.family() == Family::Node);
    kills.filter(|(fault, _)| in_hand(fault.from)).count() as u64
}

/// Faults that began while a call of a client was under way whose outcome then was not learned.
fn cut_a_call(evidence: &Evidence) -> u64 {
    let under_way = |at: At| {
        let mut attempts = evidence.operations.values().flat_map(|operation| &operation.attempts);
        attempts.any(|attempt| {
            attempt.invoked <= at
                && attempt.returned.is_none_or(|until| at < until)
                && matches!(attempt.answer, Answer::Info { .. })
        })
    };
    faults(evidence).filter(|(fault, _)| under_way(fault.from)).count() as u64
}

/// Clocks that were set back while a timer was running: after its start was acknowledged, before its time had passed.
fn clock_back_with_timer(evidence: &Evidence) -> u64 {
    let mut timers: Vec<(At, At)> = Vec::new();
    for operation in evidence.operations.values() {
        let Call::CompleteWorkflowTask { commands, .. } = &operation.call else { continue };
        let Some(from) = operation.replies().filter_map(|(attempt, _)| attempt.returned).min() else { continue };
        for command in commands {
            if let Command::StartTimer { ms, .. } = command {
                timers.push((from, from.saturating_add(u64::from(*ms) * 1_000_000)));
            }
        }
    }
    let back = faults(evidence).filter(|(_, kind)| match kind.affects() {
        Affected::Clock { by_ms, .. } => by_ms < 0,
        Affected::Links { .. }
        | Affected::Node { .. }
        | Affected::Store { .. }
        | Affected::Database(_)
        | Affected::Calls { .. } => false,
    });
    back.filter(|(fault, _)| timers.iter().any(|(from, until)| (*from..*until).contains(&fault.from))).count() as u64
}

/// Partitions that were taken from a node while it stood still: it goes on as an owner that is none any more.
fn passed_while_paused(evidence: &Evidence) -> u64 {
    let pauses: Vec<(At, At, String)> = faults(evidence)
        .filter_map(|(fault, kind)| {
            let node = kind.affects().paused()?;
            let number = evidence.header.as_ref().map_or(node, |header| header.plan.cluster.node(node));
            Some((fault.from, fault.until?, format!("node-{number}#")))
        })
        .collect();
    let taken = |partition: &Partition| {
        let is_in = |fence: &&Fence| fence.told == Told::Applied || fence.shown.is_some();
        let fences: Vec<&Fence> = partition.fences.iter().filter(is_in).collect();
        let passed = |(from, until, name): &(At, At, String)| {
            fences.iter().any(|new| {
                let last = fences.iter().find(|old| old.over + 1 == new.over);
                let was_its_own = last.is_some_and(|old| old.by.starts_with(name));
                was_its_own && !new.by.starts_with(name) && (*from..*until).contains(&new.from)
            })
        };
        pauses.iter().any(passed)
    };
    evidence.tenures.iter().flat_map(|all| all.partitions.values()).filter(|partition| taken(partition)).count() as u64
}

/// Nodes that were hit after the store had decided what they wanted of it, and before they knew.
fn before_answer(evidence: &Evidence) -> u64 {
    let planned = evidence.faults.iter().filter(|fault| fault.hits != Some(0));
    let hit = planned.filter(|fault| match &fault.fault {
        Injected::Planned(planned) => match planned.moment.map(|moment| moment.event) {
            Some(Happening::Commit { .. } | Happening::Append { .. } | Happening::Fence { .. }) => {
                let family = planned.kind.family();
                family == Family::Node || family == Family::Network
            }
            Some(Happening::Read { .. } | Happening::Task { .. }) | None => false,
        },
        Injected::Named(_) => false,
    });
    hit.count() as u64
}

/// Nodes that were away for so long that others had to serve what they had, as L20 says, when a client asked for something.
fn asked_while_away(evidence: &Evidence) -> u64 {
    const TAKE_OVER: At = 5_000_000_000;
    let asked = |from: At, until: At| {
        let mut attempts = evidence.operations.values().flat_map(|operation| &operation.attempts);
        attempts.any(|attempt| (from..until).contains(&attempt.invoked))
    };
    let away = faults(evidence).filter(|(_, kind)| kind.family() == Family::Node);
    let away = away.filter_map(|(fault, _)| Some((fault.from.saturating_add(TAKE_OVER), fault.until?)));
    away.filter(|(from, until)| asked(*from, *until)).count() as u64
}

/// Two faults at once.
fn together(evidence: &Evidence) -> u64 {
    let all: Vec<(At, At)> = faults(evidence).filter_map(|(fault, _)| Some((fault.from, fault.until?))).collect();
    let overlaps = |(place, (from, until)): (usize, &(At, At))| {
        all.iter().skip(place + 1).any(|(other, end)| from < end && other < until)
    };
    all.iter().enumerate().filter(|one| overlaps(*one)).count() as u64
}

pub(super) const ALL: &[Row] = &[
    Row {
        id: "node-killed-with-task",
        title: "a node died while a worker was at a task",
        needs: Needs::Faults,
        count: killed_with_task,
        seen: r#"{"at":1,"type":"task","task":1,"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3}
                 {"at":2,"type":"fault","fault":{"at_ms":1,"for_ms":9,"fault":"kill","node":1},"active":true}
                 {"at":3,"type":"invoke","operation":1,"attempt":1,"by":"v","call":{"of":"fail_workflow_task","task":1}}
                 {"at":4,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}"#,
        near: r#"{"at":1,"type":"task","task":1,"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3}
                 {"at":3,"type":"invoke","operation":1,"attempt":1,"by":"v","call":{"of":"fail_workflow_task","task":1}}
                 {"at":4,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
                 {"at":5,"type":"fault","fault":{"at_ms":1,"for_ms":9,"fault":"kill","node":1},"active":true}"#,
    },
    Row {
        id: "hit-before-answer",
        title: "a node died or was cut off between what it wrote and the answer to that",
        needs: Needs::Faults,
        count: before_answer,
        seen: r#"{"at":2,"type":"fault","fault":{"at_ms":1,"for_ms":9,"moment":{"after":"commit","partition":"shard","nth":2},"fault":"kill","node":1},"active":true}"#,
        near: r#"{"at":2,"type":"fault","fault":{"at_ms":1,"for_ms":9,"moment":{"after":"read","nth":2},"fault":"kill","node":1},"active":true}"#,
    },
    Row {
        id: "call-cut-by-fault",
        title: "a fault hit a call whose outcome then was not learned",
        needs: Needs::Faults,
        count: cut_a_call,
        seen: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"v","call":{"of":"fail_workflow_task","task":1}}
                 {"at":2,"type":"fault","fault":{"at_ms":1,"for_ms":9,"fault":"kill","node":1},"active":true}
                 {"at":3,"type":"return","operation":1,"attempt":1,"answer":{"answer":"info","error":"UNAVAILABLE"}}"#,
        near: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"v","call":{"of":"fail_workflow_task","task":1}}
                 {"at":2,"type":"fault","fault":{"at_ms":1,"for_ms":9,"fault":"kill","node":1},"active":true}
                 {"at":3,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}"#,
    },
    Row {
        id: "clock-back-with-timer",
        title: "a clock went back while a timer was running",
        needs: Needs::Faults,
        count: clock_back_with_timer,
        seen: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"v","call":{"of":"complete_workflow_task","task":1,"commands":[{"command":"start_timer","seq":1,"ms":50}]}}
                 {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
                 {"at":30000000,"type":"fault","fault":{"at_ms":30,"fault":"clock_step","node":1,"by_ms":-100},"active":true}"#,
        near: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"v","call":{"of":"complete_workflow_task","task":1,"commands":[{"command":"start_timer","seq":1,"ms":50}]}}
                 {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
                 {"at":60000000,"type":"fault","fault":{"at_ms":60,"fault":"clock_step","node":1,"by_ms":-100},"active":true}"#,
    },
    Row {
        id: "owner-passed-while-paused",
        title: "a node stood still until another one had taken a partition of its",
        needs: Needs::Faults,
        count: passed_while_paused,
        seen: r#"{"at":3,"type":"fault","fault":{"at_ms":3,"for_ms":9,"fault":"pause","node":1},"active":true}
                 {"at":9,"type":"fault","fault":{"at_ms":3,"for_ms":9,"fault":"pause","node":1},"active":false,"hits":4}
                 {"at":99,"type":"tenures","partitions":{"shard/1":{"fences":[{"by":"node-1#1","over":0,"from":1,"until":2,"told":"applied"},{"by":"node-2#1","over":1,"from":5,"until":6,"told":"applied"}]}}}"#,
        near: r#"{"at":3,"type":"fault","fault":{"at_ms":3,"for_ms":9,"fault":"pause","node":1},"active":true}
                 {"at":9,"type":"fault","fault":{"at_ms":3,"for_ms":9,"fault":"pause","node":1},"active":false,"hits":4}
                 {"at":99,"type":"tenures","partitions":{"shard/1":{"fences":[{"by":"node-1#1","over":0,"from":1,"until":2,"told":"applied"},{"by":"node-2#1","over":1,"from":9,"until":10,"told":"applied"}]}}}"#,
    },
    Row {
        id: "asked-while-away",
        title: "a node stayed away until clients asked for what others had to serve in its place",
        needs: Needs::Faults,
        count: asked_while_away,
        seen: r#"{"at":3,"type":"fault","fault":{"at_ms":0,"for_ms":9000,"fault":"kill","node":1},"active":true}
                 {"at":6000000000,"type":"invoke","operation":1,"attempt":1,"by":"v","call":{"of":"fail_workflow_task","task":1}}
                 {"at":9000000000,"type":"fault","fault":{"at_ms":0,"for_ms":9000,"fault":"kill","node":1},"active":false,"hits":4}"#,
        near: r#"{"at":3,"type":"fault","fault":{"at_ms":0,"for_ms":9000,"fault":"kill","node":1},"active":true}
                 {"at":4000000000,"type":"invoke","operation":1,"attempt":1,"by":"v","call":{"of":"fail_workflow_task","task":1}}
                 {"at":9000000000,"type":"fault","fault":{"at_ms":0,"for_ms":9000,"fault":"kill","node":1},"active":false,"hits":4}"#,
    },
    Row {
        id: "faults-together",
        title: "two faults were active at the same time",
        needs: Needs::Faults,
        count: together,
        seen: r#"{"at":1,"type":"fault","fault":{"at_ms":1,"for_ms":9,"fault":"kill","node":1},"active":true}
                 {"at":2,"type":"fault","fault":{"at_ms":2,"for_ms":9,"fault":"kill","node":2},"active":true}
                 {"at":3,"type":"fault","fault":{"at_ms":1,"for_ms":9,"fault":"kill","node":1},"active":false}
                 {"at":4,"type":"fault","fault":{"at_ms":2,"for_ms":9,"fault":"kill","node":2},"active":false}"#,
        near: r#"{"at":1,"type":"fault","fault":{"at_ms":1,"for_ms":9,"fault":"kill","node":1},"active":true}
                 {"at":2,"type":"fault","fault":{"at_ms":1,"for_ms":9,"fault":"kill","node":1},"active":false}
                 {"at":3,"type":"fault","fault":{"at_ms":2,"for_ms":9,"fault":"kill","node":2},"active":true}
                 {"at":4,"type":"fault","fault":{"at_ms":2,"for_ms":9,"fault":"kill","node":2},"active":false}"#,
    },
];
