//! The rules: one file each, one checkable statement each.
//!
//! A rule reads [`Indexed`] evidence and writes [`Findings`]. It knows nothing of other rules, never does I/O, and costs time
//! and memory linear in the evidence. What the contract allows is never a violation; what cannot be decided is
//! `unknown`. Every rule carries its own explanation, a minimal violating example and a near miss that is allowed; the
//! tests of this module run both.

mod backoff;
mod findings;
mod history;
mod index;
mod indexed;
mod inside;
mod ledger;
mod linear;
mod liveness;
mod outcome;
mod proof;
mod reported;
mod rule;
mod scenario;
mod tasks;
mod whole;
mod witness;

pub use findings::Findings;
pub use indexed::Indexed;
pub use rule::{About, Rule};
pub(crate) use rule::{PerRun, Stream};

/// The families of rules, each with its name and its rules, in the order in which they are shown.
#[must_use]
pub fn families() -> Vec<(&'static str, Vec<Box<dyn Rule>>)> {
    vec![
        ("history", history::all()),
        ("tasks", tasks::all()),
        ("ledger", ledger::all()),
        ("outcome", outcome::all()),
        ("linearizability", linear::all()),
        ("liveness", liveness::all()),
        ("inside", inside::all()),
        ("scenario", scenario::all()),
    ]
}

/// Every rule, in the order in which they are shown.
#[must_use]
pub fn all() -> Vec<Box<dyn Rule>> {
    families().into_iter().flat_map(|(_, rules)| rules).collect()
}

/// What is written of every rule, for whoever shows verdicts.
#[must_use]
pub fn abouts() -> Vec<&'static About> {
    all().iter().map(|rule| rule.about()).collect()
}

/// The rule with this id (`H8`), name (`H8-buffering`) or slug, in any case.
#[must_use]
pub fn find(name: &str) -> Option<Box<dyn Rule>> {
    all().into_iter().find(|rule| {
        let about = rule.about();
        [about.id, about.slug, &about.name()].iter().any(|known| known.eq_ignore_ascii_case(name))
    })
}

#[cfg(test)]
mod mangled;
#[cfg(test)]
mod tests;
