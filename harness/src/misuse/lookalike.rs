//! Workflows in the other namespace of a case: each has the id and the type of one in the case's own, and another input. No
//! worker ever sees them; they are there to be confused with the others.

use crate::convert::{current, duration, payloads, queue, workflow_type};
use crate::history;
use crate::session::{Session, within};
use crate::wire::Client;
use resurgam_api::temporal::enums::v1::{WorkflowIdConflictPolicy, WorkflowIdReusePolicy};
use resurgam_api::temporal::workflowservice::v1::{
    SignalWithStartWorkflowExecutionRequest, TerminateWorkflowExecutionRequest,
};
use resurgam_formats::plan::{Caller, Namespace, WorkflowAddress};
use resurgam_formats::recording::{HistoryRead, What};
use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::time::Duration;
use tonic::Status;

/// How long one call may take.
const LIMIT: Duration = Duration::from_secs(5);
/// Attempts of a call.
const ATTEMPTS: u32 = 3;
/// What they are started and signalled with, and the name of the signal.
const MARK: &str = "other";

/// Sees to it that a place in the other namespace has a workflow; `None` if that does not succeed.
pub(super) async fn ensure(session: &Session, client: &Client, place: WorkflowAddress) -> Option<()> {
    if place.namespace.is_own() {
        return Some(());
    }
    session.lookalikes.lock().unwrap_or_else(PoisonError::into_inner).insert(place.workflow);
    tried(|| start(session, client, place.workflow)).await.ok()
}

/// The slots of which one may have been started.
fn slots(session: &Session) -> BTreeSet<u8> {
    session.lookalikes.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

async fn start(session: &Session, client: &Client, slot: u8) -> Result<(), Status> {
    let request = SignalWithStartWorkflowExecutionRequest {
        namespace: session.namespace(Namespace::Other).to_owned(),
        workflow_id: session.workflow_id(slot),
        workflow_type: workflow_type(),
        task_queue: queue(&format!("{}-{MARK}-queue", session.prefix)),
        input: payloads(&MARK),
        workflow_task_timeout: duration(session.plan.knobs.task_timeout_ms),
        identity: MARK.into(),
        request_id: format!("{}-{MARK}-w{slot}", session.prefix),
        workflow_id_reuse_policy: WorkflowIdReusePolicy::AllowDuplicate.into(),
        workflow_id_conflict_policy: WorkflowIdConflictPolicy::UseExisting.into(),
        signal_name: MARK.into(),
        signal_input: payloads(&MARK),
        ..Default::default()
    };
    client.clone().signal_with_start_workflow_execution(within(LIMIT, request)).await.map(drop)
}

/// Ends them all. What a target does not answer about stays.
pub(crate) async fn terminate(session: &Session) {
    for slot in slots(session) {
        let client = session.client(Caller::Client, slot.into());
        let terminated = tried(|| async {
            let request = TerminateWorkflowExecutionRequest {
                namespace: session.namespace(Namespace::Other).to_owned(),
                workflow_execution: current(&session.workflow_id(slot)),
                reason: "end of the case".into(),
                identity: MARK.into(),
                ..Default::default()
            };
            client.clone().terminate_workflow_execution(within(LIMIT, request)).await.map(drop)
        });
        let _ = terminated.await;
    }
}

/// Reads and records their histories.
pub(crate) async fn read(session: &Session) {
    for slot in slots(session) {
        let client = session.client(Caller::Client, slot.into());
        let (from, workflow_id) = (session.recorder.now(), session.workflow_id(slot));
        let namespace = Namespace::Other;
        // One that was never started has none.
        let Ok(events) = tried(|| history::read_in(session, namespace, &client, &workflow_id, "")).await else {
            continue;
        };
        let Some(run_id) = history::run_of(&events) else { continue };
        let Ok(events) = history::to_json(&events) else { continue };
        let read = HistoryRead { workflow_id, run_id, is_final: true, from, events, namespace };
        session.recorder.record(What::History(Box::new(read)));
    }
}

/// The first answer of a call that is repeated a few times.
async fn tried<T, F>(call: impl Fn() -> F) -> Result<T, Status>
where
    F: Future<Output = Result<T, Status>>,
{
    let mut last = call().await;
    for _ in 1..ATTEMPTS {
        if last.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        last = call().await;
    }
    last
}
