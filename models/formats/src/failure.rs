//! Failures of programs as the API writes them, and back.
//!
//! One place for both directions, used by workers (which send failures) and by evaluators (which read them from
//! events). Nothing here looks at an event: which outcome an event is, is the evaluators' business.

use crate::event::{self, FailureKind};
use crate::program::Failure;

impl From<&Failure> for event::Failure {
    /// What a worker sends for a failure that leaves a workflow, an update or an activity: always an application
    /// failure, because that is what ordinary code can raise. An application failure keeps its type; all others are
    /// named by [`kind_of`].
    fn from(failure: &Failure) -> Self {
        let (kind, non_retryable) = match failure {
            Failure::Application { kind, non_retryable } => (kind.clone(), *non_retryable),
            other => (kind_of(other), false),
        };
        Self { message: kind.clone(), kind: FailureKind::Application { kind, non_retryable }, ..Self::default() }
    }
}

/// The application error type under which a failure leaves a workflow: `timeout:START_TO_CLOSE`, `terminated`,
/// `start-failed`, `cancelled`; that of an application failure is its own.
#[must_use]
pub fn kind_of(failure: &Failure) -> String {
    match failure {
        Failure::Application { kind, .. } => kind.clone(),
        Failure::Timeout(which) => format!("timeout:{which}"),
        Failure::Terminated => "terminated".into(),
        Failure::StartFailed => "start-failed".into(),
        Failure::Cancelled => "cancelled".into(),
    }
}

impl From<&event::Failure> for Failure {
    /// What a program sees of a failure in an event. Wrappers of activities and children are looked through; a failure
    /// of any other kind counts as an application failure of the type `server` or, without any kind, of the empty type.
    fn from(failure: &event::Failure) -> Self {
        let mut failure = failure;
        while let (FailureKind::Activity | FailureKind::ChildWorkflow, Some(cause)) = (&failure.kind, &failure.cause) {
            failure = cause;
        }
        let plain = |kind: &str| Self::Application { kind: kind.into(), non_retryable: false };
        match &failure.kind {
            FailureKind::Application { kind, non_retryable } => {
                Self::Application { kind: kind.clone(), non_retryable: *non_retryable }
            }
            FailureKind::Timeout(which) => Self::Timeout(which.0.clone()),
            FailureKind::Canceled => Self::Cancelled,
            FailureKind::Terminated => Self::Terminated,
            FailureKind::Server => plain("server"),
            FailureKind::Activity | FailureKind::ChildWorkflow | FailureKind::Other => plain(""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Symbol;

    #[test]
    fn an_application_failure_survives_the_way_there_and_back() {
        let failure = Failure::Application { kind: "k".into(), non_retryable: true };
        assert_eq!(Failure::from(&event::Failure::from(&failure)), failure);
    }

    #[test]
    fn other_failures_leave_a_workflow_by_name() {
        let seen = |failure: Failure| Failure::from(&event::Failure::from(&failure));
        let plain = |kind: &str| Failure::Application { kind: kind.into(), non_retryable: false };
        assert_eq!(seen(Failure::Timeout("START_TO_CLOSE".into())), plain("timeout:START_TO_CLOSE"));
        assert_eq!(seen(Failure::Terminated), plain("terminated"));
        assert_eq!(seen(Failure::StartFailed), plain("start-failed"));
        assert_eq!(seen(Failure::Cancelled), plain("cancelled"));
    }

    #[test]
    fn wrappers_are_looked_through() {
        let timeout = event::Failure {
            kind: FailureKind::Timeout(Symbol::new("HEARTBEAT")),
            cause: Some(Box::default()),
            ..event::Failure::default()
        };
        let wrapped =
            event::Failure { kind: FailureKind::Activity, cause: Some(Box::new(timeout)), ..event::Failure::default() };
        assert_eq!(Failure::from(&wrapped), Failure::Timeout("HEARTBEAT".into()));
    }
}
