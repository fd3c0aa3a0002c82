//! P8: a batch names only rows that it changes.

use crate::profile::Capability;
use crate::rules::Indexed;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};

/// Looks for batches that write rows as they were.
pub(super) struct Idle;

static ABOUT: About = About {
    id: "P8",
    slug: "idle-rows",
    title: "a batch names no row that is there already as it puts it, and deletes none that is not there",
    reason: "What a step writes beyond what it changes grows with what it does not touch: an orchestrator that writes the \
             whole of a workflow for each signal pays for all signals before it, and nobody notices in a small test. Deleting \
             what is not there leaves a tombstone, over which every later read has to go. Counted in the store, so no clock \
             and no machine has a part in it.",
    source: "docs/cassandra-semantics.md: “Plain writes”",
    violating: whole!(
        r#"{"at":9,"type":"tenures","partitions":{"shard/1":{"stints":[{"by":"n#1","range":1,"from":2,"batches":4,"idle_rows":3,"idle_row":"run/w/r/signal/7"}]}}}"#
    ),
    allowed: whole!(
        r#"{"at":9,"type":"tenures","partitions":{"shard/1":{"stints":[{"by":"n#1","range":1,"from":2,"batches":4}]}}}"#
    ),
};

impl Rule for Idle {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs_kinds(&self) -> bool {
        false
    }

    fn needs(&self) -> Option<Capability> {
        Some(Capability::NarrowBatches)
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        findings.look_at_all();
        for (name, account) in evidence.tenures.iter().flat_map(|tenures| &tenures.partitions) {
            for stint in &account.stints {
                findings.examine();
                if stint.idle_rows > 0 {
                    let message = format!(
                        "{name}: {} of the rows that {} wrote in {} batches changed nothing, first {:?}",
                        stint.idle_rows, stint.by, stint.batches, stint.idle_row
                    );
                    findings.violated(&[], message);
                }
            }
        }
    }
}
