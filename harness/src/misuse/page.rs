//! One page of a history, in a namespace and with a token that somebody chose.

use crate::convert;
use crate::session::within;
use crate::wire::Client;
use resurgam_api::temporal::workflowservice::v1::{
    GetWorkflowExecutionHistoryRequest, GetWorkflowExecutionHistoryResponse,
};
use std::time::Duration;
use tonic::Status;

/// How long one call may take.
pub(super) const LIMIT: Duration = Duration::from_secs(10);

/// A page that is asked for.
pub(super) struct Page<'a> {
    pub(super) namespace: &'a str,
    pub(super) workflow_id: &'a str,
    /// Empty for the current run.
    pub(super) run_id: &'a str,
    /// Empty for the first page.
    pub(super) token: Vec<u8>,
    /// How many events at most; 0 leaves that to the server.
    pub(super) size: i32,
}

impl Page<'_> {
    pub(super) async fn read(self, client: &Client) -> Result<GetWorkflowExecutionHistoryResponse, Status> {
        let request = GetWorkflowExecutionHistoryRequest {
            namespace: self.namespace.to_owned(),
            execution: convert::run(self.workflow_id, self.run_id),
            maximum_page_size: self.size,
            next_page_token: self.token,
            ..Default::default()
        };
        let page = client.clone().get_workflow_execution_history(within(LIMIT, request)).await?;
        Ok(page.into_inner())
    }
}
