//! What workers say of their versions: checked, though no task is given to one version only.

use super::validate::{Checked, wrong};
use resurgam_api::temporal::common::v1::WorkerVersionCapabilities;
use resurgam_api::temporal::deployment::v1::WorkerDeploymentOptions;
use resurgam_api::temporal::enums::v1::{TaskQueueKind, WorkerVersioningMode};
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1::RespondWorkflowTaskCompletedRequest;

/// Longest id of a build, in bytes.
const BUILD_ID_BYTES: usize = 255;
const LONG_BUILD_ID: &str = "Build ID exceeds configured limit.workerBuildIdSize, use a shorter build ID.";

/// What a worker says of its version when it completes a workflow task.
///
/// # Errors
/// INVALID_ARGUMENT: it says a part of it, or too much.
#[allow(deprecated, reason = "workers may still say their version so")]
pub(super) fn completing(request: &RespondWorkflowTaskCompletedRequest) -> Checked {
    let stamp = request.worker_version_stamp.clone().unwrap_or_default();
    let options = request.deployment_options.as_ref();
    let queue = request.sticky_attributes.as_ref().and_then(|sticky| sticky.worker_task_queue.as_ref());
    let versioned = options.filter(|it| it.worker_versioning_mode() == WorkerVersioningMode::Versioned);
    named(queue, stamp.use_versioning || options.is_some())?;
    if stamp.use_versioning && stamp.build_id.is_empty() {
        wrong("WorkerVersionStamp must be present if UseVersioning is true.")
    } else if stamp.build_id.len() > BUILD_ID_BYTES {
        wrong(LONG_BUILD_ID)
    } else if versioned.is_some_and(|it| it.deployment_name.is_empty() || it.build_id.is_empty()) {
        wrong("Both deployment name and build id must be set when versioning is enabled.")
    } else {
        Ok(())
    }
}

/// The queue of a worker that says its version: a sticky one says which queue it belongs to.
///
/// # Errors
/// INVALID_ARGUMENT: it does not.
fn named(queue: Option<&TaskQueue>, says_version: bool) -> Checked {
    let unnamed = queue.is_some_and(|it| it.kind() == TaskQueueKind::Sticky && it.normal_name.is_empty());
    if unnamed && says_version {
        return wrong(
            "NormalName must be set on sticky queue when UseVersioning is true or DeploymentOptions are set.",
        );
    }
    Ok(())
}

/// What a worker says of its version when it polls.
///
/// # Errors
/// INVALID_ARGUMENT: its sticky queue belongs to none, or its build has too long a name.
pub(super) fn polling(
    queue: Option<&TaskQueue>,
    options: Option<&WorkerDeploymentOptions>,
    capabilities: Option<&WorkerVersionCapabilities>,
) -> Checked {
    named(queue, options.is_some())?;
    let long = capabilities.is_some_and(|it| it.build_id.len() > BUILD_ID_BYTES);
    if long { wrong(LONG_BUILD_ID) } else { Ok(()) }
}
