//! P9: what a call costs does not grow with what it does not touch.

use crate::profile::Capability;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Indexed, Rule};
use resurgam_formats::cost::Costs;

/// Looks for counts that are higher beside many than beside few.
pub(super) struct Growing;

static ABOUT: About = About {
    id: "P9",
    slug: "growing-cost",
    title: "the same calls cost the same in the store, whatever else there is",
    reason: "A signal that costs as much as all signals before it, a start that reads the closed runs of its id, a termination \
             that looks through all that is open: each is quick in a small test, and is what a large installation dies of. What \
             is counted are commits, reads, rows and bytes of the same calls beside few and beside many of something that they \
             do not touch. No clock and no machine has a part in it. Numbers that are written out get longer, and what an \
             owner does from time to time falls now into the one count and now into the other: a quarter more is no growth.",
    source: "docs/measurements.md: “Cost against size”",
    violating: whole!(
        r#"{"at":9,"type":"costs","crowd":"signals","calls":20,"few":{"beside":20,"commits":20,"appends":20,"reads":20,"written":80,"read":400,"bytes":9000},"many":{"beside":600,"commits":20,"appends":20,"reads":20,"written":80,"read":12000,"bytes":190000}}"#
    ),
    allowed: whole!(
        r#"{"at":9,"type":"costs","crowd":"signals","calls":20,"few":{"beside":20,"commits":20,"appends":20,"reads":20,"written":80,"read":20,"bytes":9000},"many":{"beside":600,"commits":23,"appends":20,"reads":20,"written":90,"read":20,"bytes":9900}}"#
    ),
};

impl Rule for Growing {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs(&self) -> Option<Capability> {
        Some(Capability::NarrowBatches)
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        findings.look_at_all();
        for costs in &evidence.costs {
            if let Some(why) = &costs.undecided {
                findings.unknown(format!("beside {}: {why}", costs.crowd.words()));
                continue;
            }
            findings.examine();
            if let Some(message) = grown(costs) {
                findings.violated(&[], message);
            }
        }
    }
}

/// What grows most.
fn grown(costs: &Costs) -> Option<String> {
    let slack = |few: u64| few.saturating_add(few / 4).saturating_add(u64::from(costs.calls) / 4);
    let pairs = costs.few.counts().into_iter().zip(costs.many.counts());
    let grown = pairs.filter(|((_, few), (_, many))| *many > slack(*few));
    let ((what, few), (_, many)) = grown.max_by_key(|((_, few), (_, many))| many.saturating_mul(1000) / few.max(&1))?;
    Some(format!(
        "{what} of the same {} calls: {few} beside {} {words}, and {many} beside {}",
        costs.calls,
        costs.few.beside,
        costs.many.beside,
        words = costs.crowd.words()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_formats::cost::Cost;

    #[test]
    fn growth_is_seen_in_each_count_and_a_quarter_is_none() {
        let few = Cost { beside: 20, commits: 40, appends: 40, reads: 40, written: 200, read: 40, bytes: 9000 };
        let costs = |many: Cost| Costs { calls: 20, few, many, ..Costs::default() };
        assert_eq!(grown(&costs(few)), None);
        assert_eq!(grown(&costs(Cost { commits: 55, bytes: 11_255, ..few })), None);
        let more = [
            (Cost { commits: 56, ..few }, "commits"),
            (Cost { appends: 56, ..few }, "plain writes"),
            (Cost { reads: 56, ..few }, "reads"),
            (Cost { written: 256, ..few }, "rows written"),
            (Cost { read: 56, ..few }, "rows read"),
            (Cost { bytes: 11_256, ..few }, "bytes"),
        ];
        for (many, what) in more {
            let said = grown(&costs(many)).unwrap_or_default();
            assert!(said.starts_with(&format!("{what} of the same 20 calls: ")), "{said}");
        }
    }

    #[test]
    fn what_grows_most_is_named() {
        let many = Cost { read: 100, bytes: 600, ..Cost::default() };
        let costs = Costs { calls: 20, few: Cost { bytes: 300, ..Cost::default() }, many, ..Costs::default() };
        assert!(grown(&costs).unwrap().starts_with("rows read"));
    }
}
