//! P3: a write of unknown outcome ends the use of the range.

use crate::rules::Indexed;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::tenure::{Partition, Stint, Told};
use resurgam_formats::time::At;

/// Looks at what owners do after an answer that says nothing.
pub(super) struct Doubt;

static ABOUT: About = About {
    id: "P3",
    slug: "doubt",
    title: "after a write of unknown outcome nothing is written under that range, and no range is used that was not granted",
    reason: "A timeout says nothing: the batch took effect, or will, or never does. Whoever goes on under the same range \
             decides on a state that may not be the store's, tells callers what may not be so, and passes over tasks that \
             arrive late. Only a fence that is known to be in settles it, and a fence that was itself not answered gives \
             no right to its range until the head row has shown it.",
    source: "docs/temporal-semantics.md: “Pending work”; docs/cassandra-semantics.md; cadence#616, temporal#9488, temporal#12010",
    violating: whole!(
        r#"{"at":9,"type":"tenures","partitions":{"shard/1":{"fences":[{"by":"n#1","over":0,"from":1,"until":2,"told":"applied"}],"stints":[{"by":"n#1","range":1,"from":3,"batches":2,"doubt":5,"after_doubt":1}]}}}"#
    ),
    allowed: whole!(
        r#"{"at":9,"type":"tenures","partitions":{"shard/1":{"fences":[{"by":"n#1","over":0,"from":1,"until":2,"told":"applied"},{"by":"n#1","over":1,"from":5,"until":6,"told":"unknown","shown":7}],"stints":[{"by":"n#1","range":1,"from":3,"batches":1,"doubt":5},{"by":"n#1","range":2,"from":8,"batches":1}]}}}"#
    ),
};

impl Rule for Doubt {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs_kinds(&self) -> bool {
        false
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        findings.look_at_all();
        for (name, account) in evidence.tenures.iter().flat_map(|tenures| &tenures.partitions) {
            for stint in &account.stints {
                // Who tests no range claims none: what comes of that is for P4.
                let Some(range) = stint.range else { continue };
                findings.examine();
                if stint.after_doubt > 0 {
                    let (count, at) = (stint.after_doubt, millis(stint.doubt.unwrap_or(0)));
                    let message = format!(
                        "{name}: {} does not know since {at} ms what came of a batch, and sends {count} more under range {range}",
                        stint.by
                    );
                    findings.violated(&[], message);
                }
                if !is_granted(account, stint, range) {
                    let at = millis(stint.from);
                    let message = format!(
                        "{name}: {} writes under range {range} at {at} ms and was never told it is its own",
                        stint.by
                    );
                    findings.violated(&[], message);
                }
            }
        }
    }
}

/// True if the sender knew, before its first batch, that its own fence had set this range.
fn is_granted(account: &Partition, stint: &Stint, range: u64) -> bool {
    account.fences.iter().filter(|fence| fence.by == stint.by && fence.over.saturating_add(1) == range).any(|fence| {
        let told = fence.until.filter(|_| fence.told == Told::Applied);
        [told, fence.shown].into_iter().flatten().any(|known| known <= stint.from)
    })
}

fn millis(at: At) -> u64 {
    at / 1_000_000
}
