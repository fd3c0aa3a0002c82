//! I2: every node does what a node has to do.

use crate::rules::Indexed;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};

/// Looks for nodes that are unfit.
pub(super) struct Fit;

static ABOUT: About = About {
    id: "I2",
    slug: "fit",
    title: "every node listens, serves every call of the contract, and does not give up",
    reason: "A cluster that never gets ready, a call that answers UNIMPLEMENTED and a node that ends by itself with an error are \
             faults of the target, and not of whoever tests it. A call that is missing also hides what it should have done: \
             whatever depends on it looks like slowness, or like a freedom of the contract, so it is named by itself.",
    source: "docs/node-calls.md; grpc/grpc, doc/statuscodes.md (UNIMPLEMENTED: not implemented, not supported or not enabled)",
    violating: whole!(r#"{"at":9,"type":"unfit","why":"QueryWorkflow is not served"}"#),
    allowed: whole!(r#"{"at":9,"type":"tenures","partitions":{}}"#),
};

impl Rule for Fit {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs_kinds(&self) -> bool {
        false
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        findings.look_at_all();
        // A recording of which the end is missing says nothing about what was not called.
        if evidence.end.is_some() {
            findings.examine();
        }
        for unfit in &evidence.unfit {
            findings.examine();
            let node = unfit.node.map(|node| format!("node {node}: ")).unwrap_or_default();
            findings.violated(&[], format!("{node}{}", unfit.why));
        }
    }
}
