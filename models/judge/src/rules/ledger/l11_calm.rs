//! L11: where nothing is wrong, no call fails.

use crate::profile::Capability;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Indexed, Rule};

/// Looks for calls that failed though no fault was active.
pub(super) struct Calm;

static ABOUT: About = About {
    id: "L11",
    slug: "failed-in-calm",
    title: "where the target promises availability: calls that get in each other's way at most are all answered",
    reason: "Clients make many of something at once, at all nodes, while no fault is active and every owner has been elected. \
             Nothing that one of them asks is forbidden, or made impossible by what another asks. So whoever is told that \
             a service is unavailable has run into another caller, and that is the server's to sort out: a client that \
             tries again makes it worse.",
    source: "docs/measurements.md: “Cost against size”",
    violating: whole!(
        r#"{"at":9,"type":"costs","crowd":"namespaces","calls":20,"few":{"beside":20,"commits":20,"appends":20,"reads":20,"written":80,"read":20,"bytes":9000},"many":{"beside":100,"commits":20,"appends":20,"reads":20,"written":80,"read":20,"bytes":9000},"failed":["Unavailable: the log's tenure is lost"]}"#
    ),
    allowed: whole!(
        r#"{"at":9,"type":"costs","crowd":"namespaces","calls":20,"few":{"beside":20,"commits":20,"appends":20,"reads":20,"written":80,"read":20,"bytes":9000},"many":{"beside":100,"commits":20,"appends":20,"reads":20,"written":80,"read":20,"bytes":9000}}"#
    ),
};

impl Rule for Calm {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs(&self) -> Option<Capability> {
        Some(Capability::Availability)
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        findings.look_at_all();
        for costs in &evidence.costs {
            findings.examine();
            if let Some(first) = costs.failed.first() {
                let (count, words) = (costs.failed.len(), costs.crowd.words());
                findings
                    .violated(&[], format!("{count} calls failed while {words} were made, the first with “{first}”"));
            }
        }
    }
}
