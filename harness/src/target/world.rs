//! What a target is to those who run cases on it.

use super::cluster::Cluster;
use super::endpoint::Endpoint;
use crate::simulated_run::PREFIX;
use crate::subject::Subject;
use async_trait::async_trait;
use resurgam_formats::plan::Family;
use resurgam_generate::Scope;
use std::sync::Arc;

/// Where cases happen.
#[derive(Clone)]
pub enum World {
    /// On a server that is running.
    Real(Endpoint),
    /// On nodes that are processes of their own, with faults of these families.
    Processes(Arc<Cluster>, Vec<Family>),
    /// On a simulated cluster of this orchestrator, with plans of this scope.
    Simulated(Subject, Scope),
}

/// Something that cases can be run on. Dropping it ends what was started for it.
#[async_trait]
pub trait Target: Send + Sync {
    /// Its name in every recording.
    fn name(&self) -> String;

    /// What it says its version is.
    fn version(&self) -> String;

    /// Where cases happen.
    fn world(&self) -> World;

    /// What every id begins with.
    fn prefix(&self) -> &str {
        PREFIX
    }

    /// Waits until it is gone though nobody asked it to, and says how. A simulation is never gone.
    async fn lost(&self) -> String {
        std::future::pending().await
    }

    /// Takes away what cases with these seeds may have left. What dropping takes away is not meant.
    ///
    /// # Errors
    /// What is left, and why, in one line.
    async fn clean(&self, _seeds: &[u64]) -> Result<(), String> {
        Ok(())
    }
}
