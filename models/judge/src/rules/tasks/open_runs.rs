//! The open runs that audits show.

use crate::rules::Findings;
use resurgam_formats::audit::{Audit, RunRow};
use resurgam_formats::evidence::{Evidence, Run};
use resurgam_formats::time::At;

/// Every open run of every audit, with the time of the audit; findings are about that run.
pub(super) fn each_open<'a>(
    evidence: &'a Evidence,
    findings: &mut Findings,
    mut judge: impl FnMut(At, &'a Audit, &'a RunRow, &mut Findings),
) {
    for (at, audit) in &evidence.audits {
        for row in audit.runs.iter().filter(|row| row.open) {
            let (workflow_id, run_id) = (row.workflow_id.clone(), row.run_id.clone());
            findings.look_at(&Run { workflow_id, run_id, ..Run::default() });
            judge(*at, audit, row, findings);
        }
    }
}
