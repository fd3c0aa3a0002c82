//! What has to hold of a request whatever the state of its workflow: names are there and not too long, payloads are not
//! too large. As in temporalio/temporal,
//! `service/frontend/workflow_handler.go`.

use crate::cluster::queue_name;
use crate::cluster::sizes::{BLOB_BYTES, ID_BYTES};
use prost::Message;
use prost_wkt_types::{Duration, FieldMask};
use resurgam_api::temporal::common::v1::{Priority, WorkflowExecution};
use resurgam_api::temporal::enums::v1::{TaskQueueKind, TaskQueueType, WorkerVersioningMode};
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1::{RespondWorkflowTaskCompletedRequest, UpdateTaskQueueConfigRequest};
use tonic::Status;
use uuid::Uuid;

/// Longest id of a build, in bytes.
const BUILD_ID_BYTES: usize = 255;
/// Longest key by which tasks are treated fairly, in bytes.
const FAIRNESS_KEY_BYTES: usize = 64;

/// The outcome of a check; the status is what the caller answers with.
pub type Checked<T = ()> = Result<T, Box<Status>>;

pub(super) fn wrong<T>(message: impl Into<String>) -> Checked<T> {
    Err(Box::new(Status::invalid_argument(message)))
}

/// A part that has to be there.
///
/// # Errors
/// INVALID_ARGUMENT: it is not.
pub(crate) fn part<'a, T>(what: &str, part: Option<&'a T>) -> Checked<&'a T> {
    part.map_or_else(|| wrong(format!("{what} is not set on request.")), Ok)
}

/// An id that has to be there.
///
/// # Errors
/// INVALID_ARGUMENT: it is empty or too long.
pub fn id(what: &str, id: &str) -> Checked {
    given(what, id)?;
    optional_id(what, id)
}

/// A name that has to be there.
///
/// # Errors
/// INVALID_ARGUMENT: it is empty.
pub(crate) fn given(what: &str, name: &str) -> Checked {
    if name.is_empty() { wrong(format!("{what} is not set on request.")) } else { Ok(()) }
}

/// An id that may be missing.
///
/// # Errors
/// INVALID_ARGUMENT: it is too long.
pub(crate) fn optional_id(what: &str, id: &str) -> Checked {
    if id.len() > ID_BYTES { wrong(format!("{what} length exceeds limit.")) } else { Ok(()) }
}

/// A namespace that is named.
///
/// # Errors
/// INVALID_ARGUMENT: its name is empty or too long.
pub(crate) fn namespace(name: &str) -> Checked {
    if name.is_empty() { wrong("Namespace not set on request.") } else { optional_id("Namespace", name) }
}

/// Who says that it asks.
///
/// # Errors
/// INVALID_ARGUMENT: it is too long.
pub(crate) fn identity(identity: &str) -> Checked {
    if identity.len() > ID_BYTES { wrong("Identity length exceeds limit.") } else { Ok(()) }
}

/// A priority, as in temporalio/temporal, `common/priorities/priority_util.go`.
///
/// # Errors
/// INVALID_ARGUMENT: a number in it is negative, or its key is too long.
pub(crate) fn priority(priority: Option<&Priority>) -> Checked {
    match priority {
        Some(it) if it.priority_key < 0 => wrong("priority key can't be negative"),
        Some(it) if it.fairness_key.len() > FAIRNESS_KEY_BYTES => wrong("fairness key length exceeds limit"),
        Some(it) if it.fairness_weight < 0.0 => wrong("must be greater than zero"),
        _ => Ok(()),
    }
}

/// A task queue that is polled, beside what holds of every one.
///
/// # Errors
/// INVALID_ARGUMENT: it names the queue that it stands for, and stands for none.
pub(crate) fn polled(queue: Option<&TaskQueue>) -> Checked {
    match queue {
        Some(queue) if queue.kind != i32::from(TaskQueueKind::Sticky) && !queue.normal_name.is_empty() => wrong(
            format!("only sticky queues can have normal name. tq: {}, normal name: {}", queue.name, queue.normal_name),
        ),
        _ => Ok(()),
    }
}

/// A workflow that is there or not: no name is too long for one that is not.
///
/// # Errors
/// INVALID_ARGUMENT: no workflow id, or a run id that is none.
pub(crate) fn existing(execution: Option<&WorkflowExecution>) -> Checked {
    let execution = part("Execution", execution)?;
    given("WorkflowId", &execution.workflow_id)?;
    run_id(&execution.run_id)
}

