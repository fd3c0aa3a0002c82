//! Lanes made of what the recorder saw: calls of clients, tasks handed to workers, attempts of activities.

use super::lane::{Item, Lane, Time, time};
use crate::text;
use resurgam_campaign::coverage::kinds;
use resurgam_formats::evidence::{Attempt, Evidence, Handed, Operation};
use resurgam_formats::listing;
use resurgam_formats::plan::{Action, TaskKind, WorkerFaultKind};
use resurgam_formats::recording::{ActivityEnd, Answer, Call, Reply, TaskId};
use resurgam_formats::verdict::Finding;
use std::collections::BTreeMap;

fn is_bad(findings: &[&Finding], operation: &Operation) -> bool {
    findings.iter().any(|finding| finding.operations.contains(&operation.id))
}

/// A lane per client, a bar per attempt.
pub(super) fn clients(evidence: &Evidence, workflow: &str, findings: &[&Finding], end: Time) -> Vec<Lane> {
    let mut lanes: BTreeMap<&str, Vec<Item>> = BTreeMap::new();
    for operation in evidence.operations.values() {
        let (of, asked, request) = match &operation.call {
            Call::Client { workflow_id, request_id, action } => {
                let request = if request_id.is_empty() { String::new() } else { format!(", request id {request_id}") };
                (workflow_id, words(action), request)
            }
            Call::PollUpdate { workflow_id, request_id, .. } => {
                (workflow_id, format!("outcome of update {request_id}"), String::new())
            }
            Call::Misuse { misuse, workflow_id, owner, .. } => {
                let of = if misuse.user.namespace.is_own() { workflow_id } else { owner };
                (of, listing::misuse(misuse), String::new())
            }
            Call::CompleteWorkflowTask { .. }
            | Call::FailWorkflowTask { .. }
            | Call::AnswerQuery { .. }
            | Call::Heartbeat { .. }
            | Call::EndActivity { .. } => continue,
        };
        if of != workflow {
            continue;
        }
        for attempt in &operation.attempts {
            let again = if attempt.number > 1 { format!(" ×{}", attempt.number) } else { String::new() };
            let detail = format!(
                "operation {}, attempt {} by {}: {asked}{request}; {}",
                operation.id,
                attempt.number,
                operation.by,
                answer(attempt),
            );
            lanes.entry(&operation.by).or_default().push(Item {
                from: time(attempt.invoked),
                to: Some(attempt.returned.map_or(end, time)),
                open: attempt.returned.is_none(),
                class: class(&attempt.answer),
                label: format!("{asked}{again}"),
                detail,
                bad: is_bad(findings, operation),
                ..Item::default()
            });
        }
    }
    lanes.into_iter().map(|(name, items)| Lane { group: "clients", name: name.to_owned(), items }).collect()
}

/// A lane per worker, a bar per workflow task from hand-out to the last answer.
pub(super) fn tasks(evidence: &Evidence, workflow: &str, findings: &[&Finding], end: Time) -> Vec<Lane> {
    let answers = answers(evidence);
    let mut lanes: BTreeMap<&str, Vec<Item>> = BTreeMap::new();
    let of_workflow = |handed: &&Handed| handed.task.workflow_id == workflow && handed.task.kind == TaskKind::Workflow;
    for handed in evidence.tasks.values().filter(of_workflow) {
        let task = &handed.task;
        let operations = answers.get(&task.task).map_or(&[][..], Vec::as_slice);
        let label = match task.events {
            _ if task.started == 0 => "query".to_owned(),
            Some((first, last)) => format!("{first}–{last}"),
            None => "no events".to_owned(),
        };
        let mut detail = format!("workflow task {} handed to {}, attempt {}", task.task, task.worker, task.attempt);
        detail += if task.sticky { ", from its sticky queue" } else { "" };
        if task.started > 0 {
            detail += &format!(", started by event {}", task.started);
        }
        if !task.updates.is_empty() {
            detail += &format!(", with updates {}", task.updates.join(" "));
        }
        if task.queries > 0 {
            detail += &format!(", with {}", text::count(u64::from(task.queries), "query").replace("querys", "queries"));
        }
        let (to, said) = ended(operations);
        let item = Item {
            from: time(handed.at),
            to: Some(to.unwrap_or(if lost(handed) { time(handed.at) } else { end })),
            open: to.is_none(),
            class: if task.sticky { "sticky" } else { "task" },
            label,
            detail: format!("{detail}; {said}{}", worker_faults(&handed.worker_faults)),
            bad: operations.iter().any(|operation| is_bad(findings, operation)),
            worker_faults: !handed.worker_faults.is_empty(),
            event: None,
        };
        lanes.entry(&task.worker).or_default().push(item);
    }
    lanes.into_iter().map(|(name, items)| Lane { group: "tasks", name: name.to_owned(), items }).collect()
}

