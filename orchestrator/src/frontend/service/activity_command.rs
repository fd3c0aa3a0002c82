//! What clients do to the pending activities of a workflow: one of them by its id, or all of a type.

use crate::frontend::handler::{Answer, Frontend, check, open};
use crate::frontend::validate;
use resurgam_api::internal;
use resurgam_api::temporal::workflowservice::v1 as api;
use tonic::{Request, Status};

/// A call that is checked in the same way as the others here, and passed on.
macro_rules! command {
    ($verb:ident, $request:ident, $response:ident) => {
        pub(super) async fn $verb(frontend: &Frontend, request: Request<api::$request>) -> Answer<api::$response> {
            let (until, request) = open(request);
            check(&[validate::existing(request.execution.as_ref())])?;
            if request.activity.is_none() {
                let message = "Either Activity.Id or Activity.Type should be set on request.";
                return Err(Status::invalid_argument(message));
            }
            let target = Some(frontend.target(&request.namespace, request.execution.as_ref()).await?);
            frontend.history(until, internal::$request { target, request: Some(request) }).await
        }
    };
}

command!(pause, PauseActivityRequest, PauseActivityResponse);
command!(unpause, UnpauseActivityRequest, UnpauseActivityResponse);
command!(reset, ResetActivityRequest, ResetActivityResponse);
command!(change_options, UpdateActivityOptionsRequest, UpdateActivityOptionsResponse);

/// Changes options, or puts those back that the activity was scheduled with: not both.
pub(super) async fn update_options(
    frontend: &Frontend,
    request: Request<api::UpdateActivityOptionsRequest>,
) -> Answer<api::UpdateActivityOptionsResponse> {
    let asked = request.get_ref();
    if asked.restore_original && asked.update_mask.is_some() {
        return Err(Status::invalid_argument("Both UpdateMask and RestoreOriginal are provided"));
    }
    if !asked.restore_original && asked.activity_options.is_some() && asked.update_mask.is_none() {
        return Err(Status::invalid_argument("UpdateMask is not provided"));
    }
    change_options(frontend, request).await
}