/// What a worker says of its version when it completes a workflow task.
///
/// # Errors
/// INVALID_ARGUMENT: it says a part of it, or too much.
#[allow(deprecated, reason = "workers may still say their version so")]
pub(crate) fn version(request: &RespondWorkflowTaskCompletedRequest) -> Checked {
    let stamp = request.worker_version_stamp.clone().unwrap_or_default();
    let options = request.deployment_options.as_ref();
    let queue = request.sticky_attributes.as_ref().and_then(|sticky| sticky.worker_task_queue.as_ref());
    let unnamed = queue.is_some_and(|it| it.kind() == TaskQueueKind::Sticky && it.normal_name.is_empty());
    let versioned = options.filter(|it| it.worker_versioning_mode() == WorkerVersioningMode::Versioned);
    if unnamed && (stamp.use_versioning || options.is_some()) {
        wrong("NormalName must be set on sticky queue when UseVersioning is true or DeploymentOptions are set.")
    } else if stamp.use_versioning && stamp.build_id.is_empty() {
        wrong("WorkerVersionStamp must be present if UseVersioning is true.")
    } else if stamp.build_id.len() > BUILD_ID_BYTES {
        wrong("Build ID exceeds configured limit.workerBuildIdSize, use a shorter build ID.")
    } else if versioned.is_some_and(|it| it.deployment_name.is_empty() || it.build_id.is_empty()) {
        wrong("Both deployment name and build id must be set when versioning is enabled.")
    } else {
        Ok(())
    }
}

/// A run id, or none.
///
/// # Errors
/// INVALID_ARGUMENT: it is none.
pub fn run_id(run_id: &str) -> Checked {
    let fine = run_id.is_empty() || Uuid::parse_str(run_id).is_ok();
    if fine { Ok(()) } else { wrong("Invalid RunId.") }
}

/// A task queue.
///
/// # Errors
/// INVALID_ARGUMENT: it has no name, or one that it may not have.
pub fn task_queue(queue: Option<&TaskQueue>) -> Checked {
    let Some(queue) = queue else { return wrong("taskQueue is not set") };
    let normal = &queue.normal_name;
    let normal = (queue.kind == i32::from(TaskQueueKind::Sticky) && !normal.is_empty()).then_some(normal);
    let flaw = queue_name::flaw(&queue.name, ID_BYTES);
    flaw.or_else(|| queue_name::flaw(normal?, ID_BYTES)).map_or(Ok(()), wrong)
}

/// A task queue to which new work goes.
///
/// # Errors
/// As [`task_queue`].
pub(crate) fn queue_of_work(queue: Option<&TaskQueue>) -> Checked {
    task_queue(queue)?;
    let name = queue.map_or("", |queue| &queue.name);
    queue_name::flaw_of_work(name, "", ID_BYTES).map_or(Ok(()), wrong)
}

/// A task queue of which somebody asks, part by part if he likes.
///
/// # Errors
/// INVALID_ARGUMENT: it is a part that nobody has named.
pub(crate) fn queue_part(queue: Option<&TaskQueue>) -> Checked {
    match queue.map(|queue| &queue.name).filter(|name| queue_name::is_reserved(name)) {
        Some(name) => wrong(format!("invalid task queue partition name {name}")),
        None => Ok(()),
    }
}

/// How long closed workflows of a namespace are to be kept: an hour at least, as on a server that is alone.
///
/// # Errors
/// INVALID_ARGUMENT: it is not given, or less.
pub(crate) fn retention(given: Option<Duration>) -> Checked {
    let enough = given.is_some_and(|given| (0..1_000_000_000).contains(&given.nanos) && given.seconds >= 3600);
    if enough { Ok(()) } else { wrong("A valid retention period is not set on request.") }
}

/// So long closed workflows are kept of which somebody says that they are to be kept for longer: a hundred years.
const LONGEST: i64 = 100 * 365 * 86_400;

/// How long closed workflows are kept, if so long was asked for.
pub(crate) fn kept(asked: Duration) -> Duration {
    if asked.seconds < LONGEST { asked } else { Duration { seconds: LONGEST, nanos: 0 } }
}

/// A text that may be missing, of a thousand bytes at most.
///
/// # Errors
/// INVALID_ARGUMENT: it is longer.
pub(crate) fn short(what: &str, text: &str) -> Checked {
    if text.len() > ID_BYTES { wrong(format!("{what} field too long (max {ID_BYTES} characters).")) } else { Ok(()) }
}

/// How long something may take, if that is said.
///
/// # Errors
/// INVALID_ARGUMENT: it is negative, or contradicts itself.
pub(crate) fn span(what: &str, span: Option<&Duration>) -> Checked {
    let Some(span) = span else { return Ok(()) };
    let (seconds, nanos) = (span.seconds, span.nanos);
    let why = if seconds > 0 && nanos < 0 || seconds < 0 && nanos > 0 {
        "duration has seconds and nanos with different signs"
    } else if seconds < 0 || nanos < 0 {
        "negative duration"
    } else {
        return Ok(());
    };
    wrong(format!("An invalid {what} is set on request. cause: {why}"))
}

