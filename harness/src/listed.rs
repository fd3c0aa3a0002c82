//! Reads the list of all workflows of a case at its end, in small pages, and records it.

use crate::asked::LIMIT;
use crate::session::{Session, within};
use resurgam_api::temporal::workflowservice::v1::ListWorkflowExecutionsRequest;
use resurgam_formats::listed::Listed;
use resurgam_formats::plan::Caller;
use resurgam_formats::recording::What;
use tonic::Status;

/// Small pages, so that there are several.
const PAGE: i32 = 5;

/// Reads the list once.
///
/// # Errors
/// A page was refused.
pub(crate) async fn read(session: &Session) -> Result<(), Status> {
    let mut listed = Listed::default();
    let (mut next_page_token, mut pages) = (Vec::new(), 0);
    loop {
        // A page from each node in turn: what one gives out the other has to take.
        let client = session.client(Caller::Client, pages % session.channels.len().max(1));
        let request = ListWorkflowExecutionsRequest {
            namespace: session.namespace.clone(),
            page_size: PAGE,
            next_page_token,
            query: format!("WorkflowId STARTS_WITH '{}-'", session.prefix),
        };
        let page = client.clone().list_workflow_executions(within(LIMIT, request)).await?.into_inner();
        for info in &page.executions {
            let json = resurgam_api::json::to_json(info).map_err(|problem| Status::unknown(problem.to_string()))?;
            listed.executions.push(json);
        }
        (next_page_token, pages) = (page.next_page_token, pages + 1);
        if next_page_token.is_empty() {
            session.recorder.record(What::Listed(Box::new(listed)));
            return Ok(());
        }
    }
}
