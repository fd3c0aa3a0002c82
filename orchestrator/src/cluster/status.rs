//! Refusals as gRPC statuses, with the details that Temporal's clients read, and back again after an internal hop.
//!
//! The code says what is known: NOT_FOUND, ALREADY_EXISTS, INVALID_ARGUMENT and FAILED_PRECONDITION are definite,
//! UNAVAILABLE is not, unless [`is_not_owner`] says that nothing was tried. As in
//! temporalio/api-go, `serviceerror/`.

use super::Rejection;
use bytes::Bytes;
use prost::{Message, Name};
use prost_wkt_types::Any;
use resurgam_api::RpcStatus;
use resurgam_api::temporal::enums::v1::{NamespaceState, ResourceExhaustedCause, ResourceExhaustedScope};
use resurgam_api::temporal::errordetails::v1::multi_operation_execution_failure::OperationStatus;
use resurgam_api::temporal::errordetails::v1::{
    MultiOperationExecutionFailure, NamespaceAlreadyExistsFailure, NamespaceInvalidStateFailure,
    NamespaceNotFoundFailure, NotFoundFailure, PermissionDeniedFailure, QueryFailedFailure, ResourceExhaustedFailure,
    WorkflowExecutionAlreadyStartedFailure, WorkflowNotReadyFailure,
};
use resurgam_api::temporal::failure::v1::MultiOperationExecutionAborted;
use std::error::Error as _;
use tonic::{Code, Status, TimeoutExpired};

/// Markers of our own, of which only the type matters. They never reach a client.
const NOT_OWNER: &str = "type.googleapis.com/resurgam.internal.v1.NotOwner";
const TASK_ALREADY_STARTED: &str = "type.googleapis.com/resurgam.internal.v1.TaskAlreadyStarted";
const STICKY_WORKER_UNAVAILABLE: &str = "type.googleapis.com/resurgam.internal.v1.StickyWorkerUnavailable";

/// A refusal as a status.
#[must_use]
pub fn of(rejection: &Rejection) -> Status {
    let text = rejection.to_string();
    match rejection {
        Rejection::NotFound(_) => detailed(Code::NotFound, text, &NotFoundFailure::default()),
        Rejection::InvalidArgument(_) => Status::invalid_argument(text),
        Rejection::AlreadyStarted { request_id, run_id, .. } => {
            let detail = WorkflowExecutionAlreadyStartedFailure {
                start_request_id: request_id.clone(),
                run_id: run_id.clone(),
                ..Default::default()
            };
            detailed(Code::AlreadyExists, text, &detail)
        }
        Rejection::FailedPrecondition(_) => {
            detailed(Code::FailedPrecondition, text, &WorkflowNotReadyFailure::default())
        }
        Rejection::ResourceExhausted { cause, .. } => {
            let scope = ResourceExhaustedScope::Namespace.into();
            detailed(Code::ResourceExhausted, text, &ResourceExhaustedFailure { cause: *cause, scope })
        }
        Rejection::QueryFailed { failure, .. } => {
            detailed(Code::InvalidArgument, text, &QueryFailedFailure { failure: failure.as_deref().cloned() })
        }
        Rejection::TaskAlreadyStarted => marked(Code::AlreadyExists, text, TASK_ALREADY_STARTED),
        Rejection::Unavailable(_) => Status::unavailable(text),
        Rejection::Aborted(_) => Status::aborted(text),
    }
}

/// What an internal call was refused with. Whatever is not a definite refusal is [`Rejection::Unavailable`].
#[must_use]
pub fn rejection(status: &Status) -> Rejection {
    let message = status.message().to_owned();
    match status.code() {
        Code::NotFound => Rejection::NotFound(message),
        Code::InvalidArgument => match detail::<QueryFailedFailure>(status) {
            Some(detail) => Rejection::QueryFailed { message, failure: detail.failure.map(Box::new) },
            None => Rejection::InvalidArgument(message),
        },
        Code::AlreadyExists if has(status, TASK_ALREADY_STARTED) => Rejection::TaskAlreadyStarted,
        Code::AlreadyExists => match detail::<WorkflowExecutionAlreadyStartedFailure>(status) {
            Some(it) => Rejection::AlreadyStarted { message, request_id: it.start_request_id, run_id: it.run_id },
            // Ours names the run that is there.
            None => Rejection::Unavailable(message),
        },
        Code::FailedPrecondition => Rejection::FailedPrecondition(message),
        Code::ResourceExhausted => {
            // A connection that has had enough says so without a cause.
            let cause = detail::<ResourceExhaustedFailure>(status).unwrap_or_default().cause;
            Rejection::ResourceExhausted { message, cause }
        }
        Code::Aborted => Rejection::Aborted(message),
        _ => Rejection::Unavailable(message),
    }
}

