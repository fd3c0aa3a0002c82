//! The table that says what an answer proves: gRPC status and error detail → `ok`, `fail` or `info`.
//!
//! `ok` is a definite answer with its value, rejections included; `fail` was never executed; everything that is not
//! listed is `info`. On the real server RESOURCE_EXHAUSTED and UNAVAILABLE may follow an effect, so they are `info`.
//! Source: docs/temporal-semantics.md, “Errors”.

use prost::Message as _;
use resurgam_api::temporal::errordetails::v1::WorkflowExecutionAlreadyStartedFailure;
use resurgam_formats::recording::{Answer, Reply};
use tonic::{Code, Status};

/// What a failed call proves.
#[must_use]
pub fn of(status: &Status) -> Answer {
    let message = status.message().to_owned();
    let refused = |name: &str| Answer::Ok { value: Reply::Refused { status: name.into(), message: message.clone() } };
    match status.code() {
        Code::InvalidArgument => Answer::Fail { error: format!("INVALID_ARGUMENT: {message}") },
        Code::NotFound => Answer::Ok { value: Reply::NotFound { message } },
        Code::AlreadyExists => match already_started(status) {
            Some(run_id) => Answer::Ok { value: Reply::AlreadyStarted { run_id } },
            None => refused("ALREADY_EXISTS"),
        },
        Code::FailedPrecondition => refused("FAILED_PRECONDITION"),
        Code::PermissionDenied => refused("PERMISSION_DENIED"),
        Code::Unimplemented => refused("UNIMPLEMENTED"),
        code => Answer::Info { error: format!("{code:?}: {message}") },
    }
}

/// The run that has the id, from the detail of ALREADY_EXISTS.
fn already_started(status: &Status) -> Option<String> {
    let outer = RpcStatus::decode(status.details()).ok()?;
    let detail =
        outer.details.into_iter().find(|any| any.type_url.ends_with("WorkflowExecutionAlreadyStartedFailure"))?;
    Some(WorkflowExecutionAlreadyStartedFailure::decode(detail.value.as_slice()).ok()?.run_id)
}

/// `google.rpc.Status`, of which only the details are read.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(message, repeated, tag = "3")]
    details: Vec<RpcAny>,
}

/// The wire form of `google.protobuf.Any`.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcAny {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Name as _;

    fn detailed() -> Status {
        let failure = WorkflowExecutionAlreadyStartedFailure { run_id: "r1".into(), ..Default::default() };
        let any = RpcAny {
            type_url: format!("type.googleapis.com/{}", WorkflowExecutionAlreadyStartedFailure::full_name()),
            value: failure.encode_to_vec(),
        };
        let details = RpcStatus { details: vec![any] }.encode_to_vec();
        Status::with_details(Code::AlreadyExists, "already", details.into())
    }

    fn word(answer: &Answer) -> &'static str {
        match answer {
            Answer::Ok { value: Reply::NotFound { .. } } => "ok not found",
            Answer::Ok { value: Reply::AlreadyStarted { .. } } => "ok already started",
            Answer::Ok { value: Reply::Refused { .. } } => "ok refused",
            Answer::Ok { .. } => "ok",
            Answer::Fail { .. } => "fail",
            Answer::Info { .. } => "info",
        }
    }

    /// Every status code, one row each.
    #[test]
    fn every_row_of_the_table() {
        let rows = [
            (Code::Cancelled, "info"),
            (Code::Unknown, "info"),
            (Code::InvalidArgument, "fail"),
            (Code::DeadlineExceeded, "info"),
            (Code::NotFound, "ok not found"),
            (Code::AlreadyExists, "ok refused"),
            (Code::PermissionDenied, "ok refused"),
            (Code::ResourceExhausted, "info"),
            (Code::FailedPrecondition, "ok refused"),
            (Code::Aborted, "info"),
            (Code::OutOfRange, "info"),
            (Code::Unimplemented, "ok refused"),
            (Code::Internal, "info"),
            (Code::Unavailable, "info"),
            (Code::DataLoss, "info"),
            (Code::Unauthenticated, "info"),
        ];
        for (code, expected) in rows {
            assert_eq!(word(&of(&Status::new(code, "why"))), expected, "{code:?}");
        }
    }

    #[test]
    fn already_started_names_the_run() {
        assert_eq!(of(&detailed()), Answer::Ok { value: Reply::AlreadyStarted { run_id: "r1".into() } });
    }
}
