//! What is told of a task queue by the versions of its workers. There is one for all here, that of workers without a version:
//! it has every poller and every task, and others have none.

use crate::frontend::handler::{Answer, Frontend};
use resurgam_api::internal::{self, TaskKind};
use resurgam_api::temporal::enums::v1::{BuildIdTaskReachability as Reachability, TaskQueueKind, TaskQueueType};
use resurgam_api::temporal::taskqueue::v1::{TaskQueueStats, TaskQueueTypeInfo, TaskQueueVersionInfo};
use resurgam_api::temporal::workflowservice::v1 as api;
use std::collections::{BTreeSet, HashMap};
use tokio::time::Instant;
use tonic::{Response, Status};

/// Why the queue of one worker has no versions.
const ON_STICKY: &str =
    "Enhanced DescribeTaskQueue is not valid for a sticky queue, use api_mode=UNSPECIFIED or a normal queue.";
/// The version of workers that have none.
const NONE: &str = "";

#[allow(deprecated, reason = "clients may still ask for it")]
pub(super) async fn describe(
    frontend: &Frontend,
    until: Instant,
    request: api::DescribeTaskQueueRequest,
) -> Answer<api::DescribeTaskQueueResponse> {
    if request.task_queue.as_ref().is_some_and(|queue| queue.kind == i32::from(TaskQueueKind::Sticky)) {
        return Err(Status::invalid_argument(ON_STICKY));
    }
    let mut kinds = request.task_queue_types.clone();
    if kinds.is_empty() {
        kinds = [TaskQueueType::Workflow, TaskQueueType::Activity].map(i32::from).to_vec();
    }
    let asked = request.versions.clone();
    let mut versions: BTreeSet<String> = asked.iter().flat_map(|asked| asked.build_ids.iter().cloned()).collect();
    // All active ones are those that have a version.
    if asked.is_none_or(|asked| asked.unversioned) {
        versions.insert(NONE.to_owned());
    }
    let mut all = HashMap::new();
    for kind in kinds {
        all.insert(kind, of(frontend, until, &request, kind).await?);
    }
    let nothing = || TaskQueueTypeInfo {
        stats: request.report_stats.then(TaskQueueStats::default),
        ..TaskQueueTypeInfo::default()
    };
    let versions_info = versions.into_iter().map(|version| {
        let known = version == NONE;
        let types_info = if known { all.clone() } else { all.keys().map(|kind| (*kind, nothing())).collect() };
        let reachable = if known { Reachability::Reachable } else { Reachability::Unreachable };
        let told = if request.report_task_reachability { reachable } else { Reachability::Unspecified };
        (version, TaskQueueVersionInfo { types_info, task_reachability: told.into() })
    });
    let versions_info = versions_info.collect();
    Ok(Response::new(api::DescribeTaskQueueResponse { versions_info, ..Default::default() }))
}

/// What there is for one kind of tasks.
#[allow(deprecated, reason = "clients may still ask for it")]
async fn of(
    frontend: &Frontend,
    until: Instant,
    request: &api::DescribeTaskQueueRequest,
    kind: i32,
) -> Result<TaskQueueTypeInfo, Status> {
    let of = match TaskQueueType::try_from(kind) {
        Ok(TaskQueueType::Activity) => TaskKind::Activity,
        Ok(TaskQueueType::Workflow) => TaskKind::Workflow,
        // Nobody polls for others.
        _ => return Ok(TaskQueueTypeInfo::default()),
    };
    let task_queue = Some(frontend.queue(&request.namespace, request.task_queue.as_ref(), of).await?);
    let request = Some(request.clone());
    let call = internal::DescribeTaskQueueRequest { task_queue, request: request.clone() };
    let told = frontend.matching(until, call).await?.into_inner();
    let pollers = if request.is_some_and(|it| it.report_pollers) { told.pollers } else { Vec::new() };
    Ok(TaskQueueTypeInfo { pollers, stats: told.stats })
}
