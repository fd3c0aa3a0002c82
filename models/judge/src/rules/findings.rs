//! What a rule writes: violations with their evidence, and how much it examined.

use resurgam_formats::event::EventId;
use resurgam_formats::evidence::Run;
use resurgam_formats::recording::OperationId;
use resurgam_formats::verdict::{Finding, Outcome};

/// Collects what one rule finds in one body of evidence.
#[derive(Debug, Default)]
pub struct Findings {
    workflow_id: String,
    run_id: String,
    found: Vec<Finding>,
    total: u64,
    examined: u64,
    undecided: Option<String>,
}

/// At most this many violations of one rule are kept with their evidence.
const KEPT: usize = 100;

impl Findings {
    /// From here on findings are about this run.
    pub(crate) fn look_at(&mut self, run: &Run) {
        self.workflow_id.clone_from(&run.workflow_id);
        self.run_id.clone_from(&run.run_id);
    }

    /// From here on findings are about no particular run.
    pub(crate) fn look_at_all(&mut self) {
        self.workflow_id.clear();
        self.run_id.clear();
    }

    /// Counts one thing that the rule was able to say something about. A rule that examined nothing is not applicable.
    pub(crate) fn examine(&mut self) {
        self.examined += 1;
    }

    /// A violation in the run that is looked at.
    pub(crate) fn violated(&mut self, events: &[EventId], message: impl Into<String>) {
        self.add("", events, &[], message.into());
    }

    /// A violation shown by operations, and perhaps by events of the run that is looked at.
    pub(crate) fn violated_by(&mut self, operations: &[OperationId], events: &[EventId], message: impl Into<String>) {
        self.add("", events, operations, message.into());
    }

    /// A violation of a shape that target profiles may name as a known difference (see [`crate::profile`]).
    pub(crate) fn violated_as(
        &mut self,
        shape: &'static str,
        operations: &[OperationId],
        events: &[EventId],
        message: impl Into<String>,
    ) {
        self.add(shape, events, operations, message.into());
    }

    /// Something could not be decided; the verdict is `unknown` unless something was violated.
    pub(crate) fn unknown(&mut self, why: impl Into<String>) {
        self.undecided.get_or_insert_with(|| why.into());
    }

    fn add(&mut self, shape: &str, events: &[EventId], operations: &[OperationId], message: String) {
        self.total += 1;
        if self.found.len() < KEPT {
            self.found.push(Finding {
                workflow_id: self.workflow_id.clone(),
                run_id: self.run_id.clone(),
                events: events.iter().map(|id| id.0).collect(),
                operations: operations.to_vec(),
                shape: shape.to_owned(),
                message,
            });
        }
    }

    /// The violations kept so far.
    #[must_use]
    pub fn found(&self) -> &[Finding] {
        &self.found
    }

    /// How many things were examined.
    #[must_use]
    pub fn examined(&self) -> u64 {
        self.examined
    }

    /// Outcome, the violations kept, their whole number, and why if undecided.
    #[must_use]
    pub fn into_parts(self) -> (Outcome, Vec<Finding>, u64, String) {
        let outcome = if self.total > 0 {
            Outcome::Violated
        } else if self.undecided.is_some() {
            Outcome::Unknown
        } else if self.examined == 0 {
            Outcome::NotApplicable
        } else {
            Outcome::Ok
        };
        (outcome, self.found, self.total, self.undecided.unwrap_or_default())
    }
}
