//! What each answer of Cassandra to a conditional batch allows to be true: the table behind “What
//! an answer says” in docs/cassandra-semantics.md, as data.
//!
//! A store adapter turns a truth into one of the errors that Cassandra would report for it; a client that reads real errors
//! may conclude no more than what stands here. Without knowing which Paxos a server runs, the union of both columns holds.

/// Which Paxos the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paxos {
    /// The default of 4.1 and 5.0.
    V1,
    /// Opt-in since 4.1.
    V2,
}

/// What a client sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Report {
    /// `[applied]` is true.
    Applied,
    /// `[applied]` is false.
    NotApplied,
    /// The error UNAVAILABLE.
    Unavailable,
    /// The error OVERLOADED.
    Overloaded,
    /// READ_TIMEOUT or READ_FAILURE.
    ReadError,
    /// WRITE_TIMEOUT of type CAS at the serial level.
    SerialTimeout,
    /// WRITE_TIMEOUT of type SIMPLE at the commit level.
    SimpleTimeout,
    /// WRITE_TIMEOUT of type CAS at the commit level.
    CommitTimeout,
    /// The error CAS_WRITE_UNKNOWN.
    WriteUnknown,
    /// The error WRITE_FAILURE.
    WriteFailure,
    /// The error SERVER_ERROR.
    ServerError,
    /// The connection broke, or the client's own timeout passed.
    NoAnswer,
}

/// What may be true of the attempt that was answered so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// It took effect.
    Applied,
    /// It did not, and never will.
    Never,
    /// It is decided when somebody looks.
    Limbo,
    /// It has not begun.
    Later,
}

use Report as R;
use Truth as T;

/// An answer, what it allows under the first Paxos, and under the second.
pub const TABLE: &[(Report, &[Truth], &[Truth])] = &[
    (R::Applied, &[T::Applied], &[T::Applied]),
    (R::NotApplied, &[T::Never], &[T::Never]),
    (R::Unavailable, &[T::Never, T::Applied], &[T::Never]),
    (R::Overloaded, &[T::Never, T::Applied], &[T::Never]),
    (R::ReadError, &[T::Never], &[T::Never]),
    (R::SerialTimeout, &[T::Never, T::Applied, T::Limbo], &[T::Never, T::Applied, T::Limbo]),
    (R::SimpleTimeout, &[T::Applied], &[]),
    (R::CommitTimeout, &[T::Never], &[T::Applied]),
    (R::WriteUnknown, &[T::Never, T::Applied, T::Limbo], &[]),
    (R::WriteFailure, &[T::Never, T::Applied, T::Limbo], &[T::Never, T::Applied, T::Limbo]),
    (R::ServerError, &[T::Never, T::Applied, T::Limbo], &[T::Never, T::Applied, T::Limbo]),
    (R::NoAnswer, &[T::Never, T::Applied, T::Limbo, T::Later], &[T::Never, T::Applied, T::Limbo, T::Later]),
];

impl Report {
    /// What may be true behind it. Empty if this Paxos never answers so.
    fn truths(self, paxos: Paxos) -> &'static [Truth] {
        let row = TABLE.iter().find(|(report, ..)| *report == self);
        row.map_or(&[], |(_, first, second)| match paxos {
            Paxos::V1 => first,
            Paxos::V2 => second,
        })
    }

    /// True if a client that does not know the server's Paxos learns what happened.
    fn is_definite(self) -> bool {
        let mut truths: Vec<_> = [Paxos::V1, Paxos::V2].iter().flat_map(|paxos| self.truths(*paxos)).collect();
        truths.sort();
        truths.dedup();
        matches!(truths[..], [Truth::Applied | Truth::Never])
    }

    /// As Cassandra calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::NotApplied => "not applied",
            Self::Unavailable => "UNAVAILABLE",
            Self::Overloaded => "OVERLOADED",
            Self::ReadError => "READ_TIMEOUT",
            Self::SerialTimeout => "WRITE_TIMEOUT CAS at SERIAL",
            Self::SimpleTimeout => "WRITE_TIMEOUT SIMPLE",
            Self::CommitTimeout => "WRITE_TIMEOUT CAS at QUORUM",
            Self::WriteUnknown => "CAS_WRITE_UNKNOWN",
            Self::WriteFailure => "WRITE_FAILURE",
            Self::ServerError => "SERVER_ERROR",
            Self::NoAnswer => "no answer",
        }
    }
}

/// The errors that do not say what happened and that a server may give for this truth.
pub fn errors(paxos: Paxos, truth: Truth) -> impl Iterator<Item = Report> {
    let rows = TABLE.iter().map(|(report, ..)| *report);
    rows.filter(move |report| !report.is_definite() && report.truths(paxos).contains(&truth))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_truth_has_errors_and_only_four_answers_are_definite() {
        for paxos in [Paxos::V1, Paxos::V2] {
            for truth in [T::Applied, T::Never, T::Limbo, T::Later] {
                assert!(errors(paxos, truth).count() >= 1, "{truth:?}");
                assert!(errors(paxos, truth).all(|report| report.truths(paxos).contains(&truth)));
            }
        }
        let definite: Vec<_> = TABLE.iter().map(|row| row.0).filter(|report| report.is_definite()).collect();
        assert_eq!(definite, [R::Applied, R::NotApplied, R::ReadError, R::SimpleTimeout]);
        assert_eq!(errors(Paxos::V1, T::Later).collect::<Vec<_>>(), [R::NoAnswer], "only a lost frame starts later");
    }

    #[test]
    fn the_same_timeout_means_opposite_things() {
        assert_eq!(R::CommitTimeout.truths(Paxos::V1), [T::Never]);
        assert_eq!(R::CommitTimeout.truths(Paxos::V2), [T::Applied]);
        assert!(!R::CommitTimeout.is_definite() && !R::Unavailable.is_definite());
    }
}