/// This node does not own what is asked for, and has done nothing: the only internal answer that may be retried blindly.
#[must_use]
pub(crate) fn not_owner(message: impl Into<String>) -> Status {
    marked(Code::Unavailable, message.into(), NOT_OWNER)
}

/// Whether it is the status of [`not_owner`].
#[must_use]
pub(crate) fn is_not_owner(status: &Status) -> bool {
    status.code() == Code::Unavailable && has(status, NOT_OWNER)
}

/// Nobody has polled a sticky queue for a while: the task belongs to the normal queue.
#[must_use]
pub(crate) fn sticky_worker_unavailable() -> Status {
    marked(Code::Unavailable, "the sticky worker is unavailable".into(), STICKY_WORKER_UNAVAILABLE)
}

/// Whether it is the status of [`sticky_worker_unavailable`].
#[must_use]
pub(crate) fn is_sticky_worker_unavailable(status: &Status) -> bool {
    status.code() == Code::Unavailable && has(status, STICKY_WORKER_UNAVAILABLE)
}

/// The refusal of several operations of which none was done: what each was refused with; none: only because of another.
#[must_use]
pub(crate) fn multi_operation<const N: usize>(operations: [Option<Status>; N]) -> Status {
    let refusals = operations.iter().flatten().find(|status| status.code() != Code::Ok);
    let code = refusals.map_or(Code::Aborted, Status::code);
    let aborted = || detailed(Code::Aborted, "Operation was aborted.".into(), &MultiOperationExecutionAborted {});
    let statuses = operations.map(|status| {
        let status = status.unwrap_or_else(aborted);
        OperationStatus { code: status.code() as i32, message: status.message().to_owned(), details: details(&status) }
    });
    let failure = MultiOperationExecutionFailure { statuses: statuses.into() };
    detailed(code, "Update-with-Start could not be executed.".into(), &failure)
}

/// There is no such namespace.
#[must_use]
pub(crate) fn namespace_not_found(name: &str) -> Status {
    let detail = NamespaceNotFoundFailure { namespace: name.into() };
    detailed(Code::NotFound, format!("Namespace {name} is not found."), &detail)
}

/// The namespace is in a state in which the call is not allowed.
#[must_use]
pub(crate) fn namespace_invalid_state(name: &str, state: NamespaceState, allowed: NamespaceState) -> Status {
    let detail = NamespaceInvalidStateFailure {
        namespace: name.into(),
        state: state.into(),
        allowed_states: vec![allowed.into()],
    };
    let word = |state: NamespaceState| match state {
        NamespaceState::Unspecified => "Unspecified",
        NamespaceState::Registered => "Registered",
        NamespaceState::Deprecated => "Deprecated",
        NamespaceState::Deleted => "Deleted",
    };
    let message = format!("Namespace has invalid state: {}. Must be {}.", word(state), word(allowed));
    detailed(Code::FailedPrecondition, message, &detail)
}

/// The namespace of this name is there already.
#[must_use]
pub(crate) fn namespace_already_exists(name: &str) -> Status {
    let message = format!("Namespace {} already exists", quoted(name));
    detailed(Code::AlreadyExists, message, &NamespaceAlreadyExistsFailure {})
}

/// A text between quotes, with what cannot be seen in it written out, as Go does it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{b}' => quoted.push_str("\\v"),
            '\u{c}' => quoted.push_str("\\f"),
            '\t' | '\n' | '\r' => quoted.extend(letter.escape_default()),
            _ if letter.is_ascii_control() => quoted.push_str(&format!("\\x{:02x}", u32::from(letter))),
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// What a call to another node came to. Of one whose connection was ended on the way nothing is known, whatever code the library
/// gives that: a node that is asked for too much ends connections, too, and what it has done is done.
pub(super) fn of_peer(status: Status) -> Status {
    let claims = matches!(status.code(), Code::ResourceExhausted | Code::PermissionDenied | Code::Internal);
    if claims && status.source().is_some() { Status::unknown(status.message()) } else { status }
}

