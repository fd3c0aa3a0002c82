//! What of the buffer may start now, by the overlap policies of its starts.

use crate::stored::Start;
use resurgam_api::temporal::enums::v1::ScheduleOverlapPolicy as Overlap;

/// What is decided.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Decided {
    /// Those that may overlap others, in order.
    pub(super) overlapping: Vec<Start>,
    /// The one that is to run alone.
    pub(super) alone: Option<Start>,
    /// Those that stay in the buffer.
    pub(super) rest: Vec<Start>,
    /// How many are left out.
    pub(super) skipped: i64,
    /// What runs is to be canceled.
    pub(super) cancel: bool,
    /// What runs is to be terminated.
    pub(super) terminate: bool,
}

/// Decides about all starts in the buffer; `busy`: one runs that must not be overlapped. `default` is the policy of those that
/// have none.
pub(super) fn decide(buffered: Vec<Start>, busy: bool, default: Overlap) -> Decided {
    let mut decided = Decided::default();
    for start in buffered {
        let policy = match start.overlap() {
            Overlap::Unspecified => default,
            policy => policy,
        };
        if policy == Overlap::AllowAll {
            decided.overlapping.push(start);
        } else if !busy && decided.alone.is_none() {
            decided.alone = Some(start);
        } else {
            match policy {
                Overlap::BufferOne if decided.rest.is_empty() => decided.rest.push(start),
                Overlap::BufferAll => decided.rest.push(start),
                Overlap::CancelOther | Overlap::TerminateOther if busy => {
                    decided.cancel |= policy == Overlap::CancelOther;
                    decided.terminate |= policy == Overlap::TerminateOther;
                    // Its turn comes when the other one has ended.
                    decided.rest.push(start);
                }
                // The other one was not started yet, and is not.
                Overlap::CancelOther | Overlap::TerminateOther => decided.alone = Some(start),
                _ => decided.skipped += 1,
            }
        }
    }
    if decided.cancel || decided.terminate {
        decided.overlapping.clear();
    }
    decided
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(policies: &[Overlap]) -> Vec<Start> {
        let numbered = policies.iter().zip(1..);
        numbered.map(|(policy, number)| Start { number, overlap: (*policy).into(), ..Start::default() }).collect()
    }

    /// Numbers of those that start and that stay.
    fn numbers(decided: &Decided) -> (Vec<i64>, Vec<i64>) {
        let go = decided.overlapping.iter().chain(&decided.alone);
        (go.map(|start| start.number).collect(), decided.rest.iter().map(|start| start.number).collect())
    }

    #[test]
    fn each_policy_with_and_without_one_that_runs() {
        use Overlap::{AllowAll, BufferAll, BufferOne, CancelOther, Skip, TerminateOther};
        let cases: [(Overlap, [&[i64]; 4], i64, i64); 6] = [
            (Skip, [&[1], &[], &[], &[]], 2, 3),
            (BufferOne, [&[1], &[2], &[], &[1]], 1, 2),
            (BufferAll, [&[1], &[2, 3], &[], &[1, 2, 3]], 0, 0),
            (CancelOther, [&[3], &[], &[], &[1, 2, 3]], 0, 0),
            (TerminateOther, [&[3], &[], &[], &[1, 2, 3]], 0, 0),
            (AllowAll, [&[1, 2, 3], &[], &[1, 2, 3], &[]], 0, 0),
        ];
        for (policy, [free, left, during, waiting], skipped, skipped_then) in cases {
            let decided = decide(starts(&[Overlap::Unspecified; 3]), false, policy);
            assert_eq!(numbers(&decided), (free.to_vec(), left.to_vec()), "{policy:?}");
            assert_eq!((decided.skipped, decided.cancel, decided.terminate), (skipped, false, false), "{policy:?}");
            let decided = decide(starts(&[policy; 3]), true, Skip);
            assert_eq!(numbers(&decided), (during.to_vec(), waiting.to_vec()), "{policy:?}");
            assert_eq!(decided.skipped, skipped_then, "{policy:?}");
            assert_eq!((decided.cancel, decided.terminate), (policy == CancelOther, policy == TerminateOther));
        }
    }

    #[test]
    fn what_would_be_ended_at_once_is_not_started() {
        let decided = decide(starts(&[Overlap::AllowAll, Overlap::TerminateOther]), true, Overlap::Skip);
        assert!(decided.overlapping.is_empty() && decided.terminate && decided.rest.len() == 1);
    }
}
