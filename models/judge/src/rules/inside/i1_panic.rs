//! I1: no node panics.

use crate::rules::Indexed;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};

/// Looks for nodes that panicked.
pub(super) struct Panics;

static ABOUT: About = About {
    id: "I1",
    slug: "panic",
    title: "no node panics, and none finds an invariant of its own broken",
    reason: "A server that asserts what cannot be otherwise stops in the first moment in which it is wrong, and says what is \
             wrong. Without that it goes on, answers from a state that cannot be, and stores it; what a client then sees \
             comes late, far from its cause, or never, because most of what is stored is only read after a failure. A panic \
             that is no assertion is one that nobody thought of. The case ends with the first one, so other rules judge \
             only what came before it.",
    source: "temporalio/temporal, service/history/workflow/mutable_state_impl.go (checks before a transaction is closed); \
             tigerbeetle/tigerbeetle, docs/TIGER_STYLE.md (assertions)",
    violating: whole!(
        r#"{"at":9,"type":"panic","node":1,"message":"broken invariant: run r: it is closed, and has pending timers"}"#
    ),
    allowed: whole!(r#"{"at":9,"type":"tenures","partitions":{}}"#),
};

impl Rule for Panics {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs_kinds(&self) -> bool {
        false
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        findings.look_at_all();
        for panic in &evidence.panics {
            findings.examine();
            findings.violated(&[], format!("node {}: {}", panic.node, panic.message));
        }
        // Only the simulation sees into nodes. It is known by its store, whose owners it tells at the end of every case.
        if evidence.tenures.is_some() {
            findings.examine();
        }
    }
}