/// A lane per activity, a bar per attempt from hand-out to the last answer.
pub(super) fn activities(evidence: &Evidence, workflow: &str, findings: &[&Finding], end: Time) -> Vec<Lane> {
    let answers = answers(evidence);
    let mut lanes: BTreeMap<(Time, &str, &str), Vec<Item>> = BTreeMap::new();
    let mut first: BTreeMap<(&str, &str), Time> = BTreeMap::new();
    let of_workflow = |handed: &&Handed| handed.task.workflow_id == workflow && handed.task.kind == TaskKind::Activity;
    for handed in evidence.tasks.values().filter(of_workflow) {
        let task = &handed.task;
        let operations = answers.get(&task.task).map_or(&[][..], Vec::as_slice);
        let (to, said) = ended(operations);
        let class = operations.iter().rev().find_map(|operation| match &operation.call {
            Call::EndActivity { end, .. } => Some(match (end, operation.replies().next()) {
                (_, None) => "info",
                (ActivityEnd::Completed(_), _) => "ok",
                (ActivityEnd::Failed(_), _) => "fail",
                (ActivityEnd::Canceled, _) => "cancel",
            }),
            _ => None,
        });
        let item = Item {
            from: time(handed.at),
            to: Some(to.unwrap_or(if lost(handed) { time(handed.at) } else { end })),
            open: to.is_none(),
            class: class.unwrap_or("info"),
            label: format!("attempt {}", task.attempt),
            detail: format!(
                "activity {} attempt {} on {}; {said}{}",
                task.activity_id,
                task.attempt,
                task.worker,
                worker_faults(&handed.worker_faults)
            ),
            bad: operations.iter().any(|operation| is_bad(findings, operation)),
            worker_faults: !handed.worker_faults.is_empty(),
            event: None,
        };
        let key = (task.run_id.as_str(), task.activity_id.as_str());
        let begin = *first.entry(key).or_insert(item.from);
        lanes.entry((begin, key.0, key.1)).or_default().push(item);
    }
    let lane = |((_, _, id), items)| Lane { group: "activities", name: format!("activity {id}"), items };
    lanes.into_iter().map(lane).collect()
}

/// The worker lost the task on purpose: nothing is under way any more.
fn lost(handed: &Handed) -> bool {
    handed
        .worker_faults
        .iter()
        .any(|worker_fault| matches!(worker_fault, WorkerFaultKind::Drop | WorkerFaultKind::Crash))
}

/// The calls with which workers answered each task.
fn answers(evidence: &Evidence) -> BTreeMap<TaskId, Vec<&Operation>> {
    let mut all: BTreeMap<TaskId, Vec<&Operation>> = BTreeMap::new();
    for operation in evidence.operations.values() {
        let task = match &operation.call {
            Call::CompleteWorkflowTask { task, .. }
            | Call::FailWorkflowTask { task }
            | Call::AnswerQuery { task }
            | Call::EndActivity { task, .. } => *task,
            Call::Heartbeat { .. } | Call::Client { .. } | Call::PollUpdate { .. } | Call::Misuse { .. } => continue,
        };
        all.entry(task).or_default().push(operation);
    }
    all
}

