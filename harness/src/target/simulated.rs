//! An orchestrator in the simulation: a target that is never lost and leaves nothing behind.

use super::world::{Target, World};
use crate::subject::Subject;
use async_trait::async_trait;
use resurgam_formats::plan::Family;

/// See the module.
pub struct Simulated {
    subject: Subject,
    faults: Vec<Family>,
}

impl Simulated {
    /// What is simulated, with plans that have faults of these families.
    #[must_use]
    pub fn new(subject: Subject, faults: &[Family]) -> Self {
        Self { subject, faults: faults.to_vec() }
    }
}

#[async_trait]
impl Target for Simulated {
    fn name(&self) -> String {
        self.subject.orchestrator().name().to_owned()
    }

    fn version(&self) -> String {
        self.subject.orchestrator().version()
    }

    fn world(&self) -> World {
        World::Simulated(self.subject.clone(), self.faults.clone())
    }
}
