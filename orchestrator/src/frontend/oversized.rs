//! Answers of workers that are larger than a payload may be. A refusal would be dropped by the worker, and the work done again
//! and again; so it becomes an outcome that is not retried, as in temporalio/temporal, `service/frontend/workflow_handler.go`.

use crate::cluster::sizes::BLOB_BYTES;
use prost::Message;
use resurgam_api::temporal::failure::v1::failure::FailureInfo;
use resurgam_api::temporal::failure::v1::{ApplicationFailureInfo, Failure, ServerFailureInfo};

/// What is left of a failure that is too large, in bytes.
const KEPT_BYTES: usize = 512 * 1024;
/// How many causes of a failure are kept.
const KEPT_CAUSES: usize = 20;
/// Said of an activity's result.
pub(super) const RESULT: &str = "Complete result exceeds size limit.";
/// Said of a failure.
pub(super) const FAILURE: &str = "Failure exceeds size limit.";
/// Said of the details of a cancelled activity.
pub(super) const CANCEL: &str = "Cancel details exceed size limit.";
/// Said of the details of a heartbeat.
pub(super) const HEARTBEAT: &str = "Heartbeat details exceed size limit.";
/// Said of the answer to a query.
pub(super) const ANSWER: &str = "Blob data size exceeds limit.";

/// It is larger than a payload may be.
pub(super) fn is_oversized(part: Option<&impl Message>) -> bool {
    part.is_some_and(|part| part.encoded_len() > BLOB_BYTES)
}

/// The failure that the server decides on.
pub(super) fn failure(message: &str) -> Failure {
    Failure {
        message: message.to_owned(),
        failure_info: Some(FailureInfo::ServerFailureInfo(ServerFailureInfo { non_retryable: true })),
        ..Failure::default()
    }
}

/// Puts a failure that is small enough in the place of one that is not; a copy of it, if it did.
pub(super) fn cut(given: &mut Option<Failure>) -> Option<Failure> {
    if !is_oversized(given.as_ref()) {
        return None;
    }
    let mut room = KEPT_BYTES;
    let cause = given.take().map(|given| Box::new(shortened(given, &mut room, KEPT_CAUSES)));
    *given = Some(Failure { cause, ..failure(FAILURE) });
    given.clone()
}

/// What fits of a failure: what it is first, then its texts, then what caused it.
fn shortened(mut given: Failure, room: &mut usize, causes: usize) -> Failure {
    let mut fit = |text: &mut String| {
        let mut end = text.len().min(*room);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        *room -= end;
    };
    let failure_info = match given.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(mut info)) => {
            fit(&mut info.r#type);
            let ApplicationFailureInfo { r#type, non_retryable, .. } = info;
            let info = ApplicationFailureInfo { r#type, non_retryable, ..Default::default() };
            Some(FailureInfo::ApplicationFailureInfo(info))
        }
        Some(FailureInfo::ServerFailureInfo(info)) => Some(FailureInfo::ServerFailureInfo(info)),
        _ => None,
    };
    for text in [&mut given.source, &mut given.message, &mut given.stack_trace] {
        fit(text);
    }
    let cause = given.cause.filter(|_| causes > 0 && *room > 0);
    let cause = cause.map(|cause| Box::new(shortened(*cause, room, causes - 1)));
    let (source, message, stack_trace) = (given.source, given.message, given.stack_trace);
    Failure { failure_info, source, message, stack_trace, cause, ..Failure::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_cut_and_stays_what_it_was() {
        let info = ApplicationFailureInfo { r#type: "Big".into(), ..Default::default() };
        let large = Failure {
            message: "boom".into(),
            stack_trace: "\u{e4}".repeat(BLOB_BYTES),
            failure_info: Some(FailureInfo::ApplicationFailureInfo(info)),
            cause: Some(Box::new(Failure { message: "why".into(), ..Failure::default() })),
            ..Failure::default()
        };
        let mut small = Some(Failure { message: "boom".into(), ..Failure::default() });
        assert_eq!(cut(&mut small), None);
        let mut given = Some(large);
        assert_eq!(cut(&mut given), given);
        let given = given.unwrap();
        assert_eq!(given.message, FAILURE);
        let kept = given.cause.unwrap();
        assert_eq!(kept.message, "boom");
        assert!((KEPT_BYTES - 16..=KEPT_BYTES).contains(&(kept.stack_trace.len() + 7)));
        assert!(kept.cause.as_ref().is_none_or(|cause| cause.message.len() < 2), "there is hardly room for it");
        assert!(matches!(kept.failure_info, Some(FailureInfo::ApplicationFailureInfo(it)) if it.r#type == "Big"));
    }
}
