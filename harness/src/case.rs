//! One case: workers and clients go to work, then everything that ever ran is waited for and read.
//!
//! A case ends at quiescence or at the deadline that the model computes from the plan, never by a sleep of fixed length.

use crate::client;
use crate::history;
use crate::recorder::Recorder;
use crate::session::Session;
use crate::target::{self, Endpoint};
use crate::worker::Workers;
use resurgam_models::deadline;
use resurgam_models::event::{Body, Event};
use resurgam_models::evidence::Run;
use resurgam_models::plan::Plan;
use resurgam_models::recording::{Answer, Call, Entry, Header, HistoryRead, Reply, VERSION, What};
use resurgam_models::wire::{self, Notes};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tonic::transport::Channel;

/// A bug of the suite itself, such as a machine that differs from its own replay: the case is not judged.
#[derive(Debug, thiserror::Error)]
#[error("the suite contradicts itself: {0}")]
pub struct Contradiction(pub String);

/// Executes one plan; `prefix` goes in front of every id.
///
/// # Errors
/// [`Contradiction`] together with what was recorded.
pub async fn execute(
    plan: &Plan,
    endpoint: &Endpoint,
    channel: Channel,
    prefix: &str,
) -> (Vec<Entry>, Result<(), Contradiction>) {
    let session = Arc::new(Session {
        service: target::client(channel),
        namespace: endpoint.namespace.clone(),
        prefix: prefix.to_owned(),
        plan: plan.clone(),
        recorder: Recorder::new(),
    });
    session.recorder.record(What::Header(Box::new(Header {
        version: VERSION,
        target: endpoint.target.clone(),
        target_version: endpoint.version.clone(),
        prefix: prefix.to_owned(),
        plan: plan.clone(),
    })));
    let deadline = u64::try_from(deadline::of(plan).as_nanos()).unwrap_or(u64::MAX);
    let workers = Workers::start(&session);
    client::perform(&session).await;
    let mut open = read_all(&session, deadline).await;
    let trouble = workers.trouble();
    drop(workers);
    if let Some(trouble) = &trouble {
        open.push(format!("the suite itself: {trouble}"));
    }
    session.recorder.record(What::End { quiescent: open.is_empty(), deadline, open });
    (session.recorder.finish(), trouble.map_or(Ok(()), |what| Err(Contradiction(what))))
}

/// Waits for every run to close, reads its history and description, and follows it to its successors and children.
/// Returns what was still open at the deadline.
async fn read_all(session: &Session, deadline: u64) -> Vec<String> {
    let mut open = Vec::new();
    let mut known = BTreeSet::new();
    let mut queue = VecDeque::new();
    loop {
        for run in discovered(session).await {
            if known.insert(run.clone()) {
                queue.push_back(run);
            }
        }
        let Some((workflow_id, run_id)) = queue.pop_front() else { return open };
        let left = Duration::from_nanos(deadline.saturating_sub(session.recorder.now())).max(Duration::from_secs(2));
        if !history::await_close(session, &workflow_id, &run_id, left).await {
            open.push(format!("{workflow_id}/{run_id}"));
        }
        match read(session, &workflow_id, &run_id).await {
            Ok(next) => queue.extend(next.into_iter().filter(|run| known.insert(run.clone()))),
            Err(why) => open.push(format!("{workflow_id}/{run_id} cannot be read: {why}")),
        }
    }
}

/// Runs that the recording names, and the current run of every slot.
async fn discovered(session: &Session) -> BTreeSet<(String, String)> {
    let mut found: BTreeSet<(String, String)> = session.recorder.with(named);
    for slot in session.plan.operations.iter().map(|operation| operation.workflow).collect::<BTreeSet<_>>() {
        if let Ok(description) = client::describe(session, &session.workflow_id(slot), "").await {
            found.insert((description.workflow_id, description.run_id));
        }
    }
    found
}

fn named(entries: &[Entry]) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    let mut workflow_of = std::collections::BTreeMap::new();
    for entry in entries {
        match &entry.what {
            What::Invoke { operation, call, .. } => {
                if let Call::Client { workflow_id, .. } = call.as_ref() {
                    workflow_of.insert(*operation, workflow_id.clone());
                }
            }
            What::Return { operation, answer: Answer::Ok { value }, .. } => {
                let run_id = match value {
                    Reply::Run { run_id, .. } | Reply::AlreadyStarted { run_id } | Reply::Update { run_id, .. } => {
                        run_id
                    }
                    _ => continue,
                };
                if let Some(workflow_id) = workflow_of.get(operation)
                    && !run_id.is_empty()
                {
                    found.insert((workflow_id.clone(), run_id.clone()));
                }
            }
            What::Task(task) => {
                found.insert((task.workflow_id.clone(), task.run_id.clone()));
            }
            _ => {}
        }
    }
    found
}

/// Reads and records the final history and description of a run; returns the runs that it names.
async fn read(session: &Session, workflow_id: &str, run_id: &str) -> Result<Vec<(String, String)>, String> {
    let from = session.recorder.now();
    let raw = history::read(session, workflow_id, run_id).await.map_err(|status| status.to_string())?;
    let events = history::to_json(&raw).map_err(|e| e.to_string())?;
    let mut notes = Notes::default();
    let decoded: Result<Vec<Event>, _> =
        events.iter().cloned().map(|value| wire::event::decode(value, &mut notes)).collect();
    let decoded = decoded.map_err(|e| e.to_string())?;
    let (workflow, run) = (workflow_id.to_owned(), run_id.to_owned());
    let history = HistoryRead { workflow_id: workflow, run_id: run, is_final: true, from, events };
    session.recorder.record(What::History(Box::new(history)));
    let mut description = client::describe(session, workflow_id, run_id).await.map_err(|status| status.to_string())?;
    description.is_final = true;
    session.recorder.record(What::Description(Box::new(description)));
    Ok(linked(workflow_id, decoded))
}

/// The runs that a history names: its successor, the run before it, its children.
fn linked(workflow_id: &str, events: Vec<Event>) -> Vec<(String, String)> {
    let run = Run { workflow_id: workflow_id.to_owned(), events, ..Run::default() };
    let mut found = vec![(run.workflow_id.clone(), run.successor().to_owned())];
    if let Some(started) = run.started() {
        found.push((run.workflow_id.clone(), started.continued_run.clone()));
    }
    for event in &run.events {
        if let Body::ChildWorkflowExecutionStarted(started) = &event.body {
            found.push((started.child.workflow_id.clone(), started.child.run_id.clone()));
        }
    }
    found.retain(|(_, run_id)| !run_id.is_empty());
    found
}