/// As a client may see it: without our own markers. That the time was over for a call within the cluster is no
/// cancellation, and that a connection within it broke, which is all that is unknown here, is to be tried again.
#[must_use]
pub fn public(status: Status) -> Status {
    if status.code() == Code::Unknown {
        return Status::unavailable(format!("a node does not answer: {}", status.message()));
    }
    if status.code() == Code::Cancelled && status.message() == TimeoutExpired(()).to_string() {
        return Status::deadline_exceeded("context deadline exceeded");
    }
    let ours = [NOT_OWNER, TASK_ALREADY_STARTED, STICKY_WORKER_UNAVAILABLE].iter().any(|mark| has(&status, mark));
    if ours { Status::new(status.code(), status.message()) } else { status }
}

/// A node, and not only one namespace, has too much to do: try again later.
pub(crate) fn overloaded() -> Status {
    let (cause, scope) = (ResourceExhaustedCause::SystemOverloaded.into(), ResourceExhaustedScope::System.into());
    detailed(Code::ResourceExhausted, "service is overloaded".into(), &ResourceExhaustedFailure { cause, scope })
}

/// The refusal of what nobody may do.
pub(crate) fn permission_denied(message: &str) -> Status {
    detailed(Code::PermissionDenied, message.to_owned(), &PermissionDeniedFailure::default())
}

fn detailed<T: Message + Name>(code: Code, message: String, detail: &T) -> Status {
    let url = format!("type.googleapis.com/{}", T::full_name());
    with(code, message, Any { type_url: url, value: detail.encode_to_vec() })
}

fn marked(code: Code, message: String, mark: &str) -> Status {
    with(code, message, Any { type_url: mark.into(), value: Vec::new() })
}

fn with(code: Code, message: String, detail: Any) -> Status {
    let status = RpcStatus { code: code as i32, message: message.clone(), details: vec![detail] };
    Status::with_details(code, message, Bytes::from(status.encode_to_vec()))
}

fn details(status: &Status) -> Vec<Any> {
    RpcStatus::decode(status.details()).map(|status| status.details).unwrap_or_default()
}

fn has(status: &Status, mark: &str) -> bool {
    details(status).iter().any(|any| any.type_url == mark)
}

fn detail<T: Message + Name + Default>(status: &Status) -> Option<T> {
    let name = T::full_name();
    let found = details(status).into_iter().find(|any| any.type_url.ends_with(&name))?;
    T::decode(found.value.as_slice()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn every_refusal_survives_a_hop() {
        let all = [
            Rejection::NotFound("a".into()),
            Rejection::InvalidArgument("b".into()),
            Rejection::AlreadyStarted { message: "c".into(), request_id: "q".into(), run_id: "r".into() },
            Rejection::FailedPrecondition("d".into()),
            Rejection::ResourceExhausted { message: "e".into(), cause: 5 },
            Rejection::QueryFailed { message: "f".into(), failure: Some(Box::default()) },
            Rejection::TaskAlreadyStarted,
            Rejection::Unavailable("g".into()),
            Rejection::Aborted("h".into()),
        ];
        for one in all {
            let status = of(&one);
            assert_eq!(rejection(&status), one);
            assert!(!is_not_owner(&status) && !is_sticky_worker_unavailable(&status));
        }
    }

    #[test]
    fn what_says_nothing_definite_is_unavailable() {
        let codes = [Code::Unknown, Code::Cancelled, Code::DeadlineExceeded, Code::Internal, Code::Unavailable];
        for code in codes.into_iter().chain([Code::AlreadyExists]) {
            assert_eq!(rejection(&Status::new(code, "x")), Rejection::Unavailable("x".into()));
        }
    }

    #[test]
    fn markers_stay_inside() {
        assert!(is_not_owner(&not_owner("x")) && !is_not_owner(&public(not_owner("x"))));
        assert!(is_sticky_worker_unavailable(&sticky_worker_unavailable()));
        assert!(public(sticky_worker_unavailable()).details().is_empty());
        assert!(!public(namespace_not_found("n")).details().is_empty());
        let late = Status::from_error(Box::new(TimeoutExpired(())));
        assert_eq!((late.code(), public(late).code()), (Code::Cancelled, Code::DeadlineExceeded));
        assert_eq!(public(Status::cancelled("by hand")).code(), Code::Cancelled);
        let mut ended = Status::resource_exhausted("h2 protocol error");
        assert_eq!(of_peer(ended.clone()).code(), Code::ResourceExhausted, "a node says so");
        ended.set_source(Arc::new(std::io::Error::other("enhance your calm")));
        assert_eq!(public(of_peer(ended)).code(), Code::Unavailable, "a connection does");
        let broken = Status::from_error(Box::new(std::io::Error::other("transport error")));
        assert_eq!((broken.code(), public(broken).code()), (Code::Unknown, Code::Unavailable));
    }
}
