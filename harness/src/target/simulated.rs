//! Our orchestrator in the simulation, with or without a planted bug: a target that is never lost and leaves nothing behind.

use super::{Error, Target, World};
use crate::world::sim::{Builtin, Orchestrator};
use async_trait::async_trait;
use resurgam_formats::plan::Family;
use resurgam_orchestrator::planted::Bug;
use std::sync::Arc;

/// See the module.
pub struct Simulated {
    orchestrator: Arc<dyn Orchestrator>,
    faults: Vec<Family>,
}

impl Simulated {
    /// Our orchestrator, with plans that have faults of these families.
    ///
    /// # Errors
    /// [`Error::Bug`].
    pub fn open(faults: &[Family], bug: Option<&str>) -> Result<Self, Error> {
        Ok(Self { orchestrator: orchestrator(bug)?, faults: faults.to_vec() })
    }
}

/// Our orchestrator with the planted bug of this name, or as it is.
///
/// # Errors
/// [`Error::Bug`].
pub fn orchestrator(bug: Option<&str>) -> Result<Arc<dyn Orchestrator>, Error> {
    let find = |name: &str| Bug::named(name).ok_or_else(|| Error::Bug(name.to_owned()));
    Ok(Arc::new(Builtin::with(bug.map(find).transpose()?)))
}

#[async_trait]
impl Target for Simulated {
    fn name(&self) -> String {
        self.orchestrator.name().to_owned()
    }

    fn version(&self) -> String {
        self.orchestrator.version()
    }

    fn world(&self) -> World {
        World::Simulated(Arc::clone(&self.orchestrator), self.faults.clone())
    }
}
