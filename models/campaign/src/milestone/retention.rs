//! Closed runs that were deleted when their time was over.

use super::row::{Needs, Row};
use resurgam_formats::evidence::Evidence;
use resurgam_formats::kept::Kept;
use resurgam_formats::time::At;

/// Runs whose rows are in one look at the store and not in the next one, with the times of both.
fn deleted(evidence: &Evidence) -> Vec<(At, At)> {
    let has = |kept: &Kept, run_id: &str| kept.runs.iter().any(|run| run.run_id == run_id && run.row);
    let pairs = evidence.kept.windows(2).flat_map(|pair| {
        let ((from, before), (until, after)) = (&pair[0], &pair[1]);
        let gone = before.runs.iter().filter(move |run| run.row && !has(after, &run.run_id));
        gone.map(move |_| (*from, *until))
    });
    pairs.collect()
}

fn under_a_fault(evidence: &Evidence) -> u64 {
    let meets = |(from, until): &(At, At)| {
        let mut faults = evidence.faults.iter().filter(|fault| fault.hits != Some(0));
        faults.any(|fault| fault.from <= *until && fault.until.is_some_and(|end| *from <= end))
    };
    deleted(evidence).iter().filter(|between| meets(between)).count() as u64
}

/// Looks that found a history without a row.
fn halfway(evidence: &Evidence) -> u64 {
    let half = |kept: &Kept| kept.runs.iter().any(|run| run.history && !run.row);
    evidence.kept.iter().filter(|(_, kept)| !kept.last && half(kept)).count() as u64
}

pub(super) const ALL: &[Row] = &[
    Row {
        id: "run-deleted",
        title: "a closed run was deleted when its time was over",
        needs: Needs::Faults,
        count: |e| deleted(e).len() as u64,
        seen: r#"{"at":1,"type":"kept","now":1,"retention":9,"runs":[{"run_id":"r","closed":1,"row":true,"history":true}]}
                 {"at":2,"type":"kept","now":2,"retention":9,"runs":[{"run_id":"r","history":true}]}"#,
        near: r#"{"at":1,"type":"kept","now":1,"retention":9,"runs":[{"run_id":"r","closed":1,"row":true,"history":true}]}
                 {"at":2,"type":"kept","now":2,"retention":9,"runs":[{"run_id":"r","closed":1,"row":true,"history":true}]}"#,
    },
    Row {
        id: "run-deleted-under-fault",
        title: "a closed run was deleted during a fault",
        needs: Needs::Faults,
        count: under_a_fault,
        seen: r#"{"at":1,"type":"fault","fault":{"at_ms":1,"for_ms":9,"fault":"kill","node":1},"active":true}
                 {"at":2,"type":"kept","now":1,"retention":9,"runs":[{"run_id":"r","closed":1,"row":true,"history":true}]}
                 {"at":3,"type":"kept","now":2,"retention":9}
                 {"at":4,"type":"fault","fault":{"at_ms":1,"for_ms":9,"fault":"kill","node":1},"active":false}"#,
        near: r#"{"at":1,"type":"fault","fault":{"at_ms":1,"for_ms":9,"fault":"kill","node":1},"active":true}
                 {"at":2,"type":"fault","fault":{"at_ms":1,"for_ms":9,"fault":"kill","node":1},"active":false}
                 {"at":3,"type":"kept","now":1,"retention":9,"runs":[{"run_id":"r","closed":1,"row":true,"history":true}]}
                 {"at":4,"type":"kept","now":2,"retention":9}"#,
    },
    Row {
        id: "run-half-deleted",
        title: "the history of a run was there, and its row was not",
        needs: Needs::Faults,
        count: halfway,
        seen: r#"{"at":2,"type":"kept","now":2,"retention":9,"runs":[{"run_id":"r","history":true}]}"#,
        near: r#"{"at":2,"type":"kept","now":2,"retention":9,"runs":[{"run_id":"r","closed":1,"row":true,"history":true}]}"#,
    },
];
