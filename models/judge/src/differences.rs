//! What targets are known to do differently, each with an upstream issue and an expiry.
//!
//! A difference is named here, never by weakening a rule: the rule still finds it, and the verdict lists it as known as
//! long as the entry has not expired. Which of them count is chosen by a [`Profile`].

use crate::profile::{KnownDifferences, Profile};
use resurgam_formats::verdict::Finding;
use semver::Version;

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

/// The differences that a profile sets aside, without those that have expired.
#[must_use]
pub fn of(profile: &Profile) -> Vec<Difference> {
    match &profile.differences {
        KnownDifferences::Nobody => Vec::new(),
        KnownDifferences::Temporal { version } => {
            temporal().into_iter().filter(|difference| !expired(difference.expires, version)).collect()
        }
    }
}

/// The difference that names this finding of this rule.
pub(crate) fn naming<'d>(differences: &'d [Difference], rule: &str, finding: &Finding) -> Option<&'d Difference> {
    differences.iter().find(|d| d.rule == rule && !d.shape.is_empty() && d.shape == finding.shape)
}

/// True if this is a version from which on an entry does not apply. A version that cannot be read is none.
fn expired(expires: &str, version: &str) -> bool {
    match (Version::parse(expires), Version::parse(version)) {
        (Ok(expires), Ok(version)) => version >= expires,
        _ => false,
    }
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
            rule: "H4-prefix-stability",
            shape: "reader-astray",
            issue: "temporal#9389",
            expires: "",
            what: "who follows a history is shown workflow tasks that are not written, and misses events that are written after them",
        },
        Difference {
            rule: "L10-misuse",
            shape: "foreign-page",
            issue: "temporal#11723",
            expires: "1.32.0",
            what: "a page token opens its history, but for the last page, in the name of every workflow of the same shard",
        },
        Difference {
            rule: "L14-handed",
            shape: "attempt-before-its-time",
            issue: "temporal#8515",
            expires: "",
            what: "an attempt of an activity starts before its back-off is over: a start does not say which attempt it is of",
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
        let knows = |version| of(&Profile::temporal(version)).iter().any(|it| it.issue == "temporal#11968");
        assert!(knows("1.31.2") && knows("") && knows("unknown") && knows("1.32.0-rc.1"));
        assert!(!knows("1.32.0") && !knows("1.100.0"));
        assert_eq!(of(&Profile::default()).len(), 0);
    }
}