/// How many tasks a second a queue is to give away, as in temporalio/temporal, `service/frontend/validators.go`.
///
/// # Errors
/// INVALID_ARGUMENT: it is less than none, or not for activities.
pub(crate) fn rate_limit(request: &UpdateTaskQueueConfigRequest) -> Checked {
    let Some(change) = &request.update_queue_rate_limit else { return Ok(()) };
    let Some(limit) = change.rate_limit else { return Ok(()) };
    if request.task_queue_type() == TaskQueueType::Workflow {
        return wrong("Setting rate limit on workflow task queues is not allowed.");
    }
    if limit.requests_per_second < 0.0 {
        return wrong("RequestsPerSecond for UpdateQueueRateLimit rate limit must be non-negative.");
    }
    short("UpdateQueueRateLimit.Reason", &change.reason)
}

/// Which options of a workflow are to be changed.
///
/// # Errors
/// INVALID_ARGUMENT: it names something else.
pub(crate) fn options_mask(mask: &FieldMask) -> Checked {
    const OPTIONS: [&str; 6] = [
        "versioning_override",
        "time_skipping_config",
        "priority",
        "priority.priority_key",
        "priority.fairness_key",
        "priority.fairness_weight",
    ];
    let known = |path: &str| OPTIONS.contains(&path) || path.starts_with("versioning_override.");
    match mask.paths.iter().find(|path| !known(path)) {
        Some(path) => wrong(format!(
            "error parsing UpdateMask: proto: invalid path {path:?} for message \"temporal.api.workflow.v1.WorkflowExecutionOptions\""
        )),
        None => Ok(()),
    }
}

/// A payload or another part that the user gives.
///
/// # Errors
/// INVALID_ARGUMENT: it is too large.
pub fn blob(what: &str, blob: Option<&impl Message>) -> Checked {
    let large = blob.is_some_and(|blob| blob.encoded_len() > BLOB_BYTES);
    if large { wrong(format!("{what} exceeds size limit.")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_priority_is_no_number_below_zero() {
        let said = |given: Priority| priority(Some(&given)).map_err(|status| status.message().to_owned());
        assert!(priority(None).is_ok());
        assert!(said(Priority { priority_key: 7, fairness_key: "k".repeat(64), fairness_weight: 0.0 }).is_ok());
        let negative = said(Priority { priority_key: -1, ..Priority::default() });
        assert_eq!(negative, Err("priority key can't be negative".to_owned()));
        let long = said(Priority { fairness_key: "k".repeat(65), ..Priority::default() });
        assert_eq!(long, Err("fairness key length exceeds limit".to_owned()));
        let light = said(Priority { fairness_weight: -0.5, ..Priority::default() });
        assert_eq!(light, Err("must be greater than zero".to_owned()));
    }

    #[test]
    fn ids() {
        assert!(id("X", "a").is_ok() && id("X", &"a".repeat(ID_BYTES)).is_ok() && optional_id("X", "").is_ok());
        assert_eq!(id("X", "").unwrap_err().message(), "X is not set on request.");
        assert!(optional_id("X", &"a".repeat(ID_BYTES + 1)).is_err());
        let run = |run_id: &str| WorkflowExecution { workflow_id: "w".into(), run_id: run_id.into() };
        assert!(existing(Some(&run(""))).is_ok() && existing(Some(&run("7"))).is_err());
        let named = |name: &str| TaskQueue { name: name.into(), ..Default::default() };
        assert!(task_queue(Some(&named("_sys"))).is_ok() && task_queue(Some(&named("/_sys/q"))).is_err());
        assert!(existing(None).is_err() && existing(Some(&WorkflowExecution::default())).is_err());
    }

    #[test]
    fn retention_is_an_hour_at_least_and_a_century_at_most() {
        let hundred_years = Duration { seconds: LONGEST, nanos: 0 };
        assert_eq!(kept(Duration { seconds: i64::MAX, nanos: 5 }), hundred_years);
        assert_eq!(kept(Duration { seconds: LONGEST - 1, nanos: 5 }).nanos, 5);
        let of = |seconds, nanos| retention(Some(Duration { seconds, nanos }));
        assert!(of(3600, 0).is_ok() && of(3 * 86_400, 999_999_999).is_ok());
        let bad = [retention(None), of(3599, 999_999_999), of(3600, -1), of(i64::MIN, 0), of(4000, 1_000_000_000)];
        assert!(bad.iter().all(Result::is_err), "{bad:?}");
    }
}