/// When the last answer of a task was acknowledged, and all answers in words.
fn ended(operations: &[&Operation]) -> (Option<Time>, String) {
    let attempts = || operations.iter().flat_map(|operation| operation.attempts.iter().map(move |a| (operation, a)));
    let to = attempts().filter_map(|(_, attempt)| attempt.returned).max().map(time);
    let said: Vec<String> = attempts()
        .map(|(operation, attempt)| {
            let what = match &operation.call {
                Call::CompleteWorkflowTask { commands, .. } => {
                    format!("completed with {}", text::count(commands.len() as u64, "command"))
                }
                Call::EndActivity { end, by_id, .. } => {
                    let how = match end {
                        ActivityEnd::Completed(value) => format!("completed with {value}"),
                        ActivityEnd::Failed(failure) => format!("failed with {failure:?}"),
                        ActivityEnd::Canceled => "canceled".to_owned(),
                    };
                    if *by_id { how + " by a client" } else { how }
                }
                Call::FailWorkflowTask { .. } => "failed the task".to_owned(),
                _ => "answered".to_owned(),
            };
            format!("{what}: {}", answer(attempt))
        })
        .collect();
    (to, if said.is_empty() { "never answered".to_owned() } else { said.join("; ") })
}

fn worker_faults(worker_faults: &[WorkerFaultKind]) -> String {
    worker_faults.iter().fold(String::new(), |all, worker_fault| {
        all + &match worker_fault {
            WorkerFaultKind::Drop => "; on purpose it forgot the task".to_owned(),
            WorkerFaultKind::Late(ms) => format!("; on purpose it answered {ms} ms late"),
            WorkerFaultKind::Twice(ms) => format!("; on purpose it answered again after {ms} ms"),
            WorkerFaultKind::Crash => "; on purpose it crashed".to_owned(),
            WorkerFaultKind::FailTask => "; on purpose it failed the task".to_owned(),
        }
    })
}

fn class(answer: &Answer) -> &'static str {
    match answer {
        Answer::Ok { value } => match value {
            Reply::NotFound { .. } | Reply::AlreadyStarted { .. } | Reply::Refused { .. } => "refused",
            _ => "ok",
        },
        Answer::Fail { .. } => "fail",
        Answer::Info { .. } => "info",
    }
}

/// What a client asked, in a few words.
pub(crate) fn words(action: &Action) -> String {
    match action {
        Action::Start(_) => "start".into(),
        Action::Signal { name, value } => format!("signal {name}={value}"),
        Action::SignalWithStart { name, value, .. } => format!("signal-with-start {name}={value}"),
        Action::Query { name } => format!("query {name}"),
        Action::Update { name, value, .. } => format!("update {name}={value}"),
        Action::Cancel => "cancel".into(),
        Action::Terminate => "terminate".into(),
        Action::Describe => "describe".into(),
        Action::ReadHistory => "read history".into(),
    }
}

/// What came back, in a few words.
pub(crate) fn answer(attempt: &Attempt) -> String {
    let name = kinds::answer(&attempt.answer, attempt.returned.is_some());
    let took = attempt.returned.map_or_else(String::new, |returned| {
        format!(" after {}", text::seconds(returned.saturating_sub(attempt.invoked) as f64 / 1e9))
    });
    let more = match &attempt.answer {
        Answer::Ok { value } => match value {
            Reply::NotFound { message } => format!(": {message}"),
            Reply::Refused { status, message } => format!(": {status} {message}"),
            Reply::Query(answer) => format!(" {}, seen up to event {}", answer.value, answer.seen),
            Reply::Update { stage, .. } => format!(" ({stage:?})"),
            Reply::Page { events } => format!(" of {}", text::count(events.len() as u64, "event")),
            _ => String::new(),
        },
        Answer::Fail { error } | Answer::Info { error } if attempt.returned.is_some() => format!(": {error}"),
        _ => String::new(),
    };
    format!("{name}{more}{took}")
}
