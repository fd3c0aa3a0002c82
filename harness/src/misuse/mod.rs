//! Clients that use what they hold of one workflow in the name of another.
//!
//! How they come by it is their own affair and not recorded. What is recorded is the one call that uses it, with the places
//! that it is of and for, and what it was answered; whether that shows or changes what it must not, rules decide.

mod holding;
pub(crate) mod lookalike;
mod page;

use crate::answer;
use crate::asked::{Asked, describe};
use crate::convert::{failure, payloads};
use crate::history;
use crate::session::{Session, within};
use crate::wire;
use holding::Holding;
use page::{LIMIT, Page};
use resurgam_api::temporal::enums::v1::WorkflowTaskFailedCause;
use resurgam_api::temporal::workflowservice::v1::{
    RespondActivityTaskCompletedRequest, RespondWorkflowTaskFailedRequest,
};
use resurgam_formats::plan::{Caller, Held, Misuse};
use resurgam_formats::program::Failure;
use resurgam_formats::recording::{Answer, Call, Reply};
use std::sync::Arc;
use tokio::task::JoinSet;
use tonic::Status;

/// Performs all misuses of the plan, each at its time; ends when the last was answered or left out.
pub(crate) async fn perform(session: &Arc<Session>) {
    let mut tasks = JoinSet::new();
    for (number, misuse) in session.plan.misuses.iter().cloned().enumerate() {
        let session = Arc::clone(session);
        tasks.spawn(async move {
            let misuse = if session.other_namespace.is_some() { misuse } else { misuse.in_one_namespace() };
            let client = Stranger { name: format!("stranger-{number}"), wire: session.client(Caller::Client, number) };
            session.sleep_until(misuse.at_ms).await;
            // What cannot be held cannot be misused.
            let _ = client.perform(&session, misuse).await;
        });
    }
    while tasks.join_next().await.is_some() {}
}

/// A client that holds something.
struct Stranger {
    name: String,
    wire: wire::Client,
}

impl Stranger {
    /// Comes by something and uses it, once.
    async fn perform(&self, session: &Session, misuse: Misuse) -> Option<Answer> {
        if is_use(&misuse) {
            return None;
        }
        lookalike::ensure(session, &self.wire, misuse.user).await?;
        let holding = holding::of(session, &self.wire, &misuse).await?;
        let (workflow_id, owner) =
            (session.workflow_id(misuse.user.workflow), session.workflow_id(misuse.owner.workflow));
        let run_id = match misuse.held {
            Held::RunId => holding.run_id.clone(),
            Held::FirstRunPageToken => describe(session, &self.wire, &workflow_id, "").await.ok()?.run_id,
            Held::PageToken | Held::NamespacesPageToken | Held::UpdateId | Held::WorkflowTask | Held::ActivityTask => {
                String::new()
            }
        };
        let call = Call::Misuse {
            misuse: misuse.clone(),
            workflow_id: workflow_id.clone(),
            run_id: run_id.clone(),
            owner,
            owner_run: holding.run_id.clone(),
        };
        let record = session.recorder.operation(self.name.clone(), call);
        let used = async {
            let reply = self.use_as(session, &misuse, &workflow_id, &run_id, holding).await;
            reply.map_or_else(|status| answer::of(&status), |value| Answer::Ok { value })
        };
        Some(record.attempt(used).await)
    }

    async fn use_as(
        &self,
        session: &Session,
        misuse: &Misuse,
        workflow_id: &str,
        run_id: &str,
        holding: Holding,
    ) -> Result<Reply, Status> {
        let namespace = session.namespace(misuse.user.namespace).to_owned();
        let (identity, token) = (self.name.clone(), holding.token);
        let mut service = self.wire.clone();
        match misuse.held {
            Held::RunId | Held::PageToken | Held::FirstRunPageToken | Held::NamespacesPageToken => {
                // One event: a server may look more closely at what it shows with the last page.
                let page = Page { namespace: &namespace, workflow_id, run_id, token, size: 1 };
                let page = page.read(&self.wire).await?;
                let events = page.history.unwrap_or_default().events;
                let events = history::to_json(&events).map_err(|e| Status::unknown(e.to_string()))?;
                Ok(Reply::Page { events })
            }
            Held::UpdateId => {
                let (client, request_id) = (&self.wire, holding.update_id.as_str());
                Asked { session, client, identity, workflow_id, request_id }.poll_update(&namespace).await
            }
            Held::WorkflowTask => {
                let why = Failure::Application { kind: Misuse::FAILURE.into(), non_retryable: false };
                let request = RespondWorkflowTaskFailedRequest {
                    task_token: token,
                    cause: WorkflowTaskFailedCause::WorkflowWorkerUnhandledFailure.into(),
                    failure: Some(failure(&why)),
                    identity,
                    namespace,
                    ..Default::default()
                };
                service.respond_workflow_task_failed(within(LIMIT, request)).await.map(|_| Reply::Done)
            }
            Held::ActivityTask => {
                let result = payloads(&Misuse::RESULT);
                let request = RespondActivityTaskCompletedRequest {
                    task_token: token,
                    result,
                    identity,
                    namespace,
                    ..Default::default()
                };
                service.respond_activity_task_completed(within(LIMIT, request)).await.map(|_| Reply::Done)
            }
        }
    }
}

/// True if nothing is in the wrong place, as may be on a target that has one namespace only, or in a plan made smaller.
fn is_use(misuse: &Misuse) -> bool {
    match misuse.held {
        Held::WorkflowTask | Held::ActivityTask => misuse.owner.namespace == misuse.user.namespace,
        Held::RunId | Held::PageToken | Held::UpdateId => misuse.owner == misuse.user && misuse.damage.is_none(),
        Held::FirstRunPageToken | Held::NamespacesPageToken => false,
    }
}
