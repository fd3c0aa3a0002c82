//! What has to hold of a request whatever the state of its workflow: names are there and not too long, payloads are not
//! too large. Source: research/temporal-server.md §6.

use prost::Message;
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::enums::v1::TaskQueueKind;
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use std::time::Duration;
use tonic::Status;
use tonic::metadata::MetadataMap;
use uuid::Uuid;

/// Longest id, in bytes.
pub const ID_BYTES: usize = 1000;
/// Largest payload, in bytes.
pub const BLOB_BYTES: usize = 2 << 20;
/// Longest wait of a poll.
pub const POLL_MAX: Duration = Duration::from_secs(60);
/// A poll with less time than this is refused: its answer could not arrive.
pub const POLL_MIN: Duration = Duration::from_secs(2);

/// A poll is answered so long before its caller gives up.
pub const POLL_MARGIN: Duration = Duration::from_secs(1);

/// The outcome of a check; the status is what the caller answers with.
pub type Checked<T = ()> = Result<T, Box<Status>>;

fn wrong<T>(message: impl Into<String>) -> Checked<T> {
    Err(Box::new(Status::invalid_argument(message)))
}

/// An id that has to be there.
///
/// # Errors
/// INVALID_ARGUMENT: it is empty or too long.
pub fn id(what: &str, id: &str) -> Checked {
    if id.is_empty() {
        return wrong(format!("{what} is not set on request."));
    }
    optional_id(what, id)
}

/// An id that may be missing.
///
/// # Errors
/// INVALID_ARGUMENT: it is too long.
pub fn optional_id(what: &str, id: &str) -> Checked {
    if id.len() > ID_BYTES { wrong(format!("{what} exceeds length limit.")) } else { Ok(()) }
}

/// A workflow, and maybe a run of it.
///
/// # Errors
/// INVALID_ARGUMENT: no workflow id, or a run id that is none.
pub fn execution(execution: Option<&WorkflowExecution>) -> Checked {
    let Some(execution) = execution else { return wrong("Execution is not set on request.") };
    id("WorkflowId", &execution.workflow_id)?;
    run_id(&execution.run_id)
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
/// INVALID_ARGUMENT: it has no name, or one that is too long.
pub fn task_queue(queue: Option<&TaskQueue>) -> Checked {
    let Some(queue) = queue else { return wrong("TaskQueue is not set on request.") };
    id("TaskQueue", &queue.name)?;
    if queue.kind == i32::from(TaskQueueKind::Sticky) {
        optional_id("TaskQueue normal name", &queue.normal_name)?;
    }
    Ok(())
}

/// A payload or another part that the user gives.
///
/// # Errors
/// INVALID_ARGUMENT: it is too large.
pub fn blob(what: &str, blob: Option<&impl Message>) -> Checked {
    let large = blob.is_some_and(|blob| blob.encoded_len() > BLOB_BYTES);
    if large { wrong(format!("{what} exceeds size limit.")) } else { Ok(()) }
}

/// The caller's time limit by the header `grpc-timeout`, if it gives one.
#[must_use]
pub fn deadline(metadata: &MetadataMap) -> Option<Duration> {
    let text = metadata.get("grpc-timeout")?.to_str().ok()?;
    let unit = text.chars().last()?;
    // At most eight digits, says the protocol.
    let number: u64 = text.strip_suffix(unit).filter(|digits| digits.len() <= 8)?.parse().ok()?;
    Some(match unit {
        'H' => Duration::from_secs(number.saturating_mul(3600)),
        'M' => Duration::from_secs(number.saturating_mul(60)),
        'S' => Duration::from_secs(number),
        'm' => Duration::from_millis(number),
        'u' => Duration::from_micros(number),
        'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

/// How long a poll may wait on the server: less by [`POLL_MARGIN`] than its caller does, and at most [`POLL_MAX`].
///
/// # Errors
/// INVALID_ARGUMENT: the caller gives less than [`POLL_MIN`].
pub fn patience(metadata: &MetadataMap) -> Checked<Duration> {
    match deadline(metadata) {
        None => Ok(POLL_MAX),
        Some(limit) if limit < POLL_MIN => wrong("Context timeout is too short."),
        Some(limit) => Ok((limit - POLL_MARGIN).min(POLL_MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeout(text: &str) -> MetadataMap {
        let mut map = MetadataMap::new();
        map.insert("grpc-timeout", text.parse().unwrap());
        map
    }

    #[test]
    fn ids() {
        assert!(id("X", "a").is_ok() && id("X", &"a".repeat(ID_BYTES)).is_ok() && optional_id("X", "").is_ok());
        assert_eq!(id("X", "").unwrap_err().message(), "X is not set on request.");
        assert!(optional_id("X", &"a".repeat(ID_BYTES + 1)).is_err());
        let run = |run_id: &str| WorkflowExecution { workflow_id: "w".into(), run_id: run_id.into() };
        assert!(execution(Some(&run(""))).is_ok() && execution(Some(&run("7"))).is_err());
        assert!(execution(None).is_err() && execution(Some(&WorkflowExecution::default())).is_err());
    }

    #[test]
    fn deadlines() {
        assert_eq!(deadline(&timeout("70S")), Some(Duration::from_secs(70)));
        assert_eq!(deadline(&timeout("1500m")), Some(Duration::from_millis(1500)));
        assert_eq!(deadline(&timeout("70x")), None);
        assert_eq!(deadline(&timeout("123456789H")), None);
        assert_eq!(patience(&timeout("10S")).unwrap(), Duration::from_secs(9));
        assert_eq!(patience(&timeout("90000000u")).unwrap(), POLL_MAX);
        assert_eq!(patience(&MetadataMap::new()).unwrap(), POLL_MAX);
        assert!(patience(&timeout("1999m")).is_err());
    }
}
