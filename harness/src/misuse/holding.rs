//! How a client comes by what it misuses: by reading what it may read, and by looking over the shoulder of workers.

use super::lookalike;
use super::page::{LIMIT, Page};
use crate::asked::describe;
use crate::history::run_of;
use crate::session::{Session, within};
use crate::wire::Client;
use resurgam_api::temporal::workflowservice::v1::ListNamespacesRequest;
use resurgam_formats::plan::{Action, Damage, Held, Misuse, TaskKind, WorkflowAddress};
use std::time::Duration;

/// How long a client waits until a worker is handed a task of the owner.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a client holds; what it does not have is empty.
#[derive(Default)]
pub(super) struct Holding {
    /// The run that it is of.
    pub(super) run_id: String,
    pub(super) token: Vec<u8>,
    pub(super) update_id: String,
}

/// Comes by what a misuse needs; `None` if there is nothing of the kind, or the server does not answer.
pub(super) async fn of(session: &Session, client: &Client, misuse: &Misuse) -> Option<Holding> {
    lookalike::ensure(session, client, misuse.owner).await?;
    let owner = misuse.owner;
    let mut holding = match misuse.held {
        Held::RunId => Holding { token: Vec::new(), ..second_page(session, client, owner, "").await? },
        Held::PageToken => second_page(session, client, owner, "").await?,
        Held::FirstRunPageToken => {
            let workflow_id = session.workflow_id(owner.workflow);
            let first_run = describe(session, client, &workflow_id, "").await.ok()?.first_run_id;
            second_page(session, client, owner, &first_run).await?
        }
        Held::NamespacesPageToken => Holding { token: namespaces(client).await?, ..Holding::default() },
        Held::UpdateId => Holding { update_id: update_id(session, owner)?, ..Holding::default() },
        Held::WorkflowTask => task(session, TaskKind::Workflow, owner).await?,
        Held::ActivityTask => task(session, TaskKind::Activity, owner).await?,
    };
    match (misuse.damage, holding.token.pop()) {
        (_, None) | (Some(Damage::Cut), _) => {}
        (Some(Damage::Changed), Some(last)) => holding.token.push(last ^ 1),
        (None, Some(last)) => holding.token.push(last),
    }
    Some(holding)
}

/// The run of a place, the current one if none is named, and the token of the second page of its history, with one event on
/// the first.
async fn second_page(session: &Session, client: &Client, place: WorkflowAddress, run_id: &str) -> Option<Holding> {
    let namespace = session.namespace(place.namespace);
    let workflow_id = session.workflow_id(place.workflow);
    let page = Page { namespace, workflow_id: &workflow_id, run_id, token: Vec::new(), size: 1 };
    let page = page.read(client).await.ok()?;
    let run_id = run_of(&page.history?.events)?;
    (!page.next_page_token.is_empty()).then(|| Holding { run_id, token: page.next_page_token, ..Holding::default() })
}

async fn namespaces(client: &Client) -> Option<Vec<u8>> {
    let request = ListNamespacesRequest { page_size: 1, ..Default::default() };
    let page = client.clone().list_namespaces(within(LIMIT, request)).await.ok()?.into_inner();
    Some(page.next_page_token).filter(|token| !token.is_empty())
}

/// The id of the first update that a client of the plan sends to a workflow.
fn update_id(session: &Session, place: WorkflowAddress) -> Option<String> {
    let to = |action: &Action| matches!(action, Action::Update { .. });
    let operations = &session.plan.operations;
    let index = operations.iter().position(|one| one.workflow == place.workflow && to(&one.action))?;
    place.namespace.is_own().then(|| session.request_id(index))
}

async fn task(session: &Session, kind: TaskKind, place: WorkflowAddress) -> Option<Holding> {
    let workflow_id = session.workflow_id(place.workflow);
    let handed = session.tokens.next(kind, &workflow_id, PATIENCE).await?;
    Some(Holding { run_id: handed.run_id, token: handed.token, ..Holding::default() })
}
