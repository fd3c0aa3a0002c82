//! Target profiles: what a target is known to do differently, each with an upstream issue and an expiry.
//!
//! A difference is named here, never by weakening a rule: the rule still finds it, and the verdict lists it as known
//! as long as the entry has not expired. What a target does not even promise is no difference: rules that need such a
//! [`Capability`] do not apply to it.

use resurgam_formats::verdict::Finding;

/// A known difference of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The rule, by name.
    pub rule: &'static str,
    /// The shape of the violation, as the rule names it.
    pub shape: &'static str,
    /// The upstream issue.
    pub issue: &'static str,
    /// The first version of the target to which the entry does not apply any more; empty if none is known.
    pub expires: &'static str,
    /// What happens, in a sentence.
    pub what: &'static str,
}

/// Something that not every target promises, and that some rules need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// Answers that write nothing (descriptions, histories, queries, refusals, repeated calls) show the state of a moment
    /// between call and answer. Without it they show some earlier state, monotone per run.
    LinearizableReads,
    /// A task whose hand-over may have failed is handed over again under the same start: two workers may have the same
    /// attempt, and the first answer counts. Without it such an attempt is lost until its timeout, and seen once at most.
    RepeatedHandOver,
}

impl Capability {
    /// The word used in every output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::LinearizableReads => "linearizable_reads",
            Self::RepeatedHandOver => "repeated_hand_over",
        }
    }
}

/// What is known about a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// The target's name.
    pub target: &'static str,
    /// Known differences.
    pub differences: Vec<Difference>,
    /// It claims [`Capability::LinearizableReads`].
    pub linearizable_reads: bool,
    /// It claims [`Capability::RepeatedHandOver`].
    pub repeated_hand_over: bool,
}

impl Profile {
    /// The profile of a target by its name and version; an unknown target has no known differences.
    #[must_use]
    pub fn of(target: &str, version: &str) -> Self {
        match target {
            "temporal" | "address" => {
                let differences = temporal().into_iter().filter(|d| !expired(d.expires, version)).collect();
                // A node that lost a shard answers reads until it notices: temporal#10478.
                Self { target: "temporal", differences, ..Self::default() }
            }
            "builtin" => {
                Self { target: "builtin", linearizable_reads: true, repeated_hand_over: true, ..Self::default() }
            }
            _ => Self::default(),
        }
    }

    /// True if the target claims this.
    #[must_use]
    pub fn claims(&self, capability: Capability) -> bool {
        match capability {
            Capability::LinearizableReads => self.linearizable_reads,
            Capability::RepeatedHandOver => self.repeated_hand_over,
        }
    }

    /// The difference that names this finding of this rule.
    #[must_use]
    pub fn names(&self, rule: &str, finding: &Finding) -> Option<&Difference> {
        self.differences.iter().find(|d| d.rule == rule && !d.shape.is_empty() && d.shape == finding.shape)
    }
}

/// Compares dotted versions number by number.
fn expired(expires: &str, version: &str) -> bool {
    let numbers = |text: &str| -> Vec<u32> { text.split('.').map_while(|part| part.parse().ok()).collect() };
    !expires.is_empty() && !version.is_empty() && numbers(version) >= numbers(expires)
}

/// Known differences of the Temporal server.
fn temporal() -> Vec<Difference> {
    vec![
        Difference {
            rule: "H23-start",
            shape: "signal-with-start-after-close",
            issue: "temporal#11968",
            expires: "1.32.0",
            what: "SignalWithStart repeated with its request id after the run closed starts a second run",
        },
        Difference {
            rule: "V1-quiescence",
            shape: "child-without-first-task",
            issue: "temporal#2829",
            expires: "",
            what: "a child created while its parent closes, before the parent knows, never gets its first workflow task",
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_expires_with_its_version() {
        let knows = |version| {
            let profile = Profile::of("temporal", version);
            profile.differences.iter().any(|difference| difference.issue == "temporal#11968")
        };
        assert!(knows("1.31.2") && knows("") && !knows("1.32.0"));
        assert_eq!(Profile::of("builtin", "0.1.0").differences.len(), 0);
    }

    #[test]
    fn only_our_own_target_claims_more_than_temporal_does() {
        for capability in [Capability::LinearizableReads, Capability::RepeatedHandOver] {
            let claims = |target| Profile::of(target, "").claims(capability);
            assert!(claims("builtin") && !claims("temporal") && !claims("address") && !claims("java-test-server"));
        }
    }
}
