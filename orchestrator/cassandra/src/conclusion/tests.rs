//! The table of the model, row by row: what is concluded from an error is true of everything that may be true behind it.

use super::*;
use resurgam_cassandra::table::{Report, TABLE, Truth};
use scylla::errors::{OperationType, WriteType};
use scylla::frame::types::Consistency;
use std::time::Duration;

fn from_server(error: DbError) -> ExecutionError {
    RequestAttemptError::DbError(error, "said\nin two lines".to_owned()).into()
}

fn write_timeout(consistency: Consistency, write_type: WriteType) -> DbError {
    DbError::WriteTimeout { consistency, received: 1, required: 2, write_type }
}

fn write_failure(consistency: Consistency, write_type: WriteType) -> DbError {
    DbError::WriteFailure { consistency, received: 1, required: 2, numfailures: 1, write_type }
}

/// The errors by which the driver reports a row of the table; none for the two that are no errors.
fn errors(report: Report) -> Vec<ExecutionError> {
    let (quorum, serial) = (Consistency::LocalQuorum, Consistency::LocalSerial);
    let all = |errors: Vec<DbError>| errors.into_iter().map(from_server).collect();
    match report {
        Report::Applied | Report::NotApplied => Vec::new(),
        Report::Unavailable => all(vec![DbError::Unavailable { consistency: serial, required: 2, alive: 1 }]),
        Report::Overloaded => all(vec![
            DbError::Overloaded,
            DbError::RateLimitReached { op_type: OperationType::Write, rejected_by_coordinator: false },
        ]),
        Report::ReadError => all(vec![
            DbError::ReadTimeout { consistency: quorum, received: 1, required: 2, data_present: false },
            DbError::ReadFailure { consistency: quorum, received: 1, required: 2, numfailures: 1, data_present: false },
        ]),
        Report::SerialTimeout => all(vec![write_timeout(serial, WriteType::Cas)]),
        Report::SimpleTimeout => all(vec![write_timeout(quorum, WriteType::Simple)]),
        Report::CommitTimeout => all(vec![write_timeout(quorum, WriteType::Cas)]),
        // The number that the specification gives CAS_WRITE_UNKNOWN, which the driver does not name.
        Report::WriteUnknown => all(vec![DbError::Other(0x1700)]),
        Report::WriteFailure => {
            all(vec![write_failure(quorum, WriteType::Simple), write_failure(serial, WriteType::Cas)])
        }
        Report::ServerError => all(vec![DbError::ServerError, DbError::TruncateError, DbError::IsBootstrapping]),
        Report::NoAnswer => vec![
            ExecutionError::RequestTimeout(Duration::from_secs(1)),
            ExecutionError::EmptyPlan,
            RequestAttemptError::UnableToAllocStreamId.into(),
        ],
    }
}

/// What the answer says is true, or that it says nothing.
fn claims(answer: &Answer) -> Option<Truth> {
    match answer {
        Answer::Applied => Some(Truth::Applied),
        Answer::NotApplied(_) | Answer::Refused(_) => Some(Truth::Never),
        Answer::Unknown(_) => None,
    }
}

/// One row: every error of it is concluded to be unknown, and no claim goes beyond the table.
fn row(report: Report) {
    let (_, first, second) = TABLE.iter().find(|(row, ..)| *row == report).unwrap();
    let errors = errors(report);
    assert!(!errors.is_empty(), "{report:?} looks at nothing");
    for error in errors {
        let answer = conclude(&error);
        assert!(matches!(answer, Answer::Unknown(_)), "{report:?}: {answer:?}");
        for truth in first.iter().chain(*second) {
            assert!(claims(&answer).is_none_or(|claim| claim == *truth), "{report:?}: {answer:?} may be {truth:?}");
        }
    }
}

#[test]
fn unavailable_may_come_after_the_accept() {
    row(Report::Unavailable);
}

#[test]
fn overloaded_may_come_after_the_accept() {
    row(Report::Overloaded);
}

#[test]
fn a_failed_read_inside_a_batch_is_no_answer_of_its_own() {
    row(Report::ReadError);
}

#[test]
fn a_timeout_of_the_proposal_says_nothing() {
    row(Report::SerialTimeout);
}

#[test]
fn a_decided_batch_without_acknowledgement_need_not_be_read() {
    row(Report::SimpleTimeout);
}

#[test]
fn the_timeout_that_means_opposite_things_says_nothing() {
    row(Report::CommitTimeout);
}

#[test]
fn a_partial_accept_says_nothing() {
    row(Report::WriteUnknown);
}

#[test]
fn a_failed_write_says_nothing() {
    row(Report::WriteFailure);
}

#[test]
fn an_error_of_the_server_says_nothing() {
    row(Report::ServerError);
}

#[test]
fn no_answer_says_nothing() {
    row(Report::NoAnswer);
}

#[test]
fn every_row_has_a_test() {
    let errors = TABLE.iter().filter(|(report, ..)| !errors(*report).is_empty()).count();
    assert_eq!(errors, 10, "and the two answers that are no errors are decoded from their rows, in store.rs");
    assert_eq!(TABLE.len(), errors + 2);
}

/// A conclusion that trusts a row too far is caught by the table.
#[test]
fn a_claim_beyond_the_table_is_seen() {
    let (_, first, _) = TABLE.iter().find(|(row, ..)| *row == Report::CommitTimeout).unwrap();
    assert_eq!(claims(&Answer::Applied), Some(Truth::Applied));
    assert!(!first.contains(&Truth::Applied), "the older Paxos has not even proposed it");
}

#[test]
fn what_is_turned_down_for_what_it_is_is_refused() {
    for error in [DbError::SyntaxError, DbError::Invalid, DbError::Unauthorized, DbError::ConfigError] {
        let answer = conclude(&from_server(error));
        let Answer::Refused(said) = answer else { panic!("{answer:?}") };
        assert!(said.contains("said in two lines"), "{said}");
    }
}
