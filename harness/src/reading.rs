//! What is read of the runs of a case and recorded: each to its end, and all of them when everything has ended.

use crate::asked;
use crate::history;
use crate::session::Session;
use crate::stage::RunName;
use crate::target::line;
use crate::wire::Client;
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_formats::plan::{Caller, Namespace};
use resurgam_formats::recording::{HistoryRead, What};
use resurgam_formats::time::At;
use std::time::Duration;
use tonic::Status;

/// Attempts of a final read while the cluster elects new owners.
pub(crate) const READS: u32 = 25;

/// Waits until a run is closed, in the way that the plan has: for its last event alone, or for one after the other, which are
/// recorded then.
pub(crate) async fn await_close(
    session: &Session,
    client: &Client,
    workflow_id: &str,
    run_id: &str,
    limit: Duration,
) -> bool {
    if !session.plan.habits.follows {
        return history::await_close(session, client, workflow_id, run_id, limit).await;
    }
    let from = session.recorder.now();
    let Some(events) = history::follow(session, client, workflow_id, run_id, limit).await else { return false };
    record(session, (workflow_id, run_id), from, &events, false).is_ok()
}

/// The final reads of all runs, from every node; returns what could not be read.
pub(crate) async fn read_all(session: &Session, runs: &[RunName], backwards: bool) -> Vec<String> {
    let mut unread = Vec::new();
    for node in 0..session.channels.len() {
        let client = session.client(Caller::Client, node);
        for (workflow_id, run_id) in runs {
            // Rules take the history of a run from one node; those of the others must be the same.
            let first = node == 0;
            let mut done = patiently(|| read(session, &client, workflow_id, run_id, first)).await;
            if first && backwards && done.is_ok() {
                done = patiently(|| backwards_read(session, &client, workflow_id, run_id)).await;
            }
            if let Err(why) = done {
                unread.push(format!("{workflow_id}/{run_id} cannot be read: {why}"));
            }
        }
    }
    unread
}

/// Tries a read a few times; what it was told last if it never succeeds.
async fn patiently<F: Future<Output = Result<(), Status>>>(read: impl Fn() -> F) -> Result<(), String> {
    let mut last = String::new();
    for _ in 0..READS {
        let Err(status) = read().await else { return Ok(()) };
        last = line(&status);
        if !asked::PASSING.contains(&status.code()) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Err(last)
}

/// Reads and records the history of a run, and its description if these are the final ones.
async fn read(
    session: &Session,
    client: &Client,
    workflow_id: &str,
    run_id: &str,
    is_final: bool,
) -> Result<(), Status> {
    let from = session.recorder.now();
    // By pages of the plan once; however it is read, it must be the same.
    let events = if is_final {
        history::read(session, client, workflow_id, run_id).await?
    } else {
        history::read_at_once(session, client, workflow_id, run_id).await?
    };
    // Both or nothing: if the description fails, the history is read again with it.
    let description = if is_final { Some(asked::describe(session, client, workflow_id, run_id).await?) } else { None };
    record(session, (workflow_id, run_id), from, &events, is_final)?;
    if let Some(mut description) = description {
        description.is_final = true;
        session.recorder.record(What::Description(Box::new(description)));
    }
    Ok(())
}

/// Reads and records the history of a run once more, from its end.
async fn backwards_read(session: &Session, client: &Client, workflow_id: &str, run_id: &str) -> Result<(), Status> {
    let from = session.recorder.now();
    let events = history::read_backwards(session, client, workflow_id, run_id).await?;
    record(session, (workflow_id, run_id), from, &events, false)
}

fn record(
    session: &Session,
    (workflow_id, run_id): (&str, &str),
    from: At,
    events: &[HistoryEvent],
    is_final: bool,
) -> Result<(), Status> {
    let events = history::to_json(events).map_err(|e| Status::internal(e.to_string()))?;
    let (workflow_id, run_id, namespace) = (workflow_id.to_owned(), run_id.to_owned(), Namespace::Own);
    let read = HistoryRead { workflow_id, run_id, is_final, from, events, namespace };
    session.recorder.record(What::History(Box::new(read)));
    Ok(())
}
