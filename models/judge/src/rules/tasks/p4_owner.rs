//! P4: only the owner writes.

use crate::rules::Indexed;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::tenure::TenureStep;

/// Follows the head row of every partition.
pub(super) struct Owner;

static ABOUT: About = About {
    id: "P4",
    slug: "owner",
    title: "every batch that takes effect is of whoever raised the range last; ranges and sequences rise by one",
    reason: "One owner at a time is what makes reads from memory, ids that never repeat and acknowledged levels right. A \
             batch of an owner that has been replaced, whether it was slow, paused or late on the network, writes rows over \
             those of its successor, who does not notice: half a transition of each is left. A range or sequence that is \
             used twice lets a late batch pass for a new one.",
    source: "docs/temporal-semantics.md: “Pending work”; cadence#616, cadence#1500",
    violating: whole!(
        r#"{"at":9,"type":"tenures","partitions":{"shard/1":{"decided":[{"by":"n#1","fence":true,"range":1,"first":0,"last":0},{"by":"m#1","fence":true,"range":2,"first":0,"last":0},{"by":"n#1","range":2,"first":1,"last":1}]}}}"#
    ),
    allowed: whole!(
        r#"{"at":9,"type":"tenures","partitions":{"shard/1":{"decided":[{"by":"n#1","fence":true,"range":1,"first":0,"last":0},{"by":"n#1","range":1,"first":1,"last":4},{"by":"m#1","fence":true,"range":2,"first":4,"last":4},{"by":"m#1","range":2,"first":5,"last":5}]}}}"#
    ),
};

impl Rule for Owner {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs_kinds(&self) -> bool {
        false
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        findings.look_at_all();
        for (name, account) in evidence.tenures.iter().flat_map(|tenures| &tenures.partitions) {
            let mut owner: Option<&str> = None;
            let mut before = (0, 0);
            for step in &account.decided {
                findings.examine();
                if let Some(what) = wrong(step, owner, before) {
                    findings.violated(&[], format!("{name}: range {}, sequence {}: {what}", step.range, step.first));
                }
                if step.fence {
                    owner = Some(&step.by);
                }
                before = (step.range, step.last);
            }
        }
    }
}

/// What is wrong with a step after a head row of this range and sequence.
fn wrong(step: &TenureStep, owner: Option<&str>, (range, sequence): (u64, u64)) -> Option<String> {
    let by = &step.by;
    if step.fence {
        return if step.range != range.saturating_add(1) {
            Some(format!("{by} raises the range from {range}"))
        } else if step.first != sequence {
            Some(format!("the fence of {by} changes the sequence from {sequence}"))
        } else {
            None
        };
    }
    if step.range != range {
        Some(format!("a batch of {by} changes the range from {range}"))
    } else if step.first != sequence.saturating_add(1) {
        Some(format!("a batch of {by} follows sequence {sequence}"))
    } else if owner != Some(by.as_str()) {
        Some(format!("a batch of {by} takes effect, though {} owns the partition", owner.unwrap_or("nobody")))
    } else {
        None
    }
}
