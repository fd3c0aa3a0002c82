//! Reads the list of all workflows of a case at its end, in small pages, and records it.

use crate::asked::{LIMIT, PASSING};
use crate::session::{Session, within};
use crate::target::line;
use resurgam_api::temporal::workflowservice::v1::ListWorkflowExecutionsRequest;
use resurgam_formats::listed::Listed;
use resurgam_formats::plan::Caller;
use resurgam_formats::recording::What;
use std::time::Duration;
use tonic::Status;

/// Small pages, so that there are several.
const PAGE: i32 = 5;

/// Reads the list, in so many attempts; returns why it could not be read.
pub(crate) async fn record(session: &Session, attempts: u32) -> Option<String> {
    let mut last = String::new();
    for _ in 0..attempts {
        match read(session).await {
            Ok(()) => return None,
            Err(status) => {
                last = line(&status);
                if !PASSING.contains(&status.code()) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
    Some(format!("the workflows cannot be listed: {last}"))
}

/// Reads the list once.
///
/// # Errors
/// A page was refused.
async fn read(session: &Session) -> Result<(), Status> {
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
