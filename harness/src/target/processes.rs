//! The nodes of a cluster of ours as a target.

use super::cluster::Cluster;
use super::watch;
use super::world::{Target, World};
use async_trait::async_trait;
use std::sync::Arc;

#[async_trait]
impl Target for Arc<Cluster> {
    fn name(&self) -> String {
        self.endpoint().target.clone()
    }

    fn version(&self) -> String {
        self.endpoint().version.clone()
    }

    fn world(&self) -> World {
        World::Processes(Self::clone(self), self.families.clone())
    }

    fn prefix(&self) -> &str {
        &self.prefix
    }

    async fn lost(&self) -> String {
        watch::ended(|| self.ended()).await
    }
}
