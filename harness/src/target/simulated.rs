//! An orchestrator in the simulation: a target that is never lost and leaves nothing behind.

use super::world::{Target, World};
use crate::subject::Subject;
use async_trait::async_trait;
use resurgam_generate::Scope;

/// See the module.
pub struct Simulated {
    subject: Subject,
    scope: Scope,
}

impl Simulated {
    /// What is simulated, with plans of this scope.
    #[must_use]
    pub fn new(subject: Subject, scope: Scope) -> Self {
        Self { subject, scope }
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
        World::Simulated(self.subject.clone(), self.scope.clone())
    }
}
